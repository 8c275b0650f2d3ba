//! `/api/v1/fleet`, and the whole of it for operators.

use super::{
    call::{Call, ok},
    caller::{Member, Person},
};
use crate::{
    fleet::FleetView,
    web::{Response, problem::Problem},
};

/// PBXs and how they are
///
/// Names and health only; operators see the rest in the admin panel.
#[utoipa::path(
    get,
    path = "/api/v1/fleet",
    tag = "fleet",
    responses((status = 200, description = "Every PBX", body = FleetView))
)]
pub(super) async fn pbxs(call: Call, _member: Member) -> Result<Response, Problem> {
    ok(&call.app.fleet.view(false).await?)
}

/// PBXs, their trunks and how they are
#[utoipa::path(
    get,
    path = "/api/admin/v1/fleet",
    tag = "admin",
    responses((status = 200, description = "Every PBX", body = FleetView))
)]
pub(super) async fn whole(call: Call, _operator: Person) -> Result<Response, Problem> {
    ok(&call.app.fleet.view(true).await?)
}
