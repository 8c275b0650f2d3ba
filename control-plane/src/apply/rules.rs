//! Policies and scenarios: they read themselves, and here their complaints get a line and a key.

use super::mistakes::{At, Place};
use crate::{
    dispatch::policy::Policy,
    routing::rule::{Action, Scenario},
    suggestion::{did_you_mean, unknown_key},
};
use serde::de::DeserializeOwned;
use std::{borrow::Cow, ops::Range};
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue, Error, ValueDeserializer},
};

/// A scenario, and the action of each of its rules.
pub(super) struct Rules {
    pub scenario: Scenario,
    pub actions: Vec<At<Action>>,
}

/// Reads `[org.project.policy]`. Where it fails, each key is read alone, so that every mistake is
/// told and stands on its line.
pub(super) fn policy(name: &str, value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<Policy> {
    let error = match read::<Policy>(value.clone()) {
        Ok(policy) => return Some(policy),
        Err(error) => error,
    };
    let before = place.mistakes();
    for (key, value) in value.get_ref().as_table().into_iter().flatten() {
        let alone = DeTable::from_iter([(key.clone(), value.clone())]);
        if let Err(error) = read::<Policy>(Spanned::new(value.span(), DeValue::Table(alone))) {
            let key_name = key.get_ref();
            let problem = explain(error.message());
            let problem = problem.strip_prefix(&format!("{key_name} = ")).unwrap_or(&problem);
            place.mistake(place.line_of(&key.span()), format!("{name}.{key_name}"), problem);
        }
    }
    if place.mistakes() == before {
        place.mistake(place.line_of(&value.span()), name, explain(error.message()));
    }
    None
}

/// Reads the `rule` of a scenario. Where it fails, each rule is read alone.
pub(super) fn rules(name: &str, value: &Spanned<DeValue<'_>>, place: &mut Place<'_>) -> Option<Rules> {
    let error = match read::<Scenario>(scenario_of(value.clone())) {
        Ok(scenario) => {
            let lines: Vec<_> = elements(value).map(|rule| place.line_of(&rule.span())).collect();
            let line_of = |index: usize| lines.get(index).copied();
            let actions = scenario.actions().cloned().enumerate();
            let first = place.line_of(&value.span());
            let actions =
                actions.map(|(index, value)| At { line: line_of(index).unwrap_or(first), value }).collect();
            return Some(Rules { scenario, actions });
        }
        Err(error) => error,
    };
    let before = place.mistakes();
    for rule in elements(value) {
        let mut alone = DeArray::new();
        alone.push(rule.clone());
        let Err(error) = read::<Scenario>(scenario_of(Spanned::new(rule.span(), DeValue::Array(alone))))
        else {
            continue;
        };
        let (key, span) = error
            .span()
            .and_then(|span| Some((key_at(name, rule, &span)?, span)))
            .unwrap_or_else(|| (name.to_owned(), rule.span()));
        place.mistake(place.line_of(&span), key, explain(error.message()));
    }
    if place.mistakes() == before {
        place.mistake(place.line_of(&value.span()), name, explain(error.message()));
    }
    None
}

fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, Error> {
    T::deserialize(ValueDeserializer::from(value))
}

/// The table that a scenario is read from.
fn scenario_of(rules: Spanned<DeValue<'_>>) -> Spanned<DeValue<'_>> {
    let span = rules.span();
    let key = Spanned::new(span.clone(), Cow::Borrowed("rule"));
    Spanned::new(span, DeValue::Table(DeTable::from_iter([(key, rules)])))
}

fn elements<'v, 'd>(value: &'v Spanned<DeValue<'d>>) -> impl Iterator<Item = &'v Spanned<DeValue<'d>>> {
    value.get_ref().as_array().into_iter().flat_map(|array| array.iter())
}

/// The dotted name of the key whose value stands at `span`, looked for below `name`. A table with
/// a header of its own does not enclose what it holds, so the whole tree is searched.
fn key_at(name: &str, value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<String> {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().find_map(|(key, value)| {
            let name = format!("{name}.{}", key.get_ref());
            let found = key_at(&name, value, span);
            found.or_else(|| (value.span() == *span || key.span() == *span).then_some(name))
        }),
        DeValue::Array(array) => array.iter().find_map(|value| {
            key_at(name, value, span).or_else(|| (value.span() == *span).then(|| name.to_owned()))
        }),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

/// Serde's complaint in the words of the file.
fn explain(message: &str) -> String {
    let named: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match named.split_first() {
        Some((written, known)) if message.starts_with("unknown field") => unknown_key(written, known),
        Some((written, known)) if message.starts_with("unknown variant") => {
            let meant = did_you_mean(written, known.iter().copied());
            format!("{written:?} is not known{meant} Known here: {}", known.join(", "))
        }
        Some((missing, _)) if message.starts_with("missing field") => format!("missing key `{missing}`"),
        Some(_) | None => message.trim().replace('\n', " "),
    }
}
