//! What each trunk has done within the last day, for operators.

use crate::{
    fleet::TrunkCounts,
    store::{StoreError, Tx},
};
use shared::{ids::PbxId, time::Timestamp};
use std::{collections::HashMap, time::Duration};

/// Attempts that began within so many hours count, the one that runs included.
const DAY: Duration = Duration::from_secs(24 * 3600);

const COUNTED: &str = "SELECT pbx_id, trunk, SUM(attempts), SUM(answered), SUM(reached), SUM(failed), SUM(ringing), SUM(ringing_ms)
    FROM trunk_figures WHERE hour > $1 GROUP BY pbx_id, trunk";

/// Counts the attempts of the last day that are over, by host and trunk.
///
/// # Errors
/// [`StoreError`]
pub fn of_last_day(
    tx: &mut Tx<'_>,
    now: Timestamp,
) -> Result<HashMap<(PbxId, String), TrunkCounts>, StoreError> {
    let counted = tx.legible(COUNTED, &[&(now - DAY)], |row| {
        let counts = TrunkCounts {
            attempts: row.get(2)?,
            answered: row.get(3)?,
            reached: row.get(4)?,
            failed: row.get(5)?,
            rang: row.get(6)?,
            until_ringing_ms: row.get(7)?,
        };
        Ok(((row.get(0)?, row.get(1)?), counts))
    })?;
    Ok(counted.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dispatch::{rollup, verification},
        fleet::apply_pbx,
        store::testing,
    };
    use shared::ids::{AccountId, AttemptId, PhoneId};
    use uuid::Uuid;

    #[tokio::test]
    async fn what_is_older_than_a_day_is_not_read() {
        let store = testing::store().await;
        let sql: &'static str = format!("EXPLAIN QUERY PLAN {COUNTED}").leak();
        let plan = store.read(move |tx| tx.rows(sql, &[&0i64], |row| row.get::<String>(3)));
        let plan = plan.await.unwrap().join("; ");
        assert!(plan.contains("trunk_figures_by_hour (hour>?)"), "{plan}");
    }

    /// What one attempt came to.
    struct Attempt(&'static str, Option<i64>, Option<i64>);

    #[tokio::test]
    async fn attempts_count_by_what_they_came_to() {
        let store = testing::store().await;
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let attempts = [
            Attempt("answered", Some(1_000), Some(5_000)),
            Attempt("acknowledged", Some(3_000), Some(9_000)),
            Attempt("busy", None, None),
            Attempt("failed", None, None),
            Attempt("refused", None, None),
            Attempt("cancelled", Some(2_000), None),
        ];
        store
            .write(move |tx| {
                let account = AccountId::new(Uuid::from_u128(1));
                tx.execute("INSERT INTO accounts (id, email, created_at) VALUES ($1, 'a@example.com', 0)", &[&account])?;
                apply_pbx(tx, "pbx-1", "eu")?;
                let phone = PhoneId::new(Uuid::from_u128(2));
                verification::request(tx, account, phone, &"+380501234567".parse().unwrap(), "en", now)?;
                for (place, Attempt(status, rang, answered)) in (0..).zip(attempts) {
                    let id = AttemptId::new(Uuid::from_u128(place));
                    let begun = now - Duration::from_secs(3600);
                    let after = |ms: Option<i64>| ms.map(|ms| begun.shifted(ms * 1000));
                    tx.execute(
                        "INSERT INTO call_logs (id, call_id, request_id, org_id, destination, pbx_id, trunk, status,
                                                possible_duplicate, initiated_at, ringing_at, answered_at, ended_at,
                                                unsettled)
                         SELECT $1, calls.id, request_id, org_id, destination, pbxs.id, 'a', $2, 0, $3, $4, $5, $6, 0
                         FROM calls CROSS JOIN pbxs",
                        &[&id, &status, &begun, &after(rang), &after(answered), &now],
                    )?;
                    rollup::attempt_changed(tx, id, None)?;
                }
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        let counted = store.read(move |tx| of_last_day(tx, now)).await.unwrap();
        let counts = counted.values().next().copied().unwrap();
        let expected =
            TrunkCounts { attempts: 6, answered: 2, reached: 3, failed: 1, rang: 3, until_ringing_ms: 6_000 };
        assert_eq!(counts, expected);
        let tomorrow = now + DAY;
        assert!(store.read(move |tx| of_last_day(tx, tomorrow)).await.unwrap().is_empty());
    }
}
