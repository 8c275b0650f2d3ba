//! What was seen last, in memory: a disk that cannot be written must not keep the page from saying so.

use super::{Component, State};
use shared::time::Timestamp;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

/// A component of which nothing was heard for so many times as long as its check speaks for was not there.
pub(super) const MISSED: u32 = 3;

/// One look at everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    /// When.
    pub(crate) at: Timestamp,
    /// How long it speaks for.
    pub(crate) holds: Duration,
    /// What was seen.
    pub(crate) states: BTreeMap<Component, State>,
}

impl Batch {
    /// How a component is now; `None` where nobody has looked for too long.
    pub(crate) fn state(&self, component: &Component, now: Timestamp) -> Option<State> {
        let is_fresh = now.since(self.at) <= self.holds * MISSED;
        self.states.get(component).copied().filter(|_| is_fresh)
    }
}

/// Where the newest look hangs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Board(Arc<watch::Sender<Option<Arc<Batch>>>>);

impl Default for Board {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Board {
    pub(super) fn pin(&self, batch: Batch) {
        self.0.send_replace(Some(Arc::new(batch)));
    }

    /// The newest look.
    pub(crate) fn newest(&self) -> Option<Arc<Batch>> {
        self.0.borrow().clone()
    }

    /// The same; just after the start the first one is waited for, but not for longer than this.
    pub(crate) async fn first(&self, patience: Duration) -> Option<Arc<Batch>> {
        let mut seen = self.0.subscribe();
        // What is borrowed must not live on while the board is looked at again.
        drop(timeout(patience, seen.wait_for(Option::is_some)).await);
        self.newest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_counts_for_three_looks_and_no_longer() {
        let at = Timestamp::from_micros(1_000_000_000);
        let states = BTreeMap::from([(Component::Mail, State::Degraded)]);
        let batch = Batch { at, holds: Duration::from_secs(30), states };
        assert_eq!(batch.state(&Component::Mail, at + Duration::from_secs(90)), Some(State::Degraded));
        assert_eq!(batch.state(&Component::Mail, at + Duration::from_secs(91)), None);
        assert_eq!(batch.state(&Component::Mail, at - Duration::from_secs(500)), Some(State::Degraded));
        assert_eq!(batch.state(&Component::Intake, at), None);
    }
}
