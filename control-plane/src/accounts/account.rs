//! The account of a person: what they sign in with, what they are called, and its end.

use super::{email::Email, links, origins, phones, repeats, second_factor, sessions};
use crate::{
    mail::Language,
    store::{Row, StoreError, Tx},
};
use shared::{ids::AccountId, time::Timestamp};
use uuid::Uuid;

/// An account that is not closed.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its address.
    pub email: Email,
    /// What the person wants to be called; may be empty.
    pub display_name: String,
    /// The language of letters and calls.
    pub language: Language,
    /// PHC text; an account that only the apply file has named has none.
    pub password: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Debug output lands in logs.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Account {
    /// As others see them: the name, or the address where there is none.
    pub fn shown(&self) -> &str {
        if self.display_name.is_empty() { self.email.as_str() } else { &self.display_name }
    }

    /// What others know of them, for judging a password.
    pub fn known_of(&self) -> Vec<String> {
        vec![self.email.as_str().to_owned(), self.display_name.clone()]
    }
}

macro_rules! account {
    ($which:literal) => {
        concat!(
            "SELECT id, email, display_name, language, password, created_at FROM accounts
             WHERE closed_at IS NULL AND ",
            $which
        )
    };
}

/// The account with this id.
///
/// # Errors
/// [`StoreError`]
pub fn by_id(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    tx.row(account!("id = $1"), &[&id], read)
}

/// The account with this address.
///
/// # Errors
/// [`StoreError`]
pub fn by_email(tx: &mut Tx<'_>, email: &Email) -> Result<Option<Account>, StoreError> {
    tx.row(account!("email = $1"), &[email], read)
}

fn read(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        display_name: row.get(2)?,
        language: Language::from_word(&row.get::<String>(3)?).unwrap_or_default(),
        password: row.get(4)?,
        created_at: row.get(5)?,
    })
}

/// The language that somebody is spoken to in, English where nobody knows.
///
/// # Errors
/// [`StoreError`]
pub fn language(tx: &mut Tx<'_>, id: AccountId) -> Result<Language, StoreError> {
    let word = tx.row("SELECT language FROM accounts WHERE id = $1", &[&id], |row| row.get::<String>(0))?;
    Ok(word.and_then(|word| Language::from_word(&word)).unwrap_or_default())
}

/// Makes the account of a confirmed address, or gives the one that the apply file has named its password. `None` where
/// somebody was faster and it has one.
///
/// # Errors
/// [`StoreError`]
pub fn create(
    tx: &mut Tx<'_>,
    email: &Email,
    password: &str,
    display_name: &str,
    language: Language,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    tx.row(
        "INSERT INTO accounts (id, email, created_at, display_name, password, email_verified_at, language)
         VALUES ($1, $2, $3, $4, $5, $3, $6)
         ON CONFLICT (email) DO UPDATE
         SET password = $5, email_verified_at = $3, display_name = $4, language = $6
         WHERE accounts.password IS NULL AND accounts.closed_at IS NULL
         RETURNING id",
        &[&AccountId::new(Uuid::now_v7()), email, &now, &display_name, &password, &language.as_str()],
        |row| row.get(0),
    )
}

/// Sets a password. `was` is the one that it takes the place of: where that is not the stored one any more, nothing is
/// changed and the answer is `false`.
///
/// # Errors
/// [`StoreError`]
pub fn change_password(
    tx: &mut Tx<'_>,
    id: AccountId,
    was: Option<&str>,
    password: &str,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE accounts SET password = $1 WHERE id = $2 AND password IS NOT DISTINCT FROM $3 AND closed_at IS NULL",
        &[&password, &id, &was],
    )?;
    Ok(changed > 0)
}

/// Sets a password whatever it was, for somebody who has shown that they read the account's mail.
///
/// # Errors
/// [`StoreError`]
pub fn reset_password(
    tx: &mut Tx<'_>,
    id: AccountId,
    password: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET password = $1, email_verified_at = $2 WHERE id = $3 AND closed_at IS NULL",
        &[&password, &now, &id],
    )
    .map(drop)
}

/// Gives an account another address, which was confirmed; `false` where another account has it. Rules that name the
/// person by the address of before go on doing so ([`people::member`](super::people::member)).
///
/// # Errors
/// [`StoreError`]
pub fn change_email(
    tx: &mut Tx<'_>,
    id: AccountId,
    email: &Email,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let former = tx.row(
        "SELECT email FROM accounts
         WHERE id = $2 AND closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM accounts WHERE email = $1 AND id <> $2)",
        &[email, &id],
        |row| row.get::<String>(0),
    )?;
    let Some(former) = former else { return Ok(false) };
    tx.execute(
        "INSERT INTO former_addresses (email, account_id, until) VALUES ($1, $2, $3)
         ON CONFLICT (email, account_id) DO UPDATE SET until = excluded.until",
        &[&former, &id, &now],
    )?;
    tx.execute("UPDATE accounts SET email = $1, email_verified_at = $2 WHERE id = $3", &[email, &now, &id])?;
    Ok(true)
}

/// Sets name and language.
///
/// # Errors
/// [`StoreError`]
pub fn change_profile(
    tx: &mut Tx<'_>,
    id: AccountId,
    display_name: &str,
    language: Language,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET display_name = $1, language = $2 WHERE id = $3",
        &[&display_name, &language.as_str(), &id],
    )
    .map(drop)
}

/// Closes an account: address, name, phones, password, second factor and where its sessions came from go; the row stays, as
/// history names it. Its memberships and sessions are the caller's to end first.
///
/// # Errors
/// [`StoreError`]
pub fn close(tx: &mut Tx<'_>, id: AccountId, now: Timestamp) -> Result<(), StoreError> {
    unmake_operator(tx, id)?;
    phones::remove_all(tx, id)?;
    links::forget(tx, id)?;
    repeats::forget(tx, &id.to_string())?;
    sessions::forget_origins(tx, id)?;
    origins::forget(tx, id)?;
    second_factor::remove(tx, id)?;
    tx.execute("DELETE FROM former_addresses WHERE account_id = $1", &[&id])?;
    tx.execute(
        "UPDATE accounts SET email = $1, display_name = '', password = NULL, closed_at = $2 WHERE id = $3",
        &[&format!("{id}@closed.invalid"), &now, &id],
    )
    .map(drop)
}

/// Makes somebody an operator; whether they were none.
///
/// # Errors
/// [`StoreError`]
pub fn make_operator(tx: &mut Tx<'_>, id: AccountId, now: Timestamp) -> Result<bool, StoreError> {
    let made = tx.execute(
        "INSERT INTO operators (account_id, created_at) VALUES ($1, $2) ON CONFLICT (account_id) DO NOTHING",
        &[&id, &now],
    )?;
    Ok(made > 0)
}

/// Makes an operator somebody like all others; whether they were one.
///
/// # Errors
/// [`StoreError`]
pub fn unmake_operator(tx: &mut Tx<'_>, id: AccountId) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM operators WHERE account_id = $1", &[&id])? > 0)
}

/// Whether somebody runs the installation.
///
/// # Errors
/// [`StoreError`]
pub fn is_operator(tx: &mut Tx<'_>, id: AccountId) -> Result<bool, StoreError> {
    Ok(tx.row("SELECT 1 FROM operators WHERE account_id = $1", &[&id], |_| Ok(()))?.is_some())
}
