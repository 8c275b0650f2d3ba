//! How calls and attempts ended, counted by the hour, so that nobody has to count the history.
//!
//! Counted in the transaction of each end. What an end that comes late makes of one that was counted before takes its place
//! in the hour where that stands: a row is counted once, as it stands now.

use crate::store::{Row, StoreError, Tx};
use shared::{
    ids::{AttemptId, CallId, OrgId, PbxId, ProjectId},
    outcome::{AttemptStatus, CallStatus},
    time::Timestamp,
};

const HOUR: i64 = 3_600_000_000;

/// Ends of the spans in which answers are counted, in seconds from a call's making; what took longer is counted as 0.
pub(super) const SPANS: [u32; 11] = [5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600];

/// The hour of a moment, by its beginning.
pub(super) fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros().div_euclid(HOUR) * HOUR)
}

/// A new call that was over at once.
pub(super) fn call_ended_at_once(
    tx: &mut Tx<'_>,
    org: OrgId,
    project: ProjectId,
    status: CallStatus,
    at: Timestamp,
) -> Result<(), StoreError> {
    add_call(tx, org, project, status, at, 1)
}

/// A call is about to stand so: to be asked before its row says it.
pub(super) fn call_ends(
    tx: &mut Tx<'_>,
    id: CallId,
    status: CallStatus,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !status.is_final() {
        return Ok(());
    }
    let before =
        tx.row("SELECT org_id, project_id, status, ended_at FROM calls WHERE id = $1", &[&id], |row| {
            Ok(call(row).ok())
        })?;
    let Some((org, project, before, ended_at)) = before.flatten() else { return Ok(()) };
    let at = ended_at.unwrap_or(now);
    if before == status && ended_at.is_some() {
        return Ok(());
    }
    if before.is_final() && ended_at.is_some() {
        add_call(tx, org, project, before, at, -1)?;
    }
    add_call(tx, org, project, status, at, 1)
}

/// Of a row that is damaged nothing is counted: it must not keep the call from its end.
fn call(row: &Row) -> Result<(OrgId, ProjectId, CallStatus, Option<Timestamp>), StoreError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn add_call(
    tx: &mut Tx<'_>,
    org: OrgId,
    project: ProjectId,
    status: CallStatus,
    at: Timestamp,
    calls: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO call_figures (org_id, hour, project_id, status, calls) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (org_id, hour, project_id, status) DO UPDATE SET calls = call_figures.calls + excluded.calls",
        &[&org, &hour_of(at), &project, &status, &calls],
    )
    .map(drop)
}

/// An attempt is about to be answered: to be asked before its row says it. The first answer of a call counts.
pub(super) fn answered(tx: &mut Tx<'_>, attempt: AttemptId, at: Timestamp) -> Result<(), StoreError> {
    let first = tx.row(
        "SELECT calls.org_id, calls.project_id, calls.created_at
         FROM call_logs JOIN calls ON calls.id = call_logs.call_id
         WHERE call_logs.id = $1
               AND NOT EXISTS (SELECT 1 FROM call_logs AS others
                               WHERE others.call_id = calls.id AND others.answered_at IS NOT NULL)",
        &[&attempt],
        |row| {
            let read = |row: &Row| -> Result<_, StoreError> {
                Ok((row.get::<OrgId>(0)?, row.get::<ProjectId>(1)?, row.get::<Timestamp>(2)?))
            };
            Ok(read(row).ok())
        },
    )?;
    let Some((org, project, made_at)) = first.flatten() else { return Ok(()) };
    tx.execute(
        "INSERT INTO answer_figures (org_id, hour, project_id, upto, calls) VALUES ($1, $2, $3, $4, 1)
         ON CONFLICT (org_id, hour, project_id, upto) DO UPDATE SET calls = answer_figures.calls + 1",
        &[&org, &hour_of(at), &project, &span_of(made_at, at)],
    )
    .map(drop)
}

fn span_of(made_at: Timestamp, answered_at: Timestamp) -> u32 {
    let took = answered_at.since(made_at).as_micros();
    SPANS.into_iter().find(|upto| took <= u128::from(*upto) * 1_000_000).unwrap_or(0)
}

/// What an attempt counts for; nothing before it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    org: OrgId,
    project: ProjectId,
    pbx: PbxId,
    trunk: String,
    /// When it was made.
    hour: Timestamp,
    has_ended: bool,
    answered: bool,
    status: AttemptStatus,
    /// From the order to the first ring, milliseconds.
    rang_after: Option<i64>,
}

/// What an attempt counts for as it stands in its row.
pub(super) fn of_attempt(tx: &mut Tx<'_>, id: AttemptId) -> Result<Option<Counted>, StoreError> {
    tx.row(
        "SELECT call_logs.org_id, calls.project_id, pbx_id, trunk, initiated_at, call_logs.ended_at, answered_at,
                call_logs.status, ringing_at
         FROM call_logs JOIN calls ON calls.id = call_logs.call_id WHERE call_logs.id = $1",
        &[&id],
        |row| Ok(counted(row).ok()),
    )
    .map(Option::flatten)
}

fn counted(row: &Row) -> Result<Counted, StoreError> {
    let (made_at, status) = (row.get::<Timestamp>(4)?, row.get::<AttemptStatus>(7)?);
    let picked_up = row.get::<Option<Timestamp>>(6)?.is_some();
    let rang_at = row.get::<Option<Timestamp>>(8)?;
    Ok(Counted {
        org: row.get(0)?,
        project: row.get(1)?,
        pbx: row.get(2)?,
        trunk: row.get(3)?,
        hour: hour_of(made_at),
        has_ended: row.get::<Option<Timestamp>>(5)?.is_some(),
        answered: picked_up || matches!(status, AttemptStatus::Answered | AttemptStatus::Acknowledged),
        status,
        rang_after: rang_at.map(|at| i64::try_from(at.since(made_at).as_millis()).unwrap_or(i64::MAX)),
    })
}

/// An attempt has changed: what it counts for now takes the place of what it counted for before.
pub(super) fn attempt_changed(
    tx: &mut Tx<'_>,
    id: AttemptId,
    before: Option<Counted>,
) -> Result<(), StoreError> {
    let after = of_attempt(tx, id)?;
    if before == after {
        return Ok(());
    }
    for (counted, by) in [(before, -1), (after, 1)] {
        if let Some(counted) = counted.filter(|it| it.has_ended) {
            add_attempt(tx, &counted, by)?;
        }
    }
    Ok(())
}

fn add_attempt(tx: &mut Tx<'_>, it: &Counted, by: i64) -> Result<(), StoreError> {
    let is = |status: AttemptStatus| if !it.answered && it.status == status { by } else { 0 };
    let (busy, no_answer, rejected) =
        (is(AttemptStatus::Busy), is(AttemptStatus::NoAnswer), is(AttemptStatus::Rejected));
    let answered = if it.answered { by } else { 0 };
    tx.execute(
        "INSERT INTO trunk_figures (org_id, hour, project_id, pbx_id, trunk, attempts, answered, busy, no_answer,
                                    rejected, failed, refused, reached, ringing, ringing_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (org_id, hour, project_id, pbx_id, trunk) DO UPDATE SET
             attempts = trunk_figures.attempts + excluded.attempts,
             answered = trunk_figures.answered + excluded.answered,
             busy = trunk_figures.busy + excluded.busy,
             no_answer = trunk_figures.no_answer + excluded.no_answer,
             rejected = trunk_figures.rejected + excluded.rejected,
             failed = trunk_figures.failed + excluded.failed,
             refused = trunk_figures.refused + excluded.refused,
             reached = trunk_figures.reached + excluded.reached,
             ringing = trunk_figures.ringing + excluded.ringing,
             ringing_ms = trunk_figures.ringing_ms + excluded.ringing_ms",
        &[
            &it.org,
            &it.hour,
            &it.project,
            &it.pbx,
            &it.trunk,
            &by,
            &answered,
            &busy,
            &no_answer,
            &rejected,
            &is(AttemptStatus::Failed),
            &is(AttemptStatus::Refused),
            &(answered + busy + no_answer + rejected),
            &it.rang_after.map_or(0, |_| by),
            &it.rang_after.map_or(0, |after| after.saturating_mul(by)),
        ],
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_in_the_span_that_it_fell_into() {
        let at = |seconds: i64| Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000);
        for (took, span) in [(-3, 5), (0, 5), (5, 5), (6, 10), (45, 45), (121, 300), (600, 600), (601, 0)] {
            assert_eq!(span_of(at(0), at(took)), span, "{took}");
        }
        assert_eq!(hour_of(Timestamp::from_micros(HOUR + 1)), Timestamp::from_micros(HOUR));
        assert_eq!(hour_of(Timestamp::from_micros(-1)), Timestamp::from_micros(-HOUR));
    }
}
