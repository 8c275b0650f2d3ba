//! The keys that sign orders, and how one takes the place of another.
//!
//! All in one file, readable by this program's user alone and always written whole, so that no crash
//! leaves half a change: the seed of the key, then, one a line, `next` and the seed of the key that is
//! to follow, `generation`, and every change as it was `announced`, so that a host that was away can
//! follow them one by one.

use crate::key_file::{self, LONGEST, Stamp, Unusable};
use ed25519_dalek::{SigningKey, VerifyingKey};
use shared::{
    order::key_id,
    order_keys::{OrderKeys, SignedOrderKeys},
    protocol::{MAX_ANNOUNCEMENTS, encode, from_base64, to_base64},
};
use std::{
    io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Name of the file in the data directory.
const FILE: &str = "order-signing.key";
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

impl KeyError {
    fn of(path: PathBuf, unusable: Unusable) -> Self {
        match unusable {
            Unusable::Absent => Self::Absent { path },
            Unusable::Exposed(mode) => Self::Exposed { path, mode },
            Unusable::Io(source) => Self::Io { path, source },
        }
    }
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
            let seed: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
            let text = Zeroizing::new(format!("{}\n", to_base64(&*seed)));
            key_file::create(path, &text).map_err(|source| KeyError::Io { path: path.clone(), source })?;
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
        (Stamp::of(&data_dir.join(FILE)) != seen).then(|| Self::read(data_dir))
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
        let (text, stamp) = key_file::read(&path).map_err(|unusable| KeyError::of(path.clone(), unusable))?;
        let keyring = Self::parse(&text).ok_or(KeyError::Unreadable { path })?;
        Ok((keyring, Some(stamp)))
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
    let failed = |unusable| KeyError::of(path.clone(), unusable);
    key_file::change(&path, failed, || {
        let (mut keyring, _) = Keyring::read(data_dir)?;
        let changed = change(&mut keyring)?;
        Ok((changed, keyring.text()))
    })
}

#[cfg(test)]
mod tests;
