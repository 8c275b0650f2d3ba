//! Stories of the whole product: its real programs between a webhook and a real Asterisk.

mod alert_is_over;
mod behind_nginx;
mod carrier_trouble;
mod every_method;
mod nobody_is_called;
mod phone_is_verified;
mod readme;
mod restarts;
mod restored;
mod storm;
mod webhook_rings_phone;

use crate::scene::secs;
use anyhow::{Result, bail, ensure};
use lab::{
    Carrier, Lab, LabOptions, Trunk,
    product::Installation,
    setup::{Patience, Project, organization},
};
use serde_json::Value;
use std::time::{Duration, Instant};

const PHONE: &str = "+380501234567";
const CRITICAL: &str = r#"{"status":"critical","message":"db down"}"#;

/// One tries-once policy; stories about redialling bring their own.
const ONCE: Patience = Patience { redials: 0, redial_pause_seconds: 1, ring_seconds: 10 };

/// An organization with one project and one phone, on the whole product.
struct Stage {
    installation: Installation,
    lab: Lab,
    project: Project,
}

impl Stage {
    async fn with(pbxs: usize, trunks: &[&str], patience: Patience, countries: &[&str]) -> Result<Self> {
        let trunks = trunks.iter().map(|name| Trunk::named(name)).collect();
        let lab = Lab::start(LabOptions { pbxs, trunks, ..LabOptions::default() }).await?;
        let project = Project::new("shop", PHONE);
        let setup = organization("acme", std::slice::from_ref(&project), patience);
        let installation = Installation::start(&lab, 0, &setup, "acme", countries).await?;
        Ok(Self { installation, lab, project })
    }

    async fn simple() -> Result<Self> {
        Self::with(1, &["a"], ONCE, &["+380"]).await
    }

    fn carrier(&self) -> Carrier {
        self.lab.carrier()
    }

    fn hook(&self) -> String {
        format!("{}/api/wh/{}", self.installation.control_plane().url(), self.project.endpoint)
    }

    /// Sends the critical webhook; the id of the stored request.
    async fn webhook(&self) -> Result<String> {
        self.webhook_saying(CRITICAL).await
    }

    async fn webhook_saying(&self, body: &str) -> Result<String> {
        let endpoint = self.project.endpoint.to_string();
        accepted(self.installation.control_plane().webhook(&endpoint, body).await?)
    }

    /// The call of a request once it has come to rest, with its attempts.
    async fn call_at_rest(&self, request: &str) -> Result<Value> {
        let path = format!("/api/v1/calls?request_id={request}");
        let begun = Instant::now();
        loop {
            let body = self.installation.control_plane().get(&path, self.installation.api_key()).await?;
            let call = &body["items"][0];
            if !["queued", "calling", "answered"].contains(&call["status"].as_str().unwrap_or("queued")) {
                return Ok(call.clone());
            }
            if begun.elapsed() > secs(60) {
                bail!(
                    "the call did not come to rest: {body:#}\n{}\n{}",
                    self.carrier().story(),
                    self.installation.log_tails()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn end(mut self) -> Result<()> {
        self.installation.stop().await
    }
}

/// The request id of a 202.
fn accepted((status, body): (u16, Value)) -> Result<String> {
    ensure!(status == 202, "{status} {body}");
    match body["request_id"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => bail!("no request_id in {body}"),
    }
}
