//! A short run of `make chaos`; a long one is done by hand.

use crate::scene::secs;
use anyhow::{Result, ensure};
use lab::chaos;

/// These two bring a killed control plane, hosts that are killed, stopped and not heard, full disks and a trunk
/// that refuses.
const SEEDS: [u64; 2] = [13, 26];

#[tokio::test]
async fn whatever_is_killed_cut_or_full_no_alert_is_lost_and_every_second_ring_is_labelled() -> Result<()> {
    for seed in SEEDS {
        let outcome = chaos::one(seed, secs(10)).await?;
        ensure!(outcome.is_sound(), "{}", outcome.told());
        ensure!(outcome.verdict.delivered > 20, "{}", outcome.told());
    }
    Ok(())
}
