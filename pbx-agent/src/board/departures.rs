//! How many INVITEs of each trunk may just have left: `max_calls_per_second` as a carrier counts it.
//!
//! The policy counts orders as they come. A disk that takes many of them at once, or an Asterisk that
//! was frozen and wakes, lets them leave together all the same; so they are counted again on their way out.

use crate::{ari::Originated, journal::Stored, ledger::Seen};
use shared::{ids::AttemptId, time::Timestamp};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// How long an INVITE counts after it is known to have left. A tenth less than the second: an order that
/// comes a second after another may be on disk and answered faster than that one was.
pub const WINDOW: Duration = Duration::from_millis(900);

/// INVITEs on their way, and those that have just left.
#[derive(Debug, Default)]
pub(super) struct Departures {
    /// Asked for, and not answered: it may leave at any moment, and so may all of them together. By
    /// attempt, with its trunk.
    asked: BTreeMap<AttemptId, String>,
    /// By trunk, the moments by which they had left, by the host's own clock.
    left: BTreeMap<String, VecDeque<Timestamp>>,
}

impl Departures {
    /// Of a trunk: how many may leave now, or have left within [`WINDOW`].
    pub fn now(&self, trunk: &str, now: Timestamp) -> usize {
        let asked = self.asked.values().filter(|of| *of == trunk).count();
        let left = self.left.get(trunk).into_iter().flatten();
        asked + left.filter(|at| now.since(**at) < WINDOW).count()
    }

    /// Asterisk is asked for a channel.
    pub fn asked(&mut self, attempt: AttemptId, trunk: &str) {
        self.asked.insert(attempt, trunk.to_owned());
    }

    /// What Asterisk said to it. Where its answer was lost, the request may still be in its queue.
    pub fn answered(&mut self, attempt: AttemptId, originated: &Originated, now: Timestamp) {
        match originated {
            Originated::Status { status: 200..300, .. } => self.has_left(attempt, now),
            Originated::Status { .. } | Originated::Lost { maybe_sent: false, .. } => {
                self.asked.remove(&attempt);
            }
            Originated::Lost { maybe_sent: true, .. } => {}
        }
    }

    /// Its channel was seen, or will never be: if an INVITE left, it was before now.
    pub fn has_left(&mut self, attempt: AttemptId, now: Timestamp) {
        if let Some(trunk) = self.asked.remove(&attempt) {
            self.note(&trunk, now);
        }
    }

    /// An order of an earlier run. When its INVITE left nobody knows, nor whether a frozen Asterisk has
    /// still to send it, unless the phone was picked up.
    pub fn recall(&mut self, stored: &Stored, now: Timestamp) {
        let is_live = matches!(stored.seen, Seen::Order { live: true, .. });
        let lately = |at: Timestamp| now.since(at) < WINDOW;
        match stored.answered_at.or(stored.ended_at) {
            None if is_live => self.asked(stored.attempt, &stored.trunk),
            Some(by) if lately(by) && !stored.trunk.is_empty() => self.note(&stored.trunk, by),
            None | Some(_) => {}
        }
    }

    fn note(&mut self, trunk: &str, by: Timestamp) {
        let left = self.left.entry(trunk.to_owned()).or_default();
        while left.front().is_some_and(|at| by.since(*at) >= WINDOW) {
            left.pop_front();
        }
        left.push_back(by);
    }
}
