//! `/api/v1/account/phones`: where somebody is rung.

use super::{
    call::{Call, Page, done, missing, ok, with_status},
    caller::Person,
    creation::{self, Created},
    fields::bad_value,
    session::own,
};
use crate::{
    accounts::{
        account,
        audit::{self, Deed, Entry},
        phones::{self, Phone},
        tries,
    },
    dispatch::verification::{self, Checked, State},
    store::Tx,
    web::{
        Response,
        problem::{Code, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    ids::{AccountId, PhoneId, VerificationId},
    phone::judge,
    time::Timestamp,
};
use utoipa::ToSchema;
use warp::http::StatusCode;

/// A phone of somebody.
#[derive(Serialize, ToSchema)]
pub(super) struct PhoneDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: PhoneId,
    /// Its number, E.164.
    number: String,
    /// Whether its owner has read a code out of a call to it, or the operator vouched for it. Only then it rings.
    verified: bool,
    /// Whether its owner wants it to ring.
    enabled: bool,
    /// When it was entered, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
}

impl Created for PhoneDocument {}

impl From<Phone> for PhoneDocument {
    fn from(phone: Phone) -> Self {
        Self {
            id: phone.id,
            number: phone.e164,
            verified: phone.verified_at.is_some(),
            enabled: phone.enabled,
            created_at: phone.created_at.to_string(),
        }
    }
}

/// Your phones, in the order in which they ring
#[utoipa::path(
    get,
    path = "/api/v1/account/phones",
    tag = "phones",
    responses((status = 200, description = "All of them; there are ten at most", body = Page<PhoneDocument>))
)]
pub(super) async fn list(call: Call, person: Person) -> Result<Response, Problem> {
    let id = person.account();
    let phones = call.app.store.read(move |tx| phones::list(tx, id)).await?;
    ok(&Page::of((phones, None), PhoneDocument::from))
}

/// A number that is to ring.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPhone {
    /// E.164, as in `+380501234567`.
    number: String,
}

/// Add a phone
///
/// It rings once it is verified: by a call that speaks a code.
#[utoipa::path(
    post,
    path = "/api/v1/account/phones",
    tag = "phones",
    request_body = NewPhone,
    responses(
        (status = 201, description = "It is there; verify it", body = PhoneDocument),
        (status = 409, description = "It is there already, or there are ten"),
        (status = 422, description = "This number is never called")
    )
)]
pub(super) async fn add(call: Call, person: Person) -> Result<Response, Problem> {
    let NewPhone { number } = call.body()?;
    let e164 = judge(number.trim()).map_err(forbidden)?.e164;
    let (id, actor) = (person.account(), call.actor(person.who));
    creation::once(&call, id, move |tx, now| {
        if phones::list(tx, id)?.len() >= phones::MOST {
            return Err(Problem::new(Code::TooMany, format!("somebody has at most {} phones", phones::MOST)));
        }
        let phone = phones::add(tx, id, &e164, now)?.ok_or_else(|| missing(Code::PhoneTaken))?;
        let after = Some(json!({"number": e164.last_four().to_string()}));
        let entry = Entry { after, ..own(actor, id, Deed::PhoneAdded, &phone) };
        audit::record(tx, &entry, now)?;
        mine(tx, id, phone).map(PhoneDocument::from)
    })
    .await
}

/// A phone of this person; of somebody else's is nothing to be known.
pub(super) fn mine(tx: &mut Tx<'_>, account: AccountId, id: PhoneId) -> Result<Phone, Problem> {
    let found = phones::list(tx, account)?.into_iter().find(|phone| phone.id == id);
    found.ok_or_else(|| missing(Code::UnknownPhone))
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneChange {
    /// Whether it is to ring.
    enabled: Option<bool>,
    /// Its place in the order, from 0; the others keep theirs among each other.
    place: Option<u16>,
}

/// Switch a phone on or off, or move it
#[utoipa::path(
    patch,
    path = "/api/v1/account/phones/{id}",
    tag = "phones",
    params(("id" = String, Path, description = "The phone's id", format = "uuid")),
    request_body = PhoneChange,
    responses(
        (status = 200, description = "As it is now", body = PhoneDocument),
        (status = 404, description = "No such phone"),
        (status = 409, description = "Alerts would ring nobody"),
        (status = 422, description = "There are not so many places")
    )
)]
pub(super) async fn change(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Code::UnknownPhone)?;
    let PhoneChange { enabled, place } = call.body()?;
    if place.is_some_and(|place| usize::from(place) >= phones::MOST) {
        return Err(bad_value("place", format_args!("is a number from 0 to {}", phones::MOST - 1)));
    }
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        let before = mine(tx, id, phone)?;
        if enabled == Some(false) {
            may_fall_silent(tx, id, phone)?;
        }
        if let Some(enabled) = enabled {
            phones::enable(tx, id, phone, enabled)?;
        }
        if let Some(place) = place {
            phones::move_to(tx, id, phone, place.into())?;
        }
        let entry = Entry {
            before: Some(json!({"enabled": before.enabled})),
            after: Some(json!({"enabled": enabled.unwrap_or(before.enabled), "place": place})),
            ..own(actor, id, Deed::PhoneChanged, &phone)
        };
        audit::record(tx, &entry, now)?;
        mine(tx, id, phone)
    });
    ok(&PhoneDocument::from(changed.await?))
}

/// Remove a phone
#[utoipa::path(
    delete,
    path = "/api/v1/account/phones/{id}",
    tag = "phones",
    params(("id" = String, Path, description = "The phone's id", format = "uuid")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such phone"),
        (status = 409, description = "Alerts would ring nobody")
    )
)]
pub(super) async fn remove(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Code::UnknownPhone)?;
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let removed = call.app.store.write(move |tx| {
        mine(tx, id, phone)?;
        may_fall_silent(tx, id, phone)?;
        phones::remove(tx, id, phone)?;
        Ok::<_, Problem>(audit::record(tx, &own(actor, id, Deed::PhoneRemoved, &phone), now)?)
    });
    removed.await?;
    done()
}

/// The last phone of a primary stays: alerts would ring nobody.
fn may_fall_silent(tx: &mut Tx<'_>, account: AccountId, phone: PhoneId) -> Result<(), Problem> {
    let projects = phones::alone_for(tx, account, phone)?;
    if projects.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "alerts of {} would ring nobody: verify another phone, or choose another primary there first",
        projects.join(", ")
    );
    Err(Problem::new(Code::IsPrimary, detail))
}

/// A call that speaks a code.
#[derive(Serialize, ToSchema)]
pub(super) struct VerificationDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: VerificationId,
    /// `queued`, `calling`, `spoken` or `failed`.
    state: &'static str,
    /// Why it failed or what it waits for, where that is known: `no_answer`, `busy`, `no_pbx`, `country_not_allowed` …
    reason: Option<String>,
    /// After this its code is good no more, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: String,
}

impl VerificationDocument {
    fn read(tx: &mut Tx<'_>, account: AccountId, id: VerificationId) -> Result<Self, Problem> {
        let standing = verification::standing(tx, account, id)?.ok_or_else(|| missing(Code::UnknownVerification))?;
        let (state, reason) = match standing.state {
            State::Queued { waits_for } => ("queued", waits_for.map(|reason| reason.to_string())),
            State::Calling => ("calling", None),
            State::Spoken => ("spoken", None),
            State::Failed { reason } => ("failed", Some(reason.to_owned())),
        };
        Ok(Self { id, state, reason, expires_at: standing.expires_at.to_string() })
    }
}

/// Call a phone to verify it
///
/// The call speaks a code of six digits, which is good for ten minutes. Asking again voids the code before.
#[utoipa::path(
    post,
    path = "/api/v1/account/phones/{id}/verification",
    tag = "phones",
    params(("id" = String, Path, description = "The phone's id", format = "uuid")),
    responses(
        (status = 202, description = "The phone is about to ring", body = VerificationDocument),
        (status = 404, description = "No such phone"),
        (status = 409, description = "It is verified"),
        (status = 422, description = "This number is never called"),
        (status = 429, description = "Too many calls; again after Retry-After")
    )
)]
pub(super) async fn call_to_verify(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Code::UnknownPhone)?;
    let id = person.account();
    let found = call.app.store.read(move |tx| mine(tx, id, phone)).await?;
    if found.verified_at.is_some() {
        return Err(missing(Code::AlreadyVerified));
    }
    let e164 = judge(&found.e164).map_err(forbidden)?.e164;
    call.admit([
        (tries::VERIFICATION_CALLS, id.to_string()),
        (tries::VERIFICATION_CALLS_TO, found.e164),
    ])
    .await?;
    let requested = call.app.store.write(move |tx| {
        mine(tx, id, phone)?;
        let account = account::by_id(tx, id)?.ok_or_else(|| missing(Code::NotSignedIn))?;
        // The time is read where the turns of the dispatcher are: a clock that is set comes between no two of them.
        let verification =
            verification::request(tx, id, phone, &e164, account.language.as_str(), Timestamp::now())?;
        VerificationDocument::read(tx, id, verification)
    });
    let document = requested.await?;
    call.app.nudge.nudge();
    with_status(StatusCode::ACCEPTED, &document)
}

/// How a call that speaks a code stands
#[utoipa::path(
    get,
    path = "/api/v1/account/verifications/{id}",
    tag = "phones",
    params(("id" = String, Path, description = "The verification's id", format = "uuid")),
    responses(
        (status = 200, description = "How it stands", body = VerificationDocument),
        (status = 404, description = "No such verification")
    )
)]
pub(super) async fn verification_state(call: Call, person: Person) -> Result<Response, Problem> {
    let verification: VerificationId = call.id("id", Code::UnknownVerification)?;
    let id = person.account();
    ok(&call.app.store.read(move |tx| VerificationDocument::read(tx, id, verification)).await?)
}

/// What was heard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeardCode {
    /// Six digits; blanks do not count.
    code: String,
}

/// Type in the code that the call has spoken
///
/// From then on the phone rings for alerts.
#[utoipa::path(
    post,
    path = "/api/v1/account/phones/{id}/verification/code",
    tag = "phones",
    params(("id" = String, Path, description = "The phone's id", format = "uuid")),
    request_body = HeardCode,
    responses(
        (status = 200, description = "It is verified", body = PhoneDocument),
        (status = 401, description = "Nobody is signed in, or the code is wrong"),
        (status = 404, description = "No such phone"),
        (status = 409, description = "No code is awaited: none was spoken, or it has expired or was tried too often")
    )
)]
pub(super) async fn type_code(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Code::UnknownPhone)?;
    let HeardCode { code } = call.body()?;
    let (id, actor) = (person.account(), call.actor(person.who));
    let checked = call.app.store.write(move |tx| {
        mine(tx, id, phone)?;
        let now = Timestamp::now();
        match verification::check(tx, id, phone, &code, now)? {
            Checked::Right => {}
            // What was counted stays counted.
            Checked::Wrong { left } => {
                return Ok(Err(Problem::new(Code::WrongCode, format!("the code is wrong; {left} tries are left"))));
            }
            Checked::NoCode => return Ok(Err(missing(Code::NoCode))),
        }
        phones::verify(tx, id, phone, now)?;
        audit::record(tx, &own(actor, id, Deed::PhoneVerified, &phone), now)?;
        mine(tx, id, phone).map(Ok)
    });
    let phone = checked.await??;
    // A call that still speaks is hung up.
    call.app.nudge.nudge();
    ok(&PhoneDocument::from(phone))
}

fn forbidden(refusal: impl std::fmt::Display) -> Problem {
    Problem::new(Code::NumberForbidden, format!("this number is never called: {refusal}"))
}
