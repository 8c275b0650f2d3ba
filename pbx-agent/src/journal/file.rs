//! The SQLite file: its schema, and each job as SQL.

use super::{
    JournalError, JournalState,
    row::{NewReport, OrderRow, Stored},
};
use crate::{
    call::Progress,
    ledger::{Fingerprint, NumberMark, Seen},
};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use shared::{
    ids::{AttemptId, JournalId},
    protocol::{AttemptEvent, Report},
    time::Timestamp,
};
use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE journal (
        id        BLOB NOT NULL,            -- 16 bytes
        last_seq  INTEGER NOT NULL          -- highest number ever given to a report
    );
    CREATE TABLE orders (
        attempt_id   BLOB PRIMARY KEY,
        fingerprint  BLOB,                  -- of the exact order; NULL: asked for, had never come
        trunk        TEXT NOT NULL,
        number       INTEGER,               -- stands for the number dialled
        started_at   INTEGER NOT NULL,      -- microseconds UTC, the control plane's clock
        answered_at  INTEGER,
        ended_at     INTEGER,
        progress     INTEGER NOT NULL,
        talked_ms    INTEGER NOT NULL DEFAULT 0,
        resume       TEXT                   -- JSON while it is under way, then NULL
    ) WITHOUT ROWID;
    CREATE TABLE reports (
        seq         INTEGER PRIMARY KEY,
        attempt_id  BLOB NOT NULL,
        at          INTEGER NOT NULL,
        event       TEXT NOT NULL           -- JSON
    );
";

pub(super) struct JournalFile {
    path: PathBuf,
    connection: Connection,
    id: JournalId,
    last: u64,
}

impl JournalFile {
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
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(Duration::from_secs(2))?;
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if check != "ok" {
            return Err(Trouble::Broken(check));
        }
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                connection.execute_batch(&format!("BEGIN; {SCHEMA} PRAGMA user_version = {VERSION};"))?;
                connection.execute("INSERT INTO journal VALUES (?1, 0)", [Uuid::new_v4().as_bytes()])?;
                connection.execute_batch("COMMIT")?;
            }
            VERSION => {}
            newer => return Err(Trouble::Newer(newer)),
        }
        let (id, last) = connection
            .query_row("SELECT id, last_seq FROM journal", [], |row| Ok((id(row, 0)?, number(row, 1)?)))
            .optional()?
            .ok_or_else(|| Trouble::Broken("no id".to_owned()))?;
        Ok(Self { path: path.to_owned(), connection, id: JournalId::new(id), last })
    }

    pub fn state(&self) -> JournalState {
        JournalState { id: self.id, last: self.last, trouble: None }
    }

    pub fn fail(&self, error: &rusqlite::Error) -> JournalError {
        JournalError::Failed { path: self.path.clone(), why: error.to_string() }
    }

    /// Runs `work` in one transaction: all of it becomes durable together, or nothing.
    pub fn commit<T>(&mut self, work: impl FnOnce(&mut Self) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let last = self.last;
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|value| self.connection.execute_batch("COMMIT").map(|()| value));
        if done.is_err() {
            self.last = last;
            // After a failed COMMIT of a full disk SQLite has rolled back by itself.
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
        }
        done
    }

    pub fn orders(&self) -> Result<Vec<Stored>, JournalError> {
        let read = || -> rusqlite::Result<Vec<Stored>> {
            self.connection
                .prepare("SELECT attempt_id, fingerprint, trunk, started_at, answered_at, ended_at, progress, talked_ms, resume, number FROM orders ORDER BY started_at")?
                .query_map([], stored)?
                .collect()
        };
        read().map_err(|error| self.fail(&error))
    }

    pub fn enter(&self, row: &OrderRow) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO orders (attempt_id, fingerprint, trunk, started_at, progress, resume, number)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                row.attempt.uuid().as_bytes(),
                row.fingerprint.0,
                row.trunk,
                row.started_at.as_micros(),
                Progress::Accepted.to_row(),
                json(&row.resume)?,
                row.number.0,
            ])
            .map(drop)
    }

    pub fn remember(
        &self,
        attempt: AttemptId,
        fingerprint: Option<Fingerprint>,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO orders (attempt_id, fingerprint, trunk, started_at, ended_at, progress)
                 VALUES (?1, ?2, '', ?3, ?3, ?4)
                 ON CONFLICT (attempt_id) DO UPDATE SET fingerprint = excluded.fingerprint
                 WHERE orders.fingerprint IS NULL",
            )?
            .execute(params![
                attempt.uuid().as_bytes(),
                fingerprint.map(|fingerprint| fingerprint.0),
                at.as_micros(),
                Progress::Over.to_row(),
            ])
            .map(drop)
    }

    pub fn append(&mut self, report: &NewReport) -> rusqlite::Result<()> {
        let seq = self.last + 1;
        let attempt = report.attempt.uuid();
        self.connection
            .prepare_cached("INSERT INTO reports (seq, attempt_id, at, event) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![sql(seq), attempt.as_bytes(), report.at.as_micros(), json(&report.event)?])?;
        self.last = seq;
        self.touch()?;
        let ended = matches!(report.event, AttemptEvent::Ended(_) | AttemptEvent::Refused { .. });
        let answered = matches!(report.event, AttemptEvent::Answered);
        self.connection
            .prepare_cached(
                "UPDATE orders SET progress = MAX(progress, ?2),
                     answered_at = CASE WHEN ?3 THEN ?4 ELSE answered_at END,
                     ended_at = CASE WHEN ?5 THEN ?4 ELSE ended_at END,
                     resume = CASE WHEN ?5 THEN NULL ELSE resume END,
                     talked_ms = talked_ms + ?6
                 WHERE attempt_id = ?1",
            )?
            .execute(params![
                attempt.as_bytes(),
                report.progress.to_row(),
                answered,
                report.at.as_micros(),
                ended,
                i64::try_from(report.talked.as_millis()).unwrap_or(i64::MAX),
            ])?;
        Ok(())
    }

    /// An acknowledgement of more than was ever numbered is of no use and forgets nothing.
    pub fn trim(&self, journal: JournalId, seq: u64) -> rusqlite::Result<()> {
        if journal != self.id || seq > self.last {
            return Ok(());
        }
        self.connection.prepare_cached("DELETE FROM reports WHERE seq <= ?1")?.execute([sql(seq)]).map(drop)
    }

    pub fn reports_after(&self, seq: u64, limit: usize) -> rusqlite::Result<Vec<Report>> {
        self.connection
            .prepare_cached(
                "SELECT seq, attempt_id, at, event FROM reports WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?
            .query_map(params![sql(seq), sql(limit as u64)], |row| {
                Ok(Report {
                    journal: self.id,
                    seq: number(row, 0)?,
                    attempt_id: AttemptId::new(id(row, 1)?),
                    at: Timestamp::from_micros(row.get(2)?),
                    event: from_json(row, 3)?,
                })
            })?
            .collect()
    }

    pub fn start_anew(&mut self) -> rusqlite::Result<JournalId> {
        let fresh = Uuid::new_v4();
        let kept: Vec<u64> = self
            .connection
            .prepare("SELECT seq FROM reports ORDER BY seq")?
            .query_map([], |row| number(row, 0))?
            .collect::<Result<_, _>>()?;
        // Ascending, each to a number that is free by then.
        for (fresh, seq) in (1u64..).zip(&kept) {
            self.connection
                .execute("UPDATE reports SET seq = ?1 WHERE seq = ?2", params![sql(fresh), sql(*seq)])?;
        }
        self.last = kept.len() as u64;
        self.connection.execute(
            "UPDATE journal SET id = ?1, last_seq = ?2",
            params![fresh.as_bytes(), sql(self.last)],
        )?;
        Ok(JournalId::new(fresh))
    }

    /// Writes without changing anything.
    pub fn touch(&self) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE journal SET last_seq = ?1")?
            .execute([sql(self.last)])
            .map(drop)
    }

    #[cfg(test)]
    pub fn pragma(&self, name: &str) -> String {
        let read = |row: &Row<'_>| {
            Ok(row.get_ref(0)?.as_str().map(str::to_owned).unwrap_or_else(|_| {
                row.get::<_, i64>(0).map_or_else(|error| error.to_string(), |number| number.to_string())
            }))
        };
        self.connection.query_row(&format!("PRAGMA {name}"), [], read).unwrap()
    }

    /// After the commit of [`JournalFile::start_anew`].
    pub fn adopt(&mut self, id: JournalId) {
        self.id = id;
    }

    pub fn prune(&self, before: Timestamp) -> rusqlite::Result<()> {
        self.connection
            .execute("DELETE FROM orders WHERE ended_at < ?1 AND resume IS NULL", [before.as_micros()])
            .map(drop)
    }
}

enum Trouble {
    Newer(i64),
    Broken(String),
    Failed(String),
}

impl Trouble {
    fn into_error(self, path: &Path) -> JournalError {
        match self {
            Self::Newer(found) => JournalError::Newer { path: path.to_owned(), found, known: VERSION },
            Self::Broken(why) | Self::Failed(why) => JournalError::Failed { path: path.to_owned(), why },
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Broken(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// What callees will hear is in it: nobody but the agent may read it. SQLite gives the files beside
/// it the same mode.
fn private(path: &Path) -> Result<(), Trouble> {
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|error| Trouble::Failed(error.to_string()))
}

/// Moves a broken journal and what belongs to it out of the way; its new name.
fn aside(path: &Path) -> Result<PathBuf, JournalError> {
    let stamp = Timestamp::now().as_micros();
    let name = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    for suffix in ["", "-wal", "-shm"] {
        let from = name(suffix);
        if from.exists() {
            fs::rename(&from, name(&format!(".broken-{stamp}{suffix}")))
                .map_err(|error| JournalError::Failed { path: from.clone(), why: error.to_string() })?;
        }
    }
    Ok(name(&format!(".broken-{stamp}")))
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let fingerprint: Option<[u8; 32]> = row.get(1)?;
    let progress = Progress::from_row(row.get(6)?);
    let talked: i64 = row.get(7)?;
    let resume: Option<String> = row.get(8)?;
    Ok(Stored {
        attempt: AttemptId::new(id(row, 0)?),
        seen: match fingerprint {
            Some(bytes) => Seen::Order { fingerprint: Fingerprint(bytes), live: progress != Progress::Over },
            None => Seen::NeverCame,
        },
        trunk: row.get(2)?,
        number: row.get::<_, Option<u32>>(9)?.map(NumberMark),
        started_at: Timestamp::from_micros(row.get(3)?),
        answered_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
        ended_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_micros),
        progress,
        talked: Duration::from_millis(u64::try_from(talked).unwrap_or(0)),
        resume: resume.map(|_| from_json(row, 8)).transpose()?,
    })
}

/// SQLite's integers are signed.
fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes)
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn from_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
