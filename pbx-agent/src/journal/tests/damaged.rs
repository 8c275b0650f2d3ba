//! Rows that a failing disk, a hand or an older program has left illegible.

use super::*;

fn damage(dir: &tempfile::TempDir, sql: &str) {
    assert_eq!(Connection::open(dir.path().join(FILE)).unwrap().execute(sql, []).unwrap(), 1);
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_dropped_and_the_others_are_numbered_anew_without_a_gap() {
    for damaged in 1..=3 {
        let dir = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(dir.path(), US).unwrap();
        for number in 1..=3 {
            journal.enter(order(number, 1)).await.unwrap();
            journal.append(report(number, 2, AttemptEvent::Answered, Progress::Answered));
        }
        journal.flush().await;
        let sql = Connection::open(dir.path().join(FILE)).unwrap();
        let event = [r#"'{"sung":{}}'"#, "x'00'", "CAST(x'ff' AS TEXT)"][damaged - 1];
        sql.execute(&format!("UPDATE reports SET event = {event} WHERE seq = {damaged}"), []).unwrap();
        let refused = journal.reports_after(0, 100).await;
        assert!(matches!(refused, Err(JournalError::Illegible)), "{refused:?}");
        let before = journal.state().borrow().id;
        let id = journal.start_anew().await.unwrap();
        assert_ne!(id, before);
        let left = journal.reports_after(0, 100).await.unwrap();
        assert_eq!(left.iter().map(|report| report.seq).collect::<Vec<_>>(), [1, 2]);
        assert!(left.iter().all(|report| report.attempt_id != attempt(damaged as u128)));
    }
}

#[tokio::test]
async fn text_that_is_no_text_keeps_no_agent_from_starting() {
    let damages = [
        "UPDATE orders SET trunk = CAST(x'ff' AS TEXT)",
        "UPDATE orders SET resume = CAST(x'ff' AS TEXT)",
        "UPDATE journal SET forgotten = 'never'",
        "UPDATE journal SET pbx_id = x'00'",
    ];
    for sql in damages {
        let dir = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(dir.path(), US).unwrap();
        journal.enter(order(1, 1)).await.unwrap();
        drop(journal);
        damage(&dir, sql);
        let (_, contents) = Journal::open(dir.path(), US).unwrap();
        assert_eq!(contents.orders.len(), 1, "{sql}");
        assert!(matches!(contents.orders[0].seen, Seen::Order { .. }), "{sql}: {contents:?}");
    }
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
