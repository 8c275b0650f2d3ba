//! `/api/v1/alerts`.

use super::{
    call::{Call, count, missing, ok},
    caller::Member,
    creation::{self, Created},
    query::{Query, bad},
    reckoning::reckon,
};
use crate::{
    accounts::{
        audit::{self, Deed, Who},
        projects, tries,
    },
    dispatch::{
        alert_history::{self, AlertDetail, AlertPage, AlertQuery, AlertState},
        alerts::{self, AlertError, Hand},
    },
    intake::CallAgain,
    store::Tx,
    web::{
        Response,
        api::organizations::in_org,
        problem::{Kind, Problem},
    },
    words,
};
use serde::Serialize;
use shared::{
    ids::{AlertId, CallId, OrgId, ProjectId},
    outcome::CallStatus,
    severity::Severity,
    time::Timestamp,
};
use utoipa::{IntoParams, ToSchema};
use warp::http::StatusCode;

/// Where an alert stands after it was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedAlert {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: AlertId,
    /// Where it stands now.
    #[schema(value_type = AlertState)]
    state: &'static str,
}

/// Which alerts.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(super) struct AlertFilter {
    /// Only those that stand here
    #[param(value_type = AlertState, required = false)]
    state: Option<AlertState>,
    /// Only those that are so bad
    #[param(value_type = words::Severity, required = false)]
    severity: Option<Severity>,
    /// The same as `after`, as it was called before
    #[param(value_type = String, required = false, format = "uuid")]
    before: Option<AlertId>,
    /// At most so many; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// `next` of the page before: what comes after it
    #[param(value_type = String, required = false, format = "uuid")]
    after: Option<AlertId>,
    /// Only those of this project: its slug or id
    #[param(value_type = String, required = false)]
    project: Option<String>,
}

/// Alerts, newest first
#[utoipa::path(
    get,
    path = "/api/v1/alerts",
    tag = "alerts",
    responses((status = 200, description = "A page", body = AlertPage))
)]
pub(super) async fn alerts(call: Call, member: Member) -> Result<Response, Problem> {
    let query = &call.query;
    let query = AlertQuery {
        org_id: member.org,
        state: query.get::<AlertState>("state", "open, acknowledged or closed")?,
        severity: severity(query)?,
        project: project(&call, &member).await?,
        before: query.after_or_before()?,
        limit: query.limit()?,
    };
    ok(&alert_history::page(&call.app.store, query).await?)
}

fn severity(query: &Query) -> Result<Option<Severity>, Problem> {
    let Some(word) = query.text("severity") else { return Ok(None) };
    let known = || bad("the parameter severity is critical, major, minor or info".to_owned());
    Severity::from_word(word).map(Some).ok_or_else(known)
}

/// The project that a request names; one that is deleted has its history still, by its id.
pub(super) async fn project(call: &Call, member: &Member) -> Result<Option<ProjectId>, Problem> {
    let Some(name) = call.query.text("project").map(str::to_owned) else { return Ok(None) };
    let org = member.org;
    let found = call.app.store.read(move |tx| projects::named(tx, org, &name)).await?;
    found.map(Some).ok_or_else(|| missing(Kind::UnknownProject))
}

/// Where a page of a timeline begins, and how long it is.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(super) struct TimelinePaging {
    /// `next` of the page before: what happened after that entry
    #[param(value_type = u32, required = false)]
    after: Option<u32>,
    /// At most so many entries; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// One alert, its calls, and a page of what happened to it
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}",
    tag = "alerts",
    responses(
        (status = 200, description = "The alert", body = AlertDetail),
        (status = 404, description = "The organization has no alert with this id")
    )
)]
pub(super) async fn alert(call: Call, member: Member) -> Result<Response, Problem> {
    let after = call.query.get::<u32>("after", "the number of an entry")?.unwrap_or(0);
    let (id, limit) = (call.id("id", Kind::UnknownAlert)?, call.query.limit()?);
    let detail = alert_history::detail(&call.app.store, member.org, id, i64::from(after), limit).await?;
    ok(&detail.ok_or(AlertError::Unknown)?)
}

/// An alert of this organization.
pub(super) fn found(tx: &mut Tx<'_>, org: OrgId, id: AlertId) -> Result<(), Problem> {
    match alerts::severity(tx, org, id)? {
        Some(_) => Ok(()),
        None => Err(AlertError::Unknown.into()),
    }
}

/// Take an alert: phones that ring about it are hung up
///
/// Taking an alert that somebody has taken changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{id}/acknowledge",
    tag = "alerts",
    responses(
        (status = 200, description = "It is taken", body = ChangedAlert),
        (status = 404, description = "The organization has no alert with this id"),
        (status = 409, description = "The alert is closed")
    )
)]
pub(super) async fn acknowledge(call: Call, member: Member) -> Result<Response, Problem> {
    change(call, member, AlertState::Acknowledged, Deed::AlertAcknowledged, alerts::acknowledge_by).await
}

/// Close an alert: phones that ring about it are hung up
///
/// Closing a closed alert changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{id}/close",
    tag = "alerts",
    responses(
        (status = 200, description = "It is closed", body = ChangedAlert),
        (status = 404, description = "The organization has no alert with this id")
    )
)]
pub(super) async fn close(call: Call, member: Member) -> Result<Response, Problem> {
    change(call, member, AlertState::Closed, Deed::AlertClosed, alerts::close_by).await
}

fn hand(member: &Member) -> Result<Hand, Problem> {
    match member.who {
        Who::Account(id) | Who::Operator(id) => Ok(Hand::Account(id)),
        Who::ApiKey(id) => Ok(Hand::ApiKey(id)),
        Who::Nobody => Err(Problem::internal()),
    }
}

/// Calls that are queued again.
#[derive(Serialize, ToSchema)]
pub(super) struct CalledAgain {
    /// One for each person who was not being called already; `blocked` where it is held back.
    calls: Vec<CallDocument>,
}

/// A call, in short.
#[derive(Serialize, ToSchema)]
#[schema(as = QueuedAgain)]
struct CallDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: CallId,
    /// Where it stands.
    #[schema(value_type = words::CallStatus)]
    status: CallStatus,
}

impl Created for CalledAgain {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
}

/// Have people called again about an alert
///
/// Whom its newest request calls, by the rules as they are now; whoever is being called already is not called twice. An
/// alert that somebody has taken is open again.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{id}/call-again",
    tag = "alerts",
    responses(
        (status = 202, description = "Calls are queued", body = CalledAgain),
        (status = 404, description = "The organization has no alert with this id, or its project was deleted"),
        (status = 409, description = "The alert is closed"),
        (status = 429, description = "Too many within an hour; again after Retry-After")
    )
)]
pub(super) async fn call_again(call: Call, member: Member) -> Result<Response, Problem> {
    let id: AlertId = call.id("id", Kind::UnknownAlert)?;
    let (actor, hand, org) = (call.actor(member.who), hand(&member)?, member.org);
    let about = call.app.store.read(move |tx| CallAgain::about(tx, org, id)).await?;
    let about = about.ok_or(AlertError::Unknown)?;
    let again = reckon(move || about.decide()).await?;
    let answer = creation::once(&call, org, move |tx, _| {
        member.still_may(tx)?;
        // The time is read where the turns of the dispatcher are: a clock that is set comes between no two of them.
        let now = Timestamp::now();
        count(tx, [(tries::CALLS_AGAIN, org.to_string())], now)?;
        let calls = again.carry_out(tx, hand, now)?;
        audit::record(tx, &in_org(actor, org, Deed::AlertCalledAgain, &id), now)?;
        let calls = calls.iter().map(|call| CallDocument { id: call.id(), status: call.status() });
        Ok(CalledAgain { calls: calls.collect() })
    });
    let answer = answer.await?;
    call.app.nudge.nudge();
    Ok(answer)
}

type Step = fn(&mut Tx<'_>, OrgId, AlertId, Hand, Timestamp) -> Result<bool, AlertError>;

async fn change(
    call: Call,
    member: Member,
    state: AlertState,
    deed: Deed,
    step: Step,
) -> Result<Response, Problem> {
    let id: AlertId = call.id("id", Kind::UnknownAlert)?;
    let actor = call.actor(member.who);
    let hand = hand(&member)?;
    let changed = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        // The time is read where the turns of the dispatcher are: a clock that is set comes between no two of them.
        let now = Timestamp::now();
        if step(tx, member.org, id, hand, now)? {
            audit::record(tx, &in_org(actor, member.org, deed, &id), now)?;
        }
        Ok::<_, Problem>(())
    });
    changed.await?;
    call.app.nudge.nudge();
    tracing::info!(alert = %id, who = ?member.who, state = state.as_str(), "an alert was changed over the API");
    ok(&ChangedAlert { id, state: state.as_str() })
}

impl From<AlertError> for Problem {
    fn from(error: AlertError) -> Self {
        let detail = error.to_string();
        match error {
            AlertError::Unknown => Self::new(Kind::UnknownAlert, detail),
            AlertError::Closed => Self::new(Kind::AlertClosed, detail),
            AlertError::ProjectDeleted => Self::new(Kind::UnknownProject, detail),
            AlertError::Store(error) => error.into(),
        }
    }
}
