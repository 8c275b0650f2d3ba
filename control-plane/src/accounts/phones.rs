//! Phones of people. Only a verified, enabled one is ever rung, the one of the lowest position first.

use crate::store::{StoreError, Tx};
use shared::{
    ids::{AccountId, PhoneId},
    phone::E164,
    time::Timestamp,
};
use uuid::Uuid;

/// What setting somebody's phones came to, in numbers of phones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhonesSet {
    /// New ones.
    pub added: usize,
    /// Those that were disabled, not verified, or elsewhere in the order.
    pub updated: usize,
    /// Those no longer wanted.
    pub disabled: usize,
}

/// Makes exactly these the phones on which somebody is rung, in this order. The operator vouches
/// for them, so they are verified. Others that the person has are disabled and go to the end.
///
/// # Errors
/// [`StoreError`]
pub fn set_phones(
    tx: &mut Tx<'_>,
    account: AccountId,
    wanted: &[E164],
    now: Timestamp,
) -> Result<PhonesSet, StoreError> {
    let held = tx.rows(
        "SELECT id, e164, position, enabled, verified_at FROM phones WHERE account_id = $1 ORDER BY position",
        &[&account],
        |row| {
            let verified = row.get::<Option<Timestamp>>(4)?.is_some();
            Ok(Held {
                id: row.get(0)?,
                e164: row.get(1)?,
                position: row.get(2)?,
                rung: row.get::<bool>(3)? && verified,
            })
        },
    )?;
    let mut set = PhonesSet::default();
    for (position, e164) in (0_u32..).zip(wanted) {
        let Some(phone) = held.iter().find(|phone| phone.e164 == e164.as_str()) else {
            tx.execute(
                "INSERT INTO phones (id, account_id, e164, position, verified_at, enabled, created_at)
                 VALUES ($1, $2, $3, $4, $5, 1, $5)",
                &[&PhoneId::new(Uuid::now_v7()), &account, &e164.as_str(), &position, &now],
            )?;
            set.added += 1;
            continue;
        };
        if phone.position != position || !phone.rung {
            tx.execute(
                "UPDATE phones SET position = $1, enabled = 1, verified_at = COALESCE(verified_at, $2)
                 WHERE id = $3",
                &[&position, &now, &phone.id],
            )?;
            set.updated += 1;
        }
    }
    let unwanted = held.iter().filter(|phone| wanted.iter().all(|e164| e164.as_str() != phone.e164));
    for (position, phone) in (0_u32..).skip(wanted.len()).zip(unwanted) {
        tx.execute(
            "UPDATE phones SET position = $1, enabled = 0 WHERE id = $2 AND (position <> $1 OR enabled <> 0)",
            &[&position, &phone.id],
        )?;
        set.disabled += usize::from(phone.rung);
    }
    Ok(set)
}

struct Held {
    id: PhoneId,
    /// Not judged again: what the numbering plan said when it was stored is history.
    e164: String,
    position: u32,
    rung: bool,
}

/// Most phones of one person.
pub const MOST: usize = 10;

/// A phone of somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    /// Its id.
    pub id: PhoneId,
    /// Its number.
    pub e164: String,
    /// When its owner read a code out of a call to it, or the operator vouched for it.
    pub verified_at: Option<Timestamp>,
    /// Whether its owner wants it to ring.
    pub enabled: bool,
    /// Its place in the order in which they ring, from 0.
    pub position: u16,
    /// When it was entered.
    pub created_at: Timestamp,
}

/// Somebody's phones, in the order in which they ring.
///
/// # Errors
/// [`StoreError`]
pub fn list(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Phone>, StoreError> {
    let mut phones = tx.legible(
        "SELECT id, e164, verified_at, enabled, created_at FROM phones WHERE account_id = $1 ORDER BY position, id",
        &[&account],
        |row| {
            Ok(Phone {
                id: row.get(0)?,
                e164: row.get(1)?,
                verified_at: row.get(2)?,
                enabled: row.get(3)?,
                position: 0,
                created_at: row.get(4)?,
            })
        },
    )?;
    for (position, phone) in (0..).zip(&mut phones) {
        phone.position = position;
    }
    Ok(phones)
}

/// Adds a phone at the end; it rings nobody until it is verified. `None` where the person has it.
///
/// # Errors
/// [`StoreError`]
pub fn add(
    tx: &mut Tx<'_>,
    account: AccountId,
    e164: &E164,
    now: Timestamp,
) -> Result<Option<PhoneId>, StoreError> {
    tx.row(
        "INSERT INTO phones (id, account_id, e164, position, verified_at, enabled, created_at)
         VALUES ($1, $2, $3, (SELECT COALESCE(MAX(position) + 1, 0) FROM phones WHERE account_id = $2), NULL, 1, $4)
         ON CONFLICT (account_id, e164) DO NOTHING RETURNING id",
        &[&PhoneId::new(Uuid::now_v7()), &account, &e164.as_str(), &now],
        |row| row.get(0),
    )
}

/// Switches one on or off.
///
/// # Errors
/// [`StoreError`]
pub fn enable(tx: &mut Tx<'_>, account: AccountId, id: PhoneId, enabled: bool) -> Result<(), StoreError> {
    tx.execute("UPDATE phones SET enabled = $1 WHERE id = $2 AND account_id = $3", &[&enabled, &id, &account])
        .map(drop)
}

/// Moves one to a place in the order, from 0; the others keep theirs among each other.
///
/// # Errors
/// [`StoreError`]
pub fn move_to(tx: &mut Tx<'_>, account: AccountId, id: PhoneId, place: usize) -> Result<(), StoreError> {
    let mut order: Vec<PhoneId> = list(tx, account)?.into_iter().map(|phone| phone.id).collect();
    let Some(held) = order.iter().position(|held| *held == id) else { return Ok(()) };
    order.remove(held);
    order.insert(place.min(order.len()), id);
    for (position, id) in (0_u32..).zip(order) {
        tx.execute(
            "UPDATE phones SET position = $1 WHERE id = $2 AND account_id = $3",
            &[&position, &id, &account],
        )?;
    }
    Ok(())
}

/// Notes that its owner has proved to hear what is said on it.
///
/// # Errors
/// [`StoreError`]
pub fn verify(tx: &mut Tx<'_>, account: AccountId, id: PhoneId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE phones SET verified_at = $1 WHERE id = $2 AND account_id = $3", &[&now, &id, &account])
        .map(drop)
}

/// Removes one.
///
/// # Errors
/// [`StoreError`]
pub fn remove(tx: &mut Tx<'_>, account: AccountId, id: PhoneId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM phones WHERE id = $1 AND account_id = $2", &[&id, &account]).map(drop)
}

/// Removes all of somebody's.
///
/// # Errors
/// [`StoreError`]
pub fn remove_all(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM phones WHERE account_id = $1", &[&account]).map(drop)
}

/// Projects, as `org/project`, that would ring nobody where no rule says otherwise if this phone did not ring: the
/// person is their primary and has no other.
///
/// # Errors
/// [`StoreError`]
pub fn alone_for(tx: &mut Tx<'_>, account: AccountId, id: PhoneId) -> Result<Vec<String>, StoreError> {
    tx.legible(
        "SELECT orgs.slug, projects.slug FROM projects JOIN orgs ON orgs.id = org_id
         WHERE primary_account_id = $1 AND projects.deleted_at IS NULL
           AND EXISTS (SELECT 1 FROM phones WHERE id = $2 AND account_id = $1 AND enabled = 1 AND verified_at IS NOT NULL)
           AND NOT EXISTS (SELECT 1 FROM phones WHERE account_id = $1 AND id <> $2
                                                      AND enabled = 1 AND verified_at IS NOT NULL)
         ORDER BY orgs.slug, projects.slug LIMIT 10",
        &[&account, &id],
        |row| Ok(format!("{}/{}", row.get::<String>(0)?, row.get::<String>(1)?)),
    )
}
