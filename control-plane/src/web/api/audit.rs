//! The audit log: of an organization, of one's own account, and of everything for operators.

use super::{
    call::{Call, Page, ok},
    caller::{Member, Person},
};
use crate::{
    accounts::audit::{self, Deed, Deeds, Filter, Log},
    web::{Response, problem::Problem},
    words,
};
use serde::Serialize;
use serde_json::Value;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Something that was done.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEntry {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// When, RFC 3339, UTC.
    #[schema(format = "date-time")]
    at: String,
    /// Who.
    #[schema(value_type = words::ActorKind)]
    actor_kind: String,
    /// Id of the person or key; empty for nobody.
    actor: String,
    /// Address of the person or name of the key, where it is known.
    actor_name: Option<String>,
    /// What.
    #[schema(value_type = Deed)]
    action: String,
    /// Id of what it was done to.
    subject: String,
    /// From which address of the network; null in your own log where somebody else did it.
    ip: Option<String>,
    /// What of it was different before: of a change only what it made different; no secrets.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What of it is different since; no secrets.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

impl From<Deeds> for AuditEntry {
    fn from(row: Deeds) -> Self {
        let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        Self {
            id: row.id,
            at: row.at.to_string(),
            actor_kind: row.actor_kind,
            actor: row.actor,
            actor_name: row.actor_name,
            action: row.deed,
            subject: row.subject,
            ip: Some(row.remote),
            before: value(row.before),
            after: value(row.after),
        }
    }
}

/// Which entries.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(super) struct AuditFilter {
    /// Only what this person or key did
    #[param(value_type = String, required = false, format = "uuid")]
    actor: Option<Uuid>,
    /// Only this
    #[param(value_type = Deed, required = false)]
    action: Option<Deed>,
    /// Only what was done to what has this id
    #[param(value_type = String, required = false)]
    subject: Option<String>,
    /// Only what was done then or later
    #[param(value_type = String, required = false, format = "date-time")]
    since: Option<Timestamp>,
    /// Only what was done before
    #[param(value_type = String, required = false, format = "date-time")]
    until: Option<Timestamp>,
    /// `next` of the page before: what comes after it
    #[param(value_type = String, required = false, format = "uuid")]
    after: Option<Uuid>,
    /// At most so many; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// What was done in the organization, newest first
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    responses((status = 200, description = "A page", body = Page<AuditEntry>))
)]
pub(super) async fn of_organization(call: Call, member: Member) -> Result<Response, Problem> {
    page(&call, Log::Of(member.org), AuditEntry::from).await
}

/// What was done to your account, newest first
#[utoipa::path(
    get,
    path = "/api/v1/account/audit",
    tag = "audit",
    responses((status = 200, description = "A page", body = Page<AuditEntry>))
)]
pub(super) async fn own(call: Call, person: Person) -> Result<Response, Problem> {
    let me = person.account().to_string();
    let show = |row: Deeds| {
        // Where others are is theirs; where somebody is who is nobody yet, such as whoever tries passwords, is not.
        let is_hidden = row.actor != me && !row.actor.is_empty();
        let entry = AuditEntry::from(row);
        AuditEntry { ip: entry.ip.filter(|_| !is_hidden), ..entry }
    };
    page(&call, Log::Own(person.account()), show).await
}

/// What was done by anybody, newest first
#[utoipa::path(
    get,
    path = "/api/admin/v1/audit",
    tag = "admin",
    responses((status = 200, description = "A page", body = Page<AuditEntry>))
)]
pub(super) async fn of_everybody(call: Call, _operator: Person) -> Result<Response, Problem> {
    page(&call, Log::All, AuditEntry::from).await
}

async fn page(call: &Call, log: Log, show: impl Fn(Deeds) -> AuditEntry) -> Result<Response, Problem> {
    let query = &call.query;
    let moment = |name| query.get::<Timestamp>(name, "a moment of RFC 3339, as in 2026-01-31T12:00:00Z");
    let filter = Filter {
        log,
        actor: query.get::<Uuid>("actor", "a UUID")?,
        deed: query.get::<Deed>("action", "an action such as member.changed")?,
        subject: query.get::<String>("subject", "text")?,
        since: moment("since")?,
        until: moment("until")?,
        before: query.after::<Uuid>()?,
        limit: query.limit()?,
    };
    let rows = call.app.store.read(move |tx| audit::page(tx, &filter)).await?;
    ok(&Page::of(rows, show))
}
