//! `/api/v1/members`: who belongs to an organization, and as what.

use super::{
    call::{Call, Page, done, missing, ok},
    caller,
    fields::{self, not_null},
    organizations::in_org,
    profile::may_go,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        members::{self, Member, Role},
        orgs,
        permissions::Act,
    },
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    ids::{AccountId, OrgId},
    time::Timestamp,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Somebody who belongs to the organization.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberDocument {
    /// Their account.
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
    /// Their address.
    email: String,
    /// What they want to be called; may be empty.
    display_name: String,
    /// `owner`, `admin`, `member` or `viewer`.
    role: &'static str,
    /// Since when, RFC 3339, UTC.
    #[schema(format = "date-time")]
    since: String,
    /// Whether a phone of theirs can be rung.
    reachable: bool,
}

impl From<Member> for MemberDocument {
    fn from(member: Member) -> Self {
        Self {
            account_id: member.account,
            email: member.email,
            display_name: member.display_name,
            role: member.role.as_str(),
            since: member.since.to_string(),
            reachable: member.is_reachable,
        }
    }
}

/// The members
#[utoipa::path(
    get,
    path = "/api/v1/members",
    tag = "members",
    params(
        ("after" = Option<String>, Query, description = "Only members after this one: `next` of the page before", format = "uuid"),
        ("limit" = Option<u16>, Query, description = "At most so many", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "A page", body = Page<MemberDocument>),
        (status = 400, description = "A parameter cannot be used")
    )
)]
pub(super) async fn list(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let (after, limit) = call.page::<Uuid>()?;
    let rows = call.app.store.read(move |tx| members::page(tx, member.org, &after, limit)).await?;
    ok(&Page::of(rows, MemberDocument::from))
}

/// What somebody is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberChange {
    /// `owner`, `admin`, `member` or `viewer`.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(value_type = String)]
    role: Option<String>,
}

/// Change what a member is
///
/// Owners alone make owners, and unmake them.
#[utoipa::path(
    patch,
    path = "/api/v1/members/{account_id}",
    tag = "members",
    params(("account_id" = String, Path, description = "The member's account", format = "uuid")),
    request_body = MemberChange,
    responses(
        (status = 200, description = "As they are now", body = MemberDocument),
        (status = 404, description = "No such member"),
        (status = 409, description = "There would be no owner"),
        (status = 422, description = "There is no such role")
    )
)]
pub(super) async fn change(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let account: AccountId = call.id("account_id", Kind::UnknownMember)?;
    let MemberChange { role } = call.body()?;
    let role = fields::role(&not_null("role", role)?)?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        let mine = member.still_may(tx)?;
        let before = found(tx, member.org, account)?;
        may_touch(mine, &[before.role, role])?;
        if role != Role::Owner && members::is_last_owner(tx, member.org, account)? {
            let detail = "the organization would be left without an owner: make somebody else one first";
            return Err(Problem::new(Kind::LastOwner, detail));
        }
        members::apply_member(tx, member.org, account, role, now)?;
        let entry = Entry {
            account: Some(account),
            before: Some(json!({"role": before.role.as_str()})),
            after: Some(json!({"role": role.as_str()})),
            ..in_org(actor, member.org, Deed::MemberChanged, &account)
        };
        audit::record(tx, &entry, now)?;
        found(tx, member.org, account)
    });
    ok(&MemberDocument::from(changed.await?))
}

/// Remove a member
#[utoipa::path(
    delete,
    path = "/api/v1/members/{account_id}",
    tag = "members",
    params(("account_id" = String, Path, description = "The member's account", format = "uuid")),
    responses(
        (status = 204, description = "They belong to it no more"),
        (status = 404, description = "No such member"),
        (status = 409, description = "There would be no owner, or a project's alerts would ring nobody")
    )
)]
pub(super) async fn remove(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let account: AccountId = call.id("account_id", Kind::UnknownMember)?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let removed = call.app.store.write(move |tx| {
        let mine = member.still_may(tx)?;
        let before = found(tx, member.org, account)?;
        may_touch(mine, &[before.role])?;
        let org = orgs::by_id(tx, member.org)?.ok_or_else(|| missing(Kind::UnknownOrganization))?;
        may_go(tx, &org.slug, member.org, account)?;
        members::remove(tx, member.org, account)?;
        let entry = Entry {
            account: Some(account),
            before: Some(json!({"role": before.role.as_str()})),
            ..in_org(actor, member.org, Deed::MemberRemoved, &account)
        };
        Ok::<_, Problem>(audit::record(tx, &entry, now)?)
    });
    removed.await?;
    done()
}

fn found(tx: &mut Tx<'_>, org: OrgId, account: AccountId) -> Result<Member, Problem> {
    members::member(tx, org, account)?.ok_or_else(|| missing(Kind::UnknownMember))
}

/// Whether somebody of this role may give or take those.
pub(super) fn may_touch(mine: Option<Role>, roles: &[Role]) -> Result<(), Problem> {
    let owns = mine.is_some_and(|role| role.may(Act::ChangeOwners));
    if owns || !roles.contains(&Role::Owner) {
        return Ok(());
    }
    Err(Problem::new(Kind::NotPermitted, "owners alone make owners, and unmake them"))
}
