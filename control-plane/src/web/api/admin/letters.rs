//! Letters to people, and addresses that get none. What a letter says is nobody's but its reader's.

use super::deed;
use crate::{
    accounts::{
        audit::{self, Deed, Entry},
        email::Email,
    },
    mail::{
        Cause, Language, State,
        history::{self, Listed, Retried},
        suppressions::{self, Suppressed},
    },
    web::{
        Response,
        api::{
            call::{Call, Page, done, missing, ok},
            caller::Person,
        },
        problem::{Kind, Problem},
    },
    words,
};
use serde::Serialize;
use serde_json::json;
use shared::{ids::LetterId, time::Timestamp};
use utoipa::{IntoParams, ToSchema};

/// A letter, without what it says.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct LetterRow {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: LetterId,
    /// Whom it goes to.
    recipient: String,
    /// What kind it is.
    #[schema(value_type = words::LetterKind)]
    template: String,
    /// In which language it is written.
    #[schema(value_type = Language)]
    language: String,
    /// Its subject.
    subject: String,
    /// Where it stands.
    #[schema(value_type = State)]
    state: &'static str,
    /// RFC 3339, UTC.
    #[schema(format = "date-time")]
    queued_at: String,
    /// When it is tried next, RFC 3339, UTC; null where it is over.
    #[schema(format = "date-time")]
    due_at: Option<String>,
    /// How often it was tried.
    attempts: u32,
    /// When it was over, RFC 3339, UTC.
    #[schema(format = "date-time")]
    ended_at: Option<String>,
    /// What the mail server or the provider said last.
    reason: Option<String>,
}

impl From<Listed> for LetterRow {
    fn from(letter: Listed) -> Self {
        Self {
            id: letter.id,
            recipient: letter.recipient,
            template: letter.template,
            language: letter.language,
            subject: letter.subject,
            state: letter.state.as_str(),
            queued_at: letter.queued_at.to_string(),
            due_at: letter.due_at.map(|at| at.to_string()),
            attempts: letter.attempts,
            ended_at: letter.ended_at.map(|at| at.to_string()),
            reason: letter.reason,
        }
    }
}

/// Which letters.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(in crate::web::api) struct LetterFilter {
    /// Only those that stand so
    #[param(value_type = State, required = false)]
    state: Option<State>,
    /// `next` of the page before: what comes after it
    #[param(value_type = String, required = false, format = "uuid")]
    after: Option<LetterId>,
    /// At most so many; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// Letters of the last 90 days, the newest first
#[utoipa::path(
    get,
    path = "/api/admin/v1/letters",
    tag = "admin",
    responses((status = 200, description = "A page; never what they say", body = Page<LetterRow>))
)]
pub(in crate::web::api) async fn list(call: Call, _operator: Person) -> Result<Response, Problem> {
    let known = State::ALL.map(State::as_str).join(", ");
    let state = call.query.get::<State>("state", &format!("one of: {known}"))?;
    let (after, limit) = (call.query.after::<LetterId>()?, call.query.limit()?);
    let rows = call.app.store.read(move |tx| history::page(tx, state, after, limit)).await?;
    ok(&Page::of(rows, LetterRow::from))
}

/// Send a letter now that failed within a day, or that waits for its next try
///
/// A letter that is over keeps what it says for a day where it failed, and not at all where it was sent. The links in it
/// are good for as long as they were.
#[utoipa::path(
    post,
    path = "/api/admin/v1/letters/{id}/retry",
    tag = "admin",
    responses(
        (status = 200, description = "It is due", body = LetterRow),
        (status = 404, description = "No such letter"),
        (status = 409, description = "It did not fail, or what it said is gone")
    )
)]
pub(in crate::web::api) async fn retry(call: Call, operator: Person) -> Result<Response, Problem> {
    let id: LetterId = call.id("id", Kind::UnknownLetter)?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let retried = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        let before = history::find(tx, id)?.ok_or_else(|| missing(Kind::UnknownLetter))?;
        match history::retry(tx, id, now)? {
            Retried::Now => {}
            Retried::UnderWay => return Ok(before),
            Retried::Over => {
                let detail = format!("the letter is {}: a letter is retried that failed", before.state.as_str());
                return Err(Problem::new(Kind::LetterOver, detail));
            }
            Retried::Gone => {
                let detail = "the letter failed more than a day ago and what it said is gone: let the person ask for another";
                return Err(Problem::new(Kind::LetterOver, detail));
            }
        }
        let entry = Entry {
            before: Some(json!({"state": before.state.as_str(), "template": before.template})),
            ..deed(actor, Deed::LetterRetried, &id)
        };
        audit::record(tx, &entry, now)?;
        history::find(tx, id)?.ok_or_else(Problem::internal)
    });
    let letter = retried.await?;
    call.app.mail.nudge();
    ok(&LetterRow::from(letter))
}

/// An address that gets no letter any more.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct SuppressedAddress {
    /// The address.
    email: String,
    /// `bounce`: a letter came back for good; `complaint`: one was called spam.
    #[schema(value_type = Cause)]
    cause: String,
    /// Since when, RFC 3339, UTC.
    #[schema(format = "date-time")]
    created_at: String,
}

impl From<Suppressed> for SuppressedAddress {
    fn from(Suppressed { email, cause, since }: Suppressed) -> Self {
        Self { email, cause, created_at: since.to_string() }
    }
}

/// Addresses that get no letter any more, sorted
#[utoipa::path(
    get,
    path = "/api/admin/v1/suppressions",
    tag = "admin",
    responses((status = 200, description = "A page", body = Page<SuppressedAddress>))
)]
pub(in crate::web::api) async fn suppressed(call: Call, _operator: Person) -> Result<Response, Problem> {
    let (after, limit) = call.page::<String>()?;
    let rows = call.app.store.read(move |tx| suppressions::page(tx, &after, limit)).await?;
    ok(&Page::of(rows, SuppressedAddress::from))
}

/// Send letters to an address again
///
/// What was held back is not sent.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/suppressions/{email}",
    tag = "admin",
    responses(
        (status = 204, description = "It gets letters again"),
        (status = 404, description = "It is not on the list")
    )
)]
pub(in crate::web::api) async fn release(call: Call, operator: Person) -> Result<Response, Problem> {
    let address: Email = call.id("email", Kind::UnknownSuppression)?;
    let (actor, now) = (call.actor(operator.who), Timestamp::now());
    let released = call.app.store.write(move |tx| {
        operator.still_open(tx, now)?;
        if !suppressions::remove_within(tx, &address)? {
            return Err(missing(Kind::UnknownSuppression));
        }
        Ok(audit::record(tx, &deed(actor, Deed::SuppressionRemoved, &address), now)?)
    });
    released.await?;
    done()
}
