//! E-mail addresses: how people are told apart.

use crate::store::{FromValue, ToValue, Value};
use std::{fmt, str::FromStr};

/// Longest address, and longest part before the `@` (RFC 5321 §4.5.3.1).
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
/// Longest label of a domain name (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

/// A plausible address in lower case. Whether somebody reads its mail only a mail can tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// The text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is an e-mail address such as \"oncall@example.com\"")]
pub struct NotAnEmail;

impl Email {
    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        if text.len() <= LONGEST && is_local(local) && is_domain(domain) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAnEmail)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromValue for Email {
    const WANTED: &'static str = "an e-mail address";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { text.parse().ok() } else { None }
    }
}

impl ToValue for Email {
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

/// A dot-atom of RFC 5322 §3.2.3; nobody's address is a quoted string.
fn is_local(local: &str) -> bool {
    local.len() <= LONGEST_LOCAL
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        })
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=LONGEST_LABEL).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        let email: Email = "On.Call+night@Example.COM".parse().unwrap();
        assert_eq!(email.as_str(), "on.call+night@example.com");
    }

    #[test]
    fn what_no_mail_server_would_take_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "@",
            "oncall",
            "oncall@",
            "@example.com",
            "oncall@localhost",
            "on call@example.com",
            "a@b@example.com",
            "oncall@example..com",
            "oncall@-example.com",
            ".oncall@example.com",
            "oncall@example.com\n",
            "oncall@example.com, other@example.com",
            &long,
        ] {
            assert_eq!(text.parse::<Email>(), Err(NotAnEmail), "{text:?}");
        }
    }
}
