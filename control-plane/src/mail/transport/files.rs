//! Letters as files, for development: `ID.eml`, for any mail program to open.

use super::{MailError, message::message};
use crate::mail::{decision::Outcome, outbox::Claimed};
use lettre::message::Mailbox;
use std::{
    fs::DirBuilder,
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// A directory for letters.
pub(crate) struct Files {
    dir: PathBuf,
    from: Mailbox,
}

impl Files {
    pub(super) fn new(dir: &Path, from: Mailbox) -> Self {
        Self { dir: dir.into(), from }
    }

    /// Makes the directory where there is none, for this user alone.
    pub(super) fn prepare(&self) -> Result<(), MailError> {
        let failed = |source| MailError::Directory { path: self.dir.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)
    }

    pub(super) fn probe(&self) -> Result<String, String> {
        let dir = self.dir.display();
        if !self.dir.exists() {
            return Ok(format!("letters are written into {dir}, which `serve` makes"));
        }
        match NamedTempFile::new_in(&self.dir) {
            Ok(_) => Ok(format!("letters are written into {dir}")),
            Err(error) => Err(format!("{dir}: cannot be written: {error}")),
        }
    }

    pub(super) async fn send(&self, letter: &Claimed) -> Outcome {
        let bytes = match message(&self.from, letter) {
            Ok(message) => message.formatted(),
            Err(reason) => return Outcome::Refused { reason },
        };
        let (dir, file) = (self.dir.clone(), self.dir.join(format!("{}.eml", letter.id)));
        let written = tokio::task::spawn_blocking(move || write(&dir, &file, &bytes)).await;
        match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(()) => Outcome::Accepted { provider_id: None },
            Err(error) => Outcome::Trouble { reason: error.to_string(), retry_after: None },
        }
    }
}

/// Whole or not at all.
fn write(dir: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut making = NamedTempFile::new_in(dir)?;
    making.write_all(bytes)?;
    making.persist(file)?;
    Ok(())
}
