//! Calls and their attempts as the API shows them.

use super::alert_history::AlertState;
use crate::{
    store::{Row, Store, StoreError, ToValue, Tx},
    words,
};
use serde::Serialize;
use shared::{
    ids::{AlertId, AttemptId, CallId, OrgId, RequestId},
    outcome::{AttemptStatus, CallStatus, Reason},
    time::Timestamp,
};
use std::collections::HashMap;
use utoipa::ToSchema;

/// A page of calls, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallPage {
    /// The calls.
    pub items: Vec<CallView>,
    /// `after` of the next page; null on the last one.
    pub next: Option<String>,
}

/// One call: the duty to reach one phone, with what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallView {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// The request that asked for it.
    #[schema(format = "uuid")]
    pub request_id: String,
    /// The alert it is about.
    #[schema(format = "uuid")]
    pub alert_id: String,
    /// The phone, E.164.
    pub destination: String,
    /// Where it stands.
    #[schema(value_type = words::CallStatus)]
    pub status: String,
    /// Why it was blocked or expired, or what a queued call waits for.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When its status became final, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub ended_at: Option<String>,
    /// Slug of the project.
    pub project: String,
    /// The project's id.
    #[schema(format = "uuid")]
    pub project_id: String,
    /// Who is to be reached.
    #[schema(format = "uuid")]
    pub account_id: String,
    /// What they want to be called; may be empty.
    pub display_name: String,
    /// How bad the alert is.
    #[schema(value_type = words::Severity)]
    pub severity: String,
    /// What the alert says.
    pub message: String,
    /// Where the alert stands.
    #[schema(value_type = AlertState)]
    pub alert_state: String,
    /// Every dial order made for it, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// One attempt: one dial order on one PBX over one trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttemptView {
    /// Its id, also the channel's in Asterisk.
    #[schema(format = "uuid")]
    pub id: String,
    /// Name of the PBX.
    pub pbx: String,
    /// Name of the trunk.
    pub trunk: String,
    /// Where it stands.
    #[schema(value_type = words::AttemptStatus)]
    pub status: String,
    /// The carrier's final SIP status.
    pub sip_code: Option<u16>,
    /// Q.850 cause that Asterisk gave.
    pub hangup_cause: Option<u16>,
    /// HTTP status of ARI's originate request.
    pub ari_status: Option<u16>,
    /// When the order was sent, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub initiated_at: String,
    /// When Asterisk made the channel.
    #[schema(format = "date-time")]
    pub placed_at: Option<String>,
    /// When the carrier said that the phone rings.
    #[schema(format = "date-time")]
    pub ringing_at: Option<String>,
    /// When it was picked up.
    #[schema(format = "date-time")]
    pub answered_at: Option<String>,
    /// When key 1 was pressed.
    #[schema(format = "date-time")]
    pub acknowledged_at: Option<String>,
    /// When it was over.
    #[schema(format = "date-time")]
    pub ended_at: Option<String>,
    /// From picking up to the end, milliseconds; 0 when nobody picked up, null until it is over.
    pub duration_ms: Option<i64>,
    /// An earlier attempt may have rung the phone without our learning how that ended.
    pub possible_duplicate: bool,
    /// Why it was refused, where a reason fits.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<String>,
}

/// Which calls.
#[derive(Clone, Debug)]
pub struct CallQuery {
    /// Whose.
    pub org_id: OrgId,
    /// Only those of this request.
    pub request_id: Option<RequestId>,
    /// Only those about this alert.
    pub alert_id: Option<AlertId>,
    /// Only those older than this call.
    pub before: Option<CallId>,
    /// At most so many.
    pub limit: u16,
}

/// Reads a page.
///
/// # Errors
/// [`StoreError`]
pub async fn page(store: &Store, query: CallQuery) -> Result<CallPage, StoreError> {
    store.read(move |tx| read(tx, &query)).await
}

// A call's id is a UUID of version 7: newest first by id is newest first by time.
macro_rules! calls {
    ($what:expr $(, $and:literal)?) => {
        concat!(
            $what,
            " WHERE calls.org_id = $1 AND calls.id < $2",
            $(" AND ", $and,)?
            " ORDER BY calls.id DESC LIMIT $3"
        )
    };
}

/// What [`call`] reads, and more columns after it.
macro_rules! views {
    ($more:literal) => {
        concat!(
            "SELECT calls.id, request_id, alert_id, destination, calls.status, reason, calls.created_at, ended_at,
                    REPLACE(projects.slug, '~' || projects.id, ''), projects.id, account_id,
                    COALESCE(display_name, ''), severity, message, state",
            $more,
            " FROM calls
             JOIN projects ON projects.id = calls.project_id JOIN alerts ON alerts.id = alert_id
             LEFT JOIN accounts ON accounts.id = account_id"
        )
    };
}

macro_rules! attempts_of {
    ($calls:expr) => {
        concat!(
            "SELECT call_logs.call_id, call_logs.id, pbxs.name, call_logs.trunk, call_logs.status,
                    call_logs.sip_code, call_logs.hangup_cause, call_logs.ari_status, call_logs.initiated_at,
                    call_logs.placed_at, call_logs.ringing_at, call_logs.answered_at,
                    call_logs.acknowledged_at, call_logs.ended_at, call_logs.duration_ms,
                    call_logs.possible_duplicate, call_logs.reason
             FROM call_logs JOIN pbxs ON pbxs.id = call_logs.pbx_id
             WHERE call_logs.call_id IN (",
            $calls,
            ") ORDER BY call_logs.id"
        )
    };
}

macro_rules! ways {
    ($($and:literal)?) => {
        Way {
            calls: calls!(views!("") $(, $and)?),
            attempts: attempts_of!(calls!("SELECT calls.id FROM calls" $(, $and)?)),
        }
    };
}

/// The statements of one way to look for calls. All take organization, call and limit; then what they look for.
struct Way {
    calls: &'static str,
    attempts: &'static str,
}

const ALL: Way = ways!();
const OF_REQUEST: Way = ways!("calls.request_id = $4");
const OF_ALERT: Way = ways!("calls.alert_id = $4");
const OF_ALERT_AND_REQUEST: Way = ways!("calls.alert_id = $4 AND calls.request_id = $5");
/// Sorts after every id.
const NEWEST: &str = "g";

fn read(tx: &mut Tx<'_>, query: &CallQuery) -> Result<CallPage, StoreError> {
    let before = query.before.map_or_else(|| NEWEST.to_owned(), |id| id.to_string());
    let one_more = i64::from(query.limit) + 1;
    let mut params: Vec<&dyn ToValue> = vec![&query.org_id, &before, &one_more];
    params.extend(query.alert_id.iter().map(|alert| alert as &dyn ToValue));
    params.extend(query.request_id.iter().map(|request| request as &dyn ToValue));
    let Way { calls, attempts } = match (&query.alert_id, &query.request_id) {
        (None, None) => ALL,
        (None, Some(_)) => OF_REQUEST,
        (Some(_), None) => OF_ALERT,
        (Some(_), Some(_)) => OF_ALERT_AND_REQUEST,
    };
    let (mut items, next) = tx.page(calls, &params, query.limit, |row| row.get::<CallId>(0), call)?;
    let mut attempts = by_call(tx, attempts, &params)?;
    for item in &mut items {
        item.attempts = attempts.remove(&item.id).unwrap_or_default();
    }
    Ok(CallPage { items, next: next.map(|last| last.to_string()) })
}

/// One call, with what is still to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallDetail {
    /// The call.
    #[serde(flatten)]
    pub call: CallView,
    /// After this nobody is rung for it any more, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub expires_at: String,
    /// When something is to be done about it next, RFC 3339, UTC; null once it is over.
    #[schema(format = "date-time")]
    pub due_at: Option<String>,
}

/// Reads one call of this organization; `None` where it has none with this id.
///
/// # Errors
/// [`StoreError`]
pub async fn detail(store: &Store, org: OrgId, id: CallId) -> Result<Option<CallDetail>, StoreError> {
    store
        .read(move |tx| {
            const ONE: &str =
                concat!(views!(", expires_at, due_at"), " WHERE calls.id = $1 AND calls.org_id = $2");
            let found = tx.row(ONE, &[&id, &org], detailed)?;
            let Some(mut found) = found else { return Ok(None) };
            let mut attempts = by_call(tx, attempts_of!("$1"), &[&id])?;
            found.call.attempts = attempts.remove(&found.call.id).unwrap_or_default();
            Ok(Some(found))
        })
        .await
}

fn detailed(row: &Row) -> Result<CallDetail, StoreError> {
    Ok(CallDetail {
        call: call(row)?,
        expires_at: row.get::<Timestamp>(15)?.to_string(),
        due_at: moment(row, 16)?,
    })
}

fn by_call(
    tx: &mut Tx<'_>,
    sql: &'static str,
    params: &[&dyn ToValue],
) -> Result<HashMap<String, Vec<AttemptView>>, StoreError> {
    let mut found: HashMap<String, Vec<AttemptView>> = HashMap::new();
    for (call, attempt) in tx.legible(sql, params, |row| Ok((row.get::<String>(0)?, attempt(row)?)))? {
        found.entry(call).or_default().push(attempt);
    }
    Ok(found)
}

fn call(row: &Row) -> Result<CallView, StoreError> {
    Ok(CallView {
        id: row.get::<CallId>(0)?.to_string(),
        request_id: row.get::<RequestId>(1)?.to_string(),
        alert_id: row.get::<AlertId>(2)?.to_string(),
        destination: row.get(3)?,
        status: row.get::<CallStatus>(4)?.to_string(),
        reason: reason(row, 5)?,
        created_at: row.get::<Timestamp>(6)?.to_string(),
        ended_at: moment(row, 7)?,
        project: row.get(8)?,
        project_id: row.get(9)?,
        account_id: row.get(10)?,
        display_name: row.get(11)?,
        severity: row.get(12)?,
        message: row.get(13)?,
        alert_state: row.get(14)?,
        attempts: Vec::new(),
    })
}

fn attempt(row: &Row) -> Result<AttemptView, StoreError> {
    Ok(AttemptView {
        id: row.get::<AttemptId>(1)?.to_string(),
        pbx: row.get(2)?,
        trunk: row.get(3)?,
        status: row.get::<AttemptStatus>(4)?.to_string(),
        sip_code: row.get(5)?,
        hangup_cause: row.get(6)?,
        ari_status: row.get(7)?,
        initiated_at: row.get::<Timestamp>(8)?.to_string(),
        placed_at: moment(row, 9)?,
        ringing_at: moment(row, 10)?,
        answered_at: moment(row, 11)?,
        acknowledged_at: moment(row, 12)?,
        ended_at: moment(row, 13)?,
        duration_ms: row.get(14)?,
        possible_duplicate: row.get::<i64>(15)? != 0,
        reason: reason(row, 16)?,
    })
}

fn moment(row: &Row, column: usize) -> Result<Option<String>, StoreError> {
    Ok(row.get::<Option<Timestamp>>(column)?.map(|at| at.to_string()))
}

fn reason(row: &Row, column: usize) -> Result<Option<String>, StoreError> {
    Ok(row.get::<Option<Reason>>(column)?.map(|reason| reason.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn calls_are_found_without_reading_more_than_the_page_asked_for() {
        let store = testing::store().await;
        for (way, index) in [
            (ALL, "calls_by_org (org_id=? AND id<?)"),
            (OF_REQUEST, "calls_by_request"),
            (OF_ALERT, "calls_by_alert (alert_id=? AND id<?)"),
        ] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {}", way.calls).leak();
            let plan = store.read(move |tx| {
                let params: [&dyn ToValue; 4] = [&"org", &"g", &1i64, &"of"];
                let taken = if sql.contains("$4") { 4 } else { 3 };
                tx.rows(sql, &params[..taken], |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
