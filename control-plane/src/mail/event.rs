//! What the provider says later of letters and addresses.

use super::{outbox, shown, state::State, suppressions};
use crate::{
    accounts::email::Email,
    store::{StoreError, Tx},
};
use serde::{Deserialize, de::IgnoredAny};
use shared::{ids::LetterId, time::Timestamp};
use std::time::Duration;

/// The tag under which a letter carries its own id.
pub(super) const LETTER_TAG: &str = "letter";
/// How long an event is remembered; the provider sends one again for less than two days.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);
/// Addresses of one event that are looked at; a letter of ours has one.
const MOST_ADDRESSES: usize = 50;

/// Why an address gets no letter any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A letter came back for good.
    Bounce,
    /// A letter was called spam.
    Complaint,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Bounce, Self::Complaint];

    /// As the database writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
        }
    }

    const fn state(self) -> State {
        match self {
            Self::Bounce => State::Bounced,
            Self::Complaint => State::Complained,
        }
    }
}

/// An event that changes something: an address is to get no letter any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    cause: Cause,
    addresses: Vec<Email>,
    letter: Option<LetterId>,
    provider_id: Option<String>,
    detail: String,
}

/// The body is no event.
#[derive(Debug, thiserror::Error)]
#[error("the body is no event of Resend: {0}")]
pub struct NotAnEvent(#[from] serde_json::Error);

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    email_id: Option<String>,
    #[serde(default)]
    to: Vec<String>,
    bounce: Option<Bounce>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize)]
struct Bounce {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

/// Both forms are documented.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tags {
    List(Vec<Tag>),
    Map(std::collections::BTreeMap<String, serde_json::Value>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    value: String,
}

impl Default for Tags {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Tags {
    fn letter(&self) -> Option<LetterId> {
        let value = match self {
            Self::List(tags) => tags.iter().find(|tag| tag.name == LETTER_TAG).map(|tag| tag.value.as_str()),
            Self::Map(tags) => tags.get(LETTER_TAG).and_then(serde_json::Value::as_str),
            Self::Other(_) => None,
        };
        value?.parse().ok()
    }
}

impl Event {
    /// Reads the body of a request. `None` for one that changes nothing, such as `email.delivered` or a bounce
    /// that may pass.
    ///
    /// # Errors
    /// [`NotAnEvent`]
    pub fn read(body: &[u8]) -> Result<Option<Self>, NotAnEvent> {
        let Document { kind, data } = serde_json::from_slice(body)?;
        let cause = match kind.as_str() {
            // Where it is not said which kind of bounce it is, it is one for good: that is what the event is for.
            "email.bounced" if data.bounce.as_ref().is_none_or(Bounce::is_for_good) => Cause::Bounce,
            "email.complained" => Cause::Complaint,
            _ => return Ok(None),
        };
        let said = data.bounce.and_then(|bounce| bounce.message).unwrap_or_else(|| kind.clone());
        Ok(Some(Self {
            cause,
            addresses: data.to.iter().take(MOST_ADDRESSES).filter_map(|to| to.parse().ok()).collect(),
            letter: data.tags.letter(),
            provider_id: data.email_id,
            detail: said,
        }))
    }
}

impl Bounce {
    fn is_for_good(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("permanent"))
    }
}

/// Applies an event, as part of a unit of work: the address is suppressed and the letter marked. `false` where an
/// event of this id was applied before, which changes nothing.
///
/// # Errors
/// [`StoreError`]
pub fn apply(tx: &mut Tx<'_>, id: &str, event: &Event, now: Timestamp) -> Result<bool, StoreError> {
    tx.execute("DELETE FROM mail_events WHERE applied_at < $1", &[&(now - REMEMBERED)])?;
    let new = tx.execute(
        "INSERT INTO mail_events (id, applied_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        &[&id, &now],
    )?;
    if new == 0 {
        return Ok(false);
    }
    let Event { cause, addresses, letter, provider_id, detail } = event;
    let letter = match (letter, provider_id) {
        (Some(letter), _) => Some(*letter),
        (None, Some(provider_id)) => outbox::by_provider_id(tx, provider_id)?,
        (None, None) => None,
    };
    let ours = match letter {
        Some(letter) => outbox::recipient(tx, letter)?.and_then(|address| address.parse::<Email>().ok()),
        None => None,
    };
    if let (Some(letter), Some(address)) = (letter, &ours) {
        let reason = shown::reason(detail, address);
        outbox::mark(tx, letter, cause.state(), &reason, now)?;
        tracing::warn!(
            %letter, to = shown::shortened(address), cause = cause.as_str(), reason,
            "a letter came back or was called spam"
        );
    }
    // What we sent it to counts more than what the event says.
    let concerned = ours.map_or_else(|| addresses.clone(), |address| vec![address]);
    for address in &concerned {
        if suppressions::add_within(tx, address, *cause, now)? {
            tracing::warn!(
                address = shown::shortened(address),
                cause = cause.as_str(),
                "an address gets no letter any more"
            );
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
