//! The keys that sign orders, and how one takes the place of another.
//!
//! All in one file, readable by this program's user alone and always written whole, so that no crash
//! leaves half a change: the seed of the key, then, one a line, `next` and the seed of the key that is
//! to follow, `generation`, and every change as it was `announced`, so that a host that was away can
//! follow them one by one.

use ed25519_dalek::{SigningKey, VerifyingKey};
use shared::{
    order::key_id,
    order_keys::{OrderKeys, SignedOrderKeys},
    protocol::{MAX_ANNOUNCEMENTS, encode, from_base64, to_base64},
};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    time::SystemTime,
};
use zeroize::Zeroizing;

/// Name of the file in the data directory.
const FILE: &str = "order-signing.key";
/// Bytes; two seeds and the announcements are a third of it.
const LONGEST: u64 = 64 * 1024;

/// What is wrong with the key file.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or made.
    #[error("the order-signing key {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Others may read or change it.
    #[error(
        "the order-signing key {} is open to others (mode {mode:o}): if nobody can have read it, run \
         `chmod 600` on it; otherwise remove it and enrol every PBX again",
        path.display()
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something else.
    #[error(
        "{} does not hold an order-signing key: restore it from a backup, or remove it and enrol every PBX again",
        path.display()
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
    },
    /// There is nothing to change yet.
    #[error("there is no order-signing key at {} yet: the first `serve` makes it", path.display())]
    Absent {
        /// Which file.
        path: PathBuf,
    },
    /// One change at a time: a host pins two keys at most.
    #[error(
        "the order-signing key is being changed already (from {current} to {next}): end that first with \
         `control-plane retire-order-key`"
    )]
    Changing {
        /// Signs for hosts that have not confirmed the other.
        current: String,
        /// Is to take its place.
        next: String,
    },
    /// There is only one key.
    #[error(
        "there is one order-signing key, {current}, and none to take its place: begin with `control-plane rotate-order-key`"
    )]
    NotChanging {
        /// That key.
        current: String,
    },
}

/// The keys that sign orders.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Keyring {
    current: SigningKey,
    next: Option<SigningKey>,
    generation: u64,
    /// Every change, oldest first.
    announced: Vec<SignedOrderKeys>,
}

/// Tells whether a file is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    modified: Option<SystemTime>,
}

/// Ids of the two keys of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The one that goes.
    pub old: String,
    /// The one that stays.
    pub new: String,
}

/// Makes a key that is to take the place of the one that signs orders. Both are good until
/// [`retire_order_key`]; a running `serve` tells the hosts within a second or two, and signs with the
/// new one for those that have confirmed that they pin it. Blocks for a moment.
///
/// # Errors
/// [`KeyError`]
pub fn rotate_order_key(data_dir: &Path) -> Result<KeyChange, KeyError> {
    change(data_dir, |keyring| {
        let old = key_id(&keyring.current.verifying_key());
        if let Some(next) = &keyring.next {
            return Err(KeyError::Changing { current: old, next: key_id(&next.verifying_key()) });
        }
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
        let next = SigningKey::from_bytes(&seed);
        let new = key_id(&next.verifying_key());
        keyring.next = Some(next);
        keyring.announce(|keyring| keyring.current.clone());
        Ok(KeyChange { old, new })
    })
}

/// Ends the change that [`rotate_order_key`] began: the old key is removed and hosts drop it. A host
/// that was away meanwhile follows both steps when it comes back. Blocks for a moment.
///
/// # Errors
/// [`KeyError`]
pub fn retire_order_key(data_dir: &Path) -> Result<KeyChange, KeyError> {
    change(data_dir, |keyring| {
        let old = key_id(&keyring.current.verifying_key());
        let Some(next) = keyring.next.take() else { return Err(KeyError::NotChanging { current: old }) };
        let new = key_id(&next.verifying_key());
        keyring.current = next;
        keyring.announce(|keyring| keyring.current.clone());
        Ok(KeyChange { old, new })
    })
}

/// Where the key that signs orders is, once read and found good; `None` where none was made yet.
///
/// # Errors
/// [`KeyError`]
pub fn order_key_file(data_dir: &Path) -> Result<Option<PathBuf>, KeyError> {
    match Keyring::read(data_dir) {
        Ok(_) => Ok(Some(data_dir.join(FILE))),
        Err(KeyError::Absent { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Keyring {
    /// Reads the keys, and makes one where there is none yet. Blocks for a moment.
    pub(super) fn open(data_dir: &Path) -> Result<(Self, Option<Stamp>), KeyError> {
        let found = Self::read(data_dir);
        if let Err(KeyError::Absent { path }) = &found {
            make(data_dir, path).map_err(|source| KeyError::Io { path: path.clone(), source })?;
            // Whoever made it first, if two programs started together, made the one that counts.
            return Self::read(data_dir);
        }
        found
    }

    /// Reads the keys again where the file is not the one of this stamp.
    pub(super) fn reread(
        data_dir: &Path,
        seen: Option<Stamp>,
    ) -> Option<Result<(Self, Option<Stamp>), KeyError>> {
        (stamp(data_dir) != seen).then(|| Self::read(data_dir))
    }

    /// What is public of them.
    pub(super) fn public(&self) -> OrderKeys {
        let keys = [Some(&self.current), self.next.as_ref()];
        let keys: Vec<VerifyingKey> = keys.into_iter().flatten().map(SigningKey::verifying_key).collect();
        OrderKeys { generation: self.generation, keys }
    }

    /// Every change, oldest first.
    pub(super) fn announced(&self) -> &[SignedOrderKeys] {
        &self.announced
    }

    /// The newest key that a host pins for certain, given what it has confirmed.
    pub(super) fn signer(&self, confirmed: impl Fn(&str) -> bool) -> &SigningKey {
        match &self.next {
            Some(next) if confirmed(&key_id(&next.verifying_key())) => next,
            Some(_) | None => &self.current,
        }
    }

    fn read(data_dir: &Path) -> Result<(Self, Option<Stamp>), KeyError> {
        let path = data_dir.join(FILE);
        let failed = |source: io::Error| match source.kind() == io::ErrorKind::NotFound {
            true => KeyError::Absent { path: path.clone() },
            false => KeyError::Io { path: path.clone(), source },
        };
        let file = File::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed { path, mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
        let keyring = Self::parse(&text).ok_or(KeyError::Unreadable { path })?;
        Ok((keyring, Some(Stamp::of(&metadata))))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let current = key(lines.next()?)?;
        let mut keyring = Self { current, next: None, generation: 0, announced: Vec::new() };
        for line in lines {
            match line.split_once(' ')? {
                ("next", seed) => keyring.next = Some(key(seed)?),
                ("generation", number) => keyring.generation = number.parse().ok()?,
                ("announced", signed) => keyring.announced.push(serde_json::from_str(signed).ok()?),
                _ => return None,
            }
        }
        Some(keyring)
    }

    fn text(&self) -> Zeroizing<String> {
        let seed = |key: &SigningKey| Zeroizing::new(to_base64(&*Zeroizing::new(key.to_bytes())));
        // Grown once: a text that moves leaves its seeds behind.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
        text.push_str(&seed(&self.current));
        text.push('\n');
        if let Some(next) = &self.next {
            text.push_str("next ");
            text.push_str(&seed(next));
            text.push('\n');
        }
        if self.generation > 0 {
            text.push_str(&format!("generation {}\n", self.generation));
        }
        for signed in &self.announced {
            text.push_str(&format!("announced {}\n", encode(signed)));
        }
        text
    }

    fn announce(&mut self, signer: impl FnOnce(&Self) -> SigningKey) {
        self.generation += 1;
        let signed = self.public().sign(&signer(self));
        if self.announced.len() >= MAX_ANNOUNCEMENTS {
            self.announced.remove(0);
        }
        self.announced.push(signed);
    }
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { inode: metadata.ino(), size: metadata.len(), modified: metadata.modified().ok() }
    }
}

fn stamp(data_dir: &Path) -> Option<Stamp> {
    fs::metadata(data_dir.join(FILE)).ok().map(|metadata| Stamp::of(&metadata))
}

fn key(seed: &str) -> Option<SigningKey> {
    let seed = Zeroizing::new(from_base64(seed.trim_end())?);
    Some(SigningKey::from_bytes(&seed))
}

/// One change at a time, and each whole or not at all.
fn change(
    data_dir: &Path,
    change: impl FnOnce(&mut Keyring) -> Result<KeyChange, KeyError>,
) -> Result<KeyChange, KeyError> {
    let path = data_dir.join(FILE);
    let failed = |source| KeyError::Io { path: path.clone(), source };
    let absent = |source: io::Error| match source.kind() == io::ErrorKind::NotFound {
        true => KeyError::Absent { path: path.clone() },
        false => failed(source),
    };
    let dir = File::open(data_dir).map_err(absent)?;
    dir.lock().map_err(failed)?;
    let (mut keyring, _) = Keyring::read(data_dir)?;
    let changed = change(&mut keyring)?;
    // Whoever runs the command, perhaps root, the file stays the one's that `serve` runs as.
    let owner = fs::metadata(&path).map_err(failed)?;
    let file = temporary(data_dir, &keyring.text()).map_err(failed)?;
    fchown(file.as_file(), Some(owner.uid()), Some(owner.gid())).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    dir.sync_all().map_err(failed)?;
    Ok(changed)
}

/// Whole or not at all: a temporary file, synced, then given its name unless that is taken.
fn make(data_dir: &Path, path: &Path) -> io::Result<()> {
    fs::create_dir_all(data_dir)?;
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
    let text = Zeroizing::new(format!("{}\n", to_base64(&*seed)));
    match temporary(data_dir, &text)?.persist_noclobber(path) {
        Ok(_) => File::open(data_dir)?.sync_all(),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

fn temporary(data_dir: &Path, text: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".order-signing")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(data_dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests;
