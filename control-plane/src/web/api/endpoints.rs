//! `/api/v1/projects/{id}/endpoints` and `/api/v1/endpoints/{id}`: webhook URLs. What they end in is a credential, so whoever
//! sees endpoints may send alerts.

use super::{
    call::{Call, Page, count, done, missing, ok},
    caller::Member,
    creation::{self, Created},
    fields::{self, bad_value, given},
    organizations::in_org,
    projects,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        tries,
    },
    intake::{
        addresses,
        endpoints::{self, Chosen, Listed},
    },
    routing::scenarios,
    secret,
    store::Tx,
    values,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    ids::{EndpointId, OrgId, ProjectId},
    time::Timestamp,
};
use std::time::Duration;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;
use warp::http::StatusCode;

/// Most endpoints of a project.
const MOST: u32 = 200;
/// Longest time for which a former URL goes on, minutes.
const LONGEST_GRACE: u32 = 10_080;

/// A webhook URL.
#[derive(Serialize, ToSchema)]
pub(super) struct EndpointDocument {
    /// Its id, which stays. Until it is rotated, its URL ends in it.
    #[schema(value_type = String, format = "uuid")]
    id: EndpointId,
    /// Its project.
    #[schema(value_type = String, format = "uuid")]
    project_id: ProjectId,
    /// Where requests are sent to. What it ends in is its credential.
    #[schema(format = "uri")]
    url: String,
    /// What people call it; may be empty.
    name: String,
    /// The scenario that decides; where there is none, the primary is called.
    scenario: Option<String>,
    /// Whether requests must carry a second secret, in the header `X-Alert-Key`.
    has_alert_key: bool,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it got the URL that it has, RFC 3339, UTC; null where it had no other before.
    #[schema(format = "date-time")]
    rotated_at: Option<String>,
    /// Until when requests to the URL before are taken in too, RFC 3339, UTC; null where they are not.
    #[schema(format = "date-time")]
    former_url_until: Option<String>,
}

impl Created for EndpointDocument {}

impl EndpointDocument {
    fn of(endpoint: Listed, public_url: &Url) -> Self {
        let mut url = public_url.clone();
        url.set_path(&format!("api/wh/{}", endpoint.address.uuid()));
        let former_until = endpoint.former_until.filter(|until| *until > Timestamp::now());
        Self {
            id: endpoint.id,
            project_id: endpoint.project,
            url: url.to_string(),
            name: endpoint.name,
            scenario: endpoint.scenario,
            has_alert_key: endpoint.has_alert_key,
            created_at: endpoint.created_at.to_string(),
            rotated_at: endpoint.rotated_at.map(|at| at.to_string()),
            former_url_until: former_until.map(|until| until.to_string()),
        }
    }
}

/// The endpoints of a project
#[utoipa::path(
    get,
    path = "/api/v1/projects/{id}/endpoints",
    tag = "projects",
    responses(
        (status = 200, description = "A page", body = Page<EndpointDocument>),
        (status = 404, description = "No such project")
    )
)]
pub(super) async fn list(call: Call, member: Member) -> Result<Response, Problem> {
    let project: ProjectId = call.id("id", Kind::UnknownProject)?;
    let (after, limit) = call.page::<Uuid>()?;
    let rows = call.app.store.read(move |tx| {
        projects::found(tx, member.org, project)?;
        Ok::<_, Problem>(endpoints::page(tx, member.org, project, &after, limit)?)
    });
    ok(&Page::of(rows.await?, |endpoint| EndpointDocument::of(endpoint, &call.app.public_url)))
}

/// A new webhook URL.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEndpoint {
    /// What people call it; may be empty.
    #[serde(default)]
    #[schema(max_length = 100)]
    name: String,
    /// The scenario that decides.
    #[schema(min_length = 1, max_length = 100)]
    scenario: Option<String>,
    /// A second secret that requests must carry, 1 to 256 characters of ASCII. It is not told again.
    #[schema(min_length = 1, max_length = 256)]
    alert_key: Option<String>,
}

/// Make an endpoint
#[utoipa::path(
    post,
    path = "/api/v1/projects/{id}/endpoints",
    tag = "projects",
    request_body = NewEndpoint,
    responses(
        (status = 201, description = "Requests are taken in there", body = EndpointDocument),
        (status = 404, description = "No such project"),
        (status = 409, description = "There are too many"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn create(call: Call, member: Member) -> Result<Response, Problem> {
    let project: ProjectId = call.id("id", Kind::UnknownProject)?;
    let NewEndpoint { name, scenario, alert_key } = call.body()?;
    let (name, scenario, alert_key) =
        (fields::name_or_none("name", &name)?, scenario, alert_key.as_deref().map(read_key).transpose()?);
    let (actor, public_url) = (call.actor(member.who), call.app.public_url.clone());
    creation::once(&call, member.org, move |tx, now| {
        member.still_may(tx)?;
        projects::found(tx, member.org, project)?;
        if endpoints::count(tx, project, "")?.0 >= MOST {
            return Err(Problem::new(Kind::TooMany, format!("a project has at most {MOST} endpoints")));
        }
        is_there(tx, project, scenario.as_deref())?;
        let alert_key_hash = alert_key.as_deref();
        let chosen = Chosen { name: &name, scenario: scenario.as_deref(), alert_key_hash };
        let id = endpoints::create(tx, project, &chosen, now)?;
        let after = Some(json!({"project_id": project, "name": name, "scenario": scenario}));
        let subject = shown(id);
        let entry = Entry { after, ..in_org(actor, member.org, Deed::EndpointCreated, &subject) };
        audit::record(tx, &entry, now)?;
        Ok(EndpointDocument::of(found(tx, member.org, id)?, &public_url))
    })
    .await
}

pub(super) fn found(tx: &mut Tx<'_>, org: OrgId, id: EndpointId) -> Result<Listed, Problem> {
    endpoints::in_org(tx, org, id)?.ok_or_else(|| missing(Kind::UnknownEndpoint))
}

/// The first digits alone: the whole is a credential, and the log is read by more people.
fn shown(id: EndpointId) -> String {
    id.to_string().chars().take(8).collect()
}

/// Its hash.
fn read_key(key: &str) -> Result<String, Problem> {
    let key = values::alert_key(key).map_err(|problem| bad_value("alert_key", problem))?;
    Ok(secret::hash_of(&key))
}

fn is_there(tx: &mut Tx<'_>, project: ProjectId, scenario: Option<&str>) -> Result<(), Problem> {
    let Some(name) = scenario else { return Ok(()) };
    match scenarios::stored(tx, project, name)? {
        Some(_) => Ok(()),
        None => Err(bad_value("scenario", "is the name of a scenario of the project: make that first")),
    }
}

/// One endpoint
#[utoipa::path(
    get,
    path = "/api/v1/endpoints/{id}",
    tag = "projects",
    responses(
        (status = 200, description = "The endpoint", body = EndpointDocument),
        (status = 404, description = "No such endpoint")
    )
)]
pub(super) async fn read(call: Call, member: Member) -> Result<Response, Problem> {
    let id: EndpointId = call.id("id", Kind::UnknownEndpoint)?;
    let endpoint = call.app.store.read(move |tx| found(tx, member.org, id)).await?;
    ok(&EndpointDocument::of(endpoint, &call.app.public_url))
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointChange {
    /// What people call it; may be empty.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, max_length = 100)]
    name: Option<String>,
    /// The scenario that decides; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    scenario: Option<Option<String>>,
    /// A second secret that requests must carry; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    alert_key: Option<Option<String>>,
}

/// Change an endpoint
#[utoipa::path(
    patch,
    path = "/api/v1/endpoints/{id}",
    tag = "projects",
    request_body = EndpointChange,
    responses(
        (status = 200, description = "As it is now", body = EndpointDocument),
        (status = 404, description = "No such endpoint"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn change(call: Call, member: Member) -> Result<Response, Problem> {
    let id: EndpointId = call.id("id", Kind::UnknownEndpoint)?;
    let EndpointChange { name, scenario, alert_key } = call.body()?;
    let name = name.map(|name| fields::name_or_none("name", &name)).transpose()?;
    let alert_key = alert_key.map(|key| key.as_deref().map(read_key).transpose()).transpose()?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let before = found(tx, member.org, id)?;
        if let Some(scenario) = &scenario {
            is_there(tx, before.project, scenario.as_deref())?;
        }
        let name = name.unwrap_or_else(|| before.name.clone());
        let scenario = scenario.unwrap_or_else(|| before.scenario.clone());
        endpoints::change(tx, id, &name, scenario.as_deref(), alert_key.as_ref().map(Option::as_deref))?;
        let subject = shown(id);
        let after = found(tx, member.org, id)?;
        let [was, mut is] = [&before, &after].map(|endpoint| {
            json!({"name": endpoint.name, "scenario": endpoint.scenario, "has_alert_key": endpoint.has_alert_key})
        });
        // Which key it is nobody reads here, only that it is another one.
        if before.has_alert_key && after.has_alert_key && alert_key.is_some() {
            is["other_alert_key"] = true.into();
        }
        let entry = in_org(actor, member.org, Deed::EndpointChanged, &subject);
        audit::record_change(tx, entry, was, is, now)?;
        Ok::<_, Problem>(after)
    });
    ok(&EndpointDocument::of(changed.await?, &call.app.public_url))
}

/// How an endpoint gets another URL.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// For so many minutes requests to the URL that it had are taken in too; a week at most. With 0 that is over at once,
    /// and so is any other that it had before.
    #[schema(maximum = 10080)]
    grace_minutes: u32,
}

/// An endpoint with another URL.
#[derive(Serialize)]
#[serde(transparent)]
struct Rotated(EndpointDocument);

impl Created for Rotated {
    const STATUS: StatusCode = StatusCode::OK;
}

/// Give an endpoint another URL
///
/// It keeps its id, its alerts and its history: a resolve to the new URL closes what a request to the old one opened.
#[utoipa::path(
    post,
    path = "/api/v1/endpoints/{id}/rotate",
    tag = "projects",
    request_body = Rotation,
    responses(
        (status = 200, description = "With its new URL", body = EndpointDocument),
        (status = 404, description = "No such endpoint"),
        (status = 422, description = "A value cannot be used"),
        (status = 429, description = "Too many within a day; again after Retry-After")
    )
)]
pub(super) async fn rotate(call: Call, member: Member) -> Result<Response, Problem> {
    let id: EndpointId = call.id("id", Kind::UnknownEndpoint)?;
    let Rotation { grace_minutes } = call.body()?;
    if grace_minutes > LONGEST_GRACE {
        return Err(bad_value("grace_minutes", format_args!("is a number from 0 to {LONGEST_GRACE}")));
    }
    let (actor, public_url) = (call.actor(member.who), call.app.public_url.clone());
    creation::once(&call, member.org, move |tx, now| {
        member.still_may(tx)?;
        found(tx, member.org, id)?;
        count(tx, [(tries::ROTATIONS, member.org.to_string())], now)?;
        addresses::rotate(tx, id, now + Duration::from_secs(u64::from(grace_minutes) * 60), now)?;
        let (subject, after) = (shown(id), Some(json!({ "grace_minutes": grace_minutes })));
        let entry = Entry { after, ..in_org(actor, member.org, Deed::EndpointRotated, &subject) };
        audit::record(tx, &entry, now)?;
        Ok(Rotated(EndpointDocument::of(found(tx, member.org, id)?, &public_url)))
    })
    .await
}

/// Delete an endpoint
///
/// Requests to it are answered 404 from then on.
#[utoipa::path(
    delete,
    path = "/api/v1/endpoints/{id}",
    tag = "projects",
    responses(
        (status = 204, description = "It takes nothing in any more"),
        (status = 404, description = "No such endpoint")
    )
)]
pub(super) async fn delete(call: Call, member: Member) -> Result<Response, Problem> {
    let id: EndpointId = call.id("id", Kind::UnknownEndpoint)?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let deleted = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let endpoint = found(tx, member.org, id)?;
        endpoints::delete(tx, id, now)?;
        let subject = shown(id);
        let before = Some(json!({"project_id": endpoint.project, "name": endpoint.name}));
        let entry = Entry { before, ..in_org(actor, member.org, Deed::EndpointDeleted, &subject) };
        Ok::<_, Problem>(audit::record(tx, &entry, now)?)
    });
    deleted.await?;
    done()
}
