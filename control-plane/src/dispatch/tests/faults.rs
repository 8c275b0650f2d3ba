//! Rows that somebody damaged, hosts that forgot, clocks that were set.

use super::*;
use crate::{
    dispatch::{
        Dispatcher, EVENTS_PER_TURN, Inherited,
        turn::{Turn, Work},
    },
    fleet::journals,
    wall_clock::ClockStep,
};
use shared::outcome::{CallStatus, Reason};
use tokio::time::Instant;

const OTHER_PHONE: &str = "+380501234568";

impl Stage {
    /// The clock was set by so much, at most 20 s before it showed this.
    async fn clock_was_set(&self, by: i64, now: Timestamp) {
        let step = ClockStep { by, since: now - Duration::from_secs(20) };
        let (fleet, work) = (self.fleet.clone(), Work { clock_set: Some(step), ..Work::default() });
        let take = move |tx: &mut Tx<'_>| {
            Turn::alone(tx, &fleet, &Inherited::default(), now, &mut Uuid::now_v7, &work)
        };
        self.store.write(take).await.unwrap();
    }

    async fn damage(&self, sql: &'static str) {
        self.store.write(move |tx| tx.execute(sql, &[])).await.unwrap();
        self.nudge.nudge();
    }
}

#[tokio::test]
async fn a_due_call_that_cannot_be_read_stops_no_other_and_expires_in_the_end() {
    let stage = Stage::set().await;
    let (damaged, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    // Its own turn is over before there is a host.
    while stage.call(damaged).await.reason.as_deref() != Some("no_pbx") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.damage("UPDATE calls SET destination = x'00', due_at = 0").await;
    stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    assert_eq!(host.expect_order().await.to.as_str(), PHONE);
    let told = async || {
        let told = stage.store.read(move |tx| {
            tx.row("SELECT status, due_at FROM calls WHERE request_id = $1", &[&damaged], |row| {
                Ok((row.get::<CallStatus>(0)?, row.get::<Option<Timestamp>>(1)?))
            })
        });
        told.await.unwrap().unwrap()
    };
    assert!(matches!(told().await, (CallStatus::Queued, Some(at)) if at > Timestamp::now()));
    stage.damage("UPDATE calls SET due_at = 0, expires_at = 0 WHERE destination = x'00'").await;
    while told().await != (CallStatus::Expired, None) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_end_is_applied_also_while_a_waiting_call_cannot_be_read() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 1).await;
    let (first, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let order = host.expect_order().await;
    let (waiting, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    while stage.call(waiting).await.reason.as_deref() != Some("capacity") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.damage("UPDATE calls SET destination = x'00' WHERE reason = 'capacity'").await;
    stage.says(&mut host, order.attempt_id, busy()).await;
    assert_eq!(stage.call(first).await.status, "exhausted");
}

#[tokio::test]
async fn what_agents_say_while_the_database_is_away_waits_with_them() {
    let stage = Stage::set().await;
    let host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (sender, events) = mpsc::channel(4 * EVENTS_PER_TURN);
    for _ in 0..4 * EVENTS_PER_TURN {
        sender.try_send(AgentEvent::Freed(host.link.pbx())).unwrap();
    }
    let (store, fleet, nudge) = (stage.store.clone(), stage.fleet.clone(), Nudge::default());
    let mut dispatcher = Dispatcher::new(store, fleet, Inherited::default(), events, nudge);
    let (mut work, stop) = (Work::default(), CancellationToken::new());
    for _ in 0..3 {
        assert!(dispatcher.collect(&mut work, Instant::now(), &stop).await);
    }
    assert_eq!(work.events.len(), EVENTS_PER_TURN);
}

#[tokio::test]
async fn a_host_that_forgot_takes_no_acknowledgement_back() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt_id = host.expect_order().await.attempt_id;
    stage.says(&mut host, attempt_id, AttemptEvent::Answered).await;
    stage.says(&mut host, attempt_id, AttemptEvent::Key { digit: '1' }).await;
    let standing = AttemptStanding { attempt_id, standing: Standing::NeverSeen };
    stage.events.send(AgentEvent::Standing(host.link.clone(), vec![standing])).await.unwrap();
    while stage.call(request).await.attempts[0].ended_at.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let attempt = &stage.call(request).await.attempts[0];
    assert_eq!((attempt.status.as_str(), attempt.reason.as_deref()), ("acknowledged", None));
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
async fn waiting_calls_are_shared_out_among_the_hosts() {
    let stage = Stage::set().await;
    let mut waiting = Vec::new();
    for last in 1..=4 {
        let phone = format!("+38050123450{last}");
        waiting.push(stage.webhook(Severity::Critical, quick(0), Some(&phone)).await.0);
    }
    for request in &waiting {
        while stage.call(*request).await.reason.as_deref() != Some("no_pbx") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let one = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let _two = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    stage.events.send(AgentEvent::Freed(one.link.pbx())).await.unwrap();
    let mut on_one = 0;
    for request in waiting {
        let call = loop {
            let call = stage.call(request).await;
            if call.status == "calling" {
                break call;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        on_one += usize::from(call.attempts[0].pbx == "pbx-1");
    }
    assert_eq!(on_one, 2);
}

#[tokio::test]
async fn a_call_whose_state_is_lost_after_its_end_is_not_made_again() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt_id = host.expect_order().await.attempt_id;
    stage
        .store
        .write(move |tx| alerts::close(tx, alert, By::Resolve(request), Timestamp::now()))
        .await
        .unwrap();
    stage.nudge.nudge();
    assert_eq!(host.next().await, ControlFrame::Cancel { attempt_id });
    stage.damage("UPDATE calls SET machine = '{'").await;
    stage.says(&mut host, attempt_id, ended(AttemptStatus::Cancelled, None, Some(16))).await;
    host.expect_silence().await;
    assert_eq!(stage.call(request).await.status, "cancelled");
}

#[tokio::test]
async fn a_call_whose_state_is_lost_while_it_rings_labels_the_next_ring() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let order = host.expect_order().await;
    stage.says(&mut host, order.attempt_id, AttemptEvent::Ringing).await;
    stage.damage("UPDATE calls SET machine = '{', due_at = 0").await;
    host.expect_order().await;
    assert!(stage.call(request).await.attempts[1].possible_duplicate);
}

#[tokio::test]
async fn a_refusal_that_comes_late_takes_no_acknowledgement_back() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    stage.says(&mut host, attempt, AttemptEvent::Key { digit: '1' }).await;
    let refused = AttemptEvent::Refused { reason: Reason::Expired, detail: String::new() };
    stage.says(&mut host, attempt, refused).await;
    assert_eq!(stage.call(request).await.attempts[0].status, "acknowledged");
}

#[tokio::test]
async fn a_restored_database_ends_what_was_under_way_and_is_told_so_once() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (before, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    host.expect_order().await;
    let stage = stage.restart().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (since, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    assert_eq!(host.expect_order().await.to.as_str(), OTHER_PHONE);
    stage.events.send(AgentEvent::Forgotten(host.link.clone(), 7)).await.unwrap();
    let ended = stage.at_rest(before).await;
    assert_eq!((ended.status.as_str(), ended.reason.as_deref()), ("expired", Some("duplicate")));
    assert!(ended.attempts[0].possible_duplicate);
    assert_eq!(stage.call(since).await.status, "calling");
    let (journal, pbx) = (host.link.journal(), host.link.pbx());
    let applied = stage.store.read(move |tx| journals::applied(tx, journal, pbx)).await.unwrap();
    assert_eq!(applied, Some(7), "the next connection of this host tells nothing of it");
}

#[tokio::test]
async fn a_host_that_lost_its_journal_before_it_said_anything_labels_the_next_ring() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(2), Some(PHONE)).await;
    let attempt_id = host.expect_order().await.attempt_id;
    host.disconnect();
    // With another journal.
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let standing = AttemptStanding { attempt_id, standing: Standing::NeverSeen };
    stage.events.send(AgentEvent::Standing(host.link.clone(), vec![standing])).await.unwrap();
    host.expect_order().await;
    let call = stage.call(request).await;
    assert_eq!(call.attempts[0].status, "failed", "{call:?}");
    assert!(call.attempts[1].possible_duplicate, "{call:?}");
}

#[tokio::test]
async fn a_report_from_the_future_happened_now_and_one_of_an_unknown_attempt_changes_nothing() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    let stranger = AttemptId::new(Uuid::now_v7());
    stage.says(&mut host, stranger, AttemptEvent::Key { digit: '1' }).await;
    assert_eq!(stage.call(request).await.status, "calling");
    let mut report = host.report(attempt, busy());
    report.at = Timestamp::from_micros(i64::MAX);
    stage.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
    let call = stage.at_rest(request).await;
    let ended = call.attempts[0].ended_at.clone().unwrap_or_default();
    let latest = (Timestamp::now() + Duration::from_secs(60)).to_string();
    assert!(ended < latest, "{ended}");
}

#[tokio::test]
async fn when_the_clock_is_set_what_is_queued_moves_with_it_and_agents_ask_for_the_time() {
    let stage = Stage::set().await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    while stage.call(request).await.reason.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
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
    while stage.call(next).await.reason.as_deref() != Some("no_pbx") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_damaged_call_does_not_keep_the_others_from_moving_with_the_clock() {
    let stage = Stage::set().await;
    let (damaged, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    while stage.call(damaged).await.reason.is_none() || stage.call(request).await.reason.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
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
async fn when_the_clock_is_set_back_calls_that_are_older_than_the_step_move_with_it_too() {
    let stage = Stage::set().await;
    let (old, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let (new, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    while stage.call(old).await.reason.is_none() || stage.call(new).await.reason.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.stop.cancel();
    // The one is 90 s old, the other was made after the clock was set back by 60 s.
    stage
        .damage("UPDATE calls SET created_at = created_at - 90000000 WHERE destination = '+380501234567'")
        .await;
    stage
        .damage("UPDATE calls SET created_at = created_at - 61000000 WHERE destination <> '+380501234567'")
        .await;
    let read = |tx: &mut Tx<'_>| {
        tx.rows("SELECT expires_at FROM calls ORDER BY created_at", &[], |row| row.get::<i64>(0))
    };
    let before = stage.store.read(read).await.unwrap();
    let by = -60_000_000;
    stage.clock_was_set(by, Timestamp::now().shifted(by)).await;
    assert_eq!(stage.store.read(read).await.unwrap(), [before[0] + by, before[1]]);
}

#[tokio::test]
async fn an_attempt_and_a_call_with_illegible_ids_keep_no_other_phone_from_ringing() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    host.expect_order().await;
    stage.store.write(|tx| tx.execute("UPDATE call_logs SET trunk = x'00'", &[])).await.unwrap();
    let (request, _) = stage.webhook(Severity::Critical, quick(0), None).await;
    stage.at_rest(request).await;
    stage.damage("UPDATE calls SET id = x'00', due_at = 0, status = 'queued' WHERE destination = ''").await;
    stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    assert_eq!(host.expect_order().await.to.as_str(), PHONE);
}
