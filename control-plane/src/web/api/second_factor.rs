//! `/api/v1/account/second-factor`: an authenticator app, and the codes for when it is lost.

use super::{
    call::{Call, done, ok},
    caller::Person,
    letters::send,
    session::{judged, own},
};
use crate::{
    accounts::{
        account,
        audit::{self, Actor, Deed},
        second_factor::{self, Shown},
        sessions,
    },
    mail::{SecondFactorChange, Template},
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use shared::{ids::AccountId, time::Timestamp};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// What an authenticator app is to know. Told once.
#[derive(Serialize, ToSchema)]
pub(super) struct SecretDocument {
    /// Base32, for somebody who types it in.
    secret: String,
    /// `otpauth://totp/…`, for a QR code that the browser draws.
    url: String,
}

/// Begin to set a second factor up
///
/// It is asked for once a first code has confirmed it. Beginning again makes another secret.
#[utoipa::path(
    post,
    path = "/api/v1/account/second-factor",
    tag = "second factor",
    responses(
        (status = 200, description = "The secret, which is told once", body = SecretDocument),
        (status = 409, description = "There is a second factor already")
    )
)]
pub(super) async fn begin(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, now) = (person.account(), Timestamp::now());
    let begun = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let account = account::by_id(tx, id)?;
        let secret = second_factor::begin(tx, id, now)?;
        Ok::<_, Problem>(account.zip(secret))
    });
    let Some((account, secret)) = begun.await? else {
        return Err(Problem::new(Kind::SecondFactorOn, "there is a second factor already: remove it first"));
    };
    let document = SecretDocument {
        secret: secret.base32().to_string(),
        url: secret.url(account.email.as_str()).to_string(),
    };
    ok(&document)
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstCode {
    /// Six digits.
    #[schema(max_length = 100)]
    code: String,
}

/// What opens when the phone is lost. Told once.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Each opens once.
    recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    fn of(codes: &[Zeroizing<String>]) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.to_string()).collect() }
    }
}

/// Confirm a second factor with a first code
#[utoipa::path(
    post,
    path = "/api/v1/account/second-factor/confirm",
    tag = "second factor",
    request_body = FirstCode,
    responses(
        (status = 200, description = "It is asked for from now on; the recovery codes, which are told once", body = RecoveryCodes),
        (status = 409, description = "None was begun"),
        (status = 422, description = "The code is wrong")
    )
)]
pub(super) async fn confirm(call: Call, person: Person) -> Result<Response, Problem> {
    let FirstCode { code } = call.body()?;
    let (id, session, actor, now) =
        (person.account(), person.session.id, call.actor(person.who), Timestamp::now());
    let confirmed = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let codes = match second_factor::confirm(tx, id, &code, now)? {
            Ok(codes) => codes,
            Err(Shown::None) => {
                return Ok(Err(Problem::new(Kind::SecondFactorOff, "begin to set one up first")));
            }
            // What was counted stays counted.
            Err(shown) => {
                return Ok(judged(shown).and(Err(Problem::internal())).map_err(Problem::for_the_signed_in));
            }
        };
        sessions::prove(tx, session, now)?;
        let queued = tell(tx, actor, id, Deed::SecondFactorOn, SecondFactorChange::TurnedOn, now)?;
        Ok::<_, Problem>(Ok((codes, queued)))
    });
    let (codes, queued) = confirmed.await??;
    call.app.nudge_mail(queued);
    ok(&RecoveryCodes::of(&codes))
}

/// Remove the second factor
#[utoipa::path(
    delete,
    path = "/api/v1/account/second-factor",
    tag = "second factor",
    responses(
        (status = 204, description = "It is not asked for any more"),
        (status = 409, description = "There is none")
    )
)]
pub(super) async fn remove(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let removed = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        if !second_factor::remove(tx, id)? {
            return Err(off());
        }
        tell(tx, actor, id, Deed::SecondFactorOff, SecondFactorChange::TurnedOff, now)
    });
    call.app.nudge_mail(removed.await?);
    done()
}

/// Make new recovery codes
///
/// The old ones are void.
#[utoipa::path(
    post,
    path = "/api/v1/account/second-factor/recovery-codes",
    tag = "second factor",
    responses(
        (status = 200, description = "The codes, which are told once", body = RecoveryCodes),
        (status = 409, description = "There is no second factor")
    )
)]
pub(super) async fn recovery_codes(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let made = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        if !second_factor::is_on(tx, id)? {
            return Err(off());
        }
        let codes = second_factor::make_recovery_codes(tx, id)?;
        let change = SecondFactorChange::NewRecoveryCodes;
        Ok((codes, tell(tx, actor, id, Deed::RecoveryCodesMade, change, now)?))
    });
    let (codes, queued) = made.await?;
    call.app.nudge_mail(queued);
    ok(&RecoveryCodes::of(&codes))
}

fn off() -> Problem {
    Problem::new(Kind::SecondFactorOff, "there is no second factor: set one up first")
}

/// Writes it down, and to its owner.
fn tell(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: AccountId,
    deed: Deed,
    change: SecondFactorChange,
    now: Timestamp,
) -> Result<bool, Problem> {
    audit::record(tx, &own(actor, id, deed, &id), now)?;
    let Some(account) = account::by_id(tx, id)? else { return Ok(false) };
    let template = Template::SecondFactorChanged { change, at: now, ip: actor.remote };
    Ok(send(tx, &account.email, account.language, template, now)?)
}
