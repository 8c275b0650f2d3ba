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
    store
        .write(move |tx| tx.execute("DELETE FROM do_not_call WHERE e164 = $1", &[&number.as_str()]))
        .await
        .map(|changed| changed > 0)
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
