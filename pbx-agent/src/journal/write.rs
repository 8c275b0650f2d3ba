//! What changes the journal.

use super::{
    file::JournalFile,
    row::{NewReport, OrderRow},
};
use crate::{
    clock::Moment,
    ledger::{Came, Fingerprint},
};
use shared::ids::{AttemptId, JournalId};

/// One change. Several are written in one [`JournalFile::commit`].
#[derive(Debug)]
pub enum Write {
    /// An order that is about to be dialled.
    Enter(Box<OrderRow>),
    /// An order that was refused, so that its repetition is known.
    Remember {
        /// The attempt.
        attempt: AttemptId,
        /// Which exact order.
        fingerprint: Fingerprint,
        /// When it came.
        came: Came,
    },
    /// A report, to be numbered.
    Append(Box<NewReport>),
    /// These were asked for and had never come.
    Burn {
        /// Which.
        attempts: Vec<AttemptId>,
        /// When they were asked for.
        came: Came,
    },
    /// Reports up to this number are acknowledged.
    Trim {
        /// The journal that numbers them.
        journal: JournalId,
        /// The highest of them.
        seq: u64,
    },
    /// What is old at this moment is forgotten.
    Prune(Moment),
    /// A link is up: from here on every report may be handed over as soon as it is on disk.
    Offer,
    /// The link is lost: from here on none is.
    Withhold,
}

impl Write {
    /// Whether it is kept and tried again while the disk refuses. An order is not: it is refused, and
    /// another host may take it; and what only tidies up comes again.
    pub fn is_kept(&self) -> bool {
        match self {
            Self::Append(_) | Self::Burn { .. } | Self::Remember { .. } | Self::Offer | Self::Withhold => {
                true
            }
            Self::Enter(_) | Self::Trim { .. } | Self::Prune(_) => false,
        }
    }
}

impl JournalFile {
    /// Makes one change, inside a [`commit`](Self::commit).
    ///
    /// # Errors
    /// What SQLite said.
    pub fn apply(&mut self, write: &Write) -> rusqlite::Result<()> {
        match write {
            Write::Enter(row) => self.enter(row),
            Write::Remember { attempt, fingerprint, came } => {
                self.remember(*attempt, Some(*fingerprint), *came)
            }
            Write::Append(report) => self.append(report),
            Write::Burn { attempts, came } => {
                attempts.iter().try_for_each(|attempt| self.remember(*attempt, None, *came))
            }
            Write::Trim { journal, seq } => self.trim(*journal, *seq),
            Write::Prune(now) => self.prune(*now),
            Write::Offer => self.offer(),
            Write::Withhold => {
                self.withhold();
                Ok(())
            }
        }
    }
}
