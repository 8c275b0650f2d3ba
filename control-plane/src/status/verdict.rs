//! From what was measured to one word, without any I/O.

use super::{Component, State, incidents::Impact};
use crate::fleet::PbxHealth;
use std::time::Duration;

/// An answer that takes longer is a slow one.
const SLOW: Duration = Duration::from_secs(1);
/// The dispatcher turns every 20 seconds at the latest, whether or not there is anything to do.
const LATE_TURN: Duration = Duration::from_secs(35);
const NO_TURN: Duration = Duration::from_secs(60);
/// A call that is due is taken at once.
const LATE_CALL: Duration = Duration::from_secs(30);
const NO_CALL: Duration = Duration::from_secs(120);
/// A letter that waits for longer has been tried and not taken.
const LATE_LETTER: Duration = Duration::from_secs(600);

/// What was answered to a request of our own: its status, and how long that took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) took: Duration,
}

/// How the dispatcher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dispatching {
    /// It has ended.
    pub(super) is_over: bool,
    /// Since its last turn.
    pub(super) idle: Duration,
    /// For how long the oldest call has been due; `None` where the database does not say.
    pub(super) overdue: Option<Duration>,
}

/// How mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mailing {
    pub(super) is_reachable: bool,
    /// For how long the oldest letter has been waiting.
    pub(super) oldest: Duration,
}

fn paced(took: Duration) -> State {
    if took > SLOW { State::Degraded } else { State::Operational }
}

/// `stored`: how long it took until something was on disk and read back.
pub(super) fn intake(stored: Option<Duration>, ready: Option<Answer>) -> State {
    match (stored, ready) {
        (Some(stored), Some(Answer { status: 200, took })) => paced(stored.max(took)),
        (Some(_) | None, _) => State::Outage,
    }
}

pub(super) fn portal(answer: Option<Answer>) -> State {
    match answer {
        Some(Answer { status, took }) if status < 500 => paced(took),
        Some(_) | None => State::Outage,
    }
}

pub(super) fn dispatch(seen: Dispatching) -> State {
    let Dispatching { is_over, idle, overdue } = seen;
    match overdue {
        _ if is_over || idle > NO_TURN => State::Outage,
        None => State::Outage,
        Some(overdue) if overdue > NO_CALL => State::Outage,
        Some(overdue) if overdue > LATE_CALL || idle > LATE_TURN => State::Degraded,
        Some(_) => State::Operational,
    }
}

/// Of the hosts of a region: somebody must be able to take a call. One that is drained is so on purpose.
pub(super) fn region(hosts: &[PbxHealth]) -> State {
    let any = |wanted| hosts.contains(&wanted);
    if !any(PbxHealth::Healthy) {
        State::Outage
    } else if any(PbxHealth::Offline) || any(PbxHealth::Degraded) {
        State::Degraded
    } else {
        State::Operational
    }
}

pub(super) fn mail(seen: Mailing) -> State {
    match (seen.is_reachable, seen.oldest <= LATE_LETTER) {
        (true, true) => State::Operational,
        (true, false) | (false, true) => State::Degraded,
        (false, false) => State::Outage,
    }
}

/// The whole: an outage where nothing is taken in or dispatched, or no region can call, or operators say so; degraded
/// where anything is not as it should be, or is not known.
pub fn overall<'a>(
    components: impl IntoIterator<Item = (&'a Component, Option<State>)>,
    open: impl IntoIterator<Item = Impact>,
) -> State {
    let (mut worst, mut regions, mut any) = (State::Operational, Vec::new(), false);
    for (component, state) in components {
        any = true;
        let counts = match component {
            Component::Intake | Component::Dispatch => state.unwrap_or(State::Degraded),
            Component::Pbx(_) => {
                regions.push(state);
                state.unwrap_or(State::Degraded).min(State::Degraded)
            }
            Component::Portal | Component::Mail => state.unwrap_or(State::Degraded).min(State::Degraded),
        };
        worst = worst.max(counts);
    }
    if !any {
        worst = State::Degraded;
    }
    if !regions.is_empty() && regions.iter().all(|state| *state == Some(State::Outage)) {
        worst = State::Outage;
    }
    let told = open.into_iter().map(|impact| match impact {
        Impact::None => State::Operational,
        Impact::Minor | Impact::Major => State::Degraded,
        Impact::Critical => State::Outage,
    });
    told.fold(worst, State::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Degraded, Operational, Outage};
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn intake_stores_and_answers_or_is_out() {
        let answer = |status, took| Some(Answer { status, took });
        assert_eq!(intake(Some(MS), answer(200, MS)), Operational);
        assert_eq!(intake(Some(SECOND * 2), answer(200, MS)), Degraded);
        assert_eq!(intake(Some(MS), answer(200, SECOND * 2)), Degraded);
        assert_eq!(intake(None, answer(200, MS)), Outage);
        assert_eq!(intake(Some(MS), answer(503, MS)), Outage);
        assert_eq!(intake(Some(MS), None), Outage);
    }

    #[test]
    fn a_portal_that_answers_anything_is_there() {
        assert_eq!(portal(Some(Answer { status: 404, took: MS })), Operational);
        assert_eq!(portal(Some(Answer { status: 200, took: SECOND * 3 })), Degraded);
        assert_eq!(portal(Some(Answer { status: 500, took: MS })), Outage);
        assert_eq!(portal(None), Outage);
    }

    #[test]
    fn calls_that_are_due_are_taken() {
        let seen = |idle, overdue| dispatch(Dispatching { is_over: false, idle, overdue });
        assert_eq!(seen(SECOND * 20, Some(Duration::ZERO)), Operational);
        assert_eq!(seen(SECOND * 50, Some(Duration::ZERO)), Degraded);
        assert_eq!(seen(SECOND * 61, Some(Duration::ZERO)), Outage);
        assert_eq!(seen(SECOND, Some(SECOND * 31)), Degraded);
        assert_eq!(seen(SECOND, Some(SECOND * 121)), Outage);
        assert_eq!(seen(SECOND, None), Outage);
        let over = Dispatching { is_over: true, idle: MS, overdue: Some(Duration::ZERO) };
        assert_eq!(dispatch(over), Outage);
    }

    #[test]
    fn a_region_is_as_good_as_its_hosts() {
        use PbxHealth as Pbx;
        assert_eq!(region(&[Pbx::Healthy, Pbx::Healthy]), Operational);
        assert_eq!(region(&[Pbx::Healthy, Pbx::Draining]), Operational);
        assert_eq!(region(&[Pbx::Healthy, Pbx::Offline]), Degraded);
        assert_eq!(region(&[Pbx::Healthy, Pbx::Degraded]), Degraded);
        assert_eq!(region(&[Pbx::Offline]), Outage);
        assert_eq!(region(&[Pbx::Draining, Pbx::Degraded]), Outage);
    }

    #[test]
    fn letters_leave_and_do_not_wait() {
        let seen = |is_reachable, oldest| mail(Mailing { is_reachable, oldest });
        assert_eq!(seen(true, SECOND), Operational);
        assert_eq!(seen(false, SECOND), Degraded);
        assert_eq!(seen(true, SECOND * 601), Degraded);
        assert_eq!(seen(false, SECOND * 601), Outage);
    }

    #[test]
    fn the_whole_is_out_where_nobody_can_be_called() {
        let (eu, us) = (Component::Pbx("eu".into()), Component::Pbx("us".into()));
        let whole = |a, b| overall([(&Component::Intake, Some(Operational)), (&eu, a), (&us, b)], []);
        assert_eq!(whole(Some(Operational), Some(Operational)), Operational);
        assert_eq!(whole(Some(Operational), Some(Outage)), Degraded);
        assert_eq!(whole(Some(Outage), Some(Outage)), Outage);
        assert_eq!(whole(Some(Operational), None), Degraded);
        assert_eq!(overall([(&Component::Dispatch, Some(Outage))], []), Outage);
        assert_eq!(overall([(&Component::Mail, Some(Outage))], []), Degraded);
        assert_eq!(overall([], []), Degraded, "nobody has looked yet");
    }

    proptest! {
        /// Nothing that gets worse makes the whole better, and operators are believed.
        #[test]
        fn the_whole_is_never_better_for_something_worse(
            states in prop::collection::vec(prop::sample::select(State::ALL.to_vec()), 5),
            place in 0usize..5, impact in prop::sample::select(Impact::ALL.to_vec()),
        ) {
            let components = [
                Component::Intake,
                Component::Dispatch,
                Component::Pbx("eu".into()),
                Component::Pbx("us".into()),
                Component::Portal,
            ];
            let of = |states: &[State]| {
                let seen: Vec<_> = components.iter().zip(states.iter().map(|state| Some(*state))).collect();
                overall(seen, [impact])
            };
            let mut worse = states.clone();
            worse[place] = Outage;
            prop_assert!(of(&states) <= of(&worse));
            prop_assert!(impact != Impact::Critical || of(&states) == Outage);
            prop_assert!(impact == Impact::None || of(&states) >= Degraded);
        }
    }
}
