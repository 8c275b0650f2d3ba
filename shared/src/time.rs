//! Moments as microseconds since the Unix epoch, UTC: the form in frames and in the database.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What `now` last gave, and when on the clock that nobody sets.
static LATEST: Mutex<Option<(Instant, Timestamp)>> = Mutex::new(None);
/// So far the wall clock may be set back and is followed: nothing here waits for less.
const FOLLOWED: Duration = Duration::from_secs(1);

/// A moment, microseconds since 1970-01-01T00:00:00Z. Shown as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The wall clock's moment, and where that was set back, the one that it would show otherwise:
    /// deadlines must not move into the distance, nor orders be made that have expired for everybody
    /// who learnt the time before. Called at the edges only.
    pub fn now() -> Self {
        let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, wall) = (Instant::now(), Self(jiff::Timestamp::now().as_microsecond()));
        let moment = latest.map_or(wall, |(at, moment)| wall.following(moment + now.duration_since(at)));
        *latest = Some((now, moment));
        moment
    }

    /// This moment of the wall clock, unless it lies too far before the one that was expected.
    fn following(self, expected: Self) -> Self {
        if self + FOLLOWED < expected { expected } else { self }
    }

    /// How much later `self` is than `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This moment moved by a signed number of microseconds, for clock offsets.
    #[must_use]
    pub const fn shifted(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC with microseconds, `2026-11-24T09:00:00.000001Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment:.6}"),
            Err(_) => write!(f, "{}µs", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_as_rfc_3339_in_utc() {
        assert_eq!(Timestamp::from_micros(1).to_string(), "1970-01-01T00:00:00.000001Z");
    }

    #[test]
    fn a_clock_that_went_backwards_gives_no_negative_duration() {
        let earlier = Timestamp::from_micros(5);
        let later = Timestamp::from_micros(9);
        assert_eq!(earlier.since(later), Duration::ZERO);
        assert_eq!(later.since(earlier), Duration::from_micros(4));
    }

    #[test]
    fn the_wall_clock_is_followed_but_not_back_by_hours() {
        let expected = Timestamp::from_micros(7_200_000_000);
        for (wall, followed) in [
            (expected.shifted(3_600_000_000), true),
            (expected.shifted(-900_000), true),
            (Timestamp(0), false),
        ] {
            assert_eq!(wall.following(expected), if followed { wall } else { expected });
        }
    }

    #[test]
    fn far_ends_saturate_instead_of_wrapping() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(end.to_string(), format!("{}µs", i64::MAX));
    }
}
