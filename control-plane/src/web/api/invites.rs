//! `/api/v1/invites`: bringing people into an organization, by mail.

use super::{
    call::{Call, Page, count, done, missing, ok},
    caller::{self, Person},
    creation::{self, Created},
    documents::MembershipDocument,
    fields,
    letters::{link_void, page, send},
    members::may_touch,
    organizations::in_org,
};
use crate::{
    accounts::{
        account,
        audit::{self, Actor, Deed, Entry},
        email::Email,
        invites::{self, Invite},
        members::{self, Role},
        orgs::{self, Named},
        permissions::Act,
        tries::{self, Limit},
    },
    mail::{Language, Template, suppressions},
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    ids::{AccountId, InviteId, OrgId},
    time::Timestamp,
};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

/// An invitation that nobody has taken yet.
#[derive(Serialize, ToSchema)]
pub(super) struct InviteDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: InviteId,
    /// Whom it invites.
    email: String,
    /// As what.
    #[schema(value_type = Role)]
    role: &'static str,
    /// Whether its link still opens something.
    state: InviteState,
    /// Account of whoever invites.
    #[schema(value_type = String, format = "uuid")]
    invited_by_account_id: AccountId,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it ends; it may have ended already, and can be sent again. RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: String,
}

/// Where an invitation stands that nobody has taken or revoked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum InviteState {
    /// It can be taken.
    Pending,
    /// It is too old, and can be sent again.
    Expired,
}

impl Created for InviteDocument {}

impl InviteDocument {
    fn of(invite: Invite, now: Timestamp) -> Self {
        Self {
            state: if invite.expires_at > now { InviteState::Pending } else { InviteState::Expired },
            id: invite.id,
            email: invite.email.as_str().to_owned(),
            role: invite.role.as_str(),
            invited_by_account_id: invite.invited_by,
            created_at: invite.created_at.to_string(),
            expires_at: invite.expires_at.to_string(),
        }
    }
}

/// Open invitations
#[utoipa::path(
    get,
    path = "/api/v1/invites",
    tag = "members",
    responses((status = 200, description = "A page", body = Page<InviteDocument>))
)]
pub(super) async fn list(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let (after, limit) = call.page::<Uuid>()?;
    let rows = call.app.store.read(move |tx| invites::page(tx, member.org, &after, limit)).await?;
    let now = Timestamp::now();
    ok(&Page::of(rows, |invite| InviteDocument::of(invite, now)))
}

/// One open invitation
#[utoipa::path(
    get,
    path = "/api/v1/invites/{id}",
    tag = "members",
    responses(
        (status = 200, description = "The invitation", body = InviteDocument),
        (status = 404, description = "No such invitation, or it was taken or revoked")
    )
)]
pub(super) async fn read(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let id: InviteId = call.id("id", Kind::UnknownInvite)?;
    let found = call.app.store.read(move |tx| invites::by_id(tx, member.org, id)).await?;
    let found = found.ok_or_else(|| missing(Kind::UnknownInvite))?;
    ok(&InviteDocument::of(found, Timestamp::now()))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvite {
    /// Their address; the invitation can be taken with an account of this address alone.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// As what.
    #[schema(value_type = Role)]
    role: String,
}

/// Invite somebody
///
/// A letter with a link goes to them; it is good for seven days.
#[utoipa::path(
    post,
    path = "/api/v1/invites",
    tag = "members",
    request_body = NewInvite,
    responses(
        (status = 201, description = "A letter is on its way", body = InviteDocument),
        (status = 409, description = "They belong to the organization, or are invited already"),
        (status = 422, description = "That is no address or no role, or letters to the address come back")
    )
)]
pub(super) async fn create(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let NewInvite { email, role } = call.body()?;
    let (email, role) = (fields::address("email", &email)?, fields::role(&role)?);
    let by = member.account().ok_or_else(Problem::internal)?;
    let (actor, public_url) = (call.actor(member.who), call.app.public_url.clone());
    let created = creation::once(&call, member.org, move |tx, now| {
        may_touch(member.still_may(tx)?, &[role])?;
        count(tx, limits(member.org, by, actor, &email), now)?;
        let known = account::by_email(tx, &email)?;
        if let Some(known) = known
            && members::member(tx, member.org, known.id)?.is_some()
        {
            return Err(missing(Kind::AlreadyMember));
        }
        let made = invites::create(tx, member.org, &email, role, by, now)?;
        let (invite, token) = made.ok_or_else(|| missing(Kind::AlreadyInvited))?;
        let after = Some(json!({"email": email.as_str(), "role": role.as_str()}));
        let entry = Entry { after, ..in_org(actor, member.org, Deed::Invited, &invite.id) };
        audit::record(tx, &entry, now)?;
        write_to(tx, &invite, &token, &public_url, now)?;
        Ok(InviteDocument::of(invite, now))
    });
    let answer = created.await?;
    call.app.mail.nudge();
    Ok(answer)
}

/// What an invitation counts against.
fn limits(org: OrgId, by: AccountId, actor: Actor, email: &Email) -> [(Limit, String); 4] {
    [
        (tries::INVITES, org.to_string()),
        (tries::INVITES_BY, by.to_string()),
        (tries::INVITES_FROM, tries::network_of(actor.remote)),
        (tries::INVITES_TO, email.as_str().to_owned()),
    ]
}

/// In the language of whoever is invited, where they have an account, else in that of whoever invites.
fn write_to(
    tx: &mut Tx<'_>,
    invite: &Invite,
    token: &str,
    public_url: &Url,
    now: Timestamp,
) -> Result<(), Problem> {
    if suppressions::holds(tx, &invite.email)? {
        return Err(missing(Kind::AddressSuppressed));
    }
    let org = orgs::by_id(tx, invite.org)?.ok_or_else(|| missing(Kind::UnknownOrganization))?;
    let inviter = account::by_id(tx, invite.invited_by)?;
    let known = account::by_email(tx, &invite.email)?;
    let language = known.or(inviter.clone()).map_or_else(Language::default, |account| account.language);
    let template = Template::Invitation {
        organization: org.name.clone(),
        inviter: inviter.map_or(org.name, |inviter| inviter.shown().to_owned()),
        role: invite.role,
        link: page(public_url, "invite", Some(token)),
        valid_for: invites::VALID_FOR,
    };
    send(tx, &invite.email, language, template, now)?;
    Ok(())
}

/// Send an invitation again
///
/// With a new link, which is good for seven days; the old one opens nothing any more.
#[utoipa::path(
    post,
    path = "/api/v1/invites/{id}/resend",
    tag = "members",
    responses(
        (status = 200, description = "A letter is on its way", body = InviteDocument),
        (status = 404, description = "No such invitation"),
        (status = 422, description = "Letters to the address come back")
    )
)]
pub(super) async fn resend(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let id: InviteId = call.id("id", Kind::UnknownInvite)?;
    let by = member.account().ok_or_else(Problem::internal)?;
    let (actor, public_url, now) = (call.actor(member.who), call.app.public_url.clone(), Timestamp::now());
    let renewed = call.app.store.write(move |tx| {
        let mine = member.still_may(tx)?;
        let found = invites::by_id(tx, member.org, id)?.ok_or_else(|| missing(Kind::UnknownInvite))?;
        may_touch(mine, &[found.role])?;
        count(tx, limits(member.org, by, actor, &found.email), now)?;
        let renewed = invites::renew(tx, member.org, id, now)?;
        let (invite, token) = renewed.ok_or_else(|| missing(Kind::UnknownInvite))?;
        let after = Some(json!({"email": invite.email.as_str()}));
        let entry = Entry { after, ..in_org(actor, member.org, Deed::InviteResent, &id) };
        audit::record(tx, &entry, now)?;
        write_to(tx, &invite, &token, &public_url, now)?;
        Ok::<_, Problem>(invite)
    });
    let renewed = renewed.await?;
    call.app.mail.nudge();
    ok(&InviteDocument::of(renewed, now))
}

/// Revoke an invitation
#[utoipa::path(
    delete,
    path = "/api/v1/invites/{id}",
    tag = "members",
    responses(
        (status = 204, description = "Its link opens nothing any more"),
        (status = 404, description = "No such invitation")
    )
)]
pub(super) async fn revoke(call: Call, member: caller::Member) -> Result<Response, Problem> {
    let id: InviteId = call.id("id", Kind::UnknownInvite)?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let revoked = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let invite = invites::revoke(tx, member.org, id, now)?.ok_or_else(|| missing(Kind::UnknownInvite))?;
        let before = Some(json!({"email": invite.email.as_str(), "role": invite.role.as_str()}));
        let entry = Entry { before, ..in_org(actor, member.org, Deed::InviteRevoked, &id) };
        Ok::<_, Problem>(audit::record(tx, &entry, now)?)
    });
    revoked.await?;
    done()
}

/// The link's token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InviteToken {
    /// What stands after `#` in the link.
    token: String,
}

/// What an invitation is to.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitePreview {
    /// Name of the organization.
    organization: String,
    /// Whom it invites.
    email: String,
    /// As what.
    #[schema(value_type = Role)]
    role: &'static str,
    /// When it ends, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: String,
}

/// Look at an invitation before taking it
#[utoipa::path(
    post,
    path = "/api/v1/invites/preview",
    tag = "members",
    request_body = InviteToken,
    responses(
        (status = 200, description = "What it is to", body = InvitePreview),
        (status = 410, description = "The link opens nothing any more")
    )
)]
pub(super) async fn preview(call: Call) -> Result<Response, Problem> {
    let InviteToken { token } = call.body()?;
    call.admit([(tries::LINKS, tries::network_of(call.remote))]).await?;
    let found = call.app.store.read(move |tx| {
        let invite = invites::by_token(tx, &token, Timestamp::now())?.ok_or_else(link_void)?;
        let org = orgs::by_id(tx, invite.org)?.ok_or_else(link_void)?;
        Ok::<_, Problem>(InvitePreview {
            organization: org.name,
            email: invite.email.as_str().to_owned(),
            role: invite.role.as_str(),
            expires_at: invite.expires_at.to_string(),
        })
    });
    ok(&found.await?)
}

/// Take an invitation
///
/// With the account of the address that was invited.
#[utoipa::path(
    post,
    path = "/api/v1/invites/accept",
    tag = "members",
    request_body = InviteToken,
    responses(
        (status = 200, description = "You belong to the organization", body = MembershipDocument),
        (status = 409, description = "You belong to it already"),
        (status = 410, description = "The link opens nothing any more")
    )
)]
pub(super) async fn accept(call: Call, person: Person) -> Result<Response, Problem> {
    let InviteToken { token } = call.body()?;
    call.admit([(tries::LINKS, tries::network_of(call.remote))]).await?;
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let joined = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let invite = invites::by_token(tx, &token, now)?.ok_or_else(link_void)?;
        let account = account::by_id(tx, id)?.ok_or_else(link_void)?;
        if account.email != invite.email {
            return Err(missing(Kind::OtherAddress));
        }
        if members::member(tx, invite.org, id)?.is_some() {
            return Err(missing(Kind::AlreadyMember));
        }
        // Nobody gets more than whoever invited them may still give.
        let inviter = members::member(tx, invite.org, invite.invited_by)?.map(|inviter| inviter.role);
        let may_invite = inviter.is_some_and(|role| role.may(Act::ChangeMembers));
        if !may_invite || may_touch(inviter, &[invite.role]).is_err() {
            return Err(link_void());
        }
        invites::accept(tx, invite.id, now)?;
        members::apply_member(tx, invite.org, id, invite.role, now)?;
        let entry = Entry {
            account: Some(id),
            after: Some(json!({"role": invite.role.as_str(), "invite": invite.id})),
            ..in_org(actor, invite.org, Deed::MemberJoined, &id)
        };
        audit::record(tx, &entry, now)?;
        let found = orgs::of_account(tx, id, &Named::As(invite.org.to_string()))?;
        found.into_iter().next().ok_or_else(link_void)
    });
    ok(&MembershipDocument::from(joined.await?))
}
