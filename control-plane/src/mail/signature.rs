//! Signatures of the provider's events, as Svix makes them for Resend: HMAC-SHA256 over id, time and body.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::time::Timestamp;
use std::{fmt, str::FromStr, time::Duration};
use zeroize::Zeroizing;

/// What stands before the secret.
const PREFIX: &str = "whsec_";
/// What stands before each signature of this kind.
const VERSION: &str = "v1,";
/// An event may be so old, or so much from the future.
const TOLERANCE: Duration = Duration::from_secs(300);
/// Signatures that are looked at; there are two while the secret changes.
const MOST_SIGNATURES: usize = 16;
/// Shortest secret that protects anything, bytes. Svix makes 24.
const SHORTEST: usize = 16;

/// The secret that events are signed with.
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// The text is not such a secret. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("holds no signing secret of a webhook; it begins with whsec_, and the provider's page shows it")]
pub struct NotASecret;

/// Why an event is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// Its time is no number.
    #[error("svix-timestamp is no time in seconds since 1970")]
    Time,
    /// It is too old, or from the future: it may have been captured.
    #[error("svix-timestamp is more than five minutes away from now")]
    Stale,
    /// None of its signatures is right.
    #[error("no signature in svix-signature is right: is it the secret of this webhook?")]
    Wrong,
}

/// A request as it was signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `svix-id`
    pub id: &'a str,
    /// `svix-timestamp`, seconds since 1970.
    pub timestamp: &'a str,
    /// `svix-signature`: one or more, each as `v1,BASE64`, with spaces between.
    pub signatures: &'a str,
    /// The body, as it came.
    pub body: &'a [u8],
}

impl FromStr for WebhookSecret {
    type Err = NotASecret;

    fn from_str(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(NotASecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| NotASecret)?;
        if bytes.len() < SHORTEST { Err(NotASecret) } else { Ok(Self(Zeroizing::new(bytes))) }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}

impl WebhookSecret {
    /// Whether a request was signed with this secret within the last five minutes; compared in constant time.
    ///
    /// # Errors
    /// [`BadSignature`]
    pub fn verify(&self, signed: Signed<'_>, now: Timestamp) -> Result<(), BadSignature> {
        let seconds: i64 = signed.timestamp.parse().map_err(|_| BadSignature::Time)?;
        let at = Timestamp::from_micros(seconds.checked_mul(1_000_000).ok_or(BadSignature::Time)?);
        if now.since(at) > TOLERANCE || at.since(now) > TOLERANCE {
            return Err(BadSignature::Stale);
        }
        let given = signed.signatures.split(' ').take(MOST_SIGNATURES);
        let right = given
            .filter_map(|one| BASE64_STANDARD.decode(one.strip_prefix(VERSION)?).ok())
            .any(|one| self.mac(signed).is_some_and(|mac| mac.verify_slice(&one).is_ok()));
        if right { Ok(()) } else { Err(BadSignature::Wrong) }
    }

    fn mac(&self, signed: Signed<'_>) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        for part in [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", signed.body] {
            mac.update(part);
        }
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that Svix publishes, and the time it was made.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const SIGNED: Signed<'static> = Signed {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: SIGNATURE,
        body: br#"{"test": 2432232314}"#,
    };

    fn verified(signed: Signed<'_>, seconds: i64) -> Result<(), BadSignature> {
        let secret: WebhookSecret = SECRET.parse().unwrap();
        secret.verify(signed, Timestamp::from_micros(seconds * 1_000_000))
    }

    #[test]
    fn the_published_example_is_right_for_five_minutes_to_either_side() {
        for (seconds, expected) in [
            (1_614_265_330, Ok(())),
            (1_614_265_630, Ok(())),
            (1_614_265_030, Ok(())),
            (1_614_265_631, Err(BadSignature::Stale)),
            (1_614_265_029, Err(BadSignature::Stale)),
        ] {
            assert_eq!(verified(SIGNED, seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn one_right_signature_among_others_is_enough_and_none_is_not() {
        let of = |signatures: &str| verified(Signed { signatures, ..SIGNED }, 1_614_265_330);
        let others = "v1,bm9ub25vbm9ub25vbm9ub25vbm9ub25vbm9ub25vbm8= v1a,AAAA v1,%%% v1,";
        assert_eq!(of(&format!("{others} {SIGNATURE}")), Ok(()));
        for wrong in [others, "", " ", &SIGNATURE[3..], "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="] {
            assert_eq!(of(wrong), Err(BadSignature::Wrong), "{wrong:?}");
        }
        let too_many = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(MOST_SIGNATURES));
        assert_eq!(of(&too_many), Err(BadSignature::Wrong));
    }

    #[test]
    fn whatever_is_changed_the_signature_is_wrong() {
        for changed in [
            Signed { id: "msg_p5jXN8AQM9LWM0D4loKWxJel", ..SIGNED },
            Signed { timestamp: "1614265331", ..SIGNED },
            Signed { body: br#"{"test": 2432232315}"#, ..SIGNED },
            Signed { body: b"", ..SIGNED },
        ] {
            assert_eq!(verified(changed, 1_614_265_330), Err(BadSignature::Wrong), "{changed:?}");
        }
        for timestamp in ["", "x", "1e9", "99999999999999999999", "9223372036854775807"] {
            let refused = verified(Signed { timestamp, ..SIGNED }, 1_614_265_330);
            assert_eq!(refused, Err(BadSignature::Time), "{timestamp}");
        }
    }

    #[test]
    fn a_secret_is_read_as_the_provider_shows_it_and_shown_nowhere() {
        assert!(format!("{SECRET}\n").parse::<WebhookSecret>().is_ok());
        assert_eq!(format!("{:?}", SECRET.parse::<WebhookSecret>().unwrap()), "WebhookSecret");
        for wrong in ["", "whsec_", "whsec_AAAA", "whsec_%%%", SECRET.trim_start_matches("whsec_")] {
            assert_eq!(wrong.parse::<WebhookSecret>().err(), Some(NotASecret), "{wrong:?}");
        }
    }
}
