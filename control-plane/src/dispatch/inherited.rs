//! What was under way before this process started, by name: where a clock was set, no time tells.

use crate::store::{StoreError, Tx};
use shared::ids::{AttemptId, CallId};
use std::collections::HashSet;

/// Calls and attempts that were not over when this process started. Whether the database knows all that
/// happened to them depends on whether it was restored from a backup.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    calls: HashSet<CallId>,
    attempts: HashSet<AttemptId>,
}

impl Inherited {
    /// Reads them; before anything new is accepted. A row whose id is damaged is left out: nothing can be
    /// done about it anyway.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn read(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let calls = tx.legible("SELECT id FROM calls WHERE due_at IS NOT NULL", &[], |row| row.get(0))?;
        let attempts = tx.legible("SELECT id FROM call_logs WHERE unsettled = 1", &[], |row| row.get(0))?;
        Ok(Self { calls: calls.into_iter().collect(), attempts: attempts.into_iter().collect() })
    }

    /// Whether this call is from before the start.
    pub(super) fn holds_call(&self, call: CallId) -> bool {
        self.calls.contains(&call)
    }

    /// Whether this attempt is from before the start.
    pub(super) fn holds_attempt(&self, attempt: AttemptId) -> bool {
        self.attempts.contains(&attempt)
    }
}
