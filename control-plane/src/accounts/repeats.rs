//! What was answered to whoever created something with an `Idempotency-Key`, for a day.

use crate::store::{StoreError, Tx};
use shared::time::Timestamp;
use std::time::Duration;

/// How long an answer is remembered.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// A creation that may be asked for again.
#[derive(Clone, Debug)]
pub struct Creation {
    /// Who asks: an account, a key.
    pub whose: String,
    /// SHA-256 of their key, hex.
    pub key: String,
    /// SHA-256 of what they ask for, hex: the same key for something else is a mistake.
    pub fingerprint: String,
}

/// What is known of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing: it is the first.
    Nothing,
    /// What the first was answered.
    Answered(String),
    /// The key was used for something else.
    ForAnother,
}

/// Whether it was asked for before.
///
/// # Errors
/// [`StoreError`]
pub fn before(tx: &mut Tx<'_>, creation: &Creation, now: Timestamp) -> Result<Before, StoreError> {
    let found = tx.row(
        "SELECT fingerprint, answer FROM created_once WHERE whose = $1 AND key_hash = $2 AND created_at > $3",
        &[&creation.whose, &creation.key, &(now - KEPT)],
        |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
    )?;
    Ok(match found {
        None => Before::Nothing,
        Some((fingerprint, answer)) if fingerprint == creation.fingerprint => Before::Answered(answer),
        Some(_) => Before::ForAnother,
    })
}

/// Remembers what was answered, which holds no secret. Those that are too old are forgotten on the way.
///
/// # Errors
/// [`StoreError`]
pub fn remember(
    tx: &mut Tx<'_>,
    creation: &Creation,
    answer: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM created_once WHERE created_at <= $1", &[&(now - KEPT)])?;
    let Creation { whose, key, fingerprint } = creation;
    tx.execute(
        "INSERT INTO created_once (whose, key_hash, fingerprint, answer, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[whose, key, fingerprint, &answer, &now],
    )
    .map(drop)
}

/// Forgets all of somebody's.
///
/// # Errors
/// [`StoreError`]
pub fn forget(tx: &mut Tx<'_>, whose: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM created_once WHERE whose = $1", &[&whose]).map(drop)
}
