//! What single values must be. Each error completes the sentence that begins with the key.

use crate::{
    accounts::{email::Email, members::Role},
    suggestion::did_you_mean,
};
use jiff::tz::TimeZone;
use shared::{
    ids::EndpointId,
    phone::{E164, judge},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Longest slug: a label of a domain name.
const LONGEST_SLUG: usize = 63;
/// Longest name that an agent may have, too.
const LONGEST_PBX_NAME: usize = 64;
/// Longest text for people, in characters.
const LONGEST_NAME: usize = 100;
/// Longest alert key: it travels in a header.
const LONGEST_ALERT_KEY: usize = 256;
/// From this many digits on a text may be somebody's number, and is not repeated whole.
const PERSONAL_DIGITS: usize = 7;

/// A short name. Where one may stand an id may stand too, so it is none.
pub(crate) fn slug(text: &str) -> Result<String, String> {
    if Uuid::try_parse(text).is_ok() {
        return Err("is no UUID: it would be taken for an id".to_owned());
    }
    let fits = (1..=LONGEST_SLUG).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("is 1 to {LONGEST_SLUG} lower-case letters, digits or dashes, as in \"shop-eu\""))
    }
}

/// A name for people.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(format!("is 1 to {LONGEST_NAME} characters, none of them a control character"))
    }
}

/// As [`name`], or nothing.
pub(crate) fn name_or_none(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Ok(String::new()) } else { name(text) }
}

/// The same rule as the agent has for the `name` in its configuration.
pub(crate) fn pbx_name(text: &str) -> Result<String, String> {
    let fits = (1..=LONGEST_PBX_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("is 1 to {LONGEST_PBX_NAME} letters, digits, dashes, dots or underscores"))
    }
}

/// As the time zone database spells it.
pub(crate) fn timezone(text: &str) -> Result<String, String> {
    if let Some(known) = TimeZone::get(text).ok().as_ref().and_then(TimeZone::iana_name) {
        return Ok(known.to_owned());
    }
    let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let meant = did_you_mean(text, known.iter().map(String::as_str));
    Err(format!("no such time zone{meant} Write an IANA name such as \"Europe/Kyiv\" or \"UTC\""))
}

pub(crate) fn email(text: &str) -> Result<Email, String> {
    text.parse().map_err(|error: crate::accounts::email::NotAnEmail| error.to_string())
}

pub(crate) fn role(text: &str) -> Result<Role, String> {
    Role::from_word(text).ok_or_else(|| {
        let known = Role::ALL.map(Role::as_str);
        format!("no such role{} There are: {}", did_you_mean(text, known), known.join(", "))
    })
}

/// Strictly through the safety net. The error never holds a whole number.
pub(crate) fn phone(text: &str) -> Result<E164, String> {
    judge(text).map(|allowed| allowed.e164).map_err(|refusal| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let last_four = digits.get(digits.len().saturating_sub(4)..).unwrap_or("");
        if digits.len() >= PERSONAL_DIGITS {
            format!("the number …{last_four} can never be called: {refusal}")
        } else {
            format!("this can never be called: {refusal}")
        }
    })
}

/// Hyphenated, as it stands in the URL.
pub(crate) fn endpoint_id(text: &str) -> Result<EndpointId, String> {
    match Uuid::try_parse(text) {
        Ok(id) if text.len() == uuid::fmt::Hyphenated::LENGTH && !id.is_nil() => Ok(EndpointId::new(id)),
        Ok(_) | Err(_) => Err("is a UUID of its own, as `uuidgen` prints it: it is the secret part of \
                               the webhook's URL"
            .to_owned()),
    }
}

/// Something that can be sent as the value of a header.
pub(crate) fn alert_key(text: &str) -> Result<Zeroizing<String>, String> {
    let fits = (1..=LONGEST_ALERT_KEY).contains(&text.len())
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && text.trim() == text;
    if fits {
        Ok(Zeroizing::new(text.to_owned()))
    } else {
        Err(format!(
            "is 1 to {LONGEST_ALERT_KEY} characters of ASCII, without spaces at its ends: it is sent as a header"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_label_of_a_domain_name_and_never_an_id() {
        for good in ["a", "shop-eu", &"x".repeat(63), "6c1f6f1e"] {
            assert_eq!(slug(good).as_deref(), Ok(good));
        }
        for bad in ["", "Shop", "a_b", "a b", &"x".repeat(64)] {
            assert!(slug(bad).unwrap_err().contains("lower-case letters"), "{bad:?}");
        }
        for id in ["6c1f6f1e-0000-4000-8000-000000000001", "6c1f6f1e000040008000000000000001"] {
            assert!(slug(id).unwrap_err().contains("UUID"), "{id}");
        }
    }

    #[test]
    fn a_name_is_trimmed_and_of_a_hundred_characters_at_most() {
        assert_eq!(name(" Søns & Co ").as_deref(), Ok("Søns & Co"));
        assert!(name(&"ø".repeat(100)).is_ok());
        for bad in ["", " ", "a\nb", &"ø".repeat(101)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(name_or_none(" ").as_deref(), Ok(""));
        assert!(name_or_none(&"ø".repeat(101)).is_err());
    }
}
