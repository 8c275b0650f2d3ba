//! One table of the document, read key by key.

use super::mistakes::{At, Place};
use crate::suggestion::unknown_key;
use std::ops::Range;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A table, and how a person would name it.
pub(super) struct Section<'d> {
    name: String,
    span: Range<usize>,
    table: &'d DeTable<'d>,
}

impl<'d> Section<'d> {
    /// Opens a table; keys other than `known` are mistakes. `name` is dotted, empty for the document.
    pub(super) fn open(
        name: impl Into<String>,
        span: Range<usize>,
        table: &'d DeTable<'d>,
        known: &[&str],
        place: &mut Place<'_>,
    ) -> Self {
        let section = Self { name: name.into(), span, table };
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let line = place.line_of(&key.span());
            place.mistake(line, section.key(key.get_ref()), unknown_key(key.get_ref(), known));
        }
        section
    }

    /// The dotted name of a key of this table.
    pub(super) fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// A value as it was read.
    pub(super) fn value(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table.get(key)
    }

    /// A text that must be there and that `judge` accepts.
    pub(super) fn required<T>(
        &self,
        key: &str,
        place: &mut Place<'_>,
        judge: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        if self.value(key).is_none() {
            place.mistake(place.line_of(&self.span), self.key(key), "missing key");
        }
        self.optional(key, place, judge)
    }

    /// A text that may be left out.
    pub(super) fn optional<T>(
        &self,
        key: &str,
        place: &mut Place<'_>,
        judge: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        self.judged(key, self.value(key)?, place, judge)
    }

    /// `true` or `false`; `false` where the key is left out.
    pub(super) fn flag(&self, key: &str, place: &mut Place<'_>) -> bool {
        let Some(value) = self.value(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_kind(key, value, "true or false", place);
            false
        })
    }

    /// Texts in an array, each judged alone. `None` where the key is left out.
    pub(super) fn texts<T>(
        &self,
        key: &str,
        place: &mut Place<'_>,
        judge: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<At<T>>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_kind(key, value, "an array of texts", place);
            return None;
        };
        Some(array.iter().filter_map(|text| self.judged(key, text, place, &judge)).collect())
    }

    /// A table that may be left out, as it was read.
    pub(super) fn table(&self, key: &str, place: &mut Place<'_>) -> Option<&'d Spanned<DeValue<'d>>> {
        let value = self.value(key)?;
        if value.get_ref().is_table() {
            return Some(value);
        }
        self.wrong_kind(key, value, "a table", place);
        None
    }

    /// Tables in an array, `[[name]]`; none where the key is left out.
    pub(super) fn tables(&self, key: &str, known: &[&str], place: &mut Place<'_>) -> Vec<Section<'d>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_kind(key, value, &format!("a list of tables: write [[{}]]", self.key(key)), place);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for element in array.iter() {
            match element.get_ref().as_table() {
                Some(table) => {
                    sections.push(Self::open(self.key(key), element.span(), table, known, place));
                }
                None => self.wrong_kind(key, element, "a table", place),
            }
        }
        sections
    }

    fn wrong_kind(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str, place: &mut Place<'_>) {
        let line = place.line_of(&value.span());
        place.mistake(line, self.key(key), format!("is {wanted}, not {}", kind(value.get_ref())));
    }

    fn judged<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        place: &mut Place<'_>,
        judge: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_kind(key, value, "a text in quotes", place);
            return None;
        };
        let line = place.line_of(&value.span());
        match judge(text) {
            Ok(value) => Some(At { line, value }),
            Err(problem) => {
                place.mistake(line, self.key(key), problem);
                None
            }
        }
    }
}

const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
