//! What a payload says, in a form that can be shown and spoken.

use super::places::Place;
use serde_json::Value;
use std::fmt::Write;

/// Longest message, characters.
const LONGEST: usize = 500;
/// What an empty request says.
const NOTHING: &str = "Alert without a message";
/// Keys that hold what a person should hear, best first.
const TELLING: [&str; 15] = [
    "message",
    "msg",
    "text",
    "title",
    "summary",
    "description",
    "subject",
    "alertname",
    "alerttitle",
    "alertmessage",
    "rulename",
    "alarmname",
    "monitorname",
    "monitorfriendlyname",
    "displayname",
];
/// Keys that often hold something else, where there is nothing better.
const HINTING: [&str; 9] =
    ["name", "reason", "error", "event", "check", "content", "body", "details", "newstatereason"];

/// A message, never empty, at most 500 characters, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) text: String,
    /// The sender said it; otherwise it is made of whatever the payload held.
    pub(super) is_senders_own: bool,
}

/// Finds the best.
pub(super) fn message(payload: &Value, places: &[Place<'_>]) -> Message {
    let told = |keys: &[&str]| {
        places.iter().find_map(|place| place.values(keys).filter_map(Value::as_str).find_map(speakable))
    };
    match told(&TELLING).or_else(|| told(&HINTING)) {
        Some(text) => Message { text, is_senders_own: true },
        None => Message { text: compact(payload), is_senders_own: false },
    }
}

/// The scalars at the top, `host: db-1, load: 97`; failing that the JSON.
fn compact(payload: &Value) -> String {
    let mut text = String::new();
    let mut holds_more = payload.as_array().is_some_and(|items| !items.is_empty());
    for (key, value) in payload.as_object().into_iter().flatten() {
        let scalar = match value {
            Value::String(text) => speakable(text),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            Value::Array(_) | Value::Object(_) => {
                holds_more = true;
                None
            }
            Value::Null => None,
        };
        let Some(scalar) = scalar else { continue };
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{key}: {scalar}");
        if text.len() > LONGEST * 4 {
            break;
        }
    }
    if text.is_empty() && holds_more {
        text = payload.to_string();
    }
    speakable(&text).unwrap_or_else(|| NOTHING.to_owned())
}

/// Text of one line: runs of white space and control characters become one space, invisible
/// characters that turn or join text are left out, and what is too long is cut. `None` where
/// nothing is left.
fn speakable(text: &str) -> Option<String> {
    let mut spoken = String::new();
    let mut length = 0;
    let mut is_parted = false;
    for character in text.chars().filter(|character| !is_invisible(*character)) {
        if character.is_whitespace() || character.is_control() {
            is_parted = length > 0;
            continue;
        }
        let added = if is_parted { 2 } else { 1 };
        if length + added >= LONGEST {
            spoken.push('…');
            return Some(spoken);
        }
        if is_parted {
            spoken.push(' ');
            is_parted = false;
        }
        spoken.push(character);
        length += added;
    }
    Some(spoken).filter(|spoken| !spoken.is_empty())
}

/// Zero-width characters, direction marks and overrides, the byte order mark.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::places::places;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(payload: &Value) -> String {
        message(payload, &places(payload)).text
    }

    #[test]
    fn the_best_words_are_found_wherever_they_stand() {
        for (payload, says) in [
            (json!({"message": "db down", "title": "x"}), "db down"),
            (json!({"message": "", "title": "db down"}), "db down"),
            (json!({"message": {"a": 1}, "msg": "db down"}), "db down"),
            (json!({"Alert-Name": "HighLoad"}), "HighLoad"),
            (json!({"event": "incident.triggered", "data": {"title": "db down"}}), "db down"),
            (json!({"event": "down"}), "down"),
            (json!({"annotations": {"summary": "db down"}, "labels": {"alertname": "Db"}}), "db down"),
            (json!({"alerts": [{"annotations": {"description": "db down"}}]}), "db down"),
            (json!([{"text": "one"}, {"text": "two"}]), "one"),
            (json!({"host": "db-1", "load": 97.5, "tags": []}), "host: db-1, load: 97.5"),
            (json!({"tags": ["a"]}), "{\"tags\":[\"a\"]}"),
            (json!({"tags": {}}), "{\"tags\":{}}"),
            (json!([]), "Alert without a message"),
            (json!({}), "Alert without a message"),
            (json!({"message": " \u{0}\n\u{200b} "}), "Alert without a message"),
        ] {
            assert_eq!(read(&payload), says, "{payload}");
        }
    }

    #[test]
    fn a_message_can_be_spoken() {
        assert_eq!(read(&json!({"message": " db\r\n\tdown\u{7}\u{85}now\u{202e} "})), "db down now");
        let long = read(&json!({"message": "ї".repeat(600)}));
        assert_eq!((long.chars().count(), long.ends_with('…')), (500, true));
        assert_eq!(read(&json!({"message": "a".repeat(499)})).len(), 499);
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_line_of_bounded_length(text in any::<String>(), times in 1usize..200) {
            if let Some(spoken) = speakable(&text.repeat(times)) {
                prop_assert!(!spoken.is_empty() && spoken.chars().count() <= LONGEST);
                prop_assert!(!spoken.contains(char::is_control) && !spoken.contains("  "));
                prop_assert_eq!(spoken.trim(), &spoken);
            }
        }
    }
}
