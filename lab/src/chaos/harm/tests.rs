use super::*;
use std::{collections::HashSet, mem::discriminant};

const WINDOW: Duration = Duration::from_secs(30);

/// Who is harmed at this moment at the widest, waiting included.
fn harmed(harms: &[Harm], at: Duration, who: impl Fn(&What) -> bool) -> Vec<&Harm> {
    harms.iter().filter(|harm| who(&harm.what) && harm.at <= at && at <= harm.latest_end()).collect()
}

#[test]
fn a_seed_is_one_schedule_and_another_seed_another() {
    assert_eq!(schedule(7, WINDOW), schedule(7, WINDOW));
    assert_ne!(schedule(7, WINDOW), schedule(8, WINDOW));
}

#[test]
fn one_host_and_one_trunk_are_always_left_alone() {
    for seed in 0..200 {
        let harms = schedule(seed, WINDOW);
        for tick in 0..300 {
            let at = Duration::from_millis(tick * 100);
            let hosts: Vec<_> = harmed(&harms, at, |what| what.pbx().is_some())
                .iter()
                .filter_map(|harm| harm.what.pbx())
                .collect();
            assert!(hosts.len() < PBXS, "seed {seed} at {at:?}: {harms:#?}");
            let apart: HashSet<_> = hosts.iter().collect();
            assert_eq!(apart.len(), hosts.len(), "two harms to one host: seed {seed} at {at:?}");
            let trunks = harmed(&harms, at, |what| matches!(what, What::RefuseTrunk(_)));
            assert!(trunks.len() < TRUNKS.len(), "seed {seed} at {at:?}");
        }
    }
}

#[test]
fn all_harm_ends_within_the_window_and_the_control_planes_soon() {
    for seed in 0..200 {
        for harm in schedule(seed, WINDOW) {
            assert!(harm.latest_end() <= WINDOW, "seed {seed}: {harm}");
            assert!(harm.what.pbx().is_some() || harm.length <= Duration::from_secs(7), "{harm}");
            assert!(!harm.what.hurts_everybody() || harm.length <= Duration::from_secs(4), "{harm}");
        }
    }
}

#[test]
fn some_seeds_bring_every_kind_of_harm_and_every_moment() {
    let all: Vec<Harm> = (0..50).flat_map(|seed| schedule(seed, WINDOW)).collect();
    let kinds: HashSet<_> = all.iter().map(|harm| discriminant(&harm.what)).collect();
    assert_eq!(kinds.len(), 13);
    let moments: HashSet<_> = all.iter().map(|harm| discriminant(&harm.moment)).collect();
    assert_eq!(moments.len(), 3);
    assert!((0..50).all(|seed| schedule(seed, WINDOW).len() >= 5));
}

#[test]
fn harm_is_told_in_one_line() {
    let harm = Harm {
        at: Duration::from_millis(1_250),
        what: What::KillAsterisk(1),
        length: Duration::from_millis(500),
        moment: Moment::WhileRinging,
    };
    assert_eq!(harm.to_string(), "  1.25 s  Asterisk of pbx-2 killed while a phone rings, for 0.50 s");
}

#[test]
fn the_control_plane_hurts_every_host_and_a_refused_trunk_none() {
    assert!((0..PBXS).all(|pbx| What::KillControlPlane.hurts(pbx)));
    assert!(!(0..PBXS).any(|pbx| What::RefuseTrunk(0).hurts(pbx)));
    assert!(What::CutLink(1).hurts(1) && !What::CutLink(1).hurts(2));
}
