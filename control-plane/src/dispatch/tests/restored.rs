//! A database that was restored from a backup: what its calls were is known, what became of them is not.

use super::*;

impl Stage {
    /// The process starts on an older database, and a host that remembers more connects.
    async fn restored(self, host: TestHost) -> (Self, TestHost) {
        host.disconnect();
        let stage = self.restart().await;
        let host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
        stage.events.send(AgentEvent::Forgotten(host.link.clone(), 0)).await.unwrap();
        stage.events.send(AgentEvent::Connected(host.link.clone())).await.unwrap();
        stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
        (stage, host)
    }

    async fn expired_as_a_duplicate(&self, request: RequestId, alert: AlertId) {
        let call = self.at_rest(request).await;
        assert_eq!((call.status.as_str(), call.reason.as_deref()), ("expired", Some("duplicate")));
        let story = self.story_ends_with(alert, "nobody_reached").await;
        assert!(story.iter().any(|entry| entry.starts_with("call_ended expired duplicate")), "{story:?}");
    }
}

#[tokio::test]
async fn a_call_that_was_queued_in_the_backup_is_not_made_and_a_new_one_is() {
    let stage = Stage::set().await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(5), Some(PHONE)).await;
    stage.waits_for(request, "no_pbx").await;
    let stage = stage.restart().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.events.send(AgentEvent::Forgotten(host.link.clone(), 0)).await.unwrap();
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    stage.expired_as_a_duplicate(request, alert).await;
    host.expect_silence().await;
    stage.webhook(Severity::Critical, quick(0), Some(PHONE)).await;
    assert_eq!(host.expect_order().await.to.as_str(), PHONE);
}

#[tokio::test]
async fn a_call_that_rang_in_the_backup_is_hung_up_and_its_attempt_labelled() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(5), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    let (stage, mut host) = stage.restored(host).await;
    stage.expired_as_a_duplicate(request, alert).await;
    let frames = [host.next().await, host.next().await];
    assert!(frames.contains(&ControlFrame::Cancel { attempt_id: attempt }), "{frames:?}");
    assert!(frames.contains(&ControlFrame::Query { attempts: vec![attempt] }), "{frames:?}");
    // It was over long ago, and its reports are acknowledged: nothing more comes of it.
    let standing = AttemptStanding { attempt_id: attempt, standing: Standing::Over };
    stage.events.send(AgentEvent::Standing(host.link.clone(), vec![standing])).await.unwrap();
    host.expect_silence().await;
    let call = stage.call(request).await;
    assert_eq!(call.attempts.len(), 1, "{call:?}");
    assert!(call.attempts[0].possible_duplicate && call.attempts[0].ended_at.is_some(), "{call:?}");
    let open = stage.store.read(|tx| {
        tx.rows("SELECT id FROM call_logs WHERE unsettled = 1", &[], |row| row.get::<AttemptId>(0))
    });
    assert_eq!(open.await.unwrap(), [], "nobody is asked for ever");
}

#[tokio::test]
async fn a_key_that_comes_after_all_still_counts() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Critical, quick(5), Some(PHONE)).await;
    let attempt = host.expect_order().await.attempt_id;
    let (stage, mut host) = stage.restored(host).await;
    stage.expired_as_a_duplicate(request, alert).await;
    let report = host.report(attempt, AttemptEvent::Key { digit: '1' });
    stage.events.send(AgentEvent::Report(host.link.clone(), report)).await.unwrap();
    while stage.call(request).await.status != "acknowledged" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_was_accepted_after_the_start_is_made_although_a_host_remembers_more() {
    let stage = Stage::set().await.restart().await;
    let (request, _) = stage.webhook(Severity::Critical, quick(5), Some(PHONE)).await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    stage.events.send(AgentEvent::Forgotten(host.link.clone(), 0)).await.unwrap();
    stage.events.send(AgentEvent::Freed(host.link.pbx())).await.unwrap();
    host.expect_order().await;
    assert_eq!(stage.call(request).await.status, "calling");
}
