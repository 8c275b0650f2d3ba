//! `/api/v1/keys`: keys of this API.

use super::{
    call::{Call, Page, done, missing, ok},
    caller::Member,
    creation::{self, Created},
    fields::{self, bad_value},
    organizations::in_org,
};
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        keys::{self, Listed, New, Scope},
    },
    store::Tx,
    web::{
        Response,
        problem::{Kind, Problem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    ids::{ApiKeyId, OrgId},
    time::Timestamp,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Most keys of an organization.
const MOST: u32 = 100;

/// A key, without its text.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct KeyDocument {
    /// Its id; not a secret.
    #[schema(value_type = String, format = "uuid")]
    id: ApiKeyId,
    /// What it is for.
    name: String,
    /// What it may do.
    #[schema(value_type = Vec<Scope>)]
    scopes: Vec<&'static str>,
    /// Address of whoever made it; null where the operator did.
    created_by_email: Option<String>,
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
            created_by_email: key.created_by,
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
    responses((status = 200, description = "A page; never their texts", body = Page<KeyDocument>))
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
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do.
    #[schema(value_type = Vec<Scope>, min_items = 1)]
    scopes: Vec<String>,
    /// When it is to end by itself, RFC 3339; never where it is left out.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
}

/// One key
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}",
    tag = "keys",
    responses(
        (status = 200, description = "The key, without its text", body = KeyDocument),
        (status = 404, description = "No such key")
    )
)]
pub(super) async fn read(call: Call, member: Member) -> Result<Response, Problem> {
    let id: ApiKeyId = call.id("id", Kind::UnknownKey)?;
    ok(&KeyDocument::from(call.app.store.read(move |tx| found(tx, member.org, id)).await?))
}

fn found(tx: &mut Tx<'_>, org: OrgId, id: ApiKeyId) -> Result<Listed, Problem> {
    keys::by_id(tx, org, id)?.ok_or_else(|| missing(Kind::UnknownKey))
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeKey {
    #[serde(flatten)]
    document: KeyDocument,
    /// Its text, which is told once. Null in the answer to a repeat with the same `Idempotency-Key`: then delete it and
    /// make another.
    key: Option<String>,
}

impl Created for MadeKey {
    fn without_secret(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Self { document: self.document.clone(), key: None })
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
    let name = fields::name("name", &name)?;
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
        let key = KeyDocument::from(found(tx, member.org, id)?);
        let after = Some(json!({"name": key.name, "scopes": key.scopes, "expires_at": key.expires_at}));
        let entry = Entry { after, ..in_org(actor, member.org, Deed::KeyCreated, &id) };
        audit::record(tx, &entry, now)?;
        Ok(MadeKey { document: key, key: Some(text.to_string()) })
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
