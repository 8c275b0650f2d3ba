//! The keys whose orders this host obeys, and how the control plane changes them.

use super::{ENROLMENT_FILE, StoredEnrolment, write_whole};
use ed25519_dalek::VerifyingKey;
use shared::{
    order::key_id,
    order_keys::{OrderKeys, OrderKeysError, SignedOrderKeys},
    protocol::to_base64,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The pinned keys: on disk first, then in force. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pinned {
    path: Arc<PathBuf>,
    /// Held for a look, or for the one writer's exchange.
    keys: Arc<Mutex<OrderKeys>>,
}

/// Why the pinned keys stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The announcement cannot be believed.
    #[error(transparent)]
    Announcement(#[from] OrderKeysError),
    /// It could not be stored.
    #[error("{path}: cannot be rewritten with new order keys: {source}")]
    Unwritable {
        /// The file of the pinned keys.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `pbx-agent enroll` has replaced what this process works with.
    #[error("{path}: this host was enrolled anew meanwhile: restart pbx-agent")]
    EnrolledAnew {
        /// The file of the pinned keys.
        path: PathBuf,
    },
}

impl Pinned {
    pub(super) fn new(state_dir: &Path, keys: OrderKeys) -> Self {
        Self { path: Arc::new(state_dir.join(ENROLMENT_FILE)), keys: Arc::new(Mutex::new(keys)) }
    }

    /// Whose orders are obeyed at this moment.
    pub fn keys(&self) -> Vec<VerifyingKey> {
        self.current().keys
    }

    /// Ids of these keys, as the control plane and a person know them.
    pub fn ids(&self) -> Vec<String> {
        self.keys().iter().map(key_id).collect()
    }

    /// Follows announcements, oldest first: whether they have changed anything. What they say is on disk
    /// before it counts. Blocks for a moment.
    ///
    /// # Errors
    /// [`PinError`]; then the keys are those from before.
    pub fn follow(&self, announced: &[SignedOrderKeys]) -> Result<bool, PinError> {
        let before = self.current();
        let Some(newer) = before.after(announced)? else { return Ok(false) };
        self.store(&before, &newer)?;
        tracing::warn!(
            generation = newer.generation,
            keys = ?newer.keys.iter().map(key_id).collect::<Vec<_>>(),
            "the control plane has changed the keys whose orders this host obeys"
        );
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = newer;
        Ok(true)
    }

    fn current(&self) -> OrderKeys {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store(&self, before: &OrderKeys, newer: &OrderKeys) -> Result<(), PinError> {
        let path = self.path.as_path();
        let unwritable = |source| PinError::Unwritable { path: path.to_owned(), source };
        let text = fs::read(path).map_err(unwritable)?;
        let mut stored: StoredEnrolment =
            serde_json::from_slice(&text).map_err(|error| unwritable(error.into()))?;
        if (stored.order_keys_generation, &stored.order_keys) != (before.generation, &texts(before)) {
            return Err(PinError::EnrolledAnew { path: path.to_owned() });
        }
        (stored.order_keys_generation, stored.order_keys) = (newer.generation, texts(newer));
        let text = serde_json::to_vec_pretty(&stored).map_err(|error| unwritable(error.into()))?;
        write_whole(path, &text, 0o644).map_err(unwritable)
    }
}

fn texts(keys: &OrderKeys) -> Vec<String> {
    keys.keys.iter().map(|key| to_base64(key.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use shared::ids::PbxId;
    use uuid::Uuid;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn keys(generation: u64, seeds: &[u8]) -> OrderKeys {
        OrderKeys { generation, keys: seeds.iter().map(|seed| key(*seed).verifying_key()).collect() }
    }

    fn enrolled(state_dir: &Path, keys: &OrderKeys) -> Pinned {
        let stored = StoredEnrolment {
            pbx: "pbx-1".into(),
            pbx_id: PbxId::new(Uuid::from_u128(1)),
            control_plane: "wss://cp.example.com".into(),
            order_keys: texts(keys),
            order_keys_generation: keys.generation,
            of_old: None,
        };
        fs::write(state_dir.join(ENROLMENT_FILE), serde_json::to_vec(&stored).unwrap()).unwrap();
        Pinned::new(state_dir, keys.clone())
    }

    fn on_disk(state_dir: &Path) -> StoredEnrolment {
        serde_json::from_slice(&fs::read(state_dir.join(ENROLMENT_FILE)).unwrap()).unwrap()
    }

    #[test]
    fn a_change_is_on_disk_before_it_counts_and_is_followed_once() {
        let dir = tempfile::tempdir().unwrap();
        let pinned = enrolled(dir.path(), &keys(0, &[1]));
        let change = [keys(1, &[1, 2]).sign(&key(1)), keys(2, &[2]).sign(&key(2))];
        assert!(pinned.follow(&change[..1]).unwrap());
        assert_eq!(
            (on_disk(dir.path()).order_keys, pinned.keys()),
            (texts(&keys(1, &[1, 2])), keys(1, &[1, 2]).keys)
        );
        assert!(pinned.follow(&change).unwrap());
        assert_eq!((on_disk(dir.path()).order_keys_generation, pinned.keys()), (2, keys(2, &[2]).keys));
        assert!(!pinned.follow(&change).unwrap());
        assert_eq!(on_disk(dir.path()).control_plane, "wss://cp.example.com");
        // Played back on its own, it does not bring the old key back.
        assert!(matches!(pinned.follow(&change[..1]), Err(PinError::Announcement(_))));
        assert_eq!(pinned.keys(), keys(2, &[2]).keys);
    }

    #[test]
    fn what_cannot_be_stored_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let pinned = enrolled(dir.path(), &keys(0, &[1]));
        let change = [keys(1, &[1, 2]).sign(&key(1))];
        enrolled(dir.path(), &keys(0, &[3]));
        assert!(matches!(pinned.follow(&change), Err(PinError::EnrolledAnew { .. })));
        fs::remove_file(dir.path().join(ENROLMENT_FILE)).unwrap();
        assert!(matches!(pinned.follow(&change), Err(PinError::Unwritable { .. })));
        assert_eq!(pinned.keys(), keys(0, &[1]).keys);
    }
}
