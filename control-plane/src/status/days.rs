//! Time between two looks, by days: what it says of each, without any I/O.

use super::{State, board::MISSED};
use shared::time::Timestamp;
use std::{fmt, time::Duration};

const MICROS_A_DAY: i64 = 86_400_000_000;
/// One day.
const DAY: Duration = Duration::from_secs(86_400);
/// A silence is told of for so many days.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);
/// Less than this is not yet a day of its colour.
const NOTICED: Duration = Duration::from_secs(60);

/// A day of UTC, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The one with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The one that a moment is of.
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.as_micros().div_euclid(MICROS_A_DAY))
    }

    /// Its number.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// So many days before.
    #[must_use]
    pub const fn before(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// Its first moment.
    pub const fn begins(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(MICROS_A_DAY))
    }
}

/// `2026-11-29`
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.begins().to_string();
        f.write_str(moment.split('T').next().unwrap_or_default())
    }
}

/// What is known of some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How much of it is known.
    pub known: Duration,
    /// How much of that was degraded.
    pub degraded: Duration,
    /// How much of that was an outage.
    pub down: Duration,
}

/// What a day was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayState {
    /// Nobody knows.
    NoData,
    /// All went well.
    Operational,
    /// Something was slow, or down for a moment.
    Degraded,
    /// It was down.
    Outage,
}

impl Tally {
    fn of(state: State, known: Duration) -> Self {
        let of = |wanted| if state == wanted { known } else { Duration::ZERO };
        Self { known, degraded: of(State::Degraded), down: of(State::Outage) }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            known: self.known.saturating_add(other.known),
            degraded: self.degraded.saturating_add(other.degraded),
            down: self.down.saturating_add(other.down),
        }
    }

    /// As much as a day has: a clock that was set back counts some hours twice.
    #[must_use]
    pub fn within_a_day(self) -> Self {
        let known = self.known.min(DAY);
        let down = self.down.min(known);
        Self { known, down, degraded: self.degraded.min(known - down) }
    }

    /// What a day of this was.
    pub fn state(&self) -> DayState {
        if self.known.is_zero() {
            DayState::NoData
        } else if self.down >= NOTICED {
            DayState::Outage
        } else if !self.down.is_zero() || self.degraded >= NOTICED {
            DayState::Degraded
        } else {
            DayState::Operational
        }
    }

    /// How many of a hundred thousand parts it was not down, never rounded up; `None` where nothing is known.
    pub fn uptime(&self) -> Option<u32> {
        let known = self.known.as_micros();
        let up = known.saturating_sub(self.down.as_micros()).saturating_mul(100_000);
        up.checked_div(known).and_then(|parts| u32::try_from(parts).ok())
    }
}

/// A look at one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// When.
    pub at: Timestamp,
    /// What was seen.
    pub state: State,
    /// How long it speaks for.
    pub holds: Duration,
}

/// What the time since the last look was, by days. Where a clock that is never set says how much time has passed, no
/// more is counted: the other may have been set meanwhile.
///
/// A silence of more than three looks was an outage of what this process itself does; of all else it says nothing.
pub fn since(
    check: Check,
    now: Timestamp,
    elapsed: Option<Duration>,
    is_ourselves: bool,
) -> Vec<(Day, Tally)> {
    let silence = now.since(check.at).min(elapsed.unwrap_or(LONGEST)).min(LONGEST);
    let begun = now - silence;
    if silence <= check.holds.saturating_mul(MISSED) {
        return split(begun, now, check.state);
    }
    let spoken = begun + check.holds;
    let mut days = split(begun, spoken, check.state);
    if is_ourselves {
        days.extend(split(spoken, now, State::Outage));
    }
    days
}

/// The days of a time.
fn split(mut begin: Timestamp, end: Timestamp, state: State) -> Vec<(Day, Tally)> {
    let mut days = Vec::new();
    while begin < end {
        let day = Day::of(begin);
        let until = day.before(-1).begins().min(end);
        days.push((day, Tally::of(state, until.since(begin))));
        begin = until;
    }
    days
}

#[cfg(test)]
mod tests;
