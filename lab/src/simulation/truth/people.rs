//! What people were told that they have changed.

use super::{Broken, Truth};
use crate::simulation::world::World;
use shared::ids::{AlertId, ApiKeyId};

/// An alert that a person took or closed, and was told so.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Which.
    pub alert: AlertId,
    /// Closed it; otherwise took it.
    pub closes: bool,
    /// With which key.
    pub key: ApiKeyId,
}

impl Truth {
    /// A person has changed an alert, and nobody else had before.
    pub fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }
}

impl World<'_> {
    /// What a person was told stands in the alert's timeline, with who did it, and holds: closed is closed, and
    /// taken is taken unless it became worse.
    pub(super) fn judge_changes(&mut self) -> Result<(), Broken> {
        for Change { alert, closes, key } in self.truth.changes.clone() {
            let kind = if closes { "closed" } else { "acknowledged" };
            let told = self.read(|tx| {
                tx.row(
                    "SELECT 1 FROM alert_events WHERE alert_id = $1 AND kind = $2 AND api_key_id = $3",
                    &[&alert, &kind, &key],
                    |_| Ok(()),
                )
            });
            if told.is_none() {
                return Err(Broken(format!("a person has {kind} {alert} and its timeline does not say so")));
            }
            let holds = self.read(|tx| {
                tx.row(
                    "SELECT 1 FROM alerts WHERE id = $1 AND (state = 'closed' OR ($2 = 0 AND (state = 'acknowledged'
                         OR EXISTS (SELECT 1 FROM alert_events WHERE alert_id = $1 AND kind = 'reopened'))))",
                    &[&alert, &i64::from(closes)],
                    |_| Ok(()),
                )
            });
            if holds.is_none() {
                return Err(Broken(format!("a person has {kind} {alert}, and it is not any more")));
            }
        }
        Ok(())
    }
}
