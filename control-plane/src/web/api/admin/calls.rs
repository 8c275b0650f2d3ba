//! What is under way, and what waits.

use crate::{
    dispatch::live::{self, LiveCall, QueueView},
    web::{
        Response,
        api::{
            call::{Call, Page, ok},
            caller::Person,
        },
        problem::Problem,
    },
};
use std::convert::identity;
use uuid::Uuid;

/// Calls that are not over, of everybody, the oldest first
#[utoipa::path(
    get,
    path = "/api/admin/v1/calls",
    tag = "admin",
    responses((status = 200, description = "A page", body = Page<LiveCall>))
)]
pub(in crate::web::api) async fn live(call: Call, _operator: Person) -> Result<Response, Problem> {
    let (after, limit) = call.page::<Uuid>()?;
    let rows = call.app.store.read(move |tx| live::page(tx, &after, limit)).await?;
    ok(&Page::of(rows, identity))
}

/// What waits, and for what
#[utoipa::path(
    get,
    path = "/api/admin/v1/queue",
    tag = "admin",
    responses((status = 200, description = "Counted now", body = QueueView))
)]
pub(in crate::web::api) async fn queue(call: Call, _operator: Person) -> Result<Response, Problem> {
    ok(&call.app.store.read(live::queue).await?)
}
