//! Invitations into an organization, by mail.

use super::{email::Email, members::Role};
use crate::{
    secret::{self, hash_of},
    store::{Row, StoreError, Tx},
};
use shared::{
    ids::{AccountId, InviteId, OrgId},
    time::Timestamp,
};
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// How long one is good.
pub const VALID_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// An invitation that nobody has taken or revoked; it may be too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// Whither.
    pub org: OrgId,
    /// Whom.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Who invites.
    pub invited_by: AccountId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What [`read`] reads.
macro_rules! columns {
    () => {
        " id, org_id, email, role, invited_by, created_at, expires_at "
    };
}

macro_rules! open {
    ($which:literal) => {
        concat!(
            "SELECT",
            columns!(),
            "FROM invites WHERE accepted_at IS NULL AND revoked_at IS NULL AND ",
            $which
        )
    };
}

/// Makes one; its token goes into the mail and nowhere else. `None` where one to this address is open; one that is too
/// old makes room.
///
/// # Errors
/// [`StoreError`]
pub fn create(
    tx: &mut Tx<'_>,
    org: OrgId,
    email: &Email,
    role: Role,
    by: AccountId,
    now: Timestamp,
) -> Result<Option<(Invite, Zeroizing<String>)>, StoreError> {
    tx.execute(
        "UPDATE invites SET revoked_at = $1
         WHERE org_id = $2 AND email = $3 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= $1",
        &[&now, &org, email],
    )?;
    let (id, token) = (InviteId::new(Uuid::now_v7()), secret::make());
    let made = tx.row(
        concat!(
            "INSERT INTO invites (id, org_id, email, role, token_hash, invited_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (org_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL DO NOTHING RETURNING",
            columns!()
        ),
        &[&id, &org, email, &role, &hash_of(&token), &by, &now, &(now + VALID_FOR)],
        read,
    )?;
    Ok(made.map(|invite| (invite, token)))
}

/// Gives an open one a new token and a new end; the old token opens nothing any more.
///
/// # Errors
/// [`StoreError`]
pub fn renew(
    tx: &mut Tx<'_>,
    org: OrgId,
    id: InviteId,
    now: Timestamp,
) -> Result<Option<(Invite, Zeroizing<String>)>, StoreError> {
    let token = secret::make();
    let renewed = tx.row(
        concat!(
            "UPDATE invites SET token_hash = $1, expires_at = $2
             WHERE id = $3 AND org_id = $4 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING",
            columns!()
        ),
        &[&hash_of(&token), &(now + VALID_FOR), &id, &org],
        read,
    )?;
    Ok(renewed.map(|invite| (invite, token)))
}

/// Revokes all of an organization's that nobody has taken.
///
/// # Errors
/// [`StoreError`]
pub fn revoke_all(tx: &mut Tx<'_>, org: OrgId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE invites SET revoked_at = $1 WHERE org_id = $2 AND accepted_at IS NULL AND revoked_at IS NULL",
        &[&now, &org],
    )
    .map(drop)
}

/// Revokes an open one.
///
/// # Errors
/// [`StoreError`]
pub fn revoke(
    tx: &mut Tx<'_>,
    org: OrgId,
    id: InviteId,
    now: Timestamp,
) -> Result<Option<Invite>, StoreError> {
    tx.row(
        concat!(
            "UPDATE invites SET revoked_at = $1
             WHERE id = $2 AND org_id = $3 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING",
            columns!()
        ),
        &[&now, &id, &org],
        read,
    )
}

/// An open one of this organization.
///
/// # Errors
/// [`StoreError`]
pub fn by_id(tx: &mut Tx<'_>, org: OrgId, id: InviteId) -> Result<Option<Invite>, StoreError> {
    tx.row(open!("id = $1 AND org_id = $2"), &[&id, &org], read)
}

/// The one that a token opens, where it is not too old.
///
/// # Errors
/// [`StoreError`]
pub fn by_token(tx: &mut Tx<'_>, token: &str, now: Timestamp) -> Result<Option<Invite>, StoreError> {
    tx.row(open!("token_hash = $1 AND expires_at > $2"), &[&hash_of(token), &now], read)
}

/// Notes that one was taken.
///
/// # Errors
/// [`StoreError`]
pub fn accept(tx: &mut Tx<'_>, id: InviteId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE invites SET accepted_at = $1 WHERE id = $2", &[&now, &id]).map(drop)
}

/// A page of an organization's open ones, the oldest first, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    org: OrgId,
    after: &str,
    limit: u16,
) -> Result<(Vec<Invite>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(
        open!("org_id = $1 AND id > $2 ORDER BY id LIMIT $3"),
        &[&org, &after, &one_more],
        limit,
        |row| row.get(0),
        read,
    )
}

fn read(row: &Row) -> Result<Invite, StoreError> {
    Ok(Invite {
        id: row.get(0)?,
        org: row.get(1)?,
        email: row.get(2)?,
        role: row.get(3)?,
        invited_by: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
    })
}
