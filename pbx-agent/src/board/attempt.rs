//! One attempt on the board: on its way to the disk, then its state machine and what surrounds it.

use super::Dial;
use crate::{call::Call, journal::Resume, ledger::NumberMark};
use shared::{ids::AttemptId, order::Prompt, time::Timestamp};
use std::time::Duration;

/// An order that the journal was given and has not answered for yet.
#[derive(Debug)]
pub(super) struct Entering {
    pub trunk: String,
    /// Counted by the ledger at this moment.
    pub number: NumberMark,
    pub came_at: Timestamp,
    pub resume: Resume,
    pub dial: Box<Dial>,
    /// By the control plane's clock: from then on it must not be dialled, however slow the disk was.
    pub expires_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub call: Call,
    pub trunk: String,
    pub resume: Resume,
    /// What the callee hears, with a code that is in no journal.
    pub prompt: Prompt,
    /// By the host's own clock.
    pub answered_at: Option<Timestamp>,
    /// Until it is dialled; an attempt of an earlier run never is again.
    pub dial: Option<Box<Dial>>,
}

impl Attempt {
    /// Talk time to charge, in whole seconds begun.
    pub fn talked(&self, now: Timestamp) -> Duration {
        let Some(answered_at) = self.answered_at else { return Duration::ZERO };
        let begun = now.since(answered_at).as_secs_f64().ceil() as u64;
        Duration::from_secs(begun.min(self.resume.talk_seconds))
    }
}

/// Playback ids are unique in the whole Asterisk.
pub(super) fn playback_id(attempt: AttemptId, run: u32, play: u32) -> String {
    format!("{attempt}.{run:08x}.{play}")
}

/// The number of a playback, if it is one of this run.
pub(super) fn play_number(attempt: AttemptId, run: u32, playback: &str) -> Option<u32> {
    playback.strip_prefix(&format!("{attempt}.{run:08x}."))?.parse().ok()
}
