//! Alerts as the API shows them.

use super::timeline::{self, TimelinePage};
use crate::{
    store::{Row, Store, StoreError, ToValue, Tx},
    words,
};
use serde::Serialize;
use shared::{
    ids::{AlertId, CallId, OrgId, ProjectId},
    outcome::{CallStatus, Reason},
    severity::Severity,
    time::Timestamp,
};
use std::{collections::BTreeMap, str::FromStr};
use utoipa::ToSchema;

/// Most calls that are shown with their alert; their counts tell of all.
const MOST_CALLS: i64 = 100;

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// Nobody has taken it.
    Open,
    /// Somebody has.
    Acknowledged,
    /// It is over.
    Closed,
}

impl AlertState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Closed];

    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }
}

/// No state has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no state of an alert is called {0:?}; there are: open, acknowledged, closed")]
pub struct UnknownState(String);

impl FromStr for AlertState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let named = Self::ALL.into_iter().find(|state| state.as_str() == text);
        named.ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// A page of alerts, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertPage {
    /// The alerts.
    pub items: Vec<AlertView>,
    /// `after` of the next page; null on the last one.
    pub next: Option<String>,
}

/// An alert: what one request, or several with the same dedup key, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertView {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Slug of the project.
    pub project: String,
    /// The project's id.
    #[schema(format = "uuid")]
    pub project_id: String,
    /// What repeats and a resolve name it by.
    pub dedup_key: Option<String>,
    /// The most urgent of its requests.
    #[schema(value_type = words::Severity)]
    pub severity: String,
    /// What its first request said.
    pub message: String,
    /// Where it stands.
    #[schema(value_type = AlertState)]
    pub state: String,
    /// How many requests spoke of it, the first included.
    pub requests: i64,
    /// RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub opened_at: String,
    /// When it last changed or was repeated, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub updated_at: String,
}

/// One alert with its calls and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertView,
    /// Its calls, newest first, at most 100.
    pub calls: Vec<AlertCall>,
    /// How many of its calls stand where: a status and a number.
    pub call_counts: BTreeMap<String, i64>,
    /// What happened to it, oldest first.
    pub timeline: TimelinePage,
}

/// A call of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertCall {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// As in the list of calls.
    #[schema(value_type = words::CallStatus)]
    pub status: String,
    /// Why it was blocked or expired, or what a queued call waits for.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<String>,
    /// Who is to be reached.
    #[schema(format = "uuid")]
    pub account_id: String,
    /// What they want to be called; may be empty.
    pub display_name: String,
    /// The phone, E.164.
    pub destination: String,
    /// RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When its status became final, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub ended_at: Option<String>,
}

/// Which alerts.
#[derive(Clone, Debug)]
pub struct AlertQuery {
    /// Whose.
    pub org_id: OrgId,
    /// Only those that stand here.
    pub state: Option<AlertState>,
    /// Only those that are so bad.
    pub severity: Option<Severity>,
    /// Only those of this project.
    pub project: Option<ProjectId>,
    /// Only those older than this one.
    pub before: Option<AlertId>,
    /// At most so many.
    pub limit: u16,
}

macro_rules! alerts {
    ($where:literal) => {
        concat!(
            "SELECT alerts.id, REPLACE(projects.slug, '~' || projects.id, ''), projects.id, alerts.dedup_key,
                    alerts.severity, alerts.message, alerts.state, alerts.requests, alerts.opened_at, alerts.updated_at
             FROM alerts JOIN projects ON projects.id = alerts.project_id WHERE alerts.org_id = $1 AND ",
            $where
        )
    };
}

// An alert's id is a UUID of version 7: newest first by id is newest first by time.
const ALERTS: &str = alerts!("alerts.id < $2 ORDER BY alerts.id DESC LIMIT $3");
const ALERTS_IN_STATE: &str =
    alerts!("alerts.state = $4 AND alerts.id < $2 ORDER BY alerts.id DESC LIMIT $3");
const ALERTS_OF_PROJECT: &str =
    alerts!("alerts.project_id = $4 AND alerts.id < $2 ORDER BY alerts.id DESC LIMIT $3");
const ALERTS_OF_PROJECT_IN_STATE: &str = alerts!(
    "alerts.project_id = $4 AND alerts.state = $5 AND alerts.id < $2 ORDER BY alerts.id DESC LIMIT $3"
);
const ALERTS_SO_BAD: &str =
    alerts!("alerts.severity = $4 AND alerts.id < $2 ORDER BY alerts.id DESC LIMIT $3");
const ALERTS_IN_STATE_SO_BAD: &str =
    alerts!("alerts.state = $4 AND alerts.severity = $5 AND alerts.id < $2 ORDER BY alerts.id DESC LIMIT $3");
const ALERTS_OF_PROJECT_SO_BAD: &str = alerts!(
    "alerts.project_id = $4 AND alerts.severity = $5 AND alerts.id < $2 ORDER BY alerts.id DESC LIMIT $3"
);
const ALERTS_OF_PROJECT_IN_STATE_SO_BAD: &str = alerts!(
    "alerts.project_id = $4 AND alerts.state = $5 AND alerts.severity = $6 AND alerts.id < $2
     ORDER BY alerts.id DESC LIMIT $3"
);
const ALERT: &str = alerts!("alerts.id = $2");
/// Sorts after every id.
const NEWEST: &str = "g";

/// Reads a page.
///
/// # Errors
/// [`StoreError`]
pub async fn page(store: &Store, query: AlertQuery) -> Result<AlertPage, StoreError> {
    store.read(move |tx| read(tx, &query)).await
}

/// Reads one alert of this organization, with its timeline after an entry; `None` where it has none
/// with this id.
///
/// # Errors
/// [`StoreError`]
pub async fn detail(
    store: &Store,
    org: OrgId,
    id: AlertId,
    after: i64,
    limit: u16,
) -> Result<Option<AlertDetail>, StoreError> {
    store
        .read(move |tx| {
            let Some(alert) = tx.row(ALERT, &[&org, &id], alert)? else { return Ok(None) };
            let calls = calls(tx, id)?;
            let call_counts = call_counts(tx, id)?;
            let timeline = timeline::page(tx, id, after, limit)?;
            Ok(Some(AlertDetail { alert, calls, call_counts, timeline }))
        })
        .await
}

fn read(tx: &mut Tx<'_>, query: &AlertQuery) -> Result<AlertPage, StoreError> {
    let before = query.before.map_or_else(|| NEWEST.to_owned(), |id| id.to_string());
    let one_more = i64::from(query.limit) + 1;
    let mut params: Vec<&dyn ToValue> = vec![&query.org_id, &before, &one_more];
    let (project, state, severity) = (query.project, query.state.map(AlertState::as_str), query.severity);
    params.extend(project.iter().map(|project| project as &dyn ToValue));
    params.extend(state.iter().map(|state| state as &dyn ToValue));
    params.extend(severity.iter().map(|severity| severity as &dyn ToValue));
    let sql = match (&project, &state, &severity) {
        (None, None, None) => ALERTS,
        (None, Some(_), None) => ALERTS_IN_STATE,
        (Some(_), None, None) => ALERTS_OF_PROJECT,
        (Some(_), Some(_), None) => ALERTS_OF_PROJECT_IN_STATE,
        (None, None, Some(_)) => ALERTS_SO_BAD,
        (None, Some(_), Some(_)) => ALERTS_IN_STATE_SO_BAD,
        (Some(_), None, Some(_)) => ALERTS_OF_PROJECT_SO_BAD,
        (Some(_), Some(_), Some(_)) => ALERTS_OF_PROJECT_IN_STATE_SO_BAD,
    };
    let (items, next) = tx.page(sql, &params, query.limit, |row| row.get::<AlertId>(0), alert)?;
    Ok(AlertPage { items, next: next.map(|last| last.to_string()) })
}

fn calls(tx: &mut Tx<'_>, alert: AlertId) -> Result<Vec<AlertCall>, StoreError> {
    tx.legible(
        "SELECT calls.id, status, reason, account_id, COALESCE(display_name, ''), destination, calls.created_at, ended_at
         FROM calls LEFT JOIN accounts ON accounts.id = account_id
         WHERE alert_id = $1 ORDER BY calls.id DESC LIMIT $2",
        &[&alert, &MOST_CALLS],
        |row| {
            Ok(AlertCall {
                id: row.get::<CallId>(0)?.to_string(),
                status: row.get::<CallStatus>(1)?.to_string(),
                reason: row.get::<Option<Reason>>(2)?.map(|reason| reason.to_string()),
                account_id: row.get(3)?,
                display_name: row.get(4)?,
                destination: row.get(5)?,
                created_at: row.get::<Timestamp>(6)?.to_string(),
                ended_at: row.get::<Option<Timestamp>>(7)?.map(|at| at.to_string()),
            })
        },
    )
}

fn call_counts(tx: &mut Tx<'_>, alert: AlertId) -> Result<BTreeMap<String, i64>, StoreError> {
    let counted = tx.legible(
        "SELECT status, COUNT(*) FROM calls WHERE alert_id = $1 GROUP BY status",
        &[&alert],
        |row| Ok((row.get::<CallStatus>(0)?.to_string(), row.get(1)?)),
    )?;
    Ok(counted.into_iter().collect())
}

fn alert(row: &Row) -> Result<AlertView, StoreError> {
    Ok(AlertView {
        id: row.get::<AlertId>(0)?.to_string(),
        project: row.get(1)?,
        project_id: row.get::<ProjectId>(2)?.to_string(),
        dedup_key: row.get(3)?,
        severity: row.get::<Severity>(4)?.to_string(),
        message: row.get(5)?,
        state: row.get(6)?,
        requests: row.get(7)?,
        opened_at: row.get::<Timestamp>(8)?.to_string(),
        updated_at: row.get::<Timestamp>(9)?.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn a_page_of_alerts_reads_no_more_of_them_than_it_shows() {
        let store = testing::store().await;
        for (sql, index) in [
            (ALERTS, "alerts_by_org (org_id=? AND id<?)"),
            (ALERTS_IN_STATE, "alerts_by_state (org_id=? AND state=? AND id<?)"),
            (ALERTS_OF_PROJECT, "alerts_by_project (project_id=? AND id<?)"),
            (ALERTS_OF_PROJECT_IN_STATE, "alerts_by_project_and_state (project_id=? AND state=? AND id<?)"),
            (ALERTS_SO_BAD, "alerts_by_severity (org_id=? AND severity=? AND id<?)"),
            (
                ALERTS_IN_STATE_SO_BAD,
                "alerts_by_state_and_severity (org_id=? AND state=? AND severity=? AND id<?)",
            ),
            (
                ALERTS_OF_PROJECT_SO_BAD,
                "alerts_by_project_and_severity (project_id=? AND severity=? AND id<?)",
            ),
            (
                ALERTS_OF_PROJECT_IN_STATE_SO_BAD,
                "alerts_by_project_state_and_severity (project_id=? AND state=? AND severity=? AND id<?)",
            ),
        ] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let count = (3..=6).rev().find(|number| sql.contains(&format!("${number}"))).unwrap();
            let plan = store.read(move |tx| {
                let params: [&dyn ToValue; 6] = [&"org", &NEWEST, &1i64, &"open", &"open", &"open"];
                tx.rows(sql, &params[..count], |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
