//! Rows that somebody damaged, hosts that forgot.

use super::*;
use crate::{
    dispatch::{
        Dispatcher, EVENTS_PER_TURN, Inherited,
        alert_history::{self, AlertQuery},
        turn::{Done, Turn, Work},
    },
    fleet::journals,
    store::Database,
};
use shared::outcome::{CallStatus, Reason};
use tokio::time::Instant;

impl Stage {
    /// A turn that is taken and whose effects go nowhere.
    async fn turn(&self, work: Work) -> Done {
        let fleet = self.fleet.clone();
        let take = move |tx: &mut Tx<'_>| {
            Turn::take(tx, &fleet, &Inherited::default(), Timestamp::now(), &mut Uuid::now_v7, &work)
        };
        self.store.write(take).await.unwrap()
    }

    /// A dispatcher that takes no turn of its own accord.
    pub(super) fn idle_dispatcher(&self) -> Dispatcher {
        let (_, events) = mpsc::channel(1);
        let (store, fleet) = ((*self.store).clone(), self.fleet.clone());
        Dispatcher::new(store, fleet, Inherited::default(), events, Nudge::default())
    }

    pub(super) async fn damage(&self, sql: &'static str) {
        self.store.write(move |tx| tx.execute(sql, &[])).await.unwrap();
        self.nudge.nudge();
    }
}

#[tokio::test]
async fn a_due_call_that_cannot_be_read_stops_no_other_and_expires_in_the_end() {
    let stage = Stage::set().await;
    let (damaged, _) = stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    // Its own turn is over before there is a host.
    stage.waits_for(damaged, "no_pbx").await;
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
    stage.waits_for(waiting, "capacity").await;
    stage.damage("UPDATE calls SET destination = x'00' WHERE reason = 'capacity'").await;
    let (sound, _) = stage.webhook(Severity::Major, quick(0), Some("+380501234569")).await;
    stage.waits_for(sound, "capacity").await;
    let report = host.report(order.attempt_id, busy());
    stage.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
    assert_eq!(host.expect_order().await.to.as_str(), "+380501234569");
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
async fn waiting_calls_are_shared_out_among_the_hosts() {
    let stage = Stage::set().await;
    let mut waiting = Vec::new();
    for last in 1..=4 {
        let phone = format!("+38050123450{last}");
        waiting.push(stage.webhook(Severity::Critical, quick(0), Some(&phone)).await.0);
    }
    for request in &waiting {
        stage.waits_for(*request, "no_pbx").await;
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

#[tokio::test]
async fn a_due_row_that_is_not_found_by_its_id_does_not_turn_the_queue_in_circles() {
    for damage in ["UPDATE calls SET id = x'00', due_at = 0", "UPDATE calls SET id = upper(id), due_at = 0"] {
        let stage = Stage::set().await;
        stage.stop.cancel();
        stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
        stage.damage(damage).await;
        let begun = Timestamp::now();
        let done = stage.turn(Work::default()).await;
        assert!(!done.more, "{damage}");
        assert!(done.next >= Some(begun + Duration::from_millis(500)), "{damage}: {:?}", done.next);
    }
}

#[tokio::test]
async fn hosts_count_as_gathered_only_once_a_turn_that_heard_of_them_is_durable() {
    let stage = Stage::set().await;
    stage.stop.cancel();
    let host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (fleet, now) = (&stage.fleet, Timestamp::now());
    assert!(fleet.is_gathering(now));
    let work = Work { events: vec![AgentEvent::Connected(host.link.clone())], ..Work::default() };
    // This one is lost on its way to the disk.
    stage.turn(work.clone()).await;
    assert!(fleet.is_gathering(now));
    stage.turn(work).await.effects.carry_out(fleet, now);
    assert!(!fleet.is_gathering(now) && fleet.has_gathered(now), "whoever waits is not woken yet");
    stage.turn(Work::default()).await;
    assert!(fleet.has_gathered(now));
    stage.turn(Work::default()).await.effects.carry_out(fleet, now);
    assert!(!fleet.has_gathered(now));
}

#[tokio::test]
async fn a_waiting_call_that_cannot_be_ordered_makes_nobody_deaf_and_the_next_one_goes() {
    let stage = Stage::set().await;
    let mut waiting = Vec::new();
    for phone in [PHONE, OTHER_PHONE] {
        let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(phone)).await;
        stage.waits_for(request, "no_pbx").await;
        waiting.push(request);
    }
    let Database::Sqlite(path) = stage.store.database();
    let sql = rusqlite::Connection::open(path).unwrap();
    sql.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let nobody = Uuid::now_v7().to_string();
    let damaged = sql.execute("UPDATE calls SET request_id = ?1 WHERE destination = ?2", [&nobody, PHONE]);
    assert_eq!(damaged.unwrap(), 1);
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    let order = host.expect_order().await;
    assert_eq!(order.to.as_str(), OTHER_PHONE);
    stage.says(&mut host, order.attempt_id, AttemptEvent::Key { digit: '1' }).await;
    assert_eq!(stage.call(waiting[1]).await.status, "acknowledged");
}

#[tokio::test]
async fn a_damaged_call_or_alert_hides_none_that_is_older_from_whoever_reads_page_by_page() {
    let stage = Stage::set().await;
    let mut stored = Vec::new();
    for phone in ["+380501234561", "+380501234562", "+380501234563"] {
        stored.push(stage.webhook(Severity::Critical, quick(0), Some(phone)).await);
    }
    stage.damage("UPDATE calls SET created_at = x'00' WHERE destination = '+380501234562'").await;
    let damaged = stored[1].1;
    let damage =
        move |tx: &mut Tx<'_>| tx.execute("UPDATE alerts SET opened_at = x'00' WHERE id = $1", &[&damaged]);
    stage.store.write(damage).await.unwrap();
    let (mut calls, mut before) = (Vec::new(), None);
    loop {
        let query = CallQuery { org_id: ORG, request_id: None, alert_id: None, before, limit: 1 };
        let page = history::page(&stage.store, query).await.unwrap();
        calls.extend(page.items.into_iter().map(|call| call.destination));
        let Some(next) = page.next else { break };
        before = Some(next.parse().unwrap());
    }
    assert_eq!(calls, ["+380501234563", "+380501234561"]);
    let (mut alerts, mut before) = (Vec::new(), None);
    loop {
        let query = AlertQuery { org_id: ORG, state: None, severity: None, project: None, before, limit: 1 };
        let page = alert_history::page(&stage.store, query).await.unwrap();
        alerts.extend(page.items.into_iter().map(|alert| alert.id));
        let Some(next) = page.next else { break };
        before = Some(next.parse().unwrap());
    }
    assert_eq!(alerts, [stored[2].1.to_string(), stored[0].1.to_string()]);
}

#[tokio::test]
async fn an_alert_whose_severity_cannot_be_read_turns_no_repeat_away_and_silences_none() {
    let stage = Stage::set().await;
    let (_, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let damage =
        "UPDATE alerts SET severity = x'00', updated_at = x'00', state = 'acknowledged', dedup_key = 'db'";
    stage.damage(damage).await;
    let live = stage.store.read(|tx| alerts::live(tx, ENDPOINT, "db")).await.unwrap().unwrap();
    assert_eq!(live.id, alert);
    assert!(live.is_forgotten(Timestamp::now()));
    assert!(!alerts::LiveAlert { calling: false, ..live }.is_cared_for(Severity::Minor));
}

#[tokio::test]
async fn how_an_attempt_ended_is_not_forgotten_because_its_host_forgets() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    stage.says(&mut host, attempt, busy()).await;
    // It is back to an older copy of its journal, in which the call rang.
    let AttemptEvent::Ended(ending) = ended(AttemptStatus::Failed, None, None) else { unreachable!() };
    stage.says(&mut host, attempt, AttemptEvent::Ended(Ending { unwitnessed: true, ..ending })).await;
    let attempt = &stage.call(request).await.attempts[0];
    assert_eq!((attempt.status.as_str(), attempt.hangup_cause), ("busy", Some(17)));
}
