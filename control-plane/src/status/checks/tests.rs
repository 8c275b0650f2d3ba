use super::*;
use crate::store::testing::{self, TestStore};
use shared::time::Timestamp;

const HOLDS: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3600);

fn noon() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

fn seen(at: Timestamp, states: &[(Component, State)]) -> Batch {
    Batch { at, holds: HOLDS, states: states.iter().cloned().collect() }
}

async fn look(store: &TestStore, batch: Batch, elapsed: Option<Duration>) {
    store.write(move |tx| record(tx, &batch, elapsed)).await.unwrap();
}

async fn today(store: &TestStore, component: Component) -> Tally {
    let found = store.read(|tx| days(tx, Day::of(noon()), 90)).await.unwrap();
    found.get(&component).and_then(|days| days.get(&Day::of(noon()))).copied().unwrap_or_default()
}

async fn count(store: &TestStore, sql: &'static str) -> i64 {
    store.read(move |tx| tx.row(sql, &[], |row| row.get(0))).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_day_grows_with_each_look() {
    let store = testing::store().await;
    let states = |intake, mail| [(Component::Intake, intake), (Component::Mail, mail)];
    look(&store, seen(noon(), &states(State::Operational, State::Degraded)), None).await;
    look(&store, seen(noon() + HOLDS, &states(State::Outage, State::Operational)), Some(HOLDS)).await;
    look(&store, seen(noon() + HOLDS * 2, &states(State::Operational, State::Operational)), Some(HOLDS))
        .await;
    let intake = today(&store, Component::Intake).await;
    assert_eq!(intake, Tally { known: HOLDS * 2, degraded: Duration::ZERO, down: HOLDS });
    let mail = today(&store, Component::Mail).await;
    assert_eq!(mail, Tally { known: HOLDS * 2, degraded: HOLDS, down: Duration::ZERO });
}

#[tokio::test]
async fn the_time_in_which_nothing_ran_is_found_at_the_next_start() {
    let store = testing::store().await;
    let eu = Component::Pbx("eu".into());
    let both = [(Component::Intake, State::Operational), (eu.clone(), State::Operational)];
    look(&store, seen(noon(), &both), None).await;
    look(&store, seen(noon() + HOUR, &both), None).await;
    let intake = today(&store, Component::Intake).await;
    assert_eq!((intake.known, intake.down), (HOUR, HOUR - HOLDS));
    assert_eq!(today(&store, eu).await, Tally { known: HOLDS, ..Tally::default() });
}

#[tokio::test]
async fn what_a_clock_wrote_that_was_ahead_is_no_evidence() {
    let store = testing::store().await;
    let intake = [(Component::Intake, State::Operational)];
    look(&store, seen(noon() - HOUR, &intake), None).await;
    look(&store, seen(noon() + HOUR * 36, &intake), Some(HOLDS)).await;
    // The next start has the right time.
    look(&store, seen(noon(), &intake), None).await;
    assert_eq!(today(&store, Component::Intake).await, Tally::default());
    look(&store, seen(noon() + HOLDS, &intake), Some(HOLDS)).await;
    assert_eq!(today(&store, Component::Intake).await, Tally { known: HOLDS, ..Tally::default() });
    assert_eq!(count(&store, "SELECT COUNT(*) FROM status_days").await, 1, "none that is still to come");
}

#[tokio::test]
async fn a_region_that_is_gone_is_neither_shown_nor_counted_on() {
    let store = testing::store().await;
    let eu = Component::Pbx("eu".into());
    let both = [(Component::Intake, State::Operational), (eu.clone(), State::Outage)];
    look(&store, seen(noon(), &both), None).await;
    look(&store, seen(noon() + HOLDS, &both[..1]), Some(HOLDS)).await;
    look(&store, seen(noon() + HOUR, &both), None).await;
    assert_eq!(today(&store, eu).await, Tally::default());
    let latest = store.read(latest).await.unwrap().unwrap();
    assert_eq!((latest.at, latest.states.len()), (noon() + HOUR, 2));
}

#[tokio::test]
async fn looks_are_kept_for_two_days_and_days_for_four_hundred() {
    let store = testing::store().await;
    let intake = [(Component::Intake, State::Operational)];
    let day = HOUR * 24;
    for days in [500, 401, 399, 3, 1, 0] {
        look(&store, seen(noon() - day * days, &intake), None).await;
    }
    assert_eq!(count(&store, "SELECT COUNT(*) FROM status_checks").await, 2);
    let oldest = count(&store, "SELECT MIN(day) FROM status_days").await;
    assert_eq!(Day::new(oldest), Day::of(noon()).before(399));
}

#[tokio::test]
async fn no_look_and_no_page_reads_through_history() {
    let store = testing::store().await;
    for (sql, parameters, index) in [
        (LATEST, 0, "sqlite_autoindex_status_checks_1 (checked_at=?)"),
        (DAYS, 2, "sqlite_autoindex_status_days_1 (day>? AND day<?)"),
        (FORGET, 1, "sqlite_autoindex_status_checks_1 (checked_at<?)"),
        (FORGET_DAYS, 1, "sqlite_autoindex_status_days_1 (day<?)"),
    ] {
        let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
        let plan = store.read(move |tx| {
            let params: [&dyn crate::store::ToValue; 2] = [&0i64, &1i64];
            tx.rows(sql, &params[..parameters], |row| row.get::<String>(3))
        });
        let plan = plan.await.unwrap().join("; ");
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
    }
}
