//! `/api/v1/keys`: keys of this API.

use super::{
    call::{Call, Page, done, missing, ok},
    caller::Member,
    creation::{self, Created},
    fields::bad_value,
    organizations::in_org,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        keys::{self, Listed, New, Scope},
    },
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{ids::ApiKeyId, time::Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// Most keys of an organization.
const MOST: u32 = 100;

/// A key, without its text.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyDocument {
    /// Its id; not a secret.
    #[schema(value_type = String, format = "uuid")]
    id: ApiKeyId,
    /// What it is for.
    name: String,
    /// What it may do: `read`, `alerts:write`, `projects:write`.
    scopes: Vec<&'static str>,
    /// Address of whoever made it; null where the operator did.
    created_by: Option<String>,
    /// When it was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it ends by itself, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    /// When it was last used, to the minute, RFC 3339, UTC.
    #[schema(format = "date-time")]
    last_used_at: Option<String>,
}

impl From<Listed> for KeyDocument {
    fn from(key: Listed) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes.into_iter().map(Scope::as_str).collect(),
            created_by: key.created_by,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// The keys of the organization
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    tag = "keys",
    params(
        ("after" = Option<String>, Query, description = "Only keys after this one: `next` of the page before", format = "uuid"),
        ("limit" = Option<u16>, Query, description = "At most so many", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "A page; never their texts", body = Page<KeyDocument>),
        (status = 400, description = "A parameter cannot be used")
    )
)]
pub(super) async fn list(call: Call, member: Member) -> Result<Response, Problem> {
    let (after, limit) = call.page::<Uuid>()?;
    let rows = call.app.store.read(move |tx| keys::page(tx, member.org, &after, limit)).await?;
    ok(&Page::of(rows, KeyDocument::from))
}

/// A new key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// What it is for, at most 100 characters.
    name: String,
    /// What it may do, one or more of `read`, `alerts:write`, `projects:write`.
    scopes: Vec<String>,
    /// When it is to end by itself, RFC 3339; never where it is left out.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeKey {
    /// Its id; not a secret.
    #[schema(value_type = String, format = "uuid")]
    id: ApiKeyId,
    /// What it is for.
    name: String,
    /// What it may do.
    scopes: Vec<&'static str>,
    /// When it ends by itself, RFC 3339, UTC.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    /// Its text, which is told once. Null in the answer to a repeat with the same `Idempotency-Key`: then delete it and
    /// make another.
    key: Option<String>,
}

impl Created for MadeKey {
    fn without_secret(&self) -> Result<String, serde_json::Error> {
        let Self { id, name, scopes, expires_at, key: _ } = self;
        serde_json::to_string(&json!({
            "id": id, "name": name, "scopes": scopes, "expires_at": expires_at, "key": null
        }))
    }
}

/// Make a key
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    tag = "keys",
    request_body = NewKey,
    responses(
        (status = 201, description = "Its text is told once", body = MadeKey),
        (status = 409, description = "There are too many"),
        (status = 422, description = "A value cannot be used")
    )
)]
pub(super) async fn create(call: Call, member: Member) -> Result<Response, Problem> {
    let NewKey { name, scopes, expires_at } = call.body()?;
    let name = keys::checked_name(&name).map_err(|error| bad_value("name:", error))?;
    let mut read = Vec::new();
    for word in &scopes {
        let scope: Scope = word.parse().map_err(|error| bad_value("scopes:", error))?;
        if !read.contains(&scope) {
            read.push(scope);
        }
    }
    if read.is_empty() {
        return Err(bad_value("scopes", "names one at least"));
    }
    let expires_at = expires_at.map(|text| future(&text)).transpose()?;
    let actor = call.actor(member.who);
    creation::once(&call, member.org, move |tx, now| {
        member.still_may(tx)?;
        if keys::count(tx, member.org)? >= MOST {
            return Err(Problem::new(Kind::TooMany, format!("an organization has at most {MOST} keys")));
        }
        let new = New { org: member.org, name, scopes: read, by: member.account(), expires_at };
        let (id, text) = keys::insert(tx, &new, now)?;
        let scopes: Vec<&'static str> = new.scopes.into_iter().map(Scope::as_str).collect();
        let expires_at = expires_at.map(|at| at.to_string());
        let after = Some(json!({"name": new.name, "scopes": scopes, "expires_at": expires_at}));
        let entry = Entry { after, ..in_org(actor, member.org, Deed::KeyCreated, &id) };
        audit::record(tx, &entry, now)?;
        Ok(MadeKey { id, name: new.name, scopes, expires_at, key: Some(text.to_string()) })
    })
    .await
}

fn future(text: &str) -> Result<Timestamp, Problem> {
    let read: Option<Timestamp> = text.parse().ok();
    let wrong = || bad_value("expires_at", "is a time to come of RFC 3339, as in 2030-01-31T12:00:00Z");
    read.filter(|at| *at > Timestamp::now()).ok_or_else(wrong)
}

/// Delete a key
///
/// It opens nothing from then on.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id", format = "uuid")),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = 404, description = "No such key")
    )
)]
pub(super) async fn delete(call: Call, member: Member) -> Result<Response, Problem> {
    let id: ApiKeyId = call.id("id", Kind::UnknownKey)?;
    let (actor, now) = (call.actor(member.who), Timestamp::now());
    let deleted = call.app.store.write(move |tx| {
        member.still_may(tx)?;
        let name = keys::delete(tx, member.org, id, now)?.ok_or_else(|| missing(Kind::UnknownKey))?;
        let before = Some(json!({"name": name}));
        let entry = Entry { before, ..in_org(actor, member.org, Deed::KeyDeleted, &id) };
        Ok::<_, Problem>(audit::record(tx, &entry, now)?)
    });
    deleted.await?;
    done()
}
