//! Verification of phones: a call that speaks a code, and the code that was heard.

use super::{
    call::{Call, count, missing, ok},
    caller::Person,
    creation::{self, Created},
    phones::{PhoneDocument, forbidden, mine},
    session::own,
};
use crate::{
    accounts::{
        account,
        audit::{self, Deed},
        phones, tries,
    },
    dispatch::verification::{self, Checked, State},
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use shared::{
    ids::{AccountId, PhoneId, VerificationId},
    phone::judge,
    time::Timestamp,
};
use utoipa::ToSchema;
use warp::http::StatusCode;

/// A call that speaks a code.
#[derive(Serialize, ToSchema)]
pub(super) struct VerificationDocument {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: VerificationId,
    /// Where it stands.
    state: VerificationState,
    /// Why it failed or what it waits for, where that is known: `no_answer`, `busy`, `no_pbx`, `country_not_allowed`,
    /// `too_many_tries` …
    reason: Option<String>,
    /// After this its code is good no more, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: String,
}

impl Created for VerificationDocument {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
}

/// Where a call stands that speaks a code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerificationState {
    /// Waits for its turn.
    Queued,
    /// The phone rings, or the code is being spoken.
    Calling,
    /// The code was spoken to its end, or was typed in already.
    Spoken,
    /// A newer one was asked for.
    Replaced,
    /// It was not spoken, or was typed in wrong too often: ask for another.
    Failed,
}

impl VerificationDocument {
    fn read(tx: &mut Tx<'_>, account: AccountId, id: VerificationId) -> Result<Self, Problem> {
        let standing =
            verification::standing(tx, account, id)?.ok_or_else(|| missing(Kind::UnknownVerification))?;
        let (state, reason) = match standing.state {
            State::Queued { waits_for } => {
                (VerificationState::Queued, waits_for.map(|reason| reason.to_string()))
            }
            State::Calling => (VerificationState::Calling, None),
            State::Spoken => (VerificationState::Spoken, None),
            State::Replaced => (VerificationState::Replaced, None),
            State::Failed { reason } => (VerificationState::Failed, Some(reason.to_owned())),
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
    responses(
        (status = 202, description = "The phone is about to ring", body = VerificationDocument),
        (status = 404, description = "No such phone"),
        (status = 409, description = "It is verified"),
        (status = 422, description = "This number is never called")
    )
)]
pub(super) async fn request(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Kind::UnknownPhone)?;
    let (id, actor) = (person.account(), call.actor(person.who));
    let requested = creation::once(&call, id, move |tx, _| {
        // The time is read where the turns of the dispatcher are: a clock that is set comes between no two of them.
        let now = Timestamp::now();
        person.still_open(tx, now)?;
        let found = mine(tx, id, phone)?;
        if found.verified_at.is_some() {
            return Err(missing(Kind::AlreadyVerified));
        }
        let e164 = judge(&found.e164).map_err(forbidden)?.e164;
        let limits = [
            (tries::VERIFICATION_CALLS, id.to_string()),
            (tries::VERIFICATION_CALLS_TO, found.e164),
            (tries::VERIFICATION_CALLS_FROM, tries::network_of(actor.remote)),
            (tries::VERIFICATION_CALLS_OF_ALL, String::new()),
        ];
        count(tx, limits, now)?;
        let account = account::by_id(tx, id)?.ok_or_else(|| missing(Kind::NotSignedIn))?;
        let verification = verification::request(tx, id, phone, &e164, account.language.as_str(), now)?;
        VerificationDocument::read(tx, id, verification)
    });
    let answer = requested.await?;
    call.app.nudge.nudge();
    Ok(answer)
}

/// How a call that speaks a code stands
#[utoipa::path(
    get,
    path = "/api/v1/account/verifications/{id}",
    tag = "phones",
    responses(
        (status = 200, description = "How it stands", body = VerificationDocument),
        (status = 404, description = "No such verification")
    )
)]
pub(super) async fn read(call: Call, person: Person) -> Result<Response, Problem> {
    let verification: VerificationId = call.id("id", Kind::UnknownVerification)?;
    let id = person.account();
    ok(&call.app.store.read(move |tx| VerificationDocument::read(tx, id, verification)).await?)
}

/// What was heard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeardCode {
    /// Six digits; blanks do not count.
    #[schema(max_length = 100)]
    code: String,
}

/// Type in the code that the call has spoken
///
/// From then on the phone rings for alerts.
#[utoipa::path(
    post,
    path = "/api/v1/account/phones/{id}/verification/code",
    tag = "phones",
    request_body = HeardCode,
    responses(
        (status = 200, description = "It is verified", body = PhoneDocument),
        (status = 404, description = "No such phone"),
        (status = 409, description = "No code is awaited: none was spoken, or it has expired or was tried too often"),
        (status = 422, description = "The code is wrong")
    )
)]
pub(super) async fn confirm(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Kind::UnknownPhone)?;
    let HeardCode { code } = call.body()?;
    let (id, actor) = (person.account(), call.actor(person.who));
    let checked = call.app.store.write(move |tx| {
        let now = Timestamp::now();
        person.still_open(tx, now)?;
        mine(tx, id, phone)?;
        match verification::check(tx, id, phone, &code, now)? {
            Checked::Right => {}
            // What was counted stays counted.
            Checked::Wrong { left } => {
                let detail = format!("the code is wrong; {left} tries are left");
                return Ok(Err(Problem::new(Kind::WrongCode, detail).for_the_signed_in()));
            }
            Checked::NoCode => return Ok(Err(missing(Kind::NoCode))),
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
