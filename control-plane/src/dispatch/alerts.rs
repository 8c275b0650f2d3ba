//! Alerts: what one request, or several with the same dedup key, opened.

use crate::store::{StoreError, ToValue, Tx};
use shared::{
    ids::{AlertId, EndpointId, OrgId, ProjectId},
    severity::Severity,
    time::Timestamp,
};
use std::time::Duration;

/// An alert to be opened.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// Made at the edge.
    pub id: AlertId,
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
    Ok(())
}

/// The alert of this endpoint that is not closed and has this dedup key.
///
/// # Errors
/// [`StoreError`]
pub fn live(tx: &mut Tx<'_>, endpoint: EndpointId, dedup_key: &str) -> Result<Option<LiveAlert>, StoreError> {
    tx.row(
        "SELECT id, state, EXISTS (
             SELECT 1 FROM calls WHERE calls.alert_id = alerts.id AND calls.status IN ('queued', 'calling')),
                severity, updated_at
         FROM alerts WHERE endpoint_id = $1 AND dedup_key = $2 AND state <> 'closed'",
        &[&endpoint, &dedup_key],
        |row| {
            Ok(LiveAlert {
                id: row.get(0)?,
                acknowledged: row.get::<String>(1)? == "acknowledged",
                calling: row.get::<i64>(2)? != 0,
                severity: row.get(3)?,
                updated_at: row.get(4)?,
            })
        },
    )
}

/// Counts one more request into an alert. The severity rises to the more urgent of the two, and so
/// does the urgency of the calls that are not over; what has become worse since somebody took it is
/// open again.
///
/// # Errors
/// [`StoreError`]
pub fn repeat(
    tx: &mut Tx<'_>,
    live: &LiveAlert,
    severity: Severity,
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
    Ok(())
}

/// Closes an alert and cancels its calls, as soon as the dispatcher is nudged.
///
/// # Errors
/// [`StoreError`]
pub fn close(tx: &mut Tx<'_>, id: AlertId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE alerts SET state = 'closed', updated_at = $2 WHERE id = $1", &[&id, &at])?;
    cancel_calls(tx, id, at)
}

// How calls are cancelled and alerts closed. An endpoint whose sender never says that all is well has
// as many of them as it had requests, so each way has statements of its own for the index.
macro_rules! unkeyed {
    ($($and:literal)?) => {
        (
            concat!(
                "UPDATE calls SET cancel_wanted = 1, due_at = $2
                 WHERE status IN ('queued', 'calling') AND alert_id IN (
                     SELECT id FROM alerts WHERE endpoint_id = $1 AND dedup_key IS NULL AND state <> 'closed'",
                $($and,)?
                ")"
            ),
            concat!(
                "UPDATE alerts SET state = 'closed', updated_at = $2
                 WHERE endpoint_id = $1 AND dedup_key IS NULL AND state <> 'closed'",
                $($and,)?
                " RETURNING id"
            ),
        )
    };
}

const UNKEYED: (&str, &str) = unkeyed!();
const UNKEYED_WITH_MESSAGE: (&str, &str) = unkeyed!(" AND message = $3");

/// Closes the alerts of this endpoint that have no dedup key: those with this message, or all when
/// `message` is `None`. The newest of them.
///
/// # Errors
/// [`StoreError`]
pub fn close_unkeyed(
    tx: &mut Tx<'_>,
    endpoint: EndpointId,
    message: Option<&str>,
    at: Timestamp,
) -> Result<Option<AlertId>, StoreError> {
    let mut params: Vec<&dyn ToValue> = vec![&endpoint, &at];
    let (cancel, close) = match &message {
        Some(message) => {
            params.push(message);
            UNKEYED_WITH_MESSAGE
        }
        None => UNKEYED,
    };
    tx.execute(cancel, &params)?;
    let closed = tx.rows(close, &params, |row| row.get::<AlertId>(0))?;
    Ok(closed.into_iter().max())
}

/// Somebody was reached: the alert is theirs, and its other calls are no longer needed.
pub(super) fn taken(tx: &mut Tx<'_>, id: AlertId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE alerts SET state = 'acknowledged', updated_at = $2 WHERE id = $1 AND state = 'open'",
        &[&id, &at],
    )?;
    cancel_calls(tx, id, at)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn a_resolve_reads_no_more_alerts_than_it_closes() {
        let store = testing::store().await;
        let (cancel, close) = UNKEYED_WITH_MESSAGE;
        for sql in [cancel, close] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store
                .read(move |tx| tx.rows(sql, &[&"endpoint", &1i64, &"db up"], |row| row.get::<String>(3)));
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains("alerts_live_unkeyed (endpoint_id=? AND message=?)"), "{plan}");
        }
    }
}
