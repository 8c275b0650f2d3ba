//! Organizations: the tenants.

use super::{
    Applied, invites, keys,
    members::{self, Role},
    projects,
};
use crate::store::{Row, StoreError, Tx};
use shared::{
    ids::{AccountId, OrgId},
    time::Timestamp,
};
use uuid::Uuid;

/// No tenant: the organization of the calls that verify phones, made with the first of them. It has no
/// member and no key, and whoever lists organizations leaves it out.
pub const NOBODYS: OrgId = OrgId::new(Uuid::from_u128(0xca11_0000_0000_4000_8000_0000_0000_0001));

/// The id of an organization.
///
/// # Errors
/// [`StoreError`]
pub fn id_of(tx: &mut Tx<'_>, slug: &str) -> Result<Option<OrgId>, StoreError> {
    tx.row(
        "SELECT id FROM orgs WHERE slug = $1 AND deleted_at IS NULL AND id <> $2",
        &[&slug, &NOBODYS],
        |row| row.get(0),
    )
}

/// Whether there is more than one.
///
/// # Errors
/// [`StoreError`]
pub fn are_several(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let second = tx.row(
        "SELECT 1 FROM orgs WHERE deleted_at IS NULL AND id <> $1 LIMIT 1 OFFSET 1",
        &[&NOBODYS],
        |_| Ok(()),
    )?;
    Ok(second.is_some())
}

/// The address of whoever made the organization of this slug over the API; `None` where the operator did, or it is free.
///
/// # Errors
/// [`StoreError`]
pub fn maker_of(tx: &mut Tx<'_>, slug: &str) -> Result<Option<String>, StoreError> {
    tx.row(
        "SELECT email FROM orgs JOIN accounts ON accounts.id = created_by WHERE slug = $1 AND deleted_at IS NULL",
        &[&slug],
        |row| row.get(0),
    )
}

/// The operator's file governs the organization of this slug from now on, whoever made it.
///
/// # Errors
/// [`StoreError`]
pub fn adopt(tx: &mut Tx<'_>, slug: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE orgs SET created_by = NULL WHERE slug = $1 AND created_by IS NOT NULL", &[&slug])
        .map(drop)
}

/// Makes an organization or brings its name and time zone (an IANA name) up to date. One of this slug that the operator
/// had made and somebody deleted is there again, with its history.
///
/// # Errors
/// [`StoreError`]
pub fn apply_org(
    tx: &mut Tx<'_>,
    slug: &str,
    name: &str,
    timezone: &str,
    now: Timestamp,
) -> Result<(OrgId, Applied), StoreError> {
    let Some(id) = id_of(tx, slug)? else {
        let revived = tx.row(
            "UPDATE orgs SET deleted_at = NULL, slug = $1, name = $2, timezone = $3
             WHERE id = (SELECT id FROM orgs WHERE slug = $1 || '~' || id AND created_by IS NULL ORDER BY id DESC LIMIT 1)
             RETURNING id",
            &[&slug, &name, &timezone],
            |row| row.get(0),
        )?;
        if let Some(id) = revived {
            return Ok((id, Applied::Created));
        }
        let id = OrgId::new(Uuid::now_v7());
        tx.execute(
            "INSERT INTO orgs (id, slug, name, timezone, created_at) VALUES ($1, $2, $3, $4, $5)",
            &[&id, &slug, &name, &timezone, &now],
        )?;
        return Ok((id, Applied::Created));
    };
    let changed = tx.execute(
        "UPDATE orgs SET name = $1, timezone = $2 WHERE id = $3 AND (name <> $1 OR timezone <> $2)",
        &[&name, &timezone, &id],
    )?;
    Ok((id, if changed > 0 { Applied::Updated } else { Applied::Unchanged }))
}

/// An organization that is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its short name, unique among all.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// IANA name of its time zone.
    pub timezone: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One of somebody's organizations, with what they are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which.
    pub org: Org,
    /// As what.
    pub role: Role,
}

/// Which organization a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By its slug or id.
    As(String),
    /// The only one that there is for whoever asks.
    Only,
}

/// The memberships of a person that a name leaves: one, or none, or with [`Named::Only`] perhaps several.
///
/// # Errors
/// [`StoreError`]
pub fn of_account(tx: &mut Tx<'_>, account: AccountId, named: &Named) -> Result<Vec<Membership>, StoreError> {
    let name = match named {
        Named::As(name) => Some(name.as_str()),
        Named::Only => None,
    };
    tx.legible(
        "SELECT orgs.id, slug, name, timezone, orgs.created_at, role
         FROM memberships JOIN orgs ON orgs.id = memberships.org_id
         WHERE account_id = $1 AND deleted_at IS NULL AND (slug = $2 OR orgs.id = $2 OR $2 IS NULL)
         ORDER BY orgs.name, orgs.id",
        &[&account, &name],
        |row| Ok(Membership { org: read(row)?, role: row.get(5)? }),
    )
}

/// An organization.
///
/// # Errors
/// [`StoreError`]
pub fn by_id(tx: &mut Tx<'_>, id: OrgId) -> Result<Option<Org>, StoreError> {
    tx.row(
        "SELECT id, slug, name, timezone, created_at FROM orgs WHERE id = $1 AND deleted_at IS NULL",
        &[&id],
        read,
    )
}

fn read(row: &Row) -> Result<Org, StoreError> {
    Ok(Org {
        id: row.get(0)?,
        slug: row.get(1)?,
        name: row.get(2)?,
        timezone: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// An organization that somebody makes.
pub struct New<'a> {
    /// Its short name, unique among all.
    pub slug: &'a str,
    /// Its name.
    pub name: &'a str,
    /// IANA name of its time zone.
    pub timezone: &'a str,
    /// Who makes it.
    pub by: AccountId,
}

/// Makes an organization; `None` where the slug is taken.
///
/// # Errors
/// [`StoreError`]
pub fn create(tx: &mut Tx<'_>, new: &New<'_>, now: Timestamp) -> Result<Option<OrgId>, StoreError> {
    tx.row(
        "INSERT INTO orgs (id, slug, name, timezone, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (slug) DO NOTHING RETURNING id",
        &[&OrgId::new(Uuid::now_v7()), &new.slug, &new.name, &new.timezone, &new.by, &now],
        |row| row.get(0),
    )
}

/// Changes slug, name and time zone; `false` where the slug is another's. Under another slug it is not the one that the
/// operator's file names, but `by`'s.
///
/// # Errors
/// [`StoreError`]
pub fn change(
    tx: &mut Tx<'_>,
    id: OrgId,
    slug: &str,
    name: &str,
    timezone: &str,
    by: AccountId,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE orgs SET slug = $1, name = $2, timezone = $3,
                         created_by = CASE WHEN slug <> $1 THEN COALESCE(created_by, $5) ELSE created_by END
         WHERE id = $4 AND NOT EXISTS (SELECT 1 FROM orgs WHERE slug = $1 AND id <> $4)",
        &[&slug, &name, &timezone, &id, &by],
    )?;
    Ok(changed > 0)
}

/// Deletes an organization: nobody belongs to it any more, no key opens it. Its history stays until it is too old; its
/// endpoints are the caller's to delete.
///
/// # Errors
/// [`StoreError`]
pub fn delete(tx: &mut Tx<'_>, id: OrgId, now: Timestamp) -> Result<(), StoreError> {
    projects::delete_all(tx, id, now)?;
    keys::delete_all(tx, id, now)?;
    invites::revoke_all(tx, id, now)?;
    members::remove_all(tx, id)?;
    tx.execute("UPDATE orgs SET deleted_at = $1, slug = slug || '~' || id WHERE id = $2", &[&now, &id])?;
    Ok(())
}
