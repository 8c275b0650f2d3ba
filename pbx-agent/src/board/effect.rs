//! What the board wants.

use crate::{
    call::{Part, Sound},
    clock::Moment,
    journal::{NewReport, OrderRow},
    ledger::{Came, Fingerprint},
};
use shared::{
    ids::AttemptId,
    order::Prompt,
    protocol::{AttemptStanding, Health},
};
use std::{fmt, time::Duration};

/// What the driver must do. Those for the journal reach it in their order of appearance.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Journal an order: [`super::Input::Journalled`] once it is durable, and not before.
    Enter(Box<OrderRow>),
    /// Journal a refused order, so that its repetition is known. Nobody waits for it; while the disk
    /// refuses, kept and tried again.
    Remember {
        /// The attempt.
        attempt: AttemptId,
        /// Which exact order.
        fingerprint: Fingerprint,
        /// When it came.
        came: Came,
    },
    /// Number, journal and send a report; while the disk refuses, kept and tried again.
    Append(Box<NewReport>),
    /// Journal that these were asked for and had never come: [`super::Input::Burned`] where there is a
    /// ticket. While the disk refuses, kept and tried again.
    Burn {
        /// Which.
        attempts: Vec<AttemptId>,
        /// When they were asked for.
        came: Came,
        /// The question; `None` for a cancellation, which nobody answers.
        ticket: Option<u64>,
    },
    /// Forget in the journal too what is old at this moment.
    Prune(Moment),
    /// Answer a question.
    Answer {
        /// Which.
        ticket: u64,
        /// One for each attempt, in the order in which they were asked.
        standings: Vec<AttemptStanding>,
    },
    /// This host remembers as much as it can: the question stays open, and is asked again on the next link.
    LeaveUnanswered {
        /// Which.
        ticket: u64,
    },
    /// Ask Asterisk for a channel: [`super::Input::Originated`]. Appears once for an attempt, and only
    /// in answer to its [`super::Input::Journalled`].
    Originate(Box<Dial>),
    /// Play to a channel.
    Play(Box<Playback>),
    /// Stop a playback.
    Stop {
        /// The attempt, for the log.
        attempt: AttemptId,
        /// Id of the playback in Asterisk.
        playback: String,
    },
    /// Hang up the attempt's channel.
    HangUp(AttemptId),
    /// Look for the attempt's channel: [`super::Input::Looked`].
    Look(AttemptId),
    /// Hang up a channel of ours that belongs to no attempt under way.
    HangUpStray {
        /// Its id.
        channel: String,
    },
    /// Send again whatever is unacknowledged: an order came twice.
    ResendReports,
    /// Tell the link and `status` how the host is; often the same as before.
    PublishHealth(Box<Health>),
}

/// What an originate needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Dial {
    /// The attempt; also the id of the channel.
    pub attempt: AttemptId,
    /// Dial string with the number in it.
    pub endpoint: String,
    /// Shown to the callee.
    pub caller_id: Option<String>,
    /// How long it may ring.
    pub ring: Duration,
    /// What the callee will hear, to be rendered while the phone rings.
    pub prompt: Prompt,
}

/// Without the number.
impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("attempt", &self.attempt)
            .field("ring", &self.ring)
            .finish_non_exhaustive()
    }
}

/// One playback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playback {
    /// The attempt; also the id of the channel.
    pub attempt: AttemptId,
    /// Number of the playback on that channel.
    pub play: u32,
    /// Its id, unique in the whole Asterisk.
    pub playback: String,
    /// What is said.
    pub part: Part,
    /// Words or tone.
    pub sound: Sound,
    /// Where the words come from.
    pub prompt: Prompt,
}
