//! What really happened, which no program knows, and what must never happen.

use super::{
    asterisk::Asterisk,
    event::Event,
    plan::{HOSTS, Network, What},
    plane::idempotency_key,
    stage::BEGINNING,
    world::{Figures, Host, World},
};
use pbx_agent::board::Dial;
use shared::{
    ids::{AttemptId, CallId},
    order::Order,
    protocol::{AttemptEvent, AttemptStanding, Standing},
    time::Timestamp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// From the end of a call to the end of its channel.
const HANGS_UP_WITHIN: Duration = Duration::from_secs(5);
/// After a connection is made, unless something goes wrong meanwhile, both ends agree about every attempt.
pub const RECONCILED_WITHIN: Duration = Duration::from_secs(5);
/// From the 202 to the first order of a critical call, where nothing goes wrong and a phone is free.
const ORDERED_WITHIN: Duration = Duration::from_secs(1);
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
    /// Hosts whose caps were lost with the journal, or whose own clock was set.
    uncapped: BTreeSet<usize>,
    /// Channels made, by number, for the cap of calls to a number.
    to_number: BTreeMap<(usize, String), Vec<Timestamp>>,
    rang: BTreeSet<AttemptId>,
    /// Where key 1 was pressed, whether or not anybody heard it.
    pressed: BTreeSet<AttemptId>,
    /// Which were answered.
    picked_up: BTreeSet<AttemptId>,
    /// When orders left, by call.
    left: BTreeMap<CallId, Vec<Timestamp>>,
    /// When channels ended.
    ended: BTreeMap<AttemptId, Timestamp>,
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

// A doubt is told once: by the label of the first attempt after it that got an answer from the phone.
macro_rules! told {
    () => {
        "EXISTS (SELECT 1 FROM call_logs AS told
                 WHERE told.call_id = earlier.call_id AND told.rowid > earlier.rowid
                       AND told.rowid < later.rowid AND told.possible_duplicate = 1
                       AND told.status IN ('busy', 'no_answer', 'rejected', 'answered', 'acknowledged'))"
    };
}

const FOLLOWED_WITHOUT_LABEL: &str = concat!(
    "SELECT later.id FROM call_logs AS earlier JOIN call_logs AS later ON later.call_id = earlier.call_id
     WHERE earlier.id = $1 AND later.rowid > earlier.rowid AND later.possible_duplicate = 0 AND NOT ",
    told!()
);

const IN_DOUBT_BEFORE: &str = concat!(
    "SELECT earlier.id, earlier.unsettled = 1 OR (earlier.status = 'failed' AND earlier.hangup_cause IS NULL) FROM call_logs AS later JOIN call_logs AS earlier ON earlier.call_id = later.call_id
     WHERE later.id = $1 AND earlier.rowid < later.rowid AND NOT ",
    told!()
);

impl World<'_> {
    fn is_logged(&mut self, attempt: AttemptId) -> bool {
        self.read(|tx| tx.row("SELECT 1 FROM call_logs WHERE id = $1", &[&attempt], |_| Ok(()))).is_some()
    }

    /// An agent asks for a channel, which a frozen Asterisk may make much later: is it still time?
    pub(super) fn check_expiry(&mut self, host: usize, attempt: AttemptId) {
        let order = self.truth.orders.get(&attempt);
        let lag = order.map_or(Duration::ZERO, |(_, ahead)| self.hosts[host].agent.lag(*ahead));
        match order {
            Some((until, _)) if self.now > *until + lag => {
                let late = self.now.since(*until);
                self.truth.broken(format!("attempt {attempt} is originated {late:?} after its expiry"));
            }
            Some(_) => {}
            None => {
                self.truth.broken(format!("attempt {attempt} is originated and no order of it ever left"))
            }
        }
    }

    /// A channel was made: was it logged, and within the caps?
    pub(super) fn check_originate(&mut self, host: usize, trunk: usize, dial: &Dial) {
        let attempt = dial.attempt;
        if !self.truth.forgotten.contains(&attempt) && !self.is_logged(attempt) {
            self.truth.broken(format!("attempt {attempt} is originated and not in the control plane's log"));
        }
        let on_trunk =
            self.hosts[host].asterisk.channels.values().filter(|channel| channel.trunk == trunk).count();
        let config = &self.stage.configs[host];
        if on_trunk > config.trunks[trunk].max_concurrent as usize {
            self.truth.broken(format!("{on_trunk} calls at once over trunk {trunk} of pbx-{}", host + 1));
        }
        let most = config.max_calls_per_number as usize;
        let now = self.now;
        let number = dial.endpoint.split('@').next().unwrap_or_default();
        let starts = self.truth.to_number.entry((host, number.to_owned())).or_default();
        starts.retain(|start| now.since(*start) < Duration::from_secs(540));
        starts.push(now);
        if starts.len() > most && !self.truth.uncapped.contains(&host) {
            self.truth.broken(format!("more than {most} calls to one number from pbx-{}", host + 1));
        }
    }

    /// A phone rings: no later attempt of the call may exist that was made as if it had not.
    pub(super) fn rings(&mut self, host: usize, channel: &str) {
        let Ok(attempt) = channel.parse::<AttemptId>() else { return };
        self.tell(|| format!("THE PHONE RINGS for {attempt} from pbx-{}", host + 1));
        self.truth.rang.insert(attempt);
        let later =
            self.read(|tx| tx.rows(FOLLOWED_WITHOUT_LABEL, &[&attempt], |row| row.get::<AttemptId>(0)));
        if let Some(later) = later.first() {
            self.truth.broken(format!(
                "the phone rings for {attempt} although {later}, which is not labelled, followed it"
            ));
        }
    }

    /// An order leaves: is it still wanted?
    pub(super) fn check_order(&mut self, order: &Order) {
        let status = self.read(|tx| {
            tx.row("SELECT status FROM calls WHERE id = $1", &[&order.call_id], |row| row.get::<String>(0))
        });
        let status = status.unwrap_or_default();
        if status != "calling" {
            let attempt = order.attempt_id;
            self.truth.broken(format!("an order of {attempt} leaves for a call that is {status:?}"));
        }
    }

    /// Attempts that the turn of this moment has made.
    pub(super) fn check_new_attempts(&mut self, now: Timestamp) {
        let new = self.read(|tx| {
            tx.rows(
                "SELECT id, possible_duplicate, call_id FROM call_logs WHERE initiated_at = $1",
                &[&now],
                |row| Ok((row.get::<AttemptId>(0)?, row.get::<i64>(1)?, row.get::<CallId>(2)?)),
            )
        });
        for (attempt, labelled, call) in new {
            self.check_blindness(attempt, call, labelled != 0);
            let in_doubt = self.read(|tx| {
                tx.rows(IN_DOUBT_BEFORE, &[&attempt], |row| Ok((row.get(0)?, row.get::<i64>(1)?)))
            });
            let doubtful = in_doubt.into_iter().find(|(earlier, unknown)| {
                let rang = self.truth.rang.contains(earlier) && *unknown != 0;
                rang || self.truth.pressed.contains(earlier)
            });
            if let Some((earlier, _)) = doubtful
                && labelled == 0
            {
                self.truth.broken(format!("{attempt} follows {earlier}, which rang and may have reached somebody, and is not labelled"));
            }
        }
    }

    /// Long enough after a connection was made, and with nothing going wrong since, the control plane holds
    /// open what the agent has under way, and nothing else.
    pub(super) fn check_agreement(&mut self, host: usize, connection: u64) {
        let Host { agent, asterisk, wire, .. } = &self.hosts[host];
        let calm = self.now.since(self.last_incident) >= RECONCILED_WITHIN
            && (self.plan.network == Network::Orderly || self.at_peace)
            && (wire.connection, wire.cut) == (Some(connection), 0)
            && (asterisk.up, asterisk.stalled) == (true, 0)
            && agent.is_well()
            && self.plane.is_up()
            && self.plane.full == 0;
        if !calm {
            return;
        }
        if !agent.is_heard() {
            // Something is on its way at this very moment.
            return self.later(Duration::from_millis(50), Event::Agree { host, connection });
        }
        let (pbx, settled) = (self.stage.enrolled[host].0, self.plane_now() - RECONCILED_WITHIN);
        let open = self.read(|tx| {
            tx.rows(
                "SELECT id, unsettled FROM call_logs WHERE pbx_id = $1 AND initiated_at < $2",
                &[&pbx, &settled],
                |row| Ok((row.get::<AttemptId>(0)?, row.get::<i64>(1)? != 0)),
            )
        });
        for (attempt, is_open) in open {
            let is_live = self.hosts[host].agent.is_live(attempt);
            if is_open != is_live {
                self.truth.broken(format!(
                    "{RECONCILED_WITHIN:?} after pbx-{} has connected, {attempt} is {} there and {} in the log",
                    host + 1,
                    if is_live { "under way" } else { "over" },
                    if is_open { "open" } else { "settled" },
                ));
            }
        }
    }

    /// Nobody is rung again on the word of an old database that does not know of the first ring.
    fn check_blindness(&mut self, attempt: AttemptId, call: CallId, labelled: bool) {
        let truth = &self.truth;
        let rang =
            |earlier: &&AttemptId| truth.calls.get(earlier) == Some(&call) && truth.rang.contains(earlier);
        let earlier: Vec<AttemptId> = truth.forgotten.iter().filter(rang).copied().collect();
        for earlier in earlier {
            if !labelled && !self.is_logged(earlier) {
                self.truth.broken(format!(
                    "{attempt} follows {earlier}, which rang and is not in the restored database, and is not labelled"
                ));
            }
        }
    }

    /// An agent tells what became of attempts.
    pub(super) fn check_standings(&mut self, standings: &[AttemptStanding]) {
        for AttemptStanding { attempt_id, standing } in standings {
            let known =
                self.truth.originates.contains_key(attempt_id) && !self.truth.forgotten.contains(attempt_id);
            if *standing == Standing::NeverSeen && known {
                self.truth
                    .broken(format!("{attempt_id} was originated, and its host says that it never saw it"));
            }
        }
    }

    /// Whether nothing more is to come.
    pub(super) fn is_over(&mut self) -> bool {
        let harmed = self.plan.incidents.iter().enumerate().any(|(number, incident)| {
            self.now.since(BEGINNING) <= incident.at
                || (incident.what.is_sent() && !self.truth.is_answered(number))
        });
        let hosts = &self.hosts;
        let healed = self.plane.is_up()
            && self.plane.full == 0
            && hosts.iter().all(|host| {
                let Asterisk { up, stalled, refusing, offline, .. } = &host.asterisk;
                *up && *stalled == 0
                    && refusing.iter().chain(offline).all(|harms| *harms == 0)
                    && host.wire.cut == 0
                    && host.agent.full == 0
                    && host.agent.slow == 0
            });
        !harmed && healed && self.unfinished().is_empty()
    }

    /// What has not ended, for a person.
    pub(super) fn unfinished(&mut self) -> String {
        let mut left = Vec::new();
        for host in 0..HOSTS {
            if !self.hosts[host].agent.is_heard() {
                left.push(format!("pbx-{} has more to say", host + 1));
            }
            if self.hosts[host].agent.active() > 0 {
                left.push(format!("pbx-{} has attempts under way", host + 1));
            }
            if !self.hosts[host].asterisk.channels.is_empty() {
                left.push(format!("channels live on pbx-{}", host + 1));
            }
        }
        let open = self.read(|tx| {
            tx.rows(
                "SELECT id, status FROM calls WHERE due_at IS NOT NULL OR status IN ('queued', 'calling')",
                &[],
                |row| Ok(format!("call {} is {}", row.get::<String>(0)?, row.get::<String>(1)?)),
            )
        });
        left.extend(open);
        let unsettled = self.read(|tx| {
            tx.rows("SELECT id FROM call_logs WHERE unsettled = 1 OR ended_at IS NULL", &[], |row| {
                Ok(format!("attempt {} has no end", row.get::<String>(0)?))
            })
        });
        left.extend(unsettled);
        left.join(", ")
    }

    /// What must hold once everything is over.
    pub(super) fn judge(&mut self) -> Result<Figures, Broken> {
        let kept: Vec<usize> = self.truth.answered.difference(&self.truth.lost).copied().collect();
        for webhook in kept {
            let key = idempotency_key(webhook);
            let stored = self.read(|tx| {
                tx.row("SELECT 1 FROM incoming_requests WHERE idempotency_key = $1", &[&key], |_| Ok(()))
            });
            if stored.is_none() {
                return Err(Broken(format!("webhook {webhook} was answered 202 and is lost")));
            }
        }
        for (attempt, keys) in self.truth.keys.clone() {
            // A restored database may not even know of the attempt.
            if !(self.truth.restored && self.truth.forgotten.contains(&attempt)) {
                self.judge_keys(attempt, &keys)?;
            }
        }
        self.judge_duties()?;
        self.judge_ends()?;
        self.judge_delays()?;
        self.judge_hang_ups()?;
        let count = |world: &mut Self, sql: &'static str| {
            let found = world.read(|tx| tx.row(sql, &[], |row| row.get::<i64>(0)));
            u64::try_from(found.unwrap_or(0)).unwrap_or(0)
        };
        Ok(Figures {
            events: self.events(),
            accepted: self.truth.answered.len() as u64,
            reached: count(self, "SELECT COUNT(*) FROM calls WHERE status IN ('acknowledged', 'answered')"),
            originated: self.truth.made,
            labelled: count(self, "SELECT COUNT(*) FROM call_logs WHERE possible_duplicate = 1"),
        })
    }

    fn is_harmed(&self) -> bool {
        self.plan.network == Network::Hostile
            || self.plan.incidents.iter().any(|incident| incident.what.is_harm())
    }

    /// Whoever was answered 202 has called somebody, or finds in the log why not.
    fn judge_duties(&mut self) -> Result<(), Broken> {
        for webhook in self.truth.answered.clone() {
            let resolves = matches!(self.plan.incidents[webhook].what, What::Resolve { .. });
            if resolves || self.truth.lost.contains(&webhook) {
                continue;
            }
            let key = idempotency_key(webhook);
            let called = self.read(|tx| {
                tx.row(
                    "SELECT 1 FROM incoming_requests JOIN calls ON calls.alert_id = incoming_requests.alert_id
                     WHERE idempotency_key = $1",
                    &[&key],
                    |_| Ok(()),
                )
            });
            if called.is_none() {
                return Err(Broken(format!("webhook {webhook} was answered 202 and its alert has no call")));
            }
        }
        Ok(())
    }

    /// No call says that it reached somebody who was not there, and none gives up before its time.
    fn judge_ends(&mut self) -> Result<(), Broken> {
        let reached = self.read(|tx| {
            tx.rows(
                "SELECT calls.id, calls.status, call_logs.id FROM calls LEFT JOIN call_logs ON call_logs.call_id = calls.id
                 WHERE calls.status IN ('acknowledged', 'answered')",
                &[],
                |row| Ok((row.get::<CallId>(0)?, row.get::<String>(1)?, row.get::<Option<AttemptId>>(2)?)),
            )
        });
        let mut witnessed: BTreeMap<(CallId, String), bool> = BTreeMap::new();
        for (call, status, attempt) in reached {
            let really = if status == "answered" { &self.truth.picked_up } else { &self.truth.pressed };
            let seen = attempt.is_some_and(|attempt| really.contains(&attempt));
            *witnessed.entry((call, status)).or_default() |= seen;
        }
        if let Some(((call, status), _)) = witnessed.into_iter().find(|(_, seen)| !seen) {
            return Err(Broken(format!("call {call} is {status} by nobody")));
        }
        let restored = i64::from(self.truth.restored);
        let early = self.read(|tx| {
            tx.row(
                "SELECT id, status FROM calls
                 WHERE (status = 'expired' AND ended_at < expires_at AND NOT ($1 = 1 AND reason = 'duplicate'))
                    OR (status = 'exhausted' AND (machine -> 'policy' ->> 'redials')
                        >= (SELECT COUNT(*) FROM call_logs WHERE call_logs.call_id = calls.id))",
                &[&restored],
                |row| Ok((row.get::<CallId>(0)?, row.get::<String>(1)?)),
            )
        });
        match early {
            Some((call, status)) => Err(Broken(format!("call {call} is {status} before its time"))),
            None => Ok(()),
        }
    }

    /// Where nothing went wrong, a critical call is ordered at once.
    fn judge_delays(&mut self) -> Result<(), Broken> {
        if self.is_harmed() {
            return Ok(());
        }
        let most = i64::try_from(ORDERED_WITHIN.as_micros()).unwrap_or(i64::MAX);
        let late = self.read(|tx| {
            tx.row(
                "SELECT calls.id FROM calls
                 WHERE urgency = 0 AND status NOT IN ('blocked', 'cancelled')
                       AND (SELECT MIN(initiated_at) FROM call_logs WHERE call_id = calls.id) > created_at + $1
                       AND (SELECT COUNT(*) FROM calls AS others
                            WHERE others.destination = calls.destination AND others.created_at <= calls.created_at
                                  AND others.status <> 'blocked') <= 3",
                &[&most],
                |row| row.get::<CallId>(0),
            )
        });
        match late {
            Some(call) => {
                Err(Broken(format!("critical call {call} is ordered later than {ORDERED_WITHIN:?}")))
            }
            None => Ok(()),
        }
    }

    /// Where nothing went wrong, a phone stops ringing soon after nobody needs it any more, and no ring
    /// is labelled.
    fn judge_hang_ups(&mut self) -> Result<(), Broken> {
        if self.is_harmed() {
            return Ok(());
        }
        let labelled = self.read(|tx| {
            tx.row("SELECT id FROM call_logs WHERE possible_duplicate = 1", &[], |row| {
                row.get::<AttemptId>(0)
            })
        });
        if let Some(attempt) = labelled {
            return Err(Broken(format!("{attempt} is labelled although nothing went wrong")));
        }
        let cancelled = self.read(|tx| {
            tx.rows(
                "SELECT call_logs.id, calls.ended_at FROM call_logs JOIN calls ON calls.id = call_logs.call_id
                 WHERE calls.status = 'cancelled'",
                &[],
                |row| Ok((row.get::<AttemptId>(0)?, row.get::<Timestamp>(1)?)),
            )
        });
        for (attempt, since) in cancelled {
            let rang_on = self.truth.ended.get(&attempt).map_or(Duration::ZERO, |ended| ended.since(since));
            if rang_on > HANGS_UP_WITHIN {
                return Err(Broken(format!(
                    "the phone rings on for {rang_on:?} in {attempt}, which nobody needs"
                )));
            }
        }
        Ok(())
    }

    /// A key that a journal holds has counted, and once.
    fn judge_keys(&mut self, attempt: AttemptId, keys: &[char]) -> Result<(), Broken> {
        let status = self.read(|tx| {
            tx.row(
                "SELECT calls.status FROM calls JOIN call_logs ON call_logs.call_id = calls.id WHERE call_logs.id = $1",
                &[&attempt],
                |row| row.get::<String>(0),
            )
        });
        let status = status.unwrap_or_default();
        if keys.contains(&'1') && !["acknowledged", "answered", "cancelled"].contains(&status.as_str()) {
            return Err(Broken(format!("key 1 was pressed in {attempt} and its call is {status}")));
        }
        let told = self.read(|tx| {
            tx.row(
                "SELECT COUNT(*) FROM alert_events
                 WHERE attempt_id = $1 AND (kind = 'key' OR (kind = 'acknowledged' AND detail = 'key'))",
                &[&attempt],
                |row| row.get::<i64>(0),
            )
        });
        let told = usize::try_from(told.unwrap_or(0)).unwrap_or(0);
        if told != keys.len() {
            return Err(Broken(format!(
                "{} keys were pressed in {attempt} and the timeline tells of {told}",
                keys.len()
            )));
        }
        Ok(())
    }
}
