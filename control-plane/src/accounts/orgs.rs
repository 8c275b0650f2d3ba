//! Organizations: the tenants.

use super::Applied;
use crate::store::{StoreError, Tx};
use shared::{ids::OrgId, time::Timestamp};
use uuid::Uuid;

/// No tenant: the organization of the calls that verify phones, made with the first of them. It has no
/// member and no key, and whoever lists organizations leaves it out.
pub const NOBODYS: OrgId = OrgId::new(Uuid::from_u128(0xca11_0000_0000_4000_8000_0000_0000_0001));

/// The id of an organization.
///
/// # Errors
/// [`StoreError`]
pub fn id_of(tx: &mut Tx<'_>, slug: &str) -> Result<Option<OrgId>, StoreError> {
    tx.row("SELECT id FROM orgs WHERE slug = $1 AND id <> $2", &[&slug, &NOBODYS], |row| row.get(0))
}

/// Whether there is more than one.
///
/// # Errors
/// [`StoreError`]
pub fn are_several(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let second = tx.row("SELECT 1 FROM orgs WHERE id <> $1 LIMIT 1 OFFSET 1", &[&NOBODYS], |_| Ok(()))?;
    Ok(second.is_some())
}

/// Makes an organization or brings its name and time zone (an IANA name) up to date.
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
