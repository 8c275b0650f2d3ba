//! Keys of the HTTP API: `cpk_` and a secret. The text is shown once; only its hash is stored.

use super::orgs;
use crate::{
    secret::{self, hash_of},
    store::{Row, Store, StoreError, Tx},
    values,
};
use shared::{
    ids::{AccountId, ApiKeyId, OrgId},
    time::Timestamp,
};
use std::{
    collections::BTreeSet,
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;
use zeroize::Zeroizing;

const PREFIX: &str = "cpk_";
/// How exactly it is known when a key was last used: a write a minute and key, however busy it is.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read alerts, calls, projects, scenarios, and names and health of the fleet.
    Read,
    /// Acknowledge and close alerts, which silences phones.
    AlertsWrite,
    /// Make and change projects and scenarios; see, make and change endpoints.
    ProjectsWrite,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::AlertsWrite, Self::ProjectsWrite];

    /// As commands, the API and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::AlertsWrite => "alerts:write",
            Self::ProjectsWrite => "projects:write",
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
#[error("no scope is called {0:?}; there are: read, alerts:write, projects:write")]
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
    #[error("a key's name {0}")]
    BadName(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key of the organization with this slug, as the operator's command does; its text is shown once, only its hash
/// is stored.
///
/// # Errors
/// [`KeyError`]
pub async fn create(
    store: &Store,
    org_slug: &str,
    name: &str,
    scopes: &[Scope],
) -> Result<Zeroizing<String>, KeyError> {
    let name = values::name(name).map_err(KeyError::BadName)?;
    let (slug, scopes) = (org_slug.to_owned(), scopes.to_vec());
    store
        .write(move |tx| {
            let Some(org) = orgs::id_of(tx, &slug)? else { return Err(KeyError::UnknownOrg(slug)) };
            let new = New { org, name, scopes, by: None, expires_at: None };
            Ok(insert(tx, &new, Timestamp::now())?.1)
        })
        .await
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct New {
    /// Whose data it opens.
    pub org: OrgId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who makes it; nobody where the operator's command does.
    pub by: Option<AccountId>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// Makes a key; its text goes to whoever asked and nowhere else.
///
/// # Errors
/// [`StoreError`]
pub fn insert(
    tx: &mut Tx<'_>,
    new: &New,
    now: Timestamp,
) -> Result<(ApiKeyId, Zeroizing<String>), StoreError> {
    let text = Zeroizing::new(format!("{PREFIX}{}", *secret::make()));
    let id = ApiKeyId::new(Uuid::now_v7());
    let scopes = new.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
    tx.execute(
        "INSERT INTO api_keys (id, org_id, name, key_hash, scopes, created_at, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[&id, &new.org, &new.name, &hash_of(&text), &scopes, &now, &new.by, &new.expires_at],
    )?;
    Ok((id, text))
}

/// A key as its organization sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id; not a secret.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Address of whoever made it; nobody where the operator's command did.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT api_keys.id, name, scopes, email, api_keys.created_at, expires_at, last_used_at
             FROM api_keys LEFT JOIN accounts ON accounts.id = created_by
             WHERE org_id = $1 AND deleted_at IS NULL AND ",
            $which
        )
    };
}

/// A page of an organization's keys, the oldest first, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    org: OrgId,
    after: &str,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(
        listed!("api_keys.id > $2 ORDER BY api_keys.id LIMIT $3"),
        &[&org, &after, &one_more],
        limit,
        |row| row.get(0),
        listed,
    )
}

/// A key of this organization.
///
/// # Errors
/// [`StoreError`]
pub fn by_id(tx: &mut Tx<'_>, org: OrgId, id: ApiKeyId) -> Result<Option<Listed>, StoreError> {
    tx.row(listed!("api_keys.id = $2"), &[&org, &id], listed)
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: scopes(&row.get::<String>(2)?),
        created_by: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        last_used_at: row.get(6)?,
    })
}

/// How many keys an organization has.
///
/// # Errors
/// [`StoreError`]
pub fn count(tx: &mut Tx<'_>, org: OrgId) -> Result<u32, StoreError> {
    let counted =
        tx.row("SELECT COUNT(*) FROM api_keys WHERE org_id = $1 AND deleted_at IS NULL", &[&org], |row| {
            row.get(0)
        })?;
    Ok(counted.unwrap_or(0))
}

/// Deletes all of an organization's.
///
/// # Errors
/// [`StoreError`]
pub fn delete_all(tx: &mut Tx<'_>, org: OrgId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE api_keys SET deleted_at = $1 WHERE org_id = $2 AND deleted_at IS NULL", &[&now, &org])
        .map(drop)
}

/// Deletes a key of this organization, which opens nothing from then on; its name, if there was one.
///
/// # Errors
/// [`StoreError`]
pub fn delete(
    tx: &mut Tx<'_>,
    org: OrgId,
    id: ApiKeyId,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    tx.row(
        "UPDATE api_keys SET deleted_at = $1 WHERE id = $2 AND org_id = $3 AND deleted_at IS NULL RETURNING name",
        &[&now, &id, &org],
        |row| row.get(0),
    )
}

/// Whether a key still opens something.
///
/// # Errors
/// [`StoreError`]
pub fn is_good(tx: &mut Tx<'_>, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    let found = tx.row(
        "SELECT 1 FROM api_keys WHERE id = $1 AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        &[&id, &now],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn scopes(words: &str) -> Vec<Scope> {
    words.split(',').filter_map(|word| word.parse().ok()).collect()
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
                "SELECT key_hash, id, org_id, scopes, last_used_at FROM api_keys
                 WHERE key_hash = $1 AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
                &[&hash, &Timestamp::now()],
                |row| {
                    let scopes = scopes(&row.get::<String>(3)?);
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
    if last_used.is_none_or(|last_used| now.since(last_used) >= USE_NOTED_EVERY)
        && let Some(noting) = Noting::of(key.id)
    {
        let store = store.clone();
        // Nobody waits for it: a disk that is full must not keep anybody from reading.
        tokio::spawn(async move {
            if let Err(error) = note_use(&store, noting.0, now).await {
                tracing::warn!(key = %noting.0, %error, "the use of an API key could not be noted");
            }
        });
    }
    Ok(Some(key))
}

/// That the use of a key is being noted. While it is, nobody else of this process does: a thousand requests of one key at
/// once, or while the disk is full, are one write.
struct Noting(ApiKeyId);

static NOTING: Mutex<BTreeSet<ApiKeyId>> = Mutex::new(BTreeSet::new());

impl Noting {
    fn of(id: ApiKeyId) -> Option<Self> {
        let mut noting = NOTING.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is not the first is not even made: what is dropped ends the noting.
        noting.insert(id).then(|| Self(id))
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        NOTING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
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
