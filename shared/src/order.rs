//! The dial order: what one attempt is, signed over its exact bytes.
//!
//! The signature covers the bytes as they travel, not a re-serialization: the agent verifies
//! first and parses afterwards, so nothing an attacker wrote is ever interpreted.

use crate::{
    code::Code,
    complaint::complaint,
    ids::{AttemptId, CallId},
    phone::E164,
    severity::Severity,
    signed::{self, Signed, Unverified},
    time::Timestamp,
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Version of the order's own format, inside the signed bytes.
pub const ORDER_VERSION: u32 = 1;
/// Separates an order's signature from every other thing the same key might sign.
const DOMAIN: &[u8] = b"callping order v1\0";

/// One dial order: ring this phone once, over this trunk, before this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// [`ORDER_VERSION`].
    pub version: u32,
    /// The attempt; also the channel id in Asterisk.
    pub attempt_id: AttemptId,
    /// The call it belongs to, for the agent's log.
    pub call_id: CallId,
    /// Name of the only PBX that may obey it.
    pub pbx: String,
    /// Name of the trunk in that PBX's configuration.
    pub trunk: String,
    /// Whom to ring.
    pub to: E164,
    /// How long it may ring, seconds.
    pub ring_seconds: u16,
    /// How long a conversation may last, seconds.
    pub talk_seconds: u16,
    /// When the control plane made it, on its clock.
    pub issued_at: Timestamp,
    /// After this moment, on the control plane's clock, nobody may start it.
    pub expires_at: Timestamp,
    /// What the callee hears.
    pub prompt: Prompt,
}

/// What the callee hears: an alert, with its own text only where both sides allow it; or a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Spoken first.
    pub severity: Severity,
    /// Name of the project.
    pub project: String,
    /// BCP 47 tag of the callee's language, such as `en` or `uk`.
    pub language: String,
    /// The alert's message, where the project sends it; spoken only where the host allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Spoken digit by digit, and nothing of the alert then. An older agent refuses the whole order,
    /// because it denies fields that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// An order as it travels.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOrder {
    /// Which of the pinned keys signed it: [`key_id`] of its public half.
    pub key_id: String,
    /// Base64 of the exact bytes that were signed.
    pub order: String,
    /// Base64 of the Ed25519 signature over the domain and those bytes.
    pub signature: String,
}

/// Without the order: whoever decodes base64 would read a number or a code in it.
impl fmt::Debug for SignedOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedOrder").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Why a signed order could not be opened. None of these may be obeyed, whatever it says inside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The key that signed it is not among the pinned ones.
    #[error(
        "signed by key {0}, which is not pinned on this host; enrol it again if the control plane's key was replaced"
    )]
    UnknownKey(String),
    /// Not base64, not 64 bytes, or not this key's signature over these bytes.
    #[error("the signature does not match the order's bytes")]
    BadSignature,
    /// Verified, but not an order this version reads.
    #[error("the signed bytes are not an order this version reads: {0}")]
    Unreadable(String),
}

impl From<Unverified> for OrderError {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::UnknownKey(key_id) => Self::UnknownKey(key_id),
            Unverified::BadSignature => Self::BadSignature,
        }
    }
}

impl Order {
    /// Signs the order for the road.
    pub fn sign(&self, key: &SigningKey) -> SignedOrder {
        #[expect(clippy::expect_used, reason = "an order has no map with keys that are not strings")]
        let bytes = serde_json::to_vec(self).expect("an order serializes");
        let Signed { key_id, bytes, signature } = signed::sign(DOMAIN, &bytes, key);
        SignedOrder { key_id, order: bytes, signature }
    }
}

impl SignedOrder {
    /// Verifies with one of the pinned keys, then reads.
    ///
    /// # Errors
    /// [`OrderError`]; its text holds names from inside the order, but no value.
    pub fn open(&self, pinned: &[VerifyingKey]) -> Result<Order, OrderError> {
        let bytes = signed::verify(DOMAIN, pinned, &self.key_id, &self.order, &self.signature)?;
        let order: Order =
            serde_json::from_slice(&bytes).map_err(|error| OrderError::Unreadable(complaint(&error)))?;
        if order.version == ORDER_VERSION {
            Ok(order)
        } else {
            Err(OrderError::Unreadable(format!("version {}", order.version)))
        }
    }
}

/// Name of a public key: the first 16 hex digits of its SHA-256.
pub fn key_id(key: &VerifyingKey) -> String {
    hex::encode(&Sha256::digest(key.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn order() -> Order {
        Order {
            version: ORDER_VERSION,
            attempt_id: AttemptId::new(Uuid::from_u128(1)),
            call_id: CallId::new(Uuid::from_u128(2)),
            pbx: "pbx-1".into(),
            trunk: "a".into(),
            to: "+380501234567".parse().unwrap(),
            ring_seconds: 30,
            talk_seconds: 120,
            issued_at: Timestamp::from_micros(1),
            expires_at: Timestamp::from_micros(2),
            prompt: Prompt {
                severity: Severity::Critical,
                project: "Shop".into(),
                language: "en".into(),
                message: None,
                code: None,
            },
        }
    }

    /// An order that speaks a code.
    fn verifying() -> Order {
        let prompt = Prompt { code: Some(Code::of(987_321)), ..order().prompt };
        Order { prompt, ..order() }
    }

    #[test]
    fn an_order_signed_by_a_pinned_key_opens_to_itself() {
        let signed = order().sign(&key(1));
        assert_eq!(signed.open(&[key(2).verifying_key(), key(1).verifying_key()]), Ok(order()));
    }

    #[test]
    fn a_stranger_is_not_obeyed_even_under_a_borrowed_key_name() {
        let mut forged = order().sign(&key(9));
        assert!(matches!(forged.open(&[key(1).verifying_key()]), Err(OrderError::UnknownKey(_))));
        forged.key_id = key_id(&key(1).verifying_key());
        assert_eq!(forged.open(&[key(1).verifying_key()]), Err(OrderError::BadSignature));
    }

    #[test]
    fn the_bytes_of_an_alerts_order_are_those_that_older_agents_know() {
        let bytes = BASE64_STANDARD.decode(order().sign(&key(1)).order).unwrap();
        let prompt = r#""prompt":{"severity":"critical","project":"Shop","language":"en"}}"#;
        assert!(String::from_utf8(bytes).unwrap().ends_with(prompt));
    }

    #[test]
    fn a_code_travels_in_the_order_and_is_shown_nowhere() {
        let signed = verifying().sign(&key(1));
        assert_eq!(signed.open(&[key(1).verifying_key()]), Ok(verifying()));
        for shown in [format!("{:?}", verifying()), format!("{signed:?}")] {
            assert!(!shown.contains("987321") && !shown.contains(&signed.order), "{shown}");
        }
    }

    #[test]
    fn an_agent_that_knows_no_codes_refuses_an_order_with_one() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct OlderPrompt {
            severity: Severity,
            project: String,
            language: String,
            #[serde(default)]
            message: Option<String>,
        }
        let prompt = serde_json::to_string(&verifying().prompt).unwrap();
        let refused = serde_json::from_str::<OlderPrompt>(&prompt).unwrap_err().to_string();
        assert!(refused.contains("unknown field `code`") && !refused.contains("987321"), "{refused}");
    }

    proptest! {
        #[test]
        fn an_order_altered_in_any_byte_is_refused(at in 0usize..4096, flip in 1u8..=255) {
            let mut signed = order().sign(&key(1));
            let mut bytes = BASE64_STANDARD.decode(&signed.order).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            signed.order = BASE64_STANDARD.encode(bytes);
            prop_assert_eq!(signed.open(&[key(1).verifying_key()]), Err(OrderError::BadSignature));
        }

        #[test]
        fn no_text_in_the_envelope_panics(order in "\\PC{0,80}", signature in "\\PC{0,80}", key_name in "\\PC{0,80}") {
            let signed = SignedOrder { key_id: key_name, order, signature };
            prop_assert!(signed.open(&[key(1).verifying_key()]).is_err());
        }
    }
}
