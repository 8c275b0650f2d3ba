//! What the journal knows, in memory: orders seen, and how much of each trunk's caps is used.
//!
//! Plain data with `now` passed in, so that [`crate::policy`] stays a pure function of it. Filled
//! from the journal at start, which is how caps and repetition survive a restart.

use crate::config::Trunk;
use sha2::{Digest, Sha256};
use shared::{ids::AttemptId, order::SignedOrder, phone::E164, protocol::Standing, time::Timestamp};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// `max_calls_per_second` counts within this time.
const SECOND: Duration = Duration::from_secs(1);
/// Orders are remembered this long; none may be older when it arrives.
pub const MEMORY: Duration = Duration::from_secs(48 * 3600);
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// One remembered attempt.
#[derive(Clone, Copy, Debug)]
struct Entry {
    seen: Seen,
    at: Timestamp,
}

/// Talk time of a trunk that is used or promised.
#[derive(Clone, Debug, Default)]
struct Usage {
    /// Live attempts and the talk time each may still use.
    live: HashMap<AttemptId, Duration>,
    /// Starts within the last second.
    recent: VecDeque<Timestamp>,
    /// UTC day that `talked` counts.
    day: i64,
    talked: Duration,
}

/// Everything remembered.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    seen: HashMap<AttemptId, Entry>,
    trunks: HashMap<String, Usage>,
    /// Starts within [`NUMBER_WINDOW`].
    numbers: HashMap<NumberMark, VecDeque<Timestamp>>,
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
    /// What is known of an attempt id; `None` if it was never heard of.
    pub fn seen(&self, attempt: AttemptId) -> Option<Seen> {
        self.seen.get(&attempt).map(|entry| entry.seen)
    }

    /// For the answer to a query.
    pub fn standing(&self, attempt: AttemptId) -> Standing {
        match self.seen(attempt) {
            None | Some(Seen::NeverCame) => Standing::NeverSeen,
            Some(Seen::Order { live: true, .. }) => Standing::Live,
            Some(Seen::Order { live: false, .. }) => Standing::Over,
        }
    }

    /// What is left of a trunk's caps now.
    pub fn room(&self, trunk: &Trunk, now: Timestamp) -> Room {
        let cap = Duration::from_secs(u64::from(trunk.max_minutes_per_day) * 60);
        let Some(usage) = self.trunks.get(&trunk.name) else {
            return Room { active: 0, last_second: 0, talk_left: cap };
        };
        let talked = if usage.day == day(now) { usage.talked } else { Duration::ZERO };
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
        now: Timestamp,
    ) {
        self.remember(attempt, Seen::Order { fingerprint, live: true }, now);
        self.count_start(trunk, number, now);
        self.trunks.entry(trunk.to_owned()).or_default().live.insert(attempt, talk);
    }

    /// A call was started on a trunk, by this run or an earlier one. Called in the order of time.
    pub fn count_start(&mut self, trunk: &str, number: Option<NumberMark>, at: Timestamp) {
        note(&mut self.trunks.entry(trunk.to_owned()).or_default().recent, at, SECOND);
        if let Some(number) = number {
            note(self.numbers.entry(number).or_default(), at, NUMBER_WINDOW);
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
    pub fn remember(&mut self, attempt: AttemptId, seen: Seen, at: Timestamp) {
        self.seen.insert(attempt, Entry { seen, at });
    }

    /// Attempts under way on a trunk.
    pub fn active_on(&self, trunk: &str) -> u32 {
        self.trunks.get(trunk).map_or(0, |usage| count(usage.live.len()))
    }

    /// Attempts under way.
    pub fn active(&self) -> u32 {
        self.trunks.values().map(|usage| count(usage.live.len())).sum()
    }

    /// Forgets what is older than [`MEMORY`] and not under way.
    pub fn prune(&mut self, now: Timestamp) {
        self.seen.retain(|_, entry| {
            now.since(entry.at) < MEMORY || matches!(entry.seen, Seen::Order { live: true, .. })
        });
        self.numbers.retain(|_, starts| starts.back().is_some_and(|last| now.since(*last) < NUMBER_WINDOW));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use uuid::Uuid;

    const NOON: Timestamp = Timestamp::from_micros(20_000 * DAY_MICROS + DAY_MICROS / 2);
    const MINUTE: Duration = Duration::from_secs(60);

    /// Of the example: 10 calls at once, 5 a second, 600 minutes a day.
    fn trunk() -> Trunk {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.toml");
        std::fs::write(&path, include_str!("../agent.example.toml")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Config::load(&path).unwrap().trunks.remove(0)
    }

    fn attempt(number: u128) -> AttemptId {
        AttemptId::new(Uuid::from_u128(number))
    }

    fn begin(ledger: &mut Ledger, number: u128, at: Timestamp) {
        ledger.start(attempt(number), Fingerprint([0; 32]), "zadarma", Some(NumberMark(7)), 2 * MINUTE, at);
    }

    #[test]
    fn a_live_call_holds_its_place_and_its_promised_minutes() {
        let (mut ledger, trunk) = (Ledger::default(), trunk());
        begin(&mut ledger, 1, NOON);
        let room = ledger.room(&trunk, NOON);
        assert_eq!((room.active, room.last_second, room.talk_left), (1, 1, 598 * MINUTE));
        ledger.finish(attempt(1), "zadarma", MINUTE, NOON + MINUTE);
        let room = ledger.room(&trunk, NOON + MINUTE);
        assert_eq!((room.active, room.last_second, room.talk_left), (0, 0, 599 * MINUTE));
        assert_eq!(ledger.standing(attempt(1)), Standing::Over);
    }

    #[test]
    fn a_call_that_began_within_the_last_second_counts_whoever_began_it() {
        let (mut ledger, trunk) = (Ledger::default(), trunk());
        ledger.count_start("zadarma", None, NOON - Duration::from_secs(3600));
        ledger.count_start("zadarma", None, NOON - Duration::from_millis(900));
        begin(&mut ledger, 1, NOON);
        assert_eq!(ledger.room(&trunk, NOON).last_second, 2);
        assert_eq!(ledger.room(&trunk, NOON + Duration::from_millis(100)).last_second, 1);
        assert_eq!(ledger.trunks["zadarma"].recent.len(), 2, "what is older is forgotten");
    }

    #[test]
    fn minutes_of_yesterday_are_not_counted_in_whatever_order_they_are_read() {
        let (mut ledger, trunk) = (Ledger::default(), trunk());
        let yesterday = NOON - Duration::from_secs(86_400);
        for (number, at) in [(1, NOON), (2, yesterday), (3, NOON)] {
            ledger.remember(attempt(number), Seen::NeverCame, at);
            ledger.finish(attempt(number), "zadarma", 10 * MINUTE, at);
        }
        assert_eq!(ledger.room(&trunk, NOON).talk_left, 580 * MINUTE);
        assert_eq!(ledger.room(&trunk, NOON + Duration::from_secs(86_400)).talk_left, 600 * MINUTE);
    }

    #[test]
    fn calls_to_a_number_count_for_ten_minutes_and_are_forgotten_then() {
        let mut ledger = Ledger::default();
        begin(&mut ledger, 1, NOON);
        ledger.count_start("trunk-b", Some(NumberMark(7)), NOON + MINUTE);
        assert_eq!(ledger.calls_to(NumberMark(7), NOON + 2 * MINUTE), 2);
        assert_eq!(ledger.calls_to(NumberMark(8), NOON + 2 * MINUTE), 0);
        assert_eq!(ledger.calls_to(NumberMark(7), NOON + 10 * MINUTE), 1);
        ledger.prune(NOON + 11 * MINUTE);
        assert!(ledger.numbers.is_empty());
    }

    #[test]
    fn orders_are_remembered_for_two_days_and_longer_while_they_live() {
        let mut ledger = Ledger::default();
        begin(&mut ledger, 1, NOON);
        begin(&mut ledger, 2, NOON);
        ledger.finish(attempt(2), "zadarma", Duration::ZERO, NOON);
        ledger.prune(NOON + MEMORY - MINUTE);
        assert_eq!(ledger.standing(attempt(2)), Standing::Over);
        ledger.prune(NOON + MEMORY);
        assert_eq!(ledger.standing(attempt(2)), Standing::NeverSeen);
        assert_eq!(ledger.standing(attempt(1)), Standing::Live);
    }
}
