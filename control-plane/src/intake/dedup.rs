//! What makes two requests speak of the same alert.

use super::{Arrival, IntakeError, places::Place};
use serde_json::Value;
use sha2::{Digest, Sha256};

const HEADERS: [&str; 2] = ["x-dedup-key", "dedup-key"];
const KEYS: [&str; 7] =
    ["dedupkey", "deduplicationkey", "incidentkey", "fingerprint", "groupkey", "alertid", "incidentid"];
/// Longest key that is kept as it is, bytes.
const LONGEST: usize = 255;

/// Refuses a header that cannot name an alert: whoever sends one means it, and a request that is kept
/// apart from its alert or put into another's would be worse than one that is sent again.
pub(super) fn check_headers(arrival: &Arrival) -> Result<(), IntakeError> {
    let named = arrival.headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str()));
    let mut given = None;
    for (_, value) in named {
        let key = value.trim();
        if key.is_empty() {
            return Err(IntakeError::BadHeader(
                "X-Dedup-Key is empty: name the alert, or leave the header out",
            ));
        }
        if key.len() > LONGEST {
            return Err(IntakeError::BadHeader("X-Dedup-Key is longer than 255 bytes: send a hash of it"));
        }
        if key.contains(char::is_control) {
            return Err(IntakeError::BadHeader("X-Dedup-Key holds control characters: send a hash of it"));
        }
        // What is not UTF-8 was read lossily, so that two different keys might look alike.
        if key.contains(char::REPLACEMENT_CHARACTER) {
            return Err(IntakeError::BadHeader("X-Dedup-Key is not UTF-8: send a hash of it"));
        }
        if given.is_some_and(|other| other != key) {
            return Err(IntakeError::BadHeader("X-Dedup-Key is given twice: send one"));
        }
        given = Some(key);
    }
    Ok(())
}

/// The dedup key: of the header, else of the payload. One element of several cannot name the
/// alert, since the next request may hold other elements in another order.
pub(super) fn dedup_key(arrival: &Arrival, places: &[Place<'_>]) -> Option<String> {
    let of_header = HEADERS.iter().find_map(|wanted| {
        let named = arrival.headers.iter().filter(|(name, _)| name == wanted);
        named.filter_map(|(_, value)| bounded(value)).next()
    });
    of_header.or_else(|| {
        let naming = places.iter().filter(|place| !place.only_describes && !place.is_one_of_many);
        naming.flat_map(|place| place.values(&KEYS)).find_map(|value| match value {
            Value::String(text) => bounded(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        })
    })
}

/// A key that is long, or that a database might not take, is hashed: cut, two of them could meet.
fn bounded(key: &str) -> Option<String> {
    let key = key.trim();
    if key.is_empty() {
        return None;
    }
    if key.len() > LONGEST || key.contains(char::is_control) {
        return Some(format!("sha256:{}", hex::encode(Sha256::digest(key.as_bytes()))));
    }
    Some(key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{places::places, testing::request};
    use serde_json::json;

    fn read(payload: &Value) -> Option<String> {
        dedup_key(&request("", "", ""), &places(payload))
    }

    #[test]
    fn a_key_is_found_under_the_names_that_tools_give_it() {
        for (payload, key) in [
            (json!({"dedup_key": "db-1"}), Some("db-1")),
            (json!({"dedupKey": " db-1 ", "fingerprint": "x"}), Some("db-1")),
            (json!({"dedup_key": "", "fingerprint": "db-1"}), Some("db-1")),
            // As often the name of a host as of an alert.
            (json!({"alias": "db-1"}), None),
            (json!({"alertId": 17}), Some("17")),
            (json!({"incident": {"incident_key": "db-1"}}), Some("db-1")),
            (json!({"alerts": [{"fingerprint": "db-1"}]}), Some("db-1")),
            (json!({"alerts": [{"fingerprint": "db-1"}, {"fingerprint": "db-2"}]}), None),
            (json!({"groupKey": "{}:{}", "alerts": [{"fingerprint": "db-1"}]}), Some("{}:{}")),
            (json!({"fingerprint": ["{{ default }}"]}), None),
            (json!({"labels": {"fingerprint": "db"}}), None),
            (json!({"message": "x"}), None),
        ] {
            assert_eq!(read(&payload).as_deref(), key, "{payload}");
        }
    }

    #[test]
    fn the_header_comes_before_the_payload() {
        let mut arrival = request("", "", "");
        let payload = json!({"dedup_key": "third"});
        arrival.headers.push(("dedup-key".into(), "second".into()));
        assert_eq!(dedup_key(&arrival, &places(&payload)).as_deref(), Some("second"));
        arrival.headers.push(("x-dedup-key".into(), " first ".into()));
        assert_eq!(dedup_key(&arrival, &places(&payload)).as_deref(), Some("first"));
    }

    #[test]
    fn a_header_that_cannot_name_an_alert_is_refused_and_says_why() {
        for (values, word) in [
            (&[""][..], "empty"),
            (&["  "], "empty"),
            (&["\u{fffd}b"], "UTF-8"),
            (&["a\tb"], "control"),
            (&[&"k".repeat(256)], "255 bytes"),
            (&["db-1", "db-2"], "twice"),
        ] {
            let mut arrival = request("", "", "");
            arrival.headers.extend(values.iter().map(|value| ("x-dedup-key".into(), (*value).into())));
            let error = check_headers(&arrival).expect_err("refused").to_string();
            assert!(error.contains(word), "{values:?}: {error}");
        }
        for values in [&[][..], &["db-1"], &["db-1", " db-1 "], &[&"k".repeat(255)]] {
            let mut arrival = request("", "", "");
            arrival.headers.extend(values.iter().map(|value| ("x-dedup-key".into(), (*value).into())));
            assert!(check_headers(&arrival).is_ok(), "{values:?}");
        }
    }

    #[test]
    fn long_keys_that_begin_alike_stay_apart() {
        let key = |end: &str| read(&json!({"dedup_key": "k".repeat(300) + end})).unwrap();
        assert_ne!(key("1"), key("2"));
        assert!(key("1").starts_with("sha256:") && key("1").len() <= LONGEST);
        assert!(read(&json!({"dedup_key": "a\u{0}b"})).unwrap().starts_with("sha256:"));
    }
}
