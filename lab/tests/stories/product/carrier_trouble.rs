use super::{ONCE, PHONE, Stage};
use crate::scene::secs;
use anyhow::Result;
use lab::setup::Patience;
use std::time::Duration;

#[tokio::test]
async fn a_busy_phone_is_called_again_after_the_pause() -> Result<()> {
    let patience = Patience { redials: 1, redial_pause_seconds: 2, ring_seconds: 10 };
    let stage = Stage::with(1, &["a"], patience, &["+380"]).await?;
    let _ = stage.carrier().when_called(PHONE).once().busy();
    let _ = stage.carrier().when_called(PHONE).answer().press('1');
    let request = stage.webhook().await?;
    let first = stage.carrier().expect_call(PHONE).await?;
    let second = stage.carrier().expect_call(PHONE).within(secs(30)).await?;
    let pause = second.invited_at().duration_since(first.invited_at());
    assert!(pause >= Duration::from_millis(1900), "{pause:?}");
    let log = stage.call_at_rest(&request).await?;
    assert_eq!(log["status"], "acknowledged", "{log:#}");
    let busy = log["attempts"].as_array().into_iter().flatten().find(|attempt| attempt["status"] == "busy");
    assert_eq!(busy.map(|attempt| &attempt["sip_code"]), Some(&486.into()), "{log:#}");
    stage.end().await
}

#[tokio::test]
async fn a_failing_trunk_is_left_for_another_at_once() -> Result<()> {
    let stage = Stage::with(1, &["a", "b"], ONCE, &["+380"]).await?;
    let _ = stage.carrier().when_called(PHONE).answer().press('1');
    let _ = stage.carrier().when_called(PHONE).once().refuse(503);
    let request = stage.webhook().await?;
    let first = stage.carrier().expect_call(PHONE).await?;
    first.expect_refused(503, secs(20)).await?;
    let second = stage.carrier().expect_call(PHONE).await?;
    assert_ne!(first.trunk(), second.trunk());
    let pause = second.invited_at().duration_since(first.invited_at());
    assert!(pause < secs(5), "{pause:?}");
    assert_eq!(stage.call_at_rest(&request).await?["status"], "acknowledged");
    stage.end().await
}

#[tokio::test]
async fn a_phone_that_nobody_takes_is_given_up_after_the_policys_time() -> Result<()> {
    let patience = Patience { redials: 0, redial_pause_seconds: 1, ring_seconds: 5 };
    let stage = Stage::with(1, &["a"], patience, &["+380"]).await?;
    let _ = stage.carrier().when_called(PHONE).ring_out();
    let request = stage.webhook().await?;
    stage.carrier().expect_call(PHONE).await?.expect_cancelled(secs(30)).await?;
    let log = stage.call_at_rest(&request).await?;
    assert_eq!(log["status"], "exhausted", "{log:#}");
    assert_eq!(log["attempts"][0]["status"], "no_answer", "{log:#}");
    stage.end().await
}
