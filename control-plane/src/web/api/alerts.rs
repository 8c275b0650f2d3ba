//! `/api/v1/alerts`.

use super::{
    call::{Call, ok},
    caller::Member,
};
use crate::{
    accounts::audit::{self, Deed, Who},
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
    ids::{AlertId, OrgId},
    time::Timestamp,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Where an alert stands after it was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedAlert {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: AlertId,
    /// `acknowledged` or `closed`.
    state: &'static str,
}

/// Alerts, newest first
#[utoipa::path(
    get,
    path = "/api/v1/alerts",
    tag = "alerts",
    params(
        ("state" = Option<String>, Query, description = "Only those that are `open`, `acknowledged` or `closed`"),
        ("before" = Option<String>, Query, description = "Only alerts older than this one: `next` of the page before", format = "uuid"),
        ("limit" = Option<u16>, Query, description = "At most so many", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "A page", body = AlertPage),
        (status = 400, description = "A parameter cannot be used")
    )
)]
pub(super) async fn alerts(call: Call, member: Member) -> Result<Response, Problem> {
    let query = call.query(&["state", "before", "limit"])?;
    let query = AlertQuery {
        org_id: member.org,
        state: query.get::<AlertState>("state", "open, acknowledged or closed")?,
        before: query.get::<Uuid>("before", "a UUID")?.map(AlertId::new),
        limit: query.limit()?,
    };
    ok(&alert_history::page(&call.app.store, query).await?)
}

/// One alert, its calls, and a page of what happened to it
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}",
    tag = "alerts",
    params(
        ("id" = String, Path, description = "The alert's id", format = "uuid"),
        ("after" = Option<i64>, Query, description = "Only what happened after this entry of the timeline: `next` of the page before", minimum = 0),
        ("limit" = Option<u16>, Query, description = "At most so many entries", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "The alert", body = AlertDetail),
        (status = 400, description = "A parameter cannot be used"),
        (status = 404, description = "The organization has no alert with this id")
    )
)]
pub(super) async fn alert(call: Call, member: Member) -> Result<Response, Problem> {
    let query = call.query(&["after", "limit"])?;
    let after = query.get::<u32>("after", "the number of an entry")?.unwrap_or(0);
    let (id, limit) = (call.id("id", Kind::UnknownAlert)?, query.limit()?);
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
    params(("id" = String, Path, description = "The alert's id", format = "uuid")),
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
    params(("id" = String, Path, description = "The alert's id", format = "uuid")),
    responses(
        (status = 200, description = "It is closed", body = ChangedAlert),
        (status = 404, description = "The organization has no alert with this id")
    )
)]
pub(super) async fn close(call: Call, member: Member) -> Result<Response, Problem> {
    change(call, member, AlertState::Closed, Deed::AlertClosed, alerts::close_by).await
}

type Step = fn(&mut Tx<'_>, OrgId, AlertId, Hand, Timestamp) -> Result<(), AlertError>;

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
        step(tx, member.org, id, hand, now)?;
        Ok::<_, Problem>(audit::record(tx, &in_org(actor, member.org, deed, &id), now)?)
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
