//! `POST /agent/v1/enroll`: a one-time token for the right to connect.

use super::Agents;
use crate::{
    fleet::EnrolError,
    web::{
        Response,
        body::{self, Body},
        connection::Peer,
        problem::{Kind, Problem},
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
            Problem::new(Kind::TooManyFailures, detail).retry_after(wait)
        })?;
        let (body, memory) = (body.into_data_stream(), &self.app.body_memory);
        let body = body::read(&parts.headers, body, MOST_BYTES, limits.body_time, memory).await?;
        let request: EnrollRequest = serde_json::from_slice(&body.bytes).map_err(|error| {
            // The error names a field or a place, never what stands there: that may be a token.
            let detail = format!("not an enrolment: line {}, column {}", error.line(), error.column());
            Problem::new(Kind::BadEnrolment, detail)
        })?;
        let response = self.app.fleet.enrol(request).await?;
        self.failures.give_back(peer.address.ip());
        let body = serde_json::to_string(&response).map_err(|_| Problem::internal())?;
        Ok(json(StatusCode::OK, body))
    }
}

impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        let detail = error.to_string();
        match error {
            EnrolError::UnknownToken => Self::new(Kind::UnknownToken, detail)
                .with(WWW_AUTHENTICATE, HeaderValue::from_static("Enrolment-Token")),
            EnrolError::ExpiredToken => Self::new(Kind::ExpiredToken, detail),
            EnrolError::UsedToken => Self::new(Kind::UsedToken, detail),
            EnrolError::WrongPbx => Self::new(Kind::WrongPbx, detail),
            EnrolError::RevokedKey => Self::new(Kind::RevokedKey, detail),
            EnrolError::BadProof => Self::new(Kind::BadProof, detail),
            EnrolError::Store(error) => error.into(),
        }
    }
}
