//! What a unit of work has changed, for whoever watches: told once it is durable, and not otherwise.

use shared::ids::{AlertId, CallId, OrgId, ProjectId, RequestId};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::broadcast;

/// Commits whose changes may wait for somebody who watches, before they are told that they missed some.
const WAITING_COMMITS: usize = 1024;

/// Something of an organization that is new or different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Whose.
    pub org: OrgId,
    /// In which project.
    pub project: ProjectId,
    /// What.
    pub what: Changed,
}

/// What is new or different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Changed {
    /// An alert, or what happened to it.
    Alert(AlertId),
    /// A call or an attempt of it.
    Call(CallId, AlertId),
    /// A request was stored.
    Request(RequestId, Option<AlertId>),
}

/// The changes of one commit, each once.
pub type Changes = Arc<[Change]>;

/// What one unit, or one commit, has to tell.
#[derive(Debug, Default)]
pub(super) struct Announced(BTreeSet<Change>);

impl Announced {
    pub(super) fn add(&mut self, change: Change) {
        self.0.insert(change);
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}

/// Tells everybody who watches.
#[derive(Clone)]
pub(super) struct Publisher(broadcast::Sender<Changes>);

impl Publisher {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING_COMMITS))
    }

    pub(super) fn publish(&self, announced: Announced) {
        if !announced.0.is_empty() {
            // Nobody may be there to hear it.
            drop(self.0.send(announced.0.into_iter().collect()));
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Changes> {
        self.0.subscribe()
    }
}
