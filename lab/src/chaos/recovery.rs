//! How soon a part works again once its harm has ended. A pure function of what was seen.

use super::harm::{PBXS, What};
use std::time::Duration;

/// No recovery may take longer.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A PBX that is healthy for less than this has not recovered: news of its end may be on their way.
const STEADY: Duration = Duration::from_millis(500);

/// Harm as it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// What.
    pub what: What,
    /// When it struck.
    pub from: Duration,
    /// When it was undone: the process was started again, the line restored.
    pub until: Duration,
}

/// One look at `GET /api/v1/fleet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// When the answer was there, or its absence was certain.
    pub at: Duration,
    /// Whether each PBX is healthy; none is while the control plane does not answer.
    pub healthy: [bool; PBXS],
}

/// The return of one PBX to the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Which, from 0.
    pub pbx: usize,
    /// What had been done to it or to the control plane, the last one last.
    pub after: Vec<What>,
    /// When the last of it was undone.
    pub from: Duration,
    /// How long it took; where it was not seen to recover, how long nobody saw it.
    pub took: Duration,
}

/// Every recovery. Harm that follows before the last one has healed makes one wound with it, unless
/// there were 10 s between them.
pub fn recoveries(done: &[Done], looks: &[Look]) -> Vec<Recovery> {
    (0..PBXS).flat_map(|pbx| of_one(pbx, done, looks)).collect()
}

fn of_one(pbx: usize, done: &[Done], looks: &[Look]) -> Vec<Recovery> {
    let mut hurts: Vec<&Done> = done.iter().filter(|done| done.what.hurts(pbx)).collect();
    hurts.sort_by_key(|done| done.from);
    let mut recoveries = Vec::new();
    let mut hurts = hurts.into_iter().peekable();
    let (mut wound, mut until) = (Vec::new(), Duration::ZERO);
    while let Some(hurt) = hurts.next() {
        wound.push(hurt.what);
        until = until.max(hurt.until);
        let next = hurts.peek().map(|next| next.from);
        if next.is_some_and(|next| next <= until) {
            continue;
        }
        let healed = steadily_healthy(looks, pbx, until, next);
        let seen_until = looks.last().map_or(until, |look| look.at);
        let end = healed.unwrap_or(seen_until);
        let undecided = next.is_some_and(|next| end > next);
        let end = next.filter(|_| undecided).unwrap_or(end);
        let took = end.saturating_sub(until);
        if undecided && took <= LIMIT {
            continue;
        }
        // One that was never seen to heal must not pass for a quick one.
        let took = if healed.is_none() { took.max(LIMIT + Duration::from_millis(1)) } else { took };
        recoveries.push(Recovery { pbx, after: std::mem::take(&mut wound), from: until, took });
    }
    recoveries
}

/// When it was healthy from `from` on, and stayed so for a moment, or until it was hurt again.
fn steadily_healthy(looks: &[Look], pbx: usize, from: Duration, hurt: Option<Duration>) -> Option<Duration> {
    let steady = |first: &Look| {
        let until = hurt.map_or(first.at + STEADY, |hurt| hurt.min(first.at + STEADY));
        looks.iter().filter(|look| look.at >= first.at && look.at <= until).all(|look| look.healthy[pbx])
    };
    looks.iter().find(|look| look.at >= from && look.healthy[pbx] && steady(look)).map(|look| look.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn done(what: What, from: u64, until: u64) -> Done {
        Done { what, from: at(from), until: at(until) }
    }

    /// One look a second; pbx-1 is healthy in these.
    fn looks(healthy: impl Fn(u64) -> bool) -> Vec<Look> {
        (0..60).map(|second| Look { at: at(second), healthy: [healthy(second), true, true] }).collect()
    }

    fn of_first(done: &[Done], looks: &[Look]) -> Vec<Recovery> {
        recoveries(done, looks).into_iter().filter(|recovery| recovery.pbx == 0).collect()
    }

    #[test]
    fn the_time_counts_from_the_moment_at_which_the_harm_was_undone() {
        let kill = What::KillAgent(0);
        let seen = looks(|second| !(5..12).contains(&second));
        let expected = Recovery { pbx: 0, after: vec![kill], from: at(9), took: at(3) };
        assert_eq!(recoveries(&[done(kill, 5, 9)], &seen), [expected]);
    }

    #[test]
    fn the_control_plane_counts_for_every_host_and_a_trunk_for_none() {
        let seen = looks(|_| true);
        assert_eq!(recoveries(&[done(What::KillControlPlane, 5, 6)], &seen).len(), PBXS);
        assert!(recoveries(&[done(What::RefuseTrunk(0), 5, 6)], &seen).is_empty());
    }

    #[test]
    fn harm_that_follows_before_it_has_healed_makes_one_wound() {
        let (kill, cut) = (What::KillAsterisk(0), What::CutLink(0));
        let seen = looks(|second| !(5..20).contains(&second));
        let found = of_first(&[done(kill, 5, 8), done(cut, 12, 16)], &seen);
        assert_eq!(found, [Recovery { pbx: 0, after: vec![kill, cut], from: at(16), took: at(4) }]);
        let overlapping = of_first(&[done(What::KillControlPlane, 5, 14), done(cut, 6, 7)], &seen);
        assert_eq!(overlapping[0].from, at(14));
    }

    #[test]
    fn a_part_that_is_believed_healthy_for_a_moment_has_not_recovered() {
        let kill = What::KillAsterisk(0);
        let seen: Vec<Look> = (0..100)
            .map(|tick| Look {
                at: Duration::from_millis(tick * 100),
                healthy: [!(52..70).contains(&tick), true, true],
            })
            .collect();
        let found = of_first(&[done(kill, 5, 5)], &seen);
        assert_eq!(found[0].took, at(2));
    }

    #[test]
    fn slow_is_slow_although_more_harm_follows_or_nobody_looks_any_more() {
        let (kill, cut) = (What::KillAsterisk(0), What::CutLink(0));
        let never = looks(|second| second < 5);
        let found = of_first(&[done(kill, 5, 6), done(cut, 18, 19)], &never);
        assert_eq!(found[0].took, at(12));
        assert!(found[1].took > LIMIT);
        let late = of_first(&[done(kill, 5, 58)], &never);
        assert!(late[0].took > LIMIT);
    }
}
