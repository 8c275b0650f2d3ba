use super::{ONCE, Stage};
use crate::scene::secs;
use anyhow::Result;

#[tokio::test]
async fn what_says_resolved_calls_nobody() -> Result<()> {
    let stage = Stage::simple().await?;
    stage.webhook_saying(r#"{"status":"resolved","message":"db is back"}"#).await?;
    stage.carrier().expect_silence(secs(3)).await?;
    stage.end().await
}

#[tokio::test]
async fn a_country_outside_the_fence_is_never_dialled_and_the_log_says_why() -> Result<()> {
    let stage = Stage::with(1, &["a"], ONCE, &["+372"]).await?;
    let request = stage.webhook().await?;
    stage.carrier().expect_silence(secs(3)).await?;
    let log = stage.call_at_rest(&request).await?;
    assert!(
        ["blocked", "exhausted", "expired"].contains(&log["status"].as_str().unwrap_or_default()),
        "{log:#}"
    );
    stage.end().await
}
