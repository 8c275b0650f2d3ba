//! `/api/v1/alerts`.

use super::{authorize, found, query::Query};
use crate::{
    accounts::keys::{ApiKey, Scope},
    dispatch::{
        alert_history::{self, AlertDetail, AlertPage, AlertQuery, AlertState},
        alerts::{self, AlertError},
    },
    store::Tx,
    web::{App, Response, problem::Problem},
};
use hyper::HeaderMap;
use serde::Serialize;
use shared::{
    ids::{AlertId, ApiKeyId, OrgId},
    time::Timestamp,
};
use utoipa::ToSchema;
use uuid::Uuid;
use warp::http::StatusCode;

/// Where an alert stands after it was changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedAlert {
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
    security(("api_key" = [])),
    responses(
        (status = 200, description = "A page", body = AlertPage),
        (status = 400, description = "A parameter cannot be used"),
        (status = 401, description = "No API key, or a wrong one"),
        (status = 403, description = "The API key may not read"),
        (status = 503, description = "The database does not answer")
    )
)]
pub(crate) async fn alerts(app: &App, headers: &HeaderMap, raw_query: &str) -> Result<Response, Problem> {
    let key = authorize(app, headers, Scope::Read).await?;
    let query = Query::read(raw_query, &["state", "before", "limit"])?;
    let query = AlertQuery {
        org_id: key.org_id,
        state: query.get::<AlertState>("state", "open, acknowledged or closed")?,
        before: query.get::<Uuid>("before", "a UUID")?.map(AlertId::new),
        limit: query.limit()?,
    };
    found(&alert_history::page(&app.store, query).await?)
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
    security(("api_key" = [])),
    responses(
        (status = 200, description = "The alert", body = AlertDetail),
        (status = 400, description = "A parameter cannot be used"),
        (status = 401, description = "No API key, or a wrong one"),
        (status = 403, description = "The API key may not read"),
        (status = 404, description = "The organization has no alert with this id"),
        (status = 503, description = "The database does not answer")
    )
)]
pub(crate) async fn alert(
    app: &App,
    headers: &HeaderMap,
    id: &str,
    raw_query: &str,
) -> Result<Response, Problem> {
    let key = authorize(app, headers, Scope::Read).await?;
    let query = Query::read(raw_query, &["after", "limit"])?;
    let after = query.get::<u32>("after", "the number of an entry")?.unwrap_or(0);
    let limit = query.limit()?;
    let detail = alert_history::detail(&app.store, key.org_id, named(id)?, i64::from(after), limit).await?;
    found(&detail.ok_or(AlertError::Unknown)?)
}

/// Take an alert: phones that ring about it are hung up
///
/// Taking an alert that somebody has taken changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{id}/acknowledge",
    tag = "alerts",
    params(("id" = String, Path, description = "The alert's id", format = "uuid")),
    security(("api_key" = [])),
    responses(
        (status = 200, description = "It is taken", body = ChangedAlert),
        (status = 401, description = "No API key, or a wrong one"),
        (status = 403, description = "The API key has not the scope alerts:write"),
        (status = 404, description = "The organization has no alert with this id"),
        (status = 409, description = "The alert is closed"),
        (status = 503, description = "Could not be made durable; send it again after Retry-After")
    )
)]
pub(crate) async fn acknowledge(app: &App, headers: &HeaderMap, id: &str) -> Result<Response, Problem> {
    change(app, headers, id, AlertState::Acknowledged, alerts::acknowledge_with_key).await
}

/// Close an alert: phones that ring about it are hung up
///
/// Closing a closed alert changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{id}/close",
    tag = "alerts",
    params(("id" = String, Path, description = "The alert's id", format = "uuid")),
    security(("api_key" = [])),
    responses(
        (status = 200, description = "It is closed", body = ChangedAlert),
        (status = 401, description = "No API key, or a wrong one"),
        (status = 403, description = "The API key has not the scope alerts:write"),
        (status = 404, description = "The organization has no alert with this id"),
        (status = 503, description = "Could not be made durable; send it again after Retry-After")
    )
)]
pub(crate) async fn close(app: &App, headers: &HeaderMap, id: &str) -> Result<Response, Problem> {
    change(app, headers, id, AlertState::Closed, alerts::close_with_key).await
}

type Step = fn(&mut Tx<'_>, OrgId, AlertId, ApiKeyId, Timestamp) -> Result<(), AlertError>;

async fn change(
    app: &App,
    headers: &HeaderMap,
    id: &str,
    state: AlertState,
    step: Step,
) -> Result<Response, Problem> {
    let ApiKey { id: key, org_id, .. } = authorize(app, headers, Scope::AlertsWrite).await?;
    let id = named(id)?;
    // The time is read where the turns of the dispatcher are: a clock that is set comes between no two of them.
    app.store.write(move |tx| step(tx, org_id, id, key, Timestamp::now())).await?;
    app.nudge.nudge();
    tracing::info!(alert = %id, %key, state = state.as_str(), "an alert was changed by an API key");
    found(&ChangedAlert { id, state: state.as_str() })
}

/// What is no UUID names no alert.
fn named(id: &str) -> Result<AlertId, AlertError> {
    Uuid::try_parse(id).map(AlertId::new).map_err(|_| AlertError::Unknown)
}

impl From<AlertError> for Problem {
    fn from(error: AlertError) -> Self {
        let detail = error.to_string();
        match error {
            AlertError::Unknown => Self::new(StatusCode::NOT_FOUND, "unknown_alert", detail),
            AlertError::Closed => Self::new(StatusCode::CONFLICT, "alert_closed", detail),
            AlertError::Store(error) => error.into(),
        }
    }
}
