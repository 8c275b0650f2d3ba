//! Who must know: ordered rules over the payload, the first match wins.

mod comparison;
mod condition;
mod error;
mod explanation;
pub mod fields;
pub mod rule;
pub mod scenarios;
#[cfg(test)]
pub(crate) mod testing;

pub use condition::{Condition, Operator};
pub use error::RuleError;
pub use explanation::{Explanation, Finding, Verdict};
