//! Every code that any PBX host speaks.

use crate::{ear::Ear, pbx::PbxHost};
use anyhow::{Context, Result};
use std::time::Duration;
use tokio::sync::watch;

const DIGITS: usize = 6;
/// How long a code may take from when it was asked for.
const WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on every phone, all the time.
pub(super) struct Hearing(watch::Sender<Vec<String>>);

impl Hearing {
    pub(super) async fn on(pbxs: &[PbxHost]) -> Result<Self> {
        let spoken = watch::Sender::new(Vec::new());
        for pbx in pbxs {
            let (mut ear, spoken) = (Ear::at(pbx).await?, spoken.clone());
            tokio::spawn(async move {
                loop {
                    match ear.hears(DIGITS).await {
                        Ok(code) => spoken.send_modify(|codes| codes.push(code)),
                        Err(_) => tokio::time::sleep(PAUSE).await,
                    }
                }
            });
        }
        Ok(Self(spoken))
    }

    /// How many codes were heard; one that is said twice counts twice.
    pub(super) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// The first one after so many.
    pub(super) async fn code(&self, after: usize) -> Result<String> {
        let mut spoken = self.0.subscribe();
        let heard = tokio::time::timeout(WITHIN, spoken.wait_for(|codes| codes.len() > after)).await;
        let codes = heard.with_context(|| format!("no code was spoken within {WITHIN:?}"))??;
        codes.get(after).cloned().context("a code")
    }
}
