//! `/api/v1/organizations` and `/api/v1/organization`: the tenants that somebody belongs to, and one of them.

use super::{
    call::{Call, Page, count, done, missing, ok},
    caller::{Member, Person},
    creation::{self, Created},
    documents::MembershipDocument,
    fields::{self, bad_value, given},
    profile::may_go,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        members::{self, Role},
        orgs::{self, Membership, Named, New, Org},
        tries,
    },
    dispatch::alerts,
    intake::endpoints,
    store::Tx,
    values,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::Deserialize;
use serde_json::json;
use shared::{
    ids::{AccountId, OrgId},
    time::Timestamp,
};
use utoipa::ToSchema;

/// Most organizations that one person belongs to when making another.
const MOST: usize = 20;

impl Created for MembershipDocument {}

/// The organizations that you belong to
#[utoipa::path(
    get,
    path = "/api/v1/organizations",
    tag = "organizations",
    responses((status = 200, description = "A page, in the order of their names", body = Page<MembershipDocument>))
)]
pub(super) async fn list(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, paging) = (person.account(), call.page::<OrgId>()?);
    let found = call.app.store.read(move |tx| orgs::of_account(tx, id, &Named::Only)).await?;
    let found: Vec<MembershipDocument> = found.into_iter().map(MembershipDocument::from).collect();
    ok(&Page::within(found, |organization| organization.id.clone(), paging)?)
}

/// A new organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrganization {
    /// Its name, at most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Its short name, unique among all: lower-case letters, digits and dashes. Made of the name where it is left out.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9-]+$")]
    slug: Option<String>,
    /// IANA name of its time zone; `UTC` where it is left out.
    timezone: Option<String>,
}

/// Make an organization
///
/// You are its owner.
#[utoipa::path(
    post,
    path = "/api/v1/organizations",
    tag = "organizations",
    request_body = NewOrganization,
    responses(
        (status = 201, description = "It is there", body = MembershipDocument),
        (status = 409, description = "The slug is taken, or you belong to too many"),
        (status = 422, description = "A value cannot be used"),
        (status = 429, description = "Too many within a day; again after Retry-After")
    )
)]
pub(super) async fn create(call: Call, person: Person) -> Result<Response, Problem> {
    let NewOrganization { name, slug, timezone } = call.body()?;
    let name = fields::name("name", &name)?;
    let timezone = fields::timezone(timezone.as_deref().unwrap_or("UTC"))?;
    let chosen = slug.map(|slug| fields::slug(&slug)).transpose()?;
    let (id, actor) = (person.account(), call.actor(person.who));
    creation::once(&call, id, move |tx, now| {
        person.still_open(tx, now)?;
        count(tx, [(tries::ORGANIZATIONS, id.to_string())], now)?;
        if orgs::of_account(tx, id, &Named::Only)?.len() >= MOST {
            return Err(Problem::new(
                Kind::TooMany,
                format!("somebody belongs to at most {MOST} organizations"),
            ));
        }
        let made_of_name = slug_of(&name);
        let slug = chosen.as_deref().unwrap_or(&made_of_name);
        let new = New { slug, name: &name, timezone: &timezone, by: id };
        let org = match orgs::create(tx, &new, now)? {
            None if chosen.is_none() => orgs::create(tx, &New { slug: &with_digits(slug), ..new }, now)?,
            made => made,
        };
        let org = org.ok_or_else(|| missing(Kind::SlugTaken))?;
        members::apply_member(tx, org, id, Role::Owner, now)?;
        let after = Some(json!({"name": name, "timezone": timezone}));
        let entry = in_org(actor, org, Deed::OrganizationCreated, &org);
        audit::record(tx, &Entry { after, ..entry }, now)?;
        membership(tx, id, org).map(MembershipDocument::from)
    })
    .await
}

/// Where a slug that nobody chose is taken.
fn with_digits(slug: &str) -> String {
    format!("{slug}-{:06x}", rand::random::<u32>() & 0xff_ffff)
}

/// `Søns & Co` becomes `s-ns-co`.
fn slug_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.collect::<Vec<_>>().join("-");
    slug.truncate(50);
    let slug = slug.trim_end_matches('-');
    // Nothing of it is left, or it reads as an id.
    if values::slug(slug).is_ok() { slug.to_owned() } else { "org".to_owned() }
}

/// A row of the audit log about something in an organization.
pub(super) fn in_org<'a>(
    actor: audit::Actor,
    org: OrgId,
    deed: Deed,
    subject: &'a dyn std::fmt::Display,
) -> Entry<'a> {
    Entry { actor, org: Some(org), account: None, deed, subject, before: None, after: None }
}

fn membership(tx: &mut Tx<'_>, account: AccountId, org: OrgId) -> Result<Membership, Problem> {
    let found = orgs::of_account(tx, account, &Named::As(org.to_string()))?;
    found.into_iter().next().ok_or_else(|| missing(Kind::UnknownOrganization))
}

fn found(tx: &mut Tx<'_>, org: OrgId) -> Result<Org, Problem> {
    orgs::by_id(tx, org)?.ok_or_else(|| missing(Kind::UnknownOrganization))
}

/// The person who asks. No key is let in where this is asked.
fn person(member: &Member) -> Result<AccountId, Problem> {
    member.account().ok_or_else(Problem::internal)
}

/// One organization
#[utoipa::path(
    get,
    path = "/api/v1/organization",
    tag = "organizations",
    responses((status = 200, description = "The organization, and what you are there", body = MembershipDocument))
)]
pub(super) async fn read(call: Call, member: Member) -> Result<Response, Problem> {
    let account = person(&member)?;
    let found = call.app.store.read(move |tx| membership(tx, account, member.org)).await?;
    ok(&MembershipDocument::from(found))
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganizationChange {
    /// Its name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Its short name, unique among all.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        value_type = String, required = false, min_length = 1, max_length = 63, pattern = "^[a-z0-9-]+$"
    )]
    slug: Option<String>,
    /// IANA name of its time zone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    timezone: Option<String>,
}

/// Change an organization
#[utoipa::path(
    patch,
    path = "/api/v1/organization",
    tag = "organizations",
    request_body = OrganizationChange,
    responses(
        (status = 200, description = "As it is now", body = MembershipDocument),
        (status = 409, description = "The slug is taken"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn change(call: Call, member: Member) -> Result<Response, Problem> {
    let OrganizationChange { name, slug, timezone } = call.body()?;
    let name = name.map(|name| fields::name("name", &name)).transpose()?;
    let slug = slug.map(|slug| fields::slug(&slug)).transpose()?;
    let timezone = timezone.map(|name| fields::timezone(&name)).transpose()?;
    let (account, actor, now) = (person(&member)?, call.actor(member.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let before = found(tx, member.org)?;
        let name = name.unwrap_or_else(|| before.name.clone());
        let slug = slug.unwrap_or_else(|| before.slug.clone());
        let timezone = timezone.unwrap_or_else(|| before.timezone.clone());
        if !orgs::change(tx, member.org, &slug, &name, &timezone, account)? {
            return Err(missing(Kind::SlugTaken));
        }
        let was = json!({"name": before.name, "slug": before.slug, "timezone": before.timezone});
        let is = json!({"name": name, "slug": slug, "timezone": timezone});
        let entry = in_org(actor, member.org, Deed::OrganizationChanged, &member.org);
        audit::record_change(tx, entry, was, is, now)?;
        membership(tx, account, member.org)
    });
    ok(&MembershipDocument::from(changed.await?))
}

/// Delete an organization
///
/// Its endpoints take nothing in any more, its keys open nothing, nobody belongs to it. Not while alerts are open.
#[utoipa::path(
    delete,
    path = "/api/v1/organization",
    tag = "organizations",
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "Alerts are open that nobody has taken")
    )
)]
pub(super) async fn delete(call: Call, member: Member) -> Result<Response, Problem> {
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let deleted = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let org = found(tx, member.org)?;
        let open = alerts::count_open(tx, member.org, None)?;
        if open > 0 {
            return Err(open_alerts(open));
        }
        let before = Some(json!({"name": org.name, "slug": org.slug}));
        let entry = Entry { before, ..in_org(actor, member.org, Deed::OrganizationDeleted, &member.org) };
        audit::record(tx, &entry, now)?;
        endpoints::delete_all(tx, member.org, None, now)?;
        Ok(orgs::delete(tx, member.org, now)?)
    });
    deleted.await?;
    done()
}

pub(super) fn open_alerts(count: u32) -> Problem {
    let detail =
        format!("{count} alerts are open that nobody has taken, and may be ringing: close them first");
    Problem::new(Kind::LiveAlerts, detail)
}

/// Who is to own it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    /// Account of a member.
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
}

/// Give an organization to another member
///
/// They become an owner, and you an admin.
#[utoipa::path(
    post,
    path = "/api/v1/organization/transfer",
    tag = "organizations",
    request_body = Transfer,
    responses(
        (status = 204, description = "They own it, you administer it"),
        (status = 404, description = "No such member"),
        (status = 422, description = "You own it already")
    )
)]
pub(super) async fn transfer(call: Call, member: Member) -> Result<Response, Problem> {
    let Transfer { account_id: heir } = call.body()?;
    let (account, actor, now) = (person(&member)?, call.actor(member.who), Timestamp::now());
    if heir == account {
        return Err(bad_value("account_id", "is another member's"));
    }
    let transferred = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        members::member(tx, member.org, heir)?.ok_or_else(|| missing(Kind::UnknownMember))?;
        members::apply_member(tx, member.org, heir, Role::Owner, now)?;
        members::apply_member(tx, member.org, account, Role::Admin, now)?;
        let after = Some(json!({"owner": heir, "admin": account}));
        let entry = Entry { after, ..in_org(actor, member.org, Deed::OrganizationTransferred, &member.org) };
        Ok::<_, Problem>(audit::record(tx, &entry, now)?)
    });
    transferred.await?;
    done()
}

/// Leave an organization
#[utoipa::path(
    post,
    path = "/api/v1/organization/leave",
    tag = "organizations",
    responses(
        (status = 204, description = "You belong to it no more"),
        (status = 409, description = "You are its last owner, or the primary of a project")
    )
)]
pub(super) async fn leave(call: Call, member: Member) -> Result<Response, Problem> {
    let (account, actor, now) = (person(&member)?, call.actor(member.who), Timestamp::now());
    let left = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let org = found(tx, member.org)?;
        may_go(tx, &org.slug, member.org, account)?;
        members::remove(tx, member.org, account)?;
        let entry = Entry { account: Some(account), ..in_org(actor, member.org, Deed::MemberLeft, &account) };
        Ok::<_, Problem>(audit::record(tx, &entry, now)?)
    });
    left.await?;
    done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_any_name() {
        for (name, slug) in [
            ("Acme", "acme"),
            ("Søns & Co.", "s-ns-co"),
            ("Київ", "org"),
            ("--", "org"),
            ("6c1f6f1e 0000 4000 8000 000000000001", "org"),
        ] {
            assert_eq!(slug_of(name), slug);
            assert!(values::slug(&slug_of(name)).is_ok());
        }
        assert!(values::slug(&slug_of(&"long name ".repeat(20))).is_ok());
    }
}
