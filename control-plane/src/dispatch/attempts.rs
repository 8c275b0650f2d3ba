//! Attempts: rows of `call_logs`, one for each dial order.

use super::{call::Send, queue::Queued};
use crate::{
    fleet::choice::Busy,
    store::{StoreError, Tx},
};
use shared::{
    ids::{AttemptId, CallId, PbxId},
    outcome::{AttemptStatus, Reason},
    protocol::{AttemptEvent, Ending},
    time::Timestamp,
};

/// Writes down an attempt whose order is about to be sent.
pub(super) fn insert(tx: &mut Tx<'_>, call: &Queued, send: &Send, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO call_logs (id, call_id, request_id, org_id, destination, pbx_id, trunk, status,
                                possible_duplicate, initiated_at, unsettled)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
        &[
            &send.attempt,
            &call.id,
            &call.request_id,
            &call.org_id,
            &call.destination,
            &send.route.pbx,
            &send.route.trunk,
            &AttemptStatus::Initiated,
            &i64::from(send.possible_duplicate),
            &now,
        ],
    )?;
    Ok(())
}

/// The call of an attempt; `None` when this host was never given it.
pub(super) fn call_of(tx: &mut Tx<'_>, attempt: AttemptId, pbx: PbxId) -> Result<Option<CallId>, StoreError> {
    tx.row("SELECT call_id FROM call_logs WHERE id = $1 AND pbx_id = $2", &[&attempt, &pbx], |row| row.get(0))
}

/// Attempts of a host whose end it has not told.
pub(super) fn unsettled(tx: &mut Tx<'_>, pbx: PbxId) -> Result<Vec<AttemptId>, StoreError> {
    tx.rows("SELECT id FROM call_logs WHERE pbx_id = $1 AND unsettled = 1 ORDER BY id", &[&pbx], |row| {
        row.get(0)
    })
}

/// Attempts under way, by host and trunk.
pub(super) fn busy(tx: &mut Tx<'_>) -> Result<Busy, StoreError> {
    let counted = tx.rows(
        "SELECT pbx_id, trunk, COUNT(*) FROM call_logs WHERE ended_at IS NULL GROUP BY pbx_id, trunk",
        &[],
        |row| Ok((row.get::<PbxId>(0)?, row.get::<String>(1)?, row.get::<u32>(2)?)),
    )?;
    let mut busy = Busy::new();
    for (pbx, trunk, count) in counted {
        busy.entry(pbx).or_default().insert(trunk, count);
    }
    Ok(busy)
}

/// Notes what a host reports. News that come late, after the attempt was given up, count too; none
/// takes back an acknowledgement.
pub(super) fn note(
    tx: &mut Tx<'_>,
    attempt: AttemptId,
    at: Timestamp,
    event: &AttemptEvent,
) -> Result<(), StoreError> {
    match event {
        AttemptEvent::Refused { reason, .. } => refused(tx, attempt, at, *reason),
        AttemptEvent::Originated { ari_status } => originated(tx, attempt, at, *ari_status),
        AttemptEvent::Ringing => ringing(tx, attempt, at),
        AttemptEvent::Answered => answered(tx, attempt, at),
        AttemptEvent::Key { digit: '1' } => acknowledged(tx, attempt, at),
        AttemptEvent::Key { .. } => Ok(()),
        AttemptEvent::Ended(ending) => ended(tx, attempt, at, ending),
    }
}

/// Nothing was heard of its end in time. Its host is asked again when it comes back.
pub(super) fn give_up(tx: &mut Tx<'_>, attempt: AttemptId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE call_logs SET ended_at = COALESCE(ended_at, $2),
                              status = CASE WHEN status IN ('initiated', 'placed') THEN 'failed' ELSE status END
         WHERE id = $1",
        &[&attempt, &now],
    )?;
    Ok(())
}

/// The order certainly was not and will not be started; said of one that had been answered, it means
/// that the host lost its journal.
pub(super) fn close_unstarted(tx: &mut Tx<'_>, attempt: AttemptId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE call_logs SET status = CASE WHEN status IN ('initiated', 'placed') THEN 'failed' ELSE status END,
                              reason = CASE WHEN status IN ('initiated', 'placed') THEN $3 ELSE reason END,
                              ended_at = COALESCE(ended_at, $2), unsettled = 0
         WHERE id = $1 AND unsettled = 1",
        &[&attempt, &now, &Reason::NoPbx],
    )?;
    Ok(())
}

fn refused(tx: &mut Tx<'_>, id: AttemptId, at: Timestamp, reason: Reason) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE call_logs SET status = 'refused', reason = $3, ended_at = $2, unsettled = 0 WHERE id = $1",
        &[&id, &at, &reason],
    )?;
    Ok(())
}

fn originated(tx: &mut Tx<'_>, id: AttemptId, at: Timestamp, ari_status: u16) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE call_logs SET placed_at = $2, ari_status = $3,
                              status = CASE WHEN status = 'initiated' THEN 'placed' ELSE status END
         WHERE id = $1",
        &[&id, &at, &ari_status],
    )?;
    Ok(())
}

fn ringing(tx: &mut Tx<'_>, id: AttemptId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE call_logs SET ringing_at = COALESCE(ringing_at, $2) WHERE id = $1", &[&id, &at])?;
    Ok(())
}

/// A channel is up once the carrier has sent its 200 (RFC 3261 §13.3.1.4).
fn answered(tx: &mut Tx<'_>, id: AttemptId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE call_logs SET answered_at = $2, sip_code = 200,
                              status = CASE WHEN status = 'acknowledged' THEN status ELSE 'answered' END
         WHERE id = $1",
        &[&id, &at],
    )?;
    Ok(())
}

fn acknowledged(tx: &mut Tx<'_>, id: AttemptId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE call_logs SET status = 'acknowledged', acknowledged_at = COALESCE(acknowledged_at, $2)
         WHERE id = $1",
        &[&id, &at],
    )?;
    Ok(())
}

fn ended(tx: &mut Tx<'_>, id: AttemptId, at: Timestamp, ending: &Ending) -> Result<(), StoreError> {
    let Ending { status, sip_code, hangup_cause, ari_status, reason, unwitnessed: _ } = ending;
    tx.execute(
        "UPDATE call_logs SET status = CASE WHEN status = 'acknowledged' THEN status ELSE $3 END,
                              sip_code = COALESCE($4, sip_code), hangup_cause = $5,
                              ari_status = COALESCE($6, ari_status), reason = $7, ended_at = $2,
                              duration_ms = (CASE WHEN $2 > answered_at THEN $2 - answered_at ELSE 0 END) / 1000,
                              unsettled = 0
         WHERE id = $1",
        &[&id, &at, status, sip_code, hangup_cause, ari_status, reason],
    )?;
    Ok(())
}
