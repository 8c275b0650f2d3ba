//! What the state machine hears.

use super::Timer;

/// What happens to an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The order is in the journal.
    Start,
    /// The agent was restarted with this attempt under way.
    Resume,
    /// Asterisk answered the originate request with this HTTP status.
    OriginateAnswered {
        /// HTTP status.
        status: u16,
    },
    /// The originate request was not answered.
    OriginateLost {
        /// Whether it may have reached Asterisk all the same.
        maybe_sent: bool,
    },
    /// The carrier says that the phone rings.
    Ringing,
    /// Picked up.
    Answered,
    /// The channel is ours to play to.
    EnteredStasis,
    /// A key.
    Key(char),
    /// A playback ended.
    PlaybackFinished {
        /// Its number, from [`super::Output::Play`].
        play: u32,
        /// Whether Asterisk could play it.
        ok: bool,
    },
    /// The channel is gone, and this is why.
    Destroyed {
        /// Q.850 cause.
        cause: Option<u16>,
        /// Status of the final SIP response, or 0.
        tech_cause: Option<u16>,
    },
    /// The list of channels shows it alive.
    Present {
        /// Whether it is answered.
        up: bool,
    },
    /// Asterisk has no such channel.
    Gone,
    /// The control plane does not need it any more.
    Cancel,
    /// A timer that [`super::Output::SetTimer`] asked for.
    Timer(Timer),
}
