//! What goes into the journal and comes out of it.

use crate::{
    call::{Plan, Progress, Subject},
    clock::Moment,
    ledger::{Came, Fingerprint, NumberMark, Seen},
};
use serde::{Deserialize, Serialize};
use shared::{
    ids::{AttemptId, CallId},
    order::Prompt,
    protocol::AttemptEvent,
    time::Timestamp,
};
use std::time::Duration;

/// An order that is about to be dialled. The number is not in it, only what counts its calls: after
/// the originate nobody needs it any more.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// The attempt.
    pub attempt: AttemptId,
    /// Which exact order.
    pub fingerprint: Fingerprint,
    /// Its trunk.
    pub trunk: String,
    /// Stands for its number.
    pub number: NumberMark,
    /// When it came.
    pub came: Came,
    /// What a restarted agent needs to go on.
    pub resume: Resume,
}

/// What a restarted agent needs to go on with a live attempt; erased when it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The call, for the log.
    pub call_id: CallId,
    /// How long it may ring, seconds.
    pub ring_seconds: u64,
    /// How long the conversation may last, seconds; counts against the trunk while it lives.
    pub talk_seconds: u64,
    /// What the callee hears; never with a code.
    pub prompt: Prompt,
    /// That it speaks one. An agent that was restarted meanwhile cannot, and hangs up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub speaks_code: bool,
}

impl Resume {
    /// For the state machine, after a restart.
    pub fn plan(&self) -> Plan {
        Plan {
            ring: Duration::from_secs(self.ring_seconds),
            talk: Duration::from_secs(self.talk_seconds),
            subject: if self.speaks_code { Subject::LostCode } else { Subject::Alert },
        }
    }
}

/// A report that has no number yet.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// The attempt.
    pub attempt: AttemptId,
    /// When: told on the corrected clock, counted on the host's.
    pub at: Moment,
    /// What happened.
    pub event: AttemptEvent,
    /// How far the attempt is with it.
    pub progress: Progress,
    /// Talk time to charge to the trunk; with the last report.
    pub talked: Duration,
    /// It was accepted and is over without having been dialled: it counts for no number.
    pub undialled: bool,
}

/// A remembered order.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The attempt.
    pub attempt: AttemptId,
    /// What is known of it.
    pub seen: Seen,
    /// Its trunk; empty for one that was refused.
    pub trunk: String,
    /// Stands for its number; `None` for one that was refused.
    pub number: Option<NumberMark>,
    /// When it came.
    pub came: Came,
    /// When it was picked up, by the host's clock.
    pub answered_at: Option<Timestamp>,
    /// When it ended, by the host's clock.
    pub ended_at: Option<Timestamp>,
    /// How far it got.
    pub progress: Progress,
    /// Talk time charged to its trunk.
    pub talked: Duration,
    /// What is needed to go on; `None` when it is over.
    pub resume: Option<Resume>,
}
