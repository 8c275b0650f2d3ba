//! How hard a project tries to reach somebody: data, read from the apply file and kept with it.

use crate::accounts::projects::Project;
use serde::{Deserialize, Serialize};
use std::{ops::RangeInclusive, time::Duration};
use utoipa::ToSchema;

/// A project's calling policy. Every key may be left out; [`Policy::default`] says what then holds.
///
/// Reading one checks its ranges, so a policy read from a file or from the database is sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Written")]
#[schema(description = "How hard a project tries to reach somebody")]
pub struct Policy {
    /// How long a phone rings, seconds.
    #[schema(minimum = 5, maximum = 120)]
    pub ring_seconds: u16,
    /// Further tries to the same phone after no answer, busy, or no key.
    #[schema(maximum = 50)]
    pub redials: u16,
    /// Pause before each of them, seconds.
    #[schema(minimum = 1, maximum = 3600)]
    pub redial_pause_seconds: u32,
    /// After this nobody is rung for the call any more, minutes.
    #[schema(minimum = 1, maximum = 1440)]
    pub lifetime_minutes: u32,
    /// Holds back calls below critical to a phone that was called within this many seconds.
    #[schema(maximum = 3600)]
    pub cooldown_seconds: u32,
    /// What counts as having reached somebody.
    pub delivered_when: DeliveredWhen,
}

/// What counts as having reached somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveredWhen {
    /// Key 1: an answering machine does not press it.
    #[default]
    Acknowledged,
    /// Picking up is enough.
    Answered,
}

/// A value outside of what makes sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: must be between {least} and {most}")]
pub struct OutOfRange {
    /// Key of the policy.
    pub key: &'static str,
    /// As written.
    pub value: u32,
    /// Smallest value that is accepted.
    pub least: u32,
    /// Largest value that is accepted.
    pub most: u32,
}

impl Policy {
    /// A project's. One that cannot be read any more must not lose the alert.
    pub fn of(project: &Project) -> Self {
        serde_json::from_str(&project.policy).unwrap_or_else(|error| {
            tracing::error!(project = %project.id, %error, "a stored policy cannot be read: apply it again");
            Self::default()
        })
    }

    /// How long a phone rings.
    pub fn ring(&self) -> Duration {
        Duration::from_secs(self.ring_seconds.into())
    }

    /// Pause before a redial.
    pub fn redial_pause(&self) -> Duration {
        Duration::from_secs(self.redial_pause_seconds.into())
    }

    /// How long a call may last from its webhook to its end.
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.lifetime_minutes) * 60)
    }

    /// How long a phone is left alone by calls below critical.
    pub fn cooldown(&self) -> Duration {
        Duration::from_secs(self.cooldown_seconds.into())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ring_seconds: 30,
            redials: 5,
            redial_pause_seconds: 30,
            lifetime_minutes: 30,
            cooldown_seconds: 60,
            delivered_when: DeliveredWhen::default(),
        }
    }
}

/// A policy as somebody wrote it, before its ranges are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    ring_seconds: u16,
    redials: u16,
    redial_pause_seconds: u32,
    lifetime_minutes: u32,
    cooldown_seconds: u32,
    delivered_when: DeliveredWhen,
}

/// What is to be different of a policy; what is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what a change is written as")]
pub(crate) struct PolicyChange {
    /// How long a phone rings, seconds.
    #[schema(value_type = u16, required = false, minimum = 5, maximum = 120)]
    ring_seconds: Option<u16>,
    /// Further tries to the same phone after no answer, busy, or no key.
    #[schema(value_type = u16, required = false, maximum = 50)]
    redials: Option<u16>,
    /// Pause before each of them, seconds.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 3600)]
    redial_pause_seconds: Option<u32>,
    /// After this nobody is rung for the call any more, minutes.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 1440)]
    lifetime_minutes: Option<u32>,
    /// Holds back calls below critical to a phone that was called within this many seconds.
    #[schema(value_type = u32, required = false, maximum = 3600)]
    cooldown_seconds: Option<u32>,
    /// What counts as having reached somebody.
    #[schema(value_type = DeliveredWhen, required = false)]
    delivered_when: Option<DeliveredWhen>,
}

impl Default for Written {
    fn default() -> Self {
        let Policy {
            ring_seconds,
            redials,
            redial_pause_seconds,
            lifetime_minutes,
            cooldown_seconds,
            delivered_when,
        } = Policy::default();
        Self {
            ring_seconds,
            redials,
            redial_pause_seconds,
            lifetime_minutes,
            cooldown_seconds,
            delivered_when,
        }
    }
}

impl TryFrom<Written> for Policy {
    type Error = OutOfRange;

    fn try_from(written: Written) -> Result<Self, OutOfRange> {
        let within = |key, value, range: RangeInclusive<u32>| {
            if range.contains(&value) {
                Ok(())
            } else {
                Err(OutOfRange { key, value, least: *range.start(), most: *range.end() })
            }
        };
        within("ring_seconds", written.ring_seconds.into(), 5..=120)?;
        within("redials", written.redials.into(), 0..=50)?;
        within("redial_pause_seconds", written.redial_pause_seconds, 1..=3_600)?;
        within("lifetime_minutes", written.lifetime_minutes, 1..=1_440)?;
        within("cooldown_seconds", written.cooldown_seconds, 0..=3_600)?;
        Ok(Self {
            ring_seconds: written.ring_seconds,
            redials: written.redials,
            redial_pause_seconds: written.redial_pause_seconds,
            lifetime_minutes: written.lifetime_minutes,
            cooldown_seconds: written.cooldown_seconds,
            delivered_when: written.delivered_when,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    #[test]
    fn what_is_left_out_is_as_the_contract_says() {
        let read: Policy = serde_json::from_str("{}").unwrap();
        assert_eq!(read, Policy::default());
        let read: Policy = serde_json::from_str(r#"{"redials":1,"delivered_when":"answered"}"#).unwrap();
        assert_eq!((read.redials, read.delivered_when), (1, DeliveredWhen::Answered));
        assert_eq!(read.ring_seconds, 30);
    }

    #[test]
    fn a_policy_survives_the_database() {
        let policy = Policy { redials: 2, ..Policy::default() };
        let stored = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&stored).unwrap(), policy);
    }

    #[test]
    fn what_is_described_is_what_is_taken() {
        for schema in [Policy::schema(), PolicyChange::schema()] {
            let described = serde_json::to_value(schema).unwrap();
            for (key, limits) in described["properties"].as_object().unwrap() {
                let Some(most) = limits["maximum"].as_u64() else { continue };
                let least = limits["minimum"].as_u64().unwrap();
                let takes = |value: Option<u64>| {
                    value.is_some_and(|value| {
                        serde_json::from_value::<Policy>(serde_json::json!({ key: value })).is_ok()
                    })
                };
                assert!(takes(Some(least)) && takes(Some(most)), "{key}");
                assert!(!takes(least.checked_sub(1)) && !takes(Some(most + 1)), "{key}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_key_and_the_range() {
        for (text, says) in [
            (r#"{"ring_seconds":4}"#, "ring_seconds = 4: must be between 5 and 120"),
            (r#"{"lifetime_minutes":0}"#, "lifetime_minutes = 0: must be between 1 and 1440"),
            (r#"{"redial_pause_seconds":0}"#, "redial_pause_seconds"),
            (r#"{"redails":3}"#, "unknown field `redails`"),
            (r#"{"delivered_when":"maybe"}"#, "unknown variant `maybe`"),
        ] {
            let error = serde_json::from_str::<Policy>(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
