//! `/api/admin/v1/incidents`: what operators tell of on the status page.

use super::{
    call::{Call, Page, done, missing, ok},
    caller::Person,
    creation::{self, Created},
    fields::{self, bad_value, given},
};
use crate::{
    accounts::audit::{self, Actor, Deed, Entry},
    status::{
        Component,
        incidents::{self, Impact, Incident, MOST_UPDATES, Outline, Stage},
    },
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
        status::IncidentDocument,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{ids::IncidentId, time::Timestamp};
use utoipa::ToSchema;

/// Longest text of an update, characters.
const LONGEST_TEXT: usize = 4000;
/// Most components of an incident.
const MOST_COMPONENTS: usize = 50;

impl Created for IncidentDocument {}

/// Incidents
///
/// Open ones and those that are over, those first that were made last.
#[utoipa::path(
    get,
    path = "/api/admin/v1/incidents",
    tag = "admin",
    responses((status = 200, description = "A page", body = Page<IncidentDocument>))
)]
pub(super) async fn list(call: Call, _operator: Person) -> Result<Response, Problem> {
    let (after, limit) = call.page::<IncidentId>()?;
    let rows = call.app.store.read(move |tx| incidents::page(tx, &after, limit)).await?;
    ok(&Page::of(rows, |incident| IncidentDocument::from(&incident)))
}

/// One incident
#[utoipa::path(
    get,
    path = "/api/admin/v1/incidents/{id}",
    tag = "admin",
    responses(
        (status = 200, description = "The incident", body = IncidentDocument),
        (status = 404, description = "No such incident")
    )
)]
pub(super) async fn read(call: Call, _operator: Person) -> Result<Response, Problem> {
    let id = call.id("id", Kind::UnknownIncident)?;
    let incident = call.app.store.read(move |tx| found(tx, id)).await?;
    ok(&IncidentDocument::from(&incident))
}

/// An incident that is to be told of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewIncident {
    /// What it is about.
    #[schema(min_length = 1, max_length = 100)]
    title: String,
    /// How bad it is.
    #[schema(value_type = Impact)]
    impact: String,
    /// How far it is; `investigating` where it is left out.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Stage, required = false)]
    state: Option<String>,
    /// What it affects, as `components` of `/api/status` call it: `intake`, `pbx:REGION`.
    #[serde(default)]
    #[schema(max_items = 50)]
    components: Vec<String>,
    /// What is to be told first. Line breaks are kept, and nothing else is marked up.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// When it began, where that was before now. RFC 3339, UTC.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, format = "date-time")]
    started_at: Option<String>,
}

/// Tell of an incident
#[utoipa::path(
    post,
    path = "/api/admin/v1/incidents",
    tag = "admin",
    request_body = NewIncident,
    responses(
        (status = 201, description = "It is on the status page", body = IncidentDocument),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn create(call: Call, operator: Person) -> Result<Response, Problem> {
    let NewIncident { title, impact, state, components, text, started_at } = call.body()?;
    let outline = Outline {
        title: fields::name("title", &title)?,
        impact: impact_of(&impact)?,
        components: components_of(&components)?,
    };
    let stage = state.as_deref().map_or(Ok(Stage::Investigating), stage_of)?;
    let (text, started_at) = (text_of(&text)?, began(started_at.as_deref(), Timestamp::now())?);
    let actor = call.actor(operator.who);
    let made = creation::once(&call, operator.account(), move |tx, now| {
        operator.still_open(tx, now)?;
        let id = incidents::create(tx, &outline, started_at.unwrap_or(now))?;
        incidents::tell(tx, id, stage, &text, now)?;
        let after = Some(with(in_short(&outline), "state", stage.as_str()));
        audit::record(tx, &Entry { after, ..entry(actor, Deed::IncidentOpened, &id) }, now)?;
        found(tx, id).map(|incident| IncidentDocument::from(&incident))
    });
    let made = made.await;
    call.app.status_pages.forget().await;
    made
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IncidentChange {
    /// What it is about.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    title: Option<String>,
    /// How bad it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Impact, required = false)]
    impact: Option<String>,
    /// What it affects.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    components: Option<Vec<String>>,
}

/// Change an incident
#[utoipa::path(
    patch,
    path = "/api/admin/v1/incidents/{id}",
    tag = "admin",
    request_body = IncidentChange,
    responses(
        (status = 200, description = "As it is now", body = IncidentDocument),
        (status = 404, description = "No such incident"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn change(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: IncidentId = call.id("id", Kind::UnknownIncident)?;
    let IncidentChange { title, impact, components } = call.body()?;
    let title = title.map(|title| fields::name("title", &title)).transpose()?;
    let impact = impact.as_deref().map(impact_of).transpose()?;
    let components = components.as_deref().map(components_of).transpose()?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let Incident { title: old, impact: was, components: of, .. } = found(tx, id)?;
        let before = Outline { title: old, impact: was, components: of };
        let after = Outline {
            title: title.unwrap_or_else(|| before.title.clone()),
            impact: impact.unwrap_or(before.impact),
            components: components.unwrap_or_else(|| before.components.clone()),
        };
        incidents::change(tx, id, &after)?;
        let change = entry(actor, Deed::IncidentChanged, &id);
        audit::record_change(tx, change, in_short(&before), in_short(&after), now)?;
        found(tx, id)
    });
    let changed = changed.await?;
    call.app.status_pages.forget().await;
    ok(&IncidentDocument::from(&changed))
}

/// What is to be told of an incident.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUpdate {
    /// How far it is; `resolved` closes it, and anything else opens it again.
    #[schema(value_type = Stage)]
    state: String,
    /// What is to be told. Line breaks are kept, and nothing else is marked up.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

/// Tell something of an incident
#[utoipa::path(
    post,
    path = "/api/admin/v1/incidents/{id}/updates",
    tag = "admin",
    request_body = NewUpdate,
    responses(
        (status = 201, description = "As it is now", body = IncidentDocument),
        (status = 404, description = "No such incident"),
        (status = 409, description = "As much was told of it as may be"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn tell(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: IncidentId = call.id("id", Kind::UnknownIncident)?;
    let NewUpdate { state, text } = call.body()?;
    let (stage, text, actor) = (stage_of(&state)?, text_of(&text)?, call.actor(operator.who));
    let told = creation::once(&call, operator.account(), move |tx, now| {
        operator.still_open(tx, now)?;
        let before = found(tx, id)?;
        if incidents::updates(tx, id)? >= MOST_UPDATES {
            let detail = format!("an incident has at most {MOST_UPDATES} updates: open another one");
            return Err(Problem::new(Kind::TooMany, detail));
        }
        incidents::tell(tx, id, stage, &text, now)?;
        let entry = Entry {
            before: Some(json!({"state": before.stage.as_str()})),
            after: Some(json!({"state": stage.as_str(), "text": text})),
            ..entry(actor, Deed::IncidentTold, &id)
        };
        audit::record(tx, &entry, now)?;
        found(tx, id).map(|incident| IncidentDocument::from(&incident))
    });
    let told = told.await;
    call.app.status_pages.forget().await;
    told
}

/// Delete an incident, with all that was told of it
///
/// For one that was a mistake: what has happened is better told as resolved.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/incidents/{id}",
    tag = "admin",
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such incident")
    )
)]
pub(super) async fn delete(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: IncidentId = call.id("id", Kind::UnknownIncident)?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let deleted = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let Incident { title, impact, components, stage, .. } = found(tx, id)?;
        let outline = Outline { title, impact, components };
        incidents::delete(tx, id)?;
        let before = Some(with(in_short(&outline), "state", stage.as_str()));
        audit::record(tx, &Entry { before, ..entry(actor, Deed::IncidentDeleted, &id) }, now)?;
        Ok::<_, Problem>(())
    });
    deleted.await?;
    call.app.status_pages.forget().await;
    done()
}

fn found(tx: &mut Tx<'_>, id: IncidentId) -> Result<Incident, Problem> {
    incidents::by_id(tx, id)?.ok_or_else(|| missing(Kind::UnknownIncident))
}

fn entry(actor: Actor, deed: Deed, id: &IncidentId) -> Entry<'_> {
    Entry { actor, org: None, account: None, deed, subject: id, before: None, after: None }
}

/// For the audit log.
fn in_short(outline: &Outline) -> Value {
    let components: Vec<String> = outline.components.iter().map(Component::to_string).collect();
    json!({"title": outline.title, "impact": outline.impact.as_str(), "components": components})
}

fn with(mut value: Value, key: &str, word: &str) -> Value {
    value[key] = word.into();
    value
}

fn impact_of(word: &str) -> Result<Impact, Problem> {
    let known = || Impact::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    Impact::from_word(word).ok_or_else(|| bad_value("impact", format_args!("is one of: {}", known())))
}

fn stage_of(word: &str) -> Result<Stage, Problem> {
    let known = || Stage::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    Stage::from_word(word).ok_or_else(|| bad_value("state", format_args!("is one of: {}", known())))
}

/// Each once, in the order of the page.
fn components_of(words: &[String]) -> Result<Vec<Component>, Problem> {
    if words.len() > MOST_COMPONENTS {
        return Err(bad_value("components", format_args!("are at most {MOST_COMPONENTS}")));
    }
    let read = words.iter().map(|word| word.parse::<Component>());
    let mut components =
        read.collect::<Result<Vec<_>, _>>().map_err(|error| bad_value("each of components", error))?;
    components.sort();
    components.dedup();
    Ok(components)
}

/// Lines may end; nothing else may be controlled.
fn text_of(text: &str) -> Result<String, Problem> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    let fits = (1..=LONGEST_TEXT).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_control() && c != '\n');
    let problem = || {
        bad_value(
            "text",
            format_args!(
                "is 1 to {LONGEST_TEXT} characters, no control characters but line breaks among them"
            ),
        )
    };
    fits.then_some(text).ok_or_else(problem)
}

fn began(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let at: Timestamp = text.parse().map_err(|error| bad_value("started_at", error))?;
    if at > now || at < Timestamp::from_micros(0) {
        return Err(bad_value("started_at", "is a moment that has passed"));
    }
    Ok(Some(at))
}
