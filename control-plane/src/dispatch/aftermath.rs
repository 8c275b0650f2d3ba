//! What a step of a call means for its alert.

use super::{
    alerts, attempts,
    call::Input,
    queue::Queued,
    timeline::{self, Entry, Kind},
};
use crate::store::{StoreError, Tx};
use shared::{ids::AttemptId, outcome::CallStatus, protocol::AttemptEvent, time::Timestamp};

/// What a host had reported when a call took its step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported {
    attempt: AttemptId,
    key: Option<char>,
}

impl Reported {
    /// `None` where it was no report that moved the call.
    pub(super) fn of(input: &Input) -> Option<Self> {
        let Input::Report { attempt, event } = input else { return None };
        let key = if let AttemptEvent::Key { digit } = event { Some(*digit) } else { None };
        Some(Self { attempt: *attempt, key })
    }
}

/// Takes the alert for whoever was reached, or writes down that nobody was. Each key that a host
/// reports leaves one entry: the one that took the alert, or its own.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    call: &Queued,
    before: CallStatus,
    reported: Option<Reported>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let status = call.machine.status();
    // What was done on a phone that the call has left since was not done by whom it rings now.
    let left = match reported {
        Some(Reported { attempt, .. }) => !attempts::is_to(tx, attempt, &call.destination)?,
        None => false,
    };
    let here = |entry| Entry {
        account: Some(call.account_id).filter(|_| !left),
        call: Some(call.id),
        attempt: reported.map(|reported| reported.attempt),
        ..entry
    };
    let mut taken = false;
    if status != before {
        match status {
            CallStatus::Acknowledged | CallStatus::Answered => {
                let way = if status == CallStatus::Answered { "answer" } else { "key" };
                let detail = Some(way.to_owned());
                let acknowledged = here(Entry { detail, ..Entry::of(Kind::Acknowledged, now) });
                taken = alerts::taken(tx, call.alert_id, &acknowledged)?;
            }
            CallStatus::Exhausted | CallStatus::Expired | CallStatus::Blocked => {
                let ended = here(Entry::call_ended(status, call.machine.reason(), now));
                timeline::record(tx, call.alert_id, &ended)?;
                alerts::note_unreached(tx, call.alert_id, now)?;
            }
            // Not over yet, or no longer needed.
            CallStatus::Queued | CallStatus::Calling | CallStatus::Cancelled => {}
        }
    }
    match reported.and_then(|reported| reported.key) {
        Some(key) if !taken => {
            let pressed = here(Entry { detail: Some(key.to_string()), ..Entry::of(Kind::Key, now) });
            timeline::record(tx, call.alert_id, &pressed)
        }
        Some(_) | None => Ok(()),
    }
}
