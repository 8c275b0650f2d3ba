//! When to try again: exponential backoff with full jitter.
//!
//! The schedule is the `backoff` crate's, which nobody maintains any more (RUSTSEC, see
//! `deny.toml`), so nothing else of the agent touches it. Its own jitter is switched off, since it
//! spreads around the interval; full jitter spreads over all of it, which is what keeps a fleet
//! from knocking in step after an outage. Its clock would only serve a limit on elapsed time that
//! the agent does not have: it never gives up.

use backoff::{SystemClock, backoff::Backoff, exponential::ExponentialBackoff};
use std::time::Duration;

/// The first pause is at most this long.
const FIRST: Duration = Duration::from_millis(250);
/// No pause is longer: a host that is back is to place calls again within seconds. A fleet of hundreds
/// that knocks so often costs a control plane next to nothing.
const CAP: Duration = Duration::from_secs(4);
/// Who is turned away has no use for trying again soon: somebody must do something first.
pub const REJECTED: Duration = Duration::from_secs(30);
/// A connection that lived this long starts the schedule anew when it is lost.
const LIVED: Duration = Duration::from_secs(2);

/// Pauses between attempts to connect.
#[derive(Debug)]
pub struct Retry(ExponentialBackoff<SystemClock>);

impl Retry {
    /// 250 ms, doubling up to [`CAP`].
    pub fn new() -> Self {
        Self(ExponentialBackoff {
            current_interval: FIRST,
            initial_interval: FIRST,
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: CAP,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        })
    }

    /// The next pause. `random` is uniform in 0..1 and scales all of it.
    pub fn pause(&mut self, random: f64) -> Duration {
        self.0.next_backoff().unwrap_or(CAP).min(CAP).mul_f64(random.clamp(0.0, 1.0))
    }

    /// The connection lived this long before it was lost.
    pub fn lived(&mut self, time: Duration) {
        if time >= LIVED {
            self.0.reset();
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_a_quarter_of_a_second_to_four_seconds() {
        let mut retry = Retry::new();
        let pauses: Vec<u128> = (0..10).map(|_| retry.pause(1.0).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000]);
    }

    #[test]
    fn jitter_is_full_from_nothing_to_the_whole_pause() {
        let mut retry = Retry::new();
        assert_eq!(retry.pause(0.0), Duration::ZERO);
        assert_eq!(retry.pause(0.5), Duration::from_millis(250));
    }

    #[test]
    fn only_a_connection_that_lived_starts_the_schedule_anew() {
        let mut retry = Retry::new();
        retry.pause(1.0);
        retry.lived(Duration::from_secs(1));
        assert_eq!(retry.pause(1.0), Duration::from_millis(500));
        retry.lived(Duration::from_secs(60));
        assert_eq!(retry.pause(1.0), Duration::from_millis(250));
    }
}
