//! Notices when the clock of this machine is set.
//!
//! Everything that is stored goes by the wall clock, and so do orders: agents learn it at their handshake.
//! Where it is set while we run, what was stored before must move with it, and agents must ask again.

use shared::time::Timestamp;
use std::time::Duration;

/// Less is slewing and rounding; an order still has most of its life.
const STEP: i64 = 1_000_000;

/// Compares the wall clock with one that nobody can set.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    /// What the wall clock showed when the other one began.
    began: i64,
}

impl WallClock {
    /// The wall clock shows `wall` when `elapsed` has passed on a clock that is never set.
    pub fn new(wall: Timestamp, elapsed: Duration) -> Self {
        Self { began: began(wall, elapsed) }
    }

    /// By how many microseconds it was set since this was last asked, if by more than a second.
    pub fn was_set(&mut self, wall: Timestamp, elapsed: Duration) -> Option<i64> {
        let began = began(wall, elapsed);
        let by = began - self.began;
        if by.abs() < STEP {
            return None;
        }
        self.began = began;
        Some(by)
    }
}

fn began(wall: Timestamp, elapsed: Duration) -> i64 {
    wall.as_micros().saturating_sub(i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_clock_that_is_set_is_noticed_once_and_one_that_is_slewed_is_not() {
        let passed = Duration::from_secs;
        let mut clock = WallClock::new(at(1_000), passed(0));
        assert_eq!(clock.was_set(at(1_060), passed(60)), None);
        assert_eq!(clock.was_set(at(1_061), passed(60) + Duration::from_millis(500)), None);
        assert_eq!(clock.was_set(at(4_670), passed(70)), Some(3_600_000_000));
        assert_eq!(clock.was_set(at(4_671), passed(71)), None);
        assert_eq!(clock.was_set(at(1_072), passed(72)), Some(-3_600_000_000));
    }
}
