//! `/api/v1/`: what programs ask, with an API key as bearer token.

mod alerts;
mod calls;
mod fleet;
mod query;

pub(super) use alerts::{__path_acknowledge, __path_alert, __path_alerts, __path_close};
pub(super) use calls::__path_calls;
pub(super) use fleet::__path_pbxs;

use super::{
    App, Response, Routes, openapi,
    problem::Problem,
    routes::{POST, READ, json, only, raw_query, with},
};
use crate::accounts::keys::{self, ApiKey, Scope};
use hyper::{HeaderMap, header::AUTHORIZATION};
use serde::Serialize;
use std::sync::Arc;
use warp::{
    Filter, Reply,
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
};

pub(super) fn routes(app: &Arc<App>) -> Routes {
    let document = warp::path!("api" / "v1" / "openapi.json")
        .and(only(READ))
        .then(|| async { json(StatusCode::OK, openapi::document()) });
    let calls = warp::path!("api" / "v1" / "calls")
        .and(only(READ))
        .and(with(app))
        .and(warp::header::headers_cloned())
        .and(raw_query())
        .then(|app: Arc<App>, headers: HeaderMap, query: String| async move {
            calls::calls(&app, &headers, &query).await.unwrap_or_else(Reply::into_response)
        });
    let pbxs = warp::path!("api" / "v1" / "fleet")
        .and(only(READ))
        .and(with(app))
        .and(warp::header::headers_cloned())
        .then(|app: Arc<App>, headers: HeaderMap| async move {
            fleet::pbxs(&app, &headers).await.unwrap_or_else(Reply::into_response)
        });
    document.or(calls).unify().or(pbxs).unify().or(alert_routes(app)).unify().boxed()
}

fn alert_routes(app: &Arc<App>) -> Routes {
    let alerts = warp::path!("api" / "v1" / "alerts")
        .and(only(READ))
        .and(with(app))
        .and(warp::header::headers_cloned())
        .and(raw_query())
        .then(|app: Arc<App>, headers: HeaderMap, query: String| async move {
            alerts::alerts(&app, &headers, &query).await.unwrap_or_else(Reply::into_response)
        });
    let alert = warp::path!("api" / "v1" / "alerts" / String)
        .and(only(READ))
        .and(with(app))
        .and(warp::header::headers_cloned())
        .and(raw_query())
        .then(|id: String, app: Arc<App>, headers: HeaderMap, query: String| async move {
            alerts::alert(&app, &headers, &id, &query).await.unwrap_or_else(Reply::into_response)
        });
    let acknowledge = warp::path!("api" / "v1" / "alerts" / String / "acknowledge")
        .and(only(POST))
        .and(with(app))
        .and(warp::header::headers_cloned())
        .then(|id: String, app: Arc<App>, headers: HeaderMap| async move {
            alerts::acknowledge(&app, &headers, &id).await.unwrap_or_else(Reply::into_response)
        });
    let close = warp::path!("api" / "v1" / "alerts" / String / "close")
        .and(only(POST))
        .and(with(app))
        .and(warp::header::headers_cloned())
        .then(|id: String, app: Arc<App>, headers: HeaderMap| async move {
            alerts::close(&app, &headers, &id).await.unwrap_or_else(Reply::into_response)
        });
    alerts.or(alert).unify().or(acknowledge).unify().or(close).unify().boxed()
}

/// The key behind a request, where it may do this.
async fn authorize(app: &App, headers: &HeaderMap, scope: Scope) -> Result<ApiKey, Problem> {
    let Some(bearer) = bearer(headers) else {
        let detail = "send an API key as `Authorization: Bearer KEY`; `control-plane api-key` makes one";
        return Err(unauthorized("no_api_key", detail, "Bearer realm=\"callping\""));
    };
    let Some(key) = keys::authenticate(&app.store, bearer).await? else {
        let challenge = "Bearer realm=\"callping\", error=\"invalid_token\"";
        return Err(unauthorized("wrong_api_key", "this API key is not known", challenge));
    };
    if !key.scopes.contains(&scope) {
        let challenge = HeaderValue::from_static("Bearer realm=\"callping\", error=\"insufficient_scope\"");
        let detail = "this API key may not do that; make one with the scope that it takes";
        return Err(
            Problem::new(StatusCode::FORBIDDEN, "scope_missing", detail).with(WWW_AUTHENTICATE, challenge)
        );
    }
    Ok(key)
}

fn unauthorized(code: &'static str, detail: &str, challenge: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
        .with(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn found(document: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_string(document).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::internal()
    })?;
    Ok(json(StatusCode::OK, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_found_however_its_scheme_is_written() {
        let of = |value| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("bearer  abc").as_deref(), Some("abc"));
        for wrong in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
