//! A database in memory, without threads: for the deterministic simulation.
//!
//! The tables, the statements and the engine are those of [`Store`](super::Store); only durability is
//! decided by whoever drives it.

use super::{StoreError, Tx, migrations, sqlite::Connection};

/// What becomes of a unit of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is on disk.
    Durable,
    /// The disk refuses: nothing of it is kept, and its caller is told.
    Refused,
}

/// The database of one simulated control plane. What is durable outlives its crashes.
pub struct Memory {
    connection: Connection,
}

impl Memory {
    /// A database with every table and no rows.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn new() -> Result<Self, StoreError> {
        let mut connection = Connection::in_memory()?;
        migrations::migrate(&mut connection)?;
        Ok(Self { connection })
    }

    /// Runs a unit of work in a transaction of its own.
    ///
    /// # Errors
    /// The unit's own, or [`StoreError::NotDurable`] when the disk refuses.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        fate: Fate,
        unit: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection.control("SAVEPOINT unit")?;
        // Nobody watches here: what is announced goes with the transaction.
        let result = unit(&mut Tx::of(&mut self.connection));
        if fate != Fate::Durable || result.is_err() {
            self.connection.control("ROLLBACK TO unit")?;
        }
        self.connection.control("RELEASE unit")?;
        match fate {
            Fate::Durable => result,
            Fate::Refused => Err(StoreError::NotDurable("database or disk is full".to_owned()).into()),
        }
    }

    /// Keeps everything as it is now, to be [restored](Self::restore); an earlier backup is forgotten.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn back_up(&mut self) -> Result<(), StoreError> {
        self.connection.control("SAVEPOINT backup")
    }

    /// Back to the last [backup](Self::back_up), which stays.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn restore(&mut self) -> Result<(), StoreError> {
        self.connection.control("ROLLBACK TO backup")
    }

    /// Remembers everything there is, to come [back](Self::rewind) to.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn mark(&mut self) -> Result<(), StoreError> {
        self.connection.control("SAVEPOINT mark")
    }

    /// Back to the last [`mark`](Self::mark), which stays.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn rewind(&mut self) -> Result<(), StoreError> {
        // Not `ROLLBACK TO mark`: what the engine notes down for its savepoints would grow from run to run.
        self.connection.control("ROLLBACK")?;
        self.mark()
    }
}
