//! Everybody who has an account.

use super::{Search, deed};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        directory::{self, Person as Listed},
        links,
        members::Role,
        phones,
        sessions::{self, End},
    },
    web::{
        Response,
        api::{
            call::{Call, Page, done, missing, ok},
            caller::Person,
            fields::last_four,
        },
        problem::{Kind, Problem},
    },
};
use serde::Serialize;
use serde_json::json;
use shared::{
    ids::{AccountId, OrgId, PhoneId},
    time::Timestamp,
};
use utoipa::ToSchema;

/// An account, as operators see it.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct AccountRow {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: AccountId,
    /// Its address; of a closed account one that nobody has.
    email: String,
    /// What the person wants to be called; may be empty.
    display_name: String,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
    /// Whether the address is confirmed.
    verified: bool,
    /// Whether a second factor is asked for.
    second_factor: bool,
    /// Whether the person runs the installation.
    operator: bool,
    /// When it was closed, RFC 3339, UTC.
    #[schema(format = "date-time")]
    closed_at: Option<String>,
    /// When a session was last begun or refreshed, RFC 3339, UTC; null where none is remembered.
    #[schema(format = "date-time")]
    last_seen_at: Option<String>,
}

impl From<Listed> for AccountRow {
    fn from(person: Listed) -> Self {
        Self {
            id: person.id,
            email: person.email,
            display_name: person.display_name,
            created_at: person.created_at.to_string(),
            verified: person.is_verified,
            second_factor: person.has_second_factor,
            operator: person.is_operator,
            closed_at: person.closed_at.map(|at| at.to_string()),
            last_seen_at: person.last_seen_at.map(|at| at.to_string()),
        }
    }
}

/// Every account, sorted by its address
///
/// `q` finds those whose address begins with it.
#[utoipa::path(
    get,
    path = "/api/admin/v1/accounts",
    tag = "admin",
    responses((status = 200, description = "A page", body = Page<AccountRow>))
)]
pub(in crate::web::api) async fn list(call: Call, _operator: Person) -> Result<Response, Problem> {
    let Search { prefix, after, limit } = Search::<AccountId>::read(&call)?;
    let rows = call.app.store.read(move |tx| directory::people(tx, &prefix, after, limit)).await?;
    ok(&Page::of(rows, AccountRow::from))
}

/// An account with what belongs to it.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct AccountDetail {
    #[serde(flatten)]
    row: AccountRow,
    /// The organizations that the person belongs to, at most 100.
    organizations: Vec<BelongsTo>,
    /// The person's phones, in the order in which they ring.
    phones: Vec<MaskedPhone>,
    /// How many sessions are not over.
    sessions: u32,
}

/// An organization that somebody belongs to.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct BelongsTo {
    /// Which.
    #[schema(value_type = String, format = "uuid")]
    id: OrgId,
    /// Its short name.
    slug: String,
    /// What the person is there.
    #[schema(value_type = Role)]
    role: &'static str,
}

/// A phone of somebody else.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct MaskedPhone {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: PhoneId,
    /// The last four digits of its number, `…4567`.
    number: String,
    /// Whether it is known to be the person's.
    verified: bool,
    /// Whether the person wants it to ring.
    enabled: bool,
}

/// One account
#[utoipa::path(
    get,
    path = "/api/admin/v1/accounts/{id}",
    tag = "admin",
    responses(
        (status = 200, description = "The account", body = AccountDetail),
        (status = 404, description = "No such account")
    )
)]
pub(in crate::web::api) async fn read(call: Call, _operator: Person) -> Result<Response, Problem> {
    let id: AccountId = call.id("id", Kind::UnknownAccount)?;
    let now = Timestamp::now();
    let found = call.app.store.read(move |tx| {
        let person = directory::person_by_id(tx, id)?.ok_or_else(|| missing(Kind::UnknownAccount))?;
        let organizations = directory::memberships(tx, id)?.into_iter();
        let phones = phones::list(tx, id)?.into_iter().map(|phone| MaskedPhone {
            id: phone.id,
            number: last_four(&phone.e164),
            verified: phone.verified_at.is_some(),
            enabled: phone.enabled,
        });
        Ok::<_, Problem>(AccountDetail {
            row: person.into(),
            organizations: organizations
                .map(|(id, slug, role)| BelongsTo { id, slug, role: role.as_str() })
                .collect(),
            phones: phones.collect(),
            sessions: directory::open_sessions(tx, id, now)?,
        })
    });
    ok(&found.await?)
}

/// End every session of somebody
///
/// They sign in again. Links of mails that were sent to them are void.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/accounts/{id}/sessions",
    tag = "admin",
    responses(
        (status = 204, description = "They are signed in nowhere"),
        (status = 404, description = "No such account")
    )
)]
pub(in crate::web::api) async fn end_sessions(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: AccountId = call.id("id", Kind::UnknownAccount)?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let ended = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        directory::person_by_id(tx, id)?.ok_or_else(|| missing(Kind::UnknownAccount))?;
        let ended = sessions::end_others(tx, id, None, End::Revoked, now)?;
        // Whoever was thrown out may have asked for another address.
        links::void_all(tx, id, now)?;
        let entry = Entry {
            account: Some(id),
            after: Some(json!({"sessions": ended})),
            ..deed(actor, Deed::SessionRevoked, &id)
        };
        Ok::<_, Problem>(audit::record(tx, &entry, now)?)
    });
    ended.await?;
    done()
}
