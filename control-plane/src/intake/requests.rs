//! Stored requests, as their organization sees them.

use super::{Arrival, body};
use crate::store::{Row, StoreError, Tx};
use shared::{
    ids::{AlertId, EndpointId, OrgId, ProjectId, RequestId},
    severity::Severity,
    time::Timestamp,
};
use std::net::{IpAddr, Ipv4Addr};

pub use body::BodyKind;

/// What a list shows of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: RequestId,
    /// When it came.
    pub received_at: Timestamp,
    /// As it came, `POST`.
    pub method: String,
    /// As it was read.
    pub severity: Severity,
    /// As it was read.
    pub message: String,
    /// What was decided.
    pub action: String,
    /// The alert that it opened or belongs to.
    pub alert_id: Option<AlertId>,
    /// Of its body.
    pub bytes: u32,
    /// What its sender calls the body.
    pub content_type: Option<String>,
    /// Who sent it.
    pub remote: String,
}

/// One request, whole. Holds a body, so that it has no Debug output.
#[derive(Clone)]
pub struct Stored {
    /// What a list shows of it.
    pub summary: Summary,
    /// Where it came in.
    pub endpoint_id: EndpointId,
    /// What people call that; may be empty.
    pub endpoint_name: String,
    /// Slug of the project.
    pub project: String,
    /// The project's id.
    pub project_id: ProjectId,
    /// Raw query string.
    pub query: String,
    /// Names in lower case, without the secrets that are never stored.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
    /// JSON of what was answered.
    pub answer: String,
    /// The request that was taken in again as this one.
    pub replayed_from: Option<RequestId>,
}

impl Stored {
    /// The request as if it came now from there; without its idempotency key, which would get it the answer of then.
    pub fn arrival(&self, remote: IpAddr) -> Arrival {
        let headers = self.headers.iter().filter(|(name, _)| name != "idempotency-key");
        Arrival {
            remote,
            method: self.summary.method.clone(),
            query: self.query.clone(),
            headers: headers.cloned().collect(),
            body: self.body.clone().into(),
        }
    }

    /// What its body is made of.
    pub fn body_kind(&self) -> BodyKind {
        BodyKind::of(&self.arrival(Ipv4Addr::UNSPECIFIED.into()))
    }
}

macro_rules! summaries {
    ($which:literal) => {
        concat!(
            "SELECT id, received_at, method, severity, message, action, alert_id, LENGTH(body), headers, remote
             FROM incoming_requests WHERE ",
            $which,
            " AND id < $2 ORDER BY id DESC LIMIT $3"
        )
    };
}

// A request's id is a UUID of version 7: newest first by id is newest first by time.
const OF_ENDPOINT: &str = summaries!("endpoint_id = $1");
const OF_ALERT: &str = summaries!("alert_id = $1");
/// Sorts after every id.
const NEWEST: &str = "g";

/// A page of an endpoint's, newest first, and the id to go on after. The caller knows whose endpoint it is.
///
/// # Errors
/// [`StoreError`]
pub fn of_endpoint(
    tx: &mut Tx<'_>,
    endpoint: EndpointId,
    after: Option<RequestId>,
    limit: u16,
) -> Result<(Vec<Summary>, Option<String>), StoreError> {
    page(tx, OF_ENDPOINT, &endpoint.to_string(), after, limit)
}

/// The same of those that spoke of an alert.
///
/// # Errors
/// [`StoreError`]
pub fn of_alert(
    tx: &mut Tx<'_>,
    alert: AlertId,
    after: Option<RequestId>,
    limit: u16,
) -> Result<(Vec<Summary>, Option<String>), StoreError> {
    page(tx, OF_ALERT, &alert.to_string(), after, limit)
}

fn page(
    tx: &mut Tx<'_>,
    sql: &'static str,
    of: &str,
    after: Option<RequestId>,
    limit: u16,
) -> Result<(Vec<Summary>, Option<String>), StoreError> {
    let before = after.map_or_else(|| NEWEST.to_owned(), |id| id.to_string());
    let one_more = i64::from(limit) + 1;
    tx.page(sql, &[&of, &before, &one_more], limit, |row| row.get(0), |row| Ok(summary(row)?.0))
}

/// The newest that spoke of an alert.
///
/// # Errors
/// [`StoreError`]
pub fn newest_of_alert(tx: &mut Tx<'_>, org: OrgId, alert: AlertId) -> Result<Option<Stored>, StoreError> {
    let (newest, _) = of_alert(tx, alert, None, 1)?;
    newest.first().map_or(Ok(None), |newest| stored(tx, org, newest.id))
}

/// One of this organization; `None` where it has none with this id.
///
/// # Errors
/// [`StoreError`]
pub fn stored(tx: &mut Tx<'_>, org: OrgId, id: RequestId) -> Result<Option<Stored>, StoreError> {
    tx.row(
        "SELECT incoming_requests.id, received_at, method, severity, message, action, alert_id, LENGTH(body), headers,
                remote, endpoint_id, endpoints.name, REPLACE(projects.slug, '~' || projects.id, ''), projects.id,
                query, body, answer, replayed_from
         FROM incoming_requests
         JOIN endpoints ON endpoints.id = endpoint_id JOIN projects ON projects.id = endpoints.project_id
         WHERE incoming_requests.id = $1 AND incoming_requests.org_id = $2",
        &[&id, &org],
        |row| {
            let (summary, headers) = summary(row)?;
            Ok(Stored {
                summary,
                endpoint_id: row.get(10)?,
                endpoint_name: row.get(11)?,
                project: row.get(12)?,
                project_id: row.get(13)?,
                query: row.get(14)?,
                headers,
                body: row.get(15)?,
                answer: row.get(16)?,
                replayed_from: row.get(17)?,
            })
        },
    )
}

/// Its headers too.
fn summary(row: &Row) -> Result<(Summary, Vec<(String, String)>), StoreError> {
    let headers: Vec<(String, String)> = serde_json::from_str(&row.get::<String>(8)?).unwrap_or_default();
    let content_type =
        headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.clone());
    let summary = Summary {
        id: row.get(0)?,
        received_at: row.get(1)?,
        method: row.get(2)?,
        severity: row.get(3)?,
        message: row.get(4)?,
        action: row.get(5)?,
        alert_id: row.get(6)?,
        bytes: row.get(7)?,
        content_type,
        remote: row.get(9)?,
    };
    Ok((summary, headers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ToValue, testing};

    #[tokio::test]
    async fn a_page_of_requests_reads_no_more_of_them_than_it_shows() {
        let store = testing::store().await;
        for (sql, index) in [
            (OF_ENDPOINT, "incoming_requests_by_endpoint (endpoint_id=? AND id<?)"),
            (OF_ALERT, "incoming_requests_by_alert (alert_id=? AND id<?)"),
        ] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store.read(move |tx| {
                let params: [&dyn ToValue; 3] = [&"of", &NEWEST, &1i64];
                tx.rows(sql, &params, |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
