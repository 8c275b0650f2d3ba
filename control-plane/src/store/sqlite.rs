//! The embedded engine: one writer thread with group commit, pooled readers.
//!
//! A synchronous write takes about 0.24 ms on a common server disk, so one commit a unit could
//! never pass some 4,000 units a second. The writer therefore takes every unit that is waiting,
//! runs each in its savepoint, commits once, and only then answers all of them.

use super::{
    Row, StoreError, ToValue, Tx, Value,
    change::{Announced, Changes, Publisher},
    unit::{Done, Unit},
};
use rusqlite::{OpenFlags, config::DbConfig, types::ValueRef};
use std::{
    collections::HashMap,
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};

/// Units that may wait for the writer before callers have to wait themselves.
const WAITING_UNITS: usize = 1024;
/// Longest wait for a place in that queue.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Most units in one commit, and the longest a commit collects them: both bound what the first
/// unit of a commit waits for the others.
const UNITS_PER_COMMIT: usize = 256;
const LONGEST_COLLECTION: Duration = Duration::from_millis(10);
/// Reading connections.
const READERS: usize = 4;
/// How long a lock held by another program (`apply` beside `serve`) is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;

/// Told what a unit came to, once its commit is decided, or why there is no transaction for it. The caller may have gone
/// away; what it asked for is done all the same.
type Answer = oneshot::Sender<Result<Done, StoreError>>;

struct Waiting {
    unit: Unit,
    answer: Answer,
}

pub(super) struct Sqlite {
    writer: mpsc::Sender<Waiting>,
    readers: Mutex<Vec<Connection>>,
    reading: Semaphore,
    path: PathBuf,
    publisher: Publisher,
}

impl Sqlite {
    /// Opens the file and starts the writer. Blocks.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path, Access::Write)?;
        super::migrations::migrate(&mut connection)?;
        let readers =
            (0..READERS).map(|_| Connection::open(path, Access::Read)).collect::<Result<Vec<_>, _>>()?;
        let (writer, waiting) = mpsc::channel(WAITING_UNITS);
        let publisher = Publisher::new();
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn({
                let publisher = publisher.clone();
                move || write_until_closed(connection, waiting, &publisher)
            })
            .map_err(|error| StoreError::Open { path: path.into(), detail: error.to_string() })?;
        let (readers, reading) = (Mutex::new(readers), Semaphore::new(READERS));
        Ok(Self { writer, readers, reading, path: path.into(), publisher })
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Changes> {
        self.publisher.subscribe()
    }

    pub(super) async fn write(&self, unit: Unit) -> Result<Done, StoreError> {
        let (answer, answered) = oneshot::channel();
        match self.writer.send_timeout(Waiting { unit, answer }, LONGEST_WAIT).await {
            Ok(()) => {}
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => return Err(StoreError::Overloaded),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => return Err(StoreError::Closed),
        }
        // The writer ends when nobody can ask any more; until then only a panic drops an answer.
        answered.await.unwrap_or(Err(StoreError::Panicked))
    }

    pub(super) async fn read(&self, unit: Unit) -> Result<Done, StoreError> {
        let _permit = self.reading.acquire().await.map_err(|_| StoreError::Closed)?;
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let path = self.path.clone();
        let (connection, done) = tokio::task::spawn_blocking(move || {
            let mut connection = match pooled {
                Some(connection) => connection,
                // A reader whose unit panicked did not come back.
                None => match Connection::open(&path, Access::Read) {
                    Ok(connection) => connection,
                    Err(error) => return (None, Err(error)),
                },
            };
            let done = connection.snapshot(unit);
            (Some(connection), done)
        })
        .await
        .map_err(|error| if error.is_panic() { StoreError::Panicked } else { StoreError::Closed })?;
        if let Some(connection) = connection {
            self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        done
    }
}

/// The writer thread: collects, runs, commits, answers, until every handle is gone.
fn write_until_closed(
    mut connection: Connection,
    mut waiting: mpsc::Receiver<Waiting>,
    publisher: &Publisher,
) {
    while let Some(first) = waiting.blocking_recv() {
        let (ran, announced, outcome) = commit_together(&mut connection, first, &mut waiting);
        if outcome.is_ok() {
            publisher.publish(announced);
        }
        for (done, answer) in ran {
            // A unit that failed has said why by itself.
            let lost = outcome.as_ref().err().filter(|_| done.is_ok);
            drop(answer.send(lost.map_or(Ok(done), |detail| Err(StoreError::NotDurable(detail.clone())))));
        }
    }
}

/// One commit: `first` and whatever else is waiting, and what there is to tell of it. The error is what the engine said.
fn commit_together(
    connection: &mut Connection,
    first: Waiting,
    waiting: &mut mpsc::Receiver<Waiting>,
) -> (Vec<(Done, Answer)>, Announced, Result<(), String>) {
    let (mut ran, mut announced) = (Vec::new(), Announced::default());
    if let Err(error) = connection.control("BEGIN IMMEDIATE") {
        // For all who wait: a lock that another program keeps must not be waited for by each in turn.
        let all = std::iter::once(first).chain(std::iter::from_fn(|| waiting.try_recv().ok()));
        for Waiting { answer, .. } in all.take(WAITING_UNITS) {
            drop(answer.send(Err(error.clone())));
        }
        return (ran, announced, Err(error.to_string()));
    }
    let started = Instant::now();
    let mut next = Some(first);
    while let Some(Waiting { unit, answer }) = next {
        match catch_unwind(AssertUnwindSafe(|| connection.in_savepoint(unit))) {
            Ok((done, Ok(told))) => {
                announced.append(told);
                ran.push((done, answer));
            }
            Ok((done, Err(detail))) => {
                ran.push((done, answer));
                connection.roll_back();
                return (ran, announced, Err(detail));
            }
            // Its caller learns of it by the dropped channel. What it wrote is undone.
            Err(_) => connection.undo_savepoint(),
        }
        let full = ran.len() >= UNITS_PER_COMMIT || started.elapsed() >= LONGEST_COLLECTION;
        next = if full { None } else { waiting.try_recv().ok() };
    }
    let outcome = connection.control("COMMIT").map_err(|error| error.to_string());
    connection.roll_back();
    (ran, announced, outcome)
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    Read,
}

/// One SQLite connection that speaks the common dialect.
pub(super) struct Connection {
    sqlite: rusqlite::Connection,
    /// `$1` as SQLite must see it; it would otherwise number `$2 … $1` by first appearance.
    rewritten: HashMap<&'static str, String>,
}

impl Connection {
    fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        let failed =
            |error: rusqlite::Error| StoreError::Open { path: path.into(), detail: error.to_string() };
        let flags = match access {
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        if access == Access::Write {
            // The engine would let everybody read it. Its other files get the same mode. What keeps it
            // from being made the engine says, too.
            drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path));
        }
        let sqlite = rusqlite::Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(failed)?;
        sqlite.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        Self::plan_once(&sqlite).map_err(failed)?;
        if access == Access::Write {
            sqlite
                .execute_batch(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                     PRAGMA journal_size_limit = 67108864;",
                )
                .map_err(failed)?;
        }
        Ok(Self { sqlite, rewritten: HashMap::new() })
    }

    /// An empty database in memory.
    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let failed =
            |error: rusqlite::Error| StoreError::Open { path: ":memory:".into(), detail: error.to_string() };
        let sqlite = rusqlite::Connection::open_in_memory().map_err(failed)?;
        Self::plan_once(&sqlite).map_err(failed)?;
        sqlite.execute_batch("PRAGMA foreign_keys = ON").map_err(failed)?;
        Ok(Self { sqlite, rewritten: HashMap::new() })
    }

    /// Statements are kept, and planned without a look at their parameters: SQLite would otherwise plan
    /// those with `LIMIT $1` anew at each use, which was half of all its time.
    fn plan_once(sqlite: &rusqlite::Connection) -> rusqlite::Result<()> {
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS);
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
    }

    /// Begins and ends transactions: a statement without parameters, kept like all others.
    pub(super) fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.execute(sql, &[]).map(drop)
    }

    /// Runs statements that are needed once.
    pub(super) fn batch(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.sqlite.execute_batch(sql).map_err(|error| StoreError::from_engine(sql, &error))
    }

    pub(super) fn execute(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
    ) -> Result<usize, StoreError> {
        let mut statement = self.bound(sql, params)?;
        statement.raw_execute().map_err(|error| StoreError::from_engine(sql, &error))
    }

    /// Gives each row to `each` until it says `false`.
    pub(super) fn query(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        each: &mut dyn FnMut(&Row) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let failed = |error| StoreError::from_engine(sql, &error);
        let mut statement = self.bound(sql, params)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            let values = (0..columns).map(|column| row.get_ref(column).map(read)).collect::<Result<_, _>>();
            if !each(&Row(values.map_err(failed)?))? {
                break;
            }
        }
        Ok(())
    }

    /// A statement with its parameters, ready to run.
    fn bound(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
    ) -> Result<rusqlite::CachedStatement<'_>, StoreError> {
        let failed = |error| StoreError::from_engine(sql, &error);
        let rewritten = self.rewritten.entry(sql).or_insert_with(|| number_parameters(sql));
        let mut statement = self.sqlite.prepare_cached(rewritten).map_err(failed)?;
        for (index, param) in (1..).zip(params) {
            let bound = match param.to_value() {
                Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null),
                Value::Integer(number) => statement.raw_bind_parameter(index, number),
                Value::Text(text) => statement.raw_bind_parameter(index, text),
                Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes),
            };
            bound.map_err(failed)?;
        }
        Ok(statement)
    }

    /// Runs a unit whose writes are undone if it fails. The error is that the whole transaction
    /// is gone: SQLite rolls back by itself when the disk is full or fails.
    fn in_savepoint(&mut self, unit: Unit) -> (Done, Result<Announced, String>) {
        let opened = self.control("SAVEPOINT unit");
        let mut tx = Tx::of(self);
        let done = unit(&mut tx);
        // A unit that fails has changed nothing.
        let announced = if done.is_ok { tx.announced } else { Announced::default() };
        let closed = opened.and_then(|()| {
            if !done.is_ok {
                self.control("ROLLBACK TO unit")?;
            }
            self.control("RELEASE unit")
        });
        let kept = match closed {
            Ok(()) if !self.sqlite.is_autocommit() => Ok(announced),
            Ok(()) => Err("the database rolled the transaction back".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        (done, kept)
    }

    fn undo_savepoint(&mut self) {
        if self.control("ROLLBACK TO unit").and_then(|()| self.control("RELEASE unit")).is_err() {
            self.roll_back();
        }
    }

    /// Ends a transaction, if there is one still.
    fn roll_back(&mut self) {
        if !self.sqlite.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// Runs a reading unit on one snapshot.
    fn snapshot(&mut self, unit: Unit) -> Result<Done, StoreError> {
        self.control("BEGIN")?;
        let done = unit(&mut Tx::of(self));
        self.roll_back();
        Ok(done)
    }
}

/// `$1` becomes `?1`. Statements hold no `$` inside literals.
fn number_parameters(sql: &str) -> String {
    sql.replace('$', "?")
}

fn read(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        // No column of ours is a floating-point number; an aggregate may be.
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests;
