//! Who this host is: a key that never leaves it, and the keys whose orders it obeys.

mod enrol;
mod pinned;

pub(crate) use enrol::http_twin;
pub use enrol::{EnrolError, Enrolment, enrol};
pub use pinned::{PinError, Pinned};

use crate::config::exposure;
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use shared::{
    ids::PbxId,
    order_keys::OrderKeys,
    protocol::{from_base64, to_base64},
};
use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The private key in `state_dir`, base64, mode 0600.
const KEY_FILE: &str = "identity.key";
/// A new key that the control plane has not accepted yet; until then the old one is this host's.
const NEW_KEY_FILE: &str = "identity.key.new";
/// What the control plane answered when this host was enrolled.
const ENROLMENT_FILE: &str = "enrolment.json";

/// An enrolled host.
#[derive(Clone)]
pub struct Identity {
    /// Proves who it is.
    pub key: SigningKey,
    /// Who the control plane takes it for.
    pub pbx_id: PbxId,
    /// Who it was when it was first enrolled, as far as this is known: whose a journal is that does not say.
    pub of_old: PbxId,
    /// Whose orders it obeys.
    pub pinned: Pinned,
}

/// Never shows the key.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("pbx_id", &self.pbx_id).finish_non_exhaustive()
    }
}

/// Why the identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Never enrolled.
    #[error(
        "{path}: is not there: this host is not enrolled; get a token with `control-plane enroll-token {name}` and run `pbx-agent enroll --control-plane URL --token-file FILE`"
    )]
    NotEnrolled {
        /// What is missing.
        path: PathBuf,
        /// Name in the configuration.
        name: String,
    },
    /// Enrolled under another name.
    #[error(
        "this host was enrolled as {enrolled}, and agent.toml now says {name}; change it back or enrol again"
    )]
    OtherName {
        /// Then.
        enrolled: String,
        /// Now.
        name: String,
    },
    /// Others may read or write the key.
    #[error(
        "{path}: is open to {who}; whoever has the key is this host: chmod 600 {path}, and enrol with --new-key if a stranger may have read it"
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Who.
        who: &'static str,
    },
    /// Others may replace the key, the pinned order keys and the journal.
    #[error("{path}: is writable by {who}; whoever can write it can become this host: chmod go-w {path}")]
    Writable {
        /// `state_dir` or the file of the pinned keys.
        path: PathBuf,
        /// Who.
        who: &'static str,
    },
    /// Damaged.
    #[error("{path}: {why}; enrol again with --new-key")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Could not be written.
    #[error("{path}: cannot be written: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct StoredEnrolment {
    pbx: String,
    pbx_id: PbxId,
    control_plane: String,
    order_keys: Vec<String>,
    #[serde(default)]
    order_keys_generation: u64,
    /// What was stored here before this host was another PBX; absent where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of_old: Option<PbxId>,
}

impl StoredEnrolment {
    fn of_old(&self) -> PbxId {
        self.of_old.unwrap_or(self.pbx_id)
    }
}

impl Identity {
    /// Reads what enrolment left in `state_dir`.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn load(state_dir: &Path, name: &str) -> Result<Self, IdentityError> {
        let path = state_dir.join(ENROLMENT_FILE);
        let bad = |why: String| IdentityError::Unreadable { path: path.clone(), why };
        if !path.exists() {
            return Err(IdentityError::NotEnrolled { path, name: name.to_owned() });
        }
        let text = fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
        for path in [state_dir, &path] {
            if let Some(who) = exposure(path).and_then(|exposure| exposure.writer()) {
                return Err(IdentityError::Writable { path: path.to_owned(), who });
            }
        }
        let stored: StoredEnrolment = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        if stored.pbx != name {
            return Err(IdentityError::OtherName { enrolled: stored.pbx, name: name.to_owned() });
        }
        let keys = order_keys(&stored.order_keys).ok_or_else(|| bad("no usable order key".to_owned()))?;
        let pinned = Pinned::new(state_dir, OrderKeys { generation: stored.order_keys_generation, keys });
        let key = read_key(state_dir)?.ok_or_else(|| IdentityError::NotEnrolled {
            path: state_dir.join(KEY_FILE),
            name: name.to_owned(),
        })?;
        let of_old = stored.of_old();
        Ok(Self { key, pbx_id: stored.pbx_id, of_old, pinned })
    }

    /// Whether `pbx-agent enroll` has made this host another PBX since this was read.
    pub fn is_replaced(&self, state_dir: &Path) -> bool {
        stored_enrolment(state_dir).is_some_and(|stored| stored.pbx_id != self.pbx_id)
    }
}

/// What enrolment left; `None` where there is nothing, or nothing that can be read.
fn stored_enrolment(state_dir: &Path) -> Option<StoredEnrolment> {
    serde_json::from_slice(&fs::read(state_dir.join(ENROLMENT_FILE)).ok()?).ok()
}

/// Creates `state_dir` so that Asterisk's user can reach the prompts below it and nothing else.
///
/// # Errors
/// [`IdentityError::Unwritable`], and [`IdentityError::Writable`] for one that others may write.
pub fn make_state_dir(state_dir: &Path) -> Result<(), IdentityError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(state_dir)
        .map_err(|source| IdentityError::Unwritable { path: state_dir.to_owned(), source })?;
    match exposure(state_dir).and_then(|exposure| exposure.writer()) {
        Some(who) => Err(IdentityError::Writable { path: state_dir.to_owned(), who }),
        None => Ok(()),
    }
}

/// All of them, or `None` when there is none or one is damaged.
fn order_keys(texts: &[String]) -> Option<Vec<VerifyingKey>> {
    let keys: Vec<VerifyingKey> = texts
        .iter()
        .map(|text| VerifyingKey::from_bytes(&from_base64::<32>(text)?).ok())
        .collect::<Option<_>>()?;
    (!keys.is_empty()).then_some(keys)
}

fn read_key(state_dir: &Path) -> Result<Option<SigningKey>, IdentityError> {
    let path = state_dir.join(KEY_FILE);
    let Some(exposure) = exposure(&path) else { return Ok(None) };
    if let Some(who) = exposure.writer().or(exposure.reader()) {
        return Err(IdentityError::Exposed { path, who });
    }
    let bad = |why: &str| IdentityError::Unreadable { path: path.clone(), why: why.to_owned() };
    let text = fs::read_to_string(&path).map(Zeroizing::new).map_err(|error| bad(&error.to_string()))?;
    let seed = from_base64::<32>(text.trim()).map(Zeroizing::new).ok_or_else(|| bad("is not a key"))?;
    Ok(Some(SigningKey::from_bytes(&seed)))
}

fn write_key(path: &Path, key: &SigningKey) -> Result<(), IdentityError> {
    let text = Zeroizing::new(to_base64(&*Zeroizing::new(key.to_bytes())));
    write_whole(path, text.as_bytes(), 0o600)
        .map_err(|source| IdentityError::Unwritable { path: path.to_owned(), source })
}

/// Writes a file whole or not at all, and durably.
fn write_whole(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let dir = directory(path)?;
    let file = temporary(dir, content, mode)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(dir)?.sync_all()
}

/// Writes a file whole or not at all; a crash may undo it.
pub(crate) fn write_unsynced(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    temporary(directory(path)?, content, mode)?.persist(path)?;
    Ok(())
}

fn temporary(dir: &Path, content: &[u8], mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(content)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

fn directory(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::Error::other("has no directory"))
}
