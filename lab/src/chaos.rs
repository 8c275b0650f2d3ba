//! `lab chaos`: a steady stream of webhooks over real parts, while a seed decides which of them is
//! killed, cut off, stopped or filled up, and when.
//!
//! [`plan`] and [`harm`] say what is sent and what is done; [`stream`] and [`inflict`] do it to a
//! [`site`], under [`watch`]. When all harm has ended, [`settle`] waits and hears three witnesses
//! (the sender, the call log, the carrier), and [`verdict`] and [`recovery`] judge what they say.

pub mod figures;
pub mod harm;
pub mod inflict;
pub mod plan;
pub mod proxy;
pub mod recovery;
pub mod settle;
pub mod site;
pub mod stream;
pub mod verdict;
pub mod watch;
pub mod witness;

use crate::say::say;
use anyhow::{Context, Result, ensure};
use figures::{Figures, Outcome};
use recovery::recoveries;
use site::Site;
use std::time::{Duration, Instant};
use watch::Watch;
use witness::Clock;

/// Runs every seed, one after another, and prints the figures of each and of all.
///
/// # Errors
/// When a promise was broken in any of them; the seeds are named.
pub async fn run(seeds: &[u64], window: Duration) -> Result<()> {
    let mut outcomes = Vec::new();
    for seed in seeds {
        outcomes.push(one(*seed, window).await.with_context(|| format!("seed {seed}"))?);
    }
    say(format!("\n{} seed(s): {}", seeds.len(), Figures::of(&outcomes).told()));
    let broken: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.is_sound())
        .map(|outcome| format!("`make chaos SEED={}`", outcome.seed))
        .collect();
    ensure!(broken.is_empty(), "a promise was broken; see above, and again with {}", broken.join(", "));
    Ok(())
}

/// Runs one seed on fresh parts: webhooks and harm for so long, then whatever it takes to settle.
///
/// # Errors
/// Only where the lab itself fails; what the product did wrong is in the outcome.
pub async fn one(seed: u64, window: Duration) -> Result<Outcome> {
    let planned = plan::plan(seed, window);
    let schedule = harm::schedule(seed, window);
    say(format!("\nseed {seed}: {} webhooks in {} s, and this harm:", planned.len(), window.as_secs()));
    schedule.iter().for_each(|harm| say(format!("  {harm}")));
    let mut site = Site::start(&planned).await?;
    let clock = Clock { begun: Instant::now(), wall: jiff::Timestamp::now() };
    let url = site.control_plane().url();
    let watch = Watch::begin(&url, site.key(0), clock.begun)?;
    say("as it was done:");
    let (sent, inflicted) = tokio::join!(
        stream::send(&url, &planned, clock.begun),
        inflict::inflict(&mut site, &schedule, clock.begun)
    );
    let mut inflicted = inflicted?;
    let witnessed = settle::settle(&site, &watch, sent?, clock).await;
    inflicted.fallen.extend(site.pick_up_the_fallen()?);
    let outcome = witnessed.map(|witnessed| Outcome {
        seed,
        verdict: verdict::judge(&witnessed),
        recoveries: recoveries(&inflicted.done, &watch.looks()),
        fallen: inflicted.fallen,
    });
    let stopped = site.stop().await;
    if !outcome.as_ref().is_ok_and(Outcome::is_sound) || stopped.is_err() {
        site.keep()?;
    }
    let outcome = outcome?;
    say(outcome.told());
    stopped.map(|()| outcome)
}
