//! `/api/wh/{endpoint_id}`: where requests come in.

use super::{
    App, Response, Routes,
    body::{self, Whole},
    connection::Peer,
    problem::{Kind, Problem},
    routes::{json, raw_query, with},
};
use crate::{
    intake::{Arrival, IntakeError, addresses::Address},
    words,
};
use bytes::{Buf, Bytes};
use futures_util::Stream;
use hyper::{HeaderMap, Method};
use std::sync::Arc;
use utoipa::ToSchema;
use warp::{Filter, Reply, http::StatusCode};

/// Methods that ask about a resource instead of sending something; every other one is taken in.
const NEVER: [Method; 4] = [Method::HEAD, Method::OPTIONS, Method::TRACE, Method::CONNECT];
const ALLOWED: &str = "POST, PUT, PATCH, GET, DELETE";

pub(super) fn routes(app: &Arc<App>) -> Routes {
    warp::path!("api" / "wh" / String)
        .and(with(app))
        .and(warp::ext::get::<Peer>())
        .and(warp::method())
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(
            |id: String,
             app: Arc<App>,
             peer: Peer,
             method: Method,
             query: String,
             headers: HeaderMap,
             body| async move {
                let call = Call { peer, method, query, headers };
                take(&id, &app, call, body).await.unwrap_or_else(Reply::into_response)
            },
        )
        .boxed()
}

/// A request without its body.
struct Call {
    peer: Peer,
    method: Method,
    query: String,
    headers: HeaderMap,
}

/// What an accepted request is answered.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what intake writes")]
pub(super) struct AcceptedDocument {
    /// Id of the stored request.
    #[schema(format = "uuid")]
    request_id: String,
    /// Severity that was read.
    #[schema(value_type = words::Severity)]
    severity: String,
    /// Message that was read.
    message: String,
    /// What was decided.
    #[schema(value_type = words::Decision)]
    action: String,
    /// The alert that it opened or belongs to.
    #[schema(format = "uuid")]
    alert_id: Option<String>,
    /// The calls that are queued.
    calls: Vec<QueuedCall>,
}

/// A call that was queued.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what intake writes")]
pub(super) struct QueuedCall {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// Where it stands.
    #[schema(value_type = words::CallStatus)]
    status: String,
}

/// Take a request in
///
/// Whatever shape it has: JSON, a form, a query string or plain text; PUT, PATCH, GET and DELETE do
/// the same. It is on disk before it is answered with 202.
#[utoipa::path(
    post,
    path = "/api/wh/{endpoint_id}",
    tag = "webhook",
    params(
        ("endpoint_id" = String, Path, description = "What the endpoint's URL ends in, which is its credential", format = "uuid"),
        ("X-Alert-Key" = Option<String>, Header, description = "The endpoint's second secret, where it has one"),
        ("X-Dedup-Key" = Option<String>, Header, description = "What the alert is called, at most 255 bytes of UTF-8: requests with the same key are one alert, and a resolve closes it. Without it a key of the payload counts, such as `dedup_key`, `fingerprint` or `incident_key`"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gets the same answer, once")
    ),
    request_body(content = String, content_type = "*/*", description = "At most 256 KiB"),
    responses(
        (status = 202, description = "Stored", body = AcceptedDocument),
        (status = 400, description = "A header cannot be used"),
        (status = 401, description = "The alert key is missing or wrong"),
        (status = 404, description = "No endpoint has this address"),
        (status = 408, description = "The body did not arrive in time"),
        (status = 413, description = "Over 256 KiB"),
        (status = 422, description = "The idempotency key was used for another request"),
        (status = 429, description = "The endpoint sends too fast; send it again after Retry-After"),
        (status = 503, description = "Could not be made durable; send it again after Retry-After")
    )
)]
async fn take<B: Buf, E>(
    address: &str,
    app: &App,
    call: Call,
    body: impl Stream<Item = Result<B, E>>,
) -> Result<Response, Problem> {
    let Call { peer, method, query, headers } = call;
    if NEVER.contains(&method) {
        return Err(Problem::wrong_method(ALLOWED));
    }
    let address: Address = address.parse().map_err(|_| unknown_endpoint())?;
    let alert_key = headers.get("x-alert-key").map(|key| String::from_utf8_lossy(key.as_bytes()));
    let endpoint = app.intake.open(address, alert_key.as_deref()).await?;
    let limits = &app.limits;
    let Whole { bytes, memory } =
        body::read(&headers, body, limits.webhook_bytes, limits.body_time, &app.body_memory).await?;
    let arrival = arrival(&peer, &method, query, &headers, bytes);
    let accepted = app.intake.accept(endpoint, arrival).await?;
    drop(memory);
    tracing::info!(request_id = %accepted.request_id, "accepted");
    Ok(json(StatusCode::ACCEPTED, accepted.answer))
}

fn arrival(peer: &Peer, method: &Method, query: String, headers: &HeaderMap, body: Bytes) -> Arrival {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    Arrival { remote: peer.address.ip(), method: method.to_string(), query, headers, body }
}

fn unknown_endpoint() -> Problem {
    Problem::new(Kind::UnknownEndpoint, "no endpoint has this address")
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let detail = error.to_string();
        match error {
            IntakeError::UnknownEndpoint => unknown_endpoint(),
            IntakeError::WrongKey => Self::new(Kind::WrongAlertKey, detail).with(
                warp::http::header::WWW_AUTHENTICATE,
                warp::http::HeaderValue::from_static("X-Alert-Key"),
            ),
            IntakeError::IdempotencyKeyReused { request_id } => {
                Self::new(Kind::IdempotencyKeyReused, detail).about(request_id)
            }
            IntakeError::RateLimited { retry_after } => {
                Self::new(Kind::TooManyRequests, detail).retry_after(retry_after)
            }
            IntakeError::BadHeader(_) => Self::new(Kind::BadHeader, detail),
            IntakeError::Store(error) => error.into(),
        }
    }
}
