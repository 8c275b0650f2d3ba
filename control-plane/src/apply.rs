//! `control-plane apply`: an installation's organizations and PBXs from a file.
//!
//! The file says how what it names shall be: a key that is left out has its default. What it does
//! not name is left alone, so nothing is ever deleted: not an organization, a member, a project, a
//! scenario, an endpoint or a PBX. One exception: a member's `phones`, where given, become exactly
//! the phones on which that person is rung; others that they have are disabled.
//!
//! The way of a file: [`read_file`], `document` (from TOML to types, each value judged alone),
//! `references` (what one part says of another), `write` (one transaction).

mod changes;
mod document;
mod mistakes;
mod references;
mod rules;
mod section;
mod write;

pub use changes::{Changes, PhoneChanges, RowChanges};

use crate::store::{Store, StoreError, Tx};
use mistakes::Place;
use shared::time::Timestamp;
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Largest file that is read, bytes: tens of thousands of projects.
const LARGEST_FILE: u64 = 4 << 20;

/// Why the text of a file was not even looked at.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// It is no apply file of this world.
    #[error("{}: is larger than {} MiB: apply it in parts", path.display(), LARGEST_FILE >> 20)]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// Some other encoding, or not a text.
    #[error("{}:{line}: is not UTF-8 text", path.display())]
    NotUtf8 {
        /// Which file.
        path: PathBuf,
        /// The first line that is not.
        line: usize,
    },
}

/// Why a document was not applied. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Every mistake in it, one a line: file, line, key, and what is wrong.
    #[error("{0}")]
    Document(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the text of an apply file. Blocks.
///
/// # Errors
/// [`FileError`]
pub fn read_file(path: &Path) -> Result<String, FileError> {
    let failed = |source| FileError::Unreadable { path: path.into(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(FileError::TooLarge { path: path.into() });
    }
    String::from_utf8(bytes).map_err(|error| {
        let whole = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..whole].iter().filter(|byte| **byte == b'\n').count();
        FileError::NotUtf8 { path: path.into(), line }
    })
}

/// Reads the document and applies it in one transaction. `file` is for messages.
///
/// # Errors
/// [`ApplyError::Document`] or [`ApplyError::Store`]; then nothing has changed.
pub async fn apply(store: &Store, file: &str, text: &str) -> Result<Changes, ApplyError> {
    let document = read(file, text)?;
    let file = file.to_owned();
    let now = Timestamp::now();
    store.write(move |tx| write_document(tx, &file, &document, now)).await
}

/// [`apply`] inside a transaction of the caller's.
///
/// # Errors
/// [`ApplyError`]; then nothing is to be kept.
pub fn apply_within(tx: &mut Tx<'_>, file: &str, text: &str, now: Timestamp) -> Result<Changes, ApplyError> {
    write_document(tx, file, &read(file, text)?, now)
}

fn write_document(
    tx: &mut Tx<'_>,
    file: &str,
    document: &document::Document,
    now: Timestamp,
) -> Result<Changes, ApplyError> {
    let (changes, mistakes) = write::write(tx, document, now)?;
    if mistakes.is_empty() { Ok(changes) } else { Err(ApplyError::Document(mistakes::told(file, mistakes))) }
}

/// The document, or every mistake in it that can be seen without the database.
fn read(file: &str, text: &str) -> Result<document::Document, ApplyError> {
    let mut place = Place::new(text);
    let document = document::read(&mut place);
    // References are judged only where everything could be read: the rest would be echoes.
    if place.is_clean() {
        references::check(&document, &mut place);
    }
    if place.is_clean() {
        Ok(document)
    } else {
        Err(ApplyError::Document(mistakes::told(file, place.into_mistakes())))
    }
}

#[cfg(test)]
mod tests;
