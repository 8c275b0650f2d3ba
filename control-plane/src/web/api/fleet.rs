//! `GET /api/v1/fleet`.

use super::{authorize, found};
use crate::{
    accounts::keys::Scope,
    fleet::FleetView,
    web::{App, Response, problem::Problem},
};
use hyper::HeaderMap;

/// PBXs and how they are
///
/// An API key sees names and health only.
#[utoipa::path(
    get,
    path = "/api/v1/fleet",
    tag = "fleet",
    security(("api_key" = [])),
    responses(
        (status = 200, description = "Every PBX", body = FleetView),
        (status = 401, description = "No API key, or a wrong one"),
        (status = 403, description = "The API key may not read"),
        (status = 503, description = "The database does not answer")
    )
)]
pub(crate) async fn pbxs(app: &App, headers: &HeaderMap) -> Result<Response, Problem> {
    authorize(app, headers, Scope::Read).await?;
    found(&app.fleet.view(false).await?)
}
