//! How a value of a payload compares with what a rule says.
//!
//! Text is compared without regard to case: the same tool writes `critical`, `Critical` and
//! `CRITICAL` depending on its version, and a rule that never matches because of a capital letter
//! is found out in the night it was needed. Numbers compare as numbers as soon as one side is one,
//! because a form or a query string holds nothing but text.

use serde_json::{Number, Value};
use std::{borrow::Cow, cmp::Ordering};

/// Whether two scalars are the same.
pub(super) fn equal(found: &Value, wanted: &Value) -> bool {
    if (found.is_number() || wanted.is_number())
        && let Some(order) = order(found, wanted)
    {
        return order == Ordering::Equal;
    }
    match (text(found), text(wanted)) {
        (Some(found), Some(wanted)) => folded(&found).eq(folded(&wanted)),
        (Some(_) | None, _) => false,
    }
}

/// Which of two numbers, or texts that are numbers, is greater.
pub(super) fn order(found: &Value, wanted: &Value) -> Option<Ordering> {
    // Ids beyond 2^53 would be rounded into their neighbours as floats.
    if let (Some(found), Some(wanted)) = (integer(found), integer(wanted)) {
        return Some(found.cmp(&wanted));
    }
    float(found)?.partial_cmp(&float(wanted)?)
}

/// Whether the text of a scalar holds, begins or ends with another.
pub(super) fn contains(found: &Value, wanted: &str) -> bool {
    text(found).is_some_and(|found| fold(&found).contains(&fold(wanted)))
}

pub(super) fn starts_with(found: &Value, wanted: &str) -> bool {
    let Some(found) = text(found) else { return false };
    let mut found = folded(&found);
    folded(wanted).all(|wanted| found.next() == Some(wanted))
}

pub(super) fn ends_with(found: &Value, wanted: &str) -> bool {
    text(found).is_some_and(|found| fold(&found).ends_with(&fold(wanted)))
}

/// A scalar as text: `true` equals "true".
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

fn fold(text: &str) -> String {
    folded(text).collect()
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i128(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => Number::as_f64(number),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    // Rust reads "nan" and "infinity" as numbers; nobody who names a host so means one.
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        for (found, wanted, same) in [
            (json!(5), json!("5"), true),
            (json!(" 5.0 "), json!(5), true),
            (json!(5.0), json!(5), true),
            (json!("5"), json!("5.0"), false),
            (json!("five"), json!(5), false),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64), false),
            (json!("9007199254740993"), json!(9_007_199_254_740_992_u64), false),
            (json!(true), json!("True"), true),
            (json!("CRITICAL"), json!("critical"), true),
            (json!("ЖИВОЙ"), json!("живой"), true),
            (json!({"a": 1}), json!("a"), false),
            (json!("nan"), json!("NaN"), true),
        ] {
            assert_eq!(equal(&found, &wanted), same, "{found} = {wanted}");
        }
    }

    #[test]
    fn only_numbers_have_an_order() {
        assert_eq!(order(&json!("97.5"), &json!(90)), Some(Ordering::Greater));
        assert_eq!(order(&json!(-1), &json!(0)), Some(Ordering::Less));
        for nothing in [json!("full"), json!("nan"), json!("inf"), json!(true), json!(null), json!("")] {
            assert_eq!(order(&nothing, &json!(1)), None, "{nothing}");
        }
    }

    #[test]
    fn text_is_found_whatever_its_case() {
        assert!(contains(&json!("Disk FULL on db-1"), "disk full"));
        assert!(starts_with(&json!("DB-1"), "db-"));
        assert!(!starts_with(&json!("d"), "db-"));
        assert!(ends_with(&json!(502), "2"));
        assert!(!contains(&json!({"disk": 1}), "disk"));
    }
}
