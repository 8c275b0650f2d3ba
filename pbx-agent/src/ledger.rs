//! What the journal knows, in memory: orders seen, and how much of each trunk's caps is used.
//!
//! Plain data with `now` passed in, so that [`crate::policy`] stays a pure function of it. Filled
//! from the journal at start, which is how caps and repetition survive a restart. Everything is
//! counted on the host's own clock: the control plane's could be moved by whoever stole it.

#[cfg(test)]
mod tests;

use crate::{clock::Moment, config::Trunk, journal::Stored};
use sha2::{Digest, Sha256};
use shared::{ids::AttemptId, order::SignedOrder, phone::E164, protocol::Standing, time::Timestamp};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// `max_calls_per_second` counts within this time.
const SECOND: Duration = Duration::from_secs(1);
/// Orders are remembered this long; none may be older when it arrives.
pub const MEMORY: Duration = Duration::from_secs(48 * 3600);
/// Attempts that are remembered at once, 48 hours of almost six a second: whoever stole the control plane
/// must not fill this host's memory and disk.
const MOST_REMEMBERED: usize = 1_000_000;
/// `max_calls_per_number` counts within this time.
pub const NUMBER_WINDOW: Duration = Duration::from_secs(600);
const DAY_MICROS: i64 = 86_400_000_000;

/// SHA-256 of an order's exact envelope: the same order again, or another under the same id?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Of the bytes that were signed, as they travelled, and the signature.
    pub fn of(order: &SignedOrder) -> Self {
        let mut hasher = Sha256::new();
        for part in [&order.key_id, &order.order, &order.signature] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

/// Stands for a number: enough to count its calls, so that the journal need not list whom it rang.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberMark(pub u32);

impl NumberMark {
    /// Of a number.
    pub fn of(number: &E164) -> Self {
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(number.as_str()));
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

/// What is known of an attempt id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// An order came; whether it still runs.
    Order {
        /// Which exact order.
        fingerprint: Fingerprint,
        /// Under way.
        live: bool,
    },
    /// The control plane was told that it never came, so it must not start any more.
    NeverCame,
}

/// When an order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// By the host's own clock.
    pub at: Timestamp,
    /// When it was issued, by the control plane's clock; of an order that never came, a moment before
    /// which it must have been.
    pub issued: Timestamp,
}

impl Came {
    /// Of an id that was asked for: what it names was issued before now.
    pub fn never(now: Moment) -> Self {
        Self { at: now.local, issued: now.corrected }
    }
}

/// One remembered attempt.
#[derive(Clone, Copy, Debug)]
struct Entry {
    seen: Seen,
    came: Came,
}

/// Talk time of a trunk that is used or promised.
#[derive(Clone, Debug, Default)]
struct Usage {
    /// Live attempts and the talk time each may still use.
    live: BTreeMap<AttemptId, Duration>,
    /// Starts within the last second.
    recent: VecDeque<Timestamp>,
    /// UTC day that `talked` counts.
    day: i64,
    talked: Duration,
}

/// Everything remembered.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    seen: BTreeMap<AttemptId, Entry>,
    trunks: BTreeMap<String, Usage>,
    /// The latest issue of any order that was forgotten: what is older may be a repetition.
    forgotten: Option<Timestamp>,
    /// Starts within [`NUMBER_WINDOW`].
    numbers: BTreeMap<NumberMark, VecDeque<Timestamp>>,
}

/// What is left of a trunk's caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Calls under way.
    pub active: u32,
    /// Calls started within the last second.
    pub last_second: u32,
    /// Talk time of today that is neither used nor promised to a live call.
    pub talk_left: Duration,
}

impl Ledger {
    /// With what an earlier run has forgotten already.
    pub fn with_forgotten(forgotten: Option<Timestamp>) -> Self {
        Self { forgotten, ..Self::default() }
    }

    /// What is known of an attempt id; `None` if it was never heard of.
    pub fn seen(&self, attempt: AttemptId) -> Option<Seen> {
        self.seen.get(&attempt).map(|entry| entry.seen)
    }

    /// Whether no more can be remembered, so that nothing new may be dialled or answered for.
    pub fn is_full(&self) -> bool {
        self.seen.len() >= MOST_REMEMBERED
    }

    /// For the answer to a query.
    pub fn standing(&self, attempt: AttemptId) -> Standing {
        match self.seen(attempt) {
            None | Some(Seen::NeverCame) => Standing::NeverSeen,
            Some(Seen::Order { live: true, .. }) => Standing::Live,
            Some(Seen::Order { live: false, .. }) => Standing::Over,
        }
    }

    /// Whether an order of this age may have been known and forgotten. No clock is asked, so none can
    /// be moved to make a repetition look new.
    pub fn may_have_forgotten(&self, issued: Timestamp) -> bool {
        self.forgotten.is_some_and(|forgotten| issued <= forgotten)
    }

    /// What is left of a trunk's caps now. A day that lies in the future counts as today.
    pub fn room(&self, trunk: &Trunk, now: Timestamp) -> Room {
        let cap = Duration::from_secs(u64::from(trunk.max_minutes_per_day) * 60);
        let Some(usage) = self.trunks.get(&trunk.name) else {
            return Room { active: 0, last_second: 0, talk_left: cap };
        };
        let talked = if usage.day >= day(now) { usage.talked } else { Duration::ZERO };
        let promised: Duration = usage.live.values().sum();
        Room {
            active: count(usage.live.len()),
            last_second: count(usage.recent.iter().filter(|start| now.since(**start) < SECOND).count()),
            talk_left: cap.saturating_sub(talked).saturating_sub(promised),
        }
    }

    /// Calls to a number that were started within [`NUMBER_WINDOW`], over whichever trunk.
    pub fn calls_to(&self, number: NumberMark, now: Timestamp) -> u32 {
        let starts = self.numbers.get(&number).into_iter().flatten();
        count(starts.filter(|start| now.since(**start) < NUMBER_WINDOW).count())
    }

    /// An order is obeyed: it counts against its trunk from now on.
    pub fn start(
        &mut self,
        attempt: AttemptId,
        fingerprint: Fingerprint,
        trunk: &str,
        number: Option<NumberMark>,
        talk: Duration,
        came: Came,
    ) {
        self.remember(attempt, Seen::Order { fingerprint, live: true }, came);
        self.count_start(trunk, number, came.at);
        self.trunks.entry(trunk.to_owned()).or_default().live.insert(attempt, talk);
    }

    /// A call was started on a trunk, by this run or an earlier one. Called in the order of time.
    pub fn count_start(&mut self, trunk: &str, number: Option<NumberMark>, at: Timestamp) {
        note(&mut self.trunks.entry(trunk.to_owned()).or_default().recent, at, SECOND);
        if let Some(number) = number {
            note(self.numbers.entry(number).or_default(), at, NUMBER_WINDOW);
        }
    }

    /// A call that was started at this moment was not dialled in the end, so its number has one less.
    pub fn take_back(&mut self, number: NumberMark, at: Timestamp) {
        let Some(starts) = self.numbers.get_mut(&number) else { return };
        if let Some(place) = starts.iter().position(|start| *start == at) {
            starts.remove(place);
        }
    }

    /// A live attempt is over, after so much conversation.
    pub fn finish(&mut self, attempt: AttemptId, trunk: &str, talked: Duration, now: Timestamp) {
        if let Some(Entry { seen: Seen::Order { live, .. }, .. }) = self.seen.get_mut(&attempt) {
            *live = false;
        }
        let usage = self.trunks.entry(trunk.to_owned()).or_default();
        usage.live.remove(&attempt);
        if usage.day < day(now) {
            usage.day = day(now);
            usage.talked = Duration::ZERO;
        }
        if usage.day == day(now) {
            usage.talked += talked;
        }
    }

    /// An order was refused, or its id is not to be used any more.
    pub fn remember(&mut self, attempt: AttemptId, seen: Seen, came: Came) {
        self.seen.insert(attempt, Entry { seen, came });
    }

    /// What an earlier run journalled, in the order of time.
    pub fn recall(&mut self, stored: &Stored) {
        let Stored { attempt, seen, trunk, number, came, ended_at, talked, resume, .. } = stored;
        match (seen, resume) {
            (Seen::Order { fingerprint, live: true }, Some(resume)) => {
                self.start(*attempt, *fingerprint, trunk, *number, resume.plan().talk, *came);
            }
            (Seen::Order { .. } | Seen::NeverCame, _) => {
                self.remember(*attempt, *seen, *came);
                // Refused orders have none.
                if !trunk.is_empty() {
                    self.count_start(trunk, *number, came.at);
                }
                if !talked.is_zero() {
                    self.finish(*attempt, trunk, *talked, ended_at.unwrap_or(came.at));
                }
            }
        }
    }

    /// Attempts under way on a trunk.
    pub fn active_on(&self, trunk: &str) -> u32 {
        self.trunks.get(trunk).map_or(0, |usage| count(usage.live.len()))
    }

    /// Attempts under way.
    pub fn active(&self) -> u32 {
        self.trunks.values().map(|usage| count(usage.live.len())).sum()
    }

    /// Forgets what is not under way and older than [`MEMORY`], by the host's clock and by whichever
    /// clock says less of its issue. A control plane that lies can make it remember longer, no more.
    pub fn prune(&mut self, now: Moment) {
        let forgotten = &mut self.forgotten;
        self.seen.retain(|_, Entry { seen, came }| {
            let old = now.local.since(came.at) >= MEMORY && now.earlier().since(came.issued) >= MEMORY;
            let kept = !old || matches!(seen, Seen::Order { live: true, .. });
            if !kept {
                *forgotten = (*forgotten).max(Some(came.issued));
            }
            kept
        });
        self.numbers
            .retain(|_, starts| starts.back().is_some_and(|last| now.local.since(*last) < NUMBER_WINDOW));
    }
}

/// UTC day since the epoch.
pub fn day(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(DAY_MICROS)
}

/// Adds a moment and forgets what lies further back than `window`.
fn note(starts: &mut VecDeque<Timestamp>, at: Timestamp, window: Duration) {
    while starts.front().is_some_and(|start| at.since(*start) >= window) {
        starts.pop_front();
    }
    starts.push_back(at);
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
