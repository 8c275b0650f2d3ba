//! The payload of a request, in whatever form it came.

use super::Arrival;
use mime::Mime;
use serde_json::{Map, Value};
use std::borrow::Cow;
use url::form_urlencoded;

/// Reads body and query string into one payload: an object, or an array where the body is one and
/// there is no query. Of a key that is in both, the body's value stays.
///
/// JSON is what begins like it and parses, whatever the content type says, because `curl -d` calls
/// everything a form. Text that is no JSON and no form becomes `message`. Nothing is refused: the
/// body is stored as it came.
pub(super) fn payload(arrival: &Arrival) -> Value {
    let query = Value::Object(pairs(arrival.query.as_bytes()));
    match body(arrival) {
        Body::Empty => query,
        Body::Read(payload, _) => merged(query, payload),
        Body::Text(text) => merged(query, named("message", text)),
    }
}

/// What a body is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// JSON.
    Json,
    /// The pairs of a form.
    Form,
    /// Text.
    Text,
    /// What is no text in UTF-8.
    Binary,
    /// Nothing.
    Empty,
}

impl BodyKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Json, Self::Form, Self::Text, Self::Binary, Self::Empty];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Form => "form",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Empty => "empty",
        }
    }

    /// As it is read.
    pub(super) fn of(arrival: &Arrival) -> Self {
        match body(arrival) {
            Body::Empty => Self::Empty,
            Body::Read(_, kind) => kind,
            Body::Text(_) if std::str::from_utf8(&arrival.body).is_err() || arrival.body.contains(&0) => {
                Self::Binary
            }
            Body::Text(_) => Self::Text,
        }
    }
}

enum Body {
    Empty,
    Read(Value, BodyKind),
    Text(String),
}

fn body(arrival: &Arrival) -> Body {
    let text = String::from_utf8_lossy(&arrival.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Body::Empty;
    }
    let content_type = content_type(arrival);
    let is_called = |name: &str| content_type.as_ref().is_some_and(|mime| mime.essence_str() == name);
    if text.starts_with(['{', '[']) {
        // serde_json stops at 128 levels; a body nested deeper is text to us.
        if let Ok(payload) = serde_json::from_str(text) {
            return Body::Read(payload, BodyKind::Json);
        }
    }
    if text.starts_with('"')
        && let Ok(text) = serde_json::from_str(text)
    {
        return Body::Text(text);
    }
    if is_called("application/x-www-form-urlencoded") && looks_like_a_form(text) {
        return Body::Read(Value::Object(pairs(text.as_bytes())), BodyKind::Form);
    }
    Body::Text(text.to_owned())
}

fn content_type(arrival: &Arrival) -> Option<Mime> {
    let (_, value) = arrival.headers.iter().find(|(name, _)| name == "content-type")?;
    value.parse().ok()
}

/// Whether the text begins with a key: `curl -d 'disk is full'` is called a form as well.
fn looks_like_a_form(text: &str) -> bool {
    text.split_once('=').is_some_and(|(key, _)| {
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]%+".contains(&byte))
    })
}

/// The pairs of a form or a query string. Some senders put a JSON document into a pair called
/// `payload`.
fn pairs(text: &[u8]) -> Map<String, Value> {
    let read = |(key, value): (Cow<'_, str>, Cow<'_, str>)| {
        let document = if key == "payload" { serde_json::from_str(&value).ok() } else { None };
        (key.into_owned(), document.unwrap_or_else(|| Value::String(value.into_owned())))
    };
    form_urlencoded::parse(text).map(read).collect()
}

fn merged(query: Value, body: Value) -> Value {
    match (query, body) {
        (Value::Object(query), body) if query.is_empty() => body,
        (Value::Object(mut all), Value::Object(body)) => {
            all.extend(body);
            Value::Object(all)
        }
        (Value::Object(mut all), body) => {
            all.insert("payload".to_owned(), body);
            Value::Object(all)
        }
        (_, body) => body,
    }
}

fn named(key: &str, text: String) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), Value::String(text))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::testing::request;
    use serde_json::json;

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_payload_is_read_whatever_it_is_called() {
        for (content_type, query, body, read) in [
            (FORM, "", r#"{"message":"db down"}"#, json!({"message": "db down"})),
            ("text/plain", "", "\u{feff} [{\"a\":1}]", json!([{"a": 1}])),
            ("application/json", "", "{\"message\":", json!({"message": "{\"message\":"})),
            ("application/json; charset=utf-8", "", "\"db down\"", json!({"message": "db down"})),
            ("application/json", "", "42", json!({"message": "42"})),
            (
                FORM,
                "",
                "severity=critical&message=db+down%21",
                json!({"severity": "critical", "message": "db down!"}),
            ),
            (FORM, "", "message=db is down&severity=p1", json!({"message": "db is down", "severity": "p1"})),
            (FORM, "", "the disk is full", json!({"message": "the disk is full"})),
            (FORM, "", "load on db-1 = 97", json!({"message": "load on db-1 = 97"})),
            (FORM, "", "payload=%7B%22text%22%3A%22hi%22%7D", json!({"payload": {"text": "hi"}})),
            ("", "severity=critical&host=db-1", "", json!({"severity": "critical", "host": "db-1"})),
            ("", "a=1&b=2", "{\"a\":3}", json!({"a": 3, "b": "2"})),
            ("", "a=1", "[1]", json!({"a": "1", "payload": [1]})),
            ("", "severity=p1", "db down", json!({"severity": "p1", "message": "db down"})),
            ("", "message=a", "b", json!({"message": "b"})),
            ("", "", "", json!({})),
            ("nonsense", "", " \n", json!({})),
        ] {
            assert_eq!(payload(&request(content_type, query, body)), read, "{content_type} {query} {body}");
        }
    }

    #[test]
    fn what_a_body_is_made_of_is_told_in_a_word() {
        for (content_type, body, kind) in [
            ("", "{\"a\":1}", BodyKind::Json),
            (FORM, "a=1", BodyKind::Form),
            ("", "a=1", BodyKind::Text),
            ("application/json", "{\"a\":", BodyKind::Text),
            ("", "a\0b", BodyKind::Binary),
            ("", " \n", BodyKind::Empty),
        ] {
            assert_eq!(BodyKind::of(&request(content_type, "", body)), kind, "{body:?}");
        }
        let mut latin = request("text/plain", "", "");
        latin.body = bytes::Bytes::from_static(b"d\xfcster");
        assert_eq!(BodyKind::of(&latin), BodyKind::Binary);
    }

    #[test]
    fn hostile_bodies_are_text() {
        let nested = "[".repeat(10_000) + &"]".repeat(10_000);
        for body in [nested.as_str(), "{\"a\":1e999}", "{\"a\":1}{\"b\":2}", "[\0]"] {
            assert_eq!(payload(&request("application/json", "", body)), json!({"message": body}));
        }
        let mut broken = request("application/json", "", "");
        broken.body = bytes::Bytes::from_static(b"{\"message\":\"d\xfcster\",\"severity\":\"p1\"}");
        assert_eq!(payload(&broken), json!({"message": "d\u{fffd}ster", "severity": "p1"}));
    }
}
