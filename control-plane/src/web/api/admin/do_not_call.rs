//! Numbers that are never rung.

use super::deed;
use crate::{
    accounts::audit::{self, Deed, Entry},
    dispatch::do_not_call::{self, Forbidden},
    web::{
        Response,
        api::{
            call::{Call, Page, done, missing, ok, with_status},
            caller::Person,
            fields::{bad_value, last_four},
        },
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{phone::E164, time::Timestamp};
use utoipa::{IntoParams, ToSchema};
use warp::http::StatusCode;

/// A number that is never rung.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct ForbiddenNumber {
    /// E.164.
    number: String,
    /// Since when, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
}

impl From<Forbidden> for ForbiddenNumber {
    fn from(Forbidden { number, since }: Forbidden) -> Self {
        Self { number, created_at: since.to_string() }
    }
}

/// Which numbers.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(in crate::web::api) struct NumberFilter {
    /// Only those that begin with these digits
    #[param(value_type = String, required = false)]
    q: Option<String>,
    /// `next` of the page before: what comes after it
    #[param(value_type = String, required = false)]
    after: Option<String>,
    /// At most so many; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// Numbers that are never rung, sorted
///
/// `q` finds those that begin with its digits, however they are spaced.
#[utoipa::path(
    get,
    path = "/api/admin/v1/do-not-call",
    tag = "admin",
    responses((status = 200, description = "A page", body = Page<ForbiddenNumber>))
)]
pub(in crate::web::api) async fn list(call: Call, _operator: Person) -> Result<Response, Problem> {
    let (after, limit) = call.page::<String>()?;
    let digits: String =
        call.query.text("q").unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let rows = call.app.store.read(move |tx| do_not_call::page(tx, &digits, &after, limit)).await?;
    ok(&Page::of(rows, ForbiddenNumber::from))
}

/// A number that is to be rung no more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct Forbid {
    /// E.164, as in +380501234567.
    number: String,
}

/// Never ring a number again
///
/// What is queued to it is blocked when its turn comes.
#[utoipa::path(
    post,
    path = "/api/admin/v1/do-not-call",
    tag = "admin",
    request_body = Forbid,
    responses(
        (status = 200, description = "It stood there already", body = ForbiddenNumber),
        (status = 201, description = "It is never rung again", body = ForbiddenNumber),
        (status = 422, description = "It is no number that could be called, or is written in another way")
    )
)]
pub(in crate::web::api) async fn add(call: Call, operator: Person) -> Result<Response, Problem> {
    let Forbid { number } = call.body()?;
    let number = E164::try_from(number).map_err(|refusal| {
        let what = format!(
            "cannot be used: {}: write + and all digits without spaces, as in +380501234567",
            refusal.detail
        );
        bad_value("number", what)
    })?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let added = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let is_new = do_not_call::add_within(tx, &number, now)?;
        if is_new {
            let shown = number.last_four().to_string();
            let entry =
                Entry { after: Some(json!({"number": shown})), ..deed(actor, Deed::NumberForbidden, &shown) };
            audit::record(tx, &entry, now)?;
        }
        let found = do_not_call::find(tx, number.as_str())?.ok_or_else(Problem::internal)?;
        Ok::<_, Problem>((is_new, ForbiddenNumber::from(found)))
    });
    let (is_new, document) = added.await?;
    with_status(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &document)
}

/// Let a number be rung again
#[utoipa::path(
    delete,
    path = "/api/admin/v1/do-not-call/{number}",
    tag = "admin",
    responses(
        (status = 204, description = "It may be rung"),
        (status = 404, description = "It is not on the list")
    )
)]
pub(in crate::web::api) async fn remove(call: Call, operator: Person) -> Result<Response, Problem> {
    let number = call.param("number").to_owned();
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let removed = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        if !do_not_call::remove_within(tx, &number)? {
            return Err(missing(Kind::UnknownNumber));
        }
        let shown = last_four(&number);
        let entry =
            Entry { before: Some(json!({"number": shown})), ..deed(actor, Deed::NumberAllowed, &shown) };
        Ok(audit::record(tx, &entry, now)?)
    });
    removed.await?;
    done()
}
