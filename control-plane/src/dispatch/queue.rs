//! The queue of calls: rows with the moment at which something is to be done.

use super::{
    call::{Call, LONGEST_PAUSE},
    do_not_call, limits,
    policy::Policy,
};
use crate::store::{StoreError, Tx};
use shared::{
    ids::{AccountId, AlertId, CallId, OrgId, ProjectId, RequestId},
    outcome::{CallStatus, Reason},
    phone,
    severity::Severity,
    time::Timestamp,
};

/// A call to be queued, or held back. Holds a number, so that it has no Debug output.
#[derive(Clone)]
pub struct NewCall {
    /// Made at the edge.
    pub id: CallId,
    /// The request that asks for it.
    pub request_id: RequestId,
    /// What it is about.
    pub alert_id: AlertId,
    /// Whose it is.
    pub org_id: OrgId,
    /// Whose policy holds.
    pub project_id: ProjectId,
    /// Who is to be reached.
    pub account_id: AccountId,
    /// As stored with the person; judged here. `None`: the person has no phone.
    pub phone: Option<String>,
    /// How urgent.
    pub severity: Severity,
    /// How hard to try.
    pub policy: Policy,
    /// Now.
    pub at: Timestamp,
}

/// A call with the verdict on it.
#[derive(Clone)]
pub struct Judged {
    new: NewCall,
    machine: Call,
}

impl Judged {
    /// Its id.
    pub fn id(&self) -> CallId {
        self.new.id
    }

    /// `queued`, or `blocked` when it is held back.
    pub fn status(&self) -> CallStatus {
        self.machine.status()
    }
}

/// Judges a call: the number safety net, the do-not-call list, the rates of the hour, and the cooldown
/// of the phone.
///
/// The cooldown counts within the organization, so that no tenant can hold back another's calls.
///
/// # Errors
/// [`StoreError`]
pub fn judge(tx: &mut Tx<'_>, new: NewCall) -> Result<Judged, StoreError> {
    let machine = match obstacle(tx, &new)? {
        Some(reason) => Call::blocked(new.policy.clone(), new.at, reason),
        None => Call::new(new.policy.clone(), new.at),
    };
    Ok(Judged { new, machine })
}

/// Stores a judged call; its request and alert must be stored already. Nudge the dispatcher once
/// it is durable.
///
/// # Errors
/// [`StoreError`]
pub fn insert(tx: &mut Tx<'_>, call: &Judged) -> Result<(), StoreError> {
    let Judged { new, machine } = call;
    tx.execute(
        "INSERT INTO calls (id, request_id, alert_id, org_id, project_id, account_id, destination, status,
                            reason, urgency, created_at, due_at, expires_at, ended_at, cancel_wanted, machine)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15)",
        &[
            &new.id,
            &new.request_id,
            &new.alert_id,
            &new.org_id,
            &new.project_id,
            &new.account_id,
            &new.phone.as_deref().unwrap_or_default(),
            &machine.status(),
            &machine.reason(),
            &new.severity.rank(),
            &new.at,
            &machine.wake_at(),
            &machine.expires_at(),
            &machine.status().is_final().then_some(new.at),
            &written(machine),
        ],
    )?;
    Ok(())
}

/// A call of the queue, loaded.
#[derive(Clone)]
pub(super) struct Queued {
    pub(super) id: CallId,
    pub(super) request_id: RequestId,
    pub(super) alert_id: AlertId,
    pub(super) org_id: OrgId,
    pub(super) project: String,
    pub(super) destination: String,
    pub(super) severity: Severity,
    pub(super) cancel_wanted: bool,
    pub(super) machine: Call,
}

/// Loads a call.
pub(super) fn load(tx: &mut Tx<'_>, id: CallId, now: Timestamp) -> Result<Option<Queued>, StoreError> {
    tx.row(
        "SELECT calls.id, calls.request_id, calls.alert_id, calls.org_id, projects.slug, calls.destination,
                calls.urgency, calls.cancel_wanted, calls.machine, calls.status
         FROM calls JOIN projects ON projects.id = calls.project_id WHERE calls.id = $1",
        &[&id],
        |row| {
            let urgency = usize::try_from(row.get::<i64>(6)?).unwrap_or(0);
            Ok(Queued {
                id: row.get(0)?,
                request_id: row.get(1)?,
                alert_id: row.get(2)?,
                org_id: row.get(3)?,
                project: row.get(4)?,
                destination: row.get(5)?,
                severity: Severity::ALL.get(urgency).copied().unwrap_or(Severity::Critical),
                cancel_wanted: row.get::<i64>(7)? != 0,
                machine: read(&row.get::<String>(8)?, id, row.get(9)?, now),
            })
        },
    )
}

/// Writes a call back after its machine has moved.
pub(super) fn save(tx: &mut Tx<'_>, call: &Queued, now: Timestamp) -> Result<(), StoreError> {
    let machine = &call.machine;
    tx.execute(
        "UPDATE calls SET status = $2, reason = $3, due_at = $4, cancel_wanted = 0, machine = $5,
                          ended_at = COALESCE(ended_at, $6) WHERE id = $1",
        &[
            &call.id,
            &machine.status(),
            &machine.reason(),
            &machine.wake_at(),
            &written(machine),
            &machine.status().is_final().then_some(now),
        ],
    )?;
    Ok(())
}

/// Puts off a call that cannot be handled, so that it stops no other. Past its time it has expired.
pub(super) fn put_off(tx: &mut Tx<'_>, id: CallId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE calls SET reason = NULL, due_at = CASE WHEN expires_at > $2 THEN $3 END WHERE id = $1",
        &[&id, &now, &(now + LONGEST_PAUSE)],
    )?;
    tx.execute(
        "UPDATE calls SET status = 'expired', reason = 'expired', ended_at = $2
         WHERE id = $1 AND due_at IS NULL AND status IN ('queued', 'calling')",
        &[&id, &now],
    )?;
    Ok(())
}

/// Calls that are due, the most urgent first, then the oldest. At most `limit`.
pub(super) fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<CallId>, StoreError> {
    tx.rows(
        "SELECT id FROM calls WHERE due_at <= $1 ORDER BY urgency, created_at, id LIMIT $2",
        &[&now, &limit],
        |row| row.get(0),
    )
}

/// Calls that wait for a PBX, the most urgent first, then the oldest. At most `limit`.
pub(super) fn wanting(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<CallId>, StoreError> {
    tx.rows(
        "SELECT id FROM calls WHERE status = 'queued' AND reason IS NOT NULL
         ORDER BY urgency, created_at LIMIT $1",
        &[&limit],
        |row| row.get(0),
    )
}

/// When the next call is due.
pub(super) fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, StoreError> {
    let next = tx.row("SELECT MIN(due_at) FROM calls WHERE due_at IS NOT NULL", &[], |row| row.get(0))?;
    Ok(next.flatten())
}

/// Why a new call must be held back, if it must.
fn obstacle(tx: &mut Tx<'_>, new: &NewCall) -> Result<Option<Reason>, StoreError> {
    let Some(destination) = &new.phone else { return Ok(Some(Reason::NumberInvalid)) };
    let number = match phone::judge(destination) {
        Ok(number) => number.e164,
        Err(refusal) => return Ok(Some(refusal.reason)),
    };
    if do_not_call::holds(tx, &number)? {
        return Ok(Some(Reason::DoNotCall));
    }
    if let Some(reason) = limits::held_back(tx, new, destination)? {
        return Ok(Some(reason));
    }
    if new.severity == Severity::Critical || new.policy.cooldown_seconds == 0 {
        return Ok(None);
    }
    // What lies further ahead was written before the clock was set back.
    let (since, until) = (new.at - new.policy.cooldown(), new.at + new.policy.cooldown());
    let called = tx.row(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM calls
                                WHERE destination = $1 AND created_at > $2 AND created_at < $4 AND org_id = $3
                                      AND status <> 'blocked')
                     OR EXISTS (SELECT 1 FROM call_logs
                                WHERE destination = $1 AND initiated_at > $2 AND initiated_at < $4
                                      AND org_id = $3)",
        &[destination, &since, &new.org_id, &until],
        |_| Ok(()),
    )?;
    Ok(called.map(|()| Reason::Cooldown))
}

fn written(machine: &Call) -> String {
    #[expect(clippy::expect_used, reason = "a call holds no map with keys that are not strings")]
    serde_json::to_string(machine).expect("a call serializes")
}

/// A machine that cannot be read must not silence its alert: the call starts afresh, unless it was over.
fn read(text: &str, id: CallId, status: CallStatus, now: Timestamp) -> Call {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%id, %status, %error, "the state of a call is damaged; it goes by its status");
        Call::recovered(Policy::default(), now, status)
    })
}
