//! Why a scenario decides as it does: each rule's verdict, and what each condition found.

use super::{
    Condition,
    rule::{Action, Scenario},
};
use serde_json::Value;
use std::io;

/// Most bytes of JSON that are shown of what a condition found, and most values of it.
const SHOWN_BYTES: usize = 1_000;
const SHOWN_VALUES: usize = 20;
/// Most bytes of JSON that are shown of what all conditions found together, and what stands for what is left out.
const SHOWN_ALTOGETHER: usize = 64 * 1024;
const CUT: &str = "…";

/// What a scenario makes of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// One for each rule, in their order.
    pub verdicts: Vec<Verdict>,
    /// Place of the rule that decides; `None` where none does, and the primary is called.
    pub rule: Option<usize>,
    /// What is done.
    pub action: Action,
    /// The payload holds more than rules look at, so that none was asked.
    pub is_too_much: bool,
}

/// What a rule makes of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether it matches, also where an earlier one has decided.
    pub matches: bool,
    /// One for each condition, in their order.
    pub findings: Vec<Finding>,
}

/// What a condition makes of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// As it is written.
    pub condition: Condition,
    /// What its field leads to, cut where it is long: several values as a list; `None` where there is nothing.
    pub found: Option<Value>,
    /// Whether it holds.
    pub holds: bool,
}

impl Scenario {
    /// What [`decide`](Self::decide) decides, with all that leads there.
    pub fn explain(&self, fields: &Value) -> Explanation {
        let is_too_much = self.is_too_much(fields);
        let mut room = SHOWN_ALTOGETHER;
        let verdicts: Vec<Verdict> =
            self.rules().iter().map(|rule| rule.explain(fields, !is_too_much, &mut room)).collect();
        let rule = verdicts.iter().position(|verdict| verdict.matches);
        let action = rule.and_then(|place| self.actions().nth(place)).cloned();
        Explanation { verdicts, rule, action: action.unwrap_or(Action::CallPrimary), is_too_much }
    }
}

/// What was found, short enough to be shown in this room.
pub(super) fn shown(mut found: Vec<&Value>, room: &mut usize) -> Option<Value> {
    // Where a path goes on in every element the last one is found first.
    found.reverse();
    match found[..] {
        [] => None,
        [..] if *room == 0 => Some(CUT.into()),
        [one] => Some(short(one, room)),
        _ => {
            Some(Value::Array(found.into_iter().take(SHOWN_VALUES).map(|value| short(value, room)).collect()))
        }
    }
}

/// As it is; what is long, as the beginning of its JSON.
fn short(value: &Value, room: &mut usize) -> Value {
    let mut written = Beginning(Vec::new());
    let whole = serde_json::to_writer(&mut written, value).is_ok();
    if written.0.len() > *room {
        *room = 0;
        return CUT.into();
    }
    *room -= written.0.len();
    if whole {
        return value.clone();
    }
    Value::String(format!("{}{CUT}", String::from_utf8_lossy(&written.0).trim_end_matches('\u{fffd}')))
}

/// Takes so many bytes and no more: what a payload holds may be long, and is asked for by many conditions.
struct Beginning(Vec<u8>);

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = SHOWN_BYTES - self.0.len();
        self.0.extend(bytes.iter().take(room));
        if bytes.len() > room { Err(io::ErrorKind::StorageFull.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::rule::tests::json_of_any_shape;
    use proptest::prelude::*;
    use serde_json::json;

    fn scenario(rules: Value) -> Scenario {
        serde_json::from_value(json!({"rule": rules})).unwrap()
    }

    #[test]
    fn each_rule_says_whether_it_matches_and_each_condition_what_it_found() {
        let scenario = scenario(json!([
            {"when": [{"field": "labels.region", "op": "in", "value": ["eu"]},
                      {"field": "hosts", "op": "contains", "value": "db"}],
             "action": {"do": "call_all"}},
            {"match": "any",
             "when": [{"field": "alerts.name", "op": "eq", "value": "b"}, {"field": "gone", "op": "exists"}],
             "action": {"do": "suppress"}},
            {"action": {"do": "call_project"}},
        ]));
        let fields = json!({"labels": {"region": "us"}, "hosts": ["db-1", "db-2"],
                            "alerts": [{"name": "a"}, {"name": "b"}]});
        let told = scenario.explain(&fields);
        let matches: Vec<_> = told.verdicts.iter().map(|verdict| verdict.matches).collect();
        assert_eq!((matches, told.rule, &told.action), (vec![false, true, true], Some(1), &Action::Suppress));
        let found: Vec<_> = told.verdicts[..2]
            .iter()
            .flat_map(|verdict| &verdict.findings)
            .map(|finding| (finding.found.clone(), finding.holds))
            .collect();
        let expected = [
            (Some(json!("us")), false),
            (Some(json!(["db-1", "db-2"])), true),
            (Some(json!(["a", "b"])), true),
            (None, false),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_long_is_shown_in_part_and_too_much_is_not_looked_at() {
        let long = "ж".repeat(2_000);
        let exists =
            scenario(json!([{"when": [{"field": "a", "op": "exists"}], "action": {"do": "suppress"}}]));
        let told = exists.explain(&json!({"a": long}));
        let found = told.verdicts[0].findings[0].found.clone().unwrap();
        assert!(found.as_str().unwrap().ends_with("ж…") && found.as_str().unwrap().len() < 1_010, "{found}");
        let told = exists.explain(&json!({"a": vec![0; 20_000]}));
        assert!(told.is_too_much && told.rule.is_none() && told.action == Action::CallPrimary);
        assert_eq!(told.verdicts[0].findings[0].found, None);
        assert!(exists.explain(&json!({"a": vec![0; 5_000]})).verdicts[0].matches);
    }

    #[test]
    fn however_many_conditions_find_much_an_explanation_stays_small() {
        let conditions = vec![json!({"field": "a.b", "op": "exists"}); 20];
        let scenario = scenario(json!(vec![json!({"when": conditions, "action": {"do": "suppress"}}); 100]));
        let told = scenario.explain(&json!({"a": vec![json!({"b": "x".repeat(990)}); 20]}));
        let findings: Vec<_> = told.verdicts.iter().flat_map(|verdict| &verdict.findings).collect();
        assert!(findings.iter().all(|finding| finding.holds));
        let found: Vec<_> = findings.iter().map(|finding| &finding.found).collect();
        assert!(serde_json::to_string(&found).unwrap().len() < 2 * SHOWN_ALTOGETHER);
        assert_eq!(found[1_999].as_ref().unwrap(), CUT);
    }

    #[test]
    fn rules_that_would_compare_for_long_are_not_asked_and_the_primary_is_called() {
        let list: Vec<_> = (0..1_000).collect();
        let condition = json!({"field": "a", "op": "in", "value": list});
        let scenario =
            scenario(json!([{"match": "any", "when": vec![condition; 20], "action": {"do": "suppress"}}]));
        let few = json!({"a": vec!["x"; 100]});
        assert!(!scenario.explain(&few).is_too_much);
        for many in [json!({"a": vec!["x"; 101]}), json!({"a": ["1".repeat(2_000)]})] {
            assert!(scenario.explain(&many).is_too_much, "{many}");
            assert_eq!(scenario.decide(&many), Action::CallPrimary);
        }
    }

    proptest! {
        #[test]
        fn what_is_explained_is_what_is_decided(
            fields in json_of_any_shape(),
            value in "[a-c]{1,2}",
            paths in prop::collection::vec("[a-c](\\.[a-c]){0,2}", 1..4),
            any in any::<bool>(),
        ) {
            let when: Vec<_> = paths.iter()
                .map(|field| json!({"field": field, "op": "contains", "value": value})).collect();
            let scenario = scenario(json!([
                {"match": if any { "any" } else { "all" }, "when": when, "action": {"do": "suppress"}},
                {"when": [{"field": paths[0], "op": "exists"}], "action": {"do": "call_all"}},
            ]));
            prop_assert_eq!(scenario.explain(&fields).action, scenario.decide(&fields));
        }
    }
}
