//! What really happened, which no program knows, and what must never happen.

mod checks;
mod clear;
mod judgement;
mod people;

pub use people::Change;

use super::plane::idempotency_key;
use shared::{
    ids::{AttemptId, CallId},
    order::Order,
    protocol::AttemptEvent,
    time::Timestamp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// After a connection is made, unless something goes wrong meanwhile, both ends agree about every attempt.
pub const RECONCILED_WITHIN: Duration = Duration::from_secs(5);
/// Routes that a call may try within a second; after them it pauses.
const MOST_AT_ONCE: usize = 10;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

/// What happened.
#[derive(Debug, Default)]
pub struct Truth {
    answered: BTreeSet<usize>,
    /// Until when each order may be started, and how far ahead the control plane's clock was then.
    orders: BTreeMap<AttemptId, (Timestamp, i64)>,
    /// Their calls.
    calls: BTreeMap<AttemptId, CallId>,
    /// Channels that were asked for.
    originates: BTreeMap<AttemptId, Vec<Timestamp>>,
    /// The host that each was ordered from.
    hosts: BTreeMap<AttemptId, usize>,
    /// Of which a lost journal or a restored database may know nothing any more.
    forgotten: BTreeSet<AttemptId>,
    /// Requests that came after the backup which was restored.
    lost: BTreeSet<usize>,
    restored: bool,
    /// Hosts that have lost a journal, and with it what would have shown that the database is old.
    mute: BTreeSet<usize>,
    /// Of which a host with an older copy of its own journal says in good faith that it never saw them.
    denied: BTreeSet<AttemptId>,
    /// Hosts whose caps were lost with the journal, or whose own clock was set.
    uncapped: BTreeSet<usize>,
    /// Channels made, by number, for the cap of calls to a number.
    to_number: BTreeMap<(usize, String), Vec<Timestamp>>,
    /// Channels made, by host and trunk, for the cap of calls within a second.
    on_trunk: BTreeMap<(usize, usize), Vec<Timestamp>>,
    rang: BTreeSet<AttemptId>,
    /// Where key 1 was pressed, whether or not anybody heard it.
    pressed: BTreeSet<AttemptId>,
    /// Which were answered.
    picked_up: BTreeSet<AttemptId>,
    /// When orders left, by call.
    left: BTreeMap<CallId, Vec<Timestamp>>,
    /// When channels ended.
    ended: BTreeMap<AttemptId, Timestamp>,
    /// When nothing stood between the dispatcher and the phones.
    clear: clear::Clear,
    /// Which alerts people have taken or closed.
    changes: Vec<people::Change>,
    /// Keys that a journal holds.
    keys: BTreeMap<AttemptId, Vec<char>>,
    broken: Option<Broken>,
    made: u64,
}

impl Truth {
    /// A webhook was answered 202.
    pub fn answered(&mut self, webhook: usize) {
        self.answered.insert(webhook);
    }

    /// Whether a webhook was answered 202.
    pub fn is_answered(&self, webhook: usize) -> bool {
        self.answered.contains(&webhook)
    }

    /// An order left.
    pub fn ordered(&mut self, order: &Order, host: usize, now: Timestamp, ahead: i64) {
        self.hosts.insert(order.attempt_id, host);
        self.orders.insert(order.attempt_id, (order.expires_at.shifted(-ahead), ahead));
        self.calls.insert(order.attempt_id, order.call_id);
        let left = self.left.entry(order.call_id).or_default();
        left.retain(|at| now.since(*at) < Duration::from_secs(1));
        left.push(now);
        let times = left.len();
        if times > MOST_AT_ONCE {
            self.broken(format!("call {} is ordered {times} times within a second", order.call_id));
        }
    }

    /// An agent asked for a channel.
    pub fn originated(&mut self, now: Timestamp, attempt: AttemptId, made: bool) {
        let originates = self.originates.entry(attempt).or_default();
        originates.push(now);
        self.made += u64::from(made);
        let times = originates.len();
        if times > 1 {
            self.broken(format!("attempt {attempt} is originated {times} times"));
        }
    }

    /// A key is pressed, whether or not anybody hears it.
    pub fn pressed(&mut self, channel: &str, key: char) {
        if let (Ok(attempt), '1') = (channel.parse(), key) {
            self.pressed.insert(attempt);
        }
    }

    /// A call is answered.
    pub fn picked_up(&mut self, channel: &str) {
        if let Ok(attempt) = channel.parse() {
            self.picked_up.insert(attempt);
        }
    }

    /// A channel ends.
    pub fn ended(&mut self, now: Timestamp, channel: &str) {
        if let Ok(attempt) = channel.parse() {
            self.ended.insert(attempt, now);
        }
    }

    /// A host has lost its journal, with reports about these.
    pub fn journal_lost(&mut self, host: usize, unheard: impl Iterator<Item = AttemptId>) {
        for attempt in unheard {
            self.keys.remove(&attempt);
        }
        let of_host = self.hosts.iter().filter(|(_, other)| **other == host);
        self.forgotten.extend(of_host.map(|(attempt, _)| *attempt));
        self.uncapped.insert(host);
        self.mute.insert(host);
    }

    /// A host is back to an older journal: what it knew since is lost, and what it said since may come again.
    pub fn journal_restored(&mut self, host: usize) {
        let of_host: Vec<AttemptId> =
            self.hosts.iter().filter(|(_, other)| **other == host).map(|(attempt, _)| *attempt).collect();
        self.denied.extend(&of_host);
        self.journal_lost(host, of_host.into_iter());
    }

    /// What a host counts against its caps is not reliable any more.
    pub fn caps_forgotten(&mut self, host: usize) {
        self.uncapped.insert(host);
    }

    /// The database is back to where it held only these requests, by their idempotency keys.
    pub fn restored(&mut self, kept: &[String]) {
        let is_lost = |webhook: &&usize| !kept.contains(&idempotency_key(**webhook));
        self.lost.extend(self.answered.iter().filter(is_lost));
        self.restored = true;
        self.forgotten.extend(self.orders.keys());
        self.keys.clear();
        // Those from before the backup stand in it, but nobody kept apart which they were.
        self.changes.clear();
    }

    /// A key is in a journal.
    pub fn journalled_key(&mut self, attempt: AttemptId, event: &AttemptEvent) {
        if let AttemptEvent::Key { digit } = event {
            self.keys.entry(attempt).or_default().push(*digit);
        }
    }

    /// Something that must never happen did.
    pub fn broken(&mut self, what: String) {
        self.broken.get_or_insert(Broken(what));
    }

    /// Whether everything holds so far.
    pub fn verdict(&self) -> Result<(), Broken> {
        self.broken.clone().map_or(Ok(()), Err)
    }
}
