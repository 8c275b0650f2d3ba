//! `/api/v1/members`: who belongs to an organization, and as what.

use super::{
    call::{Call, Page, done, missing, ok},
    caller, fields,
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
    /// Their address; null where a key asks.
    email: Option<String>,
    /// What they want to be called; may be empty.
    display_name: String,
    /// What they are.
    #[schema(value_type = Role)]
    role: &'static str,
    /// Since when, RFC 3339, UTC.
    #[schema(format = "date-time")]
    since: String,
    /// Whether a phone of theirs can be rung.
    reachable: bool,
}

impl MemberDocument {
    /// As whoever asks may see them: programs need to know who somebody is, and not where they are written to.
    fn for_sight_of(asking: &caller::Member, member: Member) -> Self {
        Self {
            account_id: member.account,
            email: asking.account().map(|_| member.email),
            display_name: member.display_name,
            role: member.role.as_str(),
            since: member.since.to_string(),
            reachable: member.is_reachable,
        }
    }
}

/// The members
///
/// A key sees no addresses.
#[utoipa::path(
    get,
    path = "/api/v1/members",
    tag = "members",
    responses((status = 200, description = "A page", body = Page<MemberDocument>))
)]
pub(super) async fn list(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let (after, limit) = call.page::<Uuid>()?;
    let rows = call.app.store.read(move |tx| members::page(tx, member.org, &after, limit)).await?;
    ok(&Page::of(rows, |found| MemberDocument::for_sight_of(&member, found)))
}

/// One member
///
/// A key sees no address.
#[utoipa::path(
    get,
    path = "/api/v1/members/{account_id}",
    tag = "members",
    responses(
        (status = 200, description = "The member", body = MemberDocument),
        (status = 404, description = "No such member")
    )
)]
pub(super) async fn read(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let account: AccountId = call.id("account_id", Kind::UnknownMember)?;
    let member_read = call.app.store.read(move |tx| found(tx, member.org, account)).await?;
    ok(&MemberDocument::for_sight_of(&member, member_read))
}

/// What somebody is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberChange {
    /// What they are to be.
    #[schema(value_type = Role)]
    role: String,
}

/// Change what a member is
///
/// Owners alone make owners, and unmake them.
#[utoipa::path(
    patch,
    path = "/api/v1/members/{account_id}",
    tag = "members",
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
    let role = fields::role(&role)?;
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
        let entry =
            Entry { account: Some(account), ..in_org(actor, member.org, Deed::MemberChanged, &account) };
        let (was, is) = (json!({"role": before.role.as_str()}), json!({"role": role.as_str()}));
        audit::record_change(tx, entry, was, is, now)?;
        found(tx, member.org, account)
    });
    ok(&MemberDocument::for_sight_of(&member, changed.await?))
}

/// Remove a member
#[utoipa::path(
    delete,
    path = "/api/v1/members/{account_id}",
    tag = "members",
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
