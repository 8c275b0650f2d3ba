//! Sign-ins: one row each, from the first request to the last.
//!
//! A browser holds two secrets of a session. The token ([`super::token`]) goes along with every request and lives for
//! minutes. The refresh token gets a new pair, once: it is spent then, and whoever shows it again holds a copy, so the
//! session ends for everybody.

use super::token::Audience;
use crate::{
    secret::{self, hash_of},
    store::{FromValue, Row, Store, StoreError, ToValue, Tx, Value},
};
use shared::{
    ids::{AccountId, SessionId},
    time::Timestamp,
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zeroize::Zeroizing;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A session that nobody refreshes ends after this; and after the second for somebody who asked to stay.
const LIVES: Duration = DAY;
const STAYS: Duration = Duration::from_secs(7 * 24 * 3600);
/// However busy: this long after the sign-in somebody signs in again.
const LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long a proof of who somebody is counts for what needs one.
pub const PROOF_LASTS: Duration = Duration::from_secs(5 * 60);
/// Two windows of one browser may refresh at the same moment, and an answer may be lost on its way: who shows a token again
/// within this is no thief, and gets a pair of its own.
const GRACE: Duration = Duration::from_secs(20);
/// How long the row of a session that is over is kept: a clock that was ahead for a while must sign out nobody.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often those that are too old are looked for.
const TIDIED_EVERY: Duration = Duration::from_secs(3600);
/// Sessions that are forgotten in one transaction: each may have thousands of spent tokens, and others wait.
const FORGOTTEN_AT_ONCE: u16 = 50;
/// Longest user agent that is kept, bytes.
const LONGEST_AGENT: usize = 300;

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its owner signed out.
    SignedOut,
    /// Its owner ended it from another session, or an operator did.
    Revoked,
    /// The password was changed or reset elsewhere.
    PasswordChanged,
    /// A refresh token was shown twice.
    Reused,
    /// The account was closed.
    Closed,
}

impl End {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed out",
            Self::Revoked => "revoked",
            Self::PasswordChanged => "password changed",
            Self::Reused => "refresh token reused",
            Self::Closed => "account closed",
        }
    }
}

impl FromValue for Audience {
    const WANTED: &'static str = "an audience";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Self::ALL.into_iter().find(|audience| audience.as_str() == text)
    }
}

impl ToValue for Audience {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

/// Where somebody signs in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Address of the client.
    pub remote: String,
    /// What its browser calls itself.
    pub user_agent: String,
}

/// A session that was just made or refreshed, with what its browser alone gets to know.
pub struct Opened {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account_id: AccountId,
    /// Goes back once for the next one.
    pub refresh_token: Zeroizing<String>,
    /// Goes along, in a header, with whatever changes something.
    pub csrf_token: String,
    /// When it ends if nobody refreshes it.
    pub expires_at: Timestamp,
    /// Whether it outlives the browser.
    pub stays: bool,
}

/// A session that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account_id: AccountId,
    /// What a request must carry that changes something.
    pub csrf_token: String,
    /// When its owner last gave password or code.
    pub proved_at: Timestamp,
}

impl Session {
    /// Whether its owner has just proved who they are.
    pub fn is_proved(&self, now: Timestamp) -> bool {
        // One of the future is of a clock that was ahead, and would count until then.
        self.proved_at <= now && now.since(self.proved_at) < PROOF_LASTS
    }
}

/// A row of the list that its owner sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub id: SessionId,
    /// Whose surface it is on.
    pub audience: Audience,
    /// From where.
    pub origin: Origin,
    /// Sign-in.
    pub created_at: Timestamp,
    /// Last refresh.
    pub last_seen_at: Timestamp,
    /// End, if nobody refreshes it.
    pub expires_at: Timestamp,
}

/// What became of a refresh token.
pub enum Refreshed {
    /// A new pair.
    Anew(Opened),
    /// It was spent before, so somebody has a copy: the session is over.
    Reused(SessionId, AccountId),
    /// It opens nothing.
    Unknown,
}

/// Begins a session: somebody has proved who they are.
///
/// # Errors
/// [`StoreError`]
pub fn open(
    tx: &mut Tx<'_>,
    account: AccountId,
    audience: Audience,
    stays: bool,
    origin: &Origin,
    now: Timestamp,
) -> Result<Opened, StoreError> {
    let id = SessionId::new(Uuid::now_v7());
    let (refresh_token, csrf_token) = (secret::make(), secret::make().to_string());
    let expires_at = now + if stays { STAYS } else { LIVES };
    tx.execute(
        "INSERT INTO sessions (id, account_id, audience, refresh_hash, csrf_token, stays, created_at,
                               last_seen_at, expires_at, proved_at, remote, user_agent)
         VALUES ($1, $2, $3, $4, $6, $7, $5, $5, $8, $5, $9, $10)",
        &[
            &id,
            &account,
            &audience,
            &hash_of(&refresh_token),
            &now,
            &csrf_token,
            &stays,
            &expires_at,
            &origin.remote,
            &shortened(&origin.user_agent),
        ],
    )?;
    Ok(Opened { id, account_id: account, refresh_token, csrf_token, expires_at, stays })
}

/// The session behind a token, where it is not over. One in the admin panel lasts only as long as its owner is an
/// operator with a second factor.
///
/// # Errors
/// [`StoreError`]
pub fn find(
    tx: &mut Tx<'_>,
    id: SessionId,
    audience: Audience,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    tx.row(
        "SELECT sessions.account_id, csrf_token, proved_at FROM sessions
         JOIN accounts ON accounts.id = sessions.account_id
         WHERE sessions.id = $1 AND audience = $2 AND ended_at IS NULL AND expires_at > $3 AND closed_at IS NULL
               AND (audience = 'portal' OR (
                    EXISTS (SELECT 1 FROM operators WHERE operators.account_id = accounts.id) AND
                    EXISTS (SELECT 1 FROM second_factors
                            WHERE second_factors.account_id = accounts.id AND confirmed_at IS NOT NULL)))",
        &[&id, &audience, &now],
        |row| Ok(Session { id, account_id: row.get(0)?, csrf_token: row.get(1)?, proved_at: row.get(2)? }),
    )
}

/// The session that a refresh token belongs to, spent or not, where it is not over. It is good for ending it.
///
/// # Errors
/// [`StoreError`]
pub fn of_refresh_token(
    tx: &mut Tx<'_>,
    refresh_token: &str,
    audience: Audience,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let hash = hash_of(refresh_token);
    let id = tx.row(
        "SELECT id FROM sessions WHERE refresh_hash = $1
         UNION SELECT session_id FROM spent_refreshes WHERE hash = $1",
        &[&hash],
        |row| row.get(0),
    )?;
    id.map_or(Ok(None), |id| find(tx, id, audience, now))
}

/// Spends a refresh token.
///
/// # Errors
/// [`StoreError`]
pub fn refresh(
    tx: &mut Tx<'_>,
    refresh_token: &str,
    audience: Audience,
    origin: &Origin,
    now: Timestamp,
) -> Result<Refreshed, StoreError> {
    let hash = hash_of(refresh_token);
    let read = |row: &Row| {
        Ok(Refreshable {
            id: row.get(0)?,
            account_id: row.get(1)?,
            csrf_token: row.get(2)?,
            stays: row.get(3)?,
            created_at: row.get(4)?,
        })
    };
    let current = tx.row(
        "SELECT id, account_id, csrf_token, stays, created_at FROM sessions
         WHERE refresh_hash = $1 AND audience = $2 AND ended_at IS NULL AND expires_at > $3",
        &[&hash, &audience, &now],
        read,
    )?;
    if let Some(session) = current {
        return renew(tx, session, origin, now).map(Refreshed::Anew);
    }
    let spent = tx.row(
        "SELECT id, account_id, csrf_token, stays, created_at, spent_at
         FROM spent_refreshes JOIN sessions ON sessions.id = session_id
         WHERE hash = $1 AND audience = $2 AND ended_at IS NULL AND expires_at > $3",
        &[&hash, &audience, &now],
        |row| Ok((read(row)?, row.get::<Timestamp>(5)?)),
    )?;
    match spent {
        None => Ok(Refreshed::Unknown),
        Some((session, spent_at)) if now.since(spent_at) < GRACE => {
            renew(tx, session, origin, now).map(Refreshed::Anew)
        }
        Some((session, _)) => {
            end(tx, session.account_id, session.id, End::Reused, now)?;
            Ok(Refreshed::Reused(session.id, session.account_id))
        }
    }
}

/// A session that gets a new pair.
struct Refreshable {
    id: SessionId,
    account_id: AccountId,
    csrf_token: String,
    stays: bool,
    created_at: Timestamp,
}

fn renew(
    tx: &mut Tx<'_>,
    session: Refreshable,
    origin: &Origin,
    now: Timestamp,
) -> Result<Opened, StoreError> {
    let Refreshable { id, account_id, csrf_token, stays, created_at } = session;
    let refresh_token = secret::make();
    let expires_at = (now + if stays { STAYS } else { LIVES }).min(created_at + LONGEST);
    tx.execute(
        "INSERT INTO spent_refreshes (hash, session_id, spent_at) SELECT refresh_hash, id, $1 FROM sessions WHERE id = $2",
        &[&now, &id],
    )?;
    tx.execute(
        "UPDATE sessions SET refresh_hash = $1, last_seen_at = $2, expires_at = $3, remote = $4, user_agent = $5
         WHERE id = $6",
        &[&hash_of(&refresh_token), &now, &expires_at, &origin.remote, &shortened(&origin.user_agent), &id],
    )?;
    Ok(Opened { id, account_id, refresh_token, csrf_token, expires_at, stays })
}

/// What a browser is told of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Whose surface it is on.
    pub audience: Audience,
    /// What a request must carry that changes something.
    pub csrf_token: String,
    /// End, if nobody refreshes it.
    pub expires_at: Timestamp,
    /// When its owner last gave password or code.
    pub proved_at: Timestamp,
}

/// How a session stands that is not over.
///
/// # Errors
/// [`StoreError`]
pub fn state(tx: &mut Tx<'_>, id: SessionId) -> Result<Option<State>, StoreError> {
    tx.row(
        "SELECT audience, csrf_token, expires_at, proved_at FROM sessions WHERE id = $1 AND ended_at IS NULL",
        &[&id],
        |row| {
            Ok(State {
                audience: row.get(0)?,
                csrf_token: row.get(1)?,
                expires_at: row.get(2)?,
                proved_at: row.get(3)?,
            })
        },
    )
}

/// Forgets where somebody's sessions were: the account is closed.
///
/// # Errors
/// [`StoreError`]
pub fn forget_origins(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    tx.execute("UPDATE sessions SET remote = '', user_agent = '' WHERE account_id = $1", &[&account])
        .map(drop)
}

/// Notes that the owner has proved who they are.
///
/// # Errors
/// [`StoreError`]
pub fn prove(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE sessions SET proved_at = $1 WHERE id = $2", &[&now, &id]).map(drop)
}

/// A page of somebody's sessions that are not over, newest first, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    account: AccountId,
    after: Option<SessionId>,
    limit: u16,
    now: Timestamp,
) -> Result<(Vec<Listed>, Option<String>), StoreError> {
    let after = after.map_or_else(|| Uuid::max().to_string(), |after| after.to_string());
    let one_more = limit + 1;
    tx.page(
        "SELECT id, audience, remote, user_agent, created_at, last_seen_at, expires_at FROM sessions
         WHERE account_id = $1 AND id < $2 AND ended_at IS NULL AND expires_at > $3 ORDER BY id DESC LIMIT $4",
        &[&account, &after, &now, &one_more],
        limit,
        |row| row.get(0),
        |row| {
            Ok(Listed {
                id: row.get(0)?,
                audience: row.get(1)?,
                origin: Origin { remote: row.get(2)?, user_agent: row.get(3)? },
                created_at: row.get(4)?,
                last_seen_at: row.get(5)?,
                expires_at: row.get(6)?,
            })
        },
    )
}

/// Ends one session of somebody; whether there was one.
///
/// # Errors
/// [`StoreError`]
pub fn end(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: SessionId,
    why: End,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = tx.execute(
        "UPDATE sessions SET ended_at = $1, end_reason = $2 WHERE id = $3 AND account_id = $4 AND ended_at IS NULL",
        &[&now, &why.as_str(), &id, &account],
    )?;
    // None of them opens anything any more.
    tx.execute("DELETE FROM spent_refreshes WHERE session_id = $1", &[&id])?;
    Ok(ended > 0)
}

/// Ends all sessions of somebody but this one; how many.
///
/// # Errors
/// [`StoreError`]
pub fn end_others(
    tx: &mut Tx<'_>,
    account: AccountId,
    but: Option<SessionId>,
    why: End,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let but = but.map_or_else(String::new, |but| but.to_string());
    tx.execute(
        "UPDATE sessions SET ended_at = $1, end_reason = $2 WHERE account_id = $3 AND id <> $4 AND ended_at IS NULL",
        &[&now, &why.as_str(), &account, &but],
    )
}

/// Forgets sessions that were over long ago, with their tokens, again and again until `stop`.
pub async fn tidy(store: Store, stop: CancellationToken) {
    loop {
        let more = match store.write(|tx| forget_old(tx, Timestamp::now())).await {
            Ok(forgotten) => forgotten == usize::from(FORGOTTEN_AT_ONCE),
            Err(error) => {
                tracing::warn!(%error, "sessions that are over could not be forgotten; it is tried again");
                false
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(if more { Duration::ZERO } else { TIDIED_EVERY }) => {}
        }
    }
}

/// Forgets some sessions that were over long ago; how many.
fn forget_old(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    tx.execute(
        "DELETE FROM spent_refreshes WHERE session_id IN (
             SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
        &[&(now - KEPT), &FORGOTTEN_AT_ONCE],
    )?;
    tx.execute(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
        &[&(now - KEPT), &FORGOTTEN_AT_ONCE],
    )
}

pub(super) fn shortened(agent: &str) -> &str {
    let longest = LONGEST_AGENT.min(agent.len());
    // Never within a character.
    let end = (0..=longest).rev().find(|end| agent.is_char_boundary(*end)).unwrap_or(0);
    &agent[..end]
}

#[cfg(test)]
mod tests;
