//! What happened to each alert, in order: who, by what, when.
//!
//! Written in the transaction of the change itself. What a storm repeats (requests about a known
//! alert, calls that are held back) folds into one row with a count, as long as nothing else happens
//! in between.

use super::news;
use crate::{
    store::{Row, StoreError, Tx},
    words,
};
use serde::Serialize;
use shared::{
    ids::{AccountId, AlertId, ApiKeyId, AttemptId, CallId, RequestId},
    outcome::{CallStatus, Reason},
    time::Timestamp,
};
use utoipa::ToSchema;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request opened it.
    Opened,
    /// Another request spoke of it.
    Repeated,
    /// A request said that it is worse; the detail is the new severity.
    Raised,
    /// It became worse after somebody had taken it.
    Reopened,
    /// Somebody had people called again about it.
    CalledAgain,
    /// Somebody took it; the detail says by `key` or `answer` of a call, nothing for an API key.
    Acknowledged,
    /// A key was pressed that changed nothing; the detail is the key.
    Key,
    /// A request or an API key said that it is over; the detail is `forgotten` where that was only
    /// concluded.
    Closed,
    /// A call ended without reaching its person; the detail is its status.
    CallEnded,
    /// No call is left and nobody was reached.
    NobodyReached,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Opened,
        Self::Repeated,
        Self::Raised,
        Self::Reopened,
        Self::CalledAgain,
        Self::Acknowledged,
        Self::Key,
        Self::Closed,
        Self::CallEnded,
        Self::NobodyReached,
    ];

    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Repeated => "repeated",
            Self::Raised => "raised",
            Self::Reopened => "reopened",
            Self::CalledAgain => "called_again",
            Self::Acknowledged => "acknowledged",
            Self::Key => "key",
            Self::Closed => "closed",
            Self::CallEnded => "call_ended",
            Self::NobodyReached => "nobody_reached",
        }
    }
}

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: Kind,
    /// The request that did it.
    pub request: Option<RequestId>,
    /// The person who did it or was to be reached.
    pub account: Option<AccountId>,
    /// The call in which it happened.
    pub call: Option<CallId>,
    /// That call's attempt.
    pub attempt: Option<AttemptId>,
    /// The API key that did it.
    pub api_key: Option<ApiKeyId>,
    /// See [`Kind`].
    pub detail: Option<String>,
    /// Why a call ended.
    pub reason: Option<Reason>,
}

impl Entry {
    /// That something happened; the caller adds who and what.
    pub fn of(kind: Kind, at: Timestamp) -> Self {
        Self {
            at,
            kind,
            request: None,
            account: None,
            call: None,
            attempt: None,
            api_key: None,
            detail: None,
            reason: None,
        }
    }

    /// That a call ended without reaching its person.
    pub fn call_ended(status: CallStatus, reason: Option<Reason>, at: Timestamp) -> Self {
        Self { detail: Some(status.to_string()), reason, ..Self::of(Kind::CallEnded, at) }
    }

    /// Whether it may come as often as a sender likes.
    fn folds(&self) -> bool {
        match self.kind {
            Kind::Repeated | Kind::NobodyReached => true,
            Kind::CallEnded => self.detail.as_deref() == Some(CallStatus::Blocked.as_str()),
            Kind::Opened
            | Kind::Raised
            | Kind::Reopened
            | Kind::CalledAgain
            | Kind::Acknowledged
            | Kind::Key
            | Kind::Closed => false,
        }
    }
}

/// Writes down what happened to an alert.
///
/// # Errors
/// [`StoreError`]
pub fn record(tx: &mut Tx<'_>, alert: AlertId, entry: &Entry) -> Result<(), StoreError> {
    news::of_alert(tx, alert)?;
    if entry.folds() && fold(tx, alert, entry)? {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO alert_events (alert_id, seq, at, last_at, kind, count, request_id, account_id, call_id,
                                   attempt_id, api_key_id, detail, reason)
         VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM alert_events WHERE alert_id = $1),
                 $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11)",
        &[
            &alert,
            &entry.at,
            &entry.folds().then_some(entry.at),
            &entry.kind.as_str(),
            &entry.request,
            &entry.account,
            &entry.call,
            &entry.attempt,
            &entry.api_key,
            &entry.detail,
            &entry.reason,
        ],
    )?;
    Ok(())
}

// Both searches stay among the rows that fold and come last, however long the timeline is.
const FOLD: &str = "UPDATE alert_events SET count = count + 1, last_at = $2, request_id = $3, call_id = $4
     WHERE alert_id = $1 AND kind = $5 AND COALESCE(account_id, '') = $6
           AND COALESCE(detail, '') = $7 AND COALESCE(reason, '') = $8 AND last_at IS NOT NULL
           AND seq > COALESCE((SELECT seq FROM alert_events WHERE alert_id = $1 AND last_at IS NULL
                               ORDER BY seq DESC LIMIT 1), 0)";

/// Counts it into the row that says the same, where nothing else has happened since.
fn fold(tx: &mut Tx<'_>, alert: AlertId, entry: &Entry) -> Result<bool, StoreError> {
    let folded = tx.execute(
        FOLD,
        &[
            &alert,
            &entry.at,
            &entry.request,
            &entry.call,
            &entry.kind.as_str(),
            &entry.account.map(|account| account.to_string()).unwrap_or_default(),
            &entry.detail.as_deref().unwrap_or_default(),
            &entry.reason.map_or("", Reason::as_str),
        ],
    )?;
    Ok(folded > 0)
}

/// A page of what happened to an alert, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelinePage {
    /// The entries.
    pub items: Vec<EventView>,
    /// `after` of the next page; null on the last one.
    pub next: Option<i64>,
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventView {
    /// Its place, from 1.
    pub seq: i64,
    /// RFC 3339, UTC; of several times the first.
    #[schema(format = "date-time")]
    pub at: String,
    /// Of what happened several times the last time; what the entry names is then the last of them.
    #[schema(format = "date-time")]
    pub last_at: Option<String>,
    /// What happened.
    #[schema(value_type = Kind)]
    pub kind: String,
    /// How many times.
    pub count: i64,
    /// The new severity (`raised`), the key (`key`), `key` or `answer` (`acknowledged` in a call), the
    /// call's status (`call_ended`), `forgotten` (`closed` after a long silence).
    pub detail: Option<String>,
    /// Why the call ended, where a reason fits.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<String>,
    /// The request that did it.
    #[schema(format = "uuid")]
    pub request_id: Option<String>,
    /// Email address of the person who did it or was to be reached.
    pub person: Option<String>,
    /// The call in which it happened.
    #[schema(format = "uuid")]
    pub call_id: Option<String>,
    /// The attempt of that call.
    #[schema(format = "uuid")]
    pub attempt_id: Option<String>,
    /// Name of the API key that did it.
    pub api_key: Option<String>,
}

/// What happened to an alert after the entry with this number, the earliest first. The caller knows
/// whose alert it is.
///
/// # Errors
/// [`StoreError`]
pub fn page(tx: &mut Tx<'_>, alert: AlertId, after: i64, limit: u16) -> Result<TimelinePage, StoreError> {
    let one_more = i64::from(limit) + 1;
    let (items, next) = tx.page(
        "SELECT alert_events.seq, alert_events.at, alert_events.last_at, alert_events.kind, alert_events.count,
                alert_events.detail, alert_events.reason, alert_events.request_id, accounts.email,
                alert_events.call_id, alert_events.attempt_id, api_keys.name
         FROM alert_events
         LEFT JOIN accounts ON accounts.id = alert_events.account_id
         LEFT JOIN api_keys ON api_keys.id = alert_events.api_key_id
         WHERE alert_events.alert_id = $1 AND alert_events.seq > $2
         ORDER BY alert_events.seq LIMIT $3",
        &[&alert, &after, &one_more],
        limit,
        |row| row.get(0),
        event,
    )?;
    Ok(TimelinePage { items, next })
}

fn event(row: &Row) -> Result<EventView, StoreError> {
    let count: i64 = row.get(4)?;
    let last_at: Option<Timestamp> = row.get(2)?;
    Ok(EventView {
        seq: row.get(0)?,
        at: row.get::<Timestamp>(1)?.to_string(),
        last_at: last_at.filter(|_| count > 1).map(|at| at.to_string()),
        kind: row.get(3)?,
        count,
        detail: row.get(5)?,
        reason: row.get(6)?,
        request_id: row.get(7)?,
        person: row.get(8)?,
        call_id: row.get(9)?,
        attempt_id: row.get(10)?,
        api_key: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ToValue, testing};

    #[tokio::test]
    async fn a_repeat_reads_no_more_of_a_timeline_than_its_end() {
        let store = testing::store().await;
        let sql: &'static str = format!("EXPLAIN QUERY PLAN {FOLD}").leak();
        let plan = store.read(move |tx| {
            let params: [&dyn ToValue; 8] = [&"alert", &1i64, &"", &"", &"repeated", &"", &"", &""];
            tx.rows(sql, &params, |row| row.get::<String>(3))
        });
        let plan = plan.await.unwrap().join("; ");
        assert!(plan.contains("(alert_id=? AND seq>?)"), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
