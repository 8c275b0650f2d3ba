//! The keys that sign the tokens of sessions: in a file of the data directory, not in the database, so that whoever holds
//! a backup cannot sign anything.

use super::token::{Key, Keys};
use crate::key_file::{self, Stamp, Unusable};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Name of the file in the data directory.
const FILE: &str = "session.key";
/// Bytes of a key.
const BYTES: usize = 32;
/// The newest signs; tokens that the one before it has signed are good until they end.
const KEPT: usize = 2;
/// How often it is looked whether the file is another one.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum SessionKeyError {
    /// It cannot be read or made.
    #[error("the session key {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Others may read or change it.
    #[error(
        "the session key {} is open to others (mode {mode:o}): remove it, and the next `serve` makes another; whoever is \
         signed in stays so",
        path.display()
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something else.
    #[error("{} does not hold session keys: remove it, and the next `serve` makes another", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
    },
    /// There is nothing to change yet.
    #[error("there is no session key at {} yet: the first `serve` makes it", path.display())]
    Absent {
        /// Which file.
        path: PathBuf,
    },
}

impl SessionKeyError {
    fn of(path: &Path, unusable: Unusable) -> Self {
        let path = path.to_owned();
        match unusable {
            Unusable::Absent => Self::Absent { path },
            Unusable::Exposed(mode) => Self::Exposed { path, mode },
            Unusable::Io(source) => Self::Io { path, source },
        }
    }
}

/// The keys of a running server. Clones share them.
#[derive(Clone)]
pub struct SessionKeys {
    path: Arc<Path>,
    /// Held for a copy, never across an await.
    current: Arc<Mutex<(Arc<Keys>, Stamp)>>,
}

impl SessionKeys {
    /// Reads the keys, and makes one where there is none yet. Blocks for a moment.
    ///
    /// # Errors
    /// [`SessionKeyError`]
    pub fn open(data_dir: &Path) -> Result<Self, SessionKeyError> {
        let path = data_dir.join(FILE);
        let found = match read(&path) {
            Err(SessionKeyError::Absent { .. }) => {
                let text = text(&[line()]);
                let failed = |source| SessionKeyError::Io { path: path.clone(), source };
                key_file::create(&path, &text).map_err(failed)?;
                read(&path)?
            }
            found => found?,
        };
        let (lines, stamp) = found;
        Ok(Self { path: path.into(), current: Arc::new(Mutex::new((keys_of(&lines), stamp))) })
    }

    /// Those that are good now.
    pub fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Follows changes of the file until `stop`.
    pub async fn follow(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
            }
            let keys = self.clone();
            if tokio::task::spawn_blocking(move || keys.reread()).await.is_err() {
                tracing::error!("the session keys could not be looked at");
            }
        }
    }

    fn reread(&self) {
        let seen = self.current.lock().unwrap_or_else(PoisonError::into_inner).1;
        if Stamp::of(&self.path) == Some(seen) {
            return;
        }
        match read(&self.path) {
            Ok((lines, stamp)) => {
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = (keys_of(&lines), stamp);
                tracing::info!("the session keys are other ones now");
            }
            Err(error) => tracing::error!(%error, "the session keys in use stay"),
        }
    }
}

/// Makes a new key that signs from now on; the one before it still verifies. A running `serve` follows within seconds.
/// Blocks for a moment.
///
/// # Errors
/// [`SessionKeyError`]
pub fn rotate(data_dir: &Path) -> Result<(), SessionKeyError> {
    let path = data_dir.join(FILE);
    key_file::change(
        &path,
        |unusable| SessionKeyError::of(&path, unusable),
        || {
            let (mut lines, _) = read(&path)?;
            lines.insert(0, line());
            lines.truncate(KEPT);
            Ok(((), text(&lines)))
        },
    )
}

/// A key's name and its bytes.
type Line = (String, Zeroizing<Vec<u8>>);

fn line() -> Line {
    let (name, bytes): ([u8; 4], [u8; BYTES]) = (rand::random(), rand::random());
    (hex::encode(name), Zeroizing::new(bytes.to_vec()))
}

fn read(path: &Path) -> Result<(Vec<Line>, Stamp), SessionKeyError> {
    let (text, stamp) = key_file::read(path).map_err(|unusable| SessionKeyError::of(path, unusable))?;
    let lines: Option<Vec<Line>> = text
        .lines()
        .map(|line| {
            let (name, bytes) = line.split_once(' ')?;
            let bytes = Zeroizing::new(BASE64_STANDARD.decode(bytes).ok()?);
            (bytes.len() == BYTES).then(|| (name.to_owned(), bytes))
        })
        .collect();
    match lines.filter(|lines| !lines.is_empty()) {
        Some(lines) => Ok((lines, stamp)),
        None => Err(SessionKeyError::Unreadable { path: path.to_owned() }),
    }
}

fn text(lines: &[Line]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(1024));
    for (name, bytes) in lines {
        text.push_str(name);
        text.push(' ');
        text.push_str(&Zeroizing::new(BASE64_STANDARD.encode(&**bytes)));
        text.push('\n');
    }
    text
}

fn keys_of(lines: &[Line]) -> Arc<Keys> {
    Arc::new(Keys::new(lines.iter().map(|(name, bytes)| Key::new(name.clone(), bytes.clone())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::token::Audience;
    use shared::{
        ids::{AccountId, SessionId},
        time::Timestamp,
    };
    use std::{fs, os::unix::fs::PermissionsExt};
    use uuid::Uuid;

    fn token(keys: &SessionKeys) -> String {
        let (session, account) = (SessionId::new(Uuid::nil()), AccountId::new(Uuid::nil()));
        let signed = keys.current().sign(Audience::Portal, session, account, Timestamp::now());
        signed.unwrap().to_string()
    }

    fn is_good(keys: &SessionKeys, token: &str) -> bool {
        keys.current().verify(token, Audience::Portal, Timestamp::now()).is_some()
    }

    #[test]
    fn a_change_of_keys_throws_nobody_out_until_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let keys = SessionKeys::open(dir.path()).unwrap();
        let before = token(&keys);
        assert!(is_good(&SessionKeys::open(dir.path()).unwrap(), &before), "a restart");
        rotate(dir.path()).unwrap();
        keys.reread();
        assert!(is_good(&keys, &before));
        let after = token(&keys);
        rotate(dir.path()).unwrap();
        keys.reread();
        assert!(!is_good(&keys, &before));
        assert!(is_good(&keys, &after));
    }

    #[test]
    fn a_file_that_is_damaged_or_open_to_others_is_refused_and_keys_in_use_stay() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(rotate(dir.path()), Err(SessionKeyError::Absent { .. })));
        let keys = SessionKeys::open(dir.path()).unwrap();
        let token = token(&keys);
        let file = dir.path().join(FILE);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(SessionKeys::open(dir.path()), Err(SessionKeyError::Exposed { mode: 0o644, .. })));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        for damage in ["", "x", "a b\n"] {
            fs::write(&file, damage).unwrap();
            assert!(matches!(SessionKeys::open(dir.path()), Err(SessionKeyError::Unreadable { .. })));
            keys.reread();
            assert!(is_good(&keys, &token));
        }
    }
}
