//! How much work there is: what the metrics show.

use super::queue;
use crate::store::{Store, StoreError};
use shared::{outcome::CallStatus, time::Timestamp};

/// Calls and attempts that are not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that wait for their turn.
    pub queued: u64,
    /// Calls with an attempt under way.
    pub calling: u64,
    /// Attempts whose end is not known yet.
    pub open_attempts: u64,
}

/// Counts them; the work grows with what is under way, not with history.
///
/// # Errors
/// [`StoreError`]
pub async fn figures(store: &Store) -> Result<Figures, StoreError> {
    store
        .read(|tx| {
            let calls = tx.rows(
                "SELECT status, COUNT(*) FROM calls WHERE due_at IS NOT NULL GROUP BY status",
                &[],
                |row| Ok((row.get::<CallStatus>(0)?, row.get::<i64>(1)?)),
            )?;
            let open = tx
                .row("SELECT COUNT(*) FROM call_logs WHERE ended_at IS NULL", &[], |row| row.get::<i64>(0))?;
            let of = |wanted: CallStatus| {
                let count: i64 = calls.iter().filter(|(status, _)| *status == wanted).map(|(_, n)| n).sum();
                u64::try_from(count).unwrap_or(0)
            };
            Ok(Figures {
                queued: of(CallStatus::Queued),
                calling: of(CallStatus::Calling),
                open_attempts: u64::try_from(open.unwrap_or(0)).unwrap_or(0),
            })
        })
        .await
}

/// The moment at which something is to be done with the call that is next; long past where nobody does it.
///
/// # Errors
/// [`StoreError`]
pub async fn oldest_due(store: &Store) -> Result<Option<Timestamp>, StoreError> {
    store.read(queue::next_due).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn an_empty_queue_counts_as_nothing() {
        let store = testing::store().await;
        assert_eq!(figures(&store).await.unwrap(), Figures::default());
        assert_eq!(oldest_due(&store).await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_call_that_is_next_is_found_without_a_look_at_the_others() {
        let store = testing::store().await;
        let plan = store.read(|tx| {
            let sql = "EXPLAIN QUERY PLAN SELECT MIN(due_at) FROM calls WHERE due_at IS NOT NULL";
            tx.rows(sql, &[], |row| row.get::<String>(3))
        });
        let plan = plan.await.unwrap().join("; ");
        assert!(plan.contains("COVERING INDEX calls_due"), "{plan}");
    }
}
