//! Files that hold keys: readable by this program's user alone, and always written whole, so that no crash leaves half a
//! change.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::Path,
    time::SystemTime,
};
use zeroize::Zeroizing;

/// Longest file that is read, bytes.
pub(crate) const LONGEST: u64 = 64 * 1024;

/// Why a file gives no keys.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// There is none.
    Absent,
    /// Others may read or change it; its permission bits.
    Exposed(u32),
    /// What the file system said.
    Io(io::Error),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::Absent } else { Self::Io(error) }
    }
}

/// Tells whether a file is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// Of the file that is there now, if any.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::from(&metadata))
    }
}

impl From<&fs::Metadata> for Stamp {
    fn from(metadata: &fs::Metadata) -> Self {
        Self { inode: metadata.ino(), size: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// Reads a file that nobody else may read.
pub(crate) fn read(path: &Path) -> Result<(Zeroizing<String>, Stamp), Unusable> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Unusable::Exposed(mode));
    }
    // Grown once: a text that moves leaves its keys behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok((text, Stamp::from(&metadata)))
}

/// Makes a file with this text, and its directory, unless there is one: whoever made it first made the one that counts.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    let dir = parent(path)?;
    fs::create_dir_all(dir)?;
    match temporary(dir, text)?.persist_noclobber(path) {
        Ok(_) => File::open(dir)?.sync_all(),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

/// Changes a file, one change at a time: `change` reads it and says what it is to be.
pub(crate) fn change<T, E>(
    path: &Path,
    failed: impl Fn(Unusable) -> E,
    change: impl FnOnce() -> Result<(T, Zeroizing<String>), E>,
) -> Result<T, E> {
    let failed = |error: io::Error| failed(error.into());
    let dir = parent(path).map_err(&failed)?;
    let held = File::open(dir).map_err(&failed)?;
    held.lock().map_err(&failed)?;
    let (changed, text) = change()?;
    replace(path, dir, &held, &text).map_err(&failed)?;
    Ok(changed)
}

fn replace(path: &Path, dir: &Path, held: &File, text: &str) -> io::Result<()> {
    // Whoever runs the command, perhaps root, the file stays the one's that `serve` runs as.
    let owner = fs::metadata(path)?;
    let file = temporary(dir, text)?;
    fchown(file.as_file(), Some(owner.uid()), Some(owner.gid()))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    held.sync_all()
}

fn parent(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

fn temporary(dir: &Path, text: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".key")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}
