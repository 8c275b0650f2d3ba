//! Who is served first when there is more to do than channels, and over which trunk.

use super::*;
use crate::dispatch::limits::RINGS_AT_ONCE;
use shared::{ids::PbxId, outcome::Reason};

/// Many phones of one organization.
fn phones(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("+3805012346{number:02}"))
}

/// A phone of the other organization.
const THEIRS: &str = "+380671234567";

impl Stage {
    async fn storm(&self, severity: Severity, count: u32) {
        for phone in phones(count) {
            self.webhook(severity, quick(0), Some(&phone)).await;
        }
    }
}

#[tokio::test]
async fn a_storm_of_one_organization_leaves_a_channel_for_anothers_first_call() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 5).await;
    stage.storm(Severity::Critical, 20).await;
    for _ in 0..4 {
        assert_ne!(host.expect_order().await.to.as_str(), THEIRS);
    }
    host.expect_silence().await;
    stage.webhook_of(OTHER, Severity::Major, quick(0), Some(THEIRS)).await;
    assert_eq!(host.expect_order().await.to.as_str(), THEIRS, "at once");
}

#[tokio::test]
async fn the_next_free_channel_goes_to_the_organization_that_has_fewer() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 1).await;
    stage.storm(Severity::Major, 6).await;
    let first = host.expect_order().await;
    stage.webhook_of(OTHER, Severity::Major, quick(0), Some(THEIRS)).await;
    stage.says(&mut host, first.attempt_id, AttemptEvent::Key { digit: '1' }).await;
    stage
        .events
        .send(AgentEvent::Report(host.link.clone(), host.report(first.attempt_id, busy())))
        .await
        .unwrap();
    assert_eq!(host.expect_order().await.to.as_str(), THEIRS, "although five others are older");
}

#[tokio::test]
async fn critical_calls_come_before_older_lesser_ones_whosever_they_are() {
    let stage = Stage::set().await;
    stage.storm(Severity::Major, 6).await;
    stage.webhook_of(OTHER, Severity::Major, quick(0), Some(THEIRS)).await;
    stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 1).await;
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    assert_eq!(host.expect_order().await.to.as_str(), PHONE);
}

#[tokio::test]
async fn a_phone_is_not_rung_by_every_alert_of_a_storm_at_once() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let mut requests = Vec::new();
    for _ in 0..8 {
        requests.push(stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await.0);
    }
    let mut first = None;
    for _ in 0..RINGS_AT_ONCE {
        let order = host.expect_order().await;
        first.get_or_insert(order.attempt_id);
    }
    host.expect_silence().await;
    let waiting = stage.call(requests[7]).await;
    assert_eq!((waiting.status.as_str(), waiting.reason.as_deref()), ("queued", Some("cooldown")));
    stage.webhook(Severity::Major, quick(0), Some(THEIRS)).await;
    assert_eq!(
        host.expect_order().await.to.as_str(),
        THEIRS,
        "other phones of the organization need not wait"
    );
    stage
        .events
        .send(AgentEvent::Report(host.link.clone(), host.report(first.unwrap(), busy())))
        .await
        .unwrap();
    assert_eq!(host.expect_order().await.to.as_str(), PHONE, "the next one, once a call has ended");
}

#[tokio::test]
async fn a_trunk_that_fails_again_and_again_is_left_for_one_that_works() {
    let stage = Stage::set().await;
    let mut bad = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let mut good = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    let (mut to_bad, mut to_good) = (0, 0);
    for phone in phones(12) {
        stage.webhook(Severity::Major, quick(0), Some(&phone)).await;
        loop {
            tokio::select! {
                order = bad.expect_order() => {
                    to_bad += 1;
                    let failed = bad.report(order.attempt_id, ended(AttemptStatus::Failed, Some(503), Some(34)));
                    stage.events.send(AgentEvent::Report(bad.link.clone(), failed)).await.unwrap();
                    while !matches!(bad.next().await, ControlFrame::Ack { .. }) {}
                }
                order = good.expect_order() => {
                    to_good += 1;
                    stage.says(&mut good, order.attempt_id, busy()).await;
                    break;
                }
            }
        }
    }
    assert_eq!(to_good, 12);
    assert!((1..=3).contains(&to_bad), "{to_bad} calls went to the trunk that fails");
}

/// So that a control plane which starts knows it before it connects.
async fn enrol(stage: &Stage, pbx: PbxId) {
    let sql = "INSERT INTO agent_keys (pbx_id, public_key, enrolled_at) VALUES ($1, 'key', 0)";
    stage.store.write(move |tx| tx.execute(sql, &[&pbx])).await.unwrap();
}

#[tokio::test]
async fn a_restart_remembers_which_trunk_was_failing() {
    let stage = Stage::set().await;
    let mut bad = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    for phone in phones(3) {
        stage.webhook(Severity::Major, quick(0), Some(&phone)).await;
        let order = bad.expect_order().await;
        stage.says(&mut bad, order.attempt_id, ended(AttemptStatus::Failed, Some(503), Some(34))).await;
    }
    enrol(&stage, bad.link.pbx()).await;
    let stage = stage.restart().await;
    let _bad = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let mut good = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    for phone in phones(6).skip(3) {
        stage.webhook(Severity::Critical, quick(0), Some(&phone)).await;
        // On a slow machine the first three come again meanwhile, whose pause is over.
        while good.expect_order().await.to.as_str() != phone {}
    }
}

#[tokio::test]
async fn a_long_queue_of_one_organization_is_not_read_for_the_others() {
    let stage = Stage::set().await;
    let plans = stage.store.read(queue::plans).await.unwrap();
    for plan in plans {
        assert!(!plan.contains("SCAN calls"), "{plan}");
        assert!(plan.contains("(org_id=?"), "{plan}");
    }
}

#[tokio::test]
async fn a_host_that_refuses_because_it_is_full_is_not_asked_again_at_once() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    let refused = AttemptEvent::Refused { reason: Reason::RateLimited, detail: "a second is short".into() };
    stage.says(&mut host, attempt, refused).await;
    host.expect_silence().await;
    let call = stage.call(request).await;
    assert_eq!((call.status.as_str(), call.reason.as_deref()), ("queued", Some("rate_limited")));
}

#[tokio::test]
async fn an_order_that_never_started_lets_a_waiting_call_go() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 1).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt_id = host.expect_order().await.attempt_id;
    let (waiting, _) = stage.webhook(Severity::Critical, quick(0), Some("+380501234568")).await;
    stage.waits_for(waiting, "capacity").await;
    stage
        .store
        .write(move |tx| alerts::close(tx, alert, By::Resolve(request), Timestamp::now()))
        .await
        .unwrap();
    let standing = AttemptStanding { attempt_id, standing: Standing::NeverSeen };
    stage.events.send(AgentEvent::Standing(host.link.clone(), vec![standing])).await.unwrap();
    let before_its_pause_is_over = async {
        assert_eq!(host.expect_order().await.to.as_str(), "+380501234568");
    };
    tokio::time::timeout(Duration::from_secs(3), before_its_pause_is_over).await.unwrap();
}

#[tokio::test]
async fn while_a_good_route_is_full_one_that_has_just_failed_is_not_tried_again_and_again() {
    let stage = Stage::set().await;
    let mut good = TestHost::connect(&stage.fleet, "pbx-1", 1).await;
    stage.webhook(Severity::Major, quick(0), Some(THEIRS)).await;
    let talks = good.expect_order().await;
    let mut bad = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt = bad.expect_order().await.attempt_id;
    stage.says(&mut bad, attempt, ended(AttemptStatus::Failed, Some(503), Some(34))).await;
    bad.expect_silence().await;
    let waiting = stage.call(request).await;
    assert_eq!((waiting.status.as_str(), waiting.reason.as_deref()), ("queued", Some("capacity")));
    stage
        .events
        .send(AgentEvent::Report(good.link.clone(), good.report(talks.attempt_id, busy())))
        .await
        .unwrap();
    assert_eq!(good.expect_order().await.to.as_str(), PHONE, "at once, and no redial is used up");
}
