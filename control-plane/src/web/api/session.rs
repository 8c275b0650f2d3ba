//! `/api/v1/session` and `/api/admin/v1/session`: signing in and out, refreshing, and proving who one is.

use super::{
    call::{Call, done, missing, ok, too_many_tries, with_status},
    caller::Person,
    cookies,
    documents::SessionDocument,
    letters::send,
    tried::Tried,
};
use crate::{
    accounts::{
        account::{self, Account},
        audit::{self, Deed, Entry, Who},
        email::Email,
        origins::{self, Place},
        password::{Password, Verdict},
        second_factor::{self, Shown},
        sessions::{self, End, Opened, Origin, Refreshed},
        token::Audience,
        tries,
    },
    mail::Template,
    store::{StoreError, Tx},
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::Deserialize;
use shared::{ids::AccountId, time::Timestamp};
use std::net::IpAddr;
use utoipa::ToSchema;
use warp::http::StatusCode;

/// Address and password, and the second factor's code where there is one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The account's address, in whatever case.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// Its password.
    #[schema(format = "password", max_length = 1024)]
    password: String,
    /// Six digits of the authenticator app, or a recovery code.
    code: Option<String>,
    /// Stay signed in for seven days instead of one, also when the browser is closed.
    #[serde(default)]
    remember: bool,
}

/// Sign in
///
/// Sets the session's cookies. In the admin panel only operators with a second factor may.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "session",
    request_body = SignIn,
    responses(
        (status = 201, description = "Signed in; the cookies are set", body = SessionDocument),
        (status = 401, description = "Address, password or code is wrong, or a code is needed"),
        (status = 403, description = "Another site sends this; in the admin panel: not an operator")
    )
)]
pub(super) async fn sign_in(call: Call) -> Result<Response, Problem> {
    let SignIn { email, password, code, remember } = call.body()?;
    call.admit([(tries::SIGN_INS, tries::network_of(call.remote))]).await?;
    let wrong = || Problem::new(Kind::WrongCredentials, "no account with this address has this password");
    // What can be nobody's address or password is as wrong as any other, and takes as long.
    let email = email.trim().parse::<Email>().ok();
    let password = Password::given(&password).map_err(|_| wrong())?;
    let remote = call.remote;
    let looked = call.app.store.read(move |tx| {
        let account = email.as_ref().map(|email| account::by_email(tx, email)).transpose()?.flatten();
        let mut tried = Tried::new(email.as_ref(), remote);
        if let Some(account) = &account
            && origins::knows(tx, account.id, remote)?
        {
            tried = tried.by_its_owner();
        }
        tried.look(tx, Timestamp::now())?;
        Ok::<_, Problem>((account, tried))
    });
    let (account, tried) = looked.await?;
    let stored = account.as_ref().and_then(|account| account.password.clone());
    let verdict = call.app.hasher.compare(password, stored.clone()).await?;
    let renewed = match verdict {
        Verdict::Wrong => return Err(tried.fail(&call, account).await?.unwrap_or_else(wrong)),
        Verdict::Right => None,
        Verdict::Outdated(hash) => Some(hash),
    };
    let (Some(account), Some(stored)) = (account, stored) else { return Err(wrong()) };
    let entry = Entrance { account, stored, renewed, code, remember, tried };
    enter(&call, entry).await
}

/// Somebody who gave the right password.
struct Entrance {
    account: Account,
    /// The hash that it was compared with.
    stored: String,
    renewed: Option<String>,
    code: Option<String>,
    remember: bool,
    tried: Tried,
}

async fn enter(call: &Call, entrance: Entrance) -> Result<Response, Problem> {
    let now = Timestamp::now();
    let (audience, origin, remote) = (call.audience, call.origin(), call.remote);
    let entered = call.app.store.write(move |tx| {
        let Entrance { account, stored, renewed, code, remember, tried } = entrance;
        // Others may have tried while this one was compared.
        tried.look(tx, now)?;
        // Whoever changed the password meanwhile meant those who know the old one.
        let current = account::by_id(tx, account.id)?.and_then(|account| account.password);
        if current.as_ref() != Some(&stored) {
            return Ok(Err(Problem::new(Kind::WrongCredentials, "the password was changed a moment ago")));
        }
        if let Err(problem) = show(tx, account.id, code.as_deref(), now)? {
            // What was counted stays counted.
            return Ok(Err(problem));
        }
        if audience == Audience::Admin
            && !(account::is_operator(tx, account.id)? && second_factor::is_on(tx, account.id)?)
        {
            let detail = "this account is no operator, or has no second factor yet: set one up in the portal";
            return Ok(Err(Problem::new(Kind::NotAnOperator, detail)));
        }
        tried.forgive(tx)?;
        if let Some(renewed) = renewed {
            account::change_password(tx, account.id, Some(&stored), &renewed)?;
        }
        open(tx, &account, Entering { audience, remember, origin: &origin, remote }, now).map(Ok)
    });
    let (entered, queued) = entered.await??;
    call.app.nudge_mail(queued);
    answer(call, &entered, now)
}

/// How somebody enters.
pub(super) struct Entering<'a> {
    pub(super) audience: Audience,
    pub(super) remember: bool,
    pub(super) origin: &'a Origin,
    pub(super) remote: IpAddr,
}

/// A session that was opened or goes on, and what its browser is told of it. Both come of one transaction: no session is
/// without somebody who knows of it.
pub(super) struct Entered {
    opened: Opened,
    document: SessionDocument,
}

impl Entered {
    fn of(tx: &mut Tx<'_>, opened: Opened) -> Result<Self, Problem> {
        let document = SessionDocument::read(tx, opened.id, opened.account_id)?;
        Ok(Self { opened, document })
    }
}

/// Opens a session; and whether a letter says so, because it is from a place that is new.
pub(super) fn open(
    tx: &mut Tx<'_>,
    account: &Account,
    entering: Entering<'_>,
    now: Timestamp,
) -> Result<(Entered, bool), Problem> {
    let Entering { audience, remember, origin, remote } = entering;
    let place = origins::note(tx, account.id, remote, &origin.user_agent, now)?;
    let is_new_place = place == Place::New;
    let opened = sessions::open(tx, account.id, audience, remember, origin, now)?;
    let who = match audience {
        Audience::Portal => Who::Account(account.id),
        Audience::Admin => Who::Operator(account.id),
    };
    let deed = if is_new_place { Deed::SignedInFromNewPlace } else { Deed::SignedIn };
    audit::record(tx, &own(audit::Actor { who, remote }, account.id, deed, &opened.id), now)?;
    if !is_new_place {
        return Ok((Entered::of(tx, opened)?, false));
    }
    let template = Template::NewSignIn { at: now, ip: remote, user_agent: origin.user_agent.clone() };
    let queued = send(tx, &account.email, account.language, template, now)?;
    Ok((Entered::of(tx, opened)?, queued))
}

/// The session that was just opened, with its cookies.
pub(super) fn answer(call: &Call, entered: &Entered, now: Timestamp) -> Result<Response, Problem> {
    let response = with_status(StatusCode::CREATED, &entered.document)?;
    cookies::set(&call.app, response, call.audience, &entered.opened, now)
}

/// Looks at the second factor where there is one. The outer error is the database's; the inner one leaves what was
/// counted.
fn show(
    tx: &mut Tx<'_>,
    account: AccountId,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Result<(), Problem>, StoreError> {
    let shown = match code {
        Some(code) => second_factor::show(tx, account, code, now)?,
        None if second_factor::is_on(tx, account)? => {
            return Ok(Err(Problem::new(Kind::CodeNeeded, "send it again with `code`")));
        }
        None => Shown::None,
    };
    Ok(judged(shown))
}

/// What became of a code, as an answer. Where there is no second factor none is wrong.
pub(super) fn judged(shown: Shown) -> Result<(), Problem> {
    match shown {
        Shown::Right | Shown::None => Ok(()),
        Shown::Wrong => Err(Problem::new(Kind::WrongCode, "the code is wrong or was used before")),
        Shown::Paused(wait) => Err(too_many_tries(wait)),
    }
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "session",
    responses((status = 200, description = "This session", body = SessionDocument))
)]
pub(super) async fn read(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, account) = (person.session.id, person.account());
    ok(&call.app.store.read(move |tx| SessionDocument::read(tx, id, account)).await?)
}

/// Sign out
///
/// The refresh token is enough, where the other one has expired: then no CSRF token is asked for.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "session",
    responses((status = 204, description = "Signed out; the cookies are taken away"))
)]
pub(super) async fn sign_out(call: Call, person: Person) -> Result<Response, Problem> {
    let now = Timestamp::now();
    let (id, account, actor) = (person.session.id, person.account(), call.actor(person.who));
    let ended = call.app.store.write(move |tx| {
        // Whoever is out already is out.
        if sessions::end(tx, account, id, End::SignedOut, now)? {
            audit::record(tx, &own(actor, account, Deed::SignedOut, &id), now)?;
        }
        Ok::<_, StoreError>(())
    });
    ended.await?;
    Ok(cookies::clear(done()?, call.audience))
}

/// A row of the audit log about somebody's own account, without before and after.
pub(super) fn own<'a>(
    actor: audit::Actor,
    account: AccountId,
    deed: Deed,
    subject: &'a dyn std::fmt::Display,
) -> Entry<'a> {
    Entry { actor, org: None, account: Some(account), deed, subject, before: None, after: None }
}

/// Get new cookies for this session
///
/// The refresh token is spent: whoever shows it a second time holds a copy, and the session ends for everybody.
#[utoipa::path(
    post,
    path = "/api/v1/session/refresh",
    tag = "session",
    responses(
        (status = 201, description = "The new cookies are set", body = SessionDocument),
        (status = 401, description = "There is no session, or it is over")
    )
)]
pub(super) async fn refresh(call: Call) -> Result<Response, Problem> {
    let over = || Problem::new(Kind::NotSignedIn, "this session is over: sign in");
    let token = cookies::refresh_token(&call.headers, call.audience).ok_or_else(over)?.to_owned();
    call.admit([(tries::REFRESHES_FROM, tries::network_of(call.remote))]).await?;
    let (now, origin, audience) = (Timestamp::now(), call.origin(), call.audience);
    let actor = call.actor(Who::Nobody);
    let refreshed = call.app.store.write(move |tx| {
        let refreshed = sessions::refresh(tx, &token, audience, &origin, now)?;
        match refreshed {
            Refreshed::Anew(opened) => {
                tries::count(tx, tries::REFRESHES, &opened.id.to_string(), now)?.map_err(too_many_tries)?;
                Entered::of(tx, opened).map(Some)
            }
            Refreshed::Reused(session, account) => {
                audit::record(tx, &own(actor, account, Deed::RefreshReused, &session), now)?;
                Ok(None)
            }
            Refreshed::Unknown => Ok(None),
        }
    });
    let entered = refreshed.await?.ok_or_else(over)?;
    answer(&call, &entered, now)
}

/// Password, and the second factor's code where there is one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// The account's password.
    #[schema(format = "password", max_length = 1024)]
    password: String,
    /// Six digits of the authenticator app, or a recovery code.
    code: Option<String>,
}

/// Prove who you are
///
/// What cannot be undone or gives others access takes a proof of the last five minutes. Signing in is one.
#[utoipa::path(
    post,
    path = "/api/v1/session/proof",
    tag = "session",
    request_body = Proof,
    responses(
        (status = 200, description = "Proved", body = SessionDocument),
        (status = 422, description = "Password or code is wrong, or a code is needed")
    )
)]
pub(super) async fn prove(call: Call, person: Person) -> Result<Response, Problem> {
    let Proof { password, code } = call.body()?;
    let wrong = || Problem::new(Kind::WrongCredentials, "the password is wrong").for_the_signed_in();
    let password = Password::given(&password).map_err(|_| wrong())?;
    let (id, account) = (person.session.id, person.account());
    call.admit([(tries::PASSWORDS, account.to_string())]).await?;
    let found = call.app.store.read(move |tx| account::by_id(tx, account)).await?;
    let found = found.ok_or_else(|| missing(Kind::NotSignedIn))?;
    let tried = Tried::new(Some(&found.email), call.remote).by_its_owner();
    let looked = tried.clone();
    call.app.store.read(move |tx| looked.look(tx, Timestamp::now())).await?;
    let stored = found.password.clone();
    if call.app.hasher.compare(password, stored.clone()).await? == Verdict::Wrong {
        return Err(tried.fail(&call, Some(found)).await?.unwrap_or_else(wrong));
    }
    let now = Timestamp::now();
    let proved = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        tried.look(tx, now)?;
        let current = account::by_id(tx, account)?.and_then(|account| account.password);
        if current != stored {
            let changed = Problem::new(Kind::WrongCredentials, "the password was changed a moment ago");
            return Ok(Err(changed.for_the_signed_in()));
        }
        if let Err(problem) = show(tx, account, code.as_deref(), now)? {
            return Ok(Err(problem.for_the_signed_in()));
        }
        tried.forgive(tx)?;
        sessions::prove(tx, id, now)?;
        SessionDocument::read(tx, id, account).map(Ok)
    });
    ok(&proved.await??)
}
