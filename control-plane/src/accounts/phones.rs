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
