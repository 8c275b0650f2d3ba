//! The whole database in one file, and back.
//!
//! A backup is taken on one snapshot while others write. It is a database file like any other, with no
//! log beside it, so it can be copied and looked into with any SQLite.

use super::{Database, StoreError, migrations};
use rusqlite::{Connection, OpenFlags, backup};
use shared::time::Timestamp;
use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::NamedTempFile;

/// How long a lock of another program is waited for.
const BUSY: Duration = Duration::from_secs(30);
/// The files that SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Why there is no backup, or why one was not taken back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file of this name is there.
    #[error("{}: is there already, and nothing was written; name another file", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The engine could not copy.
    #[error("{}: cannot be copied: {detail}", path.display())]
    Copy {
        /// From where.
        path: PathBuf,
        /// What the engine said.
        detail: String,
    },
    /// It holds something else, or is damaged.
    #[error("{}: is not a whole database of a control plane: {detail}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What the engine found.
        detail: String,
    },
    /// It is of a newer program.
    #[error("{}: {source}", path.display())]
    Newer {
        /// Which.
        path: PathBuf,
        /// What it is.
        source: StoreError,
    },
}

/// What became of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the database is that was there before, if there was one.
    pub kept: Option<PathBuf>,
}

/// Writes the database as it is at this moment into a new file that this user alone may read: all of it
/// and on disk, or no file at all. Others write meanwhile. Blocks; its size in bytes.
///
/// # Errors
/// [`BackupError`]
pub fn back_up(database: &Database, file: &Path) -> Result<u64, BackupError> {
    let Database::Sqlite(from) = database;
    // Told before the work; what matters is asked again when the file gets its name.
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let failed = |source| BackupError::File { path: file.to_owned(), source };
    let copy = NamedTempFile::new_in(directory(file)).map_err(failed)?;
    copy_out(from, copy.path())?;
    copy.as_file().sync_all().map_err(failed)?;
    let bytes = copy.as_file().metadata().map_err(failed)?.len();
    copy.persist_noclobber(file).map_err(|error| {
        if error.error.kind() == io::ErrorKind::AlreadyExists {
            BackupError::Exists(file.to_owned())
        } else {
            failed(error.error)
        }
    })?;
    sync(directory(file)).map_err(failed)?;
    Ok(bytes)
}

/// Puts a backup in the place of the database, which nobody may have open. What is there is kept beside
/// it under another name. A crash leaves one of the two in its place, whole. Blocks.
///
/// # Errors
/// [`BackupError`]; then the database is as it was.
pub fn restore(file: &Path, database: &Database, now: Timestamp) -> Result<Restored, BackupError> {
    let Database::Sqlite(to) = database;
    let failed = |source| BackupError::File { path: to.to_owned(), source };
    let mut copy = NamedTempFile::new_in(directory(to)).map_err(failed)?;
    let unreadable = |source| BackupError::File { path: file.to_owned(), source };
    io::copy(&mut File::open(file).map_err(unreadable)?, &mut copy).map_err(failed)?;
    examine(&open(copy.path(), OpenFlags::SQLITE_OPEN_READ_WRITE, file)?, file)?;
    copy.as_file().sync_all().map_err(failed)?;
    let kept = if to.exists() { Some(keep(to, now).map_err(failed)?) } else { None };
    copy.persist(to).map_err(|error| failed(error.error))?;
    sync(directory(to)).map_err(failed)?;
    Ok(Restored { kept })
}

/// One step over everything: a snapshot that no writer can make begin anew.
fn copy_out(from: &Path, to: &Path) -> Result<(), BackupError> {
    let source = open(from, OpenFlags::SQLITE_OPEN_READ_WRITE, from)?;
    let mut target = open(to, OpenFlags::SQLITE_OPEN_READ_WRITE, from)?;
    let failed =
        |error: rusqlite::Error| BackupError::Copy { path: from.to_owned(), detail: error.to_string() };
    {
        let copying = backup::Backup::new(&source, &mut target).map_err(failed)?;
        let stepped = copying.step(-1).map_err(failed)?;
        if stepped != backup::StepResult::Done {
            let detail = format!("{stepped:?}; another program holds the database");
            return Err(BackupError::Copy { path: from.to_owned(), detail });
        }
    }
    // One file, without a log beside it.
    target.pragma_update(None, "journal_mode", "DELETE").map_err(failed)?;
    examine(&target, from)
}

/// A backup that was never read is none.
fn examine(database: &Connection, path: &Path) -> Result<(), BackupError> {
    let damaged = |detail: String| BackupError::Damaged { path: path.to_owned(), detail };
    let found: String = database
        .query_row("PRAGMA integrity_check(10)", [], |row| row.get(0))
        .map_err(|error| damaged(error.to_string()))?;
    if found != "ok" {
        return Err(damaged(found));
    }
    let found: i64 = database
        .query_row("SELECT MAX(version) FROM schema_migrations", [], |row| row.get(0))
        .map_err(|error| damaged(error.to_string()))?;
    let known = migrations::known();
    if found > known {
        return Err(BackupError::Newer { path: path.to_owned(), source: StoreError::Newer { found, known } });
    }
    Ok(())
}

fn open(path: &Path, flags: OpenFlags, named: &Path) -> Result<Connection, BackupError> {
    let failed =
        |error: rusqlite::Error| BackupError::Copy { path: named.to_owned(), detail: error.to_string() };
    let connection =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    Ok(connection)
}

/// Gives a database a second name, and takes the log away that belongs to it: a new database in its
/// place must not find it.
fn keep(database: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let seconds = now.as_micros() / 1_000_000;
    let kept = with_suffix(database, &format!(".before-restore-{seconds}"));
    fs::hard_link(database, &kept)?;
    for suffix in BESIDE {
        match fs::rename(with_suffix(database, suffix), with_suffix(&kept, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    sync(directory(database))?;
    Ok(kept)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn directory(file: &Path) -> &Path {
    match file.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        Some(_) | None => Path::new("."),
    }
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
