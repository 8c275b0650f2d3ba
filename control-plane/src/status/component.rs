//! The parts of the service that people tell apart.

use crate::store::{FromValue, ToValue, Value};
use std::{fmt, str::FromStr};

/// Longest name of a region, characters; as the apply file has it.
const LONGEST_REGION: usize = 100;

/// A part of the service, in the order in which the page shows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// Requests of machines are stored.
    Intake,
    /// Calls are handed to PBX hosts in time.
    Dispatch,
    /// The PBX hosts of a region; those of none have an empty one.
    Pbx(String),
    /// People reach the portal.
    Portal,
    /// Letters leave.
    Mail,
}

impl Component {
    /// Whether it is this program itself, so that nobody looked at it while it was not running.
    pub const fn is_ourselves(&self) -> bool {
        match self {
            Self::Intake | Self::Dispatch | Self::Portal => true,
            Self::Pbx(_) | Self::Mail => false,
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intake => f.write_str("intake"),
            Self::Dispatch => f.write_str("dispatch"),
            Self::Pbx(region) => write!(f, "pbx:{region}"),
            Self::Portal => f.write_str("portal"),
            Self::Mail => f.write_str("mail"),
        }
    }
}

/// No component is written so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is one of intake, dispatch, portal, mail, or pbx: and a region, as in \"pbx:eu\"")]
pub struct NoComponent;

impl FromStr for Component {
    type Err = NoComponent;

    fn from_str(text: &str) -> Result<Self, NoComponent> {
        match text {
            "intake" => Ok(Self::Intake),
            "dispatch" => Ok(Self::Dispatch),
            "portal" => Ok(Self::Portal),
            "mail" => Ok(Self::Mail),
            other => {
                let region = other.strip_prefix("pbx:").ok_or(NoComponent)?;
                let fits = region.chars().count() <= LONGEST_REGION && !region.contains(char::is_control);
                if fits { Ok(Self::Pbx(region.to_owned())) } else { Err(NoComponent) }
            }
        }
    }
}

impl ToValue for Component {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromValue for Component {
    const WANTED: &'static str = "a component";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_read_as_it_is_written() {
        let pbxs = ["eu west", "", &"є".repeat(100)].map(|region| Component::Pbx(region.to_owned()));
        let others = [Component::Intake, Component::Dispatch, Component::Portal, Component::Mail];
        for component in pbxs.into_iter().chain(others) {
            assert_eq!(component.to_string().parse(), Ok(component));
        }
        for wrong in ["", "Intake", "pbx", "pbx:a\nb", &format!("pbx:{}", "x".repeat(101))] {
            assert_eq!(wrong.parse::<Component>(), Err(NoComponent), "{wrong:?}");
        }
    }
}
