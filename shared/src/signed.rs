//! Bytes signed by the control plane's order key: how orders and announcements travel and are verified.
//!
//! The signature covers a domain and the bytes as they travel, not a re-serialization: whoever reads
//! verifies first and parses afterwards.

use crate::order::key_id;
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// What travels, in base64 but for the key's name.
pub(crate) struct Signed {
    pub(crate) key_id: String,
    pub(crate) bytes: String,
    pub(crate) signature: String,
}

/// Why signed bytes may not be read.
pub(crate) enum Unverified {
    /// Signed by a key of this name, at most 32 letters and digits of it, which is not among the pinned ones.
    UnknownKey(String),
    /// Not base64, not 64 bytes, or not this key's signature over these bytes.
    BadSignature,
}

/// Signs bytes under a domain, which parts them from everything else that the same key signs.
pub(crate) fn sign(domain: &[u8], bytes: &[u8], key: &SigningKey) -> Signed {
    let signature = key.sign(&[domain, bytes].concat());
    Signed {
        key_id: key_id(&key.verifying_key()),
        bytes: BASE64_STANDARD.encode(bytes),
        signature: BASE64_STANDARD.encode(signature.to_bytes()),
    }
}

/// The bytes, once one of the pinned keys has verified them.
pub(crate) fn verify(
    domain: &[u8],
    pinned: &[VerifyingKey],
    named: &str,
    bytes: &str,
    signature: &str,
) -> Result<Vec<u8>, Unverified> {
    let key = pinned.iter().find(|key| key_id(key) == named).ok_or_else(|| {
        Unverified::UnknownKey(named.chars().filter(char::is_ascii_alphanumeric).take(32).collect())
    })?;
    let bytes = BASE64_STANDARD.decode(bytes).map_err(|_| Unverified::BadSignature)?;
    let signature = BASE64_STANDARD
        .decode(signature)
        .ok()
        .and_then(|raw| Signature::from_slice(&raw).ok())
        .ok_or(Unverified::BadSignature)?;
    key.verify_strict(&[domain, &bytes].concat(), &signature).map_err(|_| Unverified::BadSignature)?;
    Ok(bytes)
}
