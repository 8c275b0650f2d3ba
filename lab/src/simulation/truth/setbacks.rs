//! What a lost journal, an older copy of one, and a restored database excuse, and what they do not.

use super::{Keys, Truth};
use crate::simulation::{plane::idempotency_key, world::World};
use pbx_agent::journal::JournalFile;
use shared::{
    ids::AttemptId,
    protocol::{AttemptEvent, Report},
};
use std::collections::{BTreeMap, BTreeSet};

/// A copy of a host's journal.
#[derive(Debug)]
pub(super) struct Copy {
    /// Attempts whose orders are in it.
    held: BTreeSet<AttemptId>,
    /// How many keys were in it or had been handed over.
    keys: BTreeMap<AttemptId, usize>,
}

impl Keys {
    /// No more than so many must be told of.
    fn keep(&mut self, certain: usize) {
        self.more += self.digits.len().saturating_sub(certain);
        self.digits.truncate(certain);
    }
}

impl Truth {
    /// A host has lost its journal, with these reports.
    pub fn journal_lost(&mut self, host: usize, unheard: &[Report]) {
        for report in unheard {
            self.key_in_doubt(report);
        }
        let of_host = self.of_host(host);
        self.unknown_to_host.extend(of_host);
        self.forgets(host);
    }

    /// What would have shown that the database is old may be lost, and what counts against caps.
    fn forgets(&mut self, host: usize) {
        self.uncapped.insert(host);
        self.mute.insert(host);
    }

    /// The journal of a host was copied.
    pub fn journal_copied(&mut self, host: usize, copy: &JournalFile) {
        let orders = copy.contents().expect("the copy can be read").orders;
        let held: BTreeSet<AttemptId> = orders.iter().map(|order| order.attempt).collect();
        let keys = self.keys.iter().filter(|(attempt, _)| held.contains(attempt));
        let keys = keys.map(|(attempt, keys)| (*attempt, keys.digits.len())).collect();
        self.copies.insert(host, Copy { held, keys });
    }

    fn of_host(&self, host: usize) -> Vec<AttemptId> {
        self.hosts.iter().filter(|(_, other)| **other == host).map(|(attempt, _)| *attempt).collect()
    }

    /// It may have been heard or not.
    fn key_in_doubt(&mut self, report: &Report) {
        if let (AttemptEvent::Key { .. }, Some(keys)) = (&report.event, self.keys.get_mut(&report.attempt_id))
            && keys.digits.pop().is_some()
        {
            keys.more += 1;
        }
    }
}

impl World<'_> {
    /// A host is back to the copy of its journal: what came since it does not know, and what it has told since
    /// it may tell again.
    pub(in crate::simulation) fn journal_restored(&mut self, host: usize) {
        let Some(Copy { held, keys }) = self.truth.copies.get(&host) else { return };
        let (held, copied) = (held.clone(), keys.clone());
        for attempt in self.truth.of_host(host) {
            if !held.contains(&attempt) {
                self.truth.unknown_to_host.insert(attempt);
                self.truth.denied.insert(attempt);
            }
            let copied = copied.get(&attempt).copied().unwrap_or(0);
            let certain = self.keys_told(attempt).max(copied);
            if let Some(keys) = self.truth.keys.get_mut(&attempt) {
                keys.keep(certain);
                keys.more += copied;
            }
        }
        self.truth.forgets(host);
    }

    /// How many keys of each attempt the control plane has yet to acknowledge.
    pub(in crate::simulation) fn unacknowledged_keys(&mut self) -> BTreeMap<AttemptId, usize> {
        let mut keys = BTreeMap::new();
        for host in 0..self.hosts.len() {
            let id = self.hosts[host].agent.journal.state().id;
            let applied = self.read(|tx| {
                tx.row("SELECT applied FROM agent_journals WHERE journal_id = $1", &[&id], |row| {
                    row.get::<i64>(0)
                })
            });
            let applied = u64::try_from(applied.unwrap_or(0)).unwrap_or(0);
            let reports = self.hosts[host].agent.journal.reports_after(applied, usize::MAX);
            for report in reports.expect("the journal can be read") {
                if let AttemptEvent::Key { .. } = report.event {
                    *keys.entry(report.attempt_id).or_default() += 1;
                }
            }
        }
        keys
    }

    /// The database is back to its backup; these keys had yet to be acknowledged.
    pub(in crate::simulation) fn database_restored(&mut self, unacknowledged: &BTreeMap<AttemptId, usize>) {
        let kept: BTreeSet<String> = self.texts("SELECT idempotency_key FROM incoming_requests");
        let is_lost = |webhook: &&usize| !kept.contains(&idempotency_key(**webhook));
        let lost: Vec<usize> = self.truth.answered.iter().filter(is_lost).copied().collect();
        self.truth.lost.extend(lost);
        self.truth.restored = true;
        self.truth.unwanted = self.texts("SELECT e164 FROM do_not_call");
        let logged = self.texts("SELECT id FROM call_logs");
        let is_unknown = |attempt: &AttemptId| !logged.contains(&attempt.to_string());
        let unknown: Vec<AttemptId> = self.truth.orders.keys().copied().filter(is_unknown).collect();
        self.truth.unknown_to_plane.extend(unknown);
        for attempt in self.truth.keys.keys().copied().collect::<Vec<_>>() {
            let certain = self.keys_told(attempt) + unacknowledged.get(&attempt).copied().unwrap_or(0);
            let Some(keys) = self.truth.keys.get_mut(&attempt) else { continue };
            keys.keep(certain);
            // What came before a copy was handed over and is not in it any more.
            for Copy { keys, .. } in self.truth.copies.values_mut() {
                if let Some(count) = keys.get_mut(&attempt) {
                    *count = certain.min(*count);
                }
            }
        }
        let changes = std::mem::take(&mut self.truth.changes);
        self.truth.changes = changes.into_iter().filter(|change| self.is_told(*change)).collect();
    }

    fn texts(&mut self, sql: &'static str) -> BTreeSet<String> {
        self.read(|tx| tx.rows(sql, &[], |row| row.get::<String>(0))).into_iter().collect()
    }
}
