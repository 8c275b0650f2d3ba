//! What rings about an alert that somebody has taken, or that is over, is hung up.

use super::{ONCE, PHONE, Stage};
use crate::scene::secs;
use anyhow::{Context, Result};
use serde_json::Value;

const OTHER_PHONE: &str = "+380501234568";
const TROUBLE: &str = r#"{"status":"critical","message":"db down","dedup_key":"db"}"#;
const RESOLVED: &str = r#"{"status":"resolved","message":"db is back","dedup_key":"db"}"#;

impl Stage {
    /// Every request rings this colleague too.
    async fn calls_all(&self, colleague: &str) -> Result<()> {
        let document = lab::setup::organization("acme", std::slice::from_ref(&self.project), ONCE)
            .replace("call_primary", "call_all")
            .replacen(
                "\n  [[org.project]]",
                &format!(
                    "\n  [[org.member]]\n  email = \"colleague@example.com\"\n  role = \"member\"\n  \
                     phones = [\"{colleague}\"]\n\n  [[org.project]]"
                ),
                1,
            );
        self.installation.control_plane().apply(&document).await?;
        Ok(())
    }

    /// The only alert there is.
    async fn alert(&self) -> Result<Value> {
        let (control_plane, key) = (self.installation.control_plane(), self.installation.api_key());
        let page = control_plane.get("/api/v1/alerts", key).await?;
        let id = page["items"][0]["id"].as_str().with_context(|| format!("an alert in {page}"))?;
        control_plane.get(&format!("/api/v1/alerts/{id}"), key).await
    }
}

fn kinds(alert: &Value) -> Vec<&str> {
    let events = alert["timeline"]["items"].as_array().into_iter().flatten();
    events.filter_map(|event| event["kind"].as_str()).collect()
}

#[tokio::test]
async fn key_1_on_one_phone_hangs_up_the_other() -> Result<()> {
    let stage = Stage::simple().await?;
    stage.calls_all(OTHER_PHONE).await?;
    let _ = stage.carrier().when_called(PHONE).ring_out();
    let _ = stage.carrier().when_called(OTHER_PHONE).answer();
    stage.webhook_saying(TROUBLE).await?;
    let rings = stage.carrier().expect_call(PHONE).await?;
    let talks = stage.carrier().expect_call(OTHER_PHONE).await?;
    talks.press('1').await?;
    rings.expect_cancelled(secs(5)).await?;
    let alert = stage.alert().await?;
    assert_eq!(alert["state"], "acknowledged", "{alert:#}");
    assert_eq!(kinds(&alert), ["opened", "acknowledged"], "{alert:#}");
    let taken = &alert["timeline"]["items"][1];
    assert_eq!((&taken["person"], &taken["detail"]), (&"colleague@example.com".into(), &"key".into()));
    assert_eq!(stage.carrier().calls().len(), 2, "{}", stage.carrier().story());
    stage.end().await
}

#[tokio::test]
async fn a_resolve_hangs_up_the_phone_that_rings() -> Result<()> {
    let stage = Stage::simple().await?;
    let _ = stage.carrier().when_called(PHONE).ring_out();
    let request = stage.webhook_saying(TROUBLE).await?;
    let rings = stage.carrier().expect_call(PHONE).await?;
    stage.webhook_saying(RESOLVED).await?;
    rings.expect_cancelled(secs(5)).await?;
    assert_eq!(stage.call_at_rest(&request).await?["status"], "cancelled");
    let alert = stage.alert().await?;
    assert_eq!(kinds(&alert), ["opened", "closed"], "{alert:#}");
    stage.end().await
}

#[tokio::test]
async fn a_program_that_closes_the_alert_hangs_up_the_phone_that_rings() -> Result<()> {
    let stage = Stage::simple().await?;
    let control_plane = stage.installation.control_plane();
    let key = control_plane.api_key_for("acme", "portal", "alerts:write").await?;
    let _ = stage.carrier().when_called(PHONE).ring_out();
    let request = stage.webhook_saying(TROUBLE).await?;
    let rings = stage.carrier().expect_call(PHONE).await?;
    let id = stage.alert().await?["id"].clone();
    let id = id.as_str().unwrap_or_default();
    control_plane.post(&format!("/api/v1/alerts/{id}/close"), &key).await?;
    rings.expect_cancelled(secs(5)).await?;
    assert_eq!(stage.call_at_rest(&request).await?["status"], "cancelled");
    let closed = &stage.alert().await?["timeline"]["items"][1];
    assert_eq!((&closed["kind"], &closed["api_key"]), (&"closed".into(), &"portal".into()), "{closed:#}");
    stage.end().await
}
