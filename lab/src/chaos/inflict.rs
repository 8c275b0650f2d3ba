//! Does the harm of a schedule, each piece at its moment, and undoes it.

use super::{
    harm::{Harm, WAIT},
    recovery::Done,
    site::Site,
};
use crate::say::say;
use anyhow::Result;
use std::time::{Duration, Instant};

/// How often moments are looked for.
const TICK: Duration = Duration::from_millis(20);

/// Where a piece of harm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Planned,
    Struck(Duration),
    Over,
}

/// What was done, and what ended by itself meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Inflicted {
    /// In the order in which it was undone.
    pub done: Vec<Done>,
    /// Programs that ended though nobody had killed them.
    pub fallen: Vec<String>,
}

/// Runs the schedule to its end; times count from `begun`.
///
/// # Errors
/// Only where the lab itself fails.
pub async fn inflict(site: &mut Site, schedule: &[Harm], begun: Instant) -> Result<Inflicted> {
    let mut inflicted = Inflicted::default();
    let mut states = vec![State::Planned; schedule.len()];
    while states.iter().any(|state| *state != State::Over) {
        for (harm, state) in schedule.iter().zip(&mut states) {
            let now = begun.elapsed();
            match *state {
                State::Planned
                    if now >= harm.at
                        && (now >= harm.at + WAIT || site.is_moment(harm.what, harm.moment)) =>
                {
                    site.harm(harm.what)?;
                    *state = State::Struck(now);
                }
                State::Struck(from) if now >= from + harm.length => {
                    site.heal(harm.what)?;
                    *state = State::Over;
                    inflicted.done.push(Done { what: harm.what, from, until: now });
                    say(format!(
                        "  {:6.2} s to {:5.2} s  {}",
                        from.as_secs_f64(),
                        now.as_secs_f64(),
                        harm.what
                    ));
                }
                State::Planned | State::Struck(_) | State::Over => {}
            }
        }
        inflicted.fallen.extend(site.pick_up_the_fallen()?);
        tokio::time::sleep(TICK).await;
    }
    Ok(inflicted)
}
