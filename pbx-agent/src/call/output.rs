//! What the state machine wants.

use super::{Part, Sound};
use shared::{protocol::AttemptEvent, time::Timestamp};

/// What the driver must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask Asterisk for the channel.
    Originate,
    /// Play to the channel.
    Play {
        /// Number of the playback.
        play: u32,
        /// What is said.
        part: Part,
        /// Words or tone.
        sound: Sound,
    },
    /// Stop a playback.
    Stop {
        /// Number of the playback.
        play: u32,
    },
    /// Hang up.
    Hangup,
    /// Ask Asterisk whether the channel lives: [`super::Input::Present`] or [`super::Input::Gone`].
    Look,
    /// Journal and send.
    Report(AttemptEvent),
    /// Feed [`super::Input::Timer`] at this moment; replaces an earlier one of the same name.
    SetTimer {
        /// Which.
        timer: Timer,
        /// When.
        at: Timestamp,
    },
    /// Forget the attempt.
    Done,
}

/// Names of timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Something should have happened by now.
    Watchdog,
    /// The conversation has lasted long enough.
    Talk,
    /// Silence between two prompts, or a playback that lasts suspiciously long.
    Speech,
    /// The channel is gone and its last event did not come.
    Linger,
}
