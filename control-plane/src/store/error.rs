//! What can go wrong between a unit of work and the disk.

use std::path::PathBuf;

/// An error of the database, with the way out where there is one.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened.
    #[error("cannot open the database {}: {detail}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the file system or the engine said.
        detail: String,
    },
    /// Written by a newer version of the program.
    #[error(
        "the database is of schema version {found}, and this program knows versions up to {known}: \
         run the newer control-plane, or restore a backup made before the upgrade"
    )]
    Newer {
        /// The database's version.
        found: i64,
        /// The program's.
        known: i64,
    },
    /// A migration failed; the database is as it was before it.
    #[error("migration {version:04}_{name} failed and was rolled back: {detail}")]
    Migration {
        /// Its number.
        version: i64,
        /// Its name.
        name: &'static str,
        /// What the engine said.
        detail: String,
    },
    /// It could not be made durable: the disk is full or failing, or the file is locked by another
    /// program. Nothing was kept; trying again later may succeed.
    #[error("the database could not make it durable: {0}")]
    NotDurable(String),
    /// Too much work is waiting already. Nothing was kept; try again later.
    #[error("too much work is waiting for the database")]
    Overloaded,
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
    /// The unit of work panicked: a defect of this program. What it wrote is undone.
    #[error("a unit of work panicked: see the log")]
    Panicked,
    /// A row like this exists already, or refers to one that does not.
    #[error("a constraint of the database refused it: {0}")]
    Constraint(String),
    /// A statement failed: a defect of this program or a damaged file.
    #[error("the statement {sql:?} failed: {detail}")]
    Statement {
        /// The statement.
        sql: &'static str,
        /// What the engine said.
        detail: String,
    },
    /// A column holds something that this program does not read.
    #[error("column {column} holds {found}, where {wanted} was expected")]
    Column {
        /// Position in the row, from 0.
        column: usize,
        /// What kind of value was found.
        found: &'static str,
        /// What was expected.
        wanted: &'static str,
    },
    /// The engine found damage.
    #[error("the database is damaged: {0}; restore a backup")]
    Corrupt(String),
}

impl StoreError {
    /// Whether the same request may succeed later: answered with 503 and Retry-After.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::NotDurable(_) | Self::Overloaded | Self::Closed => true,
            Self::Open { .. }
            | Self::Newer { .. }
            | Self::Migration { .. }
            | Self::Panicked
            | Self::Constraint(_)
            | Self::Statement { .. }
            | Self::Column { .. }
            | Self::Corrupt(_) => false,
        }
    }

    /// Sorts an error of the engine by what the caller can do about it.
    pub(super) fn from_engine(sql: &'static str, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(
                Code::DiskFull
                | Code::SystemIoFailure
                | Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::ReadOnly
                | Code::CannotOpen
                | Code::OutOfMemory
                | Code::FileLockingProtocolFailed,
            ) => Self::NotDurable(detail),
            Some(Code::ConstraintViolation) => Self::Constraint(detail),
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Corrupt(detail),
            _ => Self::Statement { sql, detail },
        }
    }
}
