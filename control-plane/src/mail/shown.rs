//! What the log and a reason may show of a letter.

use crate::accounts::email::Email;

/// Longest text of somebody else's that is kept, characters.
const LONGEST: usize = 300;

/// The first letter and the domain: `o…@example.com`.
pub(super) fn shortened(address: &Email) -> String {
    let text = address.as_str();
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}

/// What a server said, on one line, without the address it speaks of and without links: it may quote the letter.
pub(super) fn reason(said: &str, address: &Email) -> String {
    let plain: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = plain.split_whitespace().map(|word| {
        if word.contains("://") {
            return "[link]".to_owned();
        }
        // An address is ASCII, so the places of its bytes are the same in either case.
        match word.to_ascii_lowercase().find(address.as_str()) {
            Some(at) => {
                let (before, rest) = word.split_at(at);
                format!("{before}{}{}", shortened(address), &rest[address.as_str().len()..])
            }
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_by_its_first_letter_and_its_domain() {
        assert_eq!(shortened(&"oncall@example.com".parse().unwrap()), "o…@example.com");
    }

    #[test]
    fn what_a_server_says_is_kept_without_the_address_and_without_links() {
        let address = "oncall@example.com".parse().unwrap();
        let said = "550 5.1.1 <OnCall@Example.com>:\r\nno such user, see https://a.example/?t=s3cret now";
        assert_eq!(reason(said, &address), "550 5.1.1 <o…@example.com>: no such user, see [link] now");
        assert_eq!(reason("ü̈ß oncall@example.com—", &address), "ü̈ß o…@example.com—");
        assert_eq!(reason(&"x".repeat(1000), &address).len(), LONGEST);
    }
}
