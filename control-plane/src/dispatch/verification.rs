//! Phones are verified by a call that speaks a code, which whoever picked up then types.
//!
//! The call is one like any other: judged, queued, ordered, followed and counted as an alert's is, by the
//! same caps and fences. Only what it hangs on is nobody's ([`home`]), it gives way to every alert, and
//! what it speaks is written in `verifications` until no order can follow any more. The caller knows whose
//! phone it is and how often somebody may ask ([`crate::accounts::tries`]).

mod home;

use super::{
    policy::Policy,
    queue::{self, NewCall},
};
use crate::{
    accounts::orgs::NOBODYS,
    secret,
    store::{StoreError, Tx},
};
use shared::{
    code::Code,
    ids::{AccountId, CallId, PhoneId, VerificationId},
    order::Prompt,
    outcome::{AttemptStatus, CallStatus, Reason},
    phone::E164,
    severity::Severity,
    time::Timestamp,
};
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// How long a code is good.
pub const VALID: Duration = Duration::from_secs(600);
/// Wrong codes after which the right one is good no more.
pub const TRIES: u32 = 5;
/// Why a verification failed whose code was typed wrong too often.
pub const TOO_MANY_TRIES: &str = "too_many_tries";

/// How hard it is tried: the person waits beside the phone.
pub(super) fn policy() -> Policy {
    Policy {
        redials: 1,
        redial_pause_seconds: 15,
        lifetime_minutes: 3,
        cooldown_seconds: 0,
        ..Policy::default()
    }
}

/// Where a verification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What became of its call.
    pub state: State,
    /// After this moment its code is good no more.
    pub expires_at: Timestamp,
}

/// What became of the call of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Queued {
        /// What it waits for, where that is known: `no_pbx`, `capacity`, `quota` …
        waits_for: Option<Reason>,
    },
    /// The phone rings, or the code is being spoken.
    Calling,
    /// The code was spoken to its last digit, or was typed already.
    Spoken,
    /// A newer one was asked for.
    Replaced,
    /// Its code was not spoken, or is good no more: another may be asked for.
    Failed {
        /// A word of [`shared::outcome`]: why the call was blocked or nobody placed it, or else how its last
        /// attempt ended (`no_answer`, `busy`, `rejected` …). `answered` means that somebody picked up and the
        /// code was not heard to its end. Or [`TOO_MANY_TRIES`].
        reason: &'static str,
    },
}

/// What came of a typed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is the one that was spoken. It is good no more.
    Right,
    /// It is not.
    Wrong {
        /// How many tries are left.
        left: u32,
    },
    /// There is none to compare it with: never asked for, expired, used, or tried too often.
    NoCode,
}

/// Makes a code and queues the call that speaks it, in a language (BCP 47) or else in English. An older code of
/// the same phone is void, and its call is cancelled. A number that must not be dialled leaves a call that
/// is `blocked`, as [`standing`] says. Nudge the dispatcher once it is durable.
///
/// # Errors
/// [`StoreError`]
pub fn request(
    tx: &mut Tx<'_>,
    account: AccountId,
    phone: PhoneId,
    to: &E164,
    language: &str,
    now: Timestamp,
) -> Result<VerificationId, StoreError> {
    let older = tx.row(
        "SELECT id FROM verifications WHERE account_id = $1 AND phone_id = $2 AND state = 'pending'",
        &[&account, &phone],
        |row| row.get(0),
    )?;
    if let Some(older) = older {
        end(tx, older, "replaced", now)?;
    }
    home::furnish(tx, now)?;
    let (id, call_id) = (VerificationId::new(Uuid::now_v7()), CallId::new(Uuid::now_v7()));
    let code = Code::of(rand::random_range(0..Code::COUNT));
    let new = NewCall {
        id: call_id,
        request_id: home::REQUEST,
        alert_id: home::ALERT,
        org_id: NOBODYS,
        project_id: home::PROJECT,
        account_id: account,
        phone: Some(to.as_str().to_owned()),
        severity: Severity::Info,
        policy: policy(),
        at: now,
    };
    let call = queue::judge(tx, new, &[])?.speaking_code();
    queue::insert(tx, &call)?;
    let to_speak = (!call.status().is_final()).then_some(code.as_str());
    tx.execute(
        "INSERT INTO verifications (id, account_id, phone_id, call_id, language, code, code_hash, state, wrong,
                                    created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8, $9)",
        &[
            &id,
            &account,
            &phone,
            &call_id,
            &language,
            &to_speak,
            &hash_of(id, code.as_str()),
            &now,
            &(now + VALID),
        ],
    )?;
    Ok(id)
}

/// Whoever asked for codes has this phone no more, or none at all: none is good, and what rings is hung up once the
/// dispatcher is nudged.
///
/// # Errors
/// [`StoreError`]
pub fn withdraw(
    tx: &mut Tx<'_>,
    account: AccountId,
    phone: Option<PhoneId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let pending = tx.legible(
        "SELECT id FROM verifications
         WHERE account_id = $1 AND (phone_id = $2 OR $2 IS NULL) AND state = 'pending'",
        &[&account, &phone],
        |row| row.get(0),
    )?;
    pending.into_iter().try_for_each(|id| end(tx, id, "withdrawn", now))
}

/// Where one of this account's verifications stands; `None` where it has none of this id.
///
/// # Errors
/// [`StoreError`]
pub fn standing(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: VerificationId,
) -> Result<Option<Standing>, StoreError> {
    tx.row(
        "SELECT verifications.state, verifications.expires_at, calls.status, calls.reason, last.status, last.reason
         FROM verifications JOIN calls ON calls.id = verifications.call_id
         LEFT JOIN call_logs AS last
              ON last.id = (SELECT MAX(id) FROM call_logs WHERE call_logs.call_id = calls.id)
         WHERE verifications.id = $1 AND verifications.account_id = $2",
        &[&id, &account],
        |row| {
            let (status, reason) = (row.get::<CallStatus>(2)?, row.get::<Option<Reason>>(3)?);
            let state = match (row.get::<String>(0)?.as_str(), status) {
                ("used", _) => State::Spoken,
                ("replaced", _) => State::Replaced,
                ("spent", _) => State::Failed { reason: TOO_MANY_TRIES },
                (_, CallStatus::Queued) => State::Queued { waits_for: reason },
                (_, CallStatus::Calling) => State::Calling,
                (_, CallStatus::Answered | CallStatus::Acknowledged) => State::Spoken,
                (_, CallStatus::Cancelled) => State::Failed { reason: status.as_str() },
                (_, CallStatus::Exhausted | CallStatus::Expired | CallStatus::Blocked) => {
                    let last = row.get::<Option<AttemptStatus>>(4)?;
                    State::Failed { reason: failure(status, reason, last, row.get(5)?) }
                }
            };
            Ok(Standing { state, expires_at: row.get(1)? })
        },
    )
}

/// Compares what was typed with the code of this account's phone, if one is pending: digits alone count.
/// The right one is used up by it, and the caller notes that the phone is verified; after
/// [`TRIES`] wrong ones none is right. Either ends the call, once the dispatcher is nudged.
///
/// # Errors
/// [`StoreError`]
pub fn check(
    tx: &mut Tx<'_>,
    account: AccountId,
    phone: PhoneId,
    code: &str,
    now: Timestamp,
) -> Result<Checked, StoreError> {
    // Of the number that the phone has by now, whatever it was when the code was asked for.
    let pending = tx.row(
        "SELECT verifications.id, verifications.code_hash, verifications.wrong
         FROM verifications JOIN calls ON calls.id = verifications.call_id
         JOIN phones ON phones.id = verifications.phone_id AND phones.account_id = verifications.account_id
                     AND phones.e164 = calls.destination
         WHERE verifications.account_id = $1 AND verifications.phone_id = $2
               AND verifications.state = 'pending' AND verifications.expires_at > $3",
        &[&account, &phone, &now],
        |row| Ok((row.get::<VerificationId>(0)?, row.get::<String>(1)?, row.get::<u32>(2)?)),
    )?;
    let Some((id, code_hash, wrong)) = pending else { return Ok(Checked::NoCode) };
    let typed: Zeroizing<String> = Zeroizing::new(code.chars().filter(char::is_ascii_digit).collect());
    if secret::same(&code_hash, &hash_of(id, &typed)) {
        end(tx, id, "used", now)?;
        return Ok(Checked::Right);
    }
    tx.execute("UPDATE verifications SET wrong = wrong + 1 WHERE id = $1", &[&id])?;
    let left = TRIES.saturating_sub(wrong + 1);
    if left == 0 {
        end(tx, id, "spent", now)?;
    }
    Ok(Checked::Wrong { left })
}

/// What the next order of this call speaks; `None` where its code is good no more.
pub(super) fn prompt(tx: &mut Tx<'_>, call: CallId, now: Timestamp) -> Result<Option<Prompt>, StoreError> {
    let found = tx.row(
        // Of a phone that is still theirs.
        "SELECT verifications.code, verifications.language FROM verifications
         JOIN calls ON calls.id = verifications.call_id
         JOIN phones ON phones.id = verifications.phone_id AND phones.account_id = verifications.account_id
                     AND phones.e164 = calls.destination
         WHERE call_id = $1 AND verifications.code IS NOT NULL AND verifications.state = 'pending'
               AND verifications.expires_at > $2",
        &[&call, &now],
        |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
    )?;
    let Some((code, language)) = found else { return Ok(None) };
    let spoken = |code| Prompt {
        severity: Severity::Info,
        project: String::new(),
        language,
        message: None,
        code: Some(code),
    };
    Ok(Code::try_from(code).ok().map(spoken))
}

/// No order of this call can follow: nobody needs to read its code any more.
pub(super) fn forget(tx: &mut Tx<'_>, call: CallId) -> Result<(), StoreError> {
    let sql = "UPDATE verifications SET code = NULL WHERE call_id = $1 AND code IS NOT NULL";
    tx.execute(sql, &[&call]).map(drop)
}

/// Its code is good no more, and its call not needed.
fn end(tx: &mut Tx<'_>, id: VerificationId, state: &'static str, now: Timestamp) -> Result<(), StoreError> {
    let call = tx.row(
        "UPDATE verifications SET state = $2, code = NULL WHERE id = $1 RETURNING call_id",
        &[&id, &state],
        |row| row.get(0),
    )?;
    call.map_or(Ok(()), |call| queue::cancel(tx, call, now))
}

/// That a call's time was over says less than what kept its attempts from it.
fn failure(
    status: CallStatus,
    reason: Option<Reason>,
    last: Option<AttemptStatus>,
    last_reason: Option<Reason>,
) -> &'static str {
    let said = reason.filter(|reason| *reason != Reason::Expired);
    match (said.or(last_reason), last) {
        (Some(reason), _) => reason.as_str(),
        (None, Some(last)) => last.as_str(),
        (None, None) => reason.map_or(status.as_str(), Reason::as_str),
    }
}

fn hash_of(id: VerificationId, digits: &str) -> String {
    secret::hash_of(&Zeroizing::new(format!("{id} {digits}")))
}
