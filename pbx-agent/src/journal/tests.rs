mod copies;
mod damaged;
mod owners;

use super::*;
use crate::ledger::{MEMORY, NumberMark, Seen};
use rusqlite::Connection;
use shared::{
    ids::{CallId, PbxId},
    order::Prompt,
    outcome::{AttemptStatus, Reason},
    protocol::{AttemptEvent, Ending},
    severity::Severity,
};
use std::time::Duration;
use uuid::Uuid;

const US: Owner = owner(1);

/// A PBX that was never another.
const fn owner(number: u128) -> Owner {
    let pbx = PbxId::new(Uuid::from_u128(number));
    Owner { pbx, of_old: pbx }
}

fn attempt(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(number))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// By clocks that are an hour apart.
fn moment(seconds: i64) -> Moment {
    Moment { local: at(seconds), corrected: at(seconds - 3600) }
}

fn came(seconds: i64) -> Came {
    Came { at: at(seconds), issued: at(seconds - 3600) }
}

fn order(number: u128, seconds: i64) -> OrderRow {
    OrderRow {
        attempt: attempt(number),
        fingerprint: Fingerprint([u8::try_from(number).unwrap(); 32]),
        trunk: "a".into(),
        number: NumberMark(u32::MAX),
        came: came(seconds),
        resume: Resume {
            call_id: CallId::new(Uuid::from_u128(1)),
            ring_seconds: 30,
            talk_seconds: 60,
            prompt: Prompt {
                severity: Severity::Critical,
                project: "Shop".into(),
                language: "en".into(),
                message: Some("db down".into()),
                code: None,
            },
            speaks_code: false,
        },
    }
}

fn report(number: u128, seconds: i64, event: AttemptEvent, progress: Progress) -> NewReport {
    let (attempt, at, talked) = (attempt(number), moment(seconds), Duration::ZERO);
    NewReport { attempt, at, event, progress, talked, undialled: false }
}

fn ended(number: u128, seconds: i64, talked: u64) -> NewReport {
    let ending = Ending {
        status: AttemptStatus::Answered,
        sip_code: None,
        hangup_cause: Some(16),
        ari_status: Some(200),
        reason: None,
        unwitnessed: false,
        spoken: false,
    };
    NewReport {
        talked: Duration::from_secs(talked),
        ..report(number, seconds, AttemptEvent::Ended(ending), Progress::Over)
    }
}

async fn seqs(journal: &Journal, after: u64) -> Vec<u64> {
    journal.reports_after(after, 100).await.unwrap().iter().map(|report| report.seq).collect()
}

#[tokio::test]
async fn an_order_is_in_the_file_before_anybody_is_told_that_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.enter(order(7, 1)).await.unwrap();
    // Another program's eyes, as after a kill -9 of this one: what it sees was committed.
    let seen: i64 = Connection::open(dir.path().join(FILE))
        .unwrap()
        .query_row("SELECT count(*) FROM orders WHERE progress = 0", [], |row| row.get(0))
        .unwrap();
    assert_eq!(seen, 1);
}

#[tokio::test]
async fn the_disk_is_told_to_keep_every_commit() {
    let dir = tempfile::tempdir().unwrap();
    let file = file::JournalFile::open(&dir.path().join(FILE)).unwrap();
    assert_eq!(file.pragma("synchronous"), "2");
    assert_eq!(file.pragma("journal_mode"), "wal");
}

#[tokio::test]
async fn a_killed_agent_finds_its_order_its_progress_and_its_reports_again() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, contents) = Journal::open(dir.path(), US).unwrap();
    assert!(contents.orders.is_empty());
    journal.enter(order(1, 10)).await.unwrap();
    journal.enter(order(2, 9)).await.unwrap();
    journal.append(report(1, 11, AttemptEvent::Originated { ari_status: 200 }, Progress::Placed));
    journal.append(report(1, 12, AttemptEvent::Answered, Progress::Answered));
    journal.append(ended(2, 13, 5));
    journal.burn(vec![attempt(3)], came(14)).await.unwrap();
    journal.remember(attempt(4), Fingerprint([4; 32]), came(15));
    journal.flush().await;
    let id = journal.state().borrow().id;
    // The first thread still holds the file open, as a killed process would have left it.
    let (again, contents) = Journal::open(dir.path(), US).unwrap();
    assert_eq!((again.state().borrow().id, again.state().borrow().last), (id, 3));
    let [over, live, never, refused] = &contents.orders[..] else { panic!("{contents:?}") };
    assert_eq!(live.seen, Seen::Order { fingerprint: Fingerprint([1; 32]), live: true });
    assert_eq!((live.progress, live.answered_at), (Progress::Answered, Some(at(12))));
    assert_eq!(live.resume, Some(order(1, 10).resume));
    assert_eq!(over.seen, Seen::Order { fingerprint: Fingerprint([2; 32]), live: false });
    assert_eq!((over.talked, over.ended_at, &over.resume), (Duration::from_secs(5), Some(at(13)), &None));
    assert_eq!(never.seen, Seen::NeverCame);
    assert_eq!(refused.seen, Seen::Order { fingerprint: Fingerprint([4; 32]), live: false });
    assert_eq!(seqs(&again, 0).await, [1, 2, 3]);
}

#[tokio::test]
async fn an_id_that_is_used_is_not_entered_twice_and_the_next_order_is() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.enter(order(1, 1)).await.unwrap();
    // Together, so that they share a transaction: the bad one must not take the good one with it.
    let (twice, fresh) = tokio::join!(journal.enter(order(1, 2)), journal.enter(order(2, 2)));
    assert!(matches!(twice, Err(JournalError::Failed { .. })), "{twice:?}");
    fresh.unwrap();
    journal.append(ended(2, 3, 0));
    assert_eq!(seqs(&journal, 0).await, [1]);
}

#[tokio::test]
async fn an_id_that_was_asked_for_stays_burnt_but_an_order_that_came_is_not_burnt_by_a_question() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.burn(vec![attempt(1)], came(1)).await.unwrap();
    assert!(journal.enter(order(1, 2)).await.is_err());
    journal.enter(order(2, 1)).await.unwrap();
    journal.burn(vec![attempt(2)], came(2)).await.unwrap();
    let (_, contents) = Journal::open(dir.path(), US).unwrap();
    let live = Seen::Order { fingerprint: Fingerprint([2; 32]), live: true };
    let seen: Vec<Seen> = contents.orders.iter().map(|order| order.seen).collect();
    assert!(seen.contains(&Seen::NeverCame) && seen.contains(&live), "{seen:?}");
}

#[tokio::test]
async fn acknowledged_reports_are_forgotten_and_their_numbers_are_not_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    let id = journal.state().borrow().id;
    for number in 1..=3 {
        journal.append(ended(number, 1, 0));
    }
    journal.trim(JournalId::new(Uuid::nil()), 3);
    journal.trim(id, 99);
    assert_eq!(seqs(&journal, 0).await, [1, 2, 3]);
    journal.trim(id, 3);
    assert_eq!(seqs(&journal, 0).await, [0u64; 0]);
    journal.flush().await;
    let (again, _) = Journal::open(dir.path(), US).unwrap();
    again.append(ended(4, 2, 0));
    assert_eq!(seqs(&again, 0).await, [4]);
}

#[tokio::test]
async fn a_journal_that_starts_anew_keeps_what_is_not_acknowledged_under_new_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    let before = journal.state().borrow().id;
    for number in 1..=5 {
        journal.append(ended(number, 1, 0));
    }
    journal.trim(before, 2);
    let id = journal.start_anew().await.unwrap();
    assert_ne!(id, before);
    let kept = journal.reports_after(0, 100).await.unwrap();
    assert!(kept.iter().map(|report| (report.journal, report.seq)).eq((1..=3).map(|seq| (id, seq))));
    assert!(kept.iter().map(|report| report.attempt_id).eq((3..=5).map(attempt)));
    // A late acknowledgement of the old numbers forgets nothing of the new ones.
    journal.trim(before, 3);
    assert_eq!(seqs(&journal, 0).await, [1, 2, 3]);
    let (again, _) = Journal::open(dir.path(), US).unwrap();
    assert_eq!(again.state().borrow().id, id);
    assert_eq!(again.state().borrow().last, 3);
}

#[tokio::test]
async fn old_orders_are_forgotten_and_live_ones_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.enter(order(1, 1)).await.unwrap();
    journal.enter(order(2, 1)).await.unwrap();
    journal.append(ended(2, 5, 0));
    journal.burn(vec![attempt(3)], came(50)).await.unwrap();
    let now = |seconds| Moment { local: at(seconds) + MEMORY, corrected: at(seconds - 3600) + MEMORY };
    journal.prune(now(4));
    journal.prune(Moment { corrected: at(-3600) + MEMORY, ..now(10) });
    journal.flush().await;
    let (_, contents) = Journal::open(dir.path(), US).unwrap();
    assert_eq!((contents.orders.len(), contents.forgotten), (3, None), "not yet by both clocks");
    journal.prune(now(10));
    journal.flush().await;
    let (_, contents) = Journal::open(dir.path(), US).unwrap();
    let left: Vec<AttemptId> = contents.orders.iter().map(|order| order.attempt).collect();
    assert_eq!(contents.forgotten, Some(at(-3599)), "what was forgotten leaves its age behind");
    assert_eq!(left, [attempt(1), attempt(3)]);
}

#[tokio::test]
async fn what_a_refused_order_would_have_said_is_not_kept_and_the_callees_words_go_with_the_call() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    journal.enter(order(1, 1)).await.unwrap();
    journal.append(ended(1, 2, 0));
    let refused = AttemptEvent::Refused { reason: Reason::Quota, detail: "enough for today".into() };
    journal.append(report(2, 2, refused, Progress::Over));
    journal.flush().await;
    let kept: i64 = Connection::open(dir.path().join(FILE))
        .unwrap()
        .query_row("SELECT count(*) FROM orders WHERE resume IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0);
}

/// As the program before this one wrote it.
fn an_old_file(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("tests/version_1.sql")).unwrap();
}

#[tokio::test]
async fn a_journal_of_the_first_version_is_opened_and_its_times_are_taken_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    an_old_file(&dir.path().join(FILE));
    let (journal, contents) = Journal::open(dir.path(), US).unwrap();
    let [ended, live] = &contents.orders[..] else { panic!("{contents:?}") };
    assert_eq!((ended.attempt, ended.came), (attempt(1), Came { at: at(10), issued: at(10) }));
    assert_eq!((ended.ended_at, ended.talked), (Some(at(40)), Duration::from_secs(20)));
    assert_eq!((live.attempt, live.resume.as_ref()), (attempt(2), Some(&order(2, 50).resume)));
    assert_eq!((contents.latest(), contents.forgotten), (Some(at(55)), None));
    assert_eq!(journal.state().borrow().last, 3);
    assert_eq!(seqs(&journal, 0).await, [2, 3]);
    journal.enter(order(3, 60)).await.unwrap();
    let (_, contents) = Journal::open(dir.path(), US).unwrap();
    assert_eq!(contents.orders.last().map(|order| order.came), Some(came(60)));
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let error = Journal::open(Path::new("/nowhere/at/all"), US).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/at/all/journal.db: "), "{error}");
}

#[tokio::test]
async fn while_the_disk_refuses_an_order_is_refused_and_the_rest_is_kept_in_its_order() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path(), US).unwrap();
    let disk = Connection::open(dir.path().join(FILE)).unwrap();
    let refuse = "CREATE TRIGGER full_orders BEFORE INSERT ON orders BEGIN SELECT RAISE(FAIL, 'full'); END;
                  CREATE TRIGGER full_reports BEFORE INSERT ON reports BEGIN SELECT RAISE(FAIL, 'full'); END;";
    disk.execute_batch(refuse).unwrap();
    let entered = journal.enter(order(1, 1000));
    let mut burned = std::pin::pin!(journal.burn(vec![attempt(2)], came(1000)));
    journal.remember(attempt(3), Fingerprint([3; 32]), came(1000));
    journal.append(ended(1, 1001, 0));
    assert!(entered.await.is_err());
    let mut state = journal.state();
    state.wait_for(|state| state.trouble.is_some()).await.unwrap();
    assert!(futures_util::poll!(&mut burned).is_pending(), "the question waits for the disk");
    disk.execute_batch("DROP TRIGGER full_orders; DROP TRIGGER full_reports").unwrap();
    burned.await.unwrap();
    state.wait_for(|state| state.trouble.is_none() && state.last == 1).await.unwrap();
    drop(journal);
    let contents = JournalFile::open(&dir.path().join(FILE)).unwrap().contents().unwrap();
    let known: Vec<_> = contents.orders.iter().map(|order| (order.attempt, order.seen)).collect();
    let refused = Seen::Order { fingerprint: Fingerprint([3; 32]), live: false };
    assert_eq!(known, [(attempt(2), Seen::NeverCame), (attempt(3), refused)]);
}
