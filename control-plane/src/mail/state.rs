//! Where a letter stands.

use crate::store::{FromValue, StoreError, ToValue, Tx, Value};
use std::str::FromStr;

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// To be sent, for the first time or again.
    Waiting,
    /// Taken by the server or the provider.
    Sent,
    /// Refused for good, or given up.
    Failed,
    /// Not sent, because its address gets no letter any more.
    Suppressed,
    /// Sent, and it came back for good.
    Bounced,
    /// Sent, and called spam.
    Complained,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Sent, Self::Failed, Self::Suppressed, Self::Bounced, Self::Complained];

    /// As the database and the metrics write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

impl ToValue for State {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for State {
    const WANTED: &'static str = "a state of a letter";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Counts a letter that came to this state, and no longer counts it where it was. What waits is not counted here.
pub(super) fn moved(tx: &mut Tx<'_>, from: Option<State>, to: State) -> Result<(), StoreError> {
    if let Some(from) = from {
        tx.execute("UPDATE mail_totals SET letters = letters - 1 WHERE state = $1", &[&from])?;
    }
    tx.execute("UPDATE mail_totals SET letters = letters + 1 WHERE state = $1", &[&to])?;
    Ok(())
}
