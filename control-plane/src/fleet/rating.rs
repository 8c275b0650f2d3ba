//! How well a PBX and each of its trunks have done lately, from what became of their attempts.
//!
//! A trunk that fails calls while Asterisk still thinks it reachable would cost each call a
//! failover. After some failures in a row it rests: it is used only where nothing better may take
//! the call. When its rest is over a single ordinary call probes it; success makes it as good as any,
//! failure lets it rest longer. Nothing is ever excluded here: a doubtful route is better than none.

use shared::time::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// Failures in a row after which a rest begins.
const PATIENCE: u32 = 3;
/// First rest; it doubles with each failure after it.
const FIRST_REST: Duration = Duration::from_secs(30);
/// Longest rest.
const LONGEST_REST: Duration = Duration::from_secs(600);
/// A failure is held against a route for so long.
const DOUBT: Duration = Duration::from_secs(300);

/// What an attempt said of its route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The callee was reached, whatever came of it.
    Works,
    /// The trunk, or the carrier behind it, failed.
    TrunkFailed,
    /// The host itself failed: its link, its agent or its Asterisk.
    HostFailed,
}

/// How a route stands at a moment; the smaller, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing is held against it.
    Works,
    /// Its rest is over and it has still to show that it works.
    Probation,
    /// It has failed a moment ago.
    Doubtful,
    /// It has failed again and again.
    Resting,
}

impl Standing {
    /// All of them, the best first.
    pub const ALL: [Self; 4] = [Self::Works, Self::Probation, Self::Doubtful, Self::Resting];

    /// As the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Probation => "probation",
            Self::Doubtful => "doubtful",
            Self::Resting => "resting",
        }
    }
}

/// Of a host or of a trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Record {
    /// Failures since it last worked.
    failures: u32,
    failed_at: Option<Timestamp>,
}

/// Of a host and its trunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ratings {
    host: Record,
    trunks: BTreeMap<String, Record>,
}

impl Ratings {
    /// Takes what an attempt over this trunk has shown.
    pub fn note(&mut self, trunk: &str, evidence: Evidence, now: Timestamp) {
        match evidence {
            Evidence::Works => {
                self.host = Record::default();
                self.trunks.remove(trunk);
            }
            Evidence::TrunkFailed => self.trunks.entry(trunk.to_owned()).or_default().failed(now),
            Evidence::HostFailed => self.host.failed(now),
        }
    }

    /// How a trunk stands, its host included.
    pub fn standing(&self, trunk: &str, now: Timestamp) -> Standing {
        let trunk = self.trunks.get(trunk).copied().unwrap_or_default();
        trunk.standing(now).max(self.host.standing(now))
    }

    /// When the rest of a trunk, or of its host, is over; `None` when neither rests.
    pub fn rests_until(&self, trunk: &str, now: Timestamp) -> Option<Timestamp> {
        let trunk = self.trunks.get(trunk).copied().unwrap_or_default();
        trunk.rests_until(now).max(self.host.rests_until(now))
    }
}

impl Record {
    fn failed(&mut self, now: Timestamp) {
        // Calls that were under way together say the same thing once.
        if self.rests_until(now).is_some() {
            return;
        }
        let forgotten = self.failures < PATIENCE && self.failed_at.is_some_and(|at| now.since(at) >= DOUBT);
        self.failures = if forgotten { 1 } else { self.failures.saturating_add(1) };
        self.failed_at = Some(now);
    }

    fn standing(&self, now: Timestamp) -> Standing {
        let Some(failed_at) = self.failed_at else { return Standing::Works };
        if self.rests_until(now).is_some() {
            Standing::Resting
        } else if self.failures >= PATIENCE {
            Standing::Probation
        } else if now.since(failed_at) < DOUBT {
            Standing::Doubtful
        } else {
            Standing::Works
        }
    }

    fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let beyond = self.failures.checked_sub(PATIENCE)?;
        let until = self.failed_at? + FIRST_REST.saturating_mul(1 << beyond.min(8)).min(LONGEST_REST);
        (now < until).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence::*, *};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn after(evidence: &[Evidence]) -> Ratings {
        let mut ratings = Ratings::default();
        for one in evidence {
            ratings.note("a", *one, NOW);
        }
        ratings
    }

    #[test]
    fn a_trunk_that_fails_again_and_again_rests_and_is_probed() {
        let mut ratings = after(&[TrunkFailed, TrunkFailed]);
        assert_eq!(ratings.standing("a", NOW), Standing::Doubtful);
        assert_eq!(
            ratings.standing("b", NOW),
            Standing::Works,
            "the other trunk of the host is not to blame"
        );
        ratings.note("a", TrunkFailed, NOW);
        assert_eq!(ratings.rests_until("a", NOW), Some(NOW + SECOND * 30));
        assert_eq!(ratings.standing("a", NOW + SECOND * 29), Standing::Resting);
        assert_eq!(ratings.standing("a", NOW + SECOND * 30), Standing::Probation);
        ratings.note("a", TrunkFailed, NOW + SECOND * 31);
        assert_eq!(ratings.rests_until("a", NOW + SECOND * 31), Some(NOW + SECOND * 91), "longer");
        ratings.note("a", Works, NOW + SECOND * 100);
        assert_eq!(ratings, Ratings::default());
    }

    #[test]
    fn a_host_that_fails_takes_its_trunks_with_it() {
        let ratings = after(&[HostFailed, HostFailed, HostFailed]);
        assert_eq!(ratings.standing("a", NOW), Standing::Resting);
        assert_eq!(ratings.standing("b", NOW), Standing::Resting);
    }

    #[test]
    fn calls_that_fail_together_do_not_lengthen_the_rest() {
        let ratings = after(&[TrunkFailed; 50]);
        assert_eq!(ratings.rests_until("a", NOW), Some(NOW + FIRST_REST));
    }

    #[test]
    fn failures_far_apart_are_forgotten_and_add_up_to_nothing() {
        let mut ratings = after(&[TrunkFailed]);
        for day in 1..5 {
            let later = NOW + DOUBT * day;
            assert_eq!(ratings.standing("a", later), Standing::Works);
            ratings.note("a", TrunkFailed, later);
            assert_eq!(ratings.standing("a", later), Standing::Doubtful);
        }
    }

    proptest! {
        #[test]
        fn no_rest_is_without_end_and_one_success_ends_all_doubt(
            failures in prop::collection::vec((0u64..2_000, prop::bool::ANY), 0..60),
        ) {
            let (mut ratings, mut now) = (Ratings::default(), NOW);
            for (pause, host) in failures {
                now = now + Duration::from_secs(pause);
                ratings.note("a", if host { HostFailed } else { TrunkFailed }, now);
                if let Some(until) = ratings.rests_until("a", now) {
                    prop_assert!(until.since(now) <= LONGEST_REST);
                    prop_assert!(ratings.standing("a", until) != Standing::Resting || ratings.rests_until("a", until).is_some());
                }
            }
            ratings.note("a", Works, now);
            prop_assert_eq!(ratings.standing("a", now), Standing::Works);
        }
    }
}
