//! The second factor: codes of six digits that change every 30 seconds (RFC 6238 with HMAC-SHA1, which is what
//! authenticator apps make). Pure: time is passed in.

use shared::time::Timestamp;
use std::time::Duration;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// Bytes of a secret (RFC 4226 §4 recommends 160 bits).
const SECRET_BYTES: usize = 20;
/// Seconds for which a code is shown.
const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one that are taken, for clocks that are off.
const SKEW: u16 = 1;
/// Wrong codes in a row after which none is looked at for a while.
const WRONG_BEFORE_PAUSE: u32 = 5;
/// The first such while; each further one is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Who an authenticator app says the code is for.
const ISSUER: &str = "CallPing";

/// What a phone and this program share.
pub struct Secret(Zeroizing<Vec<u8>>);

/// How the last codes went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The step whose code was taken last: it and those before it are used up.
    pub last_step: Option<i64>,
    /// Wrong codes since the last right one.
    pub wrong: u32,
    /// No code is looked at before this.
    pub paused_until: Option<Timestamp>,
}

impl Past {
    /// By this clock: a pause that ends later than any would was begun by one that was ahead, and is cut.
    #[must_use]
    pub fn by(self, now: Timestamp) -> Self {
        let latest = now + LONGEST_PAUSE;
        Self { paused_until: self.paused_until.map(|until| until.min(latest)), ..self }
    }
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is right, and used up.
    Right(Past),
    /// It is wrong, or was used before.
    Wrong(Past),
    /// It was not looked at; the next one will be after this time.
    Paused(Duration, Past),
}

impl Secret {
    /// A new one.
    pub fn make() -> Self {
        let bytes: [u8; SECRET_BYTES] = rand::random();
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// From what was stored.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// From what somebody was told; `None` where it is no base32.
    pub fn from_base32(text: &str) -> Option<Self> {
        let bytes = totp_rs::Secret::try_from_base32(text).ok()?;
        Some(Self::from_bytes(bytes.to_vec()))
    }

    /// For storing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Base32, for somebody who types it into an app.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(totp_rs::Secret::from(self.0.to_vec()).to_base32())
    }

    /// `otpauth://totp/…`, for a QR code that the browser draws.
    pub fn url(&self, account: &str) -> Zeroizing<String> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("secret", &self.base32())
            .append_pair("issuer", ISSUER)
            .finish();
        // A plus sign is a blank in a query alone; one of the address is encoded already.
        let label =
            url::form_urlencoded::byte_serialize(account.as_bytes()).collect::<String>().replace('+', "%20");
        Zeroizing::new(format!("otpauth://totp/{ISSUER}:{label}?{query}"))
    }

    /// The code of a moment.
    pub fn code(&self, now: Timestamp) -> String {
        self.totp().generate(seconds(now)).to_string()
    }

    /// Judges a code. Blanks in it, as apps show them, do not count.
    pub fn judge(&self, code: &str, past: Past, now: Timestamp) -> Outcome {
        let past = past.by(now);
        if let Some(until) = past.paused_until.filter(|until| now < *until) {
            return Outcome::Paused(until.since(now), past);
        }
        let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
        let step = self.totp().check(&code, seconds(now)).and_then(|step| i64::try_from(step).ok());
        match step.filter(|step| past.last_step.is_none_or(|last| *step > last)) {
            Some(step) => Outcome::Right(Past { last_step: Some(step), wrong: 0, paused_until: None }),
            None => {
                let wrong = past.wrong.saturating_add(1);
                Outcome::Wrong(Past {
                    wrong,
                    paused_until: pause_after(wrong).map(|pause| now + pause),
                    ..past
                })
            }
        }
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_secret(self.0.to_vec())
            .with_skew(SKEW)
            .with_step_duration(STEP_SECONDS)
            .build_noncompliant()
    }
}

/// How long to wait after so many wrong codes in a row.
fn pause_after(wrong: u32) -> Option<Duration> {
    let pauses = wrong / WRONG_BEFORE_PAUSE;
    if pauses == 0 || !wrong.is_multiple_of(WRONG_BEFORE_PAUSE) {
        return None;
    }
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(pauses - 1));
    Some(doubled.min(LONGEST_PAUSE))
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_micros() / 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn rfc_secret() -> Secret {
        Secret::from_bytes(b"12345678901234567890".to_vec())
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, the last six of its eight digits.
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(rfc_secret().code(at(seconds)), code);
        }
    }

    #[test]
    fn a_code_is_taken_once_and_none_from_before_it() {
        let secret = rfc_secret();
        let code = secret.code(at(1000));
        let Outcome::Right(past) = secret.judge(&code, Past::default(), at(1000)) else { panic!("refused") };
        assert!(matches!(secret.judge(&code, past, at(1001)), Outcome::Wrong(_)));
        let earlier = secret.code(at(970));
        assert!(matches!(secret.judge(&earlier, past, at(1001)), Outcome::Wrong(_)));
        let later = secret.code(at(1030));
        assert!(matches!(secret.judge(&later, past, at(1001)), Outcome::Right(_)));
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_no_more() {
        let secret = rfc_secret();
        for (off, taken) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let outcome = secret.judge(&secret.code(at(10_000 + off)), Past::default(), at(10_000));
            assert_eq!(matches!(outcome, Outcome::Right(_)), taken, "{off} s");
        }
    }

    #[test]
    fn five_wrong_codes_pause_and_further_ones_pause_for_longer() {
        let secret = rfc_secret();
        let (mut past, mut now, mut pauses) = (Past::default(), at(10_000), Vec::new());
        while pauses.len() < 14 {
            match secret.judge("not-one", past, now) {
                Outcome::Wrong(after) => past = after,
                Outcome::Paused(wait, _) => {
                    // Not even the right one is looked at.
                    assert!(matches!(secret.judge(&secret.code(now), past, now), Outcome::Paused(..)));
                    pauses.push(wait.as_secs());
                    now = now + wait;
                }
                Outcome::Right(_) => panic!("taken"),
            }
        }
        assert_eq!(pauses[..4], [60, 120, 240, 480]);
        assert_eq!(pauses.last(), Some(&86_400));
        assert!(matches!(secret.judge(&secret.code(now), past, now), Outcome::Right(Past { wrong: 0, .. })));
    }

    #[test]
    fn a_pause_that_a_clock_ahead_began_is_no_longer_than_any_other() {
        let (secret, year) = (rfc_secret(), Duration::from_secs(365 * 24 * 3600));
        let past = Past { paused_until: Some(at(10_000) + year), ..Past::default() };
        let Outcome::Paused(wait, cut) = secret.judge(&secret.code(at(10_000)), past, at(10_000)) else {
            panic!("looked at")
        };
        assert_eq!((wait, cut.paused_until), (LONGEST_PAUSE, Some(at(10_000) + LONGEST_PAUSE)));
        let later = at(10_000) + LONGEST_PAUSE;
        assert!(matches!(secret.judge(&secret.code(later), cut, later), Outcome::Right(_)));
    }

    #[test]
    fn an_app_is_told_everything_in_one_url() {
        let url = rfc_secret().url("on call@example.com");
        assert_eq!(
            url.as_str(),
            "otpauth://totp/CallPing:on%20call%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CallPing"
        );
    }

    proptest! {
        #[test]
        fn no_text_is_taken_but_the_codes_of_three_steps(code in ".{0,12}", seconds in 100_u32..2_000_000_000) {
            let (secret, now) = (rfc_secret(), i64::from(seconds));
            let right: Vec<String> = [-30, 0, 30].map(|off| secret.code(at(now + off))).to_vec();
            let bare: String = code.chars().filter(|character| !character.is_whitespace()).collect();
            let taken = matches!(secret.judge(&code, Past::default(), at(now)), Outcome::Right(_));
            prop_assert_eq!(taken, right.contains(&bare));
        }
    }
}
