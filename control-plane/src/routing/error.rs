//! What can be wrong with a rule that somebody wrote.

use super::{condition::Operator, rule::Action};

/// A rule that cannot be meant as written, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A scenario of too many rules.
    #[error("a scenario may have {most} rules, and this one has {found}")]
    TooManyRules {
        /// As written.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// A rule of too many conditions.
    #[error("a rule may have {most} conditions, and this one has {found}")]
    TooManyConditions {
        /// As written.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// A condition about no field.
    #[error("`field` is empty: name a field of the payload, such as severity or labels.region")]
    EmptyField,
    /// Longer than any field that could be meant.
    #[error("`field` may have {most} bytes, and this one has {found}")]
    LongField {
        /// As written.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// No such operator.
    #[error("no operator is called {written:?}: it is one of {}", Operator::words())]
    UnknownOperator {
        /// As written.
        written: String,
    },
    /// The value does not fit the operator.
    #[error("`{}` takes {}, and `value` is {found}", operator.word(), operator.takes())]
    Operand {
        /// Which operator.
        operator: Operator,
        /// What stands there.
        found: &'static str,
    },
    /// A value too long to be meant.
    #[error("`value` may have {most} bytes of text and {most} elements")]
    LongOperand {
        /// The limit.
        most: usize,
    },
    /// No such action.
    #[error("no action is called {written:?}: it is one of {}", Action::WORDS.join(", "))]
    UnknownAction {
        /// As written.
        written: String,
    },
    /// An action that does not say whom, or which.
    #[error("`{action}` needs `{key}`")]
    MissingKey {
        /// The action.
        action: String,
        /// What it needs.
        key: &'static str,
    },
    /// An action with a key that it has no use for.
    #[error("`{action}` takes no `{key}`")]
    NeedlessKey {
        /// The action.
        action: String,
        /// What stands there.
        key: &'static str,
    },
}
