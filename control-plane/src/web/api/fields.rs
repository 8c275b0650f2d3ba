//! Values of bodies: what they must be, and the words for those that are not.

use crate::{
    accounts::{email::Email, members::Role},
    mail::Language,
    values,
    web::problem::{Kind, Problem},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

/// That a value cannot be used: `key`, and what it must be.
pub(super) fn bad_value(key: &str, problem: impl std::fmt::Display) -> Problem {
    Problem::new(Kind::BadValue, format!("{key} {problem}"))
}

/// An e-mail address of the body.
pub(super) fn address(key: &str, text: &str) -> Result<Email, Problem> {
    text.trim().parse().map_err(|error| bad_value(key, format_args!("{error}")))
}

/// A name for people, as the value of this key.
pub(super) fn name(key: &str, text: &str) -> Result<String, Problem> {
    values::name(text).map_err(|problem| bad_value(key, problem))
}

/// A name for people, or none.
pub(super) fn name_or_none(key: &str, text: &str) -> Result<String, Problem> {
    values::name_or_none(text).map_err(|problem| bad_value(key, problem))
}

/// A short name of the body.
pub(super) fn slug(slug: &str) -> Result<String, Problem> {
    values::slug(slug).map_err(|problem| bad_value("slug", problem))
}

/// A time zone of the body.
pub(super) fn timezone(name: &str) -> Result<String, Problem> {
    values::timezone(name).map_err(|problem| bad_value("timezone", problem))
}

/// A role of the body.
pub(super) fn role(word: &str) -> Result<Role, Problem> {
    values::role(word).map_err(|problem| bad_value("role:", problem))
}

/// A language of the body.
pub(super) fn language(word: &str) -> Result<Language, Problem> {
    Language::from_word(word).ok_or_else(|| {
        let known = Language::ALL.map(Language::as_str).join(", ");
        bad_value("language", format_args!("is one of: {known}"))
    })
}

/// Of a PATCH: a key that is given; one that is left out is `None`. Null is no value like any other: where `T` has none,
/// it is refused.
pub(super) fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let given = Value::deserialize(deserializer)?;
    let is_null = given.is_null();
    T::deserialize(given).map(Some).map_err(|error| {
        if is_null {
            D::Error::custom("null is no value here: leave out what is to stay")
        } else {
            D::Error::custom(error)
        }
    })
}
/// The last four digits of a number that was stored, `…4567`.
pub(super) fn last_four(number: &str) -> String {
    let beyond = number.chars().count().saturating_sub(4);
    format!("…{}", number.chars().skip(beyond).collect::<String>())
}
