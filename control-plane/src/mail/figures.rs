//! How much mail there is: what the metrics show.

use super::state::State;
use crate::store::{Store, StoreError};
use shared::time::Timestamp;

/// Letters, by where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// How many stand where, since the beginning.
    pub letters: [(State, u64); 6],
    /// When the oldest was queued that still waits.
    pub oldest_waiting: Option<Timestamp>,
}

/// Counts them; the work grows with what waits, not with history.
///
/// # Errors
/// [`StoreError`]
pub async fn figures(store: &Store) -> Result<Figures, StoreError> {
    store
        .read(|tx| {
            let (waiting, oldest_waiting) = tx
                .row(
                    "SELECT COUNT(*), MIN(queued_at) FROM mail_outbox WHERE due_at IS NOT NULL",
                    &[],
                    |row| Ok((row.get::<i64>(0)?, row.get(1)?)),
                )?
                .unwrap_or((0, None));
            let ended = tx.rows("SELECT state, letters FROM mail_totals", &[], |row| {
                Ok((row.get::<State>(0)?, row.get::<i64>(1)?))
            })?;
            let letters = State::ALL.map(|state| {
                let count = match state {
                    State::Waiting => waiting,
                    State::Sent | State::Failed | State::Suppressed | State::Bounced | State::Complained => {
                        ended.iter().filter(|(ended, _)| *ended == state).map(|(_, count)| count).sum()
                    }
                };
                (state, u64::try_from(count).unwrap_or(0))
            });
            Ok(Figures { letters, oldest_waiting })
        })
        .await
}
