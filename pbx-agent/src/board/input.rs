//! What the board hears.

use crate::ari::{Channel, Endpoint, Event, Originated};
use ed25519_dalek::VerifyingKey;
use shared::{ids::AttemptId, order::SignedOrder};

/// What the link, Asterisk, the journal and the driver say.
#[derive(Clone, Debug)]
pub enum Input {
    /// From the link: ring a phone.
    Order {
        /// As it came.
        signed: Box<SignedOrder>,
        /// Whose orders are obeyed at this moment.
        pinned: Vec<VerifyingKey>,
    },
    /// From the link: hang up, or never start.
    Cancel(AttemptId),
    /// From the link: what became of these?
    Query {
        /// Names the question in its answer; never used again.
        ticket: u64,
        /// Whom it is about.
        attempts: Vec<AttemptId>,
    },
    /// [`super::Effect::Enter`] is durable.
    Journalled(AttemptId),
    /// [`super::Effect::Enter`] was refused by the disk.
    NotJournalled {
        /// The attempt.
        attempt: AttemptId,
        /// What the disk said.
        why: String,
    },
    /// [`super::Effect::Burn`] of this question is durable.
    Burned {
        /// The question.
        ticket: u64,
    },
    /// What became of [`super::Effect::Originate`].
    Originated(AttemptId, Originated),
    /// From Asterisk: something happened to a channel.
    Event(Event),
    /// From Asterisk: the event stream is open, and this is what lives.
    AsteriskUp {
        /// Its version.
        version: String,
        /// All channels.
        channels: Vec<Channel>,
        /// Ids of those that our application made, also in an earlier run.
        ours: Vec<String>,
    },
    /// From Asterisk: the event stream is lost.
    AsteriskDown {
        /// For a person.
        why: String,
    },
    /// From Asterisk: the endpoints, every few seconds.
    Endpoints(Vec<Endpoint>),
    /// What [`super::Effect::Look`] found; nothing comes where Asterisk did not answer.
    Looked(AttemptId, Option<Channel>),
    /// [`super::Effect::HangUp`] found no such channel; nothing comes where it did its work or failed.
    NoChannel(AttemptId),
    /// [`super::Effect::Play`] came to nothing; nothing comes where Asterisk plays.
    NotPlayed {
        /// The attempt.
        attempt: AttemptId,
        /// Number of the playback.
        play: u32,
    },
    /// [`super::Board::next_timer`] is here. Too early or too often does no harm.
    Due,
    /// Whether the voice has everything ready that a code is made of.
    Voice {
        /// It has.
        speaks_codes: bool,
    },
    /// Why the journal cannot be written; `None` when it can again.
    JournalTrouble(Option<String>),
    /// No new work: the agent is being stopped, or its operator said so.
    Drain,
    /// New work again.
    Resume,
    /// Once an hour, and only after a handshake has told the control plane's time: before that, a host
    /// whose own clock is wrong could forget too much.
    Tidy,
}
