//! What follows after an attempt to send a letter. No I/O: time and chance are passed in.

use shared::time::Timestamp;
use std::time::Duration;

/// How long a letter is tried, from its first attempt.
pub(super) const PATIENCE: Duration = Duration::from_secs(48 * 3600);
/// The pause after the first attempt is at most this, after each further one at most twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Shortest pause.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
/// A server that asks for more than this is taken for confused.
const LONGEST_WISH: Duration = Duration::from_secs(24 * 3600);

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server or provider has it, under its own id where it gave one.
    Accepted { provider_id: Option<String> },
    /// This letter will never be taken.
    Refused { reason: String },
    /// It may be taken later; not before the time that the server asks for, where it asks.
    Trouble { reason: String, retry_after: Option<Duration> },
}

/// How often and since when a letter has been tried, the attempt that just ended included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) attempts: u32,
    pub(super) first_at: Timestamp,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Sent { provider_id: Option<String> },
    Failed { reason: String },
    Again { at: Timestamp, reason: String },
}

/// What follows after an outcome at `now`. `chance`, any number, spreads the attempts (full jitter): many letters
/// that failed together do not come again together.
pub(super) fn next(outcome: Outcome, tried: Tried, now: Timestamp, chance: u32) -> Next {
    let (reason, retry_after) = match outcome {
        Outcome::Accepted { provider_id } => return Next::Sent { provider_id },
        Outcome::Refused { reason } => return Next::Failed { reason },
        Outcome::Trouble { reason, retry_after } => (reason, retry_after),
    };
    if now >= tried.first_at + PATIENCE {
        let hours = PATIENCE.as_secs() / 3600;
        return Next::Failed {
            reason: format!(
                "given up after {hours} hours and {} attempts; the last: {reason}",
                tried.attempts
            ),
        };
    }
    let wish = retry_after.unwrap_or_default().min(LONGEST_WISH);
    Next::Again { at: now + pause(tried.attempts, chance).max(wish), reason }
}

fn pause(attempts: u32, chance: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    let longest = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
    longest.mul_f64(f64::from(chance) / f64::from(u32::MAX)).max(SHORTEST_PAUSE)
}

#[cfg(test)]
mod tests;
