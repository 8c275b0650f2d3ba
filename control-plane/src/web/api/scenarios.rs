//! `/api/v1/projects/{id}/scenarios`: the rules that decide who is called. Whoever changes one names the version they have
//! read.

use super::{
    call::{Call, Page, done, missing, ok, with_status},
    caller::Member,
    fields,
    organizations::in_org,
    projects,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        people,
    },
    intake::endpoints,
    routing::{
        rule::{Action, Scenario, WrittenRule, WrittenScenario},
        scenarios::{self, Listed},
    },
    secret,
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use hyper::header::{ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    ids::{OrgId, ProjectId},
    time::Timestamp,
};
use utoipa::ToSchema;
use uuid::Uuid;
use warp::http::StatusCode;

/// Most scenarios of a project.
const MOST: u32 = 100;

/// Rules, the first that matches wins; where none does, the primary is called.
#[derive(Serialize, ToSchema)]
pub(super) struct ScenarioDocument {
    /// Its id: another one of the same name is another.
    #[schema(format = "uuid")]
    id: String,
    /// Its name within the project.
    name: String,
    /// The rules, as the apply file writes them.
    #[schema(value_type = Vec<WrittenRule>)]
    rule: Value,
    /// What its `ETag` holds: another one with each change.
    version: String,
    /// When it was last changed, RFC 3339, UTC.
    #[schema(format = "date-time")]
    updated_at: String,
}

impl From<&Listed> for ScenarioDocument {
    fn from(scenario: &Listed) -> Self {
        let stored: Value = serde_json::from_str(&scenario.rules).unwrap_or_default();
        Self {
            id: scenario.id.clone(),
            name: scenario.name.clone(),
            rule: stored.get("rule").cloned().unwrap_or_else(|| json!([])),
            version: version(scenario),
            updated_at: scenario.updated_at.to_string(),
        }
    }
}

/// The scenarios of a project
#[utoipa::path(
    get,
    path = "/api/v1/projects/{id}/scenarios",
    tag = "projects",
    responses(
        (status = 200, description = "A page, in the order of their names", body = Page<ScenarioDocument>),
        (status = 404, description = "No such project")
    )
)]
pub(super) async fn list(call: Call, member: Member) -> Result<Response, Problem> {
    let project: ProjectId = call.id("id", Kind::UnknownProject)?;
    let (after, limit) = call.page::<String>()?;
    let rows = call.app.store.read(move |tx| {
        projects::found(tx, member.org, project)?;
        Ok::<_, Problem>(scenarios::page(tx, project, &after, limit)?)
    });
    ok(&Page::of(rows.await?, |scenario| ScenarioDocument::from(&scenario)))
}

/// One scenario
#[utoipa::path(
    get,
    path = "/api/v1/projects/{id}/scenarios/{name}",
    tag = "projects",
    responses(
        (
            status = 200, description = "The scenario", body = ScenarioDocument,
            headers(("ETag" = String, description = "Names its version"))
        ),
        (status = 404, description = "No such project or scenario")
    )
)]
pub(super) async fn read(call: Call, member: Member) -> Result<Response, Problem> {
    let project: ProjectId = call.id("id", Kind::UnknownProject)?;
    let name = call.param("name").to_owned();
    let scenario = call.app.store.read(move |tx| {
        projects::found(tx, member.org, project)?;
        scenarios::stored(tx, project, &name)?.ok_or_else(|| missing(Kind::UnknownScenario))
    });
    tagged(StatusCode::OK, &scenario.await?)
}

/// One scenario, by its id
#[utoipa::path(
    get,
    path = "/api/v1/scenarios/{id}",
    tag = "projects",
    responses(
        (
            status = 200, description = "The scenario", body = ScenarioDocument,
            headers(("ETag" = String, description = "Names its version"))
        ),
        (status = 404, description = "No such scenario")
    )
)]
pub(super) async fn read_by_id(call: Call, member: Member) -> Result<Response, Problem> {
    let id: Uuid = call.id("id", Kind::UnknownScenario)?;
    let found = call.app.store.read(move |tx| scenarios::by_id(tx, member.org, id)).await?;
    let (_, scenario) = found.ok_or_else(|| missing(Kind::UnknownScenario))?;
    tagged(StatusCode::OK, &scenario)
}

fn tagged(status: StatusCode, scenario: &Listed) -> Result<Response, Problem> {
    let mut response = with_status(status, &ScenarioDocument::from(scenario))?;
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", version(scenario))) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// Of one that is written again after it was deleted, another than before.
fn version(scenario: &Listed) -> String {
    format!("{}.{}", scenario.id, scenario.version)
}

/// The version that somebody wants to change.
enum Wanted {
    /// There is to be none yet.
    New,
    /// This one, as `If-Match` names it, without quotes.
    Version(String),
}

impl Wanted {
    fn of(call: &Call) -> Result<Self, Problem> {
        if call.header(&IF_NONE_MATCH).is_some_and(|tag| tag.trim() == "*") {
            return Ok(Self::New);
        }
        match call.header(&IF_MATCH).map(str::trim).filter(|tag| *tag != "*") {
            Some(tag) => {
                // A proxy that packs what it passes on calls its tags weak.
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                Ok(Self::Version(tag.trim_matches('"').to_owned()))
            }
            None => Err(missing(Kind::VersionNeeded)),
        }
    }

    fn judge(&self, stored: Option<&Listed>) -> Result<(), Problem> {
        match (self, stored) {
            (Self::New, None) => Ok(()),
            (Self::Version(_), None) => Err(missing(Kind::UnknownScenario)),
            (Self::Version(wanted), Some(stored)) if *wanted == version(stored) => Ok(()),
            (Self::New | Self::Version(_), Some(_)) => Err(missing(Kind::Stale)),
        }
    }
}

/// Write a scenario
///
/// `If-Match` with the `ETag` of the version that was read, or `If-None-Match: *` for a new one.
#[utoipa::path(
    put,
    path = "/api/v1/projects/{id}/scenarios/{name}",
    tag = "projects",
    params(
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: there is to be none of this name yet")
    ),
    request_body = WrittenScenario,
    responses(
        (
            status = 200, description = "It is changed", body = ScenarioDocument,
            headers(("ETag" = String, description = "Names its version"))
        ),
        (
            status = 201, description = "It is there", body = ScenarioDocument,
            headers(("ETag" = String, description = "Names its version"))
        ),
        (status = 404, description = "No such project or scenario"),
        (status = 409, description = "There are too many"),
        (status = 412, description = "It was changed meanwhile, or is there already"),
        (status = 422, description = "A rule or the name cannot be used"),
        (status = 428, description = "Neither header says which version is meant")
    )
)]
pub(super) async fn write(call: Call, member: Member) -> Result<Response, Problem> {
    let project: ProjectId = call.id("id", Kind::UnknownProject)?;
    let name = fields::name("the name", call.param("name"))?;
    let wanted = Wanted::of(&call)?;
    let scenario: Scenario = serde_json::from_slice(&call.body).map_err(|error| bad_scenario(&error))?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let written = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        projects::found(tx, member.org, project)?;
        let before = scenarios::stored(tx, project, &name)?;
        wanted.judge(before.as_ref())?;
        if before.is_none() && scenarios::count(tx, project)? >= MOST {
            return Err(Problem::new(Kind::TooMany, format!("a project has at most {MOST} scenarios")));
        }
        names_members(tx, member.org, &scenario)?;
        let is_changed = scenarios::apply_scenario(tx, project, &name, &scenario)?;
        let after = scenarios::stored(tx, project, &name)?.ok_or_else(Problem::internal)?;
        let subject = format!("{project}/{name}");
        let entry = Entry {
            before: before.as_ref().map(in_short),
            after: Some(in_short(&after)),
            ..in_org(actor, member.org, Deed::ScenarioChanged, &subject)
        };
        if is_changed {
            audit::record(tx, &entry, now)?;
        }
        Ok((before.is_none(), after))
    });
    let (is_new, scenario) = written.await?;
    tagged(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &scenario)
}

/// Rules as the value of a key.
pub(super) fn read_rules(rules: Value) -> Result<Scenario, Problem> {
    serde_json::from_value(json!({ "rule": rules })).map_err(|error| bad_scenario(&error))
}

fn bad_scenario(error: &serde_json::Error) -> Problem {
    let detail = match error.line() {
        0 => error.to_string(),
        line => format!("line {line}: {error}"),
    };
    Problem::new(Kind::BadScenario, detail)
}

/// As the audit log keeps it: enough to tell one version from another, whatever its size.
fn in_short(scenario: &Listed) -> Value {
    json!({
        "version": scenario.version, "bytes": scenario.rules.len(), "sha256": secret::hash_of(&scenario.rules)
    })
}

/// A rule that calls somebody who is nobody here would call the primary instead, which nobody meant.
fn names_members(tx: &mut Tx<'_>, org: OrgId, scenario: &Scenario) -> Result<(), Problem> {
    for action in scenario.actions() {
        if let Action::CallMember { member } = action
            && people::member(tx, org, member)?.is_none()
        {
            let detail = format!("{member:?} is no member of the organization: invite them first");
            return Err(Problem::new(Kind::BadScenario, detail));
        }
    }
    Ok(())
}

/// Delete a scenario
#[utoipa::path(
    delete,
    path = "/api/v1/projects/{id}/scenarios/{name}",
    tag = "projects",
    params(
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be deleted")
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such project or scenario"),
        (status = 409, description = "Endpoints go by it"),
        (status = 412, description = "It was changed meanwhile"),
        (status = 428, description = "The header does not say which version is meant")
    )
)]
pub(super) async fn delete(call: Call, member: Member) -> Result<Response, Problem> {
    let project: ProjectId = call.id("id", Kind::UnknownProject)?;
    let name = call.param("name").to_owned();
    let wanted = Wanted::of(&call)?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let deleted = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        projects::found(tx, member.org, project)?;
        let before = scenarios::stored(tx, project, &name)?.ok_or_else(|| missing(Kind::UnknownScenario))?;
        wanted.judge(Some(&before))?;
        let (_, users) = endpoints::count(tx, project, &name)?;
        if users > 0 {
            let detail = format!("{users} endpoints go by this scenario: point them at another first");
            return Err(Problem::new(Kind::ScenarioInUse, detail));
        }
        scenarios::delete(tx, project, &name)?;
        let subject = format!("{project}/{name}");
        let entry = Entry {
            before: Some(in_short(&before)),
            ..in_org(actor, member.org, Deed::ScenarioDeleted, &subject)
        };
        Ok(audit::record(tx, &entry, now)?)
    });
    deleted.await?;
    done()
}
