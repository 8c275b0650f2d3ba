//! What a call wants.

use crate::fleet::choice::{Candidate, Tried};
use shared::{
    ids::{AttemptId, PbxId},
    time::Timestamp,
};

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask the fleet for a route, and come back with `Offered` or `NoCandidate` at once.
    Choose {
        /// Where not to try.
        avoid: Vec<Tried>,
    },
    /// Write the attempt down, and once that is durable send its order.
    Send(Send),
    /// Tell the host to hang up, or not to start.
    CancelAttempt {
        /// Which.
        attempt: AttemptId,
        /// On which host.
        pbx: PbxId,
    },
    /// Nothing was heard of the attempt's end in time; its fate stays open in the log.
    GiveUp {
        /// Which.
        attempt: AttemptId,
    },
    /// The attempt is over and was never started.
    CloseUnstarted {
        /// Which.
        attempt: AttemptId,
    },
}

/// An attempt to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// Its id.
    pub attempt: AttemptId,
    /// Over which route.
    pub route: Candidate,
    /// After this moment no agent starts it.
    pub expires_at: Timestamp,
    /// How long the phone may ring, seconds.
    pub ring_seconds: u16,
    /// An earlier attempt may have rung the phone already.
    pub possible_duplicate: bool,
}
