//! Conditions, as people write them.

use super::*;
use crate::routing::rule::tests::json_of_any_shape;
use proptest::prelude::*;
use serde_json::json;

fn condition(field: &str, op: &str, value: Value) -> Condition {
    serde_json::from_value(json!({"field": field, "op": op, "value": value})).unwrap()
}

#[test]
fn every_operator_holds_and_does_not_hold() {
    let fields = json!({
        "severity": "critical", "host": "db-1.eu", "load": 97.5, "free": "3", "ok": false,
        "tags": ["Disk", "prod"], "codes": [500, 502], "nothing": null, "labels": {"region": "EU"},
        "alerts": [{"labels": {"team": "shop"}}, {"labels": {"team": "ops"}}],
    });
    for (field, op, value, holds) in [
        ("severity", "in", json!(["critical", "major"]), true),
        ("severity", "in", json!(["minor"]), false),
        ("severity", "nin", json!(["minor"]), true),
        ("absent", "nin", json!(["minor"]), true),
        ("host", "contains", json!("1.E"), true),
        ("host", "not_contains", json!("us"), true),
        ("absent", "not_contains", json!("us"), true),
        ("host", "starts_with", json!("db-"), true),
        ("host", "ends_with", json!(".eu"), true),
        ("host", "ends_with", json!(".us"), false),
        ("nothing", "exists", json!(null), false),
        ("labels", "exists", json!(null), true),
        ("labels.zone", "not_exists", json!(null), true),
        ("load", "gt", json!(97), true),
        ("load", "lte", json!(97), false),
        ("free", "lt", json!(5), true),
        ("free", "gte", json!(3), true),
        ("host", "gt", json!(1), false),
        ("host", "lte", json!(1), false),
        ("free", "eq", json!(3), true),
        ("ok", "eq", json!("false"), true),
        ("ok", "ne", json!(true), true),
        ("labels.region", "eq", json!("eu"), true),
        ("tags", "eq", json!("disk"), true),
        ("tags", "contains", json!("pro"), true),
        ("codes", "in", json!([502]), true),
        ("codes", "gt", json!(502), false),
        ("alerts.labels.team", "eq", json!("ops"), true),
        ("alerts.0.labels.team", "eq", json!("ops"), false),
        // A negated operator asks that none of the elements matches.
        ("alerts.labels.team", "ne", json!("ops"), false),
        ("alerts.labels.team", "nin", json!(["crm"]), true),
    ] {
        assert_eq!(condition(field, op, value.clone()).holds(&fields), holds, "{field} {op} {value}");
    }
}

#[test]
fn nonsense_is_refused_with_the_way_out() {
    for (written, says) in [
        (json!({"field": "x", "op": "in", "value": "a"}), "`in` takes a list"),
        (json!({"field": "x", "op": "in", "value": []}), "`value` is an empty list"),
        (json!({"field": "x", "op": "nin", "value": [["a"]]}), "a list that holds something else"),
        (json!({"field": "x", "op": "gt", "value": "5"}), "`gt` takes a number, and `value` is a text"),
        (json!({"field": "x", "op": "lt"}), "`value` is missing"),
        (json!({"field": "x", "op": "exists", "value": true}), "`exists` takes no value"),
        (json!({"field": "x", "op": "contains", "value": ""}), "`value` is empty"),
        (json!({"field": "x", "op": "eq", "value": {"a": 1}}), "`value` is a table"),
        (json!({"field": "x", "op": "equals", "value": 1}), "it is one of in, nin, contains, not_contains"),
        (json!({"field": " ", "op": "exists"}), "`field` is empty"),
        (json!({"field": "x".repeat(257), "op": "exists"}), "256 bytes"),
        (json!({"field": "x", "op": "eq", "value": "y".repeat(1001)}), "1000 bytes"),
        (json!({"field": "x", "op": "in", "value": vec![1; 1001]}), "1000 elements"),
        (json!({"field": "x", "op": "eq", "value": 1, "negate": true}), "unknown field `negate`"),
        (json!({"op": "exists"}), "missing field `field`"),
    ] {
        let error = serde_json::from_value::<Condition>(written.clone()).unwrap_err().to_string();
        assert!(error.contains(says), "{written}: {error}");
    }
}

proptest! {
    #[test]
    fn an_operator_and_its_opposite_never_agree(
        fields in json_of_any_shape(),
        field in "[a-c0-2](\\.[a-c0-2]){0,2}",
        wanted in prop_oneof![any::<i8>().prop_map(Value::from), "[a-c]{1,2}".prop_map(Value::from)],
    ) {
        for (op, opposite, value) in [
            ("eq", "ne", wanted.clone()),
            ("in", "nin", json!([wanted])),
            ("contains", "not_contains", json!("a")),
            ("exists", "not_exists", Value::Null),
        ] {
            let holds = condition(&field, op, value.clone()).holds(&fields);
            prop_assert_ne!(holds, condition(&field, opposite, value).holds(&fields));
        }
    }

    #[test]
    fn what_equals_a_number_is_neither_greater_nor_less(number in any::<i32>(), limit in any::<i32>()) {
        let fields = json!({"x": number.to_string()});
        let holds = |op| condition("x", op, json!(limit)).holds(&fields);
        prop_assert_eq!(u8::from(holds("eq")) + u8::from(holds("gt")) + u8::from(holds("lt")), 1);
        prop_assert_eq!(holds("gte"), !holds("lt"));
        prop_assert_eq!(holds("lte"), !holds("gt"));
    }
}
