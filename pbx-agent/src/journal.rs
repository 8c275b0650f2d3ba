//! The agent's memory on disk: orders seen, and reports that are not yet acknowledged.
//!
//! One thread owns the SQLite file. It takes whatever jobs have gathered, commits them together
//! (one fsync) and only then answers. An order is dialled after its commit and not before; reports
//! are handed over without waiting.

mod columns;
mod file;
mod owner;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod thread;
mod trouble;
mod write;

pub use file::JournalFile;
pub use owner::Owner;
pub use row::{NewReport, OrderRow, Resume, Stored};
pub use write::Write;

use crate::{
    call::Progress,
    clock::Moment,
    ledger::{Came, Fingerprint},
};
use shared::{
    ids::{AttemptId, JournalId},
    protocol::Report,
    time::Timestamp,
};
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// Name of the file in `state_dir`.
const FILE: &str = "journal.db";

/// Why the journal cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// Written by a newer program.
    #[error(
        "{path}: is of version {found}, this program knows up to {known}; install the newer pbx-agent again, or move the file away once its reports are delivered"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Could not be opened, read or written: disk full, permissions.
    #[error("{path}: {why}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        why: String,
    },
    /// A report cannot be read; [`Journal::start_anew`] drops it.
    #[error("a report in the journal is damaged; the others are numbered anew")]
    Illegible,
    /// The thread ended.
    #[error("the journal is closed")]
    Closed,
}

/// What the journal holds when it is opened.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Every order that is remembered, in the order of time.
    pub orders: Vec<Stored>,
    /// The latest issue of any order that was forgotten.
    pub forgotten: Option<Timestamp>,
}

impl Contents {
    /// The latest moment of the host's clock in it, before which no later run's clock may start.
    pub fn latest(&self) -> Option<Timestamp> {
        let moments = |order: &Stored| [Some(order.came.at), order.answered_at, order.ended_at];
        self.orders.iter().flat_map(moments).flatten().max()
    }
}

/// Access to the journal. Clones share it; the thread ends when the last is dropped.
#[derive(Clone, Debug)]
pub struct Journal {
    jobs: mpsc::UnboundedSender<Job>,
    state: watch::Receiver<JournalState>,
}

/// What others may know of the journal without asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalState {
    /// The journal that numbers the reports.
    pub id: JournalId,
    /// Number of the last report on disk; 0 before the first.
    pub last: u64,
    /// Highest number that may have been handed over. Whoever has applied more has seen another copy of
    /// this journal, which was newer.
    pub offered: u64,
    /// Number of the oldest report that is not acknowledged; one more than the last where there is none.
    pub oldest: u64,
    /// Why it cannot be written just now.
    pub trouble: Option<String>,
}

#[derive(Debug)]
enum Job {
    /// Whoever waits for it is told once it is durable.
    Write(Write, Option<oneshot::Sender<Result<(), JournalError>>>),
    ReportsAfter(u64, usize, oneshot::Sender<Result<Vec<Report>, JournalError>>),
    StartAnew(oneshot::Sender<Result<JournalId, JournalError>>),
    Flush(oneshot::Sender<()>),
}

impl Journal {
    /// Opens or creates the journal in `state_dir` and starts its thread. A broken file is moved
    /// aside and a new journal begun: what it knew is lost, and said loudly. One that was begun for
    /// another PBX numbers anew.
    ///
    /// # Errors
    /// [`JournalError`] for a newer version or a directory that cannot be written.
    pub fn open(state_dir: &Path, owner: Owner) -> Result<(Self, Contents), JournalError> {
        let mut file = file::JournalFile::open(&state_dir.join(FILE))?;
        file.belong_to(owner, JournalId::new(Uuid::new_v4()), Timestamp::now())?;
        let contents = file.contents()?;
        let (publish, state) = watch::channel(file.state());
        let (jobs, inbox) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || thread::run(file, inbox, &publish))
            .map_err(|error| JournalError::Failed { path: state_dir.join(FILE), why: error.to_string() })?;
        Ok((Self { jobs, state }, contents))
    }

    /// Id, last report and trouble, and a way to wait for their change.
    pub fn state(&self) -> watch::Receiver<JournalState> {
        self.state.clone()
    }

    /// Puts an order on disk. The request is made at once; the future is done when it is durable.
    ///
    /// # Errors
    /// [`JournalError`]: the order must not be dialled.
    pub fn enter(&self, row: OrderRow) -> impl Future<Output = Result<(), JournalError>> + Send + 'static {
        self.ask(|answer| Job::Write(Write::Enter(Box::new(row)), Some(answer)))
    }

    /// Notes an order that was refused, so that its repetition is known; kept as reports are.
    pub fn remember(&self, attempt: AttemptId, fingerprint: Fingerprint, came: Came) {
        self.tell(Job::Write(Write::Remember { attempt, fingerprint, came }, None));
    }

    /// Numbers and stores a report; kept in memory and tried again while the disk refuses.
    pub fn append(&self, report: NewReport) {
        self.tell(Job::Write(Write::Append(Box::new(report)), None));
    }

    /// Notes that these attempts were asked for and had never come; kept as reports are. The request is
    /// made at once, the future is done when it is durable.
    ///
    /// # Errors
    /// [`JournalError::Closed`]: the agent is being stopped, and the question stays unanswered.
    pub fn burn(
        &self,
        attempts: Vec<AttemptId>,
        came: Came,
    ) -> impl Future<Output = Result<(), JournalError>> + Send + 'static {
        self.ask(move |answer| Job::Write(Write::Burn { attempts, came }, Some(answer)))
    }

    /// A link is up: what is on disk may be handed over once [`JournalState::offered`] says so.
    pub fn offer(&self) {
        self.tell(Job::Write(Write::Offer, None));
    }

    /// The link is lost: nothing is handed over until the next [`Journal::offer`].
    pub fn withhold(&self) {
        self.tell(Job::Write(Write::Withhold, None));
    }

    /// Forgets acknowledged reports. An acknowledgement of another journal is ignored.
    pub fn trim(&self, journal: JournalId, seq: u64) {
        self.tell(Job::Write(Write::Trim { journal, seq }, None));
    }

    /// Reports with higher numbers, in order, at most `limit`.
    ///
    /// # Errors
    /// [`JournalError`].
    pub async fn reports_after(&self, seq: u64, limit: usize) -> Result<Vec<Report>, JournalError> {
        self.ask(|answer| Job::ReportsAfter(seq, limit, answer)).await
    }

    /// Gives the journal a new id and numbers what is left in it from 1.
    ///
    /// For a control plane that has applied more than this journal ever handed over: the file was
    /// restored from a backup, and its next reports would be taken for old ones.
    ///
    /// # Errors
    /// [`JournalError`].
    pub async fn start_anew(&self) -> Result<JournalId, JournalError> {
        self.ask(Job::StartAnew).await
    }

    /// Forgets orders that ended longer than [`crate::ledger::MEMORY`] ago, by the rule of the ledger.
    pub fn prune(&self, now: Moment) {
        self.tell(Job::Write(Write::Prune(now), None));
    }

    /// Waits until everything asked so far is on disk or has been refused by it.
    pub async fn flush(&self) {
        let (done, waiting) = oneshot::channel();
        self.tell(Job::Flush(done));
        // An error means that the thread ended, and with it everything it had to do.
        let _ = waiting.await;
    }

    fn tell(&self, job: Job) {
        // The thread lives as long as a handle does, unless it panicked; then `run` ends the process.
        let _ = self.jobs.send(job);
    }

    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> Job,
    ) -> impl Future<Output = Result<T, JournalError>> + Send + 'static {
        let (answer, waiting) = oneshot::channel();
        self.tell(job(answer));
        async move { waiting.await.unwrap_or(Err(JournalError::Closed)) }
    }
}

impl Progress {
    pub(crate) fn to_row(self) -> i64 {
        match self {
            Self::Accepted => 0,
            Self::Placed => 1,
            Self::Ringing => 2,
            Self::Answered => 3,
            Self::Acknowledged => 4,
            Self::Over => 5,
        }
    }

    pub(crate) fn from_row(row: i64) -> Self {
        match row {
            1 => Self::Placed,
            2 => Self::Ringing,
            3 => Self::Answered,
            4 => Self::Acknowledged,
            5 => Self::Over,
            _ => Self::Accepted,
        }
    }
}
