//! One request on its way into the database: what is known beforehand, and the one transaction.

use super::{
    Accepted, Arrival, IntakeError, dedup,
    endpoints::Endpoint,
    reading::{self, Reading},
};
use crate::{
    accounts::{people::Callee, projects::Project},
    dispatch::{
        alerts::{self, By, LiveAlert, NewAlert},
        policy::Policy,
        queue::{self, Judged},
        summons::Summons,
    },
    routing::{rule::Action, scenarios},
    store::{Change, Changed, StoreError, Tx},
};
use serde::Serialize;
use shared::{
    ids::{AlertId, CallId, RequestId},
    outcome::CallStatus,
    severity::Severity,
    time::Timestamp,
};
use uuid::Uuid;

/// Longest idempotency key, bytes.
const LONGEST_IDEMPOTENCY_KEY: usize = 255;
/// Headers that are not stored: secrets of the sender or of ours.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-alert-key"];

/// A request that was read and decided on, ready to be stored.
pub(super) struct Acceptance {
    request_id: RequestId,
    /// Of the alert, should it open one.
    alert_id: AlertId,
    /// The stored request that is taken in again as this one.
    replayed_from: Option<RequestId>,
    endpoint: Endpoint,
    arrival: Arrival,
    idempotency_key: Option<String>,
    reading: Reading,
    action: Action,
    policy: Policy,
}

/// What is decided about a request of an alert for which somebody is called already, or that somebody has taken.
pub const GROUP: &str = "group";
/// What is decided about a request that ends an alert.
pub const RESOLVE: &str = "resolve";

/// What became of the alert.
struct Course {
    /// Word of the answer.
    action: &'static str,
    alert: Option<AlertId>,
    /// Somebody must be called.
    calls: bool,
}

/// The 202 of the contract.
#[derive(Serialize)]
struct Answer {
    request_id: RequestId,
    severity: Severity,
    message: String,
    action: &'static str,
    alert_id: Option<AlertId>,
    calls: Vec<AnsweredCall>,
}

#[derive(Serialize)]
struct AnsweredCall {
    id: CallId,
    status: CallStatus,
}

impl Acceptance {
    /// Everything that needs no transaction.
    pub(super) fn prepare(
        endpoint: Endpoint,
        arrival: Arrival,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Result<Self, IntakeError> {
        dedup::check_headers(&arrival)?;
        let reading = reading::read(&arrival);
        Ok(Self {
            request_id: RequestId::new(new_id()),
            alert_id: AlertId::new(new_id()),
            replayed_from: None,
            idempotency_key: idempotency_key(&arrival)?,
            action: endpoint.scenario.decide(&reading.fields),
            policy: Policy::of(&endpoint.project),
            endpoint,
            arrival,
            reading,
        })
    }

    /// The same, as one that somebody had taken in again.
    pub(super) fn replaying(self, stored: RequestId) -> Self {
        Self { replayed_from: Some(stored), ..self }
    }

    /// Stores alert, request and calls, in the order in which they refer to each other.
    ///
    /// `now` is the time within this transaction: when the clock is set, the dispatcher moves what was stored
    /// before, and whatever was stamped earlier than it is stored would be left behind.
    pub(super) fn carry_out(
        self,
        tx: &mut Tx<'_>,
        new_id: &mut dyn FnMut() -> Uuid,
        now: Timestamp,
    ) -> Result<Accepted, IntakeError> {
        if let Some(earlier) = self.earlier(tx)? {
            return Ok(earlier);
        }
        let course = self.settle_alert(tx, now)?;
        let calls = match course.alert {
            Some(alert) if course.calls => self.judged_calls(tx, alert, new_id, now)?,
            Some(_) | None => Vec::new(),
        };
        let answer = self.answer(&course, &calls)?;
        self.store_request(tx, &course, &answer, now)?;
        let (queued, request) = (calls.len(), self.request_id);
        for call in &calls {
            queue::insert(tx, call)?;
        }
        if let Some(alert) = course.alert
            && course.calls
            && calls.iter().all(|call| call.status().is_final())
        {
            alerts::note_unreached(tx, alert, now)?;
        }
        tracing::debug!(%request, severity = %self.reading.severity, action = course.action, queued, "stored");
        Ok(Accepted { request_id: request, answer })
    }

    /// The answer to the request that used the same idempotency key before.
    fn earlier(&self, tx: &mut Tx<'_>) -> Result<Option<Accepted>, IntakeError> {
        let Some(key) = &self.idempotency_key else { return Ok(None) };
        let Arrival { method, query, body, .. } = &self.arrival;
        let found = tx.row(
            "SELECT id, method, query, body, answer FROM incoming_requests
             WHERE endpoint_id = $1 AND idempotency_key = $2",
            &[&self.endpoint.id, key],
            |row| {
                let is_same = row.get::<String>(1)? == *method
                    && row.get::<String>(2)? == *query
                    && row.get::<Vec<u8>>(3)? == *body;
                Ok((is_same, Accepted { request_id: row.get(0)?, answer: row.get(4)? }))
            },
        )?;
        match found {
            None => Ok(None),
            Some((true, earlier)) => Ok(Some(earlier)),
            Some((false, Accepted { request_id, .. })) => {
                Err(IntakeError::IdempotencyKeyReused { request_id })
            }
        }
    }

    /// Closes, repeats or opens the alert. What a rule suppresses touches none.
    fn settle_alert(&self, tx: &mut Tx<'_>, at: Timestamp) -> Result<Course, StoreError> {
        let Reading { severity, dedup_key, resolves, .. } = &self.reading;
        if *resolves {
            return Ok(Course { action: RESOLVE, alert: self.close_alert(tx, at)?, calls: false });
        }
        let action = self.action.word();
        if self.action == Action::Suppress {
            return Ok(Course { action, alert: None, calls: false });
        }
        if let Some(key) = dedup_key
            && let Some(live) = alerts::live(tx, self.endpoint.id, key)?
        {
            if !live.is_forgotten(at) {
                return self.repeat(tx, &live, at);
            }
            alerts::close(tx, live.id, By::Successor(self.request_id), at)?;
        }
        if let Some(live) = self.equal_alert(tx)? {
            return self.repeat(tx, &live, at);
        }
        let new = NewAlert {
            id: self.alert_id,
            request_id: self.request_id,
            org_id: self.endpoint.project.org_id,
            project_id: self.endpoint.project.id,
            endpoint_id: self.endpoint.id,
            dedup_key: dedup_key.clone(),
            severity: *severity,
            message: self.reading.message.clone(),
            at,
        };
        alerts::open(tx, &new)?;
        Ok(Course { action, alert: Some(new.id), calls: true })
    }

    /// Without a dedup key: an alert that says the same word for word and is at least as bad, that nobody has
    /// taken, and about which everybody is being called whom this request would call.
    fn equal_alert(&self, tx: &mut Tx<'_>) -> Result<Option<LiveAlert>, StoreError> {
        let Reading { dedup_key: None, has_own_message: true, message, .. } = &self.reading else {
            return Ok(None);
        };
        let Some(live) = alerts::live_unkeyed(tx, self.endpoint.id, message)? else { return Ok(None) };
        if live.acknowledged || !live.calling || live.severity > self.reading.severity {
            return Ok(None);
        }
        let called = queue::called(tx, live.id, None)?;
        let callees = scenarios::callees(tx, &self.action, &self.endpoint.project)?;
        // On the phone that they have now: it may have been changed since.
        let rings = |callee: &Callee| {
            let phone = callee.phone.as_deref();
            called.iter().any(|(account, rung)| *account == callee.account_id && phone == Some(rung))
        };
        Ok(callees.iter().all(rings).then_some(live))
    }

    /// One more request about an alert that is known.
    fn repeat(&self, tx: &mut Tx<'_>, live: &LiveAlert, at: Timestamp) -> Result<Course, StoreError> {
        let severity = self.reading.severity;
        alerts::repeat(tx, live, severity, self.request_id, at)?;
        // Calls that are all over and reached nobody are no reason to keep silent.
        let is_cared_for = live.is_cared_for(severity);
        let action = if is_cared_for { GROUP } else { self.action.word() };
        Ok(Course { action, alert: Some(live.id), calls: !is_cared_for })
    }

    /// Closes what a resolving request speaks of: the alert of its dedup key; without one, those
    /// without a key that say the same, or all of them where it says nothing. The newest closed.
    fn close_alert(&self, tx: &mut Tx<'_>, at: Timestamp) -> Result<Option<AlertId>, StoreError> {
        let endpoint = self.endpoint.id;
        let Some(key) = &self.reading.dedup_key else {
            let message = self.reading.has_own_message.then_some(self.reading.message.as_str());
            return alerts::close_unkeyed(tx, endpoint, message, self.request_id, at);
        };
        let Some(live) = alerts::live(tx, endpoint, key)? else { return Ok(None) };
        alerts::close(tx, live.id, By::Resolve(self.request_id), at)?;
        Ok(Some(live.id))
    }

    fn judged_calls(
        &self,
        tx: &mut Tx<'_>,
        alert_id: AlertId,
        new_id: &mut dyn FnMut() -> Uuid,
        at: Timestamp,
    ) -> Result<Vec<Judged>, StoreError> {
        let project = &self.endpoint.project;
        let callees = scenarios::callees(tx, &self.action, project)?;
        let summons = Summons {
            request_id: self.request_id,
            alert_id,
            org_id: project.org_id,
            project_id: project.id,
            severity: self.reading.severity,
            policy: self.policy.clone(),
            at,
        };
        summons.judge(tx, callees, new_id)
    }

    fn answer(&self, course: &Course, calls: &[Judged]) -> Result<String, StoreError> {
        let answer = Answer {
            request_id: self.request_id,
            severity: self.reading.severity,
            message: self.reading.message.clone(),
            action: course.action,
            alert_id: course.alert,
            calls: calls.iter().map(|call| AnsweredCall { id: call.id(), status: call.status() }).collect(),
        };
        json(&answer)
    }

    fn store_request(
        &self,
        tx: &mut Tx<'_>,
        course: &Course,
        answer: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let Arrival { remote, method, query, headers, body } = &self.arrival;
        let kept: Vec<_> =
            headers.iter().filter(|(name, _)| !SECRET_HEADERS.contains(&name.as_str())).collect();
        tx.execute(
            "INSERT INTO incoming_requests (
                 id, endpoint_id, org_id, alert_id, idempotency_key, received_at, remote, method, query,
                 headers, body, severity, message, action, answer, replayed_from)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            &[
                &self.request_id,
                &self.endpoint.id,
                &self.endpoint.project.org_id,
                &course.alert,
                &self.idempotency_key,
                &at,
                &remote.to_string(),
                method,
                query,
                &json(&kept)?,
                &&body[..],
                &self.reading.severity,
                &self.reading.message,
                &course.action,
                &answer,
                &self.replayed_from,
            ],
        )?;
        let Project { id: project, org_id: org, .. } = self.endpoint.project;
        tx.announce(Change { org, project, what: Changed::Request(self.request_id, course.alert) });
        Ok(())
    }
}

fn idempotency_key(arrival: &Arrival) -> Result<Option<String>, IntakeError> {
    let Some((_, key)) = arrival.headers.iter().find(|(name, _)| name == "idempotency-key") else {
        return Ok(None);
    };
    let key = key.trim();
    if key.is_empty() {
        return Err(IntakeError::BadHeader("Idempotency-Key is empty: send a new one with each request"));
    }
    if key.len() > LONGEST_IDEMPOTENCY_KEY {
        return Err(IntakeError::BadHeader("Idempotency-Key is longer than 255 bytes: send a UUID"));
    }
    if key.contains(char::is_control) {
        return Err(IntakeError::BadHeader("Idempotency-Key holds control characters: send a UUID"));
    }
    Ok(Some(key.to_owned()))
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    // No type of ours fails to become JSON.
    serde_json::to_string(value).map_err(|error| StoreError::Constraint(error.to_string()))
}

#[cfg(test)]
mod tests;
