//! Which keys sign orders, as the control plane announces it to hosts that pin another set.
//!
//! An announcement is signed by a key that the host pins already, over its exact bytes and under a
//! domain of its own, so that no order is ever taken for one. Its generation only rises: an old
//! announcement cannot bring back a key that was retired.

use crate::{
    protocol::{from_base64, to_base64},
    signed::{self, Signed, Unverified},
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// Separates an announcement's signature from every other thing the same key signs.
const DOMAIN: &[u8] = b"callping order keys v1\0";
/// Keys that may be valid at once: the old one and the new one, during a change.
const MOST_KEYS: usize = 2;

/// The keys whose orders a host obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderKeys {
    /// Rises with every change; 0 before the first one.
    pub generation: u64,
    /// One, or two during a change.
    pub keys: Vec<VerifyingKey>,
}

/// An announcement as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOrderKeys {
    /// Which of the pinned keys signed it: [`key_id`](crate::order::key_id) of its public half.
    pub key_id: String,
    /// Base64 of the exact bytes that were signed.
    pub keys: String,
    /// Base64 of the Ed25519 signature over the domain and those bytes.
    pub signature: String,
}

/// Why an announcement changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderKeysError {
    /// Signed by a key that is not pinned.
    #[error(
        "order keys are announced by key {0}, which is not pinned on this host; enrol it again if the control \
         plane's key was replaced"
    )]
    UnknownKey(String),
    /// Not this key's signature over these bytes.
    #[error("the signature does not match the announced order keys")]
    BadSignature,
    /// Verified, but not what this version reads.
    #[error("the signed bytes do not announce one or two order keys")]
    Unreadable,
}

impl From<Unverified> for OrderKeysError {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::UnknownKey(key_id) => Self::UnknownKey(key_id),
            Unverified::BadSignature => Self::BadSignature,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    generation: u64,
    keys: Vec<String>,
}

impl OrderKeys {
    /// Signs the announcement for the road.
    pub fn sign(&self, key: &SigningKey) -> SignedOrderKeys {
        let keys = self.keys.iter().map(|key| to_base64(key.as_bytes())).collect();
        #[expect(clippy::expect_used, reason = "numbers and texts alone")]
        let bytes = serde_json::to_vec(&Text { generation: self.generation, keys }).expect("it serializes");
        let Signed { key_id, bytes, signature } = signed::sign(DOMAIN, &bytes, key);
        SignedOrderKeys { key_id, keys: bytes, signature }
    }

    /// What a host pins after these announcements, oldest first: each must be signed by a key that is
    /// pinned when its turn comes. Those that are not newer change nothing; `None` where none is.
    ///
    /// # Errors
    /// [`OrderKeysError`] of the first newer one that cannot be believed; then nothing may be changed.
    pub fn after(&self, announced: &[SignedOrderKeys]) -> Result<Option<Self>, OrderKeysError> {
        let mut newest: Option<Self> = None;
        let mut unknown = None;
        for signed in announced {
            let pinned = newest.as_ref().unwrap_or(self);
            match signed.open(&pinned.keys) {
                Ok(keys) if keys.generation > pinned.generation => {
                    newest = Some(keys);
                    unknown = None;
                }
                Ok(_) => unknown = None,
                // From before the keys that are pinned now, if one follows that is not.
                Err(error @ OrderKeysError::UnknownKey(_)) => unknown = Some(error),
                Err(error) => return Err(error),
            }
        }
        match unknown {
            Some(error) => Err(error),
            None => Ok(newest),
        }
    }
}

impl SignedOrderKeys {
    /// Verifies with one of the pinned keys, then reads.
    ///
    /// # Errors
    /// [`OrderKeysError`]
    pub fn open(&self, pinned: &[VerifyingKey]) -> Result<OrderKeys, OrderKeysError> {
        let bytes = signed::verify(DOMAIN, pinned, &self.key_id, &self.keys, &self.signature)?;
        let text: Text = serde_json::from_slice(&bytes).map_err(|_| OrderKeysError::Unreadable)?;
        let keys: Option<Vec<_>> =
            text.keys.iter().map(|key| VerifyingKey::from_bytes(&from_base64(key)?).ok()).collect();
        match keys {
            Some(keys) if (1..=MOST_KEYS).contains(&keys.len()) => {
                Ok(OrderKeys { generation: text.generation, keys })
            }
            Some(_) | None => Err(OrderKeysError::Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::key_id;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use ed25519_dalek::Signer;
    use proptest::prelude::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn keys(generation: u64, seeds: &[u8]) -> OrderKeys {
        OrderKeys { generation, keys: seeds.iter().map(|seed| key(*seed).verifying_key()).collect() }
    }

    /// Two changes from key 1 over key 2 to key 3, as the control plane keeps them.
    fn changes() -> [SignedOrderKeys; 4] {
        [
            keys(1, &[1, 2]).sign(&key(1)),
            keys(2, &[2]).sign(&key(2)),
            keys(3, &[2, 3]).sign(&key(2)),
            keys(4, &[3]).sign(&key(3)),
        ]
    }

    #[test]
    fn a_host_follows_every_change_from_wherever_it_was() {
        let changes = changes();
        assert_eq!(keys(0, &[1]).after(&changes[..1]), Ok(Some(keys(1, &[1, 2]))));
        for pinned in [keys(0, &[1]), keys(1, &[1, 2]), keys(2, &[2]), keys(3, &[2, 3])] {
            assert_eq!(pinned.after(&changes), Ok(Some(keys(4, &[3]))), "{pinned:?}");
        }
    }

    #[test]
    fn an_announcement_that_is_not_newer_changes_nothing() {
        let changes = changes();
        assert_eq!(keys(1, &[1, 2]).after(&changes[..1]), Ok(None));
        assert_eq!(keys(3, &[2, 3]).after(&changes[1..3]), Ok(None));
        assert_eq!(keys(4, &[3]).after(&changes), Ok(None));
        // Played back: key 1 is signed for by key 1, which is pinned no more.
        let replayed = keys(2, &[2]).after(&changes[..1]);
        assert!(matches!(replayed, Err(OrderKeysError::UnknownKey(_))), "{replayed:?}");
        assert_eq!(keys(5, &[2]).after(&changes[1..3]), Ok(None));
    }

    #[test]
    fn a_stranger_announces_nothing() {
        let forged = keys(1, &[1, 9]).sign(&key(9));
        assert!(matches!(
            keys(0, &[1]).after(std::slice::from_ref(&forged)),
            Err(OrderKeysError::UnknownKey(_))
        ));
        let borrowed = SignedOrderKeys { key_id: key_id(&key(1).verifying_key()), ..forged };
        assert_eq!(keys(0, &[1]).after(&[borrowed]), Err(OrderKeysError::BadSignature));
        let genuine = keys(1, &[1, 2]).sign(&key(1));
        let altered = SignedOrderKeys { keys: keys(1, &[1, 9]).sign(&key(1)).keys, ..genuine };
        assert_eq!(keys(0, &[1]).after(&[altered]), Err(OrderKeysError::BadSignature));
    }

    #[test]
    fn what_is_signed_for_another_purpose_announces_nothing() {
        let bytes = br#"{"generation":1,"keys":[]}"#;
        let elsewhere = key(1).sign(&[&b"callping order v1\0"[..], bytes].concat());
        let signed = SignedOrderKeys {
            key_id: key_id(&key(1).verifying_key()),
            keys: BASE64_STANDARD.encode(bytes),
            signature: to_base64(&elsewhere.to_bytes()),
        };
        assert_eq!(keys(0, &[1]).after(&[signed]), Err(OrderKeysError::BadSignature));
    }

    #[test]
    fn no_key_and_too_many_are_announced_by_nobody() {
        for seeds in [&[][..], &[1, 2, 3]] {
            let signed = keys(1, seeds).sign(&key(1));
            assert_eq!(keys(0, &[1]).after(&[signed]), Err(OrderKeysError::Unreadable));
        }
    }

    proptest! {
        #[test]
        fn an_announcement_altered_in_any_byte_is_refused(at in 0usize..4096, flip in 1u8..=255) {
            let mut signed = keys(1, &[1, 2]).sign(&key(1));
            let mut bytes = BASE64_STANDARD.decode(&signed.keys).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            signed.keys = BASE64_STANDARD.encode(bytes);
            prop_assert_eq!(keys(0, &[1]).after(&[signed]), Err(OrderKeysError::BadSignature));
        }

        #[test]
        fn no_text_in_the_envelope_panics(keys_text in "\\PC{0,80}", signature in "\\PC{0,80}", name in "\\PC{0,80}") {
            let signed = SignedOrderKeys { key_id: name, keys: keys_text, signature };
            prop_assert!(keys(0, &[1]).after(&[signed]).is_err());
        }
    }
}
