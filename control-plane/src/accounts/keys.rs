//! Keys of the HTTP API: `cpk_` and a secret. The text is shown once; only its hash is stored.

use super::orgs;
use crate::{
    secret::{self, hash_of},
    store::{Store, StoreError},
};
use shared::{
    ids::{ApiKeyId, OrgId},
    time::Timestamp,
};
use std::{fmt, str::FromStr, time::Duration};
use uuid::Uuid;
use zeroize::Zeroizing;

const PREFIX: &str = "cpk_";
/// How exactly it is known when a key was last used: a write a minute and key, however busy it is.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);
/// Longest name of a key, in characters.
const LONGEST_NAME: usize = 100;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read alerts, calls, and names and health of the fleet.
    Read,
    /// Acknowledge and close alerts, which silences phones.
    AlertsWrite,
}

impl Scope {
    const ALL: [Self; 2] = [Self::Read, Self::AlertsWrite];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::AlertsWrite => "alerts:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No scope has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scope is called {0:?}; there are: read, alerts:write")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        named.ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's id; not a secret.
    pub id: ApiKeyId,
    /// Whose data it opens.
    pub org_id: OrgId,
    /// What it may do with them.
    pub scopes: Vec<Scope>,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A command named an organization that the apply file does not.
    #[error(
        "no organization has the slug {0:?}: add it to the apply file as [[org]] and run `control-plane apply`"
    )]
    UnknownOrg(String),
    /// A name that nobody could read in a list.
    #[error("a key's name is 1 to {LONGEST_NAME} characters, none of them a control character")]
    BadName,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key; its text is shown once, only its hash is stored.
///
/// # Errors
/// [`KeyError`]
pub async fn create(
    store: &Store,
    org_slug: &str,
    name: &str,
    scopes: &[Scope],
) -> Result<Zeroizing<String>, KeyError> {
    let name = name.trim().to_owned();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(KeyError::BadName);
    }
    let text = Zeroizing::new(format!("{PREFIX}{}", *secret::make()));
    let hash = hash_of(&text);
    let slug = org_slug.to_owned();
    let scopes = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
    let (id, now) = (ApiKeyId::new(Uuid::now_v7()), Timestamp::now());
    store
        .write(move |tx| {
            let Some(org) = orgs::id_of(tx, &slug)? else { return Err(KeyError::UnknownOrg(slug)) };
            tx.execute(
                "INSERT INTO api_keys (id, org_id, name, key_hash, scopes, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[&id, &org, &name, &hash, &scopes, &now],
            )?;
            Ok(())
        })
        .await?;
    Ok(text)
}

/// The key behind a bearer token. That it was used is noted on the side, at most once a minute.
///
/// # Errors
/// [`StoreError`]
pub async fn authenticate(store: &Store, bearer: &str) -> Result<Option<ApiKey>, StoreError> {
    if !bearer.starts_with(PREFIX) {
        return Ok(None);
    }
    let hash = hash_of(bearer);
    let found = store
        .read(move |tx| {
            let found = tx.row(
                "SELECT key_hash, id, org_id, scopes, last_used_at FROM api_keys WHERE key_hash = $1",
                &[&hash],
                |row| {
                    let scopes = row.get::<String>(3)?;
                    let scopes = scopes.split(',').filter_map(|word| word.parse().ok()).collect();
                    let key = ApiKey { id: row.get(1)?, org_id: row.get(2)?, scopes };
                    Ok((row.get::<String>(0)?, key, row.get::<Option<Timestamp>>(4)?))
                },
            )?;
            let found = found.filter(|(stored, ..)| secret::same(stored, &hash));
            Ok::<_, StoreError>(found)
        })
        .await?;
    let Some((_, key, last_used)) = found else { return Ok(None) };
    let now = Timestamp::now();
    if last_used.is_none_or(|last_used| now.since(last_used) >= USE_NOTED_EVERY) {
        let (store, id) = (store.clone(), key.id);
        // Nobody waits for it: a disk that is full must not keep anybody from reading.
        tokio::spawn(async move {
            if let Err(error) = note_use(&store, id, now).await {
                tracing::warn!(key = %id, %error, "the use of an API key could not be noted");
            }
        });
    }
    Ok(Some(key))
}

async fn note_use(store: &Store, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            tx.execute(
                "UPDATE api_keys SET last_used_at = $1
                 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)",
                &[&now, &id, &(now - USE_NOTED_EVERY)],
            )?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests;
