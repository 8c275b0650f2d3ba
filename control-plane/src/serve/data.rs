//! The data directory, and whose turn it is to work in it.

use super::ServeError;
use crate::{config::Data, store::StoreError};
use std::{
    fs::{DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
};

/// Extension of the file beside the database that the one `serve` which works on it holds.
const LOCK: &str = "lock";

/// Makes the data directory, for this user alone, and locks the database, wherever that is.
pub(crate) fn take(data: &Data) -> Result<File, ServeError> {
    prepare(&data.dir)?;
    let database = data.database_file();
    let unusable = |source: io::Error| StoreError::Open { path: database.into(), detail: source.to_string() };
    let lock = File::create(database.with_extension(LOCK)).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ServeError::AlreadyServing(database.into())),
        Err(TryLockError::Error(source)) => Err(unusable(source).into()),
    }
}

/// Makes the data directory where there is none, for this user alone.
///
/// # Errors
/// [`ServeError::DataDir`]
pub fn prepare(dir: &Path) -> Result<(), ServeError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| ServeError::DataDir { path: dir.into(), source })
}
