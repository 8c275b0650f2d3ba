//! The database handle: units of work, one durable transaction each.
//!
//! A unit is a closure over a [`Tx`]. It is synchronous, because on SQLite it runs on the one
//! writer thread, where several units share a commit and so one fsync; another engine runs the
//! same closure on a blocking thread. SQL is written in the dialect that SQLite and PostgreSQL
//! both understand, in the room that owns the table.

mod backup;
mod census;
mod change;
mod error;
mod memory;
mod migrations;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
mod unit;
mod value;

pub use backup::{BackupError, Restored, back_up, restore};
pub use census::census;
pub use change::{Change, Changed, Changes};
pub use error::StoreError;
pub use memory::{Fate, Memory};
pub use value::{FromValue, Row, ToValue, Value};

use change::Announced;
use sqlite::{Connection, Sqlite};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast;
use unit::{Unit, untyped};

/// Which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// Embedded, in this file; made when absent.
    Sqlite(PathBuf),
}

/// Handle to the database. Cheap to clone; the writer thread ends when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    sqlite: Arc<Sqlite>,
}

impl Store {
    /// Opens the database, makes it when absent, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a database that a newer version has written; otherwise what the
    /// file system or the database said.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let Database::Sqlite(path) = database.clone();
        let sqlite = tokio::task::spawn_blocking(move || Sqlite::open(&path))
            .await
            .map_err(|_| StoreError::Closed)??;
        Ok(Self { sqlite: Arc::new(sqlite) })
    }

    /// Runs a unit of work in one durable transaction.
    ///
    /// `Ok` means that it is on disk. An `Err` of the unit rolls back that unit and no other.
    ///
    /// # Errors
    /// The unit's own, or a [`StoreError`] where the transaction could not be made durable; then
    /// nothing of the unit is kept.
    pub fn write<T, E>(
        &self,
        unit: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Running<'_, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writing(untyped(unit))
    }

    /// Runs a unit of work that only reads, on one consistent snapshot.
    ///
    /// # Errors
    /// The unit's own, or a [`StoreError`].
    pub fn read<T, E>(
        &self,
        unit: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Running<'_, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.reading(untyped(unit))
    }

    /// Compiled for each result, not for each unit.
    fn writing<T, E>(&self, unit: Unit) -> Running<'_, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        Box::pin(async { self.sqlite.write(unit).await?.result() })
    }

    /// Compiled for each result, not for each unit.
    fn reading<T, E>(&self, unit: Unit) -> Running<'_, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        Box::pin(async { self.sqlite.read(unit).await?.result() })
    }

    /// What is changed from now on, commit by commit, by this process: told once it is durable. Whoever does not keep up
    /// is told that they missed some.
    pub fn watch(&self) -> broadcast::Receiver<Changes> {
        self.sqlite.watch()
    }

    /// Whether the file is whole, by the engine's own check. Reads all of it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the engine's findings, or what kept it from looking.
    pub async fn verify(&self) -> Result<(), StoreError> {
        let findings =
            self.read(|tx| tx.rows("PRAGMA integrity_check(10)", &[], |row| row.get::<String>(0))).await?;
        if findings == ["ok"] { Ok(()) } else { Err(StoreError::Corrupt(findings.join("; "))) }
    }
}

/// A unit of work that runs once somebody waits for it.
type Running<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// A transaction in progress.
pub struct Tx<'a> {
    connection: &'a mut Connection,
    announced: Announced,
}

impl<'a> Tx<'a> {
    fn of(connection: &'a mut Connection) -> Self {
        Self { connection, announced: Announced::default() }
    }

    /// Tells whoever watches that something has changed, once the unit is durable; where it is not, nobody hears of it.
    pub fn announce(&mut self, change: Change) {
        self.announced.add(change);
    }

    /// Runs a statement; the number of rows it changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn execute(&mut self, sql: &'static str, params: &[&dyn ToValue]) -> Result<usize, StoreError> {
        self.connection.execute(sql, params)
    }

    /// Every row that a query gives, read one by one.
    ///
    /// # Errors
    /// [`StoreError`], that of `read` included.
    pub fn rows<T>(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        mut read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.connection.query(sql, params, &mut |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// Like [`rows`](Self::rows), without those that cannot be read: of a list that many depend on, one damaged
    /// row must not keep the others. Said in the log once for each query.
    ///
    /// # Errors
    /// [`StoreError`] of the query itself.
    pub fn legible<T>(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        mut read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.rows(sql, params, |row| Ok(read(row).inspect_err(|error| tell(sql, error)).ok()))?;
        Ok(found.into_iter().flatten().collect())
    }

    /// A page of what a query gives that asks for one row more: without those that cannot be read, at most
    /// `limit`, and the key of the last where more follow.
    ///
    /// # Errors
    /// [`StoreError`] of the query itself.
    pub fn page<K, T>(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        limit: u16,
        key: impl Fn(&Row) -> Result<K, StoreError>,
        mut read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<(Vec<T>, Option<K>), StoreError> {
        let mut found = self.rows(sql, params, |row| {
            Ok((key(row).ok(), read(row).inspect_err(|error| tell(sql, error)).ok()))
        })?;
        let more = found.len() > usize::from(limit);
        found.truncate(usize::from(limit));
        let (keys, items): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let last = keys.into_iter().flatten().next_back();
        Ok((items.into_iter().flatten().collect(), last.filter(|_| more)))
    }

    /// The first row that a query gives, if any.
    ///
    /// # Errors
    /// [`StoreError`], that of `read` included.
    pub fn row<T>(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        read: impl FnOnce(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut read = Some(read);
        let mut found = None;
        self.connection.query(sql, params, &mut |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(false)
        })?;
        Ok(found)
    }
}

/// Once for each query: some are asked every second.
fn tell(sql: &'static str, error: &StoreError) {
    static TOLD: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(sql) {
        tracing::error!(%error, "A ROW OF THE DATABASE IS DAMAGED and is left out; restore a backup, or repair it by hand");
    }
}
