//! The queue of calls: rows with the moment at which something is to be done.

use super::{
    alerts,
    call::{Call, Input, LONGEST_PAUSE},
    do_not_call,
    limits::{self, RINGS_AT_ONCE},
    news,
    policy::Policy,
    rollup,
    timeline::{self, Entry},
    verification,
};
#[cfg(test)]
use crate::store::ToValue;
use crate::{
    accounts::orgs::NOBODYS,
    store::{Change, Changed, StoreError, Tx},
};
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

    /// Who is to be reached.
    pub fn account(&self) -> AccountId {
        self.new.account_id
    }

    /// Their phone, as it is stored; `None` where they have none.
    pub fn phone(&self) -> Option<&str> {
        self.new.phone.as_deref()
    }

    /// Why it is held back; `None`: it is queued.
    pub fn held_back(&self) -> Option<Reason> {
        self.machine.reason().filter(|_| self.status() == CallStatus::Blocked)
    }

    /// It speaks a code, and is about no alert.
    pub(super) fn speaking_code(mut self) -> Self {
        self.machine = self.machine.speaking_code();
        self
    }
}

/// Judges a call: the number safety net, the do-not-call list, the rates of the hour, and the cooldown
/// of the phone.
///
/// The cooldown counts within the organization, so that no tenant can hold back another's calls. `before`
/// are calls of the same request, judged and not stored yet: they count too.
///
/// # Errors
/// [`StoreError`]
pub fn judge(tx: &mut Tx<'_>, new: NewCall, before: &[Judged]) -> Result<Judged, StoreError> {
    let machine = match obstacle(tx, &new, before)? {
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
            &if machine.speaks_code() { AFTER_ALERTS } else { new.severity.rank() },
            &new.at,
            &machine.wake_at(),
            &machine.expires_at(),
            &machine.status().is_final().then_some(new.at),
            &written(machine),
        ],
    )?;
    let what = Changed::Call(new.id, new.alert_id);
    tx.announce(Change { org: new.org_id, project: new.project_id, what });
    if !machine.status().is_final() {
        return Ok(());
    }
    rollup::call_ended_at_once(tx, new.org_id, new.project_id, machine.status(), new.at)?;
    if machine.speaks_code() {
        return Ok(());
    }
    let held_back = Entry {
        request: Some(new.request_id),
        account: Some(new.account_id),
        call: Some(new.id),
        ..Entry::call_ended(machine.status(), machine.reason(), new.at)
    };
    timeline::record(tx, new.alert_id, &held_back)
}

/// How urgent what is no alert: less than every alert, also where it is as severe.
const AFTER_ALERTS: i64 = Severity::Info.rank() + 1;

/// Of what cannot be read the worst is assumed.
pub(super) fn severity_of(urgency: i64) -> Severity {
    if urgency == AFTER_ALERTS {
        return Severity::Info;
    }
    usize::try_from(urgency)
        .ok()
        .and_then(|rank| Severity::ALL.get(rank).copied())
        .unwrap_or(Severity::Critical)
}

/// A call of the queue, loaded.
#[derive(Clone)]
pub(super) struct Queued {
    pub(super) id: CallId,
    pub(super) request_id: RequestId,
    pub(super) alert_id: AlertId,
    pub(super) org_id: OrgId,
    pub(super) project_id: ProjectId,
    pub(super) account_id: AccountId,
    pub(super) project: String,
    pub(super) destination: String,
    pub(super) severity: Severity,
    pub(super) cancel_wanted: bool,
    pub(super) machine: Call,
}

/// Loads a call.
pub(super) fn load(tx: &mut Tx<'_>, id: CallId, now: Timestamp) -> Result<Option<Queued>, StoreError> {
    tx.row(
        "SELECT calls.id, calls.request_id, calls.alert_id, calls.org_id,
                COALESCE(REPLACE(projects.slug, '~' || projects.id, ''), 'unknown'), calls.destination,
                calls.urgency, calls.cancel_wanted, calls.machine, calls.status, calls.account_id, calls.project_id
         FROM calls LEFT JOIN projects ON projects.id = calls.project_id WHERE calls.id = $1",
        &[&id],
        |row| {
            let urgency = row.get::<i64>(6)?;
            let org_id = row.get(3)?;
            Ok(Queued {
                id: row.get(0)?,
                request_id: row.get(1)?,
                alert_id: row.get(2)?,
                org_id,
                project_id: row.get(11)?,
                account_id: row.get(10)?,
                project: row.get(4)?,
                destination: row.get(5)?,
                severity: severity_of(urgency),
                cancel_wanted: row.get::<i64>(7)? != 0,
                machine: read(&row.get::<String>(8)?, id, org_id, row.get(9)?, now),
            })
        },
    )
}

/// Of many calls: one that cannot be read is passed over. It is put off when it is due.
pub(super) fn load_legible(
    tx: &mut Tx<'_>,
    id: CallId,
    now: Timestamp,
) -> Result<Option<Queued>, StoreError> {
    match load(tx, id, now) {
        Err(error) if !error.is_temporary() => {
            tracing::error!(call = %id, %error, "a call that cannot be read is passed over");
            Ok(None)
        }
        loaded => loaded,
    }
}

/// Writes a call back after its machine has moved.
pub(super) fn save(tx: &mut Tx<'_>, call: &Queued, now: Timestamp) -> Result<(), StoreError> {
    let machine = &call.machine;
    rollup::call_ends(tx, call.id, machine.status(), now)?;
    tx.execute(
        "UPDATE calls SET status = $2, reason = $3, due_at = $4, cancel_wanted = 0, machine = $5,
                          ended_at = COALESCE(ended_at, $6), expires_at = $7 WHERE id = $1",
        &[
            &call.id,
            &machine.status(),
            &machine.reason(),
            &machine.wake_at(),
            &written(machine),
            &machine.status().is_final().then_some(now),
            &machine.expires_at(),
        ],
    )?;
    Ok(())
}

/// The call rings somebody else, or another phone.
pub(super) fn readdress(tx: &mut Tx<'_>, call: &Queued) -> Result<(), StoreError> {
    news::of_call(tx, call);
    let sql = "UPDATE calls SET account_id = $2, destination = $3 WHERE id = $1";
    tx.execute(sql, &[&call.id, &call.account_id, &call.destination]).map(drop)
}

/// Puts off a call that cannot be handled, so that it stops no other. Past its time it has expired.
pub(super) fn put_off(tx: &mut Tx<'_>, id: CallId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE calls SET reason = NULL, due_at = CASE WHEN expires_at > $2 THEN $3 END WHERE id = $1",
        &[&id, &now, &(now + LONGEST_PAUSE)],
    )?;
    let is_over = tx.row(
        "SELECT 1 FROM calls WHERE id = $1 AND due_at IS NULL AND status IN ('queued', 'calling')",
        &[&id],
        |_| Ok(()),
    )?;
    if is_over.is_some() {
        rollup::call_ends(tx, id, CallStatus::Expired, now)?;
    }
    let expired = tx.row(
        "UPDATE calls SET status = 'expired', reason = 'expired', ended_at = $2
         WHERE id = $1 AND due_at IS NULL AND status IN ('queued', 'calling') RETURNING alert_id, account_id, org_id",
        &[&id, &now],
        |row| {
            let about = row.get::<AlertId>(0).ok().filter(|_| row.get::<OrgId>(2).ok() != Some(NOBODYS));
            Ok(about.zip(row.get::<AccountId>(1).ok()))
        },
    )?;
    let Some(about) = expired else { return Ok(()) };
    verification::forget(tx, id)?;
    news::of_call_named(tx, id)?;
    let Some((alert, account)) = about else { return Ok(()) };
    let ended = Entry::call_ended(CallStatus::Expired, Some(Reason::Expired), now);
    timeline::record(tx, alert, &Entry { account: Some(account), call: Some(id), ..ended })?;
    alerts::note_unreached(tx, alert, now)
}

/// Calls waiting for a PBX that are looked at when one may have become free.
const WAITING_PER_TURN: i64 = 256;

// The order in which calls are taken: the most urgent first; among equals, organizations take turns, each
// after as many others as it has attempts under way, and who was served last comes last; then the oldest.
// The first part steps from one organization with calls to the next, so that a long queue of one is not
// read for the others.
macro_rules! in_turn {
    ($calls:literal, $ready:literal) => {
        concat!(
            "WITH RECURSIVE
             callers (org_id) AS (
                 SELECT MIN(org_id) FROM calls WHERE ",
            $calls,
            "    UNION ALL
                 SELECT (SELECT MIN(calls.org_id) FROM calls WHERE calls.org_id > callers.org_id AND ",
            $calls,
            "           )
                 FROM callers WHERE callers.org_id IS NOT NULL),
             shares (org_id, live, served_at) AS MATERIALIZED (
                 SELECT org_id,
                        (SELECT COUNT(*) FROM call_logs
                         WHERE call_logs.org_id = callers.org_id AND ended_at IS NULL),
                        (SELECT MAX(initiated_at) FROM call_logs WHERE call_logs.org_id = callers.org_id)
                 FROM callers WHERE org_id IS NOT NULL),
             ready AS (
                 SELECT calls.id, calls.urgency, calls.created_at, COALESCE(shares.served_at, 0) AS served_at,
                        shares.live
                        + ROW_NUMBER() OVER (PARTITION BY calls.org_id, calls.urgency
                                             ORDER BY calls.created_at, calls.id) AS place
                 FROM shares
                 JOIN calls ON calls.id IN (
                     SELECT id FROM calls AS queue
                     WHERE queue.org_id = shares.org_id AND ",
            $calls,
            " AND ",
            $ready,
            "        ORDER BY urgency, created_at, id LIMIT $1))
             SELECT id FROM ready ORDER BY urgency, place, served_at, created_at, id LIMIT $1"
        )
    };
}

const DUE: &str = in_turn!("due_at IS NOT NULL", "due_at <= $2");
const WANTING: &str = in_turn!(
    "status = 'queued' AND reason IS NOT NULL",
    "(SELECT COUNT(*) FROM call_logs WHERE call_logs.org_id = queue.org_id
             AND call_logs.destination = queue.destination AND call_logs.ended_at IS NULL) < $2"
);

/// Calls that are due, in their turn. At most `limit`.
pub(super) fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<CallId>, StoreError> {
    tx.legible(DUE, &[&limit, &now], |row| row.get(0))
}

/// Calls that wait for a PBX and whose phone is free, in their turn.
pub(super) fn wanting(tx: &mut Tx<'_>) -> Result<Vec<CallId>, StoreError> {
    tx.legible(WANTING, &[&WAITING_PER_TURN, &RINGS_AT_ONCE], |row| row.get(0))
}

/// The clock was set forward: moves the making of calls about which something is still to come, if it was
/// before that. Which they are. What was made since lies within the step before now.
pub(super) fn move_with_the_clock(
    tx: &mut Tx<'_>,
    by: i64,
    now: Timestamp,
) -> Result<Vec<CallId>, StoreError> {
    tx.legible(
        "UPDATE calls SET created_at = created_at + $1
         WHERE due_at IS NOT NULL AND created_at <= $2 RETURNING id",
        &[&by, &now.shifted(-by)],
        |row| row.get(0),
    )
}

/// Calls about which something is still to come after this moment: where it is now, they may wait by a clock
/// that was set back while nobody looked.
pub(super) fn waiting_beyond(tx: &mut Tx<'_>, at: Timestamp) -> Result<Vec<CallId>, StoreError> {
    tx.legible(
        "SELECT id FROM calls WHERE due_at IS NOT NULL AND (due_at > $1 OR created_at > $1)",
        &[&at],
        |row| row.get(0),
    )
}

/// Who is being called about this alert, and on which phone, but for one call.
///
/// # Errors
/// [`StoreError`]
pub fn called(
    tx: &mut Tx<'_>,
    alert: AlertId,
    but: Option<CallId>,
) -> Result<Vec<(AccountId, String)>, StoreError> {
    tx.legible(
        "SELECT account_id, destination FROM calls
         WHERE alert_id = $1 AND status IN ('queued', 'calling') AND cancel_wanted = 0 AND id IS DISTINCT FROM $2",
        &[&alert, &but],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The alert has become worse: whoever was to be rung again after a pause is rung as soon as the dispatcher
/// is nudged.
pub(super) fn hurry(tx: &mut Tx<'_>, alert: AlertId, now: Timestamp) -> Result<(), StoreError> {
    let paused = tx.legible(
        "SELECT id FROM calls WHERE alert_id = $1 AND status = 'queued' AND reason IS NULL AND cancel_wanted = 0",
        &[&alert],
        |row| row.get::<CallId>(0),
    )?;
    for id in paused {
        let Some(mut call) = load_legible(tx, id, now)? else { continue };
        call.machine.handle(now, Input::Raised);
        tx.execute(
            "UPDATE calls SET due_at = $2, machine = $3 WHERE id = $1",
            &[&id, &call.machine.wake_at(), &written(&call.machine)],
        )?;
    }
    Ok(())
}

/// Nobody needs it any more. What rings is hung up by the dispatcher, which alone may tell a host to.
pub(super) fn cancel(tx: &mut Tx<'_>, id: CallId, at: Timestamp) -> Result<(), StoreError> {
    let sql =
        "UPDATE calls SET cancel_wanted = 1, due_at = $2 WHERE id = $1 AND status IN ('queued', 'calling')";
    tx.execute(sql, &[&id, &at]).map(drop)
}

/// Calls that are not over, the oldest first.
pub(super) fn under_way(tx: &mut Tx<'_>) -> Result<Vec<CallId>, StoreError> {
    tx.legible(
        "SELECT id FROM calls WHERE due_at IS NOT NULL AND status IN ('queued', 'calling')
         ORDER BY created_at, id",
        &[],
        |row| row.get(0),
    )
}

/// How the engine reads the queue.
#[cfg(test)]
pub(super) fn plans(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    [DUE, WANTING].into_iter().map(|sql| plan(tx, sql, 2)).collect()
}

/// How the engine counts what holds a new call back.
#[cfg(test)]
pub(super) fn plans_of_obstacles(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let counted = [(limits::TO_PHONE, 5), (limits::OF_ORG, 4), (JUST_CALLED, 4)];
    counted.into_iter().map(|(sql, params)| plan(tx, sql, params)).collect()
}

#[cfg(test)]
fn plan(tx: &mut Tx<'_>, sql: &str, params: usize) -> Result<String, StoreError> {
    let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
    let steps = tx.rows(sql, &vec![&0i64 as &dyn ToValue; params], |row| row.get::<String>(3))?;
    Ok(steps.join("; "))
}

/// When the next call is due.
pub(super) fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, StoreError> {
    let next = tx.row("SELECT MIN(due_at) FROM calls WHERE due_at IS NOT NULL", &[], |row| row.get(0))?;
    Ok(next.flatten())
}

const JUST_CALLED: &str = "SELECT 1 WHERE EXISTS (SELECT 1 FROM calls
                                WHERE destination = $1 AND created_at > $2 AND created_at < $4 AND org_id = $3
                                      AND status <> 'blocked')
                     OR EXISTS (SELECT 1 FROM call_logs
                                WHERE destination = $1 AND initiated_at > $2 AND initiated_at < $4
                                      AND org_id = $3)";

/// Why a new call must be held back, if it must.
fn obstacle(tx: &mut Tx<'_>, new: &NewCall, before: &[Judged]) -> Result<Option<Reason>, StoreError> {
    let Some(destination) = &new.phone else { return Ok(Some(Reason::NumberInvalid)) };
    let number = match phone::judge(destination) {
        Ok(number) => number.e164,
        Err(refusal) => return Ok(Some(refusal.reason)),
    };
    if do_not_call::holds(tx, &number)? {
        return Ok(Some(Reason::DoNotCall));
    }
    let queued = before.iter().filter(|call| !call.machine.status().is_final());
    let (mut of_request, mut to_phone) = (0, 0);
    for call in queued {
        of_request += 1;
        to_phone += u32::from(call.new.phone.as_ref() == Some(destination));
    }
    if let Some(reason) = limits::held_back(tx, new, destination, to_phone, of_request)? {
        return Ok(Some(reason));
    }
    if new.severity == Severity::Critical || new.policy.cooldown_seconds == 0 {
        return Ok(None);
    }
    if to_phone > 0 {
        return Ok(Some(Reason::Cooldown));
    }
    // What lies further ahead was written before the clock was set back.
    let (since, until) = (new.at - new.policy.cooldown(), new.at + new.policy.cooldown());
    let called = tx.row(JUST_CALLED, &[destination, &since, &new.org_id, &until], |_| Ok(()))?;
    Ok(called.map(|()| Reason::Cooldown))
}

fn written(machine: &Call) -> String {
    #[expect(clippy::expect_used, reason = "a call holds no map with keys that are not strings")]
    serde_json::to_string(machine).expect("a call serializes")
}

/// A machine that cannot be read must not silence its alert: the call starts afresh, unless it was over.
fn read(text: &str, id: CallId, org: OrgId, status: CallStatus, now: Timestamp) -> Call {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%id, %status, %error, "the state of a call is damaged; it goes by its status");
        if org == NOBODYS {
            return Call::recovered(verification::policy(), now, status).speaking_code();
        }
        Call::recovered(Policy::default(), now, status)
    })
}
