//! `/healthz` and `/readyz`.

use super::{
    App, Response, Routes,
    problem::{Kind, Problem},
    routes::{READ, json, only, with},
};
use crate::store::StoreError;
use serde::Serialize;
use std::sync::Arc;
use tokio::time::timeout;
use utoipa::ToSchema;
use warp::{Filter, Reply, http::StatusCode};

pub(super) fn routes(app: &Arc<App>) -> Routes {
    let lives = warp::path!("healthz").and(only(READ)).then(lives);
    let ready = warp::path!("readyz")
        .and(only(READ))
        .and(with(app))
        .then(|app: Arc<App>| async move { ready(&app).await.unwrap_or_else(Reply::into_response) });
    lives.or(ready).unify().boxed()
}

/// How the program is.
#[derive(Serialize, ToSchema)]
pub(super) struct HealthDocument {
    /// `ok` or `ready`.
    status: &'static str,
}

impl HealthDocument {
    fn answer(status: &'static str) -> Response {
        json(StatusCode::OK, serde_json::to_string(&Self { status }).unwrap_or_default())
    }
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "health", responses(
    (status = 200, description = "It lives", body = HealthDocument)
))]
async fn lives() -> Response {
    HealthDocument::answer("ok")
}

/// Whether requests can be accepted and calls dispatched
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "They can", body = HealthDocument),
    (status = 503, description = "They cannot, and why")
))]
async fn ready(app: &App) -> Result<Response, Problem> {
    match obstacle(app).await {
        None => Ok(HealthDocument::answer("ready")),
        Some(why) => Err(Problem::busy(Kind::NotReady, why)),
    }
}

/// What keeps the program from its work.
pub(super) async fn obstacle(app: &App) -> Option<&'static str> {
    if app.stop.is_cancelled() {
        return Some("it is shutting down");
    }
    if app.dispatcher.is_finished() {
        return Some("the dispatcher has ended; its log says why");
    }
    let probe = app.store.read(|tx| tx.row("SELECT 1", &[], |row| row.get::<i64>(0)));
    match timeout(app.limits.readiness_time, probe).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => {
            let error: StoreError = error;
            tracing::warn!(%error, "the database does not answer");
            Some("the database does not answer")
        }
        Err(_) => Some("the database does not answer in time"),
    }
}
