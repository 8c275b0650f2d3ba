//! The fleet as `GET /api/v1/fleet` shows it.

use super::{Fleet, choice::Host, hub::Connection};
use crate::store::StoreError;
use serde::Serialize;
use shared::{
    ids::PbxId,
    protocol::{Health, TrunkHealth},
};
use utoipa::ToSchema;

/// Every PBX, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FleetView {
    /// One for each PBX.
    pub items: Vec<PbxView>,
}

/// One PBX.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PbxView {
    /// Its name.
    pub name: String,
    /// In one word.
    pub health: PbxHealth,
    /// For operators only.
    #[serde(flatten)]
    pub details: Option<PbxDetails>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PbxDetails {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: PbxId,
    /// Where it stands.
    pub region: String,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
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
}

impl Fleet {
    /// The fleet; with `full` as operators see it, otherwise names and health only.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn view(&self, full: bool) -> Result<FleetView, StoreError> {
        let pbxs = self
            .0
            .store
            .read(|tx| {
                tx.legible("SELECT id, name, region FROM pbxs ORDER BY name", &[], |row| {
                    Ok((row.get::<PbxId>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
                })
            })
            .await?;
        let items = pbxs
            .into_iter()
            .map(|(id, name, region)| {
                let (host, connection) = self.0.hub.snapshot(id).unzip();
                let connection = connection.flatten();
                let health = PbxHealth::of(host.as_ref());
                let details = full.then(|| PbxDetails::of(id, region, host, connection));
                PbxView { name, health, details }
            })
            .collect();
        Ok(FleetView { items })
    }
}

impl PbxHealth {
    pub(super) fn of(host: Option<&Host>) -> Self {
        match host {
            Some(Host { connected: true, health: Some(health), .. }) => {
                if health.draining {
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
    fn of(id: PbxId, region: String, host: Option<Host>, connection: Option<Connection>) -> Self {
        let (agent_version, connected_at) =
            connection.map(|connection| (connection.version, connection.since.to_string())).unzip();
        let health = host.and_then(|host| host.health);
        let (asterisk, trouble, active, trunks, speaks_codes) =
            health.map_or_else(Default::default, |health| {
                let Health { asterisk, trouble, active, trunks, speaks_codes, draining: _ } = health;
                (asterisk, trouble, active, trunks, speaks_codes)
            });
        let trunks = trunks.into_iter().map(TrunkView::from).collect();
        // What was heard before the link went down says where it can call, and no more.
        let connected = connected_at.is_some();
        Self {
            id,
            region,
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

impl From<TrunkHealth> for TrunkView {
    fn from(trunk: TrunkHealth) -> Self {
        Self {
            name: trunk.name,
            online: trunk.online,
            route_countries: trunk.route_countries.into(),
            caller_id: trunk.caller_id,
            active: trunk.active,
            max_concurrent: trunk.max_concurrent,
        }
    }
}
