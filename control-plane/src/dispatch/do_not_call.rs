//! Numbers that asked to be left alone: nobody is rung there for anybody, however urgent.
//!
//! Looked up when a call is judged and again before each order, so that an addition also stops what
//! is queued, and redials. A phone that rings at that moment is not hung up.

use crate::store::{Store, StoreError, Tx};
use shared::{phone::E164, time::Timestamp};

/// Puts a number on the list; `false` when it stood there already.
///
/// # Errors
/// [`StoreError`]
pub async fn add(store: &Store, number: E164, now: Timestamp) -> Result<bool, StoreError> {
    store.write(move |tx| add_within(tx, &number, now)).await
}

/// [`add`] as part of a unit of work.
///
/// # Errors
/// [`StoreError`]
pub fn add_within(tx: &mut Tx<'_>, number: &E164, now: Timestamp) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "INSERT INTO do_not_call (e164, created_at) VALUES ($1, $2) ON CONFLICT (e164) DO NOTHING",
        &[&number.as_str(), &now],
    )?;
    Ok(changed > 0)
}

/// Takes a number off the list; `false` when it did not stand there.
///
/// # Errors
/// [`StoreError`]
pub async fn remove(store: &Store, number: E164) -> Result<bool, StoreError> {
    store.write(move |tx| remove_within(tx, number.as_str())).await
}

/// [`remove`] as part of a unit of work; of a number as it was stored, whatever the numbering plan says of it today.
///
/// # Errors
/// [`StoreError`]
pub fn remove_within(tx: &mut Tx<'_>, number: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM do_not_call WHERE e164 = $1", &[&number])? > 0)
}

/// A number on the list.
#[derive(Clone, PartialEq, Eq)]
pub struct Forbidden {
    /// Canonical E.164.
    pub number: String,
    /// Since when.
    pub since: Timestamp,
}

/// A page of the numbers that begin with these digits, sorted, and the number to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    digits: &str,
    after: &str,
    limit: u16,
) -> Result<(Vec<Forbidden>, Option<String>), StoreError> {
    // The colon comes after the last digit.
    let (from, until, one_more) = (format!("+{digits}"), format!("+{digits}:"), limit + 1);
    tx.page(
        "SELECT e164, created_at FROM do_not_call WHERE e164 >= $1 AND e164 < $2 AND e164 > $3 ORDER BY e164 LIMIT $4",
        &[&from, &until, &after, &one_more],
        limit,
        |row| row.get(0),
        |row| Ok(Forbidden { number: row.get(0)?, since: row.get(1)? }),
    )
}

/// One number of the list.
///
/// # Errors
/// [`StoreError`]
pub fn find(tx: &mut Tx<'_>, number: &str) -> Result<Option<Forbidden>, StoreError> {
    tx.row("SELECT e164, created_at FROM do_not_call WHERE e164 = $1", &[&number], |row| {
        Ok(Forbidden { number: row.get(0)?, since: row.get(1)? })
    })
}

/// The whole list, canonical E.164, sorted.
///
/// # Errors
/// [`StoreError`]
pub async fn list(store: &Store) -> Result<Vec<String>, StoreError> {
    store.read(|tx| tx.rows("SELECT e164 FROM do_not_call ORDER BY e164", &[], |row| row.get(0))).await
}

/// Whether a number is on the list.
pub(super) fn holds(tx: &mut Tx<'_>, number: &E164) -> Result<bool, StoreError> {
    let found = tx.row("SELECT 1 FROM do_not_call WHERE e164 = $1", &[&number.as_str()], |_| Ok(()))?;
    Ok(found.is_some())
}
