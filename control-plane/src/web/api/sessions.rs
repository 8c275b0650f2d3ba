//! `/api/v1/sessions`: where somebody is signed in.

use super::{
    call::{Call, Page, done, missing, ok},
    caller::Person,
    session::own,
};
use crate::{
    accounts::{
        audit::{self, Deed},
        links,
        sessions::{self, End, Listed},
        token::Audience,
    },
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::Serialize;
use shared::{ids::SessionId, time::Timestamp};
use utoipa::ToSchema;

/// A session in the list of its owner.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedSession {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    /// For whom it is.
    #[schema(value_type = Audience)]
    audience: &'static str,
    /// Address of the client.
    ip: String,
    /// What its browser calls itself.
    user_agent: String,
    /// Sign-in, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
    /// Last refresh, RFC 3339, UTC.
    #[schema(format = "date-time")]
    last_seen_at: String,
    /// End, if nobody refreshes it, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: String,
}

/// Where you are signed in, newest first
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "session",
    responses((status = 200, description = "A page of the sessions that are not over", body = Page<ListedSession>))
)]
pub(super) async fn list(call: Call, person: Person) -> Result<Response, Problem> {
    let (current, account, now) = (person.session.id, person.account(), Timestamp::now());
    let (after, limit) = (call.query.after()?, call.query.limit()?);
    let listed = call.app.store.read(move |tx| sessions::page(tx, account, after, limit, now)).await?;
    let show = |Listed { id, audience, origin, created_at, last_seen_at, expires_at }| ListedSession {
        id,
        current: id == current,
        audience: audience.as_str(),
        ip: origin.remote,
        user_agent: origin.user_agent,
        created_at: created_at.to_string(),
        last_seen_at: last_seen_at.to_string(),
        expires_at: expires_at.to_string(),
    };
    ok(&Page::of(listed, show))
}

/// End a session
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}",
    tag = "session",
    responses(
        (status = 204, description = "It is over"),
        (status = 404, description = "No such session")
    )
)]
pub(super) async fn revoke(call: Call, person: Person) -> Result<Response, Problem> {
    let id: SessionId = call.id("id", Kind::UnknownSession)?;
    let (account, actor, now) = (person.account(), call.actor(person.who), Timestamp::now());
    let revoked = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        if !sessions::end(tx, account, id, End::Revoked, now)? {
            return Err(missing(Kind::UnknownSession));
        }
        Ok(audit::record(tx, &own(actor, account, Deed::SessionRevoked, &id), now)?)
    });
    revoked.await?;
    done()
}

/// End every other session
#[utoipa::path(
    delete,
    path = "/api/v1/sessions",
    tag = "session",
    responses((status = 204, description = "This one alone is left"))
)]
pub(super) async fn revoke_others(call: Call, person: Person) -> Result<Response, Problem> {
    let (id, account, actor, now) =
        (person.session.id, person.account(), call.actor(person.who), Timestamp::now());
    let revoked = call.app.store.write(move |tx| {
        person.still_open(tx, now)?;
        let ended = sessions::end_others(tx, account, Some(id), End::Revoked, now)?;
        // Whoever was thrown out may have asked for another address.
        links::void_all(tx, account, now)?;
        if ended == 0 {
            return Ok::<_, Problem>(());
        }
        Ok(audit::record(tx, &own(actor, account, Deed::SessionRevoked, &"others"), now)?)
    });
    revoked.await?;
    done()
}
