//! Passwords that are forgotten, and passwords that are changed.

use super::{
    call::{Call, done},
    caller::Person,
    fields,
    letters::{LetterDocument, link_void, page, send},
    session::own,
};
use crate::{
    accounts::{
        account::{self, Account},
        audit::{self, Deed, Who},
        links::{self, New, Purpose},
        password::Password,
        sessions::{self, End},
        tries,
    },
    mail::{Language, Template},
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::Deserialize;
use shared::time::Timestamp;
use utoipa::ToSchema;

/// Whose password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgotten {
    /// The account's address.
    #[schema(format = "email", max_length = 254)]
    email: String,
}

/// Ask for a reset of a password
///
/// Where the address has an account, a letter with a link goes there. The answer does not tell.
#[utoipa::path(
    post,
    path = "/api/v1/password-resets",
    tag = "account",
    request_body = Forgotten,
    responses(
        (status = 202, description = "If there is such an account, a letter is on its way", body = LetterDocument),
        (status = 422, description = "That is no address")
    )
)]
pub(super) async fn forgotten(call: Call) -> Result<Response, Problem> {
    let Forgotten { email } = call.body()?;
    let email = fields::address("email", &email)?;
    call.admit([
        (tries::SIGN_UPS, tries::network_of(call.remote)),
        (tries::RESET_MAILS, email.as_str().to_owned()),
    ])
    .await?;
    let (now, public_url) = (Timestamp::now(), call.app.public_url.clone());
    let queued = call.app.store.write(move |tx| {
        let account = account::by_email(tx, &email)?;
        // That of nobody opens nothing. It is made all the same, so that the answer takes as long.
        let new = New {
            purpose: Purpose::Reset,
            account: account.as_ref().map(|account| account.id),
            email: email.clone(),
            password: None,
            display_name: String::new(),
            language: account.as_ref().map_or_else(Language::default, |account| account.language),
        };
        let token = links::make(tx, &new, now)?;
        let Some(account) = account else { return Ok(false) };
        let link = page(&public_url, "reset-password", Some(&token));
        let template = Template::ResetPassword { link, valid_for: Purpose::Reset.valid_for() };
        send(tx, &email, account.language, template, now)
    });
    call.app.nudge_mail(queued.await?);
    LetterDocument::answer()
}

/// The link's token, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    /// What stands after `#` in the link.
    token: String,
    /// At least 12 characters that are not easily guessed.
    #[schema(format = "password", min_length = 12, max_length = 1024)]
    password: String,
}

/// Set a new password with the link of a letter
///
/// Ends every session. The second factor stays: signing in asks for it.
#[utoipa::path(
    post,
    path = "/api/v1/password-resets/complete",
    tag = "account",
    request_body = Reset,
    responses(
        (status = 204, description = "Sign in with the new password"),
        (status = 410, description = "The link opens nothing any more"),
        (status = 422, description = "The password cannot be used")
    )
)]
pub(super) async fn reset(call: Call) -> Result<Response, Problem> {
    let Reset { token, password } = call.body()?;
    call.admit([(tries::LINKS, tries::network_of(call.remote))]).await?;
    let looked = (token.clone(), Timestamp::now());
    let found = call.app.store.read(move |tx| {
        let link = links::look(tx, Purpose::Reset, &looked.0, looked.1)?;
        link.and_then(|link| link.account).map_or(Ok(None), |id| account::by_id(tx, id))
    });
    let account = found.await?.ok_or_else(link_void)?;
    let password = call.app.hasher.choose(Password::chosen(&password)?, account.known_of()).await?;
    let (now, actor, remote) = (Timestamp::now(), call.actor(Who::Nobody), call.remote);
    let queued = call.app.store.write(move |tx| {
        // Of two that use one link at once the second finds it used up.
        let link = links::take(tx, Purpose::Reset, &token, now)?;
        let id = link.and_then(|link| link.account).ok_or_else(link_void)?;
        let account = account::by_id(tx, id)?.ok_or_else(link_void)?;
        links::void_all(tx, id, now)?;
        account::reset_password(tx, id, &password, now)?;
        sessions::end_others(tx, id, None, End::PasswordChanged, now)?;
        tries::forgive(tx, tries::WRONG_PASSWORDS_FROM_ANYWHERE, account.email.as_str())?;
        audit::record(tx, &own(actor, id, Deed::PasswordReset, &id), now)?;
        let template = Template::PasswordChanged { at: now, ip: remote };
        Ok::<_, Problem>(send(tx, &account.email, account.language, template, now)?)
    });
    call.app.nudge_mail(queued.await?);
    done()
}

/// The new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// At least 12 characters that are not easily guessed.
    #[schema(format = "password", min_length = 12, max_length = 1024)]
    password: String,
}

/// Change the password
///
/// Ends every other session.
#[utoipa::path(
    put,
    path = "/api/v1/account/password",
    tag = "account",
    request_body = NewPassword,
    responses(
        (status = 204, description = "It is changed"),
        (status = 422, description = "The password cannot be used"),
        (status = 429, description = "Too often; again after Retry-After")
    )
)]
pub(super) async fn change(call: Call, person: Person) -> Result<Response, Problem> {
    let NewPassword { password } = call.body()?;
    let id = person.account();
    let gone = || Problem::new(Kind::NotSignedIn, "this session is over: sign in");
    let account: Account = call.app.store.read(move |tx| account::by_id(tx, id)).await?.ok_or_else(gone)?;
    let password = Password::chosen(&password)?;
    call.admit([(tries::PASSWORDS, id.to_string())]).await?;
    let password = call.app.hasher.choose(password, account.known_of()).await?;
    let (now, actor, remote) = (Timestamp::now(), call.actor(person.who), call.remote);
    let queued = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let was = account::by_id(tx, id)?.ok_or_else(gone)?.password;
        account::change_password(tx, id, was.as_deref(), &password)?;
        links::void_all(tx, id, now)?;
        sessions::end_others(tx, id, Some(person.session.id), End::PasswordChanged, now)?;
        audit::record(tx, &own(actor, id, Deed::PasswordChanged, &id), now)?;
        let template = Template::PasswordChanged { at: now, ip: remote };
        Ok::<_, Problem>(send(tx, &account.email, account.language, template, now)?)
    });
    call.app.nudge_mail(queued.await?);
    done()
}
