//! What strangers wrote, and what serde says of it, fit for a log and for whoever wrote the text.

/// Longest complaint, characters.
const LONGEST: usize = 300;
/// From this many digits on it may be somebody's number.
const NUMBER_DIGITS: usize = 7;

/// Names the field, the kind of value and the place, without the value: that may be a token or a phone
/// number, or be longer than the rest.
pub fn complaint(error: &serde_json::Error) -> String {
    fit_for_log(&without_value(&error.to_string()))
}

/// What somebody else wrote, as a log may show it: 300 characters at most, none of which a terminal
/// obeys, and four digits of every number.
pub fn fit_for_log(text: &str) -> String {
    let text: String = text.chars().filter(is_harmless).take(LONGEST).collect();
    without_numbers(&text)
}

/// ``invalid type: string "…", expected a map`` becomes `invalid type: string, expected a map`.
fn without_value(text: &str) -> String {
    let Some((what, rest)) = text.split_once(": ").filter(|(what, _)| what.starts_with("invalid ")) else {
        return text.to_owned();
    };
    match (rest.find(['"', '`']), rest.rfind(", expected ")) {
        (Some(value), Some(expected)) if value < expected => {
            format!("{what}: {}{}", rest[..value].trim_end(), &rest[expected..])
        }
        (Some(_) | None, Some(_) | None) => text.to_owned(),
    }
}

/// Neither obeyed by a terminal nor turning around what follows it.
fn is_harmless(c: &char) -> bool {
    c.is_alphanumeric() || c.is_ascii_graphic() || *c == ' '
}

/// `…4567` for every run of digits that is as long as a number.
fn without_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(begin);
        let (digits, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        masked.push_str(before);
        match digits.len() {
            NUMBER_DIGITS.. => masked.extend(["…", &digits[digits.len() - 4..]]),
            _ => masked.push_str(digits),
        }
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{order::Order, outcome::AttemptStatus};
    use serde::de::DeserializeOwned;

    fn said<T: DeserializeOwned>(text: &str) -> String {
        complaint(&serde_json::from_str::<T>(text).err().expect(text))
    }

    #[test]
    fn a_value_is_told_by_its_kind() {
        assert_eq!(said::<u8>("380501234567"), "invalid value: integer, expected u8 at line 1 column 12");
        assert_eq!(
            said::<u8>(r#""x, expected \"y\"""#),
            "invalid type: string, expected u8 at line 1 column 19"
        );
        assert_eq!(said::<u8>("null"), "invalid type: null, expected u8 at line 1 column 4");
    }

    #[test]
    fn a_strangers_words_are_shown_without_numbers_and_without_what_a_terminal_obeys() {
        assert_eq!(fit_for_log("call +380501234567 \u{1b}[2J\u{202e}now"), "call +…4567 [2Jnow");
        assert_eq!(fit_for_log(&"x".repeat(9000)).len(), LONGEST);
    }

    #[test]
    fn a_word_that_nobody_knows_is_told_unless_it_is_a_number() {
        assert!(
            said::<AttemptStatus>(r#""lost""#).starts_with("unknown variant `lost`, expected one of `init")
        );
        assert!(said::<AttemptStatus>(r#""+380501234567""#).starts_with("unknown variant `+…4567`, "));
        assert!(
            said::<Order>(r#"{"\u001b[2J\u202e":1}"#).starts_with("unknown field `[2J`, expected one of ")
        );
        assert_eq!(said::<Order>(&format!("{{\"{}\":1}}", "x".repeat(9000))).chars().count(), LONGEST);
    }
}
