//! The letters that wait: claimed a few at a time, and settled by what became of them.
//!
//! A claim is durable before the attempt begins and holds for a while, so that an attempt that nobody lives to
//! settle is repeated, and no sooner than it can have ended.

use super::{
    decision::{Next, Tried},
    shown::shortened,
    state,
    state::State,
    suppressions,
};
use crate::{
    accounts::email::Email,
    store::{Row, StoreError, Tx},
};
use shared::{ids::LetterId, time::Timestamp};
use std::time::Duration;

/// How long a claim holds; longer than any attempt takes.
pub(super) const CLAIM: Duration = Duration::from_secs(300);

/// How long a letter that is over is kept, without what it said.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long a letter that failed keeps what it says, so that an operator may have it tried once more.
pub(super) const KEPT_FAILED: Duration = Duration::from_secs(24 * 3600);
/// More than come, so that none stays.
const FORGOTTEN_AT_ONCE: u16 = 10;

/// A letter in the hands of the sender.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) id: LetterId,
    pub(super) to: Email,
    /// Which template it was made from, for the log.
    pub(super) template: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    pub(super) queued_at: Timestamp,
    /// The attempt that begins now included.
    pub(super) tried: Tried,
}

/// Takes at most `limit` letters that are due, oldest first. One whose address is suppressed meanwhile, or whose
/// row is damaged, is ended instead.
pub(super) fn claim(tx: &mut Tx<'_>, now: Timestamp, limit: u16) -> Result<Vec<Claimed>, StoreError> {
    blank_failed(tx, now)?;
    let due = tx.rows(
        "SELECT id, recipient, template, subject, body_text, body_html, queued_at, attempts, first_tried_at
         FROM mail_outbox WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2",
        &[&now, &limit],
        |row| Ok((row.get::<LetterId>(0)?, read(row, now))),
    )?;
    let mut claimed = Vec::new();
    for (id, letter) in due {
        match letter {
            Err(error) => {
                tracing::error!(letter = %id, %error, "A LETTER IS DAMAGED in the database and is given up");
                end(tx, id, State::Failed, Some("its row is damaged"), None, now)?;
            }
            Ok(letter) if suppressions::holds(tx, &letter.to)? => {
                tracing::warn!(letter = %id, to = shortened(&letter.to), "a letter is held back: its address gets none any more");
                end(tx, id, State::Suppressed, None, None, now)?;
            }
            Ok(letter) => {
                tx.execute(
                    "UPDATE mail_outbox SET attempts = $1, first_tried_at = $2, claimed_at = $3, due_at = $4
                     WHERE id = $5",
                    &[&letter.tried.attempts, &letter.tried.first_at, &now, &(now + CLAIM), &id],
                )?;
                claimed.push(letter);
            }
        }
    }
    Ok(claimed)
}

fn read(row: &Row, now: Timestamp) -> Result<Claimed, StoreError> {
    let address: String = row.get(1)?;
    let unreadable = |_| StoreError::Column { column: 1, found: "text", wanted: "an e-mail address" };
    Ok(Claimed {
        id: row.get(0)?,
        to: address.parse().map_err(unreadable)?,
        template: row.get(2)?,
        subject: row.get(3)?,
        text: row.get(4)?,
        html: row.get(5)?,
        queued_at: row.get(6)?,
        tried: Tried {
            attempts: row.get::<u32>(7)?.saturating_add(1),
            first_at: row.get::<Option<Timestamp>>(8)?.unwrap_or(now),
        },
    })
}

/// Frees what a sender held that is gone; how many letters. What was on its way may be sent a second time.
pub(super) fn release(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    tx.execute(
        "UPDATE mail_outbox SET claimed_at = NULL, due_at = $1
         WHERE due_at IS NOT NULL AND claimed_at IS NOT NULL",
        &[&now],
    )
}

/// When the next letter is due, if any waits.
pub(super) fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, StoreError> {
    let due =
        tx.row("SELECT MIN(due_at) FROM mail_outbox WHERE due_at IS NOT NULL", &[], |row| row.get(0))?;
    Ok(due.flatten())
}

/// Writes down what follows after an attempt. A letter that an event has ended meanwhile stays as it is.
pub(super) fn settle(tx: &mut Tx<'_>, id: LetterId, next: &Next, now: Timestamp) -> Result<(), StoreError> {
    match next {
        Next::Sent { provider_id } => end(tx, id, State::Sent, None, provider_id.as_deref(), now),
        Next::Failed { reason } => end(tx, id, State::Failed, Some(reason), None, now),
        Next::Again { at, reason } => tx
            .execute(
                "UPDATE mail_outbox SET due_at = $1, claimed_at = NULL, reason = $2
                 WHERE id = $3 AND state = 'waiting'",
                &[at, reason, &id],
            )
            .map(drop),
    }
}

/// What failed is not tried once more after a day: what it says is blank from then on.
fn blank_failed(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(BLANK_FAILED, &[&(now - KEPT_FAILED)]).map(drop)
}

const BLANK_FAILED: &str = "UPDATE mail_outbox SET body_text = '', body_html = ''
     WHERE state = 'failed' AND body_text <> '' AND ended_at <= $1";

/// Ends a letter that waits, and blanks what it says; where it failed, a day later. Some that ended long ago are forgotten
/// on the way.
fn end(
    tx: &mut Tx<'_>,
    id: LetterId,
    state: State,
    reason: Option<&str>,
    provider_id: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE mail_outbox SET state = $1, due_at = NULL, claimed_at = NULL, ended_at = $2, reason = $3,
                provider_id = $4, body_text = CASE WHEN $1 = 'failed' THEN body_text ELSE '' END,
                body_html = CASE WHEN $1 = 'failed' THEN body_html ELSE '' END
         WHERE id = $5 AND state = 'waiting'",
        &[&state, &now, &reason, &provider_id, &id],
    )?;
    if changed == 0 {
        return Ok(());
    }
    tx.execute(
        "DELETE FROM mail_outbox
         WHERE id IN (SELECT id FROM mail_outbox WHERE ended_at <= $1 ORDER BY ended_at LIMIT $2)",
        &[&(now - KEPT), &FORGOTTEN_AT_ONCE],
    )?;
    state::moved(tx, None, state)
}

/// What the provider says later of a letter that was sent: it came back, or was called spam. `false` where that
/// changes nothing. A letter of which nobody knows yet that it was sent has been.
pub(super) fn mark(
    tx: &mut Tx<'_>,
    id: LetterId,
    state: State,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let found = tx.row("SELECT state FROM mail_outbox WHERE id = $1", &[&id], |row| row.get::<State>(0))?;
    let counted = match found {
        Some(State::Waiting) => None,
        Some(from @ (State::Sent | State::Bounced | State::Complained)) if from != state => Some(from),
        Some(_) | None => return Ok(false),
    };
    tx.execute(
        "UPDATE mail_outbox SET state = $1, due_at = NULL, claimed_at = NULL, ended_at = $2, reason = $3,
                body_text = '', body_html = ''
         WHERE id = $4",
        &[&state, &now, &reason, &id],
    )?;
    state::moved(tx, counted, state)?;
    Ok(true)
}

/// The letter that the provider knows under this id of its own.
pub(super) fn by_provider_id(tx: &mut Tx<'_>, provider_id: &str) -> Result<Option<LetterId>, StoreError> {
    tx.row("SELECT id FROM mail_outbox WHERE provider_id = $1", &[&provider_id], |row| row.get(0))
}

/// Whom a letter went to, if there is such a letter.
pub(super) fn recipient(tx: &mut Tx<'_>, id: LetterId) -> Result<Option<String>, StoreError> {
    tx.row("SELECT recipient FROM mail_outbox WHERE id = $1", &[&id], |row| row.get(0))
}

#[cfg(test)]
mod tests;
