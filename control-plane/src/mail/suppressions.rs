//! Addresses that get no letter any more. Asked when a letter is queued and again before it is sent.

use super::event::Cause;
use crate::{
    accounts::email::Email,
    store::{Store, StoreError, Tx},
};
use shared::time::Timestamp;

/// Puts an address on the list, as part of a unit of work; `false` when it stood there already.
///
/// # Errors
/// [`StoreError`]
pub fn add_within(
    tx: &mut Tx<'_>,
    address: &Email,
    cause: Cause,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "INSERT INTO mail_suppressions (email, cause, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (email) DO NOTHING",
        &[address, &cause.as_str(), &now],
    )?;
    Ok(changed > 0)
}

/// Takes an address off the list; `false` when it did not stand there. What was held back is not sent.
///
/// # Errors
/// [`StoreError`]
pub async fn remove(store: &Store, address: Email) -> Result<bool, StoreError> {
    store.write(move |tx| remove_within(tx, &address)).await
}

/// [`remove`] as part of a unit of work.
///
/// # Errors
/// [`StoreError`]
pub fn remove_within(tx: &mut Tx<'_>, address: &Email) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM mail_suppressions WHERE email = $1", &[address])? > 0)
}

/// An address on the list.
#[derive(Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// Which.
    pub email: String,
    /// `bounce` or `complaint`.
    pub cause: String,
    /// Since when.
    pub since: Timestamp,
}

/// A page of the list, sorted by address, and the address to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    after: &str,
    limit: u16,
) -> Result<(Vec<Suppressed>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(
        "SELECT email, cause, created_at FROM mail_suppressions WHERE email > $1 ORDER BY email LIMIT $2",
        &[&after, &one_more],
        limit,
        |row| row.get(0),
        |row| Ok(Suppressed { email: row.get(0)?, cause: row.get(1)?, since: row.get(2)? }),
    )
}

/// The whole list, sorted by address, each with `bounce` or `complaint`.
///
/// # Errors
/// [`StoreError`]
pub async fn list(store: &Store) -> Result<Vec<(String, String)>, StoreError> {
    store
        .read(|tx| {
            tx.rows("SELECT email, cause FROM mail_suppressions ORDER BY email", &[], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
        .await
}

/// Whether an address is on the list.
///
/// # Errors
/// [`StoreError`]
pub fn holds(tx: &mut Tx<'_>, address: &Email) -> Result<bool, StoreError> {
    let found = tx.row("SELECT 1 FROM mail_suppressions WHERE email = $1", &[address], |_| Ok(()))?;
    Ok(found.is_some())
}
