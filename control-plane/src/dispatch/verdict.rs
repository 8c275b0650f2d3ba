//! What an unsuccessful attempt means for its call: whose fault it was, and so what comes next.

use crate::fleet::rating::Evidence;
use shared::{
    outcome::{AttemptStatus, Fault, Reason, judge},
    protocol::{AttemptEvent, Ending},
};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The callee's own answer: the same phone after a pause.
    Redial,
    /// Somebody else's fault: another route at once.
    FailOver {
        /// The host is in doubt, not just its trunk.
        whole_pbx: bool,
        /// What the host gave as its reason.
        reason: Option<Reason>,
    },
    /// No further try helps: nobody can reach the number.
    Exhausted,
    /// This number must not be dialled.
    Blocked(Reason),
}

/// After the host's policy refused the order.
pub(super) fn after_refusal(reason: Reason) -> Next {
    match reason {
        Reason::NumberInvalid
        | Reason::NumberEmergency
        | Reason::NumberPremium
        | Reason::NumberTollFree
        | Reason::NumberShort
        | Reason::NumberType
        | Reason::DoNotCall => Next::Blocked(reason),
        Reason::BadSignature
        | Reason::WrongPbx
        | Reason::NoPbx
        | Reason::AriUnavailable
        | Reason::Draining => Next::FailOver { whole_pbx: true, reason: Some(reason) },
        Reason::CountryNotAllowed
        | Reason::Cooldown
        | Reason::RateLimited
        | Reason::Quota
        | Reason::Capacity
        | Reason::Expired
        | Reason::Duplicate => Next::FailOver { whole_pbx: false, reason: Some(reason) },
    }
}

/// After an attempt ended without reaching anybody.
pub(super) fn after_ending(ending: &Ending) -> Next {
    let other_route = Next::FailOver {
        whole_pbx: ending.unwitnessed || ending.reason == Some(Reason::AriUnavailable),
        reason: ending.reason,
    };
    match ending.status {
        AttemptStatus::Busy
        | AttemptStatus::NoAnswer
        | AttemptStatus::Rejected
        | AttemptStatus::Answered
        | AttemptStatus::Acknowledged => Next::Redial,
        AttemptStatus::Failed if ending.unwitnessed => other_route,
        AttemptStatus::Failed => match judge(ending.sip_code, ending.hangup_cause).1 {
            Fault::Callee => Next::Redial,
            Fault::Trunk => other_route,
            Fault::Number => Next::Exhausted,
        },
        AttemptStatus::Refused => ending.reason.map_or(other_route, after_refusal),
        // Not started in time, or hung up by its host without our asking.
        AttemptStatus::Expired
        | AttemptStatus::Cancelled
        | AttemptStatus::Initiated
        | AttemptStatus::Placed => other_route,
    }
}

/// What the end of an attempt says of its route; `None` where it says nothing. A 404 may come from the
/// carrier's own routing or mean that the number does not exist, so it is held against nobody.
pub(super) fn evidence(event: &AttemptEvent) -> Option<Evidence> {
    match event {
        AttemptEvent::Answered => Some(Evidence::Works),
        AttemptEvent::Refused { reason, .. } => evidence_of_refusal(*reason),
        AttemptEvent::Ended(ending) => evidence_of_ending(ending),
        AttemptEvent::Originated { .. } | AttemptEvent::Ringing | AttemptEvent::Key { .. } => None,
    }
}

/// What its caps and its fence refuse says nothing of a trunk.
fn evidence_of_refusal(reason: Reason) -> Option<Evidence> {
    match after_refusal(reason) {
        _ if is_fullness(reason) => None,
        Next::FailOver { whole_pbx: true, .. } => Some(Evidence::HostFailed),
        Next::FailOver { whole_pbx: false, .. } | Next::Redial | Next::Exhausted | Next::Blocked(_) => None,
    }
}

fn evidence_of_ending(ending: &Ending) -> Option<Evidence> {
    match (ending.status, ending.reason) {
        (AttemptStatus::Refused, Some(reason)) => return evidence_of_refusal(reason),
        // Hung up because nobody needed it any more, or never started.
        (AttemptStatus::Cancelled | AttemptStatus::Expired, _) | (_, Some(Reason::NoPbx)) => return None,
        _ if ending.sip_code == Some(404) => return None,
        _ => {}
    }
    match after_ending(ending) {
        Next::Redial => Some(Evidence::Works),
        Next::FailOver { whole_pbx: true, .. } => Some(Evidence::HostFailed),
        Next::FailOver { whole_pbx: false, .. } => Some(Evidence::TrunkFailed),
        Next::Exhausted | Next::Blocked(_) => None,
    }
}

/// Refusals that say "later" and blame nobody, so that they cost no redial.
pub(super) fn is_fullness(reason: Reason) -> bool {
    matches!(reason, Reason::Capacity | Reason::RateLimited | Reason::Draining)
}
