//! One condition of a rule: a field, an operator, and what it is compared with.

use super::{Finding, RuleError, comparison, explanation, fields};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;
use utoipa::{
    ToSchema,
    openapi::{
        Schema,
        schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type},
    },
};

/// Longest path of a field, bytes.
const LONGEST_FIELD: usize = 256;
/// Longest text of a value, bytes, and most elements of a list.
const LONGEST_OPERAND: usize = 1_000;
/// Bytes of a text that are compared in no time.
const SHORT_TEXT: usize = 16;

/// A condition: `{ field = "labels.region", op = "in", value = ["eu", "us"] }`.
///
/// A list in the payload stands for its elements: the condition holds when one of them satisfies
/// it. `nin`, `not_contains`, `not_exists` and `ne` hold exactly where their opposites do not, a
/// field that is not there included; `null` is as good as not there. Text compares without regard
/// to case, numbers as numbers also where they are written as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenCondition", into = "WrittenCondition")]
pub struct Condition {
    field: String,
    operator: Operator,
    /// Checked to fit the operator; `Null` where it takes none.
    value: Value,
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// One of a list.
    In,
    /// None of a list.
    Nin,
    /// Holds a text.
    Contains,
    /// Does not hold it.
    NotContains,
    /// Begins with a text.
    StartsWith,
    /// Ends with a text.
    EndsWith,
    /// Is there, and not null.
    Exists,
    /// Is not there, or null.
    NotExists,
    /// Greater than a number.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less than a number.
    Lt,
    /// Less or equal.
    Lte,
    /// The same.
    Eq,
    /// Not the same.
    Ne,
}

impl Condition {
    /// Whether it holds for these fields (see [`fields::view`]).
    pub fn holds(&self, of: &Value) -> bool {
        let found = fields::values(of, &self.field);
        let holds = if matches!(self.operator, Operator::Exists | Operator::NotExists) {
            !found.is_empty()
        } else {
            fields::elements(found).into_iter().any(|found| self.is_satisfied_by(found))
        };
        holds != self.operator.is_negated()
    }

    /// How many comparisons of short texts it takes at most to see whether it holds.
    pub(super) fn cost(&self, of: &Value) -> usize {
        let found = fields::values(of, &self.field);
        if self.value.is_null() {
            return found.len();
        }
        let operands = self.value.as_array().map_or(1, Vec::len);
        let found = fields::elements(found).into_iter();
        found.map(|found| operands * (1 + found.as_str().map_or(0, str::len) / SHORT_TEXT)).sum()
    }

    /// Whether it holds and what its field leads to; neither where nothing is `asked`.
    pub(super) fn explain(&self, of: &Value, asked: bool, room: &mut usize) -> Finding {
        let found = if asked { explanation::shown(fields::values(of, &self.field), room) } else { None };
        Finding { condition: self.clone(), found, holds: asked && self.holds(of) }
    }

    /// Path of its field.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// How that is compared.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// With what; `Null` where the operator takes nothing.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// As if the operator were not negated.
    fn is_satisfied_by(&self, found: &Value) -> bool {
        let order = || comparison::order(found, &self.value);
        let text = |compare: fn(&Value, &str) -> bool| {
            self.value.as_str().is_some_and(|wanted| compare(found, wanted))
        };
        match self.operator {
            Operator::Exists | Operator::NotExists => true,
            Operator::Eq | Operator::Ne => comparison::equal(found, &self.value),
            Operator::In | Operator::Nin => self
                .value
                .as_array()
                .is_some_and(|list| list.iter().any(|wanted| comparison::equal(found, wanted))),
            Operator::Contains | Operator::NotContains => text(comparison::contains),
            Operator::StartsWith => text(comparison::starts_with),
            Operator::EndsWith => text(comparison::ends_with),
            Operator::Gt => order() == Some(Ordering::Greater),
            Operator::Gte => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
            Operator::Lt => order() == Some(Ordering::Less),
            Operator::Lte => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        }
    }
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::In,
        Self::Nin,
        Self::Contains,
        Self::NotContains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Exists,
        Self::NotExists,
        Self::Gt,
        Self::Gte,
        Self::Lt,
        Self::Lte,
        Self::Eq,
        Self::Ne,
    ];

    /// As it is written in a rule.
    pub const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Nin => "nin",
            Self::Contains => "contains",
            Self::NotContains => "not_contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::Exists => "exists",
            Self::NotExists => "not_exists",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Eq => "eq",
            Self::Ne => "ne",
        }
    }

    /// What its value must be, for errors.
    pub const fn takes(self) -> &'static str {
        match self {
            Self::In | Self::Nin => "a list of texts, numbers or booleans that is not empty",
            Self::Contains | Self::NotContains | Self::StartsWith | Self::EndsWith => {
                "a text that is not empty"
            }
            Self::Exists | Self::NotExists => "no value",
            Self::Gt | Self::Gte | Self::Lt | Self::Lte => "a number",
            Self::Eq | Self::Ne => "a text, a number or a boolean",
        }
    }

    /// Every word, for errors.
    pub(super) fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    const fn is_negated(self) -> bool {
        matches!(self, Self::Nin | Self::NotContains | Self::NotExists | Self::Ne)
    }

    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::In | Self::Nin => {
                value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_scalar))
            }
            Self::Contains | Self::NotContains | Self::StartsWith | Self::EndsWith => {
                value.as_str().is_some_and(|text| !text.is_empty())
            }
            Self::Exists | Self::NotExists => value.is_null(),
            Self::Gt | Self::Gte | Self::Lt | Self::Lte => value.is_number(),
            Self::Eq | Self::Ne => is_scalar(value),
        }
    }
}

fn is_too_long(value: &Value) -> bool {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    let mut texts = list.iter().chain([value]).filter_map(Value::as_str);
    list.len() > LONGEST_OPERAND || texts.any(|text| text.len() > LONGEST_OPERAND)
}

fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// A condition as somebody wrote it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Condition, description = "A field of the request, how it is compared, and with what. Text compares without regard to case")]
pub(crate) struct WrittenCondition {
    /// Path of a field of the request, such as `severity` or `labels.region`; at most 256 bytes.
    #[schema(min_length = 1, max_length = 256)]
    field: String,
    /// How it is compared.
    #[schema(value_type = Operator)]
    op: String,
    /// With what: a list for `in` and `nin`, nothing for `exists` and `not_exists`, a number for `gt`, `gte`, `lt` and
    /// `lte`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(schema_with = operand, required = false)]
    value: Value,
}

/// Texts, numbers and booleans, or a list of them.
fn operand() -> Schema {
    let scalar = || {
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST_OPERAND)))
            .item(ObjectBuilder::new().schema_type(Type::Number))
            .item(ObjectBuilder::new().schema_type(Type::Boolean))
    };
    let list = ArrayBuilder::new().items(scalar()).min_items(Some(1)).max_items(Some(LONGEST_OPERAND));
    scalar().item(list).into()
}

impl TryFrom<WrittenCondition> for Condition {
    type Error = RuleError;

    fn try_from(WrittenCondition { field, op, value }: WrittenCondition) -> Result<Self, RuleError> {
        if field.trim().is_empty() {
            return Err(RuleError::EmptyField);
        }
        if field.len() > LONGEST_FIELD {
            return Err(RuleError::LongField { found: field.len(), most: LONGEST_FIELD });
        }
        let Some(operator) = Operator::ALL.into_iter().find(|operator| operator.word() == op) else {
            return Err(RuleError::UnknownOperator { written: op });
        };
        if !operator.accepts(&value) {
            return Err(RuleError::Operand { operator, found: kind(&value) });
        }
        if is_too_long(&value) {
            return Err(RuleError::LongOperand { most: LONGEST_OPERAND });
        }
        Ok(Self { field, operator, value })
    }
}

impl From<Condition> for WrittenCondition {
    fn from(condition: Condition) -> Self {
        Self { field: condition.field, op: condition.operator.word().to_owned(), value: condition.value }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "missing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "empty",
        Value::String(_) => "a text",
        Value::Array(list) if list.is_empty() => "an empty list",
        Value::Array(list) if list.iter().all(is_scalar) => "a list",
        Value::Array(_) => "a list that holds something else",
        Value::Object(_) => "a table",
    }
}

#[cfg(test)]
mod tests;
