//! How calls and attempts end, and whose fault it was.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word of the contract.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word of the contract back; `None` for any other word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Where the duty to reach one phone stands.
    CallStatus {
        /// Waits for its turn, for a redial pause or for a PBX.
        Queued = "queued",
        /// An attempt is under way.
        Calling = "calling",
        /// Somebody picked up; no key yet, or answering was enough.
        Answered = "answered",
        /// Key 1 was pressed.
        Acknowledged = "acknowledged",
        /// Every try was used up.
        Exhausted = "exhausted",
        /// Its lifetime ran out.
        Expired = "expired",
        /// No longer needed: the alert was closed or taken by somebody else.
        Cancelled = "cancelled",
        /// Must not be dialled, or was held back by a limit; the reason says which.
        Blocked = "blocked",
    }
}

words! {
    /// Where one dial order stands: a row of `call_logs`.
    ///
    /// `Answered` and `Acknowledged` are the outcome of a finished conversation too: whether the
    /// channel still lives is told by `ended_at`, not by the status.
    AttemptStatus {
        /// The order was sent.
        Initiated = "initiated",
        /// Asterisk made the channel; the phone is being rung.
        Placed = "placed",
        /// Picked up.
        Answered = "answered",
        /// Key 1 was pressed.
        Acknowledged = "acknowledged",
        /// The callee was busy.
        Busy = "busy",
        /// Rang out.
        NoAnswer = "no_answer",
        /// The callee declined.
        Rejected = "rejected",
        /// The trunk, the network, the PBX or the number failed.
        Failed = "failed",
        /// The agent's policy refused the order; nothing was dialled.
        Refused = "refused",
        /// The order expired before an agent could start it.
        Expired = "expired",
        /// Hung up by us before it was answered.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why something was refused or blocked.
    Reason {
        /// No trunk may reach the country.
        CountryNotAllowed = "country_not_allowed",
        /// Not a number that exists.
        NumberInvalid = "number_invalid",
        /// An emergency line.
        NumberEmergency = "number_emergency",
        /// Premium rate or shared cost.
        NumberPremium = "number_premium",
        /// Toll-free.
        NumberTollFree = "number_toll_free",
        /// A short code.
        NumberShort = "number_short",
        /// A kind of number that is never called: pager, personal, satellite, …
        NumberType = "number_type",
        /// On the do-not-call list.
        DoNotCall = "do_not_call",
        /// The phone was called a moment ago.
        Cooldown = "cooldown",
        /// Over a rate limit.
        RateLimited = "rate_limited",
        /// Over the plan's or the trunk's quota.
        Quota = "quota",
        /// No PBX is connected and healthy.
        NoPbx = "no_pbx",
        /// Every trunk that may take it is full.
        Capacity = "capacity",
        /// Too late.
        Expired = "expired",
        /// The order's signature did not verify.
        BadSignature = "bad_signature",
        /// The order is for another PBX.
        WrongPbx = "wrong_pbx",
        /// An order with this attempt id was seen before with other content.
        Duplicate = "duplicate",
        /// Asterisk did not answer.
        AriUnavailable = "ari_unavailable",
        /// The host takes no new work.
        Draining = "draining",
    }
}

impl CallStatus {
    /// Nothing more will happen to a call in this state.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Calling => false,
            Self::Answered
            | Self::Acknowledged
            | Self::Exhausted
            | Self::Expired
            | Self::Cancelled
            | Self::Blocked => true,
        }
    }
}

/// Whose answer the end of an unanswered attempt was: it decides what the dispatcher does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The callee's own answer (busy, declined, rang out): the same phone later.
    Callee,
    /// The trunk's or the PBX's fault: another trunk at once.
    Trunk,
    /// The number does not exist or cannot be reached by anybody: no further try helps.
    Number,
}

/// Judges an unanswered channel by the SIP status the carrier sent and, where there was none,
/// by the hangup cause of Asterisk (ITU-T Q.850, `ChannelDestroyed.cause`).
///
/// SIP codes by RFC 3261 §21. A 404 is the trunk's fault: carriers send it for routes of their own
/// that fail, and the hangup cause cannot tell the two apart, since Asterisk turns every 404 into
/// cause 1. Another trunk may reach the phone.
pub const fn judge(sip_code: Option<u16>, hangup_cause: Option<u16>) -> (AttemptStatus, Fault) {
    match (sip_code, hangup_cause) {
        (Some(486 | 600), _) | (None, Some(17)) => (AttemptStatus::Busy, Fault::Callee),
        (Some(408 | 480 | 487), _) | (None, Some(18 | 19)) => (AttemptStatus::NoAnswer, Fault::Callee),
        (Some(603), _) | (None, Some(21)) => (AttemptStatus::Rejected, Fault::Callee),
        (Some(410 | 484 | 604), _) | (None, Some(22 | 28)) => (AttemptStatus::Failed, Fault::Number),
        _ => (AttemptStatus::Failed, Fault::Trunk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_contract_survive_a_round_trip() {
        for status in CallStatus::ALL {
            assert_eq!(CallStatus::from_word(status.as_str()), Some(*status));
            let json = serde_json::to_string(status).unwrap();
            assert_eq!(json, format!("\"{status}\""));
        }
        for status in AttemptStatus::ALL {
            assert_eq!(AttemptStatus::from_word(status.as_str()), Some(*status));
        }
        for reason in Reason::ALL {
            assert_eq!(Reason::from_word(reason.as_str()), Some(*reason));
        }
    }

    #[test]
    fn a_busy_phone_is_the_callees_answer_and_a_503_the_trunks_fault() {
        assert_eq!(judge(Some(486), Some(17)), (AttemptStatus::Busy, Fault::Callee));
        assert_eq!(judge(Some(480), Some(19)), (AttemptStatus::NoAnswer, Fault::Callee));
        assert_eq!(judge(Some(603), Some(21)), (AttemptStatus::Rejected, Fault::Callee));
        assert_eq!(judge(Some(503), Some(34)), (AttemptStatus::Failed, Fault::Trunk));
        assert_eq!(judge(None, None), (AttemptStatus::Failed, Fault::Trunk));
    }

    #[test]
    fn a_404_asks_another_trunk_and_a_604_nobody() {
        assert_eq!(judge(Some(404), Some(1)).1, Fault::Trunk);
        assert_eq!(judge(Some(604), Some(1)).1, Fault::Number);
    }
}
