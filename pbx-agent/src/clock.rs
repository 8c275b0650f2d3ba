//! Time as the agent knows it: its own, which nobody can move, and the control plane's.

use shared::time::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Instant,
};

/// One moment on both clocks, so that neither is taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the host: what caps, timers and the memory of orders are counted on. Nobody outside the
    /// host can move it.
    pub local: Timestamp,
    /// By the control plane, as it said at the last handshake: when orders expire, and what reports
    /// tell. Whoever stole the control plane moves it at will.
    pub corrected: Timestamp,
}

impl Moment {
    /// The earlier of both: what lies before it is past, whichever clock is wrong.
    pub fn earlier(self) -> Timestamp {
        self.local.min(self.corrected)
    }
}

/// A clock that never jumps, with the offset to the control plane's clock as it was measured at the
/// last handshake. Clones share the offset.
///
/// It starts at the wall's time, or at the latest moment that an earlier run journalled where the
/// wall has been set back since: what was counted then must not lie in the future now. A host whose
/// wall clock is set while the agent runs neither expires an order early nor dials a late one.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    started: Instant,
    wall: Timestamp,
    local: Timestamp,
    /// From the wall's time at start to the control plane's.
    offset: AtomicI64,
    learnt: AtomicBool,
}

impl Clock {
    /// Starts at the wall clock's time, but not before `latest`.
    pub fn start(latest: Option<Timestamp>) -> Self {
        let wall = Timestamp::now();
        let local = latest.map_or(wall, |latest| latest.max(wall));
        Self(Arc::new(Hands {
            started: Instant::now(),
            wall,
            local,
            offset: AtomicI64::new(0),
            learnt: AtomicBool::new(false),
        }))
    }

    /// This moment.
    pub fn now(&self) -> Moment {
        let elapsed = self.0.started.elapsed();
        Moment {
            local: self.0.local + elapsed,
            corrected: (self.0.wall + elapsed).shifted(self.offset_micros()),
        }
    }

    /// This host's time, never earlier than what it has journalled.
    pub fn local(&self) -> Timestamp {
        self.now().local
    }

    /// What the host's wall clock showed at the start, and the time since: for those who compare clocks.
    pub fn wall(&self) -> Timestamp {
        self.0.wall + self.0.started.elapsed()
    }

    /// Whether a handshake has told the control plane's time.
    pub fn is_corrected(&self) -> bool {
        self.0.learnt.load(Ordering::Relaxed)
    }

    /// Microseconds that the control plane's clock is ahead of this host's wall clock.
    pub fn offset_micros(&self) -> i64 {
        self.0.offset.load(Ordering::Relaxed)
    }

    /// Takes the server's time, read just now, as the truth; the new offset in microseconds.
    pub fn learn(&self, server: Timestamp) -> i64 {
        let offset = server.as_micros().saturating_sub(self.wall().as_micros());
        self.0.offset.store(offset, Ordering::Relaxed);
        self.0.learnt.store(true, Ordering::Relaxed);
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_host_that_is_an_hour_behind_reads_the_control_planes_hour() {
        let clock = Clock::start(None);
        assert!(!clock.is_corrected());
        let offset = clock.learn(clock.wall() + HOUR);
        assert!((3_599_000_000..=3_600_000_000).contains(&offset), "{offset}");
        let now = clock.now();
        assert!(now.corrected.since(now.local) >= Duration::from_secs(3599));
        assert!(clock.is_corrected());
    }

    #[test]
    fn whatever_the_control_plane_says_the_hosts_own_time_goes_on() {
        let clock = Clock::start(None);
        let before = clock.local();
        for micros in [i64::MIN, i64::MAX, 0] {
            clock.learn(Timestamp::from_micros(micros));
            let now = clock.now();
            assert!(now.local >= before && now.local.since(before) < HOUR);
            let _ = now.corrected + Duration::MAX;
        }
    }

    #[test]
    fn a_wall_clock_that_was_set_back_between_runs_does_not_bring_an_earlier_time_back() {
        let latest = Timestamp::now() + HOUR;
        let clock = Clock::start(Some(latest));
        assert!(clock.local() >= latest);
        assert!(clock.wall() < latest, "whoever compares clocks is told the wall's");
        clock.learn(clock.wall());
        assert!(clock.now().corrected < latest, "the control plane's time is its own");
        assert!(Clock::start(Some(Timestamp::from_micros(0))).local() > Timestamp::from_micros(0));
    }
}
