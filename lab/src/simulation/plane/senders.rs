//! Whoever sends alerts, and whoever takes or closes them.

use crate::simulation::{
    bug::Bug,
    event::Event,
    plan::What,
    stage::{DIALLABLE, endpoint},
    truth::Change,
    world::World,
};
use control_plane::{
    dispatch::{
        alerts::{self, AlertError},
        do_not_call,
    },
    intake::{self, Arrival, IntakeError},
    store::StoreError,
};
use rand::RngExt;
use serde_json::{Value, json};
use shared::{ids::ApiKeyId, phone};
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

impl World<'_> {
    /// A sender sends its webhook.
    pub(in crate::simulation) fn send_webhook(&mut self, webhook: usize) {
        let life = self.plane.life;
        if self.truth.is_answered(webhook) {
            return;
        }
        // Whatever comes of it, the sender tries again unless it was answered.
        let again = self.millis(500..1_500);
        self.later(again, Event::Send(webhook));
        if !self.plane.is_up() {
            return;
        }
        if self.bug == Some(Bug::AckBeforeFsync) {
            let wait = self.millis(1..400);
            self.later(wait, Event::StoredLate { webhook, life });
            self.answered(webhook, life);
            return;
        }
        if self.store_webhook(webhook) {
            let wait = self.micros(200..5_000);
            self.later(wait, Event::Answered { webhook, life });
        }
    }

    /// The 202 reaches the sender, unless the control plane has died before it left.
    pub(in crate::simulation) fn answered(&mut self, webhook: usize, life: u64) {
        if self.plane.life == life && self.plane.is_up() {
            self.truth.answered(webhook);
        }
    }

    /// Planted: only now is it on disk.
    pub(in crate::simulation) fn stored_late(&mut self, webhook: usize, life: u64) {
        if self.plane.life == life && self.plane.is_up() {
            self.store_webhook(webhook);
        }
    }

    /// Whether it is on disk.
    fn store_webhook(&mut self, webhook: usize) -> bool {
        let what = &self.plan.incidents[webhook].what;
        let (number, body) = if let What::Webhook { endpoint, severity, key, message } = what {
            (*endpoint, json!({ "severity": severity, "message": message, "dedup_key": key.map(name) }))
        } else if let What::Resolve { endpoint, key } = what {
            (*endpoint, json!({ "status": "resolved", "dedup_key": name(*key) }))
        } else {
            unreachable!("only webhooks are sent")
        };
        let arrival = Arrival {
            remote: IpAddr::V4(Ipv4Addr::LOCALHOST),
            method: "POST".to_owned(),
            query: String::new(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("idempotency-key".to_owned(), idempotency_key(webhook)),
            ],
            body: body.to_string().into(),
        };
        let (bug, fate, now, rng) = (self.bug, self.plane.fate(), self.plane_now(), &mut self.rng);
        let mut ids = || Uuid::from_u128(rng.random());
        let stored = self.stage.memory.write::<_, IntakeError>(fate, |tx| {
            let accepted = intake::accept_within(tx, endpoint(number), arrival, &mut ids, now)?;
            if bug == Some(Bug::RepeatRingsNobody) {
                tx.execute(
                    "DELETE FROM calls WHERE status = 'queued' AND request_id = (
                         SELECT id FROM incoming_requests WHERE idempotency_key = $1)
                     AND EXISTS (SELECT 1 FROM calls AS others WHERE others.alert_id = calls.alert_id
                                                                 AND others.request_id <> calls.request_id)",
                    &[&idempotency_key(webhook)],
                )?;
            }
            if bug == Some(Bug::EverybodyLeftAlone) {
                tx.execute(
                    "UPDATE calls SET status = 'blocked', reason = 'do_not_call', due_at = NULL, ended_at = created_at
                     WHERE status = 'queued'",
                    &[],
                )?;
            }
            Ok(accepted)
        });
        match stored {
            Ok(accepted) => {
                let answer: Value = serde_json::from_str(&accepted.answer).expect("an answer is JSON");
                let calls = answer["calls"].as_array().into_iter().flatten();
                let calls = calls.filter_map(|call| call["id"].as_str()?.parse().ok());
                self.truth.stored(calls, self.now);
                self.tell(|| format!("webhook {webhook} is stored: {}", accepted.answer));
                self.nudge();
                true
            }
            Err(IntakeError::Store(error)) if error.is_temporary() => false,
            Err(error) => {
                self.truth.broken(format!("webhook {webhook} is refused for good: {error}"));
                false
            }
        }
    }

    /// A person takes the newest alert of an endpoint, or closes it.
    pub(in crate::simulation) fn person(&mut self, number: usize, closes: bool) {
        if !self.plane.is_up() {
            return;
        }
        let (fate, now, at) = (self.plane.fate(), self.plane_now(), endpoint(number));
        let key = ApiKeyId::new(Uuid::from_u128(1));
        let stored = self.bug != Some(Bug::PersonNotStored) || now.as_micros() % 2 == 0;
        let mut promised = None;
        let changed = self.stage.memory.write::<_, AlertError>(fate, |tx| {
            let newest =
                "SELECT id, org_id, state FROM alerts WHERE endpoint_id = $1 ORDER BY opened_at DESC LIMIT 1";
            let found =
                tx.row(newest, &[&at], |row| Ok((row.get(0)?, row.get(1)?, row.get::<String>(2)?)))?;
            let Some((alert, org, state)) = found else { return Ok(()) };
            _ = match closes {
                true => alerts::close_by(tx, org, alert, alerts::Hand::ApiKey(key), now)?,
                false => alerts::acknowledge_by(tx, org, alert, alerts::Hand::ApiKey(key), now)?,
            };
            let is_news = state == "open" || (closes && state == "acknowledged");
            promised = is_news.then_some(Change { alert, closes, key });
            if stored { Ok(()) } else { Err(AlertError::Store(StoreError::Overloaded)) }
        });
        match changed {
            Err(AlertError::Store(error)) if stored && error.is_temporary() => {}
            Ok(()) | Err(AlertError::Closed | AlertError::Store(StoreError::Overloaded)) => {
                if let Some(change) = promised {
                    self.truth.changed(change);
                }
                if self.bug != Some(Bug::PersonNotHeard) {
                    self.nudge();
                }
            }
            Err(error) => self.truth.broken(format!("a person cannot change an alert: {error}")),
        }
    }

    /// The owner of a number asks to be left alone, as an operator does for them by the command line.
    pub(in crate::simulation) fn leave_alone(&mut self, number: usize) {
        let (number, now) = (DIALLABLE[number], self.plane_now());
        let stored = self.bug != Some(Bug::LeftAloneNotStored);
        let phone = phone::judge(number).expect("a number that may be dialled").e164;
        let added = self.stage.memory.write::<_, StoreError>(self.plane.fate(), |tx| {
            if stored { do_not_call::add_within(tx, &phone, now) } else { Ok(true) }
        });
        match added {
            Ok(_) => self.truth.left_alone(number),
            Err(error) if error.is_temporary() => {}
            Err(error) => self.truth.broken(format!("{number} cannot be left alone: {error}")),
        }
    }
}

/// By which a webhook is known when it is sent again.
pub fn idempotency_key(webhook: usize) -> String {
    format!("webhook-{webhook}")
}

fn name(key: u8) -> String {
    format!("key-{key}")
}
