//! `/api/v1/alerts`.

use super::{
    call::{Call, missing, ok},
    caller::Member,
};
use crate::{
    accounts::{
        audit::{self, Deed, Who},
        projects,
    },
    dispatch::{
        alert_history::{self, AlertDetail, AlertPage, AlertQuery, AlertState},
        alerts::{self, AlertError, Hand},
    },
    store::Tx,
    web::{
        Response,
        api::organizations::in_org,
        problem::{Kind, Problem},
    },
};
use serde::Serialize;
use shared::{
    ids::{AlertId, OrgId, ProjectId},
    time::Timestamp,
};
use utoipa::{IntoParams, ToSchema};

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
        project: project(&call, &member).await?,
        before: query.after_or_before()?,
        limit: query.limit()?,
    };
    ok(&alert_history::page(&call.app.store, query).await?)
}

/// The project that a request names; one that is deleted has its history still, by its id.
async fn project(call: &Call, member: &Member) -> Result<Option<ProjectId>, Problem> {
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
    let hand = match member.who {
        Who::Account(id) | Who::Operator(id) => Hand::Account(id),
        Who::ApiKey(id) => Hand::ApiKey(id),
        Who::Nobody => return Err(Problem::internal()),
    };
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
            AlertError::Store(error) => error.into(),
        }
    }
}
