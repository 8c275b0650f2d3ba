//! Calls that are held back.

use super::*;
use crate::dispatch::{
    do_not_call,
    limits::{ATTEMPTS_OVER_A_TRUNK, CALLS_OF_AN_ORG, CALLS_TO_A_PHONE, MINUTES_OVER_A_TRUNK, Most},
};
use shared::phone::E164;

fn number(text: &str) -> E164 {
    text.parse().unwrap()
}

impl Stage {
    async fn held_back(&self, severity: Severity, phone: &str) -> Option<String> {
        let (request, _) = self.webhook(severity, quick(0), Some(phone)).await;
        let call = self.call(request).await;
        (call.status == "blocked").then(|| call.reason.unwrap_or_default())
    }

    /// A call to this phone is not placed but stays queued, and says why.
    async fn waits_for_quota(&self, severity: Severity, phone: &str) {
        let (request, _) = self.webhook(severity, quick(0), Some(phone)).await;
        for _ in 0..500 {
            let call = self.call(request).await;
            assert!(call.attempts.is_empty(), "{call:?}");
            if (call.status.as_str(), call.reason.as_deref()) == ("queued", Some("quota")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the call does not wait for quota: {:?}", self.call(request).await);
    }

    /// So many calls of the organization to this phone, placed and over some minutes ago.
    async fn with_calls(&self, count: u32, phone: &'static str, minutes: u64) {
        let at = Timestamp::now() - Duration::from_secs(60 * minutes);
        let (request, alert) = self.webhook(Severity::Critical, quick(0), Some("112")).await;
        self.store
            .write(move |tx| {
                tx.execute(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
                     INSERT INTO calls (id, request_id, alert_id, org_id, project_id, account_id, destination,
                                        status, urgency, created_at, expires_at, ended_at, cancel_wanted, machine)
                     SELECT 'c' || $5 || '-' || i, $2, $3, $6, $7, $8, $4, 'acknowledged', 0, $5, $5, $5, 0, '{}'
                     FROM n",
                    &[&count, &request, &alert, &phone, &at, &ORG, &PROJECT, &PERSON],
                )
            })
            .await
            .unwrap();
    }

    /// So many attempts over trunk a of a host, each of so long a conversation.
    async fn with_attempts(&self, host: &TestHost, count: u32, talked_ms: i64, minutes: u64) {
        let at = Timestamp::now() - Duration::from_secs(60 * minutes);
        let (request, _) = self.webhook(Severity::Critical, quick(0), Some("112")).await;
        let pbx = host.link.pbx();
        self.store
            .write(move |tx| {
                tx.execute(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
                     INSERT INTO call_logs (id, call_id, request_id, org_id, destination, pbx_id, trunk, status,
                                            possible_duplicate, initiated_at, ended_at, duration_ms, unsettled)
                     SELECT 'a' || $3 || '-' || i, calls.id, calls.request_id, calls.org_id, 'x', $4, 'a',
                            'acknowledged', 0, $3, $3, $5, 0
                     FROM n JOIN calls ON calls.request_id = $2",
                    &[&count, &request, &at, &pbx, &talked_ms],
                )
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_number_on_the_do_not_call_list_is_rung_for_nobody_and_again_once_it_is_off() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    assert!(do_not_call::add(&stage.store, number(PHONE), Timestamp::now()).await.unwrap());
    assert!(!do_not_call::add(&stage.store, number(PHONE), Timestamp::now()).await.unwrap());
    assert_eq!(do_not_call::list(&stage.store).await.unwrap(), [PHONE]);
    assert_eq!(stage.held_back(Severity::Critical, PHONE).await.as_deref(), Some("do_not_call"));
    assert_eq!(stage.held_back(Severity::Critical, OTHER_PHONE).await, None);
    assert_eq!(host.expect_order().await.to.as_str(), OTHER_PHONE);
    assert!(do_not_call::remove(&stage.store, number(PHONE)).await.unwrap());
    assert!(!do_not_call::remove(&stage.store, number(PHONE)).await.unwrap());
    stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    assert_eq!(host.expect_order().await.to.as_str(), PHONE);
}

#[tokio::test]
async fn an_addition_to_the_do_not_call_list_stops_redials() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, _) = stage.webhook(Severity::Critical, quick(3), Some(PHONE)).await;
    let order = host.expect_order().await;
    do_not_call::add(&stage.store, number(PHONE), Timestamp::now()).await.unwrap();
    stage.says(&mut host, order.attempt_id, busy()).await;
    let call = stage.at_rest(request).await;
    assert_eq!((call.status.as_str(), call.reason.as_deref()), ("blocked", Some("do_not_call")));
    assert_eq!(call.attempts.len(), 1);
}

#[tokio::test]
async fn an_addition_to_the_do_not_call_list_stops_what_is_queued() {
    let stage = Stage::set().await;
    let (request, _) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    do_not_call::add(&stage.store, number(PHONE), Timestamp::now()).await.unwrap();
    let _host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let call = stage.at_rest(request).await;
    assert_eq!((call.status.as_str(), call.reason.as_deref()), ("blocked", Some("do_not_call")));
}

#[tokio::test]
async fn a_phone_bears_so_many_calls_within_an_hour_and_more_of_them_when_critical() {
    let stage = Stage::set().await;
    let Most { ordinary, critical } = CALLS_TO_A_PHONE;
    stage.with_calls(critical, PHONE, 61).await;
    stage.with_calls(ordinary - 1, PHONE, 59).await;
    assert_eq!(stage.held_back(Severity::Major, PHONE).await, None, "what is older does not count");
    assert_eq!(stage.held_back(Severity::Major, PHONE).await.as_deref(), Some("rate_limited"));
    assert_eq!(stage.held_back(Severity::Major, OTHER_PHONE).await, None);
    assert_eq!(stage.held_back(Severity::Critical, PHONE).await, None);
    stage.with_calls(critical - ordinary - 1, PHONE, 58).await;
    assert_eq!(stage.held_back(Severity::Critical, PHONE).await.as_deref(), Some("rate_limited"));
}

#[tokio::test]
async fn an_organization_has_so_many_calls_within_an_hour_and_more_of_them_when_critical() {
    let stage = Stage::set().await;
    let Most { ordinary, critical } = CALLS_OF_AN_ORG;
    stage.with_calls(ordinary, "+380671234567", 59).await;
    assert_eq!(stage.held_back(Severity::Major, PHONE).await.as_deref(), Some("rate_limited"));
    assert_eq!(stage.held_back(Severity::Critical, PHONE).await, None);
    stage.with_calls(critical - ordinary - 1, "+380671234567", 58).await;
    assert_eq!(stage.held_back(Severity::Critical, PHONE).await.as_deref(), Some("rate_limited"));
}

#[tokio::test]
async fn a_trunk_that_has_cost_what_an_hour_may_is_left_for_another_and_kept_for_critical_calls() {
    let stage = Stage::set().await;
    let mut spent = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.with_attempts(&spent, ATTEMPTS_OVER_A_TRUNK.critical, 0, 61).await;
    stage.with_attempts(&spent, ATTEMPTS_OVER_A_TRUNK.ordinary, 0, 59).await;
    let (waits, _) = stage.webhook(Severity::Major, quick(0), Some(PHONE)).await;
    stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    assert_eq!(spent.expect_order().await.to.as_str(), OTHER_PHONE, "there is more for critical calls");
    let call = stage.call(waits).await;
    assert_eq!((call.status.as_str(), call.reason.as_deref()), ("queued", Some("quota")));
    let mut fresh = TestHost::connect(&stage.fleet, "pbx-2", 10).await;
    assert_eq!(fresh.expect_order().await.to.as_str(), PHONE, "as soon as there is another trunk");
}

#[tokio::test]
async fn attempts_over_a_trunk_are_guarded_for_critical_calls_too() {
    let stage = Stage::set().await;
    let host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.with_attempts(&host, ATTEMPTS_OVER_A_TRUNK.critical, 0, 59).await;
    stage.waits_for_quota(Severity::Critical, PHONE).await;
}

#[tokio::test]
async fn minutes_over_a_trunk_are_guarded_for_critical_calls_too() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let Most { ordinary, critical } = MINUTES_OVER_A_TRUNK;
    stage.with_attempts(&host, ordinary / 10, 600_000, 59).await;
    stage.waits_for_quota(Severity::Major, PHONE).await;
    stage.webhook(Severity::Critical, quick(0), Some(OTHER_PHONE)).await;
    assert_eq!(host.expect_order().await.to.as_str(), OTHER_PHONE, "there is more for critical calls");
    stage.with_attempts(&host, (critical - ordinary) / 10, 600_000, 58).await;
    stage.waits_for_quota(Severity::Critical, PHONE).await;
}

#[tokio::test]
async fn what_a_storm_had_held_back_is_not_read_with_each_further_request() {
    let stage = Stage::set().await;
    let plans = stage.store.read(queue::plans_of_obstacles).await.unwrap();
    for (plan, index) in
        plans.iter().zip(["calls_placed_to_phone", "calls_placed_by_org", "calls_placed_to_phone"])
    {
        assert!(plan.contains(index) && !plan.contains("SCAN calls"), "{plan}");
    }
}
