//! Creation that happens once, however often it is asked for with the same `Idempotency-Key`.

use super::call::{Call, with_status};
use crate::{
    accounts::repeats::{self, Before, Creation},
    secret::hash_of,
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
        routes::json,
    },
};
use hyper::{HeaderMap, header::HeaderName};
use serde::Serialize;
use shared::time::Timestamp;
use std::fmt::Display;
use warp::http::StatusCode;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// As the description of the API calls it.
pub(super) const HEADER_NAME: &str = "Idempotency-Key";
/// Longest key, bytes.
pub(super) const LONGEST: usize = 255;

/// What is answered to a creation.
pub(super) trait Created: Serialize + Send + 'static {
    /// What tells that it is there, or on its way.
    const STATUS: StatusCode = StatusCode::CREATED;

    /// As a repeat is answered, and as it is stored: without what is shown once.
    fn without_secret(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// Runs `create` in one transaction with what remembers it. A repeat is answered as the first was, and creates and counts
/// nothing.
pub(super) async fn once<T: Created>(
    call: &Call,
    whose: impl Display,
    create: impl FnOnce(&mut Tx<'_>, Timestamp) -> Result<T, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let now = Timestamp::now();
    let Some(key) = call.once.clone() else {
        let created = call.app.store.write(move |tx| create(tx, now)).await?;
        return with_status(T::STATUS, &created);
    };
    let fingerprint = hash_of(&format!("{} {}", call.path, hash_of(&String::from_utf8_lossy(&call.body))));
    let creation = Creation { whose: whose.to_string(), key, fingerprint };
    let done = call.app.store.write(move |tx| {
        match repeats::before(tx, &creation, now)? {
            Before::Nothing => {}
            Before::Answered(answer) => return Ok(Done::Before(answer)),
            Before::ForAnother => {
                let detail =
                    "this Idempotency-Key was used for another request; use a new key for each new one";
                return Err(Problem::new(Kind::IdempotencyKeyReused, detail));
            }
        }
        let created = create(tx, now)?;
        let answer = created.without_secret().map_err(|_| Problem::internal())?;
        repeats::remember(tx, &creation, &answer, now)?;
        Ok(Done::Now(created))
    });
    match done.await? {
        Done::Now(created) => with_status(T::STATUS, &created),
        Done::Before(answer) => Ok(json(T::STATUS, answer)),
    }
}

enum Done<T> {
    Now(T),
    Before(String),
}

/// The hash of a request's key, where it carries one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get(&HEADER) else { return Ok(None) };
    match key.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len())) {
        Some(key) => Ok(Some(hash_of(key))),
        None => {
            let detail = format!("Idempotency-Key is 1 to {LONGEST} characters of ASCII, such as a UUID");
            Err(Problem::new(Kind::BadHeader, detail))
        }
    }
}
