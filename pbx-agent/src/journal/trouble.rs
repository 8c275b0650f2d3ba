//! A journal that cannot be opened, and a broken one out of the way.

use super::{JournalError, schema};
use rusqlite::ErrorCode;
use shared::time::Timestamp;
use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Why a file cannot be opened.
pub(super) enum Trouble {
    Newer(i64),
    Broken(String),
    Failed(String),
}

impl Trouble {
    pub fn into_error(self, path: &Path) -> JournalError {
        match self {
            Self::Newer(found) => {
                JournalError::Newer { path: path.to_owned(), found, known: schema::VERSION }
            }
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
pub(super) fn private(path: &Path) -> Result<(), Trouble> {
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|error| Trouble::Failed(error.to_string()))
}

/// Moves a broken journal and what belongs to it out of the way; its new name.
pub(super) fn aside(path: &Path) -> Result<PathBuf, JournalError> {
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
