//! `/api/v1/projects`: groups of endpoints, rules and people.

use super::{
    call::{Call, Page, done, missing, ok},
    caller::Member,
    creation::{self, Created},
    fields::{self, bad_value, given},
    organizations::{in_org, open_alerts},
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        members,
        projects::{self, Listed},
    },
    dispatch::{
        alerts,
        policy::{Policy, PolicyChange},
    },
    intake::endpoints,
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::{
    ids::{AccountId, OrgId, ProjectId},
    time::Timestamp,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Most projects of an organization.
const MOST: u32 = 200;

/// A project.
#[derive(Serialize, ToSchema)]
pub(super) struct ProjectDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: ProjectId,
    /// Its name within the organization.
    slug: String,
    /// Account of whoever is called where no rule says otherwise.
    #[schema(value_type = String, format = "uuid")]
    primary_account_id: AccountId,
    /// Their address; null for an API key.
    primary_email: Option<String>,
    /// How hard it tries to reach somebody.
    policy: Policy,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
}

impl Created for ProjectDocument {}

impl From<Listed> for ProjectDocument {
    fn from(project: Listed) -> Self {
        Self {
            id: project.id,
            slug: project.slug,
            primary_account_id: project.primary,
            primary_email: Some(project.primary_email),
            policy: policy_of(&project.policy),
            created_at: project.created_at.to_string(),
        }
    }
}

impl ProjectDocument {
    /// A key is told no addresses.
    fn for_sight_of(member: &Member, project: Listed) -> Self {
        let document = Self::from(project);
        Self { primary_email: document.primary_email.filter(|_| member.account().is_some()), ..document }
    }
}

/// As it is stored; where that cannot be read, as it is used.
fn policy_of(stored: &str) -> Policy {
    serde_json::from_str(stored).unwrap_or_default()
}

/// The projects
#[utoipa::path(
    get,
    path = "/api/v1/projects",
    tag = "projects",
    responses((status = 200, description = "A page", body = Page<ProjectDocument>))
)]
pub(super) async fn list(call: Call, member: Member) -> Result<Response, Problem> {
    let (after, limit) = call.page::<Uuid>()?;
    let org = member.org;
    let rows = call.app.store.read(move |tx| projects::page(tx, org, &after, limit)).await?;
    ok(&Page::of(rows, |project| ProjectDocument::for_sight_of(&member, project)))
}

/// One project
#[utoipa::path(
    get,
    path = "/api/v1/projects/{id}",
    tag = "projects",
    responses(
        (status = 200, description = "The project", body = ProjectDocument),
        (status = 404, description = "No such project")
    )
)]
pub(super) async fn read(call: Call, member: Member) -> Result<Response, Problem> {
    let id: ProjectId = call.id("id", Kind::UnknownProject)?;
    let org = member.org;
    let project = call.app.store.read(move |tx| found(tx, org, id)).await?;
    ok(&ProjectDocument::for_sight_of(&member, project))
}

/// A project of this organization; of another one nothing is to be known.
pub(super) fn found(tx: &mut Tx<'_>, org: OrgId, id: ProjectId) -> Result<Listed, Problem> {
    projects::in_org(tx, org, id)?.ok_or_else(|| missing(Kind::UnknownProject))
}

/// A new project.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProject {
    /// Its name within the organization: lower-case letters, digits and dashes.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9-]+$")]
    slug: String,
    /// Account of a member who is called where no rule says otherwise.
    #[schema(value_type = String, format = "uuid")]
    primary_account_id: AccountId,
    /// How hard it tries to reach somebody; what is left out has its default.
    #[serde(default)]
    #[schema(value_type = PolicyChange)]
    policy: Map<String, Value>,
}

/// Make a project
#[utoipa::path(
    post,
    path = "/api/v1/projects",
    tag = "projects",
    request_body = NewProject,
    responses(
        (status = 201, description = "It is there", body = ProjectDocument),
        (status = 409, description = "The slug is taken, or there are too many"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn create(call: Call, member: Member) -> Result<Response, Problem> {
    let NewProject { slug, primary_account_id: primary, policy } = call.body()?;
    let slug = fields::slug(&slug)?;
    let policy = changed_policy(Policy::default(), policy)?;
    let actor = call.actor(member.who);
    creation::once(&call, member.org, move |tx, now| {
        member.still_may(tx)?;
        if projects::count(tx, member.org)? >= MOST {
            return Err(Problem::new(Kind::TooMany, format!("an organization has at most {MOST} projects")));
        }
        may_be_primary(tx, member.org, primary)?;
        let stored = json!(policy).to_string();
        let id = projects::create(tx, member.org, &slug, primary, &stored, now)?;
        let id = id.ok_or_else(|| missing(Kind::SlugTaken))?;
        let after = Some(json!({"slug": slug, "primary_account_id": primary, "policy": policy}));
        let entry = Entry { after, ..in_org(actor, member.org, Deed::ProjectCreated, &id) };
        audit::record(tx, &entry, now)?;
        found(tx, member.org, id).map(|project| ProjectDocument::for_sight_of(&member, project))
    })
    .await
}

fn may_be_primary(tx: &mut Tx<'_>, org: OrgId, account: AccountId) -> Result<(), Problem> {
    match members::member(tx, org, account)? {
        Some(_) => Ok(()),
        None => Err(bad_value("primary_account_id", "is the account of a member of the organization")),
    }
}

/// Alerts that rang somebody must not come to ring nobody.
fn may_take_over(tx: &mut Tx<'_>, org: OrgId, account: AccountId) -> Result<(), Problem> {
    match members::member(tx, org, account)? {
        Some(member) if !member.is_reachable => {
            let problem =
                "is of somebody without a verified phone that is switched on: alerts would ring nobody";
            Err(bad_value("primary_account_id", problem))
        }
        Some(_) | None => may_be_primary(tx, org, account),
    }
}

/// Keys that are given take the place of those that were; the whole is judged as one.
fn changed_policy(before: Policy, given: Map<String, Value>) -> Result<Policy, Problem> {
    let mut policy = match json!(before) {
        Value::Object(policy) => policy,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    policy.extend(given);
    serde_json::from_value(Value::Object(policy)).map_err(|error| bad_value("policy:", error))
}

/// What is to be different; what is left out stays, within the policy too.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectChange {
    /// Its name within the organization.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        value_type = String, required = false, min_length = 1, max_length = 63, pattern = "^[a-z0-9-]+$"
    )]
    slug: Option<String>,
    /// Account of a member who is called where no rule says otherwise.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, format = "uuid")]
    primary_account_id: Option<AccountId>,
    /// How hard it tries to reach somebody.
    #[serde(default)]
    #[schema(value_type = PolicyChange)]
    policy: Map<String, Value>,
}

/// Change a project
#[utoipa::path(
    patch,
    path = "/api/v1/projects/{id}",
    tag = "projects",
    request_body = ProjectChange,
    responses(
        (status = 200, description = "As it is now", body = ProjectDocument),
        (status = 404, description = "No such project"),
        (status = 409, description = "The slug is taken"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn change(call: Call, member: Member) -> Result<Response, Problem> {
    let id: ProjectId = call.id("id", Kind::UnknownProject)?;
    let ProjectChange { slug, primary_account_id: primary, policy } = call.body()?;
    let slug = slug.map(|slug| fields::slug(&slug)).transpose()?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let before = found(tx, member.org, id)?;
        let was = policy_of(&before.policy);
        let policy = changed_policy(was.clone(), policy)?;
        let slug = slug.unwrap_or_else(|| before.slug.clone());
        let primary = primary.unwrap_or(before.primary);
        if primary != before.primary {
            may_take_over(tx, member.org, primary)?;
        }
        if !projects::change(tx, member.org, id, &slug, primary, &json!(policy).to_string())? {
            return Err(missing(Kind::SlugTaken));
        }
        let was = json!({"slug": before.slug, "primary_account_id": before.primary, "policy": was});
        let is = json!({"slug": slug, "primary_account_id": primary, "policy": policy});
        audit::record_change(tx, in_org(actor, member.org, Deed::ProjectChanged, &id), was, is, now)?;
        found(tx, member.org, id).map(|project| ProjectDocument::for_sight_of(&member, project))
    });
    ok(&changed.await?)
}

/// Delete a project
///
/// Its endpoints take nothing in any more. Not while alerts are open.
#[utoipa::path(
    delete,
    path = "/api/v1/projects/{id}",
    tag = "projects",
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such project"),
        (status = 409, description = "Alerts are open that nobody has taken")
    )
)]
pub(super) async fn delete(call: Call, member: Member) -> Result<Response, Problem> {
    let id: ProjectId = call.id("id", Kind::UnknownProject)?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let deleted = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let project = found(tx, member.org, id)?;
        let open = alerts::count_open(tx, member.org, Some(id))?;
        if open > 0 {
            return Err(open_alerts(open));
        }
        endpoints::delete_all(tx, member.org, Some(id), now)?;
        projects::delete(tx, member.org, id, now)?;
        let before = Some(json!({"slug": project.slug, "primary_account_id": project.primary}));
        let entry = Entry { before, ..in_org(actor, member.org, Deed::ProjectDeleted, &id) };
        Ok(audit::record(tx, &entry, now)?)
    });
    deleted.await?;
    done()
}
