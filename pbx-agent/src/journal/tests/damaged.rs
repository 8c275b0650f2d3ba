//! Rows that a failing disk, a hand or an older program has left illegible.

use super::*;

fn damage(dir: &tempfile::TempDir, sql: &str) {
    assert_eq!(Connection::open(dir.path().join(FILE)).unwrap().execute(sql, []).unwrap(), 1);
}

#[tokio::test]
async fn a_report_that_cannot_be_read_keeps_no_other_from_being_sent_and_is_forgotten_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    for number in 1..=3 {
        journal.enter(order(number, 1)).await.unwrap();
        journal.append(report(number, 2, AttemptEvent::Answered, Progress::Answered));
    }
    journal.flush().await;
    damage(&dir, r#"UPDATE reports SET event = '{"sung":{}}' WHERE seq = 1"#);
    assert_eq!(seqs(&journal, 0).await, [2, 3]);
    // A limit counts what is handed over.
    assert_eq!(journal.reports_after(0, 1).await.unwrap()[0].seq, 2);
    let id = journal.state().borrow().id;
    journal.trim(id, 2);
    journal.flush().await;
    assert_eq!(journal.state().borrow().oldest, 3);
}

#[tokio::test]
async fn a_call_whose_plan_cannot_be_read_goes_on_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.enter(order(1, 1)).await.unwrap();
    damage(&dir, "UPDATE orders SET resume = '{'");
    let (_, contents) = Journal::open(dir.path(), US).unwrap();
    let [stored] = &contents.orders[..] else { panic!("{contents:?}") };
    assert_eq!(stored.seen, Seen::Order { fingerprint: Fingerprint([1; 32]), live: true });
    assert!(stored.resume.is_some());
    // Nor does it keep the host from being enrolled anew.
    let (_, contents) = Journal::open(dir.path(), owner(2)).unwrap();
    assert_eq!(contents.orders[0].seen, Seen::Order { fingerprint: Fingerprint([1; 32]), live: false });
}

#[tokio::test]
async fn an_order_that_cannot_be_read_keeps_no_agent_from_starting_and_never_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.enter(order(1, 1)).await.unwrap();
    journal.enter(order(2, 2)).await.unwrap();
    damage(&dir, "UPDATE orders SET fingerprint = x'00' WHERE started_at = 1000000");
    let (_, contents) = Journal::open(dir.path(), US).unwrap();
    let [damaged, whole] = &contents.orders[..] else { panic!("{contents:?}") };
    assert_eq!(damaged.attempt, attempt(1));
    assert!(matches!(damaged.seen, Seen::Order { live: false, .. }));
    assert_eq!(whole.resume, Some(order(2, 2).resume));
}

#[tokio::test]
async fn an_order_that_was_not_dialled_in_the_end_counts_for_no_number_after_a_restart_either() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.enter(order(1, 1)).await.unwrap();
    let refused = AttemptEvent::Refused { reason: Reason::RateLimited, detail: String::new() };
    journal.append(NewReport { undialled: true, ..report(1, 1, refused, Progress::Over) });
    journal.flush().await;
    let (_, contents) = Journal::open(dir.path(), US).unwrap();
    assert_eq!((contents.orders[0].number, contents.orders[0].trunk.as_str()), (None, "a"));
}
