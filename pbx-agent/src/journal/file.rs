//! The SQLite file: each job as SQL. Whoever changes something wraps it in [`JournalFile::commit`].

use super::{
    Contents, JournalError, JournalState,
    columns::{from_json, id, json, legible, number, sql, stored_or_burned},
    row::{NewReport, OrderRow},
    schema,
    trouble::{Trouble, aside, private},
};
use crate::{
    call::Progress,
    clock::Moment,
    ledger::{Came, Fingerprint, MEMORY},
};
use rusqlite::{Connection, OptionalExtension, backup::Backup, params};
use shared::{
    ids::{AttemptId, JournalId},
    protocol::{AttemptEvent, Report},
    time::Timestamp,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

/// A journal, used by one thread at a time.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    connection: Connection,
    id: JournalId,
    last: u64,
    /// Highest number that may have been handed over.
    offered: u64,
    /// Whether what comes may be handed over at once.
    offering: bool,
}

impl JournalFile {
    /// Opens or creates the file; a broken one is moved aside and a new one begun.
    ///
    /// # Errors
    /// [`JournalError`] for a newer version, or where the disk refuses.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        match Self::try_open(path) {
            Err(Trouble::Broken(why)) => {
                let aside = aside(path)?;
                tracing::error!(
                    path = %path.display(), aside = %aside.display(), why,
                    "THE JOURNAL IS BROKEN and was moved aside; a new one is begun. Reports that were not yet delivered are lost, and calls of today no longer count against max_minutes_per_day"
                );
                Self::try_open(path).map_err(|trouble| trouble.into_error(path))
            }
            opened => opened.map_err(|trouble| trouble.into_error(path)),
        }
    }

    fn try_open(path: &Path) -> Result<Self, Trouble> {
        private(path)?;
        Self::begin(Connection::open(path)?, path, JournalId::new(Uuid::new_v4()))
    }

    /// A journal in memory that will be called `fresh`; gone when it is dropped.
    ///
    /// # Errors
    /// [`JournalError::Failed`].
    pub fn open_in_memory(fresh: JournalId) -> Result<Self, JournalError> {
        let path = Path::new(":memory:");
        Connection::open_in_memory()
            .map_err(Trouble::from)
            .and_then(|connection| Self::begin(connection, path, fresh))
            .map_err(|trouble| trouble.into_error(path))
    }

    fn begin(connection: Connection, path: &Path, fresh: JournalId) -> Result<Self, Trouble> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(Duration::from_secs(2))?;
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if check != "ok" {
            return Err(Trouble::Broken(check));
        }
        schema::bring_up(&connection, fresh)?;
        let (id, last, offered) = connection
            .query_row("SELECT id, last_seq, offered FROM journal", [], |row| {
                Ok((id(row, 0)?, number(row, 1)?, number(row, 2)?))
            })
            .optional()?
            .ok_or_else(|| Trouble::Broken("no id".to_owned()))?;
        let id = JournalId::new(id);
        Ok(Self { path: path.to_owned(), connection, id, last, offered, offering: false })
    }

    /// Its id and the number of its last report.
    pub fn state(&self) -> JournalState {
        let oldest = self
            .connection
            .prepare_cached("SELECT MIN(seq) FROM reports")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, Option<i64>>(0)));
        // Where it cannot be read, nothing is claimed to be acknowledged.
        let oldest = oldest
            .map_or(1, |oldest| oldest.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(self.last + 1));
        JournalState { id: self.id, last: self.last, offered: self.offered, oldest, trouble: None }
    }

    pub(super) fn sql(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn fail(&self, error: &rusqlite::Error) -> JournalError {
        JournalError::Failed { path: self.path.clone(), why: error.to_string() }
    }

    /// Runs `work` in one transaction: all of it becomes durable together, or nothing.
    ///
    /// # Errors
    /// What `work` or SQLite said; nothing was changed.
    pub fn commit<T>(&mut self, work: impl FnOnce(&mut Self) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let before = (self.last, self.offered, self.offering);
        self.control("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|value| self.control("COMMIT").map(|()| value));
        if done.is_err() {
            (self.last, self.offered, self.offering) = before;
            // After a failed COMMIT of a full disk SQLite has rolled back by itself.
            if !self.connection.is_autocommit() {
                self.control("ROLLBACK")?;
            }
        }
        done
    }

    fn control(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Everything that a start needs.
    ///
    /// # Errors
    /// [`JournalError::Failed`].
    pub fn contents(&self) -> Result<Contents, JournalError> {
        let read = || -> rusqlite::Result<Contents> {
            let orders = self
                .connection
                .prepare(
                    "SELECT attempt_id, fingerprint, trunk, started_at, answered_at, ended_at, progress,
                         talked_ms, resume, number, COALESCE(issued_at, started_at)
                     FROM orders ORDER BY started_at",
                )?
                .query_map([], stored_or_burned)?
                .filter_map(Result::transpose)
                .collect::<Result<_, _>>()?;
            let forgotten: Option<Option<i64>> =
                self.connection.query_row("SELECT forgotten FROM journal", [], |row| legible(row.get(0)))?;
            Ok(Contents { orders, forgotten: forgotten.flatten().map(Timestamp::from_micros) })
        };
        read().map_err(|error| self.fail(&error))
    }

    /// An order that is about to be dialled.
    ///
    /// # Errors
    /// What SQLite said, also where the attempt is known already.
    pub fn enter(&self, row: &OrderRow) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO orders (attempt_id, fingerprint, trunk, started_at, issued_at, progress, resume, number)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                row.attempt.uuid().as_bytes(),
                row.fingerprint.0,
                row.trunk,
                row.came.at.as_micros(),
                row.came.issued.as_micros(),
                Progress::Accepted.to_row(),
                json(&row.resume)?,
                row.number.0,
            ])
            .map(drop)
    }

    /// An order that was refused; without a fingerprint, an id that was asked for and had never come.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn remember(
        &self,
        attempt: AttemptId,
        fingerprint: Option<Fingerprint>,
        came: Came,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO orders (attempt_id, fingerprint, trunk, started_at, ended_at, issued_at, progress)
                 VALUES (?1, ?2, '', ?3, ?3, ?4, ?5)
                 ON CONFLICT (attempt_id) DO UPDATE
                 SET fingerprint = excluded.fingerprint, issued_at = excluded.issued_at
                 WHERE orders.fingerprint IS NULL",
            )?
            .execute(params![
                attempt.uuid().as_bytes(),
                fingerprint.map(|fingerprint| fingerprint.0),
                came.at.as_micros(),
                came.issued.as_micros(),
                Progress::Over.to_row(),
            ])
            .map(drop)
    }

    /// Numbers and stores a report, and what it says of its order.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn append(&mut self, report: &NewReport) -> rusqlite::Result<()> {
        let seq = self.last + 1;
        let attempt = report.attempt.uuid();
        self.connection
            .prepare_cached("INSERT INTO reports (seq, attempt_id, at, event) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                sql(seq),
                attempt.as_bytes(),
                report.at.corrected.as_micros(),
                json(&report.event)?
            ])?;
        self.last = seq;
        if self.offering {
            self.offered = seq;
        }
        self.touch()?;
        let ended = matches!(report.event, AttemptEvent::Ended(_) | AttemptEvent::Refused { .. });
        let answered = matches!(report.event, AttemptEvent::Answered);
        self.connection
            .prepare_cached(
                "UPDATE orders SET progress = MAX(progress, ?2),
                     answered_at = CASE WHEN ?3 THEN ?4 ELSE answered_at END,
                     ended_at = CASE WHEN ?5 THEN ?4 ELSE ended_at END,
                     resume = CASE WHEN ?5 THEN NULL ELSE resume END,
                     talked_ms = talked_ms + ?6,
                     number = CASE WHEN ?7 THEN NULL ELSE number END
                 WHERE attempt_id = ?1",
            )?
            .execute(params![
                attempt.as_bytes(),
                report.progress.to_row(),
                answered,
                report.at.local.as_micros(),
                ended,
                i64::try_from(report.talked.as_millis()).unwrap_or(i64::MAX),
                report.undialled,
            ])?;
        Ok(())
    }

    /// Forgets acknowledged reports. An acknowledgement of another journal, or of more than was ever
    /// numbered, is of no use and forgets nothing.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn trim(&self, journal: JournalId, seq: u64) -> rusqlite::Result<()> {
        if journal != self.id || seq > self.last {
            return Ok(());
        }
        self.connection.prepare_cached("DELETE FROM reports WHERE seq <= ?1")?.execute([sql(seq)]).map(drop)
    }

    /// Reports with higher numbers, in order, at most `limit`.
    ///
    /// # Errors
    /// [`JournalError::Illegible`] where one of them cannot be read, or [`JournalError::Failed`].
    pub fn reports_after(&self, seq: u64, limit: usize) -> Result<Vec<Report>, JournalError> {
        let read = || -> rusqlite::Result<Option<Vec<Report>>> {
            self.connection
                .prepare_cached(
                    "SELECT seq, attempt_id, at, event FROM reports WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                )?
                .query_map([sql(seq), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    legible(self.report(row))
                })?
                .collect()
        };
        read().map_err(|error| self.fail(&error))?.ok_or(JournalError::Illegible)
    }

    fn report(&self, row: &rusqlite::Row<'_>) -> rusqlite::Result<Report> {
        Ok(Report {
            journal: self.id,
            seq: number(row, 0)?,
            attempt_id: AttemptId::new(id(row, 1)?),
            at: Timestamp::from_micros(row.get(2)?),
            event: from_json(row, 3)?,
        })
    }

    /// Numbers what is left from 1, under a new id, which counts from [`JournalFile::adopt`] on. What cannot be
    /// read is dropped.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn start_anew(&mut self, fresh: JournalId) -> rusqlite::Result<()> {
        let found: Vec<(i64, bool)> = self
            .connection
            .prepare("SELECT seq, attempt_id, at, event FROM reports ORDER BY seq")?
            .query_map([], |row| Ok((row.get(0)?, legible(self.report(row))?.is_some())))?
            .collect::<Result<_, _>>()?;
        let (kept, dropped): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, legible)| *legible);
        for (seq, _) in dropped {
            self.connection.execute("DELETE FROM reports WHERE seq = ?1", [seq])?;
        }
        // Ascending, each to a number that is free by then.
        for (fresh, (seq, _)) in (1i64..).zip(&kept) {
            self.connection.execute("UPDATE reports SET seq = ?1 WHERE seq = ?2", [fresh, *seq])?;
        }
        (self.last, self.offered, self.offering) = (kept.len() as u64, 0, false);
        self.connection.execute("UPDATE journal SET id = ?1", [fresh.uuid().as_bytes()])?;
        self.touch()
    }

    /// A link is up. What is handed over is on disk as handed over before it is: so a copy from an
    /// earlier day, whatever is written to it since, cannot claim a number that others have seen.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn offer(&mut self) -> rusqlite::Result<()> {
        (self.offered, self.offering) = (self.last, true);
        self.touch()
    }

    /// The link is lost.
    pub fn withhold(&mut self) {
        self.offering = false;
    }

    /// Writes without changing anything.
    pub(super) fn touch(&self) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE journal SET last_seq = ?1, offered = ?2")?
            .execute([sql(self.last), sql(self.offered)])
            .map(drop)
    }

    #[cfg(test)]
    pub(super) fn pragma(&self, name: &str) -> String {
        let read = |row: &rusqlite::Row<'_>| {
            Ok(row.get_ref(0)?.as_str().map(str::to_owned).unwrap_or_else(|_| {
                row.get::<_, i64>(0).map_or_else(|error| error.to_string(), |number| number.to_string())
            }))
        };
        self.connection.query_row(&format!("PRAGMA {name}"), [], read).unwrap()
    }

    /// Forgets everything, as if it were a new file of this name.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn empty(&mut self, fresh: JournalId) -> rusqlite::Result<()> {
        self.commit(|file| {
            file.connection.prepare_cached("DELETE FROM orders")?.execute([])?;
            file.connection.prepare_cached("DELETE FROM reports")?.execute([])?;
            let journal =
                "UPDATE journal SET id = ?1, last_seq = 0, offered = 0, pbx_id = NULL, forgotten = NULL";
            file.connection.prepare_cached(journal)?.execute([fresh.uuid().as_bytes()])
        })?;
        (self.id, self.last, self.offered, self.offering) = (fresh, 0, 0, false);
        Ok(())
    }

    /// A copy in memory, as a backup of the host's disk holds it; for the simulation.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn copied(&self) -> rusqlite::Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        Backup::new(&self.connection, &mut connection)?.step(-1)?;
        let path = self.path.clone();
        Ok(Self { path, connection, offering: false, ..*self })
    }

    /// Everything becomes as it is in this copy; for the simulation.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn restore(&mut self, copy: &Self) -> rusqlite::Result<()> {
        Backup::new(&copy.connection, &mut self.connection)?.step(-1)?;
        (self.id, self.last, self.offered, self.offering) = (copy.id, copy.last, copy.offered, false);
        Ok(())
    }

    /// After the commit of [`JournalFile::start_anew`].
    pub fn adopt(&mut self, id: JournalId) {
        self.id = id;
    }

    /// Forgets orders by the rule of [`crate::ledger::Ledger::prune`]. The latest of their issues stays
    /// behind, so that no repetition looks new.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn prune(&self, now: Moment) -> rusqlite::Result<()> {
        let bounds = params![(now.local - MEMORY).as_micros(), (now.earlier() - MEMORY).as_micros()];
        self.connection.execute(
            "UPDATE journal SET forgotten = MAX(COALESCE(forgotten, old.issued_at), old.issued_at)
             FROM (SELECT MAX(COALESCE(issued_at, started_at)) AS issued_at FROM orders
                   WHERE ended_at <= ?1 AND COALESCE(issued_at, started_at) <= ?2 AND resume IS NULL) AS old
             WHERE old.issued_at IS NOT NULL",
            bounds,
        )?;
        self.connection
            .execute(
                "DELETE FROM orders
                 WHERE ended_at <= ?1 AND COALESCE(issued_at, started_at) <= ?2 AND resume IS NULL",
                bounds,
            )
            .map(drop)
    }
}
