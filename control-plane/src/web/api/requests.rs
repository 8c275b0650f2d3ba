//! Stored requests: `/api/v1/endpoints/{id}/requests`, `/api/v1/alerts/{id}/requests` and `/api/v1/requests/{id}`.

use super::{
    alerts,
    call::{Call, Page, count, missing, ok},
    caller::Member,
    creation::{self, Created},
    endpoints,
    organizations::in_org,
    reckoning::reckon,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        tries,
    },
    intake::{
        self,
        requests::{self, BodyKind, Stored, Summary},
    },
    routing::fields,
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
        webhook::AcceptedDocument,
    },
    words,
};
use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    ids::{AlertId, EndpointId, OrgId, RequestId},
    severity::Severity,
    time::Timestamp,
};
use utoipa::ToSchema;
use warp::http::StatusCode;

/// Most of a body that is shown, bytes.
const SHOWN: usize = 64 * 1024;
/// Stands for a secret.
const HIDDEN: &str = "•••";
/// What in the name of a header says that it is one.
const SECRETS: [&str; 6] = ["authorization", "cookie", "token", "secret", "key", "signature"];

/// A stored request, in short.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestSummary {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: RequestId,
    /// When it came, RFC 3339, UTC.
    #[schema(format = "date-time")]
    received_at: String,
    /// As it came, such as `POST`.
    method: String,
    /// As it was read.
    #[schema(value_type = words::Severity)]
    severity: Severity,
    /// As it was read.
    message: String,
    /// What was decided.
    #[schema(value_type = words::Decision)]
    action: String,
    /// The alert that it opened or belongs to.
    #[schema(value_type = Option<String>, format = "uuid")]
    alert_id: Option<AlertId>,
    /// Bytes of its body.
    bytes: u32,
    /// What its sender calls the body.
    content_type: Option<String>,
    /// Address of who sent it.
    remote: String,
}

impl From<Summary> for RequestSummary {
    fn from(summary: Summary) -> Self {
        let Summary {
            id,
            received_at,
            method,
            severity,
            message,
            action,
            alert_id,
            bytes,
            content_type,
            remote,
        } = summary;
        let received_at = received_at.to_string();
        Self { id, received_at, method, severity, message, action, alert_id, bytes, content_type, remote }
    }
}

/// A stored request, whole.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestDetail {
    /// In short.
    #[serde(flatten)]
    summary: RequestSummary,
    /// What people call the endpoint that it came to; may be empty.
    endpoint_name: String,
    /// Slug of the project.
    project: String,
    /// The project's id.
    #[schema(format = "uuid")]
    project_id: String,
    /// Raw query string.
    query: String,
    /// Its headers; credentials are `•••`, or not kept at all.
    headers: Vec<RequestHeader>,
    /// The first 64 KiB of its body; what is not UTF-8 is replaced.
    body: String,
    /// Whether there is more of it.
    body_truncated: bool,
    /// What it is made of.
    #[schema(value_type = BodyKind)]
    body_kind: &'static str,
    /// What rules see of it; null where that is more than they look at.
    #[schema(value_type = Option<Object>)]
    fields: Option<Value>,
    /// What was answered.
    #[schema(value_type = Object)]
    answer: Value,
    /// The request that was taken in again as this one.
    #[schema(value_type = Option<String>, format = "uuid")]
    replayed_from: Option<RequestId>,
}

/// A header.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestHeader {
    /// Its name, in lower case.
    name: String,
    /// Its value.
    value: String,
}

impl From<Stored> for RequestDetail {
    fn from(stored: Stored) -> Self {
        let body_kind = stored.body_kind().as_str();
        let reading = intake::read(&stored.arrival(std::net::Ipv4Addr::UNSPECIFIED.into()));
        let headers = stored.headers.into_iter().map(|(name, value)| {
            let value = if is_secret(&name) { HIDDEN.to_owned() } else { value };
            RequestHeader { name, value }
        });
        let (body, body_truncated) = beginning(&stored.body);
        Self {
            summary: stored.summary.into(),
            endpoint_name: stored.endpoint_name,
            project: stored.project,
            project_id: stored.project_id.to_string(),
            query: stored.query,
            headers: headers.collect(),
            body,
            body_truncated,
            body_kind,
            fields: shown_fields(reading.fields),
            answer: serde_json::from_str(&stored.answer).unwrap_or_default(),
            replayed_from: stored.replayed_from,
        }
    }
}

fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|word| name.contains(word))
}

/// As much as is shown, and whether there is more. A character is not cut in two.
fn beginning(body: &[u8]) -> (String, bool) {
    let is_within = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let mut end = body.len().min(SHOWN);
    for _ in 0..3 {
        if body.get(end).is_some_and(is_within) {
            end -= 1;
        }
    }
    (String::from_utf8_lossy(&body[..end]).into_owned(), end < body.len())
}

/// What rules can name, unless it is more than they look at.
pub(super) fn shown_fields(all: Value) -> Option<Value> {
    (!fields::is_too_much(&all)).then_some(all)
}

/// A stored request of this organization.
pub(super) fn found(tx: &mut Tx<'_>, org: OrgId, id: RequestId) -> Result<Stored, Problem> {
    requests::stored(tx, org, id)?.ok_or_else(|| missing(Kind::UnknownRequest))
}

/// What came to an endpoint, newest first
#[utoipa::path(
    get,
    path = "/api/v1/endpoints/{id}/requests",
    tag = "requests",
    responses(
        (status = 200, description = "A page", body = Page<RequestSummary>),
        (status = 404, description = "No such endpoint")
    )
)]
pub(super) async fn of_endpoint(call: Call, member: Member) -> Result<Response, Problem> {
    let id: EndpointId = call.id("id", Kind::UnknownEndpoint)?;
    let (after, limit) = (call.query.after()?, call.query.limit()?);
    let rows = call.app.store.read(move |tx| {
        endpoints::found(tx, member.org, id)?;
        Ok::<_, Problem>(requests::of_endpoint(tx, id, after, limit)?)
    });
    ok(&Page::of(rows.await?, RequestSummary::from))
}

/// The requests that spoke of an alert, newest first
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}/requests",
    tag = "requests",
    responses(
        (status = 200, description = "A page", body = Page<RequestSummary>),
        (status = 404, description = "The organization has no alert with this id")
    )
)]
pub(super) async fn of_alert(call: Call, member: Member) -> Result<Response, Problem> {
    let id: AlertId = call.id("id", Kind::UnknownAlert)?;
    let (after, limit) = (call.query.after()?, call.query.limit()?);
    let rows = call.app.store.read(move |tx| {
        alerts::found(tx, member.org, id)?;
        Ok::<_, Problem>(requests::of_alert(tx, id, after, limit)?)
    });
    ok(&Page::of(rows.await?, RequestSummary::from))
}

/// One stored request, with what was read from it and answered
#[utoipa::path(
    get,
    path = "/api/v1/requests/{id}",
    tag = "requests",
    responses(
        (status = 200, description = "The request", body = RequestDetail),
        (status = 404, description = "The organization has no request with this id")
    )
)]
pub(super) async fn read(call: Call, member: Member) -> Result<Response, Problem> {
    let id: RequestId = call.id("id", Kind::UnknownRequest)?;
    let stored = call.app.store.read(move |tx| found(tx, member.org, id)).await?;
    ok(&RequestDetail::from(stored))
}

/// What a request that is taken in again is answered.
#[derive(Serialize)]
#[serde(transparent)]
struct Replayed(Value);

impl Created for Replayed {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
}

/// Take a stored request in again, as a new one
///
/// Real calls come of it, by the rules as they are now.
#[utoipa::path(
    post,
    path = "/api/v1/requests/{id}/replay",
    tag = "requests",
    responses(
        (status = 202, description = "Stored", body = AcceptedDocument),
        (status = 404, description = "No such request, or its endpoint was deleted"),
        (status = 429, description = "Too many within an hour; again after Retry-After")
    )
)]
pub(super) async fn replay(call: Call, member: Member) -> Result<Response, Problem> {
    let id: RequestId = call.id("id", Kind::UnknownRequest)?;
    let (org, remote, actor) = (member.org, call.remote, call.actor(member.who));
    let read = call.app.store.read(move |tx| {
        let stored = found(tx, org, id)?;
        Ok::<_, Problem>((intake::endpoint_of(tx, &stored)?, stored))
    });
    let (endpoint, stored) = read.await?;
    let again = reckon(move || intake::replay(endpoint, &stored, remote)).await??;
    let answer = creation::once(&call, org, move |tx, _| {
        member.still_may(tx)?;
        // The time is read where the turns of the dispatcher are: a clock that is set comes between no two of them.
        let now = Timestamp::now();
        count(tx, [(tries::REPLAYS, org.to_string())], now)?;
        let accepted = again.carry_out(tx, now)?;
        let after = Some(json!({"request_id": accepted.request_id}));
        let entry = Entry { after, ..in_org(actor, org, Deed::RequestReplayed, &id) };
        audit::record(tx, &entry, now)?;
        Ok(Replayed(serde_json::from_str(&accepted.answer).map_err(|_| Problem::internal())?))
    });
    let answer = answer.await?;
    call.app.nudge.nudge();
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_may_be_a_secret_is_not_shown() {
        for name in ["authorization", "x-api-key", "x-hub-signature-256", "x-gitlab-token", "set-cookie"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["content-type", "user-agent", "x-forwarded-for"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_long_body_is_cut_between_two_characters() {
        assert_eq!(beginning(b"ok"), ("ok".to_owned(), false));
        let body = format!("{}ж", "x".repeat(SHOWN - 1));
        let (shown, more) = beginning(body.as_bytes());
        assert_eq!((shown.len(), more), (SHOWN - 1, true));
        assert!(beginning(&[0x80; SHOWN + 5]).1);
    }
}
