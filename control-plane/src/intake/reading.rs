//! What a request says, in whatever shape it came.

use super::{
    Arrival, body,
    dedup::dedup_key,
    message::{Message, message},
    places::places,
    severity::{self, Urgency, urgency},
};
use crate::routing::fields;
use serde_json::{Map, Value};
use shared::severity::Severity;

/// What was read from a request. Reading never fails: the worst request is a major alert with its
/// own text.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the rules see.
    pub fields: Value,
    /// How bad it is.
    pub severity: Severity,
    /// One line, at most 500 characters, never empty.
    pub message: String,
    /// The sender said the message; otherwise it is made of whatever the payload held.
    pub has_own_message: bool,
    /// At most 255 bytes.
    pub dedup_key: Option<String>,
    /// The sender says that an alert is over.
    pub resolves: bool,
}

/// Reads a request.
pub fn read(arrival: &Arrival) -> Reading {
    let payload = word_as_status(body::payload(arrival));
    let places = places(&payload);
    let Urgency { severity, resolves } = urgency(&places);
    let Message { text, is_senders_own } = message(&payload, &places);
    let dedup_key = dedup_key(arrival, &places);
    Reading {
        fields: fields::view(severity, &text, payload),
        severity,
        message: text,
        has_own_message: is_senders_own,
        dedup_key,
        resolves,
    }
}

/// `curl -d ok` says what `{"status":"ok"}` says.
fn word_as_status(payload: Value) -> Value {
    match payload.as_object().map(|fields| (fields.len(), fields.get("message").and_then(Value::as_str))) {
        Some((1, Some(text))) if severity::is_a_word_of_its_own(text) => {
            Value::Object(Map::from_iter([("status".to_owned(), text.trim().into())]))
        }
        Some(_) | None => payload,
    }
}

#[cfg(test)]
mod tests;
