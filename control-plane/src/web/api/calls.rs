//! `GET /api/v1/calls`.

use super::{authorize, found, query::Query};
use crate::{
    accounts::keys::Scope,
    dispatch::history::{self, CallPage, CallQuery},
    web::{App, Response, problem::Problem},
};
use hyper::HeaderMap;
use shared::ids::{CallId, RequestId};
use uuid::Uuid;

/// Calls and their attempts, newest first
#[utoipa::path(
    get,
    path = "/api/v1/calls",
    tag = "calls",
    params(
        ("request_id" = Option<String>, Query, description = "Only the calls of this request", format = "uuid"),
        ("before" = Option<String>, Query, description = "Only calls older than this one: `next` of the page before", format = "uuid"),
        ("limit" = Option<u16>, Query, description = "At most so many", minimum = 1, maximum = 200)
    ),
    security(("api_key" = [])),
    responses(
        (status = 200, description = "A page", body = CallPage),
        (status = 400, description = "A parameter cannot be used"),
        (status = 401, description = "No API key, or a wrong one"),
        (status = 403, description = "The API key may not read"),
        (status = 503, description = "The database does not answer")
    )
)]
pub(crate) async fn calls(app: &App, headers: &HeaderMap, raw_query: &str) -> Result<Response, Problem> {
    let key = authorize(app, headers, Scope::Read).await?;
    let query = Query::read(raw_query, &["request_id", "before", "limit"])?;
    let query = CallQuery {
        org_id: key.org_id,
        request_id: query.get::<Uuid>("request_id", "a UUID")?.map(RequestId::new),
        before: query.get::<Uuid>("before", "a UUID")?.map(CallId::new),
        limit: query.limit()?,
    };
    found(&history::page(&app.store, query).await?)
}
