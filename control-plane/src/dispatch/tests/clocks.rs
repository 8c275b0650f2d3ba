//! Clocks that were set.

use super::*;
use crate::{
    dispatch::{
        Inherited,
        turn::{Turn, Work},
    },
    wall_clock::WallClock,
};
use shared::outcome::Reason;

impl Stage {
    /// The clock was set by so much, and shows this.
    async fn clock_was_set(&self, by: i64, now: Timestamp) {
        let (fleet, work) = (self.fleet.clone(), Work { clock_set: Some(by), ..Work::default() });
        let take = move |tx: &mut Tx<'_>| {
            Turn::alone(tx, &fleet, &Inherited::default(), now, &mut Uuid::now_v7, &work)
        };
        self.store.write(take).await.unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_holds_no_call_back() {
    let stage = Stage::set().await;
    let policy = || Policy { cooldown_seconds: 60, ..quick(0) };
    let later = Timestamp::now() + Duration::from_secs(2 * 3_600);
    let (request, alert) = stage.webhook(Severity::Critical, policy(), Some(OTHER_PHONE)).await;
    let phone = Some(PHONE.to_owned());
    stage
        .store
        .write(move |tx| call(tx, ACME, request, alert, Severity::Major, policy(), phone, later))
        .await
        .unwrap();
    let (now, _) = stage.webhook(Severity::Major, policy(), Some(PHONE)).await;
    assert_ne!(stage.call(now).await.status, "blocked");
}

#[tokio::test]
async fn when_the_clock_is_set_what_is_queued_moves_with_it_and_agents_ask_for_the_time() {
    let stage = Stage::set().await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    stage.waits_for(request, "no_pbx").await;
    let times = || {
        stage.store.read(|tx| {
            tx.row("SELECT due_at, expires_at FROM calls", &[], |row| {
                Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
            })
        })
    };
    let before = times().await.unwrap().unwrap();
    let host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let hour = 3_600_000_000;
    let now = Timestamp::now().shifted(hour);
    stage.clock_was_set(hour, now).await;
    let after = times().await.unwrap().unwrap();
    assert_eq!(after, (before.0 + hour, before.1 + hour));
    // What was made in the new time already stays where it is.
    stage.clock_was_set(hour, now).await;
    assert_eq!(times().await.unwrap().unwrap(), after);
    stage.fleet.clock_was_set(hour);
    assert!(host.link.is_closed());
    let (next, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    stage.waits_for(next, "no_pbx").await;
}

#[tokio::test]
async fn a_damaged_call_does_not_keep_the_others_from_moving_with_the_clock() {
    let stage = Stage::set().await;
    let (damaged, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    stage.waits_for(damaged, "no_pbx").await;
    stage.waits_for(request, "no_pbx").await;
    stage.damage("UPDATE calls SET destination = x'00' WHERE destination = '+380501234568'").await;
    let expiry = || {
        stage.store.read(|tx| {
            let sql = "SELECT expires_at FROM calls WHERE destination = $1";
            tx.row(sql, &[&PHONE], |row| row.get::<i64>(0))
        })
    };
    let before = expiry().await.unwrap().unwrap();
    let hour = 3_600_000_000;
    stage.clock_was_set(hour, Timestamp::now().shifted(hour)).await;
    assert_eq!(expiry().await.unwrap().unwrap(), before + hour);
}

#[tokio::test]
async fn a_host_that_takes_a_fresh_order_for_an_expired_one_connects_again_and_its_call_goes_elsewhere() {
    let stage = Stage::set().await;
    let mut wrong = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let order = wrong.expect_order().await;
    let mut right = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    let refused = AttemptEvent::Refused { reason: Reason::Expired, detail: String::new() };
    stage.says(&mut wrong, order.attempt_id, refused).await;
    assert_eq!(right.expect_order().await.to.as_str(), PHONE);
    while !wrong.link.is_closed() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_start_after_the_clock_was_set_back_makes_every_call_in_its_time() {
    let stage = Stage::set().await;
    let (old, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    stage.waits_for(old, "no_pbx").await;
    stage.stop.cancel();
    // It is a quarter of an hour old, and its clock was ten minutes ahead.
    let ahead = 600_000_000;
    let damage = "UPDATE calls SET created_at = created_at - 300000000, due_at = due_at + 600000000";
    stage.store.write(move |tx| tx.execute(damage, &[])).await.unwrap();
    stage
        .store
        .write(move |tx| {
            let machine = tx.row("SELECT machine FROM calls", &[], |row| row.get::<String>(0))?.unwrap();
            let mut machine: serde_json::Value = serde_json::from_str(&machine).unwrap();
            let until = machine["phase"]["waiting"]["until"].as_i64().unwrap();
            machine["phase"]["waiting"]["until"] = (until + ahead).into();
            tx.execute("UPDATE calls SET machine = $1", &[&machine.to_string()])
        })
        .await
        .unwrap();
    let stage = stage.restart().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.events.send(AgentEvent::Connected(host.link.clone())).await.unwrap();
    while stage.fleet.is_gathering(Timestamp::now()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    host.expect_order().await;
}

#[tokio::test]
async fn a_clock_that_was_set_since_it_was_looked_at_lets_no_piece_of_a_turn_be_done_by_it() {
    let stage = Stage::set().await;
    stage.stop.cancel();
    let host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let mut dispatcher = stage.idle_dispatcher();
    let piece = || Work { events: vec![AgentEvent::Freed(host.link.pbx())], ..Work::default() };
    dispatcher.wall = WallClock::new(Timestamp::now().shifted(3_600_000_000), Duration::ZERO);
    let left = dispatcher.one_by_one(piece()).await;
    assert_eq!(left.events.len(), 1);
    let mut work = left;
    dispatcher.look_at_the_clock(&mut work);
    assert!(work.clock_set.is_some());
    let left = dispatcher.one_by_one(work).await;
    assert!(left.is_empty());
}
