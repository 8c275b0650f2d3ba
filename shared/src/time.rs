//! Moments as microseconds since the Unix epoch, UTC: the form in frames and in the database.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What `now` goes by.
static CLOCK: Mutex<Clock> = Mutex::new(Clock::new());
/// Where the clock begins that nobody sets.
static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
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
        let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = BEGUN.elapsed();
        clock.read(Self(jiff::Timestamp::now().as_microsecond()), elapsed)
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

/// A clock that follows the wall clock, but not back by more than a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// What it last showed, and when on the clock that nobody sets.
    latest: Option<(Duration, Timestamp)>,
}

impl Clock {
    /// One that was never read.
    pub const fn new() -> Self {
        Self { latest: None }
    }

    /// Reads it: the wall clock shows `wall` when `elapsed` has passed on a clock that is never set. It shows
    /// that, unless it lies too far before what is expected from the last reading.
    pub fn read(&mut self, wall: Timestamp, elapsed: Duration) -> Timestamp {
        let expected = self.latest.map(|(at, moment)| moment + elapsed.saturating_sub(at));
        let moment = expected.filter(|expected| wall + FOLLOWED < *expected).unwrap_or(wall);
        self.latest = Some((elapsed, moment));
        moment
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

/// The text is no moment of RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is a moment of RFC 3339, as in 2026-01-31T12:00:00Z")]
pub struct NotAMoment;

impl std::str::FromStr for Timestamp {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NotAMoment)?;
        Ok(Self::from_micros(moment.as_microsecond()))
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
        let hour = 3_600_000_000;
        let expected = Timestamp::from_micros(2 * hour);
        for (wall, followed) in
            [(expected.shifted(hour), true), (expected.shifted(-900_000), true), (Timestamp(0), false)]
        {
            let mut clock = Clock::new();
            assert_eq!(clock.read(Timestamp(hour), Duration::ZERO), Timestamp(hour));
            let shown = clock.read(wall, Duration::from_secs(3_600));
            assert_eq!(shown, if followed { wall } else { expected });
            assert_eq!(
                clock.read(wall, Duration::from_secs(3_601)),
                if followed { wall } else { expected + Duration::from_secs(1) }
            );
        }
    }

    #[test]
    fn far_ends_saturate_instead_of_wrapping() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(end.to_string(), format!("{}µs", i64::MAX));
    }

    #[test]
    fn a_moment_is_read_as_it_is_written() {
        let at = Timestamp::from_micros(1_769_860_800_123_456);
        assert_eq!(at.to_string().parse(), Ok(at));
        assert_eq!("2026-01-31T13:00:00+01:00".parse(), "2026-01-31T12:00:00Z".parse::<Timestamp>());
        assert_eq!("tomorrow".parse::<Timestamp>(), Err(NotAMoment));
    }
}
