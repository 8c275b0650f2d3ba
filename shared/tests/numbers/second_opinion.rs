//! The `phonenumber` crate as a second opinion on the example numbers, with its known wrong answers.

use crate::truth::{self, Verdict};
use phonenumber::{Mode, Type, metadata::DATABASE};
use std::collections::BTreeSet;

/// Regions and kinds where `phonenumber` 0.3.10 is wrong about an example number of the metadata: it
/// would refuse them. Mostly plans whose national numbers begin with 0; none would be called that may
/// not be.
const KNOWN_WRONG: &[(&str, &str)] = &[
    ("BJ", "FIXED_LINE"),
    ("BJ", "MOBILE"),
    ("CG", "MOBILE"),
    ("CI", "MOBILE"),
    ("GA", "FIXED_LINE"),
    ("IT", "FIXED_LINE"),
    ("LT", "VOIP"),
    ("SM", "FIXED_LINE"),
    ("VA", "FIXED_LINE"),
];

#[test]
fn the_second_library_is_wrong_only_where_that_is_known() {
    let Some(truths) = truth::ask() else { return };
    let known: BTreeSet<(String, String)> =
        KNOWN_WRONG.iter().map(|(region, kind)| ((*region).to_owned(), (*kind).to_owned())).collect();
    let mut found = BTreeSet::new();
    let examples = truths.iter().filter(|truth| truth.kind.is_some() && is_example(&truth.label));
    let mut compared = 0;
    for truth in examples {
        compared += 1;
        if opinion(&truth.input) != truth.verdict {
            assert_eq!(truth.verdict, Verdict::Allow, "the second library would call {truth:?}");
            found.insert((truth.region.clone().unwrap_or_default(), truth.label.clone()));
        }
    }
    assert!(compared > 900, "{compared}");
    assert_eq!(found, known, "of {compared}");
}

fn is_example(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// What would be called if this library decided alone.
fn opinion(input: &str) -> Verdict {
    let Ok(number) = phonenumber::parse(None, input) else { return Verdict::Block };
    let kind = number.number_type(&DATABASE);
    let called = [Type::FixedLine, Type::Mobile, Type::FixedLineOrMobile, Type::Voip].contains(&kind)
        && number.is_valid()
        && number.country().id().is_some()
        && number.format().mode(Mode::E164).to_string() == input;
    if called { Verdict::Allow } else { Verdict::Block }
}
