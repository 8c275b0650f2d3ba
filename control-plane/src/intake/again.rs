//! What was taken in before, once more: a request as a new one, or the calls about an alert.

use super::{
    Accepted, Arrival, Endpoint, IntakeError,
    acceptance::Acceptance,
    endpoints, reading,
    requests::{self, Stored},
};
use crate::{
    accounts::projects::{self, Project},
    dispatch::{
        alerts::{self, AlertError, Hand},
        policy::Policy,
        queue::{self, Judged},
        summons::Summons,
    },
    routing::{
        rule::{Action, Scenario},
        scenarios,
    },
    store::{StoreError, Tx},
};
use shared::{
    ids::{AlertId, OrgId, RequestId},
    severity::Severity,
    time::Timestamp,
};
use std::net::IpAddr;
use uuid::Uuid;

/// A stored request that was read and decided on again, ready to be stored as a new one.
pub struct Replay(Acceptance);

/// The endpoint of a stored request, with its rules as they are now.
///
/// # Errors
/// [`IntakeError::UnknownEndpoint`] where that was deleted, or what the database said.
pub fn endpoint_of(tx: &mut Tx<'_>, stored: &Stored) -> Result<Endpoint, IntakeError> {
    endpoints::by_id(tx, stored.endpoint_id)
}

/// Reads a stored request again, by the rules of its endpoint. Takes its time where there are many.
///
/// # Errors
/// Those of headers that cannot be used.
pub fn replay(endpoint: Endpoint, stored: &Stored, remote: IpAddr) -> Result<Replay, IntakeError> {
    let arrival = stored.arrival(remote);
    Acceptance::prepare(endpoint, arrival, &mut Uuid::now_v7)
        .map(|acceptance| Replay(acceptance.replaying(stored.summary.id)))
}

impl Replay {
    /// Stores it, with its alert and its calls. `now` is the time within this transaction. Nudge the dispatcher once it is
    /// durable.
    ///
    /// # Errors
    /// Those of a request that comes in.
    pub fn carry_out(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Accepted, IntakeError> {
        self.0.carry_out(tx, &mut Uuid::now_v7, now)
    }
}

/// An alert with what it takes to decide who is to be called again.
pub struct About {
    org: OrgId,
    alert: AlertId,
    newest: Stored,
    severity: Severity,
    project: Project,
    scenario: Scenario,
}

impl About {
    /// Whom its newest request calls by the rules. Takes its time where there are many.
    pub fn decide(self) -> CallAgain {
        let Self { org, alert, newest, severity, project, scenario } = self;
        let arrival: Arrival = newest.arrival(std::net::Ipv4Addr::UNSPECIFIED.into());
        let decided = scenario.decide(&reading::read(&arrival).fields);
        // Whoever asks for calls means some.
        let action = if decided == Action::Suppress { Action::CallPrimary } else { decided };
        CallAgain { org, alert, request: newest.summary.id, severity, project, action }
    }
}

/// An alert about which people are to be called again, and whom its newest request calls by the rules as they are now.
pub struct CallAgain {
    org: OrgId,
    alert: AlertId,
    request: RequestId,
    severity: Severity,
    project: Project,
    action: Action,
}

impl CallAgain {
    /// What is to be known of it; `None` where this organization has no such alert.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn about(tx: &mut Tx<'_>, org: OrgId, alert: AlertId) -> Result<Option<About>, StoreError> {
        let Some(newest) = requests::newest_of_alert(tx, org, alert)? else { return Ok(None) };
        let Some(project) = projects::project(tx, newest.project_id)? else { return Ok(None) };
        let Some(severity) = alerts::severity(tx, org, alert)? else { return Ok(None) };
        let scenario = endpoints::scenario_of(tx, newest.endpoint_id)?;
        Ok(Some(About { org, alert, newest, severity, project, scenario }))
    }

    /// Queues calls to everybody who is not being called about it already, and opens the alert again where somebody had
    /// taken it. What would hold back calls of a request holds these back too. Nudge the dispatcher once it is durable.
    ///
    /// # Errors
    /// [`AlertError::Closed`], [`AlertError::ProjectDeleted`], or what the database said.
    pub fn carry_out(&self, tx: &mut Tx<'_>, hand: Hand, now: Timestamp) -> Result<Vec<Judged>, AlertError> {
        // Whoever would be called for it may not belong to the organization any more.
        if projects::in_org(tx, self.org, self.project.id)?.is_none() {
            return Err(AlertError::ProjectDeleted);
        }
        alerts::call_again(tx, self.org, self.alert, hand, now)?;
        let called = queue::called(tx, self.alert, None)?;
        let mut callees = scenarios::callees(tx, &self.action, &self.project)?;
        callees.retain(|callee| !called.iter().any(|(account, _)| *account == callee.account_id));
        let summons = Summons {
            request_id: self.request,
            alert_id: self.alert,
            org_id: self.org,
            project_id: self.project.id,
            severity: self.severity,
            policy: Policy::of(&self.project),
            at: now,
        };
        let calls = summons.judge(tx, callees, &mut Uuid::now_v7)?;
        for call in &calls {
            queue::insert(tx, call)?;
        }
        alerts::note_unreached(tx, self.alert, now)?;
        Ok(calls)
    }
}
