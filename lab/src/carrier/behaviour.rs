//! What a called phone, or the carrier in front of it, does.

use std::time::Duration;

/// What happens to one call. Two equal behaviours are played by the same sipp process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Behaviour {
    /// Asked for before anything else.
    pub challenge: Option<Challenge>,
    /// How long `180 Ringing` stands before the outcome; zero sends no 180.
    pub ring: Duration,
    /// What comes then.
    pub outcome: Outcome,
}

/// A digest challenge (RFC 3261, 22).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Challenge {
    /// 407 of a proxy rather than 401 of a registrar or user agent.
    pub by_proxy: bool,
    /// The only user who is let through; anyone else gets 403.
    pub user: String,
    /// The user's password.
    pub password: String,
}

/// How a call goes on after ringing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Somebody, or a machine, takes it.
    Answer {
        /// Keys pressed, each so long after the previous step.
        keys: Vec<(Duration, char)>,
        /// The callee hangs up so long after the last key; `None` waits for the PBX or to be told.
        hang_up_after: Option<Duration>,
    },
    /// A final refusal.
    Refuse {
        /// SIP status, 300 to 699.
        code: u16,
        /// Q.850 cause for a Reason header (RFC 3326).
        cause: Option<u16>,
    },
    /// Nobody takes it; it rings until the caller gives up.
    RingOut,
    /// No SIP response at all, ever.
    Silence,
}

/// Delay between answering and the first key.
pub(super) const FIRST_KEY: Duration = Duration::from_millis(300);
/// Ringing before an answer, where nothing else is said: long enough for a 180 to be seen.
pub(super) const RING: Duration = Duration::from_millis(100);

impl Behaviour {
    /// Rings for a moment, answers, says nothing and stays.
    pub fn answer() -> Self {
        Self {
            challenge: None,
            ring: RING,
            outcome: Outcome::Answer { keys: Vec::new(), hang_up_after: None },
        }
    }

    /// As [`Behaviour::answer`], then presses a key.
    pub fn press(key: char) -> Self {
        Self {
            outcome: Outcome::Answer { keys: vec![(FIRST_KEY, key)], hang_up_after: None },
            ..Self::answer()
        }
    }

    /// Refuses at once.
    pub fn refuse(code: u16) -> Self {
        Self { challenge: None, ring: Duration::ZERO, outcome: Outcome::Refuse { code, cause: None } }
    }

    /// Rings until the caller gives up.
    pub fn ring_out() -> Self {
        Self { challenge: None, ring: RING, outcome: Outcome::RingOut }
    }

    /// Gives no SIP response at all.
    pub fn silence() -> Self {
        Self { challenge: None, ring: Duration::ZERO, outcome: Outcome::Silence }
    }

    /// With another pause before the first key.
    pub fn listening(mut self, pause: Duration) -> Self {
        if let Outcome::Answer { keys, .. } = &mut self.outcome
            && let Some((before, _)) = keys.first_mut()
        {
            *before = pause;
        }
        self
    }

    /// After another time of ringing.
    pub fn ringing(mut self, ring: Duration) -> Self {
        self.ring = ring;
        self
    }
}

/// The reason phrase of a status code (RFC 3261, 21).
pub(super) fn phrase(code: u16) -> &'static str {
    match code {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        480 => "Temporarily Unavailable",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        500 => "Server Internal Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        607 => "Unwanted",
        608 => "Rejected",
        _ => "Refused",
    }
}
