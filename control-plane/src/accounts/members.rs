//! Who belongs to which organization, and as what.

use super::Applied;
use crate::store::{FromValue, Row, StoreError, ToValue, Tx, Value};
use shared::{
    ids::{AccountId, OrgId},
    time::Timestamp,
};

/// What somebody is in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// May do everything, and give the organization away.
    Owner,
    /// May change everything else.
    Admin,
    /// Is called and may look.
    Member,
    /// May look.
    Viewer,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    /// As the apply file and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// Reads a role; exactly as [`Role::as_str`] writes it.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl ToValue for Role {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for Role {
    const WANTED: &'static str = "a role";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Self::from_word(text) } else { None }
    }
}

/// Makes somebody a member, or brings their role up to date.
///
/// # Errors
/// [`StoreError`]
pub fn apply_member(
    tx: &mut Tx<'_>,
    org: OrgId,
    account: AccountId,
    role: Role,
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let created = tx.execute(
        "INSERT INTO memberships (org_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_id, account_id) DO NOTHING",
        &[&org, &account, &role, &now],
    )?;
    if created > 0 {
        return Ok(Applied::Created);
    }
    let changed = tx.execute(
        "UPDATE memberships SET role = $1 WHERE org_id = $2 AND account_id = $3 AND role <> $1",
        &[&role, &org, &account],
    )?;
    Ok(if changed > 0 { Applied::Updated } else { Applied::Unchanged })
}

/// Somebody who belongs to an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// Their address.
    pub email: String,
    /// What they want to be called; may be empty.
    pub display_name: String,
    /// As what.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
    /// Whether a phone of theirs can be rung.
    pub is_reachable: bool,
}

macro_rules! member {
    ($which:literal) => {
        concat!(
            "SELECT accounts.id, email, display_name, role, memberships.created_at, EXISTS (
                 SELECT 1 FROM phones WHERE phones.account_id = accounts.id AND enabled = 1 AND verified_at IS NOT NULL)
             FROM memberships JOIN accounts ON accounts.id = memberships.account_id
             WHERE org_id = $1 AND ",
            $which
        )
    };
}

/// A member of this organization.
///
/// # Errors
/// [`StoreError`]
pub fn member(tx: &mut Tx<'_>, org: OrgId, account: AccountId) -> Result<Option<Member>, StoreError> {
    tx.row(member!("account_id = $2"), &[&org, &account], read)
}

/// A page of members, in the order of their ids, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    org: OrgId,
    after: &str,
    limit: u16,
) -> Result<(Vec<Member>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(
        member!("account_id > $2 ORDER BY account_id LIMIT $3"),
        &[&org, &after, &one_more],
        limit,
        |row| row.get(0),
        read,
    )
}

fn read(row: &Row) -> Result<Member, StoreError> {
    Ok(Member {
        account: row.get(0)?,
        email: row.get(1)?,
        display_name: row.get(2)?,
        role: row.get(3)?,
        since: row.get(4)?,
        is_reachable: row.get::<i64>(5)? != 0,
    })
}

/// Whether nobody else owns the organization.
///
/// # Errors
/// [`StoreError`]
pub fn is_last_owner(tx: &mut Tx<'_>, org: OrgId, account: AccountId) -> Result<bool, StoreError> {
    let found = tx.row(
        "SELECT EXISTS (SELECT 1 FROM memberships WHERE org_id = $1 AND account_id = $2 AND role = 'owner'),
                EXISTS (SELECT 1 FROM memberships WHERE org_id = $1 AND account_id <> $2 AND role = 'owner')",
        &[&org, &account],
        |row| Ok((row.get::<i64>(0)? != 0, row.get::<i64>(1)? != 0)),
    )?;
    Ok(found == Some((true, false)))
}

/// Slugs of the organization's projects whose alerts ring this person where no rule says otherwise.
///
/// # Errors
/// [`StoreError`]
pub fn primary_of(tx: &mut Tx<'_>, org: OrgId, account: AccountId) -> Result<Vec<String>, StoreError> {
    tx.legible(
        "SELECT slug FROM projects WHERE org_id = $1 AND primary_account_id = $2 AND deleted_at IS NULL
         ORDER BY slug LIMIT 10",
        &[&org, &account],
        |row| row.get(0),
    )
}

/// Ends a membership; whether there was one.
///
/// # Errors
/// [`StoreError`]
pub fn remove(tx: &mut Tx<'_>, org: OrgId, account: AccountId) -> Result<bool, StoreError> {
    let removed =
        tx.execute("DELETE FROM memberships WHERE org_id = $1 AND account_id = $2", &[&org, &account])?;
    Ok(removed > 0)
}

/// Ends all memberships of an organization.
///
/// # Errors
/// [`StoreError`]
pub fn remove_all(tx: &mut Tx<'_>, org: OrgId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM memberships WHERE org_id = $1", &[&org]).map(drop)
}
