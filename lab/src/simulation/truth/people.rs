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

impl Change {
    fn kind(self) -> &'static str {
        if self.closes { "closed" } else { "acknowledged" }
    }
}

impl Truth {
    /// A person has changed an alert, and nobody else had before.
    pub fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Somebody was told that this number is left alone from now on.
    pub fn left_alone(&mut self, number: &str) {
        self.unwanted.insert(number.to_owned());
        self.ever_unwanted.insert(number.to_owned());
    }
}

impl World<'_> {
    /// What a person was told stands in the alert's timeline, with who did it, and holds: closed is closed, and
    /// taken is taken unless it became worse.
    pub(super) fn judge_changes(&mut self) -> Result<(), Broken> {
        for change in self.truth.changes.clone() {
            let (Change { alert, closes, .. }, kind) = (change, change.kind());
            if !self.is_told(change) {
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

    /// Whether the alert's timeline tells of it.
    pub(super) fn is_told(&mut self, change: Change) -> bool {
        let Change { alert, key, .. } = change;
        self.read(|tx| {
            tx.row(
                "SELECT 1 FROM alert_events WHERE alert_id = $1 AND kind = $2 AND api_key_id = $3",
                &[&alert, &change.kind(), &key],
                |_| Ok(()),
            )
        })
        .is_some()
    }
}
