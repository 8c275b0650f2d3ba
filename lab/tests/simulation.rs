//! The simulation finds nothing in the programs as they are, and every bug that is planted.

use lab::simulation::{
    bug::Bug,
    campaign::{self, Totals},
    plan::Plan,
    stage::Stage,
    world,
};

/// Enough to meet every kind of harm many times; `make simulate` runs more.
const SEEDS: u64 = 3_000;
/// A planted bug is found within this many.
const PLANTED: u64 = 20_000;

#[test]
fn whatever_goes_wrong_no_alert_is_lost_and_no_second_ring_is_unlabelled() {
    let (totals, found) = campaign::run(SEEDS, None).unwrap();
    if let Some(found) = found {
        panic!("{found}");
    }
    let Totals { runs, figures, .. } = totals;
    assert!(runs >= SEEDS, "{totals}");
    assert!(figures.reached > runs / 2 && figures.labelled > 0, "the world is too quiet: {totals}");
}

#[test]
fn one_seed_is_one_run_exactly() {
    let mut stage = Stage::set().unwrap();
    for seed in 0..20 {
        let plan = Plan::of(seed);
        let first = world::run(&mut stage, &plan, None, false).map_err(|(broken, _)| broken);
        let again = world::run(&mut Stage::set().unwrap(), &plan, None, false).map_err(|(broken, _)| broken);
        assert_eq!(first, again, "seed {seed}");
    }
}

#[test]
fn a_missing_line_is_found_whichever_it_is_and_told_in_few_incidents() {
    for bug in Bug::ALL {
        let (totals, found) = campaign::run(PLANTED, Some(bug)).unwrap();
        let Some(found) = found else { panic!("{bug:?} is not found: {totals}") };
        println!("{bug:?}: seed {}, {} incidents: {}", found.seed, found.plan.incidents.len(), found.broken);
        assert!(found.plan.incidents.len() <= 10, "{bug:?}: {found}");
        assert!(!found.story.is_empty());
    }
}
