//! `/api/v1/fleet`.

use super::{
    call::{Call, ok},
    caller::Member,
};
use crate::{
    fleet::FleetSummary,
    web::{Response, problem::Problem},
};

/// PBXs and how they are
///
/// Names and health only; operators see the rest in the admin panel.
#[utoipa::path(
    get,
    path = "/api/v1/fleet",
    tag = "fleet",
    responses((status = 200, description = "Every PBX", body = FleetSummary))
)]
pub(super) async fn pbxs(call: Call, _member: Member) -> Result<Response, Problem> {
    ok(&call.app.fleet.summary().await?)
}
