//! Errors as problem documents (RFC 9457): one shape, whatever went wrong.

mod kind;

pub(crate) use kind::Kind;

use super::{Response, body::Unread};
use crate::store::StoreError;
use serde::Serialize;
use shared::ids::RequestId;
use std::convert::Infallible;
use utoipa::ToSchema;
use warp::{
    Rejection, Reply,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{ALLOW, CONTENT_TYPE, RETRY_AFTER},
    },
};

/// Seconds after which a request that failed for want of a moment may be repeated.
pub(super) const RETRY_SECONDS: u32 = 5;
/// Where the pages are that explain errors.
pub(super) const PAGES: &str = "/problems/";

/// What goes into an error's answer.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    kind: Kind,
    status: StatusCode,
    detail: String,
    request_id: Option<RequestId>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem document (RFC 9457), `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument<'a> {
    /// The page that explains this kind of problem, relative to this server: `/problems/CODE`.
    #[serde(rename = "type")]
    kind: &'a str,
    /// The kind of problem in a few words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong and what to do about it, for a person.
    detail: &'a str,
    /// Stable word for programs.
    code: &'a str,
    /// The earlier request, where an idempotency key was used twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    request_id: Option<RequestId>,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, status: kind.status(), detail: detail.into(), request_id: None, headers: Vec::new() }
    }

    pub(super) fn not_found() -> Self {
        Self::new(Kind::NotFound, "there is nothing at this path")
    }

    /// `allowed` as in the `Allow` header.
    pub(super) fn wrong_method(allowed: &str) -> Self {
        Self::new(Kind::MethodNotAllowed, format!("use one of: {allowed}"))
            .with(ALLOW, HeaderValue::from_str(allowed).unwrap_or(HeaderValue::from_static("")))
    }

    /// A defect of this program; what it was stands in the log.
    pub(super) fn internal() -> Self {
        Self::new(Kind::Internal, "this is our fault and stands in our log")
    }

    /// A request that may succeed when it is sent again.
    pub(super) fn busy(kind: Kind, detail: impl Into<String>) -> Self {
        Self::new(kind, detail).retry_after(RETRY_SECONDS)
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn retry_after(self, seconds: u32) -> Self {
        self.with(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The same, said to somebody who is signed in: 401 would tell their browser that they are not.
    pub(super) fn for_the_signed_in(mut self) -> Self {
        if self.status == StatusCode::UNAUTHORIZED {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        self
    }

    /// Whether it says that somebody may not, and not that something is out of order here.
    pub(super) fn is_refusal(&self) -> bool {
        self.status.is_client_error()
    }

    /// Names the request that an answer is about.
    pub(super) fn about(mut self, request_id: RequestId) -> Self {
        self.request_id = Some(request_id);
        self
    }
}

/// 503 where it may pass, 500 where it will not. The detail goes to the log: it names files.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request failed on the database");
        if error.is_temporary() {
            Self::busy(Kind::NotDurable, "nothing was stored; send it again")
        } else {
            Self::internal()
        }
    }
}

/// Nothing of the body was kept.
impl From<Unread> for Problem {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge(limit) => Self::new(
                Kind::BodyTooLarge,
                format!("a body is at most {limit} bytes here; nothing was stored"),
            ),
            Unread::TooSlow => Self::new(
                Kind::BodyTooSlow,
                "the body did not arrive in time; nothing was stored, send it again",
            ),
            Unread::Broken => Self::new(Kind::BodyBroken, "the body broke off; nothing was stored"),
            Unread::NoRoom => Self::busy(Kind::TooManyBodies, "nothing was stored; send it again"),
        }
    }
}

impl warp::reject::Reject for Problem {}

impl Reply for Problem {
    fn into_response(self) -> Response {
        let document = ProblemDocument {
            kind: &format!("{PAGES}{}", self.kind.word()),
            title: self.kind.title(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.kind.word(),
            request_id: self.request_id,
        };
        // Text and numbers serialize.
        let body = serde_json::to_string(&document).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.headers);
        response
    }
}

/// Turns what the filters turned down into its problem document.
pub(super) async fn recover(rejection: Rejection) -> Result<Response, Infallible> {
    let problem = match rejection.find::<Problem>() {
        Some(problem) => problem.clone(),
        None if rejection.is_not_found() => Problem::not_found(),
        None => {
            tracing::error!(?rejection, "a request was turned down for a reason that nobody expected");
            Problem::internal()
        }
    };
    Ok(problem.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn told(problem: Problem) -> (warp::http::response::Parts, serde_json::Value) {
        let (parts, body) = problem.into_response().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_problem_has_the_members_of_rfc_9457() {
        let (parts, document) = told(Problem::wrong_method("GET, HEAD")).await;
        assert_eq!(parts.status, 405);
        assert_eq!(parts.headers["content-type"], "application/problem+json");
        assert_eq!(parts.headers["allow"], "GET, HEAD");
        let expected = serde_json::json!({
            "type": "/problems/method_not_allowed", "title": "Another method", "status": 405,
            "detail": "use one of: GET, HEAD", "code": "method_not_allowed",
        });
        assert_eq!(document, expected);
    }

    #[tokio::test]
    async fn a_full_disk_asks_to_come_again_and_names_no_file() {
        let (parts, document) = told(StoreError::NotDurable("/data/x.db is full".into()).into()).await;
        assert_eq!((parts.status.as_u16(), parts.headers["retry-after"].to_str().unwrap()), (503, "5"));
        assert!(!document.to_string().contains("/data"), "{document}");
        let (parts, _) = told(StoreError::Corrupt("page 7".into()).into()).await;
        assert_eq!(parts.status, 500);
        assert!(!parts.headers.contains_key("retry-after"));
    }
}
