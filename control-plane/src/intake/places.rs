//! Where in a payload its severity, message and identity may stand.
//!
//! Senders wrap what they say in `alert`, `data`, `commonLabels` and the like. These are the
//! objects in which is looked, in order, so that every question is asked of the same ones.

use serde_json::{Map, Value};

/// Objects that are worth looking into, best first. The flag says that the object only describes:
/// a label `state` is not the state of the alert.
const NESTS: [(&str, bool); 25] = [
    ("commonannotations", true),
    ("annotations", true),
    ("alert", false),
    ("alerts", false),
    ("incident", false),
    ("incidents", false),
    ("event", false),
    ("events", false),
    ("issue", false),
    ("problem", false),
    ("data", false),
    ("payload", false),
    ("body", false),
    ("object", false),
    ("monitor", false),
    ("check", false),
    ("metricalert", false),
    ("essentials", false),
    ("details", true),
    ("customdetails", true),
    ("attributes", true),
    ("properties", true),
    ("commonlabels", true),
    ("labels", true),
    ("grouplabels", true),
];
/// How deep, and at how many of them: a payload can hold more than anybody would read.
const DEEPEST: usize = 4;
const MOST: usize = 64;
/// Longest key that could be one of those asked for.
const LONGEST_KEY: usize = 40;

/// An object of a payload in which is looked.
pub(super) struct Place<'v> {
    fields: &'v Map<String, Value>,
    /// The object itself, or the only element of an array that is the whole payload.
    pub(super) is_top: bool,
    /// It describes, but says neither what state the alert is in nor which one it is.
    pub(super) only_describes: bool,
    /// One of several of its kind, so that it cannot speak for all.
    pub(super) is_one_of_many: bool,
}

/// The places of a payload, the top first, and each before those inside it.
pub(super) fn places(payload: &Value) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    let mut pending = vec![(payload, 0, false, false)];
    while let Some((value, depth, only_describes, is_one_of_many)) = pending.pop() {
        if found.len() == MOST {
            break;
        }
        match value {
            Value::Object(fields) => {
                found.push(Place { fields, is_top: depth == 0, only_describes, is_one_of_many });
                if depth < DEEPEST {
                    let mut nests = named(fields, |name| NESTS.iter().position(|(nest, _)| *nest == name));
                    // A stack: what is pushed last is looked at first.
                    nests.reverse();
                    pending.extend(nests.into_iter().map(|(nest, value)| {
                        (value, depth + 1, only_describes || NESTS[nest].1, is_one_of_many)
                    }));
                }
            }
            Value::Array(items) => {
                let many = is_one_of_many || items.len() > 1;
                let objects = items.iter().take(MOST).rev().filter(|item| item.is_object());
                let depth = if items.len() > 1 { depth.max(1) } else { depth };
                pending.extend(objects.map(|item| (item, depth, only_describes, many)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

impl<'v> Place<'v> {
    /// The values of those keys that are here, in the order of `keys`, which are in lower case and
    /// without separators: `alertlevel` finds `alertLevel`, `alert_level` and `Alert-Level`.
    pub(super) fn values(&self, keys: &[&str]) -> impl Iterator<Item = &'v Value> + use<'v> {
        let found = named(self.fields, |name| keys.iter().position(|key| *key == name));
        found.into_iter().map(|(_, value)| value)
    }
}

/// The fields that `rank` knows by their plain name, in the order of their ranks.
fn named(fields: &Map<String, Value>, rank: impl Fn(&str) -> Option<usize>) -> Vec<(usize, &Value)> {
    let mut found = Vec::new();
    for (key, value) in fields {
        if key.len() <= LONGEST_KEY
            && let Some(rank) = rank(&plain(key))
        {
            found.push((rank, value));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found
}

/// A word in lower case, without what parts its parts.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|part| part.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(payload: &Value) -> Vec<String> {
        let names = places(payload).into_iter().filter_map(|place| place.values(&["n"]).next().cloned());
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_top_comes_first_and_a_whole_before_its_parts() {
        let payload = json!({
            "n": "top", "labels": {"n": "labels"}, "unheard_of": {"n": "never"},
            "alerts": [{"n": "one", "labels": {"n": "its labels"}}, {"n": "two"}],
            "Common-Annotations": {"n": "annotations"},
        });
        assert_eq!(names(&payload), ["top", "annotations", "one", "its labels", "two", "labels"]);
        assert_eq!(names(&json!([{"n": "one"}, 5, {"n": "two"}])), ["one", "two"]);
        assert_eq!(names(&json!("n")), Vec::<String>::new());
    }

    #[test]
    fn only_the_top_speaks_for_all_and_labels_only_describe() {
        let payload = json!({"alert": {"labels": {}}, "events": [{}, {}]});
        let kinds: Vec<_> = places(&payload)
            .iter()
            .map(|place| (place.is_top, place.only_describes, place.is_one_of_many))
            .collect();
        let part = (false, false, false);
        let many = (false, false, true);
        assert_eq!(kinds, [(true, false, false), part, (false, true, false), many, many]);
        assert!(places(&json!([{"a": 1}]))[0].is_top);
        assert!(!places(&json!([{"a": 1}, {"a": 2}]))[0].is_top);
    }

    #[test]
    fn a_payload_without_end_is_looked_at_in_part() {
        let many = Value::Array(vec![json!({"n": "x"}); 1_000]);
        assert_eq!(places(&many).len(), MOST);
        let mut deep = json!({"n": "x"});
        for _ in 0..100 {
            deep = json!({"n": "x", "data": deep});
        }
        assert_eq!(places(&deep).len(), DEEPEST + 1);
    }
}
