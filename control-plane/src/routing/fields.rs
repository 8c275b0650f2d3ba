//! What a rule sees of a request, and how a path finds its way in it.

use serde_json::{Map, Value};
use shared::severity::Severity;

/// Key under which the payload stands as it came.
const PAYLOAD: &str = "payload";
/// Most values that rules look at. A path may lead to all of them, for every condition and every
/// word of its list: 256 KiB of them kept a thread busy for minutes.
const MOST_VALUES: usize = 10_000;

/// What rules see of a request: `severity` and `message` as they were read from it, and the payload
/// as it came under `payload`. A path that leads nowhere from here starts again in the payload, so
/// `labels.region` and `payload.labels.region` are the same, while `severity` is the normalised
/// word and `payload.severity` whatever the sender wrote.
pub fn view(severity: Severity, message: &str, payload: Value) -> Value {
    let mut fields = Map::new();
    fields.insert("severity".to_owned(), severity.as_str().into());
    fields.insert("message".to_owned(), message.into());
    fields.insert(PAYLOAD.to_owned(), payload);
    Value::Object(fields)
}

/// The values that a path leads to, `null` left out.
///
/// Segments are parted by dots. In an object the longest literal key that begins the rest of the
/// path wins, so that keys which hold dots can be named. In an array a number is an index, and any
/// other segment goes on in every element.
pub(super) fn values<'v>(fields: &'v Value, path: &str) -> Vec<&'v Value> {
    let found = follow(fields, path);
    match fields.get(PAYLOAD) {
        Some(payload) if found.is_empty() => follow(payload, path),
        Some(_) | None => found,
    }
}

/// Elements in place of the arrays that hold them, at any depth.
pub(super) fn elements(mut values: Vec<&Value>) -> Vec<&Value> {
    let mut found = Vec::new();
    while let Some(value) = values.pop() {
        if let Value::Array(items) = value { values.extend(items) } else { found.push(value) }
    }
    found
}

/// Whether there is more than rules look at.
pub(crate) fn is_too_much(fields: &Value) -> bool {
    let mut pending = vec![fields];
    let mut seen = 0;
    while let Some(value) = pending.pop() {
        seen += 1;
        match value {
            Value::Array(items) => pending.extend(items),
            Value::Object(map) => pending.extend(map.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        if seen + pending.len() > MOST_VALUES {
            return true;
        }
    }
    false
}

/// Follows a path with a list of what is left to do, because a payload may be nested deeper than
/// the stack.
fn follow<'v>(from: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = Vec::new();
    let mut pending = vec![(from, Some(path))];
    while let Some((value, rest)) = pending.pop() {
        match (value, rest) {
            (Value::Null, _) => {}
            (_, None) => found.push(value),
            (Value::Object(map), Some(rest)) => pending.extend(step(map, rest)),
            (Value::Array(items), Some(rest)) => {
                let (segment, after) = rest.split_once('.').map_or((rest, None), |(a, b)| (a, Some(b)));
                match segment.parse::<usize>() {
                    Ok(index) => pending.extend(items.get(index).map(|item| (item, after))),
                    Err(_) => pending.extend(items.iter().map(|item| (item, Some(rest)))),
                }
            }
            (Value::Bool(_) | Value::Number(_) | Value::String(_), Some(_)) => {}
        }
    }
    found
}

fn step<'v, 'p>(map: &'v Map<String, Value>, rest: &'p str) -> Option<(&'v Value, Option<&'p str>)> {
    if let Some(value) = map.get(rest) {
        return Some((value, None));
    }
    rest.rmatch_indices('.').find_map(|(dot, _)| Some((map.get(&rest[..dot])?, Some(&rest[dot + 1..]))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(fields: &Value, path: &str) -> Vec<Value> {
        let mut found: Vec<Value> = values(fields, path).into_iter().cloned().collect();
        found.reverse();
        found
    }

    #[test]
    fn a_path_goes_through_objects_indexes_and_every_element() {
        let fields = json!({"alerts": [{"labels": {"x": 1}}, {"labels": {"x": 2}}, {"other": null}]});
        assert_eq!(at(&fields, "alerts.1.labels.x"), [json!(2)]);
        assert_eq!(at(&fields, "alerts.labels.x"), [json!(1), json!(2)]);
        for nowhere in ["alerts.3.labels.x", "alerts.labels.y", "alerts.labels.x.z", "alerts.2.other", ""] {
            assert_eq!(at(&fields, nowhere), Vec::<Value>::new(), "{nowhere}");
        }
    }

    #[test]
    fn a_key_that_holds_dots_wins_over_the_path() {
        let fields = json!({"a.b": 1, "a": {"b": 2, "kubernetes.io/name": 3}, "x.y": {"z": 4}});
        assert_eq!(at(&fields, "a.b"), [json!(1)]);
        assert_eq!(at(&fields, "a.kubernetes.io/name"), [json!(3)]);
        assert_eq!(at(&fields, "x.y.z"), [json!(4)]);
    }

    #[test]
    fn what_was_read_stands_before_what_was_sent() {
        let sent = json!({"severity": "P1", "labels": {"region": "eu"}, "payload": {"class": "disk"}});
        let fields = view(Severity::Critical, "disk full", sent);
        assert_eq!(at(&fields, "severity"), [json!("critical")]);
        assert_eq!(at(&fields, "payload.severity"), [json!("P1")]);
        assert_eq!(at(&fields, "labels.region"), at(&fields, "payload.labels.region"));
        assert_eq!(at(&fields, "payload.class"), [json!("disk")]);
    }

    #[test]
    fn nesting_deeper_than_the_stack_is_walked_all_the_same() {
        let mut value = json!({"x": 1});
        for _ in 0..1_000_000 {
            value = Value::Array(vec![value]);
        }
        assert_eq!(at(&value, "x"), [json!(1)]);
        assert_eq!(elements(vec![&value]).len(), 1);
        // Dropping it would recurse, in serde_json; no payload is parsed that deep.
        std::mem::forget(value);
    }
}
