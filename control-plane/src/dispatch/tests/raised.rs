//! An alert that becomes worse while its phones are being called.

use super::*;

impl Stage {
    /// Another request about it says this.
    async fn repeated(&self, request: RequestId, alert: AlertId, severity: Severity) {
        let live = self
            .store
            .read(|tx| alerts::live_unkeyed(tx, ENDPOINT, "db down"))
            .await
            .unwrap()
            .filter(|live| live.id == alert)
            .unwrap();
        let repeat = move |tx: &mut Tx<'_>| alerts::repeat(tx, &live, severity, request, Timestamp::now());
        self.store.write(repeat).await.unwrap();
        self.nudge.nudge();
    }
}

#[tokio::test]
async fn whoever_was_to_be_rung_again_later_is_rung_at_once_when_it_becomes_worse() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let policy = Policy { redial_pause_seconds: 600, ..quick(1) };
    let (request, alert) = stage.webhook(Severity::Minor, policy, Some(PHONE)).await;
    let first = host.expect_order().await;
    stage.says(&mut host, first.attempt_id, busy()).await;
    stage.repeated(request, alert, Severity::Minor).await;
    host.expect_silence().await;
    stage.repeated(request, alert, Severity::Critical).await;
    let second = host.expect_order().await;
    assert_eq!((second.to.as_str(), second.prompt.severity), (PHONE, Severity::Critical));
    stage.says(&mut host, second.attempt_id, busy()).await;
    assert_eq!(stage.at_rest(request).await.status, "exhausted", "it was the redial, and not one more");
}

#[tokio::test]
async fn what_rings_goes_on_ringing_when_it_becomes_worse() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let (request, alert) = stage.webhook(Severity::Minor, quick(1), Some(PHONE)).await;
    let ringing = host.expect_order().await;
    stage.says(&mut host, ringing.attempt_id, AttemptEvent::Ringing).await;
    stage.repeated(request, alert, Severity::Critical).await;
    host.expect_silence().await;
    assert_eq!(stage.call(request).await.status, "calling");
}

#[tokio::test]
async fn a_call_that_is_cancelled_is_not_hurried() {
    let stage = Stage::set().await;
    let mut host = TestHost::connect(&stage.fleet, "pbx-1", 10).await;
    let policy = Policy { redial_pause_seconds: 600, ..quick(1) };
    let (request, alert) = stage.webhook(Severity::Minor, policy, Some(PHONE)).await;
    let first = host.expect_order().await;
    stage.says(&mut host, first.attempt_id, busy()).await;
    // In one breath: it became worse, and then it was over.
    let live = stage.store.read(|tx| alerts::live_unkeyed(tx, ENDPOINT, "db down")).await.unwrap().unwrap();
    let both = move |tx: &mut Tx<'_>| {
        alerts::repeat(tx, &live, Severity::Critical, request, Timestamp::now())?;
        alerts::close(tx, alert, By::Resolve(request), Timestamp::now())
    };
    stage.store.write(both).await.unwrap();
    stage.nudge.nudge();
    assert_eq!(stage.at_rest(request).await.status, "cancelled");
    host.expect_silence().await;
}
