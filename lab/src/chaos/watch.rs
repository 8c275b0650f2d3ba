//! Looks at the fleet as the API shows it, ten times a second.

use super::{harm::PBXS, recovery::Look};
use crate::ari::http_client;
use anyhow::Result;
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time::timeout};

const PAUSE: Duration = Duration::from_millis(100);
/// A control plane that takes longer counts as away.
const PATIENCE: Duration = Duration::from_secs(1);

/// A watch over the fleet. Dropped, it ends.
#[derive(Debug)]
pub struct Watch {
    looks: Arc<Mutex<Vec<Look>>>,
    watching: JoinHandle<()>,
}

impl Watch {
    /// Begins; times count from `begun`.
    pub fn begin(url: &str, api_key: &str, begun: Instant) -> Result<Self> {
        let http = http_client()?;
        let looks: Arc<Mutex<Vec<Look>>> = Arc::default();
        let (seen, fleet, key) = (Arc::clone(&looks), format!("{url}/api/v1/fleet"), api_key.to_owned());
        let watching = tokio::spawn(async move {
            loop {
                let healthy =
                    timeout(PATIENCE, look(&http, &fleet, &key)).await.ok().flatten().unwrap_or_default();
                let look = Look { at: begun.elapsed(), healthy };
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(look);
                tokio::time::sleep(PAUSE).await;
            }
        });
        Ok(Self { looks, watching })
    }

    /// Everything seen so far.
    pub fn looks(&self) -> Vec<Look> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether every PBX was healthy at the last look.
    pub fn all_healthy(&self) -> bool {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.last().is_some_and(|look| look.healthy == [true; PBXS])
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// `None` where nothing sensible is answered.
async fn look(http: &reqwest::Client, fleet: &str, key: &str) -> Option<[bool; PBXS]> {
    let response = http.get(fleet).bearer_auth(key).send().await.ok()?.error_for_status().ok()?;
    let body: Value = serde_json::from_slice(&response.bytes().await.ok()?).ok()?;
    let items = body["items"].as_array()?;
    let mut healthy = [false; PBXS];
    for (pbx, healthy) in healthy.iter_mut().enumerate() {
        let name = format!("pbx-{}", pbx + 1);
        *healthy = items.iter().any(|item| item["name"] == name.as_str() && item["health"] == "healthy");
    }
    Some(healthy)
}
