//! Time as the agent knows it: steady, and corrected to the control plane's clock.

use shared::time::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Instant,
};

/// A clock that starts at the wall's time and then never jumps, with the offset to the control
/// plane's clock as it was measured at the last handshake. Clones share the offset.
///
/// A host whose wall clock is set while the agent runs neither expires an order early nor dials
/// a late one: only the handshake moves this clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    started: Instant,
    wall: Timestamp,
    offset: AtomicI64,
    learnt: AtomicBool,
}

impl Clock {
    /// Starts at the wall clock's time.
    pub fn start() -> Self {
        Self(Arc::new(Hands {
            started: Instant::now(),
            wall: Timestamp::now(),
            offset: AtomicI64::new(0),
            learnt: AtomicBool::new(false),
        }))
    }

    /// This host's time.
    pub fn local(&self) -> Timestamp {
        self.0.wall + self.0.started.elapsed()
    }

    /// The control plane's time, as far as the last handshake told it.
    pub fn corrected(&self) -> Timestamp {
        self.local().shifted(self.offset_micros())
    }

    /// Whether a handshake has told the control plane's time.
    pub fn is_corrected(&self) -> bool {
        self.0.learnt.load(Ordering::Relaxed)
    }

    /// Microseconds that the control plane's clock is ahead of this host's.
    pub fn offset_micros(&self) -> i64 {
        self.0.offset.load(Ordering::Relaxed)
    }

    /// Takes the server's time, read just now, as the truth; the new offset in microseconds.
    pub fn learn(&self, server: Timestamp) -> i64 {
        let offset = server.as_micros().saturating_sub(self.local().as_micros());
        self.0.offset.store(offset, Ordering::Relaxed);
        self.0.learnt.store(true, Ordering::Relaxed);
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_host_that_is_an_hour_behind_reads_the_control_planes_hour() {
        let clock = Clock::start();
        assert!(!clock.is_corrected());
        let hour = Duration::from_secs(3600);
        let offset = clock.learn(clock.local() + hour);
        assert!((3_599_000_000..=3_600_000_000).contains(&offset), "{offset}");
        assert!(clock.corrected().since(clock.local()) >= Duration::from_secs(3599));
        assert!(clock.is_corrected());
    }

    #[test]
    fn a_time_beyond_all_reason_does_not_make_the_clock_panic() {
        let clock = Clock::start();
        for micros in [i64::MIN, i64::MAX, 0] {
            clock.learn(Timestamp::from_micros(micros));
            let _ = clock.corrected() + Duration::MAX;
        }
    }
}
