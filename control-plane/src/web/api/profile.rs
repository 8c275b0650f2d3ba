//! `/api/v1/account`: what somebody is called and where they are written to, and the end of an account.

use super::{
    call::{Call, done, ok},
    caller::Person,
    cookies,
    documents::AccountDocument,
    fields::{self, given},
    letters::{LetterDocument, link_void, page, send},
    session::own,
};
use crate::{
    accounts::{
        account::{self, Account},
        audit::{self, Deed, Entry, Who},
        email::Email,
        links::{self, New, Purpose},
        members,
        orgs::{self, Membership, Named},
        sessions::{self, End},
        tries,
    },
    dispatch::verification,
    mail::{Language, Template},
    store::Tx,
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

/// Your account
#[utoipa::path(
    get,
    path = "/api/v1/account",
    tag = "account",
    responses((status = 200, description = "The account", body = AccountDocument))
)]
pub(super) async fn read(call: Call, person: Person) -> Result<Response, Problem> {
    let id = person.account();
    let document = call.app.store.read(move |tx| {
        let account = mine(tx, id)?;
        Ok::<_, Problem>(AccountDocument::read(tx, account)?)
    });
    ok(&document.await?)
}

fn mine(tx: &mut Tx<'_>, id: AccountId) -> Result<Account, Problem> {
    let gone = || Problem::new(Kind::NotSignedIn, "this session is over: sign in");
    account::by_id(tx, id)?.ok_or_else(gone)
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileChange {
    /// What to be called; may be empty.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, max_length = 100)]
    display_name: Option<String>,
    /// The language of letters and calls.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Language, required = false)]
    language: Option<String>,
}

/// Change name and language
#[utoipa::path(
    patch,
    path = "/api/v1/account",
    tag = "account",
    request_body = ProfileChange,
    responses(
        (status = 200, description = "As it is now", body = AccountDocument),
        (status = 422, description = "The name or the language cannot be used")
    )
)]
pub(super) async fn change(call: Call, person: Person) -> Result<Response, Problem> {
    let ProfileChange { display_name, language } = call.body()?;
    let display_name = display_name.map(|text| fields::name_or_none("display_name", &text)).transpose()?;
    let language = language.map(|word| fields::language(&word)).transpose()?;
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let before = mine(tx, id)?;
        let display_name = display_name.unwrap_or_else(|| before.display_name.clone());
        let language = language.unwrap_or(before.language);
        account::change_profile(tx, id, &display_name, language)?;
        let was = json!({"display_name": before.display_name, "language": before.language.as_str()});
        let is = json!({"display_name": display_name, "language": language.as_str()});
        audit::record_change(tx, own(actor, id, Deed::AccountChanged, &id), was, is, now)?;
        let account = mine(tx, id)?;
        Ok::<_, Problem>(AccountDocument::read(tx, account)?)
    });
    ok(&changed.await?)
}

/// The new address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAddress {
    /// The address.
    #[schema(format = "email", max_length = 254)]
    email: String,
}

/// Ask for another address
///
/// A link goes to the new address, a notice to the old one, which stays until the link is opened.
#[utoipa::path(
    post,
    path = "/api/v1/account/email",
    tag = "account",
    request_body = NewAddress,
    responses(
        (status = 202, description = "A letter is on its way, unless somebody has that address", body = LetterDocument),
        (status = 422, description = "That is no address")
    )
)]
pub(super) async fn change_address(call: Call, person: Person) -> Result<Response, Problem> {
    let NewAddress { email } = call.body()?;
    let email = fields::address("email", &email)?;
    let id = person.account();
    call.admit([(tries::ADDRESS_CHANGES, id.to_string()), (tries::UNASKED_MAILS, email.as_str().to_owned())])
        .await?;
    let (actor, now, public_url) = (call.actor(person.who), Timestamp::now(), call.app.public_url.clone());
    let queued = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let account = mine(tx, id)?;
        let told = Template::AddressChanges { new_address: email.clone() };
        let mut queued = send(tx, &account.email, account.language, told, now)?;
        // Whether somebody has the address is told to nobody.
        if account::by_email(tx, &email)?.is_none() {
            links::void(tx, Purpose::Change, id, now)?;
            let new = New {
                purpose: Purpose::Change,
                account: Some(id),
                email: email.clone(),
                password: None,
                display_name: String::new(),
                language: account.language,
            };
            let token = links::make(tx, &new, now)?;
            let link = page(&public_url, "confirm-address", Some(&token));
            let template = Template::ConfirmNewAddress { link, valid_for: Purpose::Change.valid_for() };
            queued |= send(tx, &email, account.language, template, now)?;
        }
        let entry = Entry {
            before: Some(json!({"email": account.email.as_str()})),
            after: Some(json!({"email": email.as_str()})),
            ..own(actor, id, Deed::AddressChangeAsked, &id)
        };
        audit::record(tx, &entry, now)?;
        Ok::<_, Problem>(queued)
    });
    call.app.nudge_mail(queued.await?);
    LetterDocument::answer()
}

/// The link's token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressConfirmation {
    /// What stands after `#` in the link.
    token: String,
}

/// Confirm a new address with the link of a letter
#[utoipa::path(
    post,
    path = "/api/v1/account/email/confirm",
    tag = "account",
    request_body = AddressConfirmation,
    responses(
        (status = 204, description = "The account has the new address"),
        (status = 409, description = "Meanwhile another account has it"),
        (status = 410, description = "The link opens nothing any more")
    )
)]
pub(super) async fn confirm_address(call: Call) -> Result<Response, Problem> {
    let AddressConfirmation { token } = call.body()?;
    call.admit([(tries::LINKS, tries::network_of(call.remote))]).await?;
    let (actor, now) = (call.actor(Who::Nobody), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        let link = links::take(tx, Purpose::Change, &token, now)?.ok_or_else(link_void)?;
        let id = link.account.ok_or_else(link_void)?;
        let email: Email = link.email.parse().map_err(|_| link_void())?;
        let before = account::by_id(tx, id)?.ok_or_else(link_void)?;
        if !account::change_email(tx, id, &email, now)? {
            return Err(Problem::new(Kind::AddressTaken, "meanwhile another account has this address"));
        }
        // Whoever reads the old mailbox must not get in with a link that went there.
        links::void(tx, Purpose::Reset, id, now)?;
        let entry = Entry {
            before: Some(json!({"email": before.email.as_str()})),
            after: Some(json!({"email": email.as_str()})),
            ..own(actor, id, Deed::AddressChanged, &id)
        };
        audit::record(tx, &entry, now)?;
        let told = Template::AddressChanged { new_address: email };
        Ok(send(tx, &before.email, before.language, told, now)?)
    });
    call.app.nudge_mail(changed.await?);
    done()
}

/// Close your account
///
/// Its phones, sessions and memberships go; its history stays in the organizations, without a name. Not while somebody's
/// alerts would ring nobody, or an organization would be left without an owner.
#[utoipa::path(
    delete,
    path = "/api/v1/account",
    tag = "account",
    responses(
        (status = 204, description = "There is no such account any more"),
        (status = 409, description = "You are the last owner of an organization or the primary of a project")
    )
)]
pub(super) async fn close(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, actor, now, audience) =
        (person.account(), call.actor(person.who), Timestamp::now(), call.audience);
    let queued = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let account = mine(tx, id)?;
        for Membership { org, .. } in orgs::of_account(tx, id, &Named::Only)? {
            may_go(tx, &org.slug, org.id, id)?;
            members::remove(tx, org.id, id)?;
            let entry = Entry { org: Some(org.id), ..own(actor, id, Deed::MemberLeft, &id) };
            audit::record(tx, &entry, now)?;
        }
        sessions::end_others(tx, id, None, End::Closed, now)?;
        account::close(tx, id, now)?;
        verification::withdraw(tx, id, None, now)?;
        audit::record(tx, &own(actor, id, Deed::AccountClosed, &id), now)?;
        let template = Template::AccountClosed { at: now };
        Ok::<_, Problem>(send(tx, &account.email, account.language, template, now)?)
    });
    call.app.nudge_mail(queued.await?);
    call.app.nudge.nudge();
    Ok(cookies::clear(done()?, audience))
}

/// Whether an organization can do without somebody.
pub(super) fn may_go(tx: &mut Tx<'_>, slug: &str, org: OrgId, account: AccountId) -> Result<(), Problem> {
    if members::is_last_owner(tx, org, account)? {
        let detail = format!("{slug} would be left without an owner: make somebody else one, or delete it");
        return Err(Problem::new(Kind::LastOwner, detail));
    }
    let projects = members::primary_of(tx, org, account)?;
    if !projects.is_empty() {
        let detail = format!(
            "alerts of {} ring this person where no rule says otherwise: choose another primary there first",
            projects.iter().map(|project| format!("{slug}/{project}")).collect::<Vec<_>>().join(", ")
        );
        return Err(Problem::new(Kind::IsPrimary, detail));
    }
    Ok(())
}
