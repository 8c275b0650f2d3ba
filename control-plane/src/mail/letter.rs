//! A letter, and how it is queued.

use super::{
    language::Language, shown::shortened, state, state::State, suppressions, template::Template, words,
};
use crate::{
    accounts::email::Email,
    store::{StoreError, Tx},
};
use shared::{ids::LetterId, time::Timestamp};
use std::fmt;
use uuid::Uuid;

/// A letter to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub to: Email,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub template: Template,
    /// What makes it one letter: queued again under the same key, it is not sent again. Names what it is about,
    /// such as `verify/ID` with the id of the sign-up; stored as it is, so no secret.
    pub key: String,
}

/// Debug output lands in logs, so it shows no whole address and no link.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("to", &shortened(&self.to))
            .field("language", &self.language)
            .field("template", &self.template)
            .field("key", &self.key)
            .finish()
    }
}

/// What became of a letter that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It waits to be sent: wake the sender ([`Nudge`](super::Nudge)) once the transaction is durable.
    Waiting(LetterId),
    /// Its address gets no letter any more; a row says so.
    Suppressed(LetterId),
    /// A letter with this key was queued before; nothing is changed, whatever this one says.
    Before(LetterId),
}

/// Renders a letter and puts it into the outbox, as part of the caller's transaction: it is sent if, and only if,
/// that becomes durable.
///
/// # Errors
/// [`StoreError`]
pub fn queue(tx: &mut Tx<'_>, letter: &Letter, now: Timestamp) -> Result<Queued, StoreError> {
    let Letter { to, language, template, key } = letter;
    let found = tx.row("SELECT id FROM mail_outbox WHERE letter_key = $1", &[key], |row| row.get(0))?;
    if let Some(id) = found {
        return Ok(Queued::Before(id));
    }
    let id = LetterId::new(Uuid::now_v7());
    let suppressed = suppressions::holds(tx, to)?;
    let mut rendered = words::render(template, *language);
    let (mut state, mut due_at, mut ended_at) = (State::Waiting, Some(now), None);
    if suppressed {
        (state, due_at, ended_at) = (State::Suppressed, None, Some(now));
        // Nobody will send them.
        (rendered.text, rendered.html) = (String::new(), String::new());
    }
    tx.execute(
        "INSERT INTO mail_outbox (id, letter_key, recipient, template, language, subject, body_text, body_html,
                                  state, queued_at, due_at, attempts, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12)",
        &[
            &id,
            key,
            to,
            &template.name(),
            &language.as_str(),
            &rendered.subject,
            &rendered.text,
            &rendered.html,
            &state,
            &now,
            &due_at,
            &ended_at,
        ],
    )?;
    if suppressed {
        state::moved(tx, None, State::Suppressed)?;
        tracing::warn!(letter = %id, to = shortened(to), template = template.name(), "a letter is held back: its address gets none any more");
        return Ok(Queued::Suppressed(id));
    }
    Ok(Queued::Waiting(id))
}
