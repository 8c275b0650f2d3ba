//! Scenarios, as the apply file holds them.

use super::*;
use proptest::prelude::*;
use serde_json::json;

/// JSON of any shape whose keys and texts are likely to meet those of a rule.
pub(in crate::routing) fn json_of_any_shape() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c]{0,3}|\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-c](\\.[a-c])?|payload|\\PC{0,4}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn scenario(rules: Value) -> Scenario {
    serde_json::from_value(json!({"rule": rules})).unwrap()
}

#[test]
fn the_first_rule_that_matches_decides() {
    let scenario = scenario(json!([
        {"when": [{"field": "env", "op": "eq", "value": "test"}], "action": {"do": "suppress"}},
        {"match": "any",
         "when": [{"field": "severity", "op": "in", "value": ["critical"]},
                  {"field": "customers", "op": "gt", "value": 100}],
         "action": {"do": "call_all"}},
        {"when": [{"field": "severity", "op": "eq", "value": "major"},
                  {"field": "team", "op": "eq", "value": "shop"}],
         "action": {"do": "call_member", "member": "shop@example.com"}},
    ]));
    let shop = Action::CallMember { member: "shop@example.com".into() };
    for (fields, action) in [
        (json!({"severity": "critical", "env": "test"}), Action::Suppress),
        (json!({"severity": "critical"}), Action::CallAll),
        (json!({"severity": "minor", "customers": "101"}), Action::CallAll),
        (json!({"severity": "major", "team": "shop"}), shop),
        (json!({"severity": "major", "team": "crm"}), Action::CallPrimary),
        (json!({}), Action::CallPrimary),
        (json!(null), Action::CallPrimary),
    ] {
        assert_eq!(scenario.decide(&fields), action, "{fields}");
    }
    assert_eq!(scenario.actions().count(), 3);
}

#[test]
fn a_rule_without_conditions_always_matches() {
    for rules in [
        json!([{"action": {"do": "call_all"}}]),
        json!([{"match": "any", "when": [], "action": {"do": "call_all"}}]),
    ] {
        assert_eq!(scenario(rules).decide(&json!({})), Action::CallAll);
    }
    assert_eq!(Scenario::default().decide(&json!({})), Action::CallPrimary);
}

#[test]
fn the_apply_files_form_is_read_and_survives_the_database() {
    let scenario: Scenario = toml::from_str(
        r#"
        [[rule]]
        when = [{ field = "severity", op = "in", value = ["critical", "major"] }]
        action = { do = "call_primary" }
        [[rule]]
        match = "any"
        when = [{ field = "labels.night", op = "exists" }, { field = "load", op = "gte", value = 97.5 }]
        action = { do = "call_on_schedule", schedule = "nights" }
        "#,
    )
    .unwrap();
    let stored = serde_json::to_string(&scenario).unwrap();
    assert_eq!(serde_json::from_str::<Scenario>(&stored).unwrap(), scenario);
    assert_eq!(
        scenario.decide(&json!({"labels": {"night": 1}})),
        Action::CallOnSchedule { schedule: "nights".into() }
    );
}

#[test]
fn nonsense_is_refused_with_the_way_out() {
    let rule = |action: Value| json!({"rule": [{"action": action}]});
    let conditions = vec![json!({"field": "x", "op": "exists"}); 21];
    for (written, says) in [
        (rule(json!({"do": "call_everybody"})), "it is one of call_primary, call_all"),
        (rule(json!({"do": "call_member"})), "`call_member` needs `member`"),
        (rule(json!({"do": "call_member", "member": " "})), "`call_member` needs `member`"),
        (rule(json!({"do": "call_on_schedule"})), "`call_on_schedule` needs `schedule`"),
        (rule(json!({"do": "call_primary", "member": "a@b"})), "`call_primary` takes no `member`"),
        (rule(json!({"do": "suppress", "why": "noise"})), "unknown field `why`"),
        (json!({"rule": [{"when": []}]}), "missing field `action`"),
        (json!({"rule": [{"match": "some", "action": {"do": "suppress"}}]}), "unknown variant `some`"),
        (json!({"rule": [{"if": [], "action": {"do": "suppress"}}]}), "unknown field `if`"),
        (json!({"rules": []}), "unknown field `rules`"),
        (json!({"rule": vec![json!({"action": {"do": "suppress"}}); 101]}), "may have 100 rules"),
        (
            json!({"rule": [{"when": conditions, "action": {"do": "suppress"}}]}),
            "may have 20 conditions, and this one has 21",
        ),
    ] {
        let error = serde_json::from_value::<Scenario>(written.clone()).unwrap_err().to_string();
        assert!(error.contains(says), "{written}: {error}");
    }
}

#[test]
fn every_action_is_called_by_its_word() {
    for word in Action::WORDS {
        let (member, schedule) = (word == "call_member", word == "call_on_schedule");
        let written = WrittenAction {
            r#do: word.into(),
            member: member.then(|| "a@example.com".into()),
            schedule: schedule.then(|| "nights".into()),
        };
        assert_eq!(Action::try_from(written).unwrap().word(), word);
    }
}

proptest! {
    #[test]
    fn any_payload_gets_an_action(fields in json_of_any_shape(), field in "[a-c](\\.[a-c0-2]){0,3}") {
        let when = |op: &str, value: Value| json!({"when": [{"field": field, "op": op, "value": value}],
                                                   "action": {"do": "call_all"}});
        let scenario = scenario(json!([
            when("gt", json!(3)), when("in", json!(["a", 1, true])), when("contains", json!("b")),
            when("starts_with", json!("c")), when("ends_with", json!("a")), when("eq", json!("abc")),
        ]));
        prop_assert!(matches!(scenario.decide(&fields), Action::CallAll | Action::CallPrimary));
    }

    #[test]
    fn an_unreadable_scenario_is_an_error_and_no_panic(written in json_of_any_shape()) {
        drop(serde_json::from_value::<Scenario>(written.clone()));
        drop(serde_json::from_value::<Scenario>(json!({"rule": [{"when": [written], "action": {"do": "suppress"}}]})));
    }
}

#[test]
fn what_holds_too_much_to_be_judged_calls_the_primary() {
    let suppress = scenario(json!([{"action": {"do": "suppress"}}]));
    let payload = |values: usize| json!({"payload": {"tags": vec!["x"; values]}});
    assert_eq!(suppress.decide(&payload(9_000)), Action::Suppress);
    assert_eq!(suppress.decide(&payload(10_000)), Action::CallPrimary);
}
