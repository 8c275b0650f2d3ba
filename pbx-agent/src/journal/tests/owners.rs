//! A host that is enrolled as another PBX, and then as itself again.

use super::*;

const OTHER: Owner = Owner { of_old: US.pbx, ..owner(2) };

/// One call over, one answered and one ringing; a question; the first two of four reports acknowledged.
async fn used(dir: &Path) -> Journal {
    let (journal, _) = Journal::open(dir, US).unwrap();
    for number in 1..=3 {
        journal.enter(order(number, 10)).await.unwrap();
    }
    journal.append(ended(1, 20, 5));
    journal.append(report(2, 20, AttemptEvent::Originated { ari_status: 200 }, Progress::Placed));
    journal.append(report(2, 30, AttemptEvent::Answered, Progress::Answered));
    journal.append(report(2, 31, AttemptEvent::Key { digit: '1' }, Progress::Acknowledged));
    journal.burn(vec![attempt(4)], came(40)).await.unwrap();
    let id = journal.state().borrow().id;
    journal.trim(id, 2);
    journal.flush().await;
    journal
}

#[tokio::test]
async fn who_is_enrolled_as_itself_again_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let before = used(dir.path()).await;
    let (again, contents) = Journal::open(dir.path(), US).unwrap();
    assert_eq!(*again.state().borrow(), *before.state().borrow());
    assert_eq!(seqs(&again, 0).await, [3, 4]);
    assert_eq!(contents.orders.iter().filter(|order| order.resume.is_some()).count(), 2);
}

#[tokio::test]
async fn another_pbx_gets_a_journal_that_numbers_from_1_and_caps_that_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let before = used(dir.path()).await.state().borrow().id;
    let (journal, contents) = Journal::open(dir.path(), OTHER).unwrap();
    let state = journal.state().borrow().clone();
    assert_ne!(state.id, before);
    assert_eq!((state.last, state.offered, state.oldest), (0, 0, 1), "nothing that it was told is older");
    assert_eq!(seqs(&journal, 0).await, [0u64; 0], "whoever gave those orders is not listening");
    let known = |number| contents.orders.iter().find(|order| order.attempt == attempt(number)).unwrap();
    for number in 1..=3 {
        let fingerprint = Fingerprint([u8::try_from(number).unwrap(); 32]);
        assert_eq!(known(number).seen, Seen::Order { fingerprint, live: false });
        assert_eq!((known(number).number, &known(number).resume), (Some(NumberMark(u32::MAX)), &None));
    }
    assert_eq!(known(4).seen, Seen::NeverCame);
    assert_eq!(known(1).talked, Duration::from_secs(5));
    assert_eq!(known(2).talked, Duration::from_secs(60), "nobody will see how long it really was");
    journal.append(ended(5, 50, 0));
    assert_eq!(seqs(&journal, 0).await, [1]);
    let (again, _) = Journal::open(dir.path(), OTHER).unwrap();
    assert_eq!(again.state().borrow().id, state.id, "only once");
    let (back, _) = Journal::open(dir.path(), Owner { pbx: US.pbx, of_old: US.pbx }).unwrap();
    assert_ne!(back.state().borrow().id, state.id);
    assert_ne!(back.state().borrow().id, before, "its numbers of then are used");
}

#[tokio::test]
async fn a_journal_that_does_not_say_whose_it_is_belongs_to_who_the_host_was_first() {
    for (owner, keeps) in [(US, true), (owner(2), true), (OTHER, false)] {
        let dir = tempfile::tempdir().unwrap();
        an_old_file(&dir.path().join(FILE));
        let (journal, contents) = Journal::open(dir.path(), owner).unwrap();
        assert_eq!(seqs(&journal, 0).await, if keeps { vec![2, 3] } else { vec![] });
        assert_eq!(contents.orders.len(), 2);
        let (again, _) = Journal::open(dir.path(), owner).unwrap();
        assert_eq!(again.state().borrow().id, journal.state().borrow().id);
    }
}
