//! What an apply changed, for a person and for a program.

use crate::accounts::{Applied, phones::PhonesSet};
use serde::Serialize;

/// What changed, printed as JSON. A second run of the same file prints `changed: false` and
/// nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Whether anything did.
    pub changed: bool,
    /// By slug.
    pub orgs: RowChanges,
    /// By `org/e-mail`.
    pub members: RowChanges,
    /// Of all people together; no numbers.
    pub phones: PhoneChanges,
    /// By `org/project`.
    pub projects: RowChanges,
    /// By `org/project/scenario`.
    pub scenarios: RowChanges,
    /// By `org/project/` and the first eight digits of the id, which is a credential.
    pub endpoints: RowChanges,
    /// By name.
    pub pbxs: RowChanges,
}

/// Names of rows that were made or brought up to date, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowChanges {
    /// There was none.
    pub created: Vec<String>,
    /// It was different.
    pub updated: Vec<String>,
}

/// How many phones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PhoneChanges {
    /// New ones.
    pub created: usize,
    /// Enabled again, vouched for, or moved in the order.
    pub updated: usize,
    /// No longer listed.
    pub disabled: usize,
}

impl RowChanges {
    pub(super) fn note(&mut self, applied: Applied, name: impl Into<String>) {
        match applied {
            Applied::Created => self.created.push(name.into()),
            Applied::Updated => self.updated.push(name.into()),
            Applied::Unchanged => {}
        }
    }

    const fn is_empty(&self) -> bool {
        self.created.is_empty() && self.updated.is_empty()
    }
}

impl PhoneChanges {
    pub(super) const fn note(&mut self, set: PhonesSet) {
        self.created += set.added;
        self.updated += set.updated;
        self.disabled += set.disabled;
    }
}

impl Changes {
    /// Says whether anything changed, once everything is noted.
    pub(super) fn summed(mut self) -> Self {
        let rows = [&self.orgs, &self.members, &self.projects, &self.scenarios, &self.endpoints, &self.pbxs];
        self.changed =
            rows.into_iter().any(|rows| !rows.is_empty()) || self.phones != PhoneChanges::default();
        self
    }
}
