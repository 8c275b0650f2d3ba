//! A resolve without a dedup key: it may close many alerts at once.

use crate::store::{Change, Changed, StoreError, ToValue, Tx};
use shared::{
    ids::{AlertId, EndpointId, RequestId},
    time::Timestamp,
};

// How calls are cancelled and alerts closed. An endpoint whose sender never says that all is well has
// as many of them as it had requests, so each way has statements of its own for the index.
macro_rules! unkeyed {
    ($request:literal $(, $and:literal)?) => {
        Unkeyed {
            cancel: concat!(
                "UPDATE calls SET cancel_wanted = 1, due_at = $2
                 WHERE status IN ('queued', 'calling') AND alert_id IN (
                     SELECT id FROM alerts WHERE endpoint_id = $1 AND dedup_key IS NULL AND state <> 'closed'",
                $($and,)?
                ")"
            ),
            record: concat!(
                "INSERT INTO alert_events (alert_id, seq, at, kind, count, request_id)
                 SELECT id, (SELECT COALESCE(MAX(seq), 0) + 1 FROM alert_events
                             WHERE alert_events.alert_id = alerts.id), $2, 'closed', 1, ",
                $request,
                " FROM alerts WHERE endpoint_id = $1 AND dedup_key IS NULL AND state <> 'closed'",
                $($and)?
            ),
            close: concat!(
                "UPDATE alerts SET state = 'closed', updated_at = $2
                 WHERE endpoint_id = $1 AND dedup_key IS NULL AND state <> 'closed'",
                $($and,)?
                " RETURNING id, org_id, project_id"
            ),
        }
    };
}

/// The statements of one way to close, in their order: the last one ends what the others look for.
/// All take endpoint, moment and message; `record` the request after them.
struct Unkeyed {
    cancel: &'static str,
    record: &'static str,
    close: &'static str,
}

const UNKEYED: Unkeyed = unkeyed!("$3");
const UNKEYED_WITH_MESSAGE: Unkeyed = unkeyed!("$4", " AND message = $3");

/// Closes the alerts of this endpoint that have no dedup key: those with this message, or all when
/// `message` is `None`. The newest of them.
///
/// # Errors
/// [`StoreError`]
pub fn close_unkeyed(
    tx: &mut Tx<'_>,
    endpoint: EndpointId,
    message: Option<&str>,
    request: RequestId,
    at: Timestamp,
) -> Result<Option<AlertId>, StoreError> {
    let mut params: Vec<&dyn ToValue> = vec![&endpoint, &at];
    let Unkeyed { cancel, record, close } = match &message {
        Some(message) => {
            params.push(message);
            UNKEYED_WITH_MESSAGE
        }
        None => UNKEYED,
    };
    tx.execute(cancel, &params)?;
    params.push(&request);
    tx.execute(record, &params)?;
    params.pop();
    let closed = tx.rows(close, &params, |row| {
        let id = row.get(0)?;
        Ok((id, Change { org: row.get(1)?, project: row.get(2)?, what: Changed::Alert(id) }))
    })?;
    for (_, change) in &closed {
        tx.announce(*change);
    }
    Ok(closed.into_iter().map(|(id, _)| id).max())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn a_resolve_reads_no_more_alerts_than_it_closes() {
        let store = testing::store().await;
        let Unkeyed { cancel, record, close } = UNKEYED_WITH_MESSAGE;
        for (sql, count) in [(cancel, 3), (record, 4), (close, 3)] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store.read(move |tx| {
                let params: [&dyn ToValue; 4] = [&"endpoint", &1i64, &"db up", &"request"];
                tx.rows(sql, &params[..count], |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains("alerts_live_unkeyed (endpoint_id=? AND message=?)"), "{plan}");
        }
    }

    #[tokio::test]
    async fn the_newest_that_says_the_same_is_found_without_a_look_at_the_others() {
        let store = testing::store().await;
        let sql: &'static str = format!("EXPLAIN QUERY PLAN {}", super::super::LIVE_UNKEYED).leak();
        let plan = store.read(move |tx| tx.rows(sql, &[&"endpoint", &"db down"], |row| row.get::<String>(3)));
        let plan = plan.await.unwrap().join("; ");
        assert!(plan.contains("alerts_live_unkeyed (endpoint_id=? AND message=?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
