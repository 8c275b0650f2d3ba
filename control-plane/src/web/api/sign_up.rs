//! `/api/v1/accounts`: signing up.
//!
//! Whoever signs up learns nothing about who has an account: the answer is the same, and what differs is the letter. The
//! account comes into being when the link of that letter is opened by somebody who knows the password that was chosen with
//! it, so that nobody can prepare an account for somebody else's address.

use super::{
    call::{Call, count},
    documents::SessionDocument,
    fields,
    letters::{LetterDocument, link_void, page, send},
    session::{self, Entering, own},
};
use crate::{
    accounts::{
        account::{self, Account},
        audit::{self, Deed, Who},
        email::Email,
        links::{self, Link, New, Purpose},
        password::{Busy, NotChosen, Password, Verdict, WeakPassword},
        tries,
    },
    mail::{Language, Template},
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::Deserialize;
use shared::time::Timestamp;
use utoipa::ToSchema;

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignUp {
    /// Where the letter goes; later who one is.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// At least 12 characters that are not easily guessed.
    #[schema(format = "password", min_length = 12, max_length = 1024)]
    password: String,
    /// What to be called, at most 100 characters.
    #[serde(default)]
    #[schema(max_length = 100)]
    display_name: String,
    /// Of letters and calls; English where it is not said.
    #[serde(default)]
    #[schema(value_type = Option<Language>)]
    language: Option<String>,
}

/// Sign up
///
/// A letter goes to the address, with a link to confirm it. Where there is an account already the letter says so.
#[utoipa::path(
    post,
    path = "/api/v1/accounts",
    tag = "account",
    request_body = SignUp,
    responses(
        (status = 202, description = "A letter is on its way", body = LetterDocument),
        (status = 422, description = "The address, the name or the password cannot be used")
    )
)]
pub(super) async fn sign_up(call: Call) -> Result<Response, Problem> {
    let SignUp { email, password, display_name, language } = call.body()?;
    let email = fields::address("email", &email)?;
    let display_name = fields::name_or_none("display_name", &display_name)?;
    let language = language.as_deref().map(fields::language).transpose()?.unwrap_or_default();
    let password = Password::chosen(&password)?;
    let network = tries::network_of(call.remote);
    call.admit([(tries::SIGN_UPS, network.clone())]).await?;
    let about = vec![email.as_str().to_owned(), display_name.clone()];
    let password = call.app.hasher.choose(password, about).await?;
    let (now, public_url) = (Timestamp::now(), call.app.public_url.clone());
    let queued = call.app.store.write(move |tx| {
        let to = email.as_str().to_owned();
        count(tx, [(tries::UNASKED_MAILS_FROM, format!("{network} {to}")), (tries::UNASKED_MAILS, to)], now)?;
        let known = account::by_email(tx, &email)?.filter(|account| account.password.is_some());
        let known_language = known.as_ref().map(|account| account.language);
        let template = match known {
            Some(_) => Template::AlreadyHere { link: page(&public_url, "sign-in", None) },
            None => {
                let new = New {
                    purpose: Purpose::SignUp,
                    account: None,
                    email: email.clone(),
                    password: Some(password),
                    display_name,
                    language,
                };
                let token = links::make(tx, &new, now)?;
                let valid_for = Purpose::SignUp.valid_for();
                Template::VerifyAddress { link: page(&public_url, "verify", Some(&token)), valid_for }
            }
        };
        // Whoever has an account is written to as they wish.
        let language = known_language.unwrap_or(language);
        Ok::<_, Problem>(send(tx, &email, language, template, now)?)
    });
    call.app.nudge_mail(queued.await?);
    LetterDocument::answer()
}

/// The link's token, and the password that was chosen with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// What stands after `#` in the link.
    token: String,
    /// The password that was chosen.
    #[schema(format = "password", max_length = 1024)]
    password: String,
    /// Stay signed in for seven days instead of one, also when the browser is closed.
    #[serde(default)]
    remember: bool,
}

/// Confirm the address of a sign-up
///
/// Makes the account and signs in.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/verify",
    tag = "account",
    request_body = Confirmation,
    responses(
        (status = 201, description = "There is an account now, and a session of it", body = SessionDocument),
        (status = 401, description = "It is not the password that was chosen"),
        (status = 409, description = "Meanwhile the address has an account"),
        (status = 410, description = "The link opens nothing any more")
    )
)]
pub(super) async fn verify(call: Call) -> Result<Response, Problem> {
    let Confirmation { token, password, remember } = call.body()?;
    call.admit([(tries::LINKS, tries::network_of(call.remote))]).await?;
    let now = Timestamp::now();
    let looked = token.clone();
    let link = call.app.store.read(move |tx| links::look(tx, Purpose::SignUp, &looked, now)).await?;
    let link = link.ok_or_else(link_void)?;
    let wrong =
        || Problem::new(Kind::WrongCredentials, "it is not the password that was chosen with this link");
    let password = Password::given(&password).map_err(|_| wrong())?;
    if call.app.hasher.compare(password, link.password.clone()).await? == Verdict::Wrong {
        return Err(wrong());
    }
    let (origin, remote, audience) = (call.origin(), call.remote, call.audience);
    let actor = call.actor(Who::Nobody);
    let opened = call.app.store.write(move |tx| {
        let link = links::take(tx, Purpose::SignUp, &token, now)?.ok_or_else(link_void)?;
        let account = made_of(tx, &link, now)?;
        audit::record(tx, &own(actor, account.id, Deed::AccountCreated, &account.id), now)?;
        let (entered, _) =
            session::open(tx, &account, Entering { audience, remember, origin: &origin, remote }, now)?;
        Ok::<_, Problem>(entered)
    });
    let entered = opened.await?;
    session::answer(&call, &entered, now)
}

fn made_of(tx: &mut Tx<'_>, link: &Link, now: Timestamp) -> Result<Account, Problem> {
    let taken =
        || Problem::new(Kind::AddressTaken, "this address has an account: sign in, or reset its password");
    let email: Email = link.email.parse().map_err(|_| link_void())?;
    let password = link.password.as_deref().ok_or_else(link_void)?;
    let id =
        account::create(tx, &email, password, &link.display_name, link.language, now)?.ok_or_else(taken)?;
    account::by_id(tx, id)?.ok_or_else(taken)
}

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::busy(Kind::TooBusy, "many passwords are looked at right now; send it again")
    }
}

impl From<NotChosen> for Problem {
    fn from(not_chosen: NotChosen) -> Self {
        match not_chosen {
            NotChosen::Weak(weak) => weak.into(),
            NotChosen::Busy(busy) => busy.into(),
        }
    }
}

impl From<WeakPassword> for Problem {
    fn from(weak: WeakPassword) -> Self {
        Self::new(Kind::WeakPassword, weak.to_string())
    }
}
