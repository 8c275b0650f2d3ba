//! `/api/v1/account/phones`: where somebody is rung.

use super::{
    call::{Call, Page, done, missing, ok},
    caller::Person,
    creation::{self, Created},
    fields::{bad_value, given},
    session::own,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        phones::{self, Phone},
    },
    dispatch::verification,
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    ids::{AccountId, PhoneId},
    phone::judge,
    time::Timestamp,
};
use utoipa::ToSchema;

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
    /// Its place in the order in which they ring, from 0.
    position: u16,
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
            position: phone.position,
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
    let (id, paging) = (person.account(), call.page::<PhoneId>()?);
    let phones = call.app.store.read(move |tx| phones::list(tx, id)).await?;
    let phones: Vec<PhoneDocument> = phones.into_iter().map(PhoneDocument::from).collect();
    ok(&Page::within(phones, |phone| phone.id.to_string(), paging)?)
}

/// One of your phones
#[utoipa::path(
    get,
    path = "/api/v1/account/phones/{id}",
    tag = "phones",
    responses(
        (status = 200, description = "The phone", body = PhoneDocument),
        (status = 404, description = "No such phone")
    )
)]
pub(super) async fn read(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, phone) = (person.account(), call.id("id", Kind::UnknownPhone)?);
    ok(&PhoneDocument::from(call.app.store.read(move |tx| mine(tx, id, phone)).await?))
}

/// A number that is to ring.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPhone {
    /// E.164, as in `+380501234567`.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$")]
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
        person.still_open(tx, now)?;
        if phones::list(tx, id)?.len() >= phones::MOST {
            return Err(Problem::new(Kind::TooMany, format!("somebody has at most {} phones", phones::MOST)));
        }
        let phone = phones::add(tx, id, &e164, now)?.ok_or_else(|| missing(Kind::PhoneTaken))?;
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
    found.ok_or_else(|| missing(Kind::UnknownPhone))
}

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneChange {
    /// Whether it is to ring.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    enabled: Option<bool>,
    /// Its place in the order, from 0; the others keep theirs among each other.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u16, required = false, maximum = 9)]
    position: Option<u16>,
}

/// Switch a phone on or off, or move it
#[utoipa::path(
    patch,
    path = "/api/v1/account/phones/{id}",
    tag = "phones",
    request_body = PhoneChange,
    responses(
        (status = 200, description = "As it is now", body = PhoneDocument),
        (status = 404, description = "No such phone"),
        (status = 409, description = "Alerts would ring nobody"),
        (status = 422, description = "There are not so many positions")
    )
)]
pub(super) async fn change(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Kind::UnknownPhone)?;
    let PhoneChange { enabled, position } = call.body()?;
    if position.is_some_and(|position| usize::from(position) >= phones::MOST) {
        return Err(bad_value("position", format_args!("is a number from 0 to {}", phones::MOST - 1)));
    }
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let changed = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let before = mine(tx, id, phone)?;
        if enabled == Some(false) {
            may_fall_silent(tx, id, phone)?;
        }
        if let Some(enabled) = enabled {
            phones::enable(tx, id, phone, enabled)?;
        }
        if let Some(position) = position {
            phones::move_to(tx, id, phone, position.into())?;
        }
        let after = mine(tx, id, phone)?;
        let [was, is] =
            [&before, &after].map(|phone| json!({"enabled": phone.enabled, "position": phone.position}));
        audit::record_change(tx, own(actor, id, Deed::PhoneChanged, &phone), was, is, now)?;
        Ok::<_, Problem>(after)
    });
    ok(&PhoneDocument::from(changed.await?))
}

/// Remove a phone
#[utoipa::path(
    delete,
    path = "/api/v1/account/phones/{id}",
    tag = "phones",
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such phone"),
        (status = 409, description = "Alerts would ring nobody")
    )
)]
pub(super) async fn remove(call: Call, person: Person) -> Result<Response, Problem> {
    let phone: PhoneId = call.id("id", Kind::UnknownPhone)?;
    let (id, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let removed = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        mine(tx, id, phone)?;
        may_fall_silent(tx, id, phone)?;
        phones::remove(tx, id, phone)?;
        verification::withdraw(tx, id, Some(phone), now)?;
        Ok::<_, Problem>(audit::record(tx, &own(actor, id, Deed::PhoneRemoved, &phone), now)?)
    });
    removed.await?;
    call.app.nudge.nudge();
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
    Err(Problem::new(Kind::IsPrimary, detail))
}

/// 422, with what the number is.
pub(super) fn forbidden(refusal: impl std::fmt::Display) -> Problem {
    Problem::new(Kind::NumberForbidden, format!("this number is never called: {refusal}"))
}
