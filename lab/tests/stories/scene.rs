//! What the stories share: one PBX, one call placed through raw ARI.

use anyhow::{Context, Result};
use lab::{
    Lab, LabOptions, Trunk,
    ari::{Ari, Events},
};
use serde_json::Value;
use std::time::Duration;

pub const APP: &str = "story";

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A PBX with an open event stream.
pub struct Scene {
    pub lab: Lab,
    pub ari: Ari,
    pub events: Events,
}

impl Scene {
    pub async fn with(trunks: Vec<Trunk>) -> Result<Self> {
        let lab = Lab::start(LabOptions { trunks, ..LabOptions::default() }).await?;
        let ari = lab.pbx(0).ari()?;
        let events = ari.events(APP, false).await?;
        Ok(Self { lab, ari, events })
    }

    pub async fn one_trunk() -> Result<Self> {
        Self::with(vec![Trunk::named("a")]).await
    }

    /// Originates over trunk a; the channel id is the answer.
    pub async fn dial(&self, number: &str, ring_seconds: u32) -> Result<String> {
        self.dial_on("a", number, ring_seconds).await
    }

    pub async fn dial_on(&self, trunk: &str, number: &str, ring_seconds: u32) -> Result<String> {
        let id = format!("story-{:08x}", rand::random::<u32>());
        self.ari.originate(&id, number, trunk, APP, ring_seconds).await?.expect("originate")?;
        Ok(id)
    }

    pub async fn event(&mut self, kind: &str, channel: &str) -> Result<Value> {
        let carrier = self.lab.carrier();
        self.events.expect(kind, channel, secs(30)).await.with_context(|| carrier.story())
    }

    /// The end of a channel: Q.850 cause and SIP code.
    pub async fn end_of(&mut self, channel: &str) -> Result<(i64, Option<i64>)> {
        let event = self.event("ChannelDestroyed", channel).await?;
        Ok((event["cause"].as_i64().unwrap_or(-1), event["tech_cause"].as_i64()))
    }
}
