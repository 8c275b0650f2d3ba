use super::{PHONE, Stage};
use crate::scene::secs;
use anyhow::Result;

#[tokio::test]
async fn a_webhook_rings_a_phone_and_key_1_acknowledges() -> Result<()> {
    let stage = Stage::simple().await?;
    let expected = stage.carrier().expect_call(PHONE).on_trunk("a").press('1');
    let request = stage.webhook().await?;
    let call = expected.await?;
    assert_eq!(call.caller_id().as_deref(), Some("+14155550100"));
    call.expect_hung_up(secs(60)).await?;
    let log = stage.call_at_rest(&request).await?;
    assert_eq!(log["status"], "acknowledged", "{log:#}");
    assert_eq!(log["destination"], PHONE);
    let attempts = log["attempts"].as_array().map_or(&[][..], Vec::as_slice);
    assert_eq!(attempts.len(), 1, "{log:#}");
    for (key, value) in [("pbx", "pbx-1"), ("trunk", "a"), ("status", "acknowledged")] {
        assert_eq!(attempts[0][key], value, "{log:#}");
    }
    for key in ["initiated_at", "placed_at", "answered_at", "ari_status"] {
        assert!(!attempts[0][key].is_null(), "{key} of {log:#}");
    }
    assert_eq!(stage.carrier().calls().len(), 1, "{}", stage.carrier().story());
    stage.end().await
}

#[tokio::test]
async fn the_callee_hears_a_prompt_before_any_key() -> Result<()> {
    let stage = Stage::simple().await?;
    let _ = stage.carrier().when_called(PHONE).answer();
    let request = stage.webhook().await?;
    let call = stage.carrier().expect_call(PHONE).await?;
    call.expect_voice(25, secs(60)).await?;
    call.press('1').await?;
    assert_eq!(stage.call_at_rest(&request).await?["status"], "acknowledged");
    stage.end().await
}

#[tokio::test]
async fn an_answering_machine_does_not_acknowledge() -> Result<()> {
    let stage = Stage::simple().await?;
    let _ = stage.carrier().when_called(PHONE).answer().hang_up_after(secs(1));
    let request = stage.webhook().await?;
    let log = stage.call_at_rest(&request).await?;
    assert_eq!(log["status"], "exhausted", "{log:#}");
    assert_eq!(log["attempts"][0]["status"], "answered", "{log:#}");
    stage.end().await
}
