//! People, whatever organizations they belong to.

use super::email::Email;
use crate::store::{StoreError, Tx};
use shared::{
    ids::{AccountId, OrgId},
    time::Timestamp,
};
use std::collections::HashMap;
use uuid::Uuid;

/// Somebody who can be called.
#[derive(Clone, PartialEq, Eq)]
pub struct Callee {
    /// Who.
    pub account_id: AccountId,
    /// The first verified, enabled phone; `None` leaves a blocked call in the log.
    pub phone: Option<String>,
}

/// Debug output lands in logs, so it shows four digits only.
impl std::fmt::Debug for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last_four =
            self.phone.as_deref().map(|phone| phone.get(phone.len().saturating_sub(4)..).unwrap_or(""));
        f.debug_struct("Callee").field("account_id", &self.account_id).field("phone", &last_four).finish()
    }
}

/// One person, whatever their role.
///
/// # Errors
/// [`StoreError`]
pub fn callee(tx: &mut Tx<'_>, account_id: AccountId) -> Result<Callee, StoreError> {
    let phones = tx.legible(
        "SELECT e164 FROM phones
         WHERE account_id = $1 AND enabled = 1 AND verified_at IS NOT NULL ORDER BY position",
        &[&account_id],
        |row| row.get(0),
    )?;
    Ok(Callee { account_id, phone: phones.into_iter().next() })
}

/// Every member of an organization who is not a viewer and has a phone, in order of e-mail. One whose phones
/// cannot be read is among them, without one.
///
/// # Errors
/// [`StoreError`]
pub fn callees(tx: &mut Tx<'_>, org_id: OrgId) -> Result<Vec<Callee>, StoreError> {
    let told = |error: &StoreError| tracing::error!(%error, "A PHONE CANNOT BE READ from the database: enter it again");
    let phones = tx.legible(
        "SELECT accounts.id, phones.e164
         FROM memberships JOIN accounts ON accounts.id = memberships.account_id
         JOIN phones ON phones.account_id = accounts.id
         WHERE memberships.org_id = $1 AND memberships.role <> 'viewer'
               AND phones.enabled = 1 AND phones.verified_at IS NOT NULL
         ORDER BY accounts.email, phones.position",
        &[&org_id],
        |row| Ok(Callee { account_id: row.get(0)?, phone: row.get(1).inspect_err(told).ok() }),
    )?;
    let mut members: Vec<Callee> = Vec::new();
    for Callee { account_id, phone } in phones {
        match members.last_mut().filter(|member| member.account_id == account_id) {
            Some(member) => member.phone = member.phone.take().or(phone),
            None => members.push(Callee { account_id, phone }),
        }
    }
    Ok(members)
}

/// What everybody of an organization wants to be called, and one more, by their ids; those who say nothing are left out.
///
/// # Errors
/// [`StoreError`]
pub fn names(
    tx: &mut Tx<'_>,
    org_id: OrgId,
    one_more: AccountId,
) -> Result<HashMap<String, String>, StoreError> {
    let named = tx.legible(
        "SELECT id, display_name FROM accounts
         WHERE id IN (SELECT account_id FROM memberships WHERE org_id = $1 UNION SELECT $2) AND display_name <> ''",
        &[&org_id, &one_more],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(named.into_iter().collect())
}

/// Whether somebody belongs to an organization.
///
/// # Errors
/// [`StoreError`]
pub fn belongs(tx: &mut Tx<'_>, org_id: OrgId, account_id: AccountId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM memberships WHERE org_id = $1 AND account_id = $2";
    Ok(tx.row(sql, &[&org_id, &account_id], |_| Ok(()))?.is_some())
}

/// Whether alerts of an organization may ring this phone: it is this member's, verified and enabled.
///
/// # Errors
/// [`StoreError`]
pub fn is_rung_on(
    tx: &mut Tx<'_>,
    org_id: OrgId,
    account_id: AccountId,
    e164: &str,
) -> Result<bool, StoreError> {
    let found = tx.row(
        "SELECT 1 FROM memberships JOIN phones ON phones.account_id = memberships.account_id
         WHERE org_id = $1 AND memberships.account_id = $2 AND e164 = $3 AND enabled = 1 AND verified_at IS NOT NULL",
        &[&org_id, &account_id, &e164],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// A member by e-mail address, in whatever case: by the one that they have, or else by one that they had.
///
/// # Errors
/// [`StoreError`]
pub fn member(tx: &mut Tx<'_>, org_id: OrgId, email: &str) -> Result<Option<AccountId>, StoreError> {
    let email = email.to_ascii_lowercase();
    let current = tx.row(
        "SELECT accounts.id FROM accounts JOIN memberships ON memberships.account_id = accounts.id
         WHERE accounts.email = $1 AND memberships.org_id = $2",
        &[&email, &org_id],
        |row| row.get(0),
    )?;
    if current.is_some() {
        return Ok(current);
    }
    tx.row(
        "SELECT memberships.account_id FROM former_addresses
         JOIN memberships ON memberships.account_id = former_addresses.account_id
         WHERE former_addresses.email = $1 AND memberships.org_id = $2 ORDER BY until DESC LIMIT 1",
        &[&email, &org_id],
        |row| row.get(0),
    )
}

/// The account of this address, made where there is none.
///
/// # Errors
/// [`StoreError`]
pub fn apply_account(tx: &mut Tx<'_>, email: &Email, now: Timestamp) -> Result<AccountId, StoreError> {
    let found = tx.row("SELECT id FROM accounts WHERE email = $1", &[email], |row| row.get(0))?;
    if let Some(id) = found {
        return Ok(id);
    }
    let id = AccountId::new(Uuid::now_v7());
    tx.execute("INSERT INTO accounts (id, email, created_at) VALUES ($1, $2, $3)", &[&id, email, &now])?;
    Ok(id)
}

#[cfg(test)]
mod tests;
