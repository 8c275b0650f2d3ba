//! What a turn is given.

use crate::fleet::session::AgentEvent;
use shared::ids::{AttemptId, CallId};

/// What a turn is given.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// What agents have said, in order.
    pub events: Vec<AgentEvent>,
    /// Orders of the last turn that did not leave.
    pub missed: Vec<Missed>,
    /// Calls that are due, where they are named one by one. A turn finds them itself.
    pub(in crate::dispatch) due: Vec<CallId>,
    /// Calls that wait for a PBX and may find one, where they are named one by one.
    pub(in crate::dispatch) woken: Vec<CallId>,
    /// A PBX may have become free, and nobody who waits for one was woken yet.
    pub(in crate::dispatch) freed: bool,
    /// The first turn of a process.
    pub(in crate::dispatch) is_first: bool,
    /// This machine's clock was set since the last turn, by so many microseconds.
    pub clock_set: Option<i64>,
}

/// An order that certainly did not leave.
#[derive(Clone, Copy, Debug)]
pub struct Missed {
    pub(super) call: CallId,
    pub(super) attempt: AttemptId,
}

impl Work {
    /// For the first turn of a process.
    pub fn first() -> Self {
        Self { is_first: true, ..Self::default() }
    }

    /// One piece each, but for what is only noted.
    pub(in crate::dispatch) fn split(self) -> Vec<Self> {
        let events = self.events.into_iter().map(|event| Self { events: vec![event], ..Self::default() });
        let missed = self.missed.into_iter().map(|missed| Self { missed: vec![missed], ..Self::default() });
        let due = self.due.into_iter().map(|call| Self { due: vec![call], ..Self::default() });
        let woken = self.woken.into_iter().map(|call| Self { woken: vec![call], ..Self::default() });
        let clock = self.clock_set.map(|by| Self { clock_set: Some(by), ..Self::default() });
        let first = self.is_first.then(Self::first);
        first.into_iter().chain(clock).chain(events).chain(missed).chain(due).chain(woken).collect()
    }

    /// Adds another's pieces.
    pub(in crate::dispatch) fn append(&mut self, mut other: Self) {
        self.events.append(&mut other.events);
        self.missed.append(&mut other.missed);
        self.due.append(&mut other.due);
        self.woken.append(&mut other.woken);
        self.freed |= other.freed;
        self.is_first |= other.is_first;
        if let Some(by) = other.clock_set {
            self.note_step(by);
        }
    }

    /// The clock was set, maybe once more.
    pub fn note_step(&mut self, by: i64) {
        self.clock_set = Some(self.clock_set.map_or(by, |before| before + by));
    }

    /// There is nothing to be done.
    pub(in crate::dispatch) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.missed.is_empty()
            && self.due.is_empty()
            && self.woken.is_empty()
            && !self.freed
            && !self.is_first
            && self.clock_set.is_none()
    }

    /// What it is, for the log.
    pub(in crate::dispatch) fn name(&self) -> &'static str {
        match self.events.first() {
            Some(AgentEvent::Connected(_)) => "connected",
            Some(AgentEvent::Forgotten(..)) => "an agent that remembers more than the database",
            Some(AgentEvent::Disconnected(_)) => "disconnected",
            Some(AgentEvent::Freed(_)) => "freed",
            Some(AgentEvent::Report(..)) => "report",
            Some(AgentEvent::Standing(..)) => "standing",
            None if self.is_first || self.clock_set.is_some() => "clock",
            None if !self.missed.is_empty() => "missed order",
            None if self.due.is_empty() => "waiting call",
            None => "due call",
        }
    }
}
