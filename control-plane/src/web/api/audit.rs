//! The audit log: of an organization, of one's own account, and of everything for operators.

use super::{
    call::{Call, Page, ok},
    caller::{Member, Person},
};
use crate::{
    accounts::audit::{self, Deed, Deeds, Filter, Log},
    web::{Response, problem::Problem},
};
use serde::Serialize;
use serde_json::Value;
use shared::time::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that was done.
#[derive(Serialize, ToSchema)]
pub(super) struct DeedDocument {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// When, RFC 3339, UTC.
    #[schema(format = "date-time")]
    at: String,
    /// Who: `account`, `api_key`, `operator` or `nobody`.
    actor_kind: String,
    /// Id of the person or key; empty for nobody.
    actor: String,
    /// Address of the person or name of the key, where it is known.
    actor_name: Option<String>,
    /// What, such as `member.changed`.
    deed: String,
    /// Id of what it was done to.
    subject: String,
    /// From which address of the network; null in your own log where somebody else did it.
    remote: Option<String>,
    /// What of it was different before; no secrets.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What of it was different afterwards; no secrets.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

impl From<Deeds> for DeedDocument {
    fn from(row: Deeds) -> Self {
        let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        Self {
            id: row.id,
            at: row.at.to_string(),
            actor_kind: row.actor_kind,
            actor: row.actor,
            actor_name: row.actor_name,
            deed: row.deed,
            subject: row.subject,
            remote: Some(row.remote),
            before: value(row.before),
            after: value(row.after),
        }
    }
}

/// What was done in the organization, newest first
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    params(
        ("actor" = Option<String>, Query, description = "Only what this person or key did", format = "uuid"),
        ("deed" = Option<String>, Query, description = "Only this, such as `member.changed`"),
        ("subject" = Option<String>, Query, description = "Only what was done to this"),
        ("since" = Option<String>, Query, description = "Only what was done then or later", format = "date-time"),
        ("until" = Option<String>, Query, description = "Only what was done before", format = "date-time"),
        ("after" = Option<String>, Query, description = "Only what is older than this: `next` of the page before", format = "uuid"),
        ("limit" = Option<u16>, Query, description = "At most so many", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "A page", body = Page<DeedDocument>),
        (status = 400, description = "A parameter cannot be used")
    )
)]
pub(super) async fn of_organization(call: Call, member: Member) -> Result<Response, Problem> {
    page(&call, Log::Of(member.org), DeedDocument::from).await
}

/// What was done to your account, newest first
#[utoipa::path(
    get,
    path = "/api/v1/account/audit",
    tag = "audit",
    params(
        ("actor" = Option<String>, Query, description = "Only what this person or key did", format = "uuid"),
        ("deed" = Option<String>, Query, description = "Only this, such as `session.opened`"),
        ("subject" = Option<String>, Query, description = "Only what was done to this"),
        ("since" = Option<String>, Query, description = "Only what was done then or later", format = "date-time"),
        ("until" = Option<String>, Query, description = "Only what was done before", format = "date-time"),
        ("after" = Option<String>, Query, description = "Only what is older than this: `next` of the page before", format = "uuid"),
        ("limit" = Option<u16>, Query, description = "At most so many", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "A page", body = Page<DeedDocument>),
        (status = 400, description = "A parameter cannot be used")
    )
)]
pub(super) async fn own(call: Call, person: Person) -> Result<Response, Problem> {
    let me = person.account().to_string();
    let show = |row: Deeds| {
        // Where others are is theirs; where somebody is who is nobody yet, such as whoever tries passwords, is not.
        let is_hidden = row.actor != me && !row.actor.is_empty();
        let document = DeedDocument::from(row);
        DeedDocument { remote: document.remote.filter(|_| !is_hidden), ..document }
    };
    page(&call, Log::Own(person.account()), show).await
}

/// What was done by anybody, newest first
#[utoipa::path(
    get,
    path = "/api/admin/v1/audit",
    tag = "admin",
    params(
        ("actor" = Option<String>, Query, description = "Only what this person or key did", format = "uuid"),
        ("deed" = Option<String>, Query, description = "Only this, such as `operator.made`"),
        ("subject" = Option<String>, Query, description = "Only what was done to this"),
        ("since" = Option<String>, Query, description = "Only what was done then or later", format = "date-time"),
        ("until" = Option<String>, Query, description = "Only what was done before", format = "date-time"),
        ("after" = Option<String>, Query, description = "Only what is older than this: `next` of the page before", format = "uuid"),
        ("limit" = Option<u16>, Query, description = "At most so many", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "A page", body = Page<DeedDocument>),
        (status = 400, description = "A parameter cannot be used")
    )
)]
pub(super) async fn of_everybody(call: Call, _operator: Person) -> Result<Response, Problem> {
    page(&call, Log::All, DeedDocument::from).await
}

async fn page(call: &Call, log: Log, show: impl Fn(Deeds) -> DeedDocument) -> Result<Response, Problem> {
    let query = call.query(&["actor", "deed", "subject", "since", "until", "after", "limit"])?;
    let moment = |name| query.get::<Timestamp>(name, "a moment of RFC 3339, as in 2026-01-31T12:00:00Z");
    let filter = Filter {
        log,
        actor: query.get::<Uuid>("actor", "a UUID")?,
        deed: query.get::<Deed>("deed", "a deed such as member.changed")?,
        subject: query.get::<String>("subject", "text")?,
        since: moment("since")?,
        until: moment("until")?,
        before: query.get::<Uuid>("after", "a UUID")?,
        limit: query.limit()?,
    };
    let rows = call.app.store.read(move |tx| audit::page(tx, &filter)).await?;
    ok(&Page::of(rows, show))
}
