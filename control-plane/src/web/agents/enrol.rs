//! `POST /agent/v1/enroll`: a one-time token for the right to connect.

use super::Agents;
use crate::{
    fleet::EnrolError,
    web::{
        Response,
        body::{self, Body, Unread},
        connection::Peer,
        problem::Problem,
        routes::json,
    },
};
use http_body_util::BodyExt;
use hyper::{Method, Request, body::Incoming};
use shared::protocol::EnrollRequest;
use std::time::Instant;
use warp::http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};

/// A request is a name, a token, a key and a signature.
const MOST_BYTES: usize = 8 * 1024;

impl Agents {
    pub(super) async fn enrol(&self, request: Request<Incoming>) -> Result<Response, Problem> {
        let (parts, incoming) = request.into_parts();
        let limits = &self.app.limits;
        let body = Body::new(incoming, &parts.headers, limits, &self.app.tasks);
        if parts.method != Method::POST {
            return Err(Problem::wrong_method("POST"));
        }
        let Some(peer) = parts.extensions.get::<Peer>() else { return Err(Problem::internal()) };
        // Counted before the answer is known, so that many at once are no way around; given back
        // to who enrols.
        self.failures.admit(peer.address.ip(), Instant::now()).map_err(|wait| {
            let detail = format!("too many enrolments failed; try again in {wait} s");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_failures", detail).retry_after(wait)
        })?;
        let (body, memory) = (body.into_data_stream(), &self.app.body_memory);
        let body = body::read(&parts.headers, body, MOST_BYTES, limits.body_time, memory)
            .await
            .map_err(why_unread)?;
        let request: EnrollRequest = serde_json::from_slice(&body.bytes).map_err(|error| {
            // The error names a field or a place, never what stands there: that may be a token.
            let detail = format!("not an enrolment: line {}, column {}", error.line(), error.column());
            Problem::new(StatusCode::BAD_REQUEST, "bad_enrolment", detail)
        })?;
        let response = self.app.fleet.enrol(request).await?;
        self.failures.give_back(peer.address.ip());
        let body = serde_json::to_string(&response).map_err(|_| Problem::internal())?;
        Ok(json(StatusCode::OK, body))
    }
}

fn why_unread(unread: Unread) -> Problem {
    let (status, code, detail) = match unread {
        Unread::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "an enrolment is at most 8 KiB of JSON")
        }
        Unread::TooSlow => (StatusCode::REQUEST_TIMEOUT, "body_too_slow", "the body did not arrive in time"),
        Unread::Broken => (StatusCode::BAD_REQUEST, "body_broken", "the body broke off"),
        Unread::NoRoom => return Problem::busy("too_many_bodies", "try again in a moment"),
    };
    Problem::new(status, code, detail)
}

impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        let detail = error.to_string();
        match error {
            EnrolError::UnknownToken => Self::new(StatusCode::UNAUTHORIZED, "unknown_token", detail)
                .with(WWW_AUTHENTICATE, HeaderValue::from_static("Enrolment-Token")),
            EnrolError::ExpiredToken => Self::new(StatusCode::GONE, "expired_token", detail),
            EnrolError::UsedToken => Self::new(StatusCode::CONFLICT, "used_token", detail),
            EnrolError::WrongPbx => Self::new(StatusCode::FORBIDDEN, "wrong_pbx", detail),
            EnrolError::RevokedKey => Self::new(StatusCode::FORBIDDEN, "revoked_key", detail),
            EnrolError::BadProof => Self::new(StatusCode::FORBIDDEN, "bad_proof", detail),
            EnrolError::Store(error) => error.into(),
        }
    }
}
