//! What was handed over is noted before it is, so that an older copy of the file shows.

use super::*;

fn fresh(number: u128) -> JournalFile {
    JournalFile::open_in_memory(JournalId::new(Uuid::from_u128(number))).unwrap()
}

fn told(file: &JournalFile) -> (u64, u64) {
    (file.state().last, file.state().offered)
}

#[test]
fn what_is_written_without_a_link_is_not_handed_over_until_there_is_one() {
    let mut file = fresh(1);
    let mut write = |write: Write| {
        file.commit(|file| file.apply(&write)).unwrap();
        told(&file)
    };
    let report = |number| Write::Append(Box::new(ended(number, 1, 0)));
    assert_eq!(write(report(1)), (1, 0));
    assert_eq!(write(Write::Offer), (1, 1));
    assert_eq!(write(report(2)), (2, 2), "noted with the report itself");
    assert_eq!(write(Write::Withhold), (2, 2));
    assert_eq!(write(report(3)), (3, 2));
    assert_eq!(write(Write::Offer), (3, 3));
}

#[test]
fn a_commit_that_fails_hands_nothing_over() {
    let mut file = fresh(1);
    file.commit(|file| file.append(&ended(1, 1, 0))).unwrap();
    let failed = file.commit(|file| {
        file.offer()?;
        file.append(&ended(2, 1, 0))?;
        Err::<(), _>(rusqlite::Error::InvalidQuery)
    });
    assert!(failed.is_err());
    assert_eq!(told(&file), (1, 0));
    file.commit(|file| file.append(&ended(2, 1, 0))).unwrap();
    assert_eq!(told(&file), (2, 0));
}

#[tokio::test]
async fn it_outlives_the_process_and_an_older_file_may_have_handed_over_what_it_had() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.offer();
    journal.append(ended(1, 1, 0));
    journal.withhold();
    journal.append(ended(2, 1, 0));
    journal.flush().await;
    let (again, _) = Journal::open(dir.path(), US).unwrap();
    again.append(ended(3, 1, 0));
    again.flush().await;
    assert_eq!((again.state().borrow().last, again.state().borrow().offered), (3, 1));
    let old = tempfile::tempdir().unwrap();
    an_old_file(&old.path().join(FILE));
    let (journal, _) = Journal::open(old.path(), US).unwrap();
    assert_eq!((journal.state().borrow().last, journal.state().borrow().offered), (3, 3));
}
