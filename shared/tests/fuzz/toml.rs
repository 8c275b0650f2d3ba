//! Everything that can be wrong with one key of a configuration file, and with every key in turn. The
//! tests of both programs read it; this crate has no such file.

use std::ops::Range;
use toml::{
    Table,
    de::{DeTable, DeValue},
};

/// Values as they are written: wrong types, ends of ranges, injections, what is nearly right.
const VALUES: [&str; 88] = [
    "",
    "x",
    "nan",
    "-nan",
    "inf",
    "-inf",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "0.5",
    "1e400",
    "0x10",
    "1001",
    "10001",
    "1000001",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "1979-05-27T07:32:00Z",
    "[]",
    "[[]]",
    "[\"\"]",
    "[1, \"a\", {}]",
    "[\"+380\", \"Ukraine\"]",
    "[\"+881\"]",
    "[\"\\u0000\"]",
    "[\"UA\", \"ua\"]",
    "{}",
    "{ a = 1 }",
    "{ a = 1, a = 2 }",
    "\"",
    "'",
    "\"\"\"",
    "'''\nx'''",
    "\"\0\"",
    "\"a\rb\"",
    "\"\u{202e}\"",
    "\"\\ud800\"",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"-1\"",
    "\"true\"",
    "\"\\u0000\"",
    "\"/\\u0000\"",
    "\"/a\\r\\nX-Evil: 1\"",
    "\"a\\r\\nX-Evil: 1\"",
    "\"\\u001b[2J\"",
    "\"/\\u001b[2J\"",
    "\"\\u202e765\"",
    "\"\\ufeffpbx-1\"",
    "\"pbx 1\"",
    "\"pbx-1\\n\"",
    "\"\u{43f}\u{431}\u{445}\"",
    "\"\\u0663\\u0668\"",
    "\"a@b\"",
    "\"a;b\"",
    "\"a,b\"",
    "\"a&b\"",
    "\"${TRUNK}\"",
    "\"..\"",
    "\"../../etc/passwd\"",
    "\"+\"",
    "\"+112\"",
    "\"+0000000\"",
    "\"+14155550100\\r\\nX-Evil: 1\"",
    "\"+1415555010\\u0660\"",
    "\"PJSIP/{digits}@a&PJSIP/{digits}@b\"",
    "\"PJSIP/{digits}{e164}@a\"",
    "\"PJSIP/{e1{digits}64}@a\"",
    "\"PJSIP/{dig{e164}its}@a\"",
    "\"PJSIP/{digits}@a;x=y\"",
    "\"PJSIP/{digits}@${TRUNK}\"",
    "\"PJSIP/{digits},30,g\"",
    "\"espeak-ng 'x\"",
    "\"sh -c 'a\\u0000'\"",
    "\"http://127.0.0.1@evil.example\"",
    "\"http://127.0.0.1.evil.example\"",
    "\"http://127.0.0.1:99999\"",
    "\"http://127.0.0.1:8088/#/x\"",
    "\"http://evil.example\"",
    "\"HTTPS://cp.example.com\"",
    "\"ht\\ntps://cp.example.com\"",
    "\"HTTP://cp.example.com\"",
];

/// Keys that nobody knows, with a value.
const STRANGERS: [&str; 5] =
    ["surprise = 1", "\"\" = 1", "\"a\\nb\\u001b[2J\" = 1", "a.b.c = 1", "\"${EXTEN}\" = { a = 1 }"];

/// The file with something wrong in one place.
pub struct Alteration {
    /// The key, dotted, and what was put there.
    pub what: String,
    /// The last part of it.
    pub key: String,
    /// The file.
    pub text: String,
}

/// Every key of the file, nested ones and items of arrays too, with each hostile value, left out, said
/// twice, and with strangers before it. They are found by walking the file, so that a new key is covered
/// by itself.
pub fn alterations(text: &str) -> Vec<Alteration> {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let long = |length| format!("\"{}\"", "x".repeat(length));
    let values: Vec<String> = VALUES
        .into_iter()
        .map(str::to_owned)
        .chain([nested(50), nested(10_000), long(65), long(70_000)])
        .collect();
    let mut all = Vec::new();
    for place in places(text) {
        let mut put = |what: &str, text: String| {
            let what = format!("{}: {}", place.path, what.chars().take(60).collect::<String>());
            all.push(Alteration { what, key: place.key.clone(), text });
        };
        let Range { start, end } = place.value.clone();
        let (before, value, after) = (&text[..start], &text[start..end], &text[end..]);
        for hostile in &values {
            put(hostile, format!("{before}{hostile}{after}"));
        }
        match &place.name {
            None => put("twice", format!("{before}{value}, {value}{after}")),
            Some(name) => {
                let (head, named) = (&text[..name.start], &text[name.start..end]);
                put("left out", format!("{head}{after}"));
                put("twice", format!("{head}{named}\n{named}{after}"));
                put("misspelt", format!("{head}x{named}{after}"));
                for stranger in STRANGERS {
                    put(stranger, format!("{head}{stranger}\n{named}{after}"));
                }
            }
        }
    }
    let document: Table = text.parse().expect("the sample is TOML");
    for key in document.keys() {
        let mut rest = document.clone();
        rest.remove(key);
        let rest = toml::to_string(&rest).expect("TOML");
        let mut put = |what: &str, text: String| {
            let what = format!("{key}: {}", what.chars().take(60).collect::<String>());
            all.push(Alteration { what, key: key.clone(), text });
        };
        put("left out", rest.clone());
        put("twice", format!("{text}\n[{key}]\n"));
        for hostile in &values {
            put(hostile, format!("{key} = {hostile}\n{rest}"));
        }
    }
    all
}

/// Keys of each table of the file, by its name, sorted.
pub fn keys(text: &str) -> Vec<(String, Vec<String>)> {
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    let document: Table = text.parse().expect("the sample is TOML");
    for (name, value) in &document {
        let table = value.as_table().or_else(|| value.as_array()?.first()?.as_table());
        if let Some(table) = table {
            tables.push((name.clone(), table.keys().cloned().collect()));
        }
    }
    tables.push((String::new(), document.keys().cloned().collect()));
    tables
}

/// Where a value stands, and its key where it is no item of an array.
struct Place {
    path: String,
    key: String,
    name: Option<Range<usize>>,
    value: Range<usize>,
}

fn places(text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    walk(DeTable::parse(text).expect("the sample is TOML").get_ref(), "", &mut found);
    found
}

fn walk(table: &DeTable<'_>, path: &str, found: &mut Vec<Place>) {
    for (name, value) in table.iter() {
        let key = name.get_ref().to_string();
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value.get_ref() {
            DeValue::Table(table) => {
                walk(table, &path, found);
                continue;
            }
            DeValue::Array(items) => {
                // Those between the first and the last are like these.
                let last = items.len().saturating_sub(1);
                for (at, item) in items.iter().enumerate().filter(|(at, _)| [0, last].contains(at)) {
                    let path = format!("{path}[{at}]");
                    match item.get_ref() {
                        DeValue::Table(table) => walk(table, &path, found),
                        DeValue::Array(_)
                        | DeValue::String(_)
                        | DeValue::Integer(_)
                        | DeValue::Float(_)
                        | DeValue::Boolean(_)
                        | DeValue::Datetime(_) => {
                            found.push(Place { path, key: key.clone(), name: None, value: item.span() });
                        }
                    }
                }
                if items.iter().any(|item| item.get_ref().is_table()) {
                    continue;
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
        found.push(Place { path, key, name: Some(name.span()), value: value.span() });
    }
}
