//! Frames between an agent and the control plane: JSON text messages on one WebSocket.
//!
//! The story of a connection:
//! ```text
//! control plane                         agent
//!   challenge (nonce, my clock)   ->
//!                                 <-    hello (who I am, which journal, signed nonce)
//!   welcome                       ->        or `reject` and the end
//!   order_keys (every change)     ->        where keys were ever changed, and whenever they are
//!                                 <-    order_keys (which are pinned now)
//!   query (attempts I think you hold) ->
//!                                 <-    standing (what became of each)
//!                                 <-    health, whenever it changes and at every heartbeat
//!   order, cancel                 ->
//!                                 <-    report n (journalled; resent until acknowledged)
//!   ack n                         ->
//! ```
//! A frame of an unknown type is answered with `error` and otherwise ignored, so that a newer
//! program may say more than an older one understands. A frame that is broken, too large or out
//! of order ends the connection with `error` and a close code; nothing is lost by that, since
//! reports are resent and orders are queried.

use crate::{
    complaint::complaint,
    fence::RouteCountries,
    ids::{AttemptId, JournalId, PbxId},
    order::SignedOrder,
    order_keys::SignedOrderKeys,
    outcome::{AttemptStatus, Reason},
    time::Timestamp,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// WebSocket subprotocol: the version both sides must speak.
pub const SUBPROTOCOL: &str = "pbx-agent.v1";
/// Largest frame in either direction, bytes.
pub const MAX_FRAME: usize = 64 * 1024;
/// Bytes of a challenge's nonce.
pub const NONCE_BYTES: usize = 32;
/// Most attempts in one `query` and in its answer; more are asked in further frames.
pub const MAX_QUERY: usize = 500;
/// Most announcements in one `order_keys`; of older ones a host must be enrolled anew.
pub const MAX_ANNOUNCEMENTS: usize = 64;
/// The agent must prove itself within this many seconds of the connection's opening.
pub const HANDSHAKE_SECONDS: u64 = 10;
/// TLS exporter label that binds a proof to its connection (RFC 9266).
pub const CHANNEL_BINDING_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// What the control plane says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ControlFrame {
    /// First frame of a connection.
    Challenge {
        /// Base64 of [`NONCE_BYTES`] random bytes.
        nonce: String,
        /// The control plane's clock, against which orders expire.
        server_time: Timestamp,
    },
    /// The proof was good.
    Welcome {
        /// Who the control plane takes the agent for.
        pbx_id: PbxId,
        /// How often a `health` is expected, seconds; three missed and the link counts as lost.
        heartbeat_seconds: u16,
        /// Highest report number of the agent's journal that is already applied.
        applied: u64,
    },
    /// The proof was not good; the connection is closed after this.
    Reject {
        /// Stable word: `unknown_pbx`, `bad_signature`, `revoked`, `protocol`.
        code: String,
        /// What to do about it.
        detail: String,
    },
    /// Ring a phone.
    Order(SignedOrder),
    /// Hang up if it is not over yet; an order that has not arrived must not start any more.
    Cancel {
        /// Which.
        attempt_id: AttemptId,
    },
    /// Every report up to this number is applied and may be forgotten.
    Ack {
        /// The journal that numbers them.
        journal: JournalId,
        /// Report number.
        seq: u64,
    },
    /// What became of these? At most [`MAX_QUERY`].
    Query {
        /// Attempts the control plane believes are on this host.
        attempts: Vec<AttemptId>,
    },
    /// Every change of the keys that sign orders, oldest first, at most [`MAX_ANNOUNCEMENTS`].
    OrderKeys {
        /// Each is signed by a key that was valid before it.
        announced: Vec<SignedOrderKeys>,
    },
    /// The last frame could not be used.
    Error(FrameError),
}

/// What an agent says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentFrame {
    /// Answer to the challenge.
    Hello(Hello),
    /// How the host is.
    Health(Health),
    /// Something happened to an attempt.
    Report(Report),
    /// Answer to a query, same order.
    Standing {
        /// One for each queried attempt.
        attempts: Vec<AttemptStanding>,
    },
    /// Answer to `order_keys`: what is pinned on disk now, whether or not that changed anything.
    OrderKeys {
        /// [`key_id`](crate::order::key_id) of each.
        pinned: Vec<String>,
    },
    /// The last frame could not be used.
    Error(FrameError),
}

/// Who connects, and the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Name of the PBX, as enrolled.
    pub pbx: String,
    /// Its journal: report numbers count within it.
    pub journal: JournalId,
    /// Number of the oldest report that it has not seen acknowledged; one more than its last where there
    /// is none. Tells a control plane whose database was restored from a backup that it has forgotten
    /// reports. Absent from older agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<u64>,
    /// Version of the agent's program.
    pub version: String,
    /// The agent's own clock when it answered; a large difference is said to the operator.
    pub agent_time: Timestamp,
    /// Whether the proof covers the TLS session, so that it is of no use on another connection.
    pub bound: bool,
    /// Base64 of the Ed25519 signature over [`hello_bytes`].
    pub signature: String,
}

/// How a host is: enough to choose a PBX without asking it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Asterisk's version while ARI answers and the application is registered; absent otherwise.
    pub asterisk: Option<String>,
    /// What is wrong, for a person; absent when nothing is.
    pub trouble: Option<String>,
    /// Takes no new work.
    pub draining: bool,
    /// Attempts under way.
    pub active: u32,
    /// Every trunk in the host's configuration.
    pub trunks: Vec<TrunkHealth>,
    /// Whether it understands orders that speak a code, and its voice has every digit ready. Older agents
    /// do not say, and cannot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub speaks_codes: bool,
}

/// How a trunk is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkHealth {
    /// Its name on the host.
    pub name: String,
    /// Whether Asterisk considers it reachable; a trunk that is not watched counts as online.
    pub online: bool,
    /// Where it may call. Informs the choice; the host enforces its own copy.
    pub route_countries: RouteCountries,
    /// The number it shows to those it calls.
    pub caller_id: Option<String>,
    /// Attempts under way on it.
    pub active: u32,
    /// Attempts it may have under way at once.
    pub max_concurrent: u32,
}

/// One numbered report from an agent's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The journal that numbers it.
    pub journal: JournalId,
    /// Number in that journal, from 1, without gaps.
    pub seq: u64,
    /// The attempt it is about.
    pub attempt_id: AttemptId,
    /// When it happened, on the control plane's clock as the agent knows it.
    pub at: Timestamp,
    /// What happened.
    pub event: AttemptEvent,
}

/// What happens to an attempt, in the order in which it can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AttemptEvent {
    /// The host's policy said no. Nothing was dialled and nothing will be.
    Refused {
        /// Code of the contract.
        reason: Reason,
        /// For the operator; holds no number.
        detail: String,
    },
    /// Asterisk made the channel.
    Originated {
        /// HTTP status of the originate request.
        ari_status: u16,
    },
    /// The carrier says that the phone rings.
    Ringing,
    /// Picked up.
    Answered,
    /// A key was pressed: `0`-`9`, `*`, `#`, `A`-`D`.
    Key {
        /// The key.
        digit: char,
    },
    /// Over. The last report of an attempt.
    Ended(Ending),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Final status.
    pub status: AttemptStatus,
    /// Status of the carrier's final SIP response, where there was one.
    pub sip_code: Option<u16>,
    /// Q.850 cause that Asterisk gave.
    pub hangup_cause: Option<u16>,
    /// HTTP status of the originate request, where it was sent.
    pub ari_status: Option<u16>,
    /// Reason of the contract, where one fits.
    pub reason: Option<Reason>,
    /// The journal says that it was dialled, but nobody watched its end: the phone may have rung.
    pub unwitnessed: bool,
    /// The order's code was spoken to its last digit, at least once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spoken: bool,
}

/// What an agent knows of a queried attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptStanding {
    /// Which.
    pub attempt_id: AttemptId,
    /// What became of it.
    pub standing: Standing,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Never seen. The agent has journalled the question: should the order still arrive, it is
    /// refused, so trying elsewhere cannot ring the phone twice.
    NeverSeen,
    /// Under way.
    Live,
    /// Over; its reports are applied or on their way.
    Over,
}

/// Why a frame could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct FrameError {
    /// Stable word: `not_json`, `unknown_type`, `bad_field`, `too_large`, `out_of_order`, `not_text`.
    pub code: String,
    /// For the engineer who reads the log.
    pub detail: String,
}

impl FrameError {
    /// An error with its code and explanation.
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }

    /// Whether the connection may go on after it.
    pub fn is_tolerable(&self) -> bool {
        self.code == "unknown_type"
    }
}

/// Reads a frame.
///
/// # Errors
/// [`FrameError`] with `too_large`, `not_json`, `unknown_type` or `bad_field`.
pub fn decode<F: DeserializeOwned>(text: &str) -> Result<F, FrameError> {
    if text.len() > MAX_FRAME {
        return Err(FrameError::new("too_large", format!("{} bytes, at most {MAX_FRAME}", text.len())));
    }
    serde_json::from_str(text).map_err(|error| {
        let detail = complaint(&error);
        let code = match error.classify() {
            serde_json::error::Category::Data
                if detail.starts_with("unknown variant") && has_text_type(text) =>
            {
                "unknown_type"
            }
            serde_json::error::Category::Data => "bad_field",
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => "not_json",
        };
        FrameError::new(code, detail)
    })
}

/// Writes a frame.
pub fn encode<F: Serialize>(frame: &F) -> String {
    #[expect(clippy::expect_used, reason = "frames have no map with keys that are not strings")]
    serde_json::to_string(frame).expect("a frame serializes")
}

/// The bytes an agent signs to prove itself: domain, nonce, channel binding where there is one,
/// journal and name. Lengths are fixed or prefixed, so no two meanings share bytes.
pub fn hello_bytes(nonce: &[u8], binding: Option<&[u8; 32]>, journal: JournalId, pbx: &str) -> Vec<u8> {
    let mut bytes = b"callping hello v1\0".to_vec();
    for part in
        [nonce, binding.map_or(&[][..], |binding| &binding[..]), journal.uuid().as_bytes(), pbx.as_bytes()]
    {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    bytes
}

/// What an agent sends to `/agent/v1/enroll`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrollRequest {
    /// One-time token from `control-plane enroll-token`.
    pub token: String,
    /// Name in the agent's configuration; must be the token's PBX.
    pub pbx: String,
    /// Base64 of the Ed25519 public key made on the host.
    pub public_key: String,
    /// Base64 of the signature over [`enroll_bytes`]: the sender holds the private half.
    pub signature: String,
}

/// What the control plane answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrollResponse {
    /// Who the agent now is.
    pub pbx_id: PbxId,
    /// Base64 of the public keys that may sign orders; the agent pins them.
    pub order_keys: Vec<String>,
    /// Of these keys; only a newer one replaces them.
    #[serde(default)]
    pub order_keys_generation: u64,
}

/// The bytes an agent signs when it enrols.
pub fn enroll_bytes(token: &str, pbx: &str) -> Vec<u8> {
    let mut bytes = b"callping enroll v1\0".to_vec();
    for part in [token, pbx] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

/// Base64 as frames use it: standard alphabet, padded.
pub fn to_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Reads exactly `N` bytes of base64; `None` for anything else.
pub fn from_base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

fn has_text_type(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        name: String,
    }
    serde_json::from_str::<Typed>(text).is_ok_and(|typed| {
        !matches!(
            typed.name.as_str(),
            "challenge"
                | "welcome"
                | "reject"
                | "order"
                | "cancel"
                | "ack"
                | "query"
                | "order_keys"
                | "error"
                | "hello"
                | "health"
                | "report"
                | "standing"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn attempt() -> AttemptId {
        AttemptId::new(Uuid::from_u128(7))
    }

    #[test]
    fn a_report_survives_the_road() {
        let frame = AgentFrame::Report(Report {
            journal: JournalId::new(Uuid::from_u128(1)),
            seq: 3,
            attempt_id: attempt(),
            at: Timestamp::from_micros(5),
            event: AttemptEvent::Ended(Ending {
                status: AttemptStatus::Busy,
                sip_code: Some(486),
                hangup_cause: Some(17),
                ari_status: Some(200),
                reason: None,
                unwitnessed: false,
                spoken: false,
            }),
        });
        assert_eq!(decode::<AgentFrame>(&encode(&frame)), Ok(frame));
    }

    #[test]
    fn what_concerns_codes_is_said_to_nobody_who_does_not_ask_for_it() {
        let older = r#"{"status":"busy","sip_code":486,"hangup_cause":17,"ari_status":200,"reason":null,"unwitnessed":false}"#;
        let ending: Ending = serde_json::from_str(older).unwrap();
        assert_eq!((ending.spoken, encode(&ending).as_str()), (false, older));
        let older = r#"{"asterisk":null,"trouble":null,"draining":false,"active":0,"trunks":[]}"#;
        let health: Health = serde_json::from_str(older).unwrap();
        assert_eq!((health.speaks_codes, encode(&health).as_str()), (false, older));
    }

    #[test]
    fn a_frame_of_the_future_is_told_apart_from_a_broken_one() {
        let code = |text: &str| decode::<ControlFrame>(text).unwrap_err().code;
        assert_eq!(code(r#"{"type":"sing","song":"x"}"#), "unknown_type");
        assert_eq!(code(r#"{"type":"cancel"}"#), "bad_field");
        assert_eq!(code(r#"{"type":"cancel","attempt_id":7}"#), "bad_field");
        assert_eq!(code(r#"{"type":"hello"}"#), "bad_field");
        assert_eq!(code("{"), "not_json");
        assert_eq!(code("[]"), "bad_field");
        assert_eq!(code(&"[".repeat(10_000)), "bad_field");
        assert_eq!(code(&" ".repeat(MAX_FRAME + 1)), "too_large");
    }

    #[test]
    fn what_is_signed_cannot_be_read_in_two_ways() {
        let journal = JournalId::new(Uuid::from_u128(1));
        let nonce = [1; NONCE_BYTES];
        assert_ne!(
            hello_bytes(&nonce, None, journal, "pbx-1"),
            hello_bytes(&nonce, Some(&[0; 32]), journal, "pbx-1")
        );
        assert_ne!(enroll_bytes("ab", "c"), enroll_bytes("a", "bc"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = decode::<ControlFrame>(&text);
            let _ = decode::<AgentFrame>(&text);
        }
    }
}
