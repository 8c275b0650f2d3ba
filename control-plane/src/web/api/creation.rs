//! Creation that happens once, however often it is asked for with the same `Idempotency-Key`.

use super::call::{Call, with_status};
use crate::{
    secret::hash_of,
    store::{StoreError, Tx},
    web::{
        Response,
        problem::{Kind, Problem},
        routes::json,
    },
};
use hyper::{HeaderMap, header::HeaderName};
use serde::Serialize;
use shared::time::Timestamp;
use std::{fmt::Display, time::Duration};
use warp::http::StatusCode;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// As the description of the API calls it.
pub(super) const HEADER_NAME: &str = "Idempotency-Key";
/// How long a key is remembered.
const KEPT: Duration = Duration::from_secs(24 * 3600);
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
    let whose = whose.to_string();
    let fingerprint = hash_of(&format!("{} {}", call.path, hash_of(&String::from_utf8_lossy(&call.body))));
    let done = call.app.store.write(move |tx| {
        if let Some(answer) = remembered(tx, &whose, &key, &fingerprint, now)? {
            return Ok::<_, Problem>(Done::Before(answer));
        }
        let created = create(tx, now)?;
        let answer = created.without_secret().map_err(|_| Problem::internal())?;
        remember(tx, &whose, &key, &fingerprint, &answer, now)?;
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

fn remembered(
    tx: &mut Tx<'_>,
    whose: &str,
    key: &str,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Option<String>, Problem> {
    let found = tx.row(
        "SELECT fingerprint, answer FROM created_once WHERE whose = $1 AND key_hash = $2 AND created_at > $3",
        &[&whose, &key, &(now - KEPT)],
        |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
    )?;
    match found {
        None => Ok(None),
        Some((stored, answer)) if stored == fingerprint => Ok(Some(answer)),
        Some(_) => {
            let detail = "this Idempotency-Key was used for another request; use a new key for each new one";
            Err(Problem::new(Kind::IdempotencyKeyReused, detail))
        }
    }
}

/// Those that are too old are forgotten on the way.
fn remember(
    tx: &mut Tx<'_>,
    whose: &str,
    key: &str,
    fingerprint: &str,
    answer: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM created_once WHERE created_at <= $1", &[&(now - KEPT)])?;
    tx.execute(
        "INSERT INTO created_once (whose, key_hash, fingerprint, answer, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[&whose, &key, &fingerprint, &answer, &now],
    )
    .map(drop)
}
