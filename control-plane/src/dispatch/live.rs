//! What is under way and what waits, of everybody: for operators. The work grows with that, and not with history.

use super::queue::severity_of;
use crate::{
    store::{Row, StoreError, Tx},
    words,
};
use serde::Serialize;
use shared::{
    ids::{AttemptId, CallId, OrgId},
    outcome::{AttemptStatus, CallStatus, Reason},
    severity::Severity,
    time::Timestamp,
};
use utoipa::ToSchema;

/// Organizations that are named with what they have in the queue.
const MOST_ORGANIZATIONS: u16 = 10;

/// A call that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LiveCall {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Whose it is.
    #[schema(format = "uuid")]
    pub org_id: String,
    /// Name of the organization.
    pub organization: String,
    /// Slug of the project.
    pub project: String,
    /// The last four digits of the phone, `…4567`; empty where there is none.
    pub destination: String,
    /// Where it stands.
    #[schema(value_type = words::CallStatus)]
    pub status: String,
    /// What a queued call waits for.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<String>,
    /// How bad what it is about is.
    #[schema(value_type = words::Severity)]
    pub severity: String,
    /// RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When something is to be done about it next, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub due_at: Option<String>,
    /// When it ends by itself, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub expires_at: String,
    /// The dial order that is under way, if one is.
    pub attempt: Option<LiveAttempt>,
}

/// A dial order that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LiveAttempt {
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
    /// When the order was sent, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub initiated_at: String,
}

const CALLS: &str =
    "SELECT calls.id, calls.org_id, orgs.name, REPLACE(projects.slug, '~' || projects.id, ''), calls.destination,
            calls.status, calls.reason, calls.urgency, calls.created_at, calls.due_at, calls.expires_at,
            call_logs.id, pbxs.name, call_logs.trunk, call_logs.status, call_logs.initiated_at
     FROM calls JOIN orgs ON orgs.id = calls.org_id JOIN projects ON projects.id = calls.project_id
     LEFT JOIN call_logs ON call_logs.id = (
         SELECT MAX(live.id) FROM call_logs AS live WHERE live.call_id = calls.id AND live.ended_at IS NULL)
     LEFT JOIN pbxs ON pbxs.id = call_logs.pbx_id
     WHERE calls.status IN ('queued', 'calling') AND calls.id > $1 ORDER BY calls.id LIMIT $2";

/// A page of the calls that are not over, the oldest first, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(tx: &mut Tx<'_>, after: &str, limit: u16) -> Result<(Vec<LiveCall>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(CALLS, &[&after, &one_more], limit, |row| row.get(0), call)
}

fn call(row: &Row) -> Result<LiveCall, StoreError> {
    let attempt = match row.get::<Option<AttemptId>>(11)? {
        None => None,
        Some(id) => Some(LiveAttempt {
            id: id.to_string(),
            pbx: row.get(12)?,
            trunk: row.get(13)?,
            status: row.get::<AttemptStatus>(14)?.to_string(),
            initiated_at: row.get::<Timestamp>(15)?.to_string(),
        }),
    };
    Ok(LiveCall {
        id: row.get::<CallId>(0)?.to_string(),
        org_id: row.get::<OrgId>(1)?.to_string(),
        organization: row.get(2)?,
        project: row.get(3)?,
        destination: masked(&row.get::<String>(4)?),
        status: row.get::<CallStatus>(5)?.to_string(),
        reason: row.get::<Option<Reason>>(6)?.map(|reason| reason.to_string()),
        severity: severity_of(row.get(7)?).to_string(),
        created_at: row.get::<Timestamp>(8)?.to_string(),
        due_at: row.get::<Option<Timestamp>>(9)?.map(|at| at.to_string()),
        expires_at: row.get::<Timestamp>(10)?.to_string(),
        attempt,
    })
}

/// The last four digits, of what was stored as a phone's number.
fn masked(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let last: String = digits[digits.len().saturating_sub(4)..].iter().collect();
    if last.is_empty() { last } else { format!("…{last}") }
}

/// What waits, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueView {
    /// Calls that wait for their turn.
    pub queued: u32,
    /// Calls with a dial order under way.
    pub calling: u32,
    /// When the oldest of those that wait was made, RFC 3339, UTC.
    #[schema(format = "date-time")]
    pub oldest_queued_at: Option<String>,
    /// Those that wait, by how bad what they are about is, the most urgent first.
    pub by_severity: Vec<QueuedOfSeverity>,
    /// Those that wait, by what they wait for.
    pub by_reason: Vec<QueuedForReason>,
    /// The organizations with most of them.
    pub by_organization: Vec<QueuedOfOrganization>,
}

/// How many calls of a severity wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueuedOfSeverity {
    /// Which.
    #[schema(value_type = words::Severity)]
    pub severity: &'static str,
    /// How many.
    pub queued: u32,
}

/// How many calls wait for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueuedForReason {
    /// For what; null where it is a pause or their turn.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<&'static str>,
    /// How many.
    pub queued: u32,
}

/// What an organization has in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueuedOfOrganization {
    /// Which.
    #[schema(format = "uuid")]
    pub org_id: String,
    /// Its name.
    pub name: String,
    /// Calls that wait.
    pub queued: u32,
    /// Calls with a dial order under way.
    pub calling: u32,
}

const COUNTED: &str = "SELECT status, urgency, reason, COUNT(*), MIN(created_at) FROM calls
     WHERE status IN ('queued', 'calling') GROUP BY status, urgency, reason";

// Apart from the grouping, for which all calls would be read in the order of their organizations.
const BY_ORGANIZATION: &str = "WITH live (org_id, status) AS MATERIALIZED (
         SELECT org_id, status FROM calls WHERE status IN ('queued', 'calling'))
     SELECT org_id, MIN(orgs.name), SUM(CASE WHEN status = 'queued' THEN 1 ELSE 0 END) AS queued,
            SUM(CASE WHEN status = 'calling' THEN 1 ELSE 0 END) AS calling
     FROM live JOIN orgs ON orgs.id = org_id GROUP BY org_id ORDER BY queued DESC, calling DESC, org_id LIMIT $1";

/// Counts what waits and what is under way.
///
/// # Errors
/// [`StoreError`]
pub fn queue(tx: &mut Tx<'_>) -> Result<QueueView, StoreError> {
    let counted = tx.legible(COUNTED, &[], |row| {
        Ok(Counted {
            status: row.get(0)?,
            severity: severity_of(row.get(1)?),
            reason: row.get(2)?,
            calls: row.get(3)?,
            oldest: row.get(4)?,
        })
    })?;
    let by_organization = tx.legible(BY_ORGANIZATION, &[&MOST_ORGANIZATIONS], |row| {
        Ok(QueuedOfOrganization {
            org_id: row.get::<OrgId>(0)?.to_string(),
            name: row.get(1)?,
            queued: row.get(2)?,
            calling: row.get(3)?,
        })
    })?;
    let queued: Vec<&Counted> = counted.iter().filter(|it| it.status == CallStatus::Queued).collect();
    let all = |of: &dyn Fn(&Counted) -> bool| queued.iter().filter(|it| of(it)).map(|it| it.calls).sum();
    let by_severity = Severity::ALL.map(|severity| QueuedOfSeverity {
        severity: severity.as_str(),
        queued: all(&|it| it.severity == severity),
    });
    let reasons = std::iter::once(None).chain(Reason::ALL.iter().copied().map(Some));
    let by_reason = reasons.map(|reason| QueuedForReason {
        reason: reason.map(Reason::as_str),
        queued: all(&|it| it.reason == reason),
    });
    Ok(QueueView {
        queued: all(&|_| true),
        calling: counted.iter().filter(|it| it.status == CallStatus::Calling).map(|it| it.calls).sum(),
        oldest_queued_at: queued.iter().map(|it| it.oldest).min().map(|at| at.to_string()),
        by_severity: by_severity.into_iter().filter(|it| it.queued > 0).collect(),
        by_reason: by_reason.filter(|it| it.queued > 0).collect(),
        by_organization,
    })
}

/// Calls that stand alike.
struct Counted {
    status: CallStatus,
    severity: Severity,
    reason: Option<Reason>,
    calls: u32,
    oldest: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ToValue, testing};

    #[tokio::test]
    async fn calls_that_are_over_are_not_read() {
        let store = testing::store().await;
        for (sql, params, index) in
            [(CALLS, 2, "calls_live (id>?)"), (COUNTED, 0, "calls_live"), (BY_ORGANIZATION, 1, "calls_live")]
        {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store.read(move |tx| {
                let values: [&dyn ToValue; 2] = [&1i64, &1i64];
                tx.rows(sql, &values[..params], |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains(index), "{plan}");
            assert!(
                !plan.contains("SCAN call") || plan.contains("SCAN calls USING INDEX calls_live"),
                "{plan}"
            );
        }
    }

    #[test]
    fn four_digits_are_shown_and_no_more() {
        assert_eq!(masked("+380501234567"), "…4567");
        assert_eq!(masked("+12"), "…12");
        assert_eq!(masked(""), "");
    }
}
