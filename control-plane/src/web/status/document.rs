//! The status as JSON.

use super::{Language, Seen};
use crate::{
    status::{
        Component, State,
        days::{Day, DayState, Tally},
        incidents::{Impact, Incident, Stage, Update},
    },
    web::problem::Problem,
    words,
};
use serde::Serialize;
use shared::ids::IncidentId;
use utoipa::ToSchema;

/// How the service is.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
pub(super) struct StatusDocument {
    /// The whole in one word.
    #[schema(value_type = State)]
    state: &'static str,
    /// When it was last looked at, RFC 3339, UTC; null where nobody has looked yet.
    #[schema(format = "date-time")]
    checked_at: Option<String>,
    /// Its parts.
    components: Vec<ComponentDocument>,
    /// Incidents that are not over, and then those that were over within the last 14 days; the newest first.
    incidents: Vec<IncidentDocument>,
}

/// A part of the service.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusComponent)]
struct ComponentDocument {
    /// `intake`, `dispatch`, `pbx:REGION`, `portal` or `mail`.
    id: String,
    /// Its name for people, in English.
    name: String,
    /// How it is now.
    #[schema(value_type = words::ComponentState)]
    state: &'static str,
    /// How many of a hundred parts of the last 90 days it was not out, as far as that is known; null where nothing is.
    uptime_90d: Option<f64>,
    /// The last 90 days, the oldest first, today the last.
    days: Vec<DayDocument>,
}

/// A day of a part of the service.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusDay)]
struct DayDocument {
    /// Which, in UTC.
    #[schema(format = "date")]
    date: String,
    /// What it was.
    #[schema(value_type = words::DayState)]
    state: &'static str,
    /// How long it was out.
    down_seconds: u64,
    /// How long it was slow, or worked in part.
    degraded_seconds: u64,
}

/// Something that went wrong, as operators tell of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Incident)]
pub(in crate::web) struct IncidentDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: IncidentId,
    /// What it is about.
    title: String,
    /// How bad it is.
    #[schema(value_type = Impact)]
    impact: &'static str,
    /// How far it is.
    #[schema(value_type = Stage)]
    state: &'static str,
    /// Ids of the components that it affects.
    components: Vec<String>,
    /// When it began, RFC 3339, UTC.
    #[schema(format = "date-time")]
    started_at: String,
    /// When it was over, RFC 3339, UTC.
    #[schema(format = "date-time")]
    resolved_at: Option<String>,
    /// What was told of it, newest first.
    updates: Vec<UpdateDocument>,
}

/// Something that was told of an incident.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentUpdate)]
struct UpdateDocument {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// When, RFC 3339, UTC.
    #[schema(format = "date-time")]
    at: String,
    /// How far the incident was.
    #[schema(value_type = Stage)]
    state: &'static str,
    /// What was told.
    text: String,
}

impl StatusDocument {
    pub(super) fn written(&self) -> Result<String, Problem> {
        serde_json::to_string(self).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Problem::internal()
        })
    }
}

impl From<&Seen> for StatusDocument {
    fn from(seen: &Seen) -> Self {
        let incidents = seen.overview.open.iter().chain(&seen.overview.past);
        Self {
            state: seen.overall().as_str(),
            checked_at: seen.batch.as_ref().map(|batch| batch.at.to_string()),
            components: seen.components().into_iter().map(|it| ComponentDocument::of(seen, it)).collect(),
            incidents: incidents.map(IncidentDocument::from).collect(),
        }
    }
}

impl ComponentDocument {
    fn of(seen: &Seen, component: &Component) -> Self {
        let days = seen.overview.days_of(component);
        Self {
            id: component.to_string(),
            name: Language::English.words().component(component),
            state: seen.state(component).map_or("unknown", State::as_str),
            uptime_90d: total(&days).uptime().map(|parts| f64::from(parts) / 1000.0),
            days: days.iter().map(|(day, tally)| DayDocument::of(*day, tally)).collect(),
        }
    }
}

/// What is known of some days together.
pub(super) fn total(days: &[(Day, Tally)]) -> Tally {
    days.iter().fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally))
}

impl DayDocument {
    fn of(day: Day, tally: &Tally) -> Self {
        Self {
            date: day.to_string(),
            state: match tally.state() {
                DayState::NoData => "no_data",
                DayState::Operational => State::Operational.as_str(),
                DayState::Degraded => State::Degraded.as_str(),
                DayState::Outage => State::Outage.as_str(),
            },
            down_seconds: tally.down.as_secs(),
            degraded_seconds: tally.degraded.as_secs(),
        }
    }
}

impl From<&Incident> for IncidentDocument {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.id,
            title: incident.title.clone(),
            impact: incident.impact.as_str(),
            state: incident.stage.as_str(),
            components: incident.components.iter().map(Component::to_string).collect(),
            started_at: incident.started_at.to_string(),
            resolved_at: incident.resolved_at.map(|at| at.to_string()),
            updates: incident.updates.iter().map(UpdateDocument::from).collect(),
        }
    }
}

impl From<&Update> for UpdateDocument {
    fn from(update: &Update) -> Self {
        Self {
            id: update.id.clone(),
            at: update.at.to_string(),
            state: update.stage.as_str(),
            text: update.text.clone(),
        }
    }
}
