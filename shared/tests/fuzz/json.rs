//! Everything that can be wrong with one field of a document, and with every field in turn.

use serde::Serialize;
use serde_json::Value;

/// Stands where raw text goes: serde_json writes no such text of its own.
const HOLE: &str = "<the hole>";

/// Texts, as JSON: injections, other alphabets, what a terminal obeys, what is nearly a number or a name.
const TEXTS: [&str; 33] = [
    r#""""#,
    r#"" ""#,
    r#""0""#,
    r#""-1""#,
    r#""NaN""#,
    r#""null""#,
    r#""\u0000""#,
    r#""a\r\nX-Evil: 1""#,
    r#""\u001b[2J""#,
    r#""\u202e765\u202c""#,
    r#""\ufeff""#,
    r#""\ud800""#,
    r#""\u0663\u0668\u0660""#,
    r#""112""#,
    r#""+112""#,
    r#""380501234567""#,
    r#""+380 50 123-45-67""#,
    r#""+380501234567@evil.example""#,
    r#""+380501234567;ext=1""#,
    r#""+380501234567,30,g""#,
    r#""+380501234567&PJSIP/1@a""#,
    r#""+380501234567\r\nX-Evil: 1""#,
    r#""${EXTEN}""#,
    r#""$[1+1]""#,
    r#""{digits}""#,
    r#""' OR 1=1 --""#,
    r#""../../etc/passwd""#,
    r#""<script>""#,
    r#""%s%n""#,
    r#""AAAA""#,
    r#""00000000-0000-0000-0000-000000000000""#,
    r#""order""#,
    r#""ended""#,
];

/// What is no text, and what is no JSON at all.
const OTHERS: [&str; 32] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "65535",
    "65536",
    "4294967296",
    "380501234567",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e19",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "[]",
    "[null]",
    "[[]]",
    "{}",
    r#"{"a":1,"a":2}"#,
    r#"{"type":"order"}"#,
    "",
    "x",
    "'x'",
    "\"\n\"",
];

/// The document with something wrong in one place: what, and the text.
pub struct Alteration {
    /// The place, and what was put there.
    pub what: String,
    /// The document.
    pub text: String,
}

/// Every value in the sample, however deep it stands, replaced by each hostile one, left out, and said
/// twice. The places are found by walking the sample, so that a new field is covered by itself.
pub fn alterations(sample: &impl Serialize) -> Vec<Alteration> {
    let sample = &serde_json::to_value(sample).expect("JSON");
    let hostile = hostile();
    let mut all = Vec::new();
    for place in places(sample) {
        for value in &hostile {
            all.push(Alteration {
                what: format!("{place} = {}", value.chars().take(40).collect::<String>()),
                text: with(sample, &place, value),
            });
        }
        if let Some(text) = without(sample, &place) {
            all.push(Alteration { what: format!("no {place}"), text });
        }
        if let Some(text) = twice(sample, &place) {
            all.push(Alteration { what: format!("{place} twice"), text });
        }
    }
    all
}

fn hostile() -> Vec<String> {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let long = |length| format!("\"{}\"", "x".repeat(length));
    let many = format!("[{}null]", "null,".repeat(600));
    TEXTS
        .into_iter()
        .chain(OTHERS)
        .map(str::to_owned)
        .chain([nested(100), nested(10_000), long(300), long(50_000), long(70_000), many])
        .collect()
}

/// JSON pointers of the document itself and of all that is in it.
fn places(document: &Value) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match document {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let deeper = inside
        .into_iter()
        .flat_map(|(name, value)| places(value).into_iter().map(move |place| format!("/{name}{place}")));
    std::iter::once(String::new()).chain(deeper).collect()
}

/// The document with this text instead of what stands there.
fn with(document: &Value, place: &str, text: &str) -> String {
    let mut document = document.clone();
    *document.pointer_mut(place).expect("a place of the document") = HOLE.into();
    document.to_string().replacen(&format!("\"{HOLE}\""), text, 1)
}

fn without(document: &Value, place: &str) -> Option<String> {
    let (parent, name) = place.rsplit_once('/')?;
    let mut document = document.clone();
    match document.pointer_mut(parent)? {
        Value::Object(fields) => _ = fields.remove(name),
        Value::Array(items) => _ = items.remove(name.parse().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    }
    Some(document.to_string())
}

fn twice(document: &Value, place: &str) -> Option<String> {
    let (parent, name) = place.rsplit_once('/')?;
    let value = document.pointer(place)?;
    let again = if document.pointer(parent)?.is_array() {
        format!("{value},{value}")
    } else {
        format!("{value},\"{name}\":{value}")
    };
    Some(with(document, place, &again))
}
