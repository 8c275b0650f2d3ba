//! What must hold once everything is over.

use super::{Broken, Keys};
use crate::simulation::{
    asterisk::Asterisk,
    plan::{HOSTS, Network, What},
    plane::idempotency_key,
    stage::{BEGINNING, DIALLABLE},
    world::{Figures, World},
};
use control_plane::store::StoreError;
use shared::{
    ids::{AttemptId, CallId},
    time::Timestamp,
};
use std::{collections::BTreeMap, time::Duration};

/// From the end of a call to the end of its channel.
const HANGS_UP_WITHIN: Duration = Duration::from_secs(5);
/// From the 202 to the first order of a critical call, where nothing goes wrong and a phone is free.
const ORDERED_WITHIN: Duration = Duration::from_secs(1);

impl World<'_> {
    /// Whether nothing more is to come.
    pub(in crate::simulation) fn is_over(&mut self) -> bool {
        let harmed = self.plan.incidents.iter().enumerate().any(|(number, incident)| {
            self.now.since(BEGINNING) <= incident.at
                || (incident.what.is_sent() && !self.truth.is_answered(number))
        });
        let hosts = &self.hosts;
        let healed = self.plane.is_up()
            && self.plane.full == 0
            && hosts.iter().all(|host| {
                let Asterisk { up, stalled, refusing, offline, slow, .. } = &host.asterisk;
                *up && *stalled == 0
                    && refusing.iter().chain(offline).chain(slow).all(|harms| *harms == 0)
                    && host.wire.cut == 0
                    && host.agent.full == 0
                    && host.agent.slow == 0
            });
        !harmed && healed && self.unfinished().is_empty()
    }

    /// What has not ended, for a person.
    pub(in crate::simulation) fn unfinished(&mut self) -> String {
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
    pub(in crate::simulation) fn judge(&mut self) -> Result<Figures, Broken> {
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
            if !self.truth.unknown_to_plane.contains(&attempt) {
                self.judge_keys(attempt, &keys)?;
            }
        }
        self.judge_duties()?;
        self.judge_ends()?;
        self.judge_silence()?;
        self.judge_delays()?;
        self.judge_labels()?;
        self.judge_hang_ups()?;
        self.judge_changes()?;
        self.judge_vain_ends()?;
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
        self.plan.network == Network::Hostile || self.plan.has(What::is_harm)
    }

    /// Whether the log tells what came before what.
    fn goes_by_one_clock(&self) -> bool {
        !self.plan.has(|what| matches!(what, What::ControlPlaneClock(_) | What::RestoreDatabase(_)))
    }

    /// Whoever was answered 202 has called somebody, or finds in the log why not: a call made for it, or one of
    /// its alert that was not over yet, or a person who had taken that alert.
    fn judge_duties(&mut self) -> Result<(), Broken> {
        // Where a clock was set, moments of the log do not compare.
        let by_the_log = i64::from(self.goes_by_one_clock());
        for webhook in self.truth.answered.clone() {
            let resolves = matches!(self.plan.incidents[webhook].what, What::Resolve { .. });
            if resolves || self.truth.lost.contains(&webhook) {
                continue;
            }
            let key = idempotency_key(webhook);
            let called = self.read(|tx| {
                tx.row(
                    "SELECT 1 FROM incoming_requests JOIN calls ON calls.alert_id = incoming_requests.alert_id
                     WHERE idempotency_key = $1
                           AND ($2 = 0 OR created_at >= received_at OR ended_at IS NULL OR ended_at >= received_at
                                OR EXISTS (SELECT 1 FROM alert_events
                                           WHERE alert_events.alert_id = calls.alert_id AND at <= received_at
                                                 AND kind = 'acknowledged'))",
                    &[&key, &by_the_log],
                    |_| Ok(()),
                )
            });
            if called.is_none() {
                return Err(Broken(format!(
                    "webhook {webhook} was answered 202 and nobody was called for it"
                )));
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
        let early = self.read(|tx| {
            tx.rows(
                "SELECT id, status, status = 'expired' AND reason = 'duplicate' FROM calls
                 WHERE (status = 'expired' AND ended_at < expires_at)
                    OR (status = 'exhausted' AND (machine -> 'policy' ->> 'redials')
                        >= (SELECT COUNT(*) FROM call_logs WHERE call_logs.call_id = calls.id))",
                &[],
                |row| Ok((row.get::<CallId>(0)?, row.get::<String>(1)?, row.get::<i64>(2)? != 0)),
            )
        });
        let early = early
            .into_iter()
            .find(|(call, _, duplicate)| !(*duplicate && self.truth.may_be_duplicate(*call)));
        match early {
            Some((call, status, _)) => Err(Broken(format!("call {call} is {status} before its time"))),
            None => Ok(()),
        }
    }

    /// No call is held back but for its reason, and none is cancelled of which nobody has taken or closed the
    /// alert.
    fn judge_silence(&mut self) -> Result<(), Broken> {
        let blocked = self.read(|tx| {
            tx.rows(
                "SELECT id, destination, COALESCE(reason, ''), urgency = 0,
                        EXISTS (SELECT 1 FROM call_logs WHERE call_logs.call_id = calls.id),
                        EXISTS (SELECT 1 FROM calls AS others
                                WHERE others.destination = calls.destination AND others.org_id = calls.org_id
                                      AND others.id <> calls.id AND others.reason IS NOT 'cooldown')
                 FROM calls WHERE status = 'blocked'",
                &[],
                |row| {
                    let is = |column| Ok::<_, StoreError>(row.get::<i64>(column)? != 0);
                    let (critical, dialled, others) = (is(3)?, is(4)?, is(5)?);
                    Ok((row.get::<CallId>(0)?, row.get(1)?, row.get(2)?, critical, dialled, others))
                },
            )
        });
        for (call, destination, reason, critical, dialled, others) in blocked {
            let (destination, reason): (String, String) = (destination, reason);
            let dialled_in_vain = dialled && reason.starts_with("number_");
            let is_right = match reason.as_str() {
                "do_not_call" => self.truth.ever_unwanted.contains(&destination),
                "cooldown" => !critical && others,
                _ => dialled_in_vain || !DIALLABLE.contains(&destination.as_str()),
            };
            if !is_right {
                return Err(Broken(format!("call {call} to {destination} is held back as {reason}")));
            }
        }
        let cancelled = self.read(|tx| {
            tx.row(
                "SELECT id FROM calls WHERE status = 'cancelled' AND NOT EXISTS (
                     SELECT 1 FROM alert_events WHERE alert_events.alert_id = calls.alert_id
                                                  AND kind IN ('closed', 'acknowledged'))",
                &[],
                |row| row.get::<CallId>(0),
            )
        });
        match cancelled {
            Some(call) => {
                Err(Broken(format!("call {call} is cancelled, and nobody has taken or closed its alert")))
            }
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

    /// Where nothing went wrong, no ring is labelled.
    fn judge_labels(&mut self) -> Result<(), Broken> {
        if self.is_harmed() {
            return Ok(());
        }
        let labelled = self.read(|tx| {
            tx.row("SELECT id FROM call_logs WHERE possible_duplicate = 1", &[], |row| {
                row.get::<AttemptId>(0)
            })
        });
        match labelled {
            Some(attempt) => Err(Broken(format!("{attempt} is labelled although nothing went wrong"))),
            None => Ok(()),
        }
    }

    /// A phone stops ringing soon after its alert was closed or taken, as soon as nothing stands between the
    /// dispatcher and its host.
    fn judge_hang_ups(&mut self) -> Result<(), Broken> {
        // Where the network loses single frames, which TCP does not, a hang-up may be lost.
        if !self.goes_by_one_clock() || self.plan.network == Network::Hostile {
            return Ok(());
        }
        let cancelled = self.read(|tx| {
            tx.rows(
                "SELECT call_logs.id,
                        (SELECT MAX(at) FROM alert_events
                         WHERE alert_events.alert_id = calls.alert_id AND alert_events.at <= calls.ended_at
                               AND kind IN ('closed', 'acknowledged'))
                 FROM call_logs JOIN calls ON calls.id = call_logs.call_id WHERE calls.status = 'cancelled'",
                &[],
                |row| Ok((row.get::<AttemptId>(0)?, row.get::<Option<Timestamp>>(1)?)),
            )
        });
        for (attempt, since) in cancelled {
            let (Some(since), Some(ended)) = (since, self.truth.ended.get(&attempt)) else { continue };
            let Some(host) = self.truth.hosts.get(&attempt) else { continue };
            let made = self.truth.originates.get(&attempt).and_then(|made| made.first());
            let rang_on =
                self.truth.clear.longest(*host, made.map_or(since, |made| since.max(*made)), *ended);
            if rang_on > HANGS_UP_WITHIN {
                return Err(Broken(format!(
                    "the phone rings on for {rang_on:?} in {attempt}, which nobody needs"
                )));
            }
        }
        Ok(())
    }

    /// A call that ended in vain is told of in its alert's timeline.
    fn judge_vain_ends(&mut self) -> Result<(), Broken> {
        let untold = self.read(|tx| {
            tx.row(
                "SELECT id, status FROM calls
                 WHERE status IN ('exhausted', 'expired') AND NOT EXISTS (
                     SELECT 1 FROM alert_events
                     WHERE alert_events.call_id = calls.id AND kind = 'call_ended' AND detail = calls.status)",
                &[],
                |row| Ok((row.get::<CallId>(0)?, row.get::<String>(1)?)),
            )
        });
        match untold {
            Some((call, status)) => Err(Broken(format!("call {call} is {status} and no timeline says so"))),
            None => Ok(()),
        }
    }

    /// A key that a journal holds has counted, and once.
    fn judge_keys(&mut self, attempt: AttemptId, Keys { digits, more }: &Keys) -> Result<(), Broken> {
        let status = self.read(|tx| {
            tx.row(
                "SELECT calls.status FROM calls JOIN call_logs ON call_logs.call_id = calls.id WHERE call_logs.id = $1",
                &[&attempt],
                |row| row.get::<String>(0),
            )
        });
        let status = status.unwrap_or_default();
        if digits.contains(&'1') && !["acknowledged", "answered", "cancelled"].contains(&status.as_str()) {
            return Err(Broken(format!("key 1 was pressed in {attempt} and its call is {status}")));
        }
        let told = self.keys_told(attempt);
        if told < digits.len() || told > digits.len() + more {
            return Err(Broken(format!(
                "{} keys were pressed in {attempt}, and perhaps {more} more, and the timeline tells of {told}",
                digits.len()
            )));
        }
        Ok(())
    }

    /// Of how many keys the timeline tells.
    pub(super) fn keys_told(&mut self, attempt: AttemptId) -> usize {
        let told = self.read(|tx| {
            tx.row(
                "SELECT COUNT(*) FROM alert_events
                 WHERE attempt_id = $1 AND (kind = 'key' OR (kind = 'acknowledged' AND detail = 'key'))",
                &[&attempt],
                |row| row.get::<i64>(0),
            )
        });
        usize::try_from(told.unwrap_or(0)).unwrap_or(0)
    }
}
