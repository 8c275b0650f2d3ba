//! `/api/mail/resend`: what the mail provider says later of letters.

use super::{
    App, Response, Routes,
    body::{self, Whole},
    problem::{Kind, Problem},
    routes::{POST, json, only, with},
};
use crate::mail::{self, BadSignature, Event, NotAnEvent, Signed};
use bytes::Buf;
use futures_util::Stream;
use hyper::HeaderMap;
use serde::Serialize;
use shared::time::Timestamp;
use std::sync::Arc;
use utoipa::ToSchema;
use warp::{Filter, Reply, http::StatusCode};

/// Most bytes of an event.
const EVENT_BYTES: usize = 64 * 1024;
/// Longest id of an event, bytes.
const LONGEST_ID: usize = 256;

pub(super) fn routes(app: &Arc<App>) -> Routes {
    warp::path!("api" / "mail" / "resend")
        .and(only(POST))
        .and(with(app))
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(|app: Arc<App>, headers: HeaderMap, body| async move {
            resend(&app, &headers, body).await.unwrap_or_else(Reply::into_response)
        })
        .boxed()
}

/// What became of an event.
#[derive(Serialize, ToSchema)]
pub(super) struct EventTaken {
    /// Whether it changed anything; one that came before, or of another kind, does not.
    applied: bool,
}

/// Take an event of Resend's webhook
///
/// A hard bounce or a complaint: its address gets no letter any more.
#[utoipa::path(
    post,
    path = "/api/mail/resend",
    tag = "mail",
    params(
        ("svix-id" = String, Header, description = "The event's id; applied once"),
        ("svix-timestamp" = i64, Header, description = "When it was signed, seconds since 1970; at most five minutes off"),
        ("svix-signature" = String, Header, description = "`v1,BASE64` of HMAC-SHA256 over id, timestamp and body; several with spaces between")
    ),
    request_body(content = String, content_type = "application/json", description = "The event, at most 64 KiB"),
    responses(
        (status = 200, description = "Taken, whether or not it changed anything", body = EventTaken),
        (status = 400, description = "A header is missing, or the body is no event"),
        (status = 401, description = "The signature is wrong or too old"),
        (status = 404, description = "No secret is configured (`mail_webhook_secret_file`)"),
        (status = 408, description = "The body did not arrive in time"),
        (status = 413, description = "Over 64 KiB"),
        (status = 503, description = "Could not be made durable; send it again after Retry-After")
    )
)]
async fn resend<B: Buf, E>(
    app: &App,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, E>>,
) -> Result<Response, Problem> {
    let Some(secret) = &app.mail_secret else {
        let detail = "events are taken where `mail_webhook_secret_file` is configured";
        return Err(Problem::new(Kind::NoMailEvents, detail));
    };
    let (id, timestamp, signatures) =
        (header(headers, "svix-id")?, header(headers, "svix-timestamp")?, header(headers, "svix-signature")?);
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(bad_header("svix-id"));
    }
    let Whole { bytes, memory: _memory } =
        body::read(headers, body, EVENT_BYTES, app.limits.body_time, &app.body_memory).await?;
    secret.verify(Signed { id, timestamp, signatures, body: &bytes }, Timestamp::now())?;
    let applied = match Event::read(&bytes)? {
        Some(event) => {
            let id = id.to_owned();
            app.store.write(move |tx| mail::apply(tx, &id, &event, Timestamp::now())).await?
        }
        None => false,
    };
    let answer = serde_json::to_string(&EventTaken { applied }).map_err(|_| Problem::internal())?;
    Ok(json(StatusCode::OK, answer))
}

fn header<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, Problem> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or_else(|| bad_header(name))
}

fn bad_header(name: &'static str) -> Problem {
    Problem::new(Kind::BadHeader, format!("{name} is missing or cannot be used"))
}

impl From<BadSignature> for Problem {
    fn from(error: BadSignature) -> Self {
        Self::new(Kind::WrongSignature, error.to_string())
    }
}

impl From<NotAnEvent> for Problem {
    fn from(error: NotAnEvent) -> Self {
        Self::new(Kind::BadEvent, error.to_string())
    }
}
