//! Attempts: rows of `call_logs`, one for each dial order.

use super::{call::Send, news, queue::Queued, rollup};
use crate::{
    fleet::choice::Busy,
    store::{StoreError, Tx},
};
use shared::{
    ids::{AttemptId, CallId, JournalId, OrgId, PbxId},
    outcome::{AttemptStatus, Reason},
    protocol::{AttemptEvent, Ending},
    time::Timestamp,
};
use std::collections::BTreeSet;

/// Whether an attempt rang this phone; also where nothing is known of it.
pub(super) fn is_to(tx: &mut Tx<'_>, attempt: AttemptId, destination: &str) -> Result<bool, StoreError> {
    let rang =
        tx.row("SELECT destination FROM call_logs WHERE id = $1", &[&attempt], |row| row.get::<String>(0))?;
    Ok(rang.is_none_or(|rang| rang == destination))
}

/// Writes down an attempt whose order is about to be sent to a host with this journal.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    call: &Queued,
    send: &Send,
    journal: Option<JournalId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO call_logs (id, call_id, request_id, org_id, destination, pbx_id, trunk, status,
                                possible_duplicate, initiated_at, unsettled, journal_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)",
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
            &journal,
        ],
    )?;
    news::of_call(tx, call);
    Ok(())
}

/// An attempt that a host was given.
pub(super) struct Given {
    pub(super) call: CallId,
    pub(super) trunk: String,
    /// When.
    pub(super) at: Timestamp,
    /// How long its call lives.
    pub(super) call_expires_at: Timestamp,
    /// Its end was told by somebody who saw it.
    pub(super) witnessed: bool,
}

/// `None` when this host was never given it.
pub(super) fn given_to(tx: &mut Tx<'_>, pbx: PbxId, attempt: AttemptId) -> Result<Option<Given>, StoreError> {
    tx.row(
        "SELECT call_id, trunk, initiated_at, expires_at, unsettled = 0 AND hangup_cause IS NOT NULL
         FROM call_logs JOIN calls ON calls.id = call_id
         WHERE call_logs.id = $1 AND pbx_id = $2",
        &[&attempt, &pbx],
        |row| {
            Ok(Given {
                call: row.get(0)?,
                trunk: row.get(1)?,
                at: row.get(2)?,
                call_expires_at: row.get(3)?,
                witnessed: row.get::<i64>(4)? != 0,
            })
        },
    )
}

/// Whether nothing was heard of an attempt whose order went to a host that had another journal then. It may
/// have rung all the same: what the host knew of it is lost.
pub(super) fn may_be_lost(
    tx: &mut Tx<'_>,
    attempt: AttemptId,
    journal: JournalId,
) -> Result<bool, StoreError> {
    let lost = tx.row(
        "SELECT 1 FROM call_logs WHERE id = $1 AND status = 'initiated' AND ended_at IS NULL AND journal_id <> $2",
        &[&attempt, &journal],
        |_| Ok(()),
    )?;
    Ok(lost.is_some())
}

/// How attempts ended that were made since then, the earliest first: the rating of every route.
pub(super) fn ended_since(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<PastEnd>, StoreError> {
    tx.legible(
        "SELECT pbx_id, trunk, ended_at, status, sip_code, hangup_cause, reason FROM call_logs
         WHERE initiated_at > $1 AND ended_at IS NOT NULL ORDER BY initiated_at DESC LIMIT 2000",
        &[&since],
        |row| {
            let ending = Ending {
                status: row.get(3)?,
                sip_code: row.get(4)?,
                hangup_cause: row.get(5)?,
                ari_status: None,
                reason: row.get(6)?,
                unwitnessed: false,
                spoken: false,
            };
            Ok(PastEnd { pbx: row.get(0)?, trunk: row.get(1)?, at: row.get(2)?, ending })
        },
    )
    .map(|mut ends| {
        ends.sort_by_key(|end| end.at);
        ends
    })
}

/// How an earlier attempt ended, and where.
pub(super) struct PastEnd {
    pub(super) pbx: PbxId,
    pub(super) trunk: String,
    pub(super) at: Timestamp,
    pub(super) ending: Ending,
}

/// Attempts of a host whose end it has not told.
pub(super) fn unsettled(tx: &mut Tx<'_>, pbx: PbxId) -> Result<Vec<AttemptId>, StoreError> {
    tx.legible("SELECT id FROM call_logs WHERE pbx_id = $1 AND unsettled = 1 ORDER BY id", &[&pbx], |row| {
        row.get(0)
    })
}

/// Attempts under way, by host and trunk.
pub(super) fn busy(tx: &mut Tx<'_>) -> Result<Busy, StoreError> {
    let counted = tx.legible(
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

/// Hosts that have said nothing of an order sent before this moment: their links may be silent.
pub(super) fn silent(tx: &mut Tx<'_>, sent_before: Timestamp) -> Result<BTreeSet<PbxId>, StoreError> {
    let hosts = tx.legible(
        "SELECT DISTINCT pbx_id FROM call_logs
         WHERE ended_at IS NULL AND status = 'initiated' AND initiated_at < $1",
        &[&sent_before],
        |row| row.get(0),
    )?;
    Ok(hosts.into_iter().collect())
}

/// What an organization has under way.
pub(super) struct UnderWay {
    /// On the phone that was asked about.
    pub(super) on_phone: u32,
    /// Nothing at all, on whatever phone.
    pub(super) nothing: bool,
}

/// What an organization has under way, above all on this phone.
pub(super) fn under_way(tx: &mut Tx<'_>, org: OrgId, phone: &str) -> Result<UnderWay, StoreError> {
    let found = tx.row(
        "SELECT (SELECT COUNT(*) FROM call_logs WHERE org_id = $1 AND destination = $2 AND ended_at IS NULL),
                EXISTS (SELECT 1 FROM call_logs WHERE org_id = $1 AND ended_at IS NULL)",
        &[&org, &phone],
        |row| Ok(UnderWay { on_phone: row.get(0)?, nothing: row.get::<i64>(1)? == 0 }),
    )?;
    Ok(found.unwrap_or(UnderWay { on_phone: 0, nothing: true }))
}

/// Notes what a host reports. News that come late, after the attempt was given up, count too; none
/// takes back an acknowledgement.
pub(super) fn note(
    tx: &mut Tx<'_>,
    attempt: AttemptId,
    at: Timestamp,
    event: &AttemptEvent,
) -> Result<(), StoreError> {
    if *event == AttemptEvent::Answered {
        rollup::answered(tx, attempt, at)?;
    }
    counting(tx, attempt, |tx| match event {
        AttemptEvent::Refused { reason, .. } => refused(tx, attempt, at, *reason),
        AttemptEvent::Originated { ari_status } => originated(tx, attempt, at, *ari_status),
        AttemptEvent::Ringing => ringing(tx, attempt, at),
        AttemptEvent::Answered => answered(tx, attempt, at),
        AttemptEvent::Key { digit: '1' } => acknowledged(tx, attempt, at),
        AttemptEvent::Key { .. } => Ok(()),
        AttemptEvent::Ended(ending) => ended(tx, attempt, at, ending),
    })
}

/// Changes an attempt, and what it counts for.
fn counting<T>(
    tx: &mut Tx<'_>,
    attempt: AttemptId,
    change: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let before = rollup::of_attempt(tx, attempt)?;
    let done = change(tx)?;
    rollup::attempt_changed(tx, attempt, before)?;
    Ok(done)
}

/// Nothing was heard of its end in time. Its host is asked again when it comes back. Over which route
/// it went.
pub(super) fn give_up(
    tx: &mut Tx<'_>,
    attempt: AttemptId,
    now: Timestamp,
) -> Result<Option<(PbxId, String)>, StoreError> {
    counting(tx, attempt, |tx| {
        tx.row(
            "UPDATE call_logs SET ended_at = COALESCE(ended_at, $2),
                                  status = CASE WHEN status IN ('initiated', 'placed') THEN 'failed' ELSE status END
             WHERE id = $1 RETURNING pbx_id, trunk",
            &[&attempt, &now],
            |row| Ok(row.get(0).ok().zip(row.get(1).ok())),
        )
    })
    .map(Option::flatten)
}

/// The database is older than the truth: what became of these is not known, nor how often it rang.
pub(super) fn doubt(tx: &mut Tx<'_>, call: CallId) -> Result<(), StoreError> {
    tx.execute("UPDATE call_logs SET possible_duplicate = 1 WHERE call_id = $1 AND unsettled = 1", &[&call])?;
    Ok(())
}

/// Its host says that it is over: nobody is asked about it any more. How it ended will be noted when the report
/// comes, unless that was reported once and is forgotten on both sides.
pub(super) fn forget(tx: &mut Tx<'_>, attempt: AttemptId, now: Timestamp) -> Result<(), StoreError> {
    counting(tx, attempt, |tx| {
        tx.execute(
            "UPDATE call_logs SET ended_at = COALESCE(ended_at, $2), unsettled = 0,
                                  status = CASE WHEN status IN ('initiated', 'placed') THEN 'failed' ELSE status END
             WHERE id = $1 AND unsettled = 1",
            &[&attempt, &now],
        )
    })
    .map(drop)
}

/// The order certainly was not and will not be started; said of one that had been answered, it means
/// that the host lost its journal.
pub(super) fn close_unstarted(tx: &mut Tx<'_>, attempt: AttemptId, now: Timestamp) -> Result<(), StoreError> {
    counting(tx, attempt, |tx| {
        tx.execute(
            "UPDATE call_logs SET status = CASE WHEN status IN ('initiated', 'placed') THEN 'failed' ELSE status END,
                                  reason = CASE WHEN status IN ('initiated', 'placed') THEN $3 ELSE reason END,
                                  ended_at = COALESCE(ended_at, $2), unsettled = 0
             WHERE id = $1 AND unsettled = 1",
            &[&attempt, &now, &Reason::NoPbx],
        )
    })
    .map(drop)
}

fn refused(tx: &mut Tx<'_>, id: AttemptId, at: Timestamp, reason: Reason) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE call_logs SET status = CASE WHEN status = 'acknowledged' THEN status ELSE 'refused' END,
                              reason = $3, ended_at = $2, unsettled = 0
         WHERE id = $1",
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
    let Ending { status, sip_code, hangup_cause, ari_status, reason, unwitnessed: _, spoken: _ } = ending;
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
