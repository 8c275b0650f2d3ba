//! How much organizations call, and what was held back: for operators, within a day.

use crate::{
    accounts::orgs::NOBODYS,
    store::{StoreError, Tx},
    words,
};
use serde::Serialize;
use shared::{ids::OrgId, outcome::Reason, phone, time::Timestamp};
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// Rows of each list of what stands out.
const MOST: u16 = 50;
/// Calls that verify phones are looked at up to this many: more are not made within a day.
const MOST_VERIFICATIONS: u16 = 5_000;

/// What an organization has called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Calls that were made.
    pub calls: u32,
    /// Those that were held back.
    pub blocked: u32,
}

const OF_SOME: &str = "SELECT orgs.id,
        (SELECT COUNT(*) FROM calls WHERE calls.org_id = orgs.id AND calls.created_at > $3 AND status <> 'blocked'),
        (SELECT COUNT(*) FROM calls WHERE calls.org_id = orgs.id AND calls.created_at > $3 AND status = 'blocked')
    FROM orgs WHERE deleted_at IS NULL AND slug >= $1 AND slug <= $2";

/// What the organizations have called since, whose slugs lie between these two.
///
/// # Errors
/// [`StoreError`]
pub fn of_some(
    tx: &mut Tx<'_>,
    first: &str,
    last: &str,
    since: Timestamp,
) -> Result<HashMap<OrgId, Volume>, StoreError> {
    let counted = tx.legible(OF_SOME, &[&first, &last, &since], |row| {
        let (made, blocked) = (row.get::<u32>(1)?, row.get(2)?);
        Ok((row.get(0)?, Volume { calls: made + blocked, blocked }))
    })?;
    Ok(counted.into_iter().collect())
}

/// Calls of an organization that were held back for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Blocked {
    /// Whose.
    #[schema(format = "uuid")]
    pub org_id: String,
    /// Its name.
    pub organization: String,
    /// Why.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<String>,
    /// How many.
    pub calls: u32,
}

// CROSS JOIN: organization by organization, or SQLite would read all that was ever held back.
const BLOCKED: &str = "SELECT orgs.id, MIN(orgs.name), calls.reason, COUNT(*) AS held_back
    FROM orgs CROSS JOIN calls
    WHERE calls.org_id = orgs.id AND calls.status = 'blocked' AND calls.created_at > $1
    GROUP BY orgs.id, calls.reason ORDER BY held_back DESC, orgs.id LIMIT $2";

/// What was held back since, the most first.
///
/// # Errors
/// [`StoreError`]
pub fn blocked(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<Blocked>, StoreError> {
    tx.legible(BLOCKED, &[&since, &MOST], |row| {
        Ok(Blocked {
            org_id: row.get::<OrgId>(0)?.to_string(),
            organization: row.get(1)?,
            reason: row.get::<Option<Reason>>(2)?.map(|reason| reason.to_string()),
            calls: row.get(3)?,
        })
    })
}

/// An organization that calls much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Busiest {
    /// Which.
    #[schema(format = "uuid")]
    pub org_id: String,
    /// Its name.
    pub organization: String,
    /// Calls that it made and that were not held back.
    pub calls: u32,
}

const BUSIEST: &str = "SELECT orgs.id, MIN(orgs.name), COUNT(*) AS made
    FROM orgs CROSS JOIN calls
    WHERE calls.org_id = orgs.id AND calls.status <> 'blocked' AND calls.created_at > $1 AND orgs.id <> $3
    GROUP BY orgs.id ORDER BY made DESC, orgs.id LIMIT $2";

/// Who has called most since.
///
/// # Errors
/// [`StoreError`]
pub fn busiest(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<Busiest>, StoreError> {
    tx.legible(BUSIEST, &[&since, &MOST, &NOBODYS], |row| {
        Ok(Busiest {
            org_id: row.get::<OrgId>(0)?.to_string(),
            organization: row.get(1)?,
            calls: row.get(2)?,
        })
    })
}

/// Calls into a country that spoke a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerifiedIn {
    /// ISO 3166-1 alpha-2; empty where the number has none.
    pub country: String,
    /// How many were asked for.
    pub calls: u32,
    /// Those whose code was typed.
    pub verified: u32,
}

const VERIFICATIONS: &str = "SELECT calls.destination, verifications.state
    FROM verifications JOIN calls ON calls.id = verifications.call_id
    WHERE verifications.created_at > $1 ORDER BY verifications.created_at DESC LIMIT $2";

/// Where the phones are that were to be verified since, the most first: calls into one country that nobody follows with a
/// code may be somebody's who earns by them.
///
/// # Errors
/// [`StoreError`]
pub fn verifications(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<VerifiedIn>, StoreError> {
    let asked = tx.legible(VERIFICATIONS, &[&since, &MOST_VERIFICATIONS], |row| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?))
    })?;
    let mut by_country: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (number, state) in asked {
        let region = match phone::judge(&number) {
            Ok(allowed) => Some(allowed.region),
            Err(refusal) => refusal.region,
        };
        let country = region.map_or_else(String::new, |region| region.to_string());
        let (calls, verified) = by_country.entry(country).or_default();
        *calls += 1;
        *verified += u32::from(state == "used");
    }
    let counted = by_country.into_iter();
    let mut counted: Vec<VerifiedIn> =
        counted.map(|(country, (calls, verified))| VerifiedIn { country, calls, verified }).collect();
    counted.sort_by_key(|it| std::cmp::Reverse(it.calls));
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ToValue, testing};

    #[tokio::test]
    async fn what_is_older_than_asked_for_is_not_read() {
        let store = testing::store().await;
        for (sql, params, indexes) in [
            (OF_SOME, 3, ["orgs_there (slug>? AND slug<?)", "(org_id=? AND created_at>?)"]),
            (BLOCKED, 2, ["calls_blocked_by_org (org_id=? AND created_at>?)", ""]),
            (BUSIEST, 3, ["calls_placed_by_org (org_id=? AND created_at>?)", ""]),
            (VERIFICATIONS, 2, ["verifications_by_age (created_at>?)", ""]),
        ] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store.read(move |tx| {
                let values: [&dyn ToValue; 3] = [&1i64, &1i64, &1i64];
                tx.rows(sql, &values[..params], |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(indexes.iter().all(|index| plan.contains(index)), "{plan}");
        }
    }
}
