//! `GET /api/v1/calls`.

use super::{
    call::{Call, ok},
    caller::Member,
};
use crate::{
    dispatch::history::{self, CallPage, CallQuery},
    web::{Response, problem::Problem},
};
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
    responses(
        (status = 200, description = "A page", body = CallPage),
        (status = 400, description = "A parameter cannot be used")
    )
)]
pub(super) async fn calls(call: Call, member: Member) -> Result<Response, Problem> {
    let query = call.query(&["request_id", "before", "limit"])?;
    let query = CallQuery {
        org_id: member.org,
        request_id: query.get::<Uuid>("request_id", "a UUID")?.map(RequestId::new),
        before: query.get::<Uuid>("before", "a UUID")?.map(CallId::new),
        limit: query.limit()?,
    };
    ok(&history::page(&call.app.store, query).await?)
}
