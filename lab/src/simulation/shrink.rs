//! From a plan that breaks something to the shortest that still does.

use super::{bug::Bug, plan::Plan, stage::Stage, truth::Broken, world};

/// Leaves out incidents, as many at a time as can be, until none can be left out any more.
///
/// What is left out also shifts the chance that follows, so that a shorter plan may break another
/// promise than the first one; that is as good a find.
pub fn shrink(stage: &mut Stage, plan: &Plan, bug: Option<Bug>, broken: Broken) -> (Plan, Broken) {
    let (mut plan, mut broken) = (plan.clone(), broken);
    loop {
        let before = plan.incidents.len();
        let mut size = before.div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < plan.incidents.len() {
                let mut shorter = plan.clone();
                shorter.incidents.drain(from..(from + size).min(plan.incidents.len()));
                match world::run(stage, &shorter, bug, false) {
                    Err((still, _)) => (plan, broken) = (shorter, still),
                    Ok(_) => from += size,
                }
            }
            size /= 2;
        }
        if plan.incidents.len() == before {
            return (plan, broken);
        }
    }
}
