//! What a link in a mail opens, once and for a limited time.

use super::email::Email;
use crate::{
    mail::Language,
    secret::{self, hash_of},
    store::{Row, StoreError, Tx},
};
use shared::{ids::AccountId, time::Timestamp};
use std::time::Duration;
use zeroize::Zeroizing;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Makes the account that somebody signed up for.
    SignUp,
    /// Sets a new password.
    Reset,
    /// Gives an account another address.
    Change,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign up",
            Self::Reset => "reset",
            Self::Change => "change",
        }
    }

    /// How long such a link is good.
    pub const fn valid_for(self) -> Duration {
        match self {
            Self::SignUp => Duration::from_secs(24 * 3600),
            Self::Reset | Self::Change => Duration::from_secs(3600),
        }
    }
}

/// A link that is to be made.
#[derive(Clone, Debug)]
pub struct New {
    /// What for.
    pub purpose: Purpose,
    /// Whose; a sign-up has none yet.
    pub account: Option<AccountId>,
    /// The address that it is sent to.
    pub email: Email,
    /// PHC text of the password that a sign-up chose.
    pub password: Option<String>,
    /// The name that a sign-up chose.
    pub display_name: String,
    /// The language that a sign-up chose.
    pub language: Language,
}

/// A link that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose.
    pub account: Option<AccountId>,
    /// The address that it was sent to.
    pub email: String,
    /// PHC text of the password that a sign-up chose.
    pub password: Option<String>,
    /// The name that a sign-up chose.
    pub display_name: String,
    /// The language that a sign-up chose.
    pub language: Language,
}

/// Makes one; its token goes into the mail and nowhere else. Those that are long over are forgotten on the way.
///
/// # Errors
/// [`StoreError`]
pub fn make(tx: &mut Tx<'_>, new: &New, now: Timestamp) -> Result<Zeroizing<String>, StoreError> {
    const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
    tx.execute("DELETE FROM mail_links WHERE expires_at < $1", &[&(now - KEPT)])?;
    let token = secret::make();
    tx.execute(
        "INSERT INTO mail_links (token_hash, purpose, account_id, email, password, display_name, language, created_at,
                                 expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &hash_of(&token),
            &new.purpose.as_str(),
            &new.account,
            &new.email,
            &new.password,
            &new.display_name,
            &new.language.as_str(),
            &now,
            &(now + new.purpose.valid_for()),
        ],
    )?;
    Ok(token)
}

/// What a token opens, which it still does afterwards.
///
/// # Errors
/// [`StoreError`]
pub fn look(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    token: &str,
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    tx.row(
        "SELECT account_id, email, password, display_name, language FROM mail_links
         WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
        &[&hash_of(token), &purpose.as_str(), &now],
        read,
    )
}

/// Uses a token up. `None` where it opens nothing: not of this purpose, used before, or too old.
///
/// # Errors
/// [`StoreError`]
pub fn take(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    token: &str,
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    tx.row(
        "UPDATE mail_links SET used_at = $3 WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
         RETURNING account_id, email, password, display_name, language",
        &[&hash_of(token), &purpose.as_str(), &now],
        read,
    )
}

/// Voids all of somebody's links: whoever asked for one may have been somebody else.
///
/// # Errors
/// [`StoreError`]
pub fn void_all(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE mail_links SET used_at = $1 WHERE account_id = $2 AND used_at IS NULL",
        &[&now, &account],
    )
    .map(drop)
}

/// Voids somebody's links for this purpose: they were answered by another way.
///
/// # Errors
/// [`StoreError`]
pub fn void(tx: &mut Tx<'_>, purpose: Purpose, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE mail_links SET used_at = $1 WHERE account_id = $2 AND purpose = $3 AND used_at IS NULL",
        &[&now, &account, &purpose.as_str()],
    )
    .map(drop)
}

fn read(row: &Row) -> Result<Link, StoreError> {
    Ok(Link {
        account: row.get(0)?,
        email: row.get(1)?,
        password: row.get(2)?,
        display_name: row.get(3)?,
        language: Language::from_word(&row.get::<String>(4)?).unwrap_or_default(),
    })
}

/// Forgets all of an account's.
///
/// # Errors
/// [`StoreError`]
pub fn forget(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM mail_links WHERE account_id = $1", &[&account]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::store;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((1_700_000_000 + seconds) * 1_000_000)
    }

    #[tokio::test]
    async fn a_link_opens_once_for_what_it_is_for_and_only_in_time() {
        let store = store().await;
        let new = New {
            purpose: Purpose::SignUp,
            account: None,
            email: "ann@example.com".parse().unwrap(),
            password: Some("$pbkdf2".into()),
            display_name: "Ann".into(),
            language: Language::Ukrainian,
        };
        let tokens =
            store.write(move |tx| Ok::<_, StoreError>([make(tx, &new, at(0))?, make(tx, &new, at(0))?]));
        let [first, second] = tokens.await.unwrap().map(|token| token.to_string());
        let taken = async |purpose, token: &str, now| {
            let token = token.to_owned();
            store.write(move |tx| take(tx, purpose, &token, now)).await.unwrap()
        };
        assert_eq!(taken(Purpose::Reset, &first, at(1)).await, None);
        assert_eq!(taken(Purpose::SignUp, &first, at(24 * 3600)).await, None);
        let link = taken(Purpose::SignUp, &first, at(1)).await.unwrap();
        assert_eq!((link.email.as_str(), link.display_name.as_str()), ("ann@example.com", "Ann"));
        assert_eq!(link.language, Language::Ukrainian);
        assert_eq!(taken(Purpose::SignUp, &first, at(2)).await, None);
        assert!(taken(Purpose::SignUp, &second, at(2)).await.is_some());
        assert_eq!(taken(Purpose::SignUp, "guessed", at(2)).await, None);
    }
}
