//! The fleet, as its operators see it and as everybody else does.

use super::{
    Fleet,
    choice::Host,
    decisions::{self, Decided},
    hub::Connection,
    rating::Standing,
    registry::{self, Known},
};
use crate::{store::StoreError, words};
use serde::Serialize;
use shared::{
    ids::PbxId,
    protocol::{Health, TrunkHealth},
    time::Timestamp,
};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Every PBX, by name: whether it can call, and no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FleetSummary {
    /// One for each PBX.
    pub items: Vec<PbxSummary>,
}

/// Whether a PBX can call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PbxSummary {
    /// Its name.
    pub name: String,
    /// In one word.
    pub health: PbxHealth,
}

/// Every PBX, by name, as operators see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FleetView {
    /// One for each PBX.
    pub items: Vec<PbxView>,
}

/// One PBX.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PbxView {
    /// Its name.
    pub name: String,
    /// In one word.
    pub health: PbxHealth,
    /// All the rest.
    #[serde(flatten)]
    pub details: PbxDetails,
}

/// How a PBX is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PbxHealth {
    /// Calls can be placed over at least one trunk.
    Healthy,
    /// Connected, but no call can be placed: Asterisk does not answer, or every trunk is offline.
    Degraded,
    /// Takes no new work.
    Draining,
    /// Its agent is not connected.
    Offline,
}

/// What an operator sees of a PBX.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PbxDetails {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: PbxId,
    /// Where it stands.
    pub region: String,
    /// When it was named, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When its agent enrolled last, RFC 3339, UTC; null where it never did.
    #[schema(format = "date-time")]
    pub enrolled_at: Option<String>,
    /// Whether every key that its agent had is revoked.
    pub revoked: bool,
    /// Since when an operator lets it take no new calls, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub drained_at: Option<String>,
    /// Version of its agent's program.
    pub agent_version: Option<String>,
    /// Since when its agent is connected, RFC 3339.
    pub connected_at: Option<String>,
    /// Asterisk's version, while it answers.
    pub asterisk: Option<String>,
    /// What is wrong.
    pub trouble: Option<String>,
    /// Attempts under way.
    pub active: u32,
    /// Whether its voice can speak the codes that verify phones.
    pub speaks_codes: bool,
    /// Its trunks, as last heard of.
    pub trunks: Vec<TrunkView>,
}

/// One trunk of a PBX.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TrunkView {
    /// Its name.
    pub name: String,
    /// Whether Asterisk reaches it.
    pub online: bool,
    /// Where it may call.
    pub route_countries: Vec<String>,
    /// The number it shows.
    pub caller_id: Option<String>,
    /// Attempts under way on it.
    pub active: u32,
    /// Attempts it may have under way at once.
    pub max_concurrent: u32,
    /// How it stands, by what its attempts have shown or by an operator's word.
    #[schema(value_type = words::TrunkStanding)]
    pub standing: &'static str,
    /// Until when an operator lets it rest, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub rested_until: Option<String>,
    /// What it has done within 24 hours.
    #[serde(flatten)]
    pub figures: TrunkFigures,
}

/// What the attempts over a trunk have come to that ended within a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrunkCounts {
    /// All of them.
    pub attempts: u32,
    /// Those that were picked up.
    pub answered: u32,
    /// Those that reached the callee, who answered, was busy, declined or did not pick up.
    pub reached: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those of which the carrier said that the phone rings.
    pub rang: u32,
    /// How long that took, all together, milliseconds.
    pub until_ringing_ms: i64,
}

/// How a trunk has done within 24 hours, by the attempts that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct TrunkFigures {
    /// Attempts.
    pub attempts: u32,
    /// Those that were picked up.
    pub answered: u32,
    /// Those that reached the callee, who answered, was busy, declined or did not pick up.
    pub reached: u32,
    /// Those that failed by the trunk, the network or the number.
    pub failed: u32,
    /// Which part of the attempts was picked up; null where there were none.
    pub answer_seizure_ratio: Option<f64>,
    /// Which part of those that reached the callee or failed reached them; null where there were none.
    pub success_rate: Option<f64>,
    /// Mean time from placing a call to its ringing, milliseconds; null where none rang.
    pub post_dial_delay_ms: Option<i64>,
}

impl From<TrunkCounts> for TrunkFigures {
    fn from(counts: TrunkCounts) -> Self {
        let TrunkCounts { attempts, answered, reached, failed, rang, until_ringing_ms } = counts;
        let part = |some: u32, all: u32| (all > 0).then(|| f64::from(some) / f64::from(all));
        Self {
            attempts,
            answered,
            reached,
            failed,
            answer_seizure_ratio: part(answered, attempts),
            success_rate: part(reached, reached + failed),
            post_dial_delay_ms: until_ringing_ms.checked_div(i64::from(rang)),
        }
    }
}

impl FleetView {
    /// Says of each trunk what it has done.
    pub fn add(&mut self, counts: &HashMap<(PbxId, String), TrunkCounts>) {
        for PbxView { details, .. } in &mut self.items {
            for trunk in &mut details.trunks {
                let counted = counts.get(&(details.id, trunk.name.clone()));
                trunk.figures = counted.copied().unwrap_or_default().into();
            }
        }
    }
}

impl Fleet {
    /// Which PBXs there are, and whether they can call.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn summary(&self) -> Result<FleetSummary, StoreError> {
        let pbxs = self.0.store.read(registry::all).await?;
        let summary = |Known { id, name, .. }: Known| {
            let host = self.0.hub.snapshot(id).map(|(host, _)| host);
            PbxSummary { name, health: PbxHealth::of(host.as_ref()) }
        };
        Ok(FleetSummary { items: pbxs.into_iter().map(summary).collect() })
    }

    /// The fleet as operators see it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn view(&self) -> Result<FleetView, StoreError> {
        let (pbxs, decisions) =
            self.0.store.read(|tx| Ok::<_, StoreError>((registry::all(tx)?, decisions::read(tx)?))).await?;
        let now = Timestamp::now();
        let items = pbxs
            .into_iter()
            .map(|known| {
                let (host, connection) = self.0.hub.snapshot(known.id).unzip();
                let health = PbxHealth::of(host.as_ref());
                let name = known.name.clone();
                let decided = decisions.get(&known.id).cloned().unwrap_or_default();
                let details = PbxDetails::of(known, decided, host, connection.flatten(), now);
                PbxView { name, health, details }
            })
            .collect();
        Ok(FleetView { items })
    }
}

impl PbxHealth {
    pub(super) fn of(host: Option<&Host>) -> Self {
        match host {
            Some(host @ Host { connected: true, health: Some(health), .. }) => {
                if host.is_draining(health) {
                    Self::Draining
                } else if health.asterisk.is_some() && health.trunks.iter().any(|trunk| trunk.online) {
                    Self::Healthy
                } else {
                    Self::Degraded
                }
            }
            _ => Self::Offline,
        }
    }
}

impl PbxDetails {
    fn of(
        known: Known,
        decided: Decided,
        host: Option<Host>,
        connection: Option<Connection>,
        now: Timestamp,
    ) -> Self {
        let Known { id, name: _, region, created_at, enrolled_at, is_enrolled } = known;
        let (agent_version, connected_at) =
            connection.map(|connection| (connection.version, connection.since.to_string())).unzip();
        // What was decided a moment ago is told, also where the hub does not know it yet.
        let host = host.map(|host| Host { decided: decided.clone(), ..host });
        let trunk = |trunk: &TrunkHealth| {
            let rated = host.as_ref().map_or(Standing::Works, |host| host.standing(&trunk.name, now));
            TrunkView::of(trunk.clone(), rated, decided.rests_until(&trunk.name, now))
        };
        let trunks = host.iter().filter_map(|host| host.health.as_ref());
        let trunks = trunks.flat_map(|health| &health.trunks).map(trunk).collect();
        let health = host.and_then(|host| host.health);
        let (asterisk, trouble, active, speaks_codes) = health.map_or_else(Default::default, |health| {
            let Health { asterisk, trouble, active, trunks: _, speaks_codes, draining: _ } = health;
            (asterisk, trouble, active, speaks_codes)
        });
        // What was heard before the link went down says where it can call, and no more.
        let connected = connected_at.is_some();
        Self {
            id,
            region,
            created_at: created_at.to_string(),
            enrolled_at: enrolled_at.map(|at| at.to_string()),
            revoked: enrolled_at.is_some() && !is_enrolled,
            drained_at: decided.drained_at.map(|at| at.to_string()),
            agent_version,
            connected_at,
            asterisk: asterisk.filter(|_| connected),
            trouble: trouble.filter(|_| connected),
            active: if connected { active } else { 0 },
            speaks_codes: speaks_codes && connected,
            trunks,
        }
    }
}

impl TrunkView {
    fn of(trunk: TrunkHealth, standing: Standing, rested_until: Option<Timestamp>) -> Self {
        Self {
            name: trunk.name,
            online: trunk.online,
            route_countries: trunk.route_countries.into(),
            caller_id: trunk.caller_id,
            active: trunk.active,
            max_concurrent: trunk.max_concurrent,
            standing: standing.as_str(),
            rested_until: rested_until.map(|until| until.to_string()),
            figures: TrunkFigures::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing_there_is_no_part_and_no_mean() {
        let none = TrunkFigures::from(TrunkCounts::default());
        assert_eq!(
            (none.answer_seizure_ratio, none.success_rate, none.post_dial_delay_ms),
            (None, None, None)
        );
        let some = TrunkFigures::from(TrunkCounts {
            attempts: 8,
            answered: 2,
            reached: 3,
            failed: 1,
            rang: 2,
            until_ringing_ms: 3001,
        });
        assert_eq!((some.answer_seizure_ratio, some.success_rate), (Some(0.25), Some(0.75)));
        assert_eq!(some.post_dial_delay_ms, Some(1500));
    }
}
