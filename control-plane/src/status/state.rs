//! How something is, in one word.

use crate::store::{FromValue, ToValue, Value};

/// The better one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It does what it is there for.
    Operational,
    /// It does so slowly, or in part.
    Degraded,
    /// It does not.
    Outage,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Operational, Self::Degraded, Self::Outage];

    /// As the database and the API write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Degraded => "degraded",
            Self::Outage => "outage",
        }
    }
}

impl ToValue for State {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for State {
    const WANTED: &'static str = "a state of a component";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}
