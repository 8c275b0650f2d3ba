//! What a browser shows with each request: a JWT (RFC 7519) signed with HMAC-SHA256, valid for minutes.
//!
//! Only what this program writes is read: one algorithm, one form of header, a key that it knows, one audience. There is
//! no other algorithm to be talked into; so this is fifty lines instead of a library that knows twelve.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use shared::{
    ids::{AccountId, SessionId},
    time::Timestamp,
};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long one is valid. A session that is revoked ends at once all the same: its row is looked at.
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How far ahead the clock of another node may be.
const AHEAD_SECONDS: i64 = 60;
/// Longest text that is looked at, bytes.
const LONGEST: usize = 1024;

/// For whom a token is: one for the other surface opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// People of organizations.
    Portal,
    /// Operators.
    Admin,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Portal, Self::Admin];

    /// As tokens and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Admin => "admin",
        }
    }
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// For whom.
    pub aud: Audience,
    /// The session.
    pub sid: SessionId,
    /// Whose.
    pub sub: AccountId,
    /// When it was made, seconds since 1970.
    pub iat: i64,
    /// When it ends, seconds since 1970.
    pub exp: i64,
}

/// A key that signs tokens.
#[derive(Clone)]
pub struct Key {
    id: String,
    secret: Zeroizing<Vec<u8>>,
}

/// The keys there are: the first signs, each verifies.
#[derive(Clone)]
pub struct Keys(Vec<Key>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

impl Key {
    /// From its name and its bytes, 32 or more.
    pub fn new(id: String, secret: Zeroizing<Vec<u8>>) -> Self {
        Self { id, secret }
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key");
        mac.update(signed.as_bytes());
        mac
    }
}

impl Keys {
    /// The first signs.
    pub fn new(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// Signs a token; `None` without a key.
    pub fn sign(
        &self,
        aud: Audience,
        sid: SessionId,
        sub: AccountId,
        now: Timestamp,
    ) -> Option<Zeroizing<String>> {
        let key = self.0.first()?;
        let claims = Claims { aud, sid, sub, iat: seconds(now), exp: seconds(now + LIFETIME) };
        let header = Header { alg: "HS256".into(), typ: "JWT".into(), kid: key.id.clone() };
        let signed = format!("{}.{}", part(&header)?, part(&claims)?);
        let signature = BASE64_URL_SAFE_NO_PAD.encode(key.mac(&signed).finalize().into_bytes());
        Some(Zeroizing::new(format!("{signed}.{signature}")))
    }

    /// What a token says, where it is one of ours, for this audience, and valid now.
    pub fn verify(&self, text: &str, aud: Audience, now: Timestamp) -> Option<Claims> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = read(header)?;
        let key = self.0.iter().find(|key| key.id == header.kid)?;
        if header.alg != "HS256" || header.typ != "JWT" {
            return None;
        }
        key.mac(signed).verify_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let claims: Claims = read(claims)?;
        let now = seconds(now);
        (claims.aud == aud && claims.iat <= now + AHEAD_SECONDS && now < claims.exp).then_some(claims)
    }
}

fn part(content: &impl Serialize) -> Option<String> {
    Some(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(content).ok()?))
}

fn read<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn seconds(at: Timestamp) -> i64 {
    at.as_micros() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn key(id: &str, byte: u8) -> Key {
        Key::new(id.to_owned(), Zeroizing::new(vec![byte; 32]))
    }

    fn keys() -> Keys {
        Keys::new(vec![key("new", 1), key("old", 2)])
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn ids() -> (SessionId, AccountId) {
        (SessionId::new(Uuid::from_u128(7)), AccountId::new(Uuid::from_u128(8)))
    }

    fn token(keys: &Keys, now: Timestamp) -> Zeroizing<String> {
        keys.sign(Audience::Portal, ids().0, ids().1, now).unwrap()
    }

    /// A token of these parts, signed with this key as if it were ours.
    fn forged(header: &str, claims: &str, key: &Key) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(key.mac(&signed).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    #[test]
    fn a_token_says_who_until_it_ends() {
        let token = token(&keys(), at(1000));
        let claims = keys().verify(&token, Audience::Portal, at(1000 + 599)).unwrap();
        assert_eq!((claims.sid, claims.sub), ids());
        assert_eq!(keys().verify(&token, Audience::Portal, at(1000 + 600)), None);
        assert_eq!(keys().verify(&token, Audience::Portal, at(1000 - 61)), None);
    }

    #[test]
    fn one_for_the_portal_opens_no_admin_panel_and_the_reverse() {
        let token = token(&keys(), at(0));
        assert_eq!(keys().verify(&token, Audience::Admin, at(1)), None);
        let token = keys().sign(Audience::Admin, ids().0, ids().1, at(0)).unwrap();
        assert_eq!(keys().verify(&token, Audience::Portal, at(1)), None);
    }

    #[test]
    fn after_a_change_of_keys_the_old_one_still_verifies_until_it_is_gone() {
        let old = Keys::new(vec![key("old", 2)]);
        let token = token(&old, at(0));
        assert!(keys().verify(&token, Audience::Portal, at(1)).is_some());
        let gone = Keys::new(vec![key("new", 1)]);
        assert_eq!(gone.verify(&token, Audience::Portal, at(1)), None);
    }

    #[test]
    fn neither_alg_none_nor_another_algorithm_nor_another_key_is_believed() {
        let claims =
            format!(r#"{{"aud":"portal","sid":"{}","sub":"{}","iat":0,"exp":600}}"#, ids().0, ids().1);
        let (ours, theirs) = (key("new", 1), key("new", 9));
        let good = r#"{"alg":"HS256","typ":"JWT","kid":"new"}"#;
        assert!(keys().verify(&forged(good, &claims, &ours), Audience::Portal, at(1)).is_some());
        for (header, key) in [
            (good, &theirs),
            (r#"{"alg":"none","typ":"JWT","kid":"new"}"#, &ours),
            (r#"{"alg":"HS512","typ":"JWT","kid":"new"}"#, &ours),
            (r#"{"alg":"HS256","typ":"JWT","kid":"other"}"#, &ours),
            (r#"{"alg":"HS256","typ":"JWT"}"#, &ours),
            (r#"{"alg":"HS256","typ":"JWT","kid":"new","jku":"https://example.com"}"#, &ours),
        ] {
            let verified = keys().verify(&forged(header, &claims, key), Audience::Portal, at(1));
            assert_eq!(verified, None, "{header}");
        }
        let bare = forged(good, &claims, &ours);
        let (signed, _) = bare.rsplit_once('.').unwrap();
        for text in [signed, &format!("{signed}."), "", "..", &"a.".repeat(2000)] {
            assert_eq!(keys().verify(text, Audience::Portal, at(1)), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_token_that_was_touched_is_none(place in 0_usize..300, byte in 33_u8..127) {
            let token = token(&keys(), at(0)).to_string();
            let mut touched = token.clone().into_bytes();
            let place = place % touched.len();
            prop_assume!(touched[place] != byte);
            touched[place] = byte;
            let touched = String::from_utf8(touched).unwrap();
            prop_assert_eq!(keys().verify(&touched, Audience::Portal, at(1)), None);
        }
    }
}
