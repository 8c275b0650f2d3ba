//! What is counted as it happens, and what whoever watches hears.

use super::*;
use crate::{dispatch::attempts, store::Changed};

const FIGURES: [&str; 3] = [
    "SELECT org_id || ' ' || hour || ' ' || project_id || ' ' || status || ' ' || calls FROM call_figures
     WHERE calls <> 0 ORDER BY 1",
    "SELECT org_id || ' ' || hour || ' ' || project_id || ' ' || upto || ' ' || calls FROM answer_figures ORDER BY 1",
    "SELECT org_id || ' ' || hour || ' ' || project_id || ' ' || pbx_id || ' ' || trunk || ' ' || attempts || ' '
            || answered || ' ' || busy || ' ' || no_answer || ' ' || rejected || ' ' || failed || ' ' || refused || ' '
            || reached || ' ' || ringing || ' ' || ringing_ms
     FROM trunk_figures ORDER BY 1",
];

async fn counted(stage: &Stage) -> Vec<String> {
    let read = |tx: &mut Tx<'_>| {
        let rows: Result<Vec<_>, StoreError> =
            FIGURES.iter().map(|sql| tx.rows(sql, &[], |row| row.get::<String>(0))).collect();
        Ok::<_, StoreError>(rows?.concat())
    };
    stage.store.read(read).await.unwrap()
}

/// Counts all of history as the migration does.
async fn recount(stage: &Stage) {
    let migration = include_str!("../../store/migrations/0010_portal.sql");
    let told: Vec<&str> = migration.lines().filter(|line| !line.starts_with("--")).collect();
    let told = told.join("\n");
    let filling: Vec<&'static str> = told
        .split(';')
        .map(str::trim)
        .filter(|statement| statement.starts_with("INSERT INTO") && statement.contains("_figures"))
        .map(|statement| &*statement.to_owned().leak())
        .collect();
    assert_eq!(filling.len(), 3);
    stage
        .does(move |tx| {
            for empty in
                ["DELETE FROM call_figures", "DELETE FROM answer_figures", "DELETE FROM trunk_figures"]
            {
                tx.execute(empty, &[])?;
            }
            filling.iter().try_for_each(|statement| tx.execute(statement, &[]).map(drop))
        })
        .await;
}

async fn numbers(stage: &Stage, sql: &'static str) -> Vec<i64> {
    let read = stage.store.read(move |tx| {
        let read = |row: &crate::store::Row| {
            (0..6).map(|column| row.get::<i64>(column)).collect::<Result<Vec<_>, _>>()
        };
        tx.row(sql, &[], read)
    });
    read.await.unwrap().unwrap_or_default()
}

const TRUNK: &str = "SELECT SUM(attempts), SUM(answered), SUM(busy), SUM(failed), SUM(reached), SUM(ringing) FROM trunk_figures";

#[tokio::test]
async fn what_is_counted_as_it_happens_is_what_history_says() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    // Answered at the second try, after a busy line.
    let (request, _) = stage.webhook(Severity::Critical, quick(1), Some(PHONE)).await;
    let first = host.expect_order().await.attempt_id;
    stage.says(&mut host, first, AttemptEvent::Originated { ari_status: 200 }).await;
    stage.says(&mut host, first, busy()).await;
    let second = host.expect_order().await.attempt_id;
    for event in [
        AttemptEvent::Originated { ari_status: 200 },
        AttemptEvent::Ringing,
        AttemptEvent::Answered,
        AttemptEvent::Key { digit: '1' },
        ended(AttemptStatus::Acknowledged, None, Some(16)),
    ] {
        stage.says(&mut host, second, event).await;
    }
    assert_eq!(stage.at_rest(request).await.status, "acknowledged");
    // Nobody is there, in another organization.
    stage.webhook_of(OTHER, Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    let third = host.expect_order().await.attempt_id;
    stage.says(&mut host, third, AttemptEvent::Ringing).await;
    stage.says(&mut host, third, ended(AttemptStatus::NoAnswer, Some(480), Some(19))).await;
    // A number that is never called is held back at once.
    let (blocked, _) = stage.webhook(Severity::Critical, quick(0), Some("112")).await;
    assert_eq!(stage.at_rest(blocked).await.status, "blocked");
    let told = counted(&stage).await;
    assert_eq!(told.len(), 3 + 1 + 2, "{told:#?}");
    assert_eq!(numbers(&stage, TRUNK).await, [3, 1, 1, 0, 3, 2]);
    recount(&stage).await;
    assert_eq!(counted(&stage).await, told);
}

#[tokio::test]
async fn an_end_that_comes_late_takes_the_place_of_what_was_counted() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    assert_eq!(numbers(&stage, "SELECT COUNT(*), 0, 0, 0, 0, 0 FROM trunk_figures").await[0], 0, "not over");
    stage.does(move |tx| attempts::give_up(tx, attempt, Timestamp::now()).map(drop)).await;
    assert_eq!(numbers(&stage, TRUNK).await, [1, 0, 0, 1, 0, 0]);
    // Its host tells what became of it after all, and tells it twice.
    for _ in 0..2 {
        stage.does(move |tx| attempts::note(tx, attempt, Timestamp::now(), &AttemptEvent::Ringing)).await;
        stage.does(move |tx| attempts::note(tx, attempt, Timestamp::now(), &AttemptEvent::Answered)).await;
        let end = ended(AttemptStatus::Answered, Some(200), Some(16));
        stage.does(move |tx| attempts::note(tx, attempt, Timestamp::now(), &end)).await;
        assert_eq!(numbers(&stage, TRUNK).await, [1, 1, 0, 0, 1, 1]);
        let answers = "SELECT SUM(calls), 0, 0, 0, 0, 0 FROM answer_figures";
        assert_eq!(numbers(&stage, answers).await[0], 1);
    }
    let told = counted(&stage).await;
    recount(&stage).await;
    assert_eq!(counted(&stage).await, told);
}

#[tokio::test]
async fn a_phone_that_rings_is_heard_of_at_once() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    let call: CallId = stage.call(request).await.id.parse().unwrap();
    for event in [
        AttemptEvent::Originated { ari_status: 200 },
        AttemptEvent::Ringing,
        AttemptEvent::Answered,
        AttemptEvent::Key { digit: '1' },
    ] {
        let mut watching = stage.store.watch();
        let is_taken = event == AttemptEvent::Key { digit: '1' };
        stage.says(&mut host, attempt, event).await;
        let mut told = Vec::new();
        while let Ok(changes) = watching.try_recv() {
            told.extend(changes.iter().filter(|change| change.org == ORG).map(|change| change.what));
        }
        assert!(told.contains(&Changed::Call(call, alert)), "{told:?}");
        assert_eq!(told.contains(&Changed::Alert(alert)), is_taken, "{told:?}");
    }
}
