//! How bad a payload says it is, and whether it says that all is well again.

use super::places::{Place, plain};
use serde_json::Value;
use shared::severity::Severity;

/// Where a severity is looked for, in this order.
const SEVERITY_KEYS: [&str; 6] = ["severity", "status", "level", "priority", "alerttype", "alertlevel"];
/// Those of them whose bare number is a rank. `status` may as well be an HTTP status, and
/// `alert_type` an enumeration of the sender's own.
const RANKED_KEYS: [&str; 4] = ["severity", "level", "priority", "alertlevel"];
/// Where a sender says in what state the alert is.
const STATE_KEYS: [&str; 15] = [
    "status",
    "state",
    "alertstatus",
    "alertstate",
    "incidentstate",
    "currentstate",
    "newstate",
    "newstatevalue",
    "alerttype",
    "transition",
    "alerttransition",
    "eventtype",
    "eventaction",
    "event",
    "action",
];
/// Longest text that could be one of the words below, bytes.
const LONGEST_WORD: usize = 40;

/// What a payload says of its urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Urgency {
    pub(super) severity: Severity,
    /// It says that an alert is over.
    pub(super) resolves: bool,
}

/// Reads it. A severity at the top counts before any further in, where the most urgent counts. A
/// payload that names none is major, and info where it only says that all is well.
pub(super) fn urgency(places: &[Place<'_>]) -> Urgency {
    let resolves = resolves(places);
    let at_top = places.iter().filter(|place| place.is_top).find_map(severity_in);
    let named = at_top.or_else(|| places.iter().filter_map(severity_in).min());
    let unnamed = if resolves { Severity::Info } else { Severity::Major };
    Urgency { severity: named.unwrap_or(unnamed), resolves }
}

/// Whether the whole of a text is a word that tells a severity or that all is well.
pub(super) fn is_a_word_of_its_own(text: &str) -> bool {
    word(text).is_some_and(|word| severity_of(&word).is_some() || says_over(&word))
}

fn severity_in(place: &Place<'_>) -> Option<Severity> {
    SEVERITY_KEYS.iter().find_map(|key| {
        place.values(&[key]).find_map(|value| {
            let word = text(value).and_then(|text| word(&text))?;
            match word.parse::<u64>() {
                Ok(rank) if RANKED_KEYS.contains(key) => ranked(rank),
                Ok(_) => None,
                Err(_) => severity_of(&word),
            }
        })
    })
}

/// Whether an alert is over. Where the top says in what state the alert is, that counts; otherwise
/// every part that says so must agree. Where both are said in one breath, it is not over: a call
/// too many is better than an alert that rings nobody.
fn resolves(places: &[Place<'_>]) -> bool {
    let telling = || places.iter().filter(|place| !place.only_describes);
    let top: Vec<_> = telling().filter(|place| place.is_top).filter_map(state_in).collect();
    let states = if top.is_empty() { telling().filter_map(state_in).collect() } else { top };
    !states.is_empty() && states.iter().all(|state| *state == State::Over)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    Over,
}

fn state_in(place: &Place<'_>) -> Option<State> {
    let words = |keys: &[&str]| -> Vec<String> {
        place.values(keys).filter_map(Value::as_str).filter_map(word).collect()
    };
    let states = words(&STATE_KEYS);
    let is_live = |word: &String| says_live(word) || severity_of(word).is_some_and(|it| it < Severity::Info);
    if states.iter().any(is_live) {
        return Some(State::Live);
    }
    let is_well = |word: &String| says_over(word) || says_well(word);
    // Datadog's word for a monitor that has recovered.
    let has_succeeded = words(&["alerttype"]).iter().any(|word| word == "success");
    let is_over = states.iter().any(is_well) || has_succeeded;
    (is_over || words(&SEVERITY_KEYS).iter().any(|word| says_over(word))).then_some(State::Over)
}

/// A value as text, where it is a text or a number.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The word a text consists of: `CRITICAL`, `Sev-1`, `[warning]`, and `critical` of `1 - Critical`.
fn word(text: &str) -> Option<String> {
    if text.len() > LONGEST_WORD {
        return None;
    }
    let mut parts = text.split(|part: char| !part.is_alphanumeric()).filter(|part| !part.is_empty());
    let ranked = match (parts.next(), parts.next(), parts.next()) {
        (Some(rank), Some(word), None) if rank.parse::<u8>().is_ok() && word.parse::<u8>().is_err() => word,
        _ => text,
    };
    Some(plain(ranked)).filter(|word| !word.is_empty())
}

fn severity_of(word: &str) -> Option<Severity> {
    let rank = ["severity", "priority", "sev", "p", "s"].iter().find_map(|prefix| {
        word.strip_prefix(prefix).filter(|rank| rank.len() == 1).and_then(|rank| rank.parse().ok())
    });
    if let Some(rank) = rank {
        return ranked(rank);
    }
    match word {
        "critical" | "crit" | "fatal" | "emergency" | "emerg" | "page" | "disaster" | "panic" | "urgent"
        | "highest" | "blocker" => Some(Severity::Critical),
        "major" | "high" | "error" | "err" | "severe" => Some(Severity::Major),
        "minor" | "warning" | "warn" | "medium" | "moderate" | "average" | "low" => Some(Severity::Minor),
        "info" | "information" | "informational" | "notice" | "debug" | "trace" | "verbose" | "lowest"
        | "none" | "success" => Some(Severity::Info),
        _ => None,
    }
}

/// P1 to P5 and their like; 0 is more urgent than 1.
const fn ranked(rank: u64) -> Option<Severity> {
    match rank {
        0 | 1 => Some(Severity::Critical),
        2 => Some(Severity::Major),
        3 | 4 => Some(Severity::Minor),
        5 => Some(Severity::Info),
        _ => None,
    }
}

/// Words that mean the same wherever they stand.
fn says_over(word: &str) -> bool {
    matches!(
        word,
        "ok" | "okay" | "resolved" | "resolve" | "recovered" | "recovery" | "closed" | "cleared" | "clear"
    )
}

/// Words that mean so of a state only: Datadog sends `"priority": "normal"` with every alert.
fn says_well(word: &str) -> bool {
    matches!(word, "normal" | "healthy" | "up" | "close" | "recover" | "operational")
}

fn says_live(word: &str) -> bool {
    matches!(
        word,
        "firing"
            | "triggered"
            | "trigger"
            | "alerting"
            | "alarm"
            | "open"
            | "opened"
            | "active"
            | "activated"
            | "down"
            | "problem"
            | "failing"
            | "failed"
            | "failure"
            | "unhealthy"
            | "unresolved"
            | "reopened"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::places::places;
    use serde_json::json;
    use shared::severity::Severity::{Critical, Info, Major, Minor};

    fn read(payload: &Value) -> (Severity, bool) {
        let Urgency { severity, resolves } = urgency(&places(payload));
        (severity, resolves)
    }

    #[test]
    fn words_of_many_tools_mean_one_of_four() {
        for (severity, words) in [
            (
                Critical,
                "critical CRIT Fatal emergency page p1 P0 sev1 SEV-1 Sev_0 Disaster urgent 1 🔥critical",
            ),
            (Major, "major high error ERR p2 sev2 S2 2"),
            (Minor, "minor warning WARN medium low average p3 P4 sev3 3"),
            (Info, "info Information notice debug p5 none 5"),
        ] {
            for word in words.split(' ') {
                assert_eq!(read(&json!({"severity": word})), (severity, false), "{word}");
            }
        }
        for (text, severity) in [("1 - Critical", Critical), ("Priority 3", Minor), ("  [Warning] ", Minor)] {
            assert_eq!(read(&json!({"priority": text})), (severity, false), "{text}");
        }
    }

    #[test]
    fn the_first_key_with_a_word_we_know_counts() {
        for (payload, severity) in [
            (json!({}), Major),
            (json!({"severity": "purple"}), Major),
            (json!({"severity": "purple", "level": "warn"}), Minor),
            (json!({"severity": null, "priority": "P1"}), Critical),
            (json!({"level": "info", "severity": "critical"}), Critical),
            (json!({"priority": 1, "status": "warning"}), Minor),
            (json!({"status": "firing", "priority": 1}), Critical),
            (json!({"status": "open"}), Major),
            (json!({"status": 1}), Major),
            (json!({"status": 500, "alert_type": 2}), Major),
            (json!({"Alert-Level": "fatal"}), Critical),
            (json!({"alertLevel": "warning"}), Minor),
            (json!({"severity": 40}), Major),
            (json!({"severity": -1}), Critical),
            (json!({"severity": "not critical"}), Major),
            (json!({"severity": ["critical"]}), Major),
            (json!({"data": {"severity": "minor"}, "labels": {"severity": "page"}}), Critical),
            (json!({"severity": "minor", "labels": {"severity": "page"}}), Minor),
            (json!({"alerts": [{"labels": {"severity": "info"}}, {"labels": {"severity": "high"}}]}), Major),
        ] {
            assert_eq!(read(&payload).0, severity, "{payload}");
        }
    }

    #[test]
    fn whoever_says_that_it_is_over_resolves() {
        for payload in [
            json!({"status": "OK"}),
            json!({"status": "resolved", "severity": "critical"}),
            json!({"severity": "ok"}),
            json!({"level": "resolved"}),
            json!({"alert_type": "success"}),
            json!({"event_action": "resolve"}),
            json!({"action": "resolved", "data": {"issue": {"level": "error"}}}),
            json!({"state": "Normal"}),
            json!({"newStateValue": "OK"}),
            json!({"status": "✅ Up"}),
            json!({"incident": {"state": "closed"}}),
            json!({"alerts": [{"status": "resolved"}, {"status": "resolved"}]}),
        ] {
            assert!(read(&payload).1, "{payload}");
        }
        assert_eq!(read(&json!({"status": "ok"})), (Info, true));
        assert_eq!(read(&json!({"status": "ok", "priority": "p2"})), (Major, true));
    }

    #[test]
    fn whatever_might_still_burn_does_not_resolve() {
        for payload in [
            json!({}),
            json!({"status": "firing", "alerts": [{"status": "resolved"}]}),
            json!({"alerts": [{"status": "resolved"}, {"status": "firing"}]}),
            json!({"status": "critical", "state": "ok"}),
            json!({"status": "ok", "event_type": "triggered"}),
            json!({"priority": "normal", "message": "db down"}),
            json!({"severity": "normal"}),
            json!({"labels": {"status": "ok", "state": "resolved"}}),
            json!({"message": "resolved", "status": "down"}),
            json!({"status": "not ok"}),
            json!({"status": "unresolved"}),
            json!({"status": {"ok": true}}),
            json!({"status": 200}),
            json!({"status": "success"}),
        ] {
            assert!(!read(&payload).1, "{payload}");
        }
    }
}
