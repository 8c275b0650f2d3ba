//! Alerts: what one request, or several with the same dedup key, opened.

mod unkeyed;

pub use unkeyed::close_unkeyed;

use super::{
    queue,
    timeline::{self, Entry, Kind},
};
use crate::store::{Row, StoreError, Tx};
use shared::{
    ids::{AccountId, AlertId, ApiKeyId, EndpointId, OrgId, ProjectId, RequestId},
    severity::Severity,
    time::Timestamp,
};
use std::time::Duration;

/// An alert to be opened.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// Made at the edge.
    pub id: AlertId,
    /// Its first request.
    pub request_id: RequestId,
    /// Whose it is.
    pub org_id: OrgId,
    /// The endpoint's project.
    pub project_id: ProjectId,
    /// Where it came in.
    pub endpoint_id: EndpointId,
    /// What repeats and a resolve name it by.
    pub dedup_key: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What happened.
    pub message: String,
    /// When its first request came.
    pub at: Timestamp,
}

/// Who closes an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A request that says it is over.
    Resolve(RequestId),
    /// A request with the key of one that was [forgotten](LiveAlert::is_forgotten).
    Successor(RequestId),
}

/// Who takes or closes an alert over the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// A person.
    Account(AccountId),
    /// A program with a key.
    ApiKey(ApiKeyId),
}

impl Hand {
    fn entry(self, kind: Kind, at: Timestamp) -> Entry {
        match self {
            Self::Account(id) => Entry { account: Some(id), ..Entry::of(kind, at) },
            Self::ApiKey(id) => Entry { api_key: Some(id), ..Entry::of(kind, at) },
        }
    }
}

/// Why an alert was not changed over the API.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// 404: nor does it say whether another organization has it.
    #[error("no alert of this organization has this id")]
    Unknown,
    /// 409.
    #[error("the alert is closed: nobody can take it any more; the next request opens a new one")]
    Closed,
    /// 404.
    #[error("the project of this alert was deleted: nobody is called for it any more; close the alert")]
    ProjectDeleted,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An alert that is not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAlert {
    /// Its id.
    pub id: AlertId,
    /// Somebody has taken it.
    pub acknowledged: bool,
    /// Calls about it are queued or under way.
    pub calling: bool,
    /// The most urgent of its requests so far.
    pub severity: Severity,
    /// When it last changed or was repeated.
    pub updated_at: Timestamp,
}

/// What was acknowledged and not heard of for so long is over, although nobody said so: the same
/// key then means a new alert. Otherwise a sender that never resolves would ring once and never again.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

impl LiveAlert {
    /// Whether a request that comes now starts something new.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.acknowledged && now.since(self.updated_at) >= FORGOTTEN
    }

    /// Whether a request of this severity needs no calls of its own: phones are being called, or
    /// somebody has taken what was at least as bad.
    pub fn is_cared_for(&self, severity: Severity) -> bool {
        self.calling || (self.acknowledged && self.severity <= severity)
    }
}

/// Opens an alert.
///
/// # Errors
/// [`StoreError::Constraint`] when one with this dedup key is live already.
pub fn open(tx: &mut Tx<'_>, new: &NewAlert) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO alerts (id, org_id, project_id, endpoint_id, dedup_key, severity, message, state,
                             requests, opened_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', 1, $8, $8)",
        &[
            &new.id,
            &new.org_id,
            &new.project_id,
            &new.endpoint_id,
            &new.dedup_key,
            &new.severity,
            &new.message,
            &new.at,
        ],
    )?;
    let opened = Entry { request: Some(new.request_id), ..Entry::of(Kind::Opened, new.at) };
    timeline::record(tx, new.id, &opened)
}

macro_rules! live_alert {
    ($which:literal) => {
        concat!(
            "SELECT id, state, EXISTS (
                 SELECT 1 FROM calls WHERE calls.alert_id = alerts.id AND calls.status IN ('queued', 'calling')
                                           AND calls.cancel_wanted = 0),
                    severity, updated_at
             FROM alerts WHERE endpoint_id = $1 AND state <> 'closed' AND ",
            $which
        )
    };
}

const LIVE: &str = live_alert!("dedup_key = $2");
const LIVE_UNKEYED: &str = live_alert!("dedup_key IS NULL AND message = $2 ORDER BY opened_at DESC LIMIT 1");

/// The alert of this endpoint that is not closed and has this dedup key.
///
/// # Errors
/// [`StoreError`]
pub fn live(tx: &mut Tx<'_>, endpoint: EndpointId, dedup_key: &str) -> Result<Option<LiveAlert>, StoreError> {
    tx.row(LIVE, &[&endpoint, &dedup_key], live_alert)
}

/// The newest alert of this endpoint that is not closed, has no dedup key and says this.
///
/// # Errors
/// [`StoreError`]
pub fn live_unkeyed(
    tx: &mut Tx<'_>,
    endpoint: EndpointId,
    message: &str,
) -> Result<Option<LiveAlert>, StoreError> {
    tx.row(LIVE_UNKEYED, &[&endpoint, &message], live_alert)
}

fn live_alert(row: &Row) -> Result<LiveAlert, StoreError> {
    Ok(LiveAlert {
        id: row.get(0)?,
        // Of what is damaged, whatever rings more people: no sender is turned away for it.
        acknowledged: row.get::<String>(1).is_ok_and(|state| state == "acknowledged"),
        calling: row.get::<i64>(2)? != 0,
        severity: row.get(3).unwrap_or(Severity::Info),
        updated_at: row.get(4).unwrap_or(Timestamp::from_micros(0)),
    })
}

/// Counts one more request into an alert. The severity rises to the more urgent of the two, and so
/// does the urgency of the calls that are not over, none of which waits out a pause then; what has become
/// worse since somebody took it is open again.
///
/// # Errors
/// [`StoreError`]
pub fn repeat(
    tx: &mut Tx<'_>,
    live: &LiveAlert,
    severity: Severity,
    request: RequestId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let raised = live.severity.min(severity);
    tx.execute(
        "UPDATE alerts SET requests = requests + 1, updated_at = $3,
                           state = CASE WHEN severity <> $2 THEN 'open' ELSE state END, severity = $2
         WHERE id = $1",
        &[&live.id, &raised, &at],
    )?;
    tx.execute(
        "UPDATE calls SET urgency = $2 WHERE alert_id = $1 AND status IN ('queued', 'calling') AND urgency > $2",
        &[&live.id, &raised.rank()],
    )?;
    let said = |kind| Entry { request: Some(request), ..Entry::of(kind, at) };
    if raised == live.severity {
        return timeline::record(tx, live.id, &said(Kind::Repeated));
    }
    let worse = Entry { detail: Some(raised.to_string()), ..said(Kind::Raised) };
    timeline::record(tx, live.id, &worse)?;
    queue::hurry(tx, live.id, at)?;
    if live.acknowledged {
        timeline::record(tx, live.id, &said(Kind::Reopened))?;
    }
    Ok(())
}

/// Closes an alert and cancels its calls, as soon as the dispatcher is nudged.
///
/// # Errors
/// [`StoreError`]
pub fn close(tx: &mut Tx<'_>, id: AlertId, by: By, at: Timestamp) -> Result<(), StoreError> {
    let (request, detail) = match by {
        By::Resolve(request) => (request, None),
        By::Successor(request) => (request, Some("forgotten".to_owned())),
    };
    let closed = Entry { request: Some(request), detail, ..Entry::of(Kind::Closed, at) };
    let changed = tx.execute(
        "UPDATE alerts SET state = 'closed', updated_at = $2 WHERE id = $1 AND state <> 'closed'",
        &[&id, &at],
    )?;
    if changed > 0 {
        timeline::record(tx, id, &closed)?;
    }
    cancel_calls(tx, id, at)
}

/// Closes an alert of this organization, as [`close`] does. Closing a closed one changes nothing. Whether it changed
/// something.
///
/// # Errors
/// [`AlertError::Unknown`], or what the database said.
pub fn close_by(
    tx: &mut Tx<'_>,
    org: OrgId,
    id: AlertId,
    hand: Hand,
    at: Timestamp,
) -> Result<bool, AlertError> {
    let changed = tx.execute(
        "UPDATE alerts SET state = 'closed', updated_at = $3 WHERE id = $1 AND org_id = $2 AND state <> 'closed'",
        &[&id, &org, &at],
    )?;
    if changed == 0 {
        return state(tx, org, id)?.map(|_| false).ok_or(AlertError::Unknown);
    }
    timeline::record(tx, id, &hand.entry(Kind::Closed, at))?;
    cancel_calls(tx, id, at)?;
    Ok(true)
}

/// Takes an alert of this organization: its calls are cancelled, as soon as the dispatcher is nudged.
/// Taking one that is taken changes nothing. Whether it changed something.
///
/// # Errors
/// [`AlertError::Unknown`], [`AlertError::Closed`], or what the database said.
pub fn acknowledge_by(
    tx: &mut Tx<'_>,
    org: OrgId,
    id: AlertId,
    hand: Hand,
    at: Timestamp,
) -> Result<bool, AlertError> {
    match state(tx, org, id)?.as_deref() {
        None => Err(AlertError::Unknown),
        Some("closed") => Err(AlertError::Closed),
        Some(_) => Ok(taken(tx, id, &hand.entry(Kind::Acknowledged, at))?),
    }
}

/// People are to be called again about an alert of this organization: it is open again where somebody had taken it. The
/// caller queues the calls.
///
/// # Errors
/// [`AlertError::Unknown`], [`AlertError::Closed`], or what the database said.
pub fn call_again(
    tx: &mut Tx<'_>,
    org: OrgId,
    id: AlertId,
    hand: Hand,
    at: Timestamp,
) -> Result<(), AlertError> {
    match state(tx, org, id)?.as_deref() {
        None => return Err(AlertError::Unknown),
        Some("closed") => return Err(AlertError::Closed),
        Some(_) => {}
    }
    tx.execute("UPDATE alerts SET state = 'open', updated_at = $2 WHERE id = $1", &[&id, &at])?;
    Ok(timeline::record(tx, id, &hand.entry(Kind::CalledAgain, at))?)
}

/// Somebody has taken the alert: its other calls are no longer needed. Whether that was news.
pub(super) fn taken(tx: &mut Tx<'_>, id: AlertId, acknowledged: &Entry) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE alerts SET state = 'acknowledged', updated_at = $2 WHERE id = $1 AND state = 'open'",
        &[&id, &acknowledged.at],
    )?;
    if changed > 0 {
        timeline::record(tx, id, acknowledged)?;
    }
    cancel_calls(tx, id, acknowledged.at)?;
    Ok(changed > 0)
}

/// Calls have ended in vain or were never placed: where none is left and nobody was reached, the
/// alert's timeline says so. It stays open.
///
/// # Errors
/// [`StoreError`]
pub fn note_unreached(tx: &mut Tx<'_>, id: AlertId, at: Timestamp) -> Result<(), StoreError> {
    let unreached = tx.row(
        "SELECT 1 FROM alerts WHERE id = $1 AND state = 'open' AND NOT EXISTS (
             SELECT 1 FROM calls WHERE alert_id = $1 AND status IN ('queued', 'calling'))",
        &[&id],
        |_| Ok(()),
    )?;
    match unreached {
        Some(()) => timeline::record(tx, id, &Entry::of(Kind::NobodyReached, at)),
        None => Ok(()),
    }
}

/// How many alerts of an organization, or of one of its projects, nobody has taken.
///
/// # Errors
/// [`StoreError`]
pub fn count_open(tx: &mut Tx<'_>, org: OrgId, project: Option<ProjectId>) -> Result<u32, StoreError> {
    let counted = tx.row(
        "SELECT COUNT(*) FROM alerts WHERE org_id = $1 AND state = 'open' AND (project_id = $2 OR $2 IS NULL)",
        &[&org, &project],
        |row| row.get(0),
    )?;
    Ok(counted.unwrap_or(0))
}

/// How bad an alert of this organization is; `None` where it has no such alert.
///
/// # Errors
/// [`StoreError`]
pub fn severity(tx: &mut Tx<'_>, org: OrgId, id: AlertId) -> Result<Option<Severity>, StoreError> {
    tx.row("SELECT severity FROM alerts WHERE id = $1 AND org_id = $2", &[&id, &org], |row| row.get(0))
}

fn state(tx: &mut Tx<'_>, org: OrgId, id: AlertId) -> Result<Option<String>, StoreError> {
    tx.row("SELECT state FROM alerts WHERE id = $1 AND org_id = $2", &[&id, &org], |row| row.get(0))
}

/// What rings is hung up by the dispatcher, which alone may tell a host to.
fn cancel_calls(tx: &mut Tx<'_>, id: AlertId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE calls SET cancel_wanted = 1, due_at = $2
         WHERE alert_id = $1 AND status IN ('queued', 'calling')",
        &[&id, &at],
    )?;
    Ok(())
}
