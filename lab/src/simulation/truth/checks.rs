//! What must never happen, looked at as it happens.

use super::RECONCILED_WITHIN;
use crate::simulation::{
    event::Event,
    plan::{Network, What},
    stage::DIALLABLE,
    world::{Host, World},
};
use pbx_agent::board::{DEPARTURES_WINDOW, Dial};
use shared::{
    ids::{AttemptId, CallId},
    order::Order,
    protocol::{AttemptStanding, Standing},
    time::Timestamp,
};
use std::time::Duration;

/// So far a clock that is set back is followed.
const MOMENTS: Duration = Duration::from_secs(2);

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
    pub(in crate::simulation) fn check_expiry(&mut self, host: usize, attempt: AttemptId) {
        let order = self.truth.orders.get(&attempt);
        let lag = order.map_or(Duration::ZERO, |(_, ahead)| self.hosts[host].agent.lag(self.now, *ahead));
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
    pub(in crate::simulation) fn check_originate(&mut self, host: usize, trunk: usize, dial: &Dial) {
        let attempt = dial.attempt;
        if !self.truth.unknown_to_plane.contains(&attempt) && !self.is_logged(attempt) {
            self.truth.broken(format!("attempt {attempt} is originated and not in the control plane's log"));
        }
        let on_trunk =
            self.hosts[host].asterisk.channels.values().filter(|channel| channel.trunk == trunk).count();
        let config = &self.stage.configs[host];
        if on_trunk > config.trunks[trunk].max_concurrent as usize {
            self.truth.broken(format!("{on_trunk} calls at once over trunk {trunk} of pbx-{}", host + 1));
        }
        let most = config.max_calls_per_number as usize;
        let most_a_second = config.trunks[trunk].max_calls_per_second as usize;
        self.check_rate(host, trunk, most_a_second);
        let now = self.now;
        let number = dial.endpoint.split('@').next().unwrap_or_default();
        let digits = number.rsplit('/').next().unwrap_or_default();
        if !DIALLABLE.iter().any(|phone| phone.strip_prefix('+') == Some(digits)) {
            self.truth.broken(format!("{attempt} is dialled to {digits}, which nobody may dial"));
        }
        let starts = self.truth.to_number.entry((host, number.to_owned())).or_default();
        starts.retain(|start| now.since(*start) < Duration::from_secs(540));
        starts.push(now);
        if starts.len() > most && !self.truth.uncapped.contains(&host) {
            self.truth.broken(format!("more than {most} calls to one number from pbx-{}", host + 1));
        }
    }

    /// The INVITE leaves with the channel: within 2 ms, unless Asterisk freezes in between, which no agent
    /// can know of, so the channel is what counts. It is made before the agent hears of it, so whatever
    /// the network and a stall do to the answer, the agent counts it for longer than it counts here.
    fn check_rate(&mut self, host: usize, trunk: usize, most: usize) {
        let now = self.now;
        let made = self.truth.on_trunk.entry((host, trunk)).or_default();
        made.retain(|at| now.since(*at) < DEPARTURES_WINDOW);
        made.push(now);
        let made = made.len();
        if made > most && !self.truth.uncapped.contains(&host) {
            let host = host + 1;
            self.truth.broken(format!(
                "{made} INVITEs leave within a second over trunk {trunk} of pbx-{host}, which allows {most}"
            ));
        }
    }

    /// A phone rings: no later attempt of the call may exist that was made as if it had not.
    pub(in crate::simulation) fn rings(&mut self, host: usize, channel: &str) {
        let Ok(attempt) = channel.parse::<AttemptId>() else { return };
        self.tell(|| format!("THE PHONE RINGS for {attempt} from pbx-{}", host + 1));
        self.truth.rang.insert(attempt);
        let later =
            self.read(|tx| tx.rows(FOLLOWED_WITHOUT_LABEL, &[&attempt], |row| row.get::<AttemptId>(0)));
        if let Some(later) = later.first()
            && !self.truth.denied.contains(&attempt)
        {
            self.truth.broken(format!(
                "the phone rings for {attempt} although {later}, which is not labelled, followed it"
            ));
        }
    }

    /// An order leaves: is it still wanted?
    pub(in crate::simulation) fn check_order(&mut self, order: &Order) {
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
    pub(in crate::simulation) fn check_new_attempts(&mut self, now: Timestamp) {
        let new = self.read(|tx| {
            tx.rows(
                "SELECT id, possible_duplicate, call_id, destination FROM call_logs WHERE initiated_at = $1",
                &[&now],
                |row| Ok((row.get::<AttemptId>(0)?, row.get::<i64>(1)?, row.get::<CallId>(2)?, row.get(3)?)),
            )
        });
        for (attempt, labelled, call, destination) in new {
            if self.truth.unwanted.contains::<String>(&destination) {
                self.truth
                    .broken(format!("{attempt} is to ring {destination}, which asked to be left alone"));
            }
            self.check_blindness(attempt, call, labelled != 0);
            let in_doubt = self.read(|tx| {
                tx.rows(IN_DOUBT_BEFORE, &[&attempt], |row| Ok((row.get(0)?, row.get::<i64>(1)?)))
            });
            let doubtful = in_doubt.into_iter().find(|(earlier, unknown)| {
                let rang = self.truth.rang.contains(earlier) && *unknown != 0;
                (rang || self.truth.pressed.contains(earlier)) && !self.truth.denied.contains(earlier)
            });
            if let Some((earlier, _)) = doubtful
                && labelled == 0
            {
                self.truth.broken(format!("{attempt} follows {earlier}, which rang and may have reached somebody, and is not labelled"));
            }
        }
    }

    /// No call gives up before its time, whatever the clock was set to. Where it was set and the control plane was
    /// not there all the time to see it, nobody can know.
    pub(in crate::simulation) fn check_expired(&mut self, now: Timestamp) {
        let is_set = self.plan.has(|what| matches!(what, What::ControlPlaneClock(_)));
        let goes_down = |what: &What| matches!(what, What::KillControlPlane(_) | What::RestoreDatabase(_));
        if is_set && self.plan.has(goes_down) {
            return;
        }
        let expired = self.read(|tx| {
            tx.rows(
                "SELECT id, machine -> 'policy' ->> 'lifetime_minutes', reason = 'duplicate' FROM calls
                 WHERE status = 'expired' AND ended_at = $1",
                &[&now],
                |row| Ok((row.get::<CallId>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)? != 0)),
            )
        });
        for (call, lifetime, duplicate) in expired {
            if duplicate && self.truth.may_be_duplicate(call) {
                continue;
            }
            let lifetime = Duration::from_secs(60 * u64::try_from(lifetime).unwrap_or(0));
            let age = self.truth.born.get(&call).map_or(lifetime, |born| self.now.since(*born));
            if age + MOMENTS < lifetime {
                self.truth
                    .broken(format!("call {call} expires after {age:?} and was to live for {lifetime:?}"));
            }
        }
    }

    /// Long enough after a connection was made, and with nothing going wrong since, the control plane holds
    /// open what the agent has under way, and nothing else.
    pub(in crate::simulation) fn check_agreement(&mut self, host: usize, connection: u64) {
        let Host { agent, asterisk, wire, .. } = &self.hosts[host];
        let calm = self.now.since(self.last_incident) >= RECONCILED_WITHIN
            && (self.plan.network == Network::Orderly || self.at_peace)
            && (wire.connection, wire.cut) == (Some(connection), 0)
            && (asterisk.up, asterisk.stalled) == (true, 0)
            && agent.is_well()
            && agent.quick_for(self.now) >= RECONCILED_WITHIN
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
        // Where the network loses single frames, which TCP does not, what a host has to say may be lost.
        if self.plan.network == Network::Hostile {
            return;
        }
        // What a host has not on disk yet it cannot tell either.
        let (truth, hosts) = (&self.truth, &self.hosts);
        let can_tell = |host: &usize| !truth.mute.contains(host) && hosts[*host].agent.is_well();
        let rang = |earlier: &&AttemptId| {
            truth.calls.get(earlier) == Some(&call)
                && truth.rang.contains(earlier)
                && truth.hosts.get(earlier).is_some_and(can_tell)
        };
        let earlier: Vec<AttemptId> = truth.unknown_to_plane.iter().filter(rang).copied().collect();
        for earlier in earlier {
            if !labelled && !self.is_logged(earlier) {
                self.truth.broken(format!(
                    "{attempt} follows {earlier}, which rang and is not in the restored database, and is not labelled"
                ));
            }
        }
    }

    /// An agent tells what became of attempts.
    pub(in crate::simulation) fn check_standings(&mut self, standings: &[AttemptStanding]) {
        for AttemptStanding { attempt_id, standing } in standings {
            let known = self.truth.originates.contains_key(attempt_id)
                && !self.truth.unknown_to_host.contains(attempt_id);
            if *standing == Standing::NeverSeen && known {
                self.truth
                    .broken(format!("{attempt_id} was originated, and its host says that it never saw it"));
            }
        }
    }
}
