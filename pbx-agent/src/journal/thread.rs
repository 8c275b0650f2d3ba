//! The journal's thread: gather, commit once, answer.

use super::{Job, JournalError, JournalState, file::JournalFile};
use shared::ids::JournalId;
use std::{collections::VecDeque, time::Duration};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// Most jobs in one transaction.
const BATCH: usize = 256;
/// How long a disk that refuses is left alone.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs until every handle is dropped and all is written.
pub(super) fn run(
    mut file: JournalFile,
    mut inbox: mpsc::UnboundedReceiver<Job>,
    publish: &watch::Sender<JournalState>,
) {
    // What is kept while the disk refuses, in its order, in front of whatever comes later.
    let mut unwritten: VecDeque<Job> = VecDeque::new();
    let mut trouble: Option<String> = None;
    while let Some(batch) = gather(&mut inbox, trouble.is_some()) {
        let mut batch: VecDeque<Job> = unwritten.drain(..).chain(batch).collect();
        trouble = match write(&mut file, &batch, trouble.is_some()) {
            Ok(()) => {
                // Before anybody is answered: whoever looks then sees what was written.
                tell(publish, JournalState { trouble: None, ..file.state() });
                answer(&mut file, &mut batch, &Ok(()));
                None
            }
            Err(_) => one_by_one(&mut file, batch, &mut unwritten),
        };
        tell(publish, JournalState { trouble: trouble.clone(), ..file.state() });
    }
}

fn tell(publish: &watch::Sender<JournalState>, state: JournalState) {
    publish.send_if_modified(|known| {
        let changed = *known != state;
        *known = state;
        changed
    });
}

/// The next jobs; `None` when there will be no more and nothing is left to try again.
fn gather(inbox: &mut mpsc::UnboundedReceiver<Job>, again: bool) -> Option<Vec<Job>> {
    let mut batch = Vec::new();
    if again {
        std::thread::sleep(PAUSE);
        while batch.len() < BATCH
            && let Ok(job) = inbox.try_recv()
        {
            batch.push(job);
        }
        // A full disk at the very end: what is unwritten is lost, as with a crash.
        return (!batch.is_empty() || !inbox.is_closed()).then_some(batch);
    }
    batch.push(inbox.blocking_recv()?);
    while batch.len() < BATCH
        && let Ok(job) = inbox.try_recv()
    {
        batch.push(job);
    }
    Some(batch)
}

/// All of them in one transaction; nothing at all where nothing is to be written, unless the disk
/// refused before and must show that it takes something again.
fn write(file: &mut JournalFile, batch: &VecDeque<Job>, probe: bool) -> rusqlite::Result<()> {
    if !probe && !batch.iter().any(writes) {
        return Ok(());
    }
    file.commit(|file| {
        file.touch()?;
        batch.iter().try_for_each(|job| apply(file, job))
    })
}

/// One of them failed: each gets its own transaction, so that only that one is refused.
fn one_by_one(file: &mut JournalFile, batch: VecDeque<Job>, unwritten: &mut VecDeque<Job>) -> Option<String> {
    let mut trouble = file.commit(|file| file.touch()).err().map(|error| file.fail(&error).to_string());
    for job in batch {
        // What is kept keeps its order: behind one that is not written, none is.
        let is_kept = matches!(&job, Job::Write(write, _) if write.is_kept());
        let done = if is_kept && !unwritten.is_empty() {
            Err(None)
        } else if writes(&job) {
            file.commit(|file| apply(file, &job)).map_err(Some)
        } else {
            Ok(())
        };
        if let Err(Some(error)) = &done {
            tracing::error!(%error, "the journal cannot be written");
            trouble = Some(file.fail(error).to_string());
        }
        if is_kept && done.is_err() {
            unwritten.push_back(job);
            continue;
        }
        let done = done.map_err(|error| match error {
            Some(error) => file.fail(&error),
            None => JournalError::Closed,
        });
        answer(file, &mut VecDeque::from([job]), &done);
    }
    trouble
}

fn writes(job: &Job) -> bool {
    matches!(job, Job::Write(..))
}

fn apply(file: &mut JournalFile, job: &Job) -> rusqlite::Result<()> {
    match job {
        Job::Write(write, _) => file.apply(write),
        Job::ReportsAfter(..) | Job::StartAnew(_) | Job::Flush(_) => Ok(()),
    }
}

/// Whoever asked may have gone meanwhile; that is no error.
fn answer(file: &mut JournalFile, batch: &mut VecDeque<Job>, done: &Result<(), JournalError>) {
    for job in batch.drain(..) {
        match job {
            Job::Write(_, asker) => drop(asker.map(|asker| asker.send(done.clone()))),
            Job::ReportsAfter(seq, limit, asker) => {
                drop(asker.send(file.reports_after(seq, limit)));
            }
            Job::StartAnew(asker) => {
                let fresh = JournalId::new(Uuid::new_v4());
                let anew = file.commit(|file| file.start_anew(fresh)).map(|()| fresh);
                if let Ok(id) = anew {
                    file.adopt(id);
                }
                drop(asker.send(anew.map_err(|error| file.fail(&error))));
            }
            Job::Flush(asker) => drop(asker.send(())),
        }
    }
}
