//! Letters as operators see them: who got which, how it stands, and never what it says.

use super::{outbox::KEPT_FAILED, state, state::State};
use crate::store::{Row, StoreError, ToValue, Tx};
use shared::{ids::LetterId, time::Timestamp};

/// A letter, without what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: LetterId,
    /// Whom it goes to.
    pub recipient: String,
    /// Which template it was made from.
    pub template: String,
    /// BCP 47.
    pub language: String,
    /// Its subject.
    pub subject: String,
    /// Where it stands.
    pub state: State,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it is tried next; `None` once nothing more will happen to it.
    pub due_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// What was said of it last.
    pub reason: Option<String>,
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT id, recipient, template, language, subject, state, queued_at, due_at, attempts, ended_at, reason
             FROM mail_outbox WHERE ",
            $which
        )
    };
}

const ALL: &str = listed!("id < $1 ORDER BY id DESC LIMIT $2");
const IN_STATE: &str = listed!("state = $3 AND id < $1 ORDER BY id DESC LIMIT $2");
/// Sorts after every id.
const NEWEST: &str = "g";

/// A page of letters, the newest first, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    state: Option<State>,
    after: Option<LetterId>,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), StoreError> {
    let after = after.map_or_else(|| NEWEST.to_owned(), |id| id.to_string());
    let one_more = limit + 1;
    let mut params: Vec<&dyn ToValue> = vec![&after, &one_more];
    params.extend(state.iter().map(|state| state as &dyn ToValue));
    let sql = if state.is_some() { IN_STATE } else { ALL };
    tx.page(sql, &params, limit, |row| row.get(0), read)
}

/// One letter.
///
/// # Errors
/// [`StoreError`]
pub fn find(tx: &mut Tx<'_>, id: LetterId) -> Result<Option<Listed>, StoreError> {
    tx.row(listed!("id = $1"), &[&id], read)
}

fn read(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        id: row.get(0)?,
        recipient: row.get(1)?,
        template: row.get(2)?,
        language: row.get(3)?,
        subject: row.get(4)?,
        state: row.get(5)?,
        queued_at: row.get(6)?,
        due_at: row.get(7)?,
        attempts: row.get(8)?,
        ended_at: row.get(9)?,
        reason: row.get(10)?,
    })
}

/// What came of the wish to send a letter now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// It is due. Wake the sender once that is durable.
    Now,
    /// It is in the sender's hands at this moment.
    UnderWay,
    /// It did not fail.
    Over,
    /// It failed, and what it said is gone.
    Gone,
}

/// Makes a letter due that failed within a day, or that waits for its next try.
///
/// # Errors
/// [`StoreError`]
pub fn retry(tx: &mut Tx<'_>, id: LetterId, now: Timestamp) -> Result<Retried, StoreError> {
    let stands = tx.row(
        "SELECT state, claimed_at IS NOT NULL, body_text = '', ended_at FROM mail_outbox WHERE id = $1",
        &[&id],
        |row| {
            let ended_at = row.get::<Option<Timestamp>>(3)?;
            Ok((row.get::<State>(0)?, row.get::<i64>(1)? != 0, row.get::<i64>(2)? != 0, ended_at))
        },
    )?;
    let Some((state, is_claimed, is_blank, ended_at)) = stands else { return Ok(Retried::Over) };
    match state {
        State::Waiting if is_claimed => return Ok(Retried::UnderWay),
        State::Waiting => {}
        State::Failed if is_blank || ended_at.is_none_or(|at| at + KEPT_FAILED <= now) => {
            return Ok(Retried::Gone);
        }
        // Counted anew from here: it is given up after so many hours as any other.
        State::Failed => state::moved(tx, Some(State::Failed), State::Waiting)?,
        State::Sent | State::Suppressed | State::Bounced | State::Complained => return Ok(Retried::Over),
    }
    tx.execute(
        "UPDATE mail_outbox SET state = 'waiting', due_at = $1, claimed_at = NULL, ended_at = NULL,
                first_tried_at = CASE WHEN state = 'failed' THEN NULL ELSE first_tried_at END
         WHERE id = $2",
        &[&now, &id],
    )?;
    Ok(Retried::Now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn a_page_of_letters_reads_no_more_of_them_than_it_shows() {
        let store = testing::store().await;
        for (sql, params, index) in
            [(ALL, 2, "(id<?)"), (IN_STATE, 3, "mail_outbox_by_state (state=? AND id<?)")]
        {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store.read(move |tx| {
                let values: [&dyn ToValue; 3] = [&NEWEST, &1i64, &"sent"];
                tx.rows(sql, &values[..params], |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
