//! `GET /api/v1/calls` and `/api/v1/calls/{id}`.

use super::{
    call::{Call, missing, ok},
    caller::Member,
};
use crate::{
    dispatch::history::{self, CallDetail, CallPage, CallQuery},
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use shared::ids::{AlertId, CallId, RequestId};
use utoipa::IntoParams;

/// Which calls.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(super) struct CallFilter {
    /// Only the calls of this request
    #[param(value_type = String, required = false, format = "uuid")]
    request_id: Option<RequestId>,
    /// Only the calls about this alert
    #[param(value_type = String, required = false, format = "uuid")]
    alert_id: Option<AlertId>,
    /// The same as `after`, as it was called before
    #[param(value_type = String, required = false, format = "uuid")]
    before: Option<CallId>,
    /// At most so many; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// `next` of the page before: what comes after it
    #[param(value_type = String, required = false, format = "uuid")]
    after: Option<CallId>,
}

/// Calls and their attempts, newest first
#[utoipa::path(
    get,
    path = "/api/v1/calls",
    tag = "calls",
    responses((status = 200, description = "A page", body = CallPage))
)]
pub(super) async fn calls(call: Call, member: Member) -> Result<Response, Problem> {
    let query = &call.query;
    let query = CallQuery {
        org_id: member.org,
        request_id: query.get("request_id", "a UUID")?,
        alert_id: query.get("alert_id", "a UUID")?,
        before: query.after_or_before()?,
        limit: query.limit()?,
    };
    ok(&history::page(&call.app.store, query).await?)
}

/// One call and its attempts, with what it is about
#[utoipa::path(
    get,
    path = "/api/v1/calls/{id}",
    tag = "calls",
    responses(
        (status = 200, description = "The call", body = CallDetail),
        (status = 404, description = "The organization has no call with this id")
    )
)]
pub(super) async fn one(call: Call, member: Member) -> Result<Response, Problem> {
    let id: CallId = call.id("id", Kind::UnknownCall)?;
    let found = history::detail(&call.app.store, member.org, id).await?;
    ok(&found.ok_or_else(|| missing(Kind::UnknownCall))?)
}
