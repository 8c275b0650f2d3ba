//! What happens to an alert, as its timeline tells it.

use super::*;
use crate::{
    accounts::keys::{self, Scope},
    dispatch::{
        alert_history,
        policy::DeliveredWhen,
        timeline::{self, EventView},
    },
};
use shared::ids::ApiKeyId;

impl Stage {
    async fn timeline(&self, alert: AlertId) -> Vec<EventView> {
        self.store.read(move |tx| timeline::page(tx, alert, 0, 100)).await.unwrap().items
    }

    /// Each entry in a few words.
    async fn story(&self, alert: AlertId) -> Vec<String> {
        let words = |event: EventView| {
            let times = (event.count > 1).then(|| format!("x{}", event.count));
            let who = event.person.or(event.api_key).map(|who| format!("by {who}"));
            [Some(event.kind), event.detail, event.reason, times, who]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
        };
        self.timeline(alert).await.into_iter().map(|event| words(event).join(" ")).collect()
    }

    /// A story that the dispatcher is still to finish.
    pub(super) async fn story_ends_with(&self, alert: AlertId, last: &str) -> Vec<String> {
        for _ in 0..500 {
            let story = self.story(alert).await;
            if story.last().is_some_and(|found| found == last) {
                return story;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no {last:?} at the end of {:?}", self.story(alert).await);
    }

    /// Another request about the alert.
    async fn repeat(&self, alert: AlertId, severity: Severity) -> RequestId {
        let request = RequestId::new(Uuid::now_v7());
        let name = "UPDATE alerts SET dedup_key = 'db' WHERE id = $1";
        let repeat = self.store.write(move |tx| {
            tx.execute(name, &[&alert])?;
            let live = alerts::live(tx, ENDPOINT, "db")?.expect("it is live");
            alerts::repeat(tx, &live, severity, request, Timestamp::now())
        });
        repeat.await.unwrap();
        request
    }

    /// Rings this phone about the alert too.
    async fn also_ring(&self, request: RequestId, alert: AlertId, phone: &str) {
        let (phone, at) = (Some(phone.to_owned()), Timestamp::now());
        let called = self
            .store
            .write(move |tx| call(tx, ACME, request, alert, Severity::Critical, quick(0), phone, at));
        called.await.unwrap();
        self.nudge.nudge();
    }

    async fn state(&self, alert: AlertId) -> String {
        let found = alert_history::detail(&self.store, ORG, alert, 0, 1).await.unwrap();
        found.expect("it is there").alert.state
    }

    async fn api_key(&self) -> ApiKeyId {
        let text = keys::create(&self.store, "acme", "night watch", &[Scope::AlertsWrite]).await.unwrap();
        keys::authenticate(&self.store, &text).await.unwrap().expect("it is known").id
    }
}

#[tokio::test]
async fn an_alert_that_is_repeated_and_taken_tells_by_whom_and_in_which_call() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let id = host.expect_order().await.attempt_id;
    let mut last = request;
    for _ in 0..3 {
        last = stage.repeat(alert, Severity::Major).await;
    }
    for event in [
        AttemptEvent::Originated { ari_status: 200 },
        AttemptEvent::Answered,
        AttemptEvent::Key { digit: '3' },
        AttemptEvent::Key { digit: '1' },
        ended(AttemptStatus::Acknowledged, None, Some(16)),
    ] {
        stage.says(&mut host, id, event).await;
    }
    let expected =
        ["opened", "repeated x3", "key 3 by oncall@example.com", "acknowledged key by oncall@example.com"];
    assert_eq!(stage.story(alert).await, expected);
    let timeline = stage.timeline(alert).await;
    let call = stage.call(request).await.id;
    assert_eq!(timeline.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(timeline[0].request_id, Some(request.to_string()));
    assert_eq!(timeline[1].request_id, Some(last.to_string()), "the last of them");
    assert!(timeline[1].last_at > Some(timeline[1].at.clone()), "{:?}", timeline[1]);
    for pressed in &timeline[2..] {
        assert_eq!((&pressed.call_id, &pressed.attempt_id), (&Some(call.clone()), &Some(id.to_string())));
    }
    assert_eq!(stage.state(alert).await, "acknowledged");
}

#[tokio::test]
async fn a_key_is_told_once_however_often_its_report_comes() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (_, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let id = host.expect_order().await.attempt_id;
    let report = host.report(id, AttemptEvent::Key { digit: '5' });
    for _ in 0..3 {
        stage.events.send(AgentEvent::Report(host.link.clone(), report.clone())).await.unwrap();
    }
    stage.says(&mut host, id, AttemptEvent::Key { digit: '5' }).await;
    let key = "key 5 by oncall@example.com";
    assert_eq!(stage.story(alert).await, ["opened", key, key], "two reports, two entries");
}

#[tokio::test]
async fn where_answering_is_enough_the_key_that_follows_is_one_more_entry() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let policy = Policy { delivered_when: DeliveredWhen::Answered, ..quick(0) };
    let (_, alert) = stage.webhook(Severity::Critical, policy, Some(PHONE)).await;
    let id = host.expect_order().await.attempt_id;
    stage.says(&mut host, id, AttemptEvent::Answered).await;
    stage.says(&mut host, id, AttemptEvent::Key { digit: '1' }).await;
    let story = stage.story(alert).await;
    assert_eq!(story, ["opened", "acknowledged answer by oncall@example.com", "key 1 by oncall@example.com"]);
}

#[tokio::test]
async fn an_alert_whose_calls_all_end_in_vain_stays_open_and_says_so() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let one = host.expect_order().await.attempt_id;
    stage.also_ring(request, alert, OTHER_PHONE).await;
    let two = host.expect_order().await.attempt_id;
    stage.says(&mut host, one, busy()).await;
    let exhausted = "call_ended exhausted by oncall@example.com";
    assert_eq!(stage.story(alert).await, ["opened", exhausted], "the other one still rings");
    stage.says(&mut host, two, busy()).await;
    assert_eq!(stage.story(alert).await, ["opened", exhausted, exhausted, "nobody_reached"]);
    assert_eq!(stage.state(alert).await, "open");
    // News that come late: a key pressed is a key pressed.
    stage.says(&mut host, two, AttemptEvent::Key { digit: '1' }).await;
    stage.story_ends_with(alert, "acknowledged key by oncall@example.com").await;
}

#[tokio::test]
async fn an_alert_past_its_lifetime_expires_in_sight() {
    let stage = Stage::set().await;
    let (request, alert) = (RequestId::new(Uuid::now_v7()), AlertId::new(Uuid::now_v7()));
    let at = Timestamp::now() - Duration::from_secs(3600);
    let new = NewAlert {
        id: alert,
        request_id: request,
        org_id: ORG,
        project_id: PROJECT,
        endpoint_id: ENDPOINT,
        dedup_key: None,
        severity: Severity::Critical,
        message: "db down".into(),
        at,
    };
    let queued = stage.store.write(move |tx| {
        alerts::open(tx, &new)?;
        store_request(tx, ACME, request, alert)?;
        call(tx, ACME, request, alert, Severity::Critical, quick(0), Some(PHONE.into()), at)
    });
    queued.await.unwrap();
    stage.nudge.nudge();
    assert_eq!(stage.at_rest(request).await.status, "expired");
    let expired = "call_ended expired expired by oncall@example.com";
    assert_eq!(stage.story(alert).await, ["opened", expired, "nobody_reached"]);
}

#[tokio::test]
async fn a_call_that_must_not_be_placed_is_told_with_its_reason() {
    let stage = Stage::set().await;
    let (_, alert) = stage.webhook(Severity::Critical, quick(0), Some("112")).await;
    let blocked = "call_ended blocked number_emergency by oncall@example.com";
    assert_eq!(stage.story(alert).await, ["opened", blocked]);
}

#[tokio::test]
async fn what_a_resolve_hangs_up_is_no_call_that_ended_in_vain() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let attempt_id = host.expect_order().await.attempt_id;
    let close = move |tx: &mut Tx<'_>| alerts::close(tx, alert, By::Resolve(request), Timestamp::now());
    stage.store.write(close).await.unwrap();
    stage.store.write(close).await.unwrap();
    stage.nudge.nudge();
    assert_eq!(host.next().await, ControlFrame::Cancel { attempt_id });
    stage.says(&mut host, attempt_id, ended(AttemptStatus::Cancelled, None, Some(16))).await;
    assert_eq!(stage.at_rest(request).await.status, "cancelled");
    assert_eq!(stage.story(alert).await, ["opened", "closed"]);
}

#[tokio::test]
async fn an_api_key_that_takes_an_alert_hangs_up_every_phone() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    let one = host.expect_order().await.attempt_id;
    stage.also_ring(request, alert, OTHER_PHONE).await;
    let two = host.expect_order().await.attempt_id;
    let key = stage.api_key().await;
    let take = move |tx: &mut Tx<'_>| {
        alerts::acknowledge_by(tx, ORG, alert, alerts::Hand::ApiKey(key), Timestamp::now())
    };
    stage.store.write(take).await.unwrap();
    stage.store.write(take).await.unwrap();
    stage.nudge.nudge();
    let frames = [host.next().await, host.next().await];
    for attempt_id in [one, two] {
        assert!(frames.contains(&ControlFrame::Cancel { attempt_id }), "{frames:?}");
    }
    assert_eq!(stage.story(alert).await, ["opened", "acknowledged by night watch"]);
    assert_eq!(stage.state(alert).await, "acknowledged");
}

#[tokio::test]
async fn a_timeline_is_read_page_by_page() {
    let stage = Stage::set().await;
    let (_, alert) = stage.webhook(Severity::Info, quick(0), Some(PHONE)).await;
    for severity in [Severity::Minor, Severity::Major, Severity::Critical] {
        stage.repeat(alert, severity).await;
    }
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = stage.store.read(move |tx| timeline::page(tx, alert, after, 2)).await.unwrap();
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().filter_map(|event| event.detail));
        let Some(next) = page.next else { break };
        after = next;
    }
    assert_eq!(seen, ["minor", "major", "critical"]);
}
