//! Every organization.

use super::Search;
use crate::{
    accounts::{
        directory::{self, Listed},
        members::{self, Member, Role},
        orgs::Org,
        projects,
    },
    dispatch::volumes::{self, Volume},
    web::{
        Response,
        api::{
            call::{Call, Page, ok},
            caller::Person,
        },
        problem::{Kind, Problem},
    },
};
use serde::Serialize;
use shared::{
    ids::{AccountId, OrgId, ProjectId},
    time::Timestamp,
};
use std::time::Duration;
use utoipa::ToSchema;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Members and projects that are told of one organization.
const MOST: u16 = 200;

/// An organization, as operators see it.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct SeenOrganization {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: OrgId,
    /// Its short name, unique among all.
    slug: String,
    /// Its name.
    name: String,
    /// IANA name of its time zone.
    timezone: String,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
    /// Calls of the last 24 hours.
    calls_24h: u32,
    /// Those of them that were held back.
    blocked_24h: u32,
}

impl SeenOrganization {
    fn of(org: Org, volume: Volume) -> Self {
        Self {
            id: org.id,
            slug: org.slug,
            name: org.name,
            timezone: org.timezone,
            created_at: org.created_at.to_string(),
            calls_24h: volume.calls,
            blocked_24h: volume.blocked,
        }
    }
}

/// An organization in the list.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct OrganizationRow {
    #[serde(flatten)]
    seen: SeenOrganization,
    /// How many belong to it.
    members: u32,
    /// How many projects it has.
    projects: u32,
}

/// Every organization, sorted by its slug
///
/// `q` finds those whose slug begins with it.
#[utoipa::path(
    get,
    path = "/api/admin/v1/organizations",
    tag = "admin",
    responses((status = 200, description = "A page", body = Page<OrganizationRow>))
)]
pub(in crate::web::api) async fn list(call: Call, _operator: Person) -> Result<Response, Problem> {
    let Search { prefix, after, limit } = Search::<OrgId>::read(&call)?;
    let since = Timestamp::now() - DAY;
    let found = call.app.store.read(move |tx| {
        let (rows, next) = directory::orgs(tx, &prefix, after, limit)?;
        let volumes = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => volumes::of_some(tx, &first.org.slug, &last.org.slug, since)?,
            (None, _) | (_, None) => Default::default(),
        };
        Ok::<_, crate::store::StoreError>((rows, next, volumes))
    });
    let (rows, next, volumes) = found.await?;
    let show = |Listed { org, members, projects }| {
        let volume = volumes.get(&org.id).copied().unwrap_or_default();
        OrganizationRow { seen: SeenOrganization::of(org, volume), members, projects }
    };
    ok(&Page::of((rows, next), show))
}

/// An organization with who belongs to it and what it has.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct OrganizationDetail {
    #[serde(flatten)]
    seen: SeenOrganization,
    /// Its projects, the oldest first, at most 200.
    projects: Vec<ProjectRow>,
    /// Who belongs to it, at most 200.
    members: Vec<MemberRow>,
}

/// A project.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct ProjectRow {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: ProjectId,
    /// Name within the organization.
    slug: String,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
}

/// Somebody who belongs to it.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct MemberRow {
    /// Their account.
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
    /// Their address.
    email: String,
    /// What they want to be called; may be empty.
    display_name: String,
    /// What they are.
    #[schema(value_type = Role)]
    role: &'static str,
    /// Whether a phone of theirs can be rung.
    reachable: bool,
}

impl From<Member> for MemberRow {
    fn from(member: Member) -> Self {
        Self {
            account_id: member.account,
            email: member.email,
            display_name: member.display_name,
            role: member.role.as_str(),
            reachable: member.is_reachable,
        }
    }
}

/// One organization
#[utoipa::path(
    get,
    path = "/api/admin/v1/organizations/{id}",
    tag = "admin",
    responses(
        (status = 200, description = "The organization", body = OrganizationDetail),
        (status = 404, description = "No such organization")
    )
)]
pub(in crate::web::api) async fn read(call: Call, _operator: Person) -> Result<Response, Problem> {
    let id: OrgId = call.id("id", Kind::UnknownOrganization)?;
    let since = Timestamp::now() - DAY;
    let found = call.app.store.read(move |tx| {
        let listed = directory::org_by_id(tx, id)?;
        let listed =
            listed.ok_or_else(|| Problem::new(Kind::UnknownOrganization, "no organization has this id"))?;
        let slug = &listed.org.slug;
        let volume = volumes::of_some(tx, slug, slug, since)?.remove(&id).unwrap_or_default();
        let (projects, _) = projects::page(tx, id, "", MOST)?;
        let (members, _) = members::page(tx, id, "", MOST)?;
        let project = |project: projects::Listed| ProjectRow {
            id: project.id,
            slug: project.slug,
            created_at: project.created_at.to_string(),
        };
        Ok::<_, Problem>(OrganizationDetail {
            seen: SeenOrganization::of(listed.org, volume),
            projects: projects.into_iter().map(project).collect(),
            members: members.into_iter().map(MemberRow::from).collect(),
        })
    });
    ok(&found.await?)
}
