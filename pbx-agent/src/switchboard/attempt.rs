//! One attempt on the switchboard: its state machine and what surrounds it.

use crate::{
    call::Call,
    journal::{JournalError, Resume},
};
use shared::{ids::AttemptId, time::Timestamp};
use std::{
    fmt,
    pin::Pin,
    time::{Duration, Instant},
};

/// What the originate needs, once.
pub(super) struct Dial {
    /// Done when the order is on disk.
    pub entered: Pin<Box<dyn Future<Output = Result<(), JournalError>> + Send>>,
    /// Dial string with the number in it.
    pub endpoint: String,
    /// Shown to the callee.
    pub caller_id: Option<String>,
    /// How long it may ring.
    pub ring: Duration,
    /// When the order was taken from the link.
    pub taken: Instant,
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial").field("ring", &self.ring).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub call: Call,
    pub trunk: String,
    pub resume: Resume,
    /// On the corrected clock.
    pub answered_at: Option<Timestamp>,
    pub dial: Option<Dial>,
}

impl Attempt {
    pub fn new(call: Call, trunk: String, resume: Resume, dial: Option<Dial>) -> Self {
        Self { call, trunk, resume, answered_at: None, dial }
    }

    /// Talk time to charge, in whole seconds begun.
    pub fn talked(&self, now: Timestamp) -> Duration {
        let Some(answered_at) = self.answered_at else { return Duration::ZERO };
        let begun = now.since(answered_at).as_secs_f64().ceil() as u64;
        Duration::from_secs(begun.min(self.resume.talk_seconds))
    }

    /// The number of a playback, if it is one of this run.
    pub fn play_number(&self, attempt: AttemptId, run: u32, playback: &str) -> Option<u32> {
        playback.strip_prefix(&playback_prefix(attempt, run))?.parse().ok()
    }
}

/// Playback ids are unique in the whole Asterisk.
pub(super) fn playback_prefix(attempt: AttemptId, run: u32) -> String {
    format!("{attempt}.{run:08x}.")
}
