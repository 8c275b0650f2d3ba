//! The disk of a simulated agent: it takes what has gathered in one transaction, late, or not at all.

use super::Job;
use crate::simulation::{bug::Bug, event::Event, world::World};
use pbx_agent::{board::Input, journal::Write};
use rand::RngExt;
use shared::{ids::JournalId, protocol::AttemptEvent};
use std::time::Duration;
use uuid::Uuid;

/// How long a disk that refuses is left alone.
const PAUSE: Duration = Duration::from_millis(500);

impl World<'_> {
    /// Its journal is gone, and with it what it knew.
    pub(in crate::simulation) fn lose_journal(&mut self, host: usize) {
        let fresh = JournalId::new(Uuid::from_u128(self.rng.random()));
        let journal = &mut self.hosts[host].agent.journal;
        let unheard = journal.reports_after(0, usize::MAX).expect("the journal can be read");
        journal.empty(fresh).expect("the journal begins anew");
        self.truth.journal_lost(host, &unheard);
    }

    /// The disk of a host is copied.
    pub(in crate::simulation) fn back_up_journal(&mut self, host: usize) {
        let agent = &mut self.hosts[host].agent;
        let copy = agent.journal.copied().expect("the journal can be copied");
        self.truth.journal_copied(host, agent.backup.insert(copy));
    }

    /// The journal is back to what it was, if it was copied: what came since is forgotten, and what was handed
    /// over since may come again.
    pub(in crate::simulation) fn restore_journal(&mut self, host: usize) {
        let agent = &mut self.hosts[host].agent;
        let Some(backup) = &agent.backup else { return };
        agent.journal.restore(backup).expect("the journal can be restored");
        self.journal_restored(host);
    }

    pub(super) fn write(&mut self, host: usize, write: Write, ticket: Option<u64>) {
        if let Some(run) = &mut self.hosts[host].agent.run {
            run.jobs.push(Job { write, ticket });
        }
        self.call_disk(host);
    }

    fn call_disk(&mut self, host: usize) {
        let wait = match self.hosts[host].agent.slow {
            0 => self.micros(200..3_000),
            _ => self.millis(100..15_000),
        };
        let (life, slow, now) = (self.hosts[host].agent.life, self.hosts[host].agent.slow > 0, self.now);
        let Some(run) = &mut self.hosts[host].agent.run else { return };
        if !run.disk_is_called && !run.jobs.is_empty() {
            run.disk_is_called = true;
            let wait = if run.in_trouble { PAUSE } else { wait };
            if slow {
                run.slow_until = now + wait;
            }
            self.later(wait, Event::Disk { host, life });
        }
    }

    /// The disk takes everything that has gathered, in one transaction, or refuses.
    pub(in crate::simulation) fn disk(&mut self, host: usize, life: u64) {
        let agent = &mut self.hosts[host].agent;
        if agent.life != life {
            return;
        }
        let refuses = agent.full > 0;
        let Some(run) = &mut agent.run else { return };
        run.disk_is_called = false;
        run.in_trouble = refuses;
        let jobs = std::mem::take(&mut run.jobs);
        if !refuses {
            agent
                .journal
                .commit(|file| jobs.iter().try_for_each(|job| file.apply(&job.write)))
                .expect("the journal takes what the agent gives it");
        }
        let trouble = refuses.then(|| "the disk is full".to_owned());
        self.feed(host, Input::JournalTrouble(trouble));
        let mut kept = 0;
        for Job { write, ticket } in jobs {
            let why = "the disk is full".to_owned();
            match (write, refuses) {
                (Write::Enter(row), false) if self.bug != Some(Bug::DialBeforeFsync) => {
                    self.feed(host, Input::Journalled(row.attempt));
                }
                (Write::Enter(row), true) => {
                    self.feed(host, Input::NotJournalled { attempt: row.attempt, why })
                }
                (Write::Burn { .. }, false) => {
                    if let Some(ticket) = ticket {
                        self.feed(host, Input::Burned { ticket });
                    }
                }
                (Write::Append(report), false) => {
                    if let AttemptEvent::Key { .. } = report.event {
                        self.truth.journalled_key(report.attempt, &report.event);
                    }
                }
                (write, true) if write.is_kept() => {
                    if let Some(run) = &mut self.hosts[host].agent.run {
                        // In front of whatever came meanwhile.
                        run.jobs.insert(kept, Job { write, ticket });
                        kept += 1;
                    }
                }
                _ => {}
            }
        }
        self.call_disk(host);
        self.deliver(host);
    }
}
