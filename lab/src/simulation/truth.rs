//! What really happened, which no program knows, and what must never happen.

mod checks;
mod clear;
mod judgement;
mod people;
mod setbacks;

pub use people::Change;

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

/// Keys that were pressed in an attempt.
#[derive(Clone, Debug, Default)]
struct Keys {
    /// Those that must be told of.
    digits: Vec<char>,
    /// How many more may be: a setback has cost them, or may bring them a second time.
    more: usize,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Truth {
    answered: BTreeSet<usize>,
    /// Until when each order may be started, and how far ahead the control plane's clock was then.
    orders: BTreeMap<AttemptId, (Timestamp, i64)>,
    /// When each call was stored.
    born: BTreeMap<CallId, Timestamp>,
    /// Their calls.
    calls: BTreeMap<AttemptId, CallId>,
    /// Channels that were asked for.
    originates: BTreeMap<AttemptId, Vec<Timestamp>>,
    /// The host that each was ordered from.
    hosts: BTreeMap<AttemptId, usize>,
    /// Of which a host that has lost its journal, or is back to an older copy, knows nothing any more.
    unknown_to_host: BTreeSet<AttemptId>,
    /// Of which a restored database knows nothing any more.
    unknown_to_plane: BTreeSet<AttemptId>,
    /// Requests that came after the backup which was restored.
    lost: BTreeSet<usize>,
    restored: bool,
    /// What the copy of each host's journal holds.
    copies: BTreeMap<usize, setbacks::Copy>,
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
    keys: BTreeMap<AttemptId, Keys>,
    /// Numbers that have asked to be left alone and stand in the database.
    unwanted: BTreeSet<String>,
    /// Those too that a restored database has forgotten.
    ever_unwanted: BTreeSet<String>,
    /// When the control plane was last started.
    started: Option<Timestamp>,
    broken: Option<Broken>,
    made: u64,
}

impl Truth {
    /// A webhook was answered 202.
    pub fn answered(&mut self, webhook: usize) {
        self.answered.insert(webhook);
    }

    /// A webhook is stored, and these calls with it; maybe since an earlier moment.
    pub fn stored(&mut self, calls: impl Iterator<Item = CallId>, now: Timestamp) {
        for call in calls {
            self.born.entry(call).or_insert(now);
        }
    }

    /// The control plane is started.
    pub fn started(&mut self, now: Timestamp) {
        self.started = Some(now);
    }

    /// Whether a call may end as a duplicate: only one that a restored database held at a start.
    fn may_be_duplicate(&self, call: CallId) -> bool {
        self.restored && self.started.zip(self.born.get(&call)).is_none_or(|(started, born)| *born <= started)
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

    /// What a host counts against its caps is not reliable any more.
    pub fn caps_forgotten(&mut self, host: usize) {
        self.uncapped.insert(host);
    }

    /// A key is in a journal.
    pub fn journalled_key(&mut self, attempt: AttemptId, event: &AttemptEvent) {
        if let AttemptEvent::Key { digit } = event {
            self.keys.entry(attempt).or_default().digits.push(*digit);
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
