//! Challenge, hello, welcome.

use super::{LinkError, connect::Socket, session};
use crate::{clock::Clock, identity::Identity, journal::JournalState};
use ed25519_dalek::Signer;
use futures_util::SinkExt;
use shared::{
    ids::PbxId,
    protocol::{
        AgentFrame, ControlFrame, FrameError, HANDSHAKE_SECONDS, Hello, NONCE_BYTES, encode, from_base64,
        hello_bytes, to_base64,
    },
};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// A clock that is off by more than this is said.
const NOTABLE_MICROS: u64 = 2_000_000;
const MINUTES_MICROS: u64 = 60_000_000;

/// What the control plane said when it let us in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Who it takes us for.
    pub pbx_id: PbxId,
    /// How often it wants to hear from us.
    pub heartbeat: Duration,
    /// Highest of our reports that it has applied.
    pub applied: u64,
}

/// Proves who we are, and learns the control plane's clock.
///
/// # Errors
/// [`LinkError`].
pub async fn shake_hands(
    socket: &mut Socket,
    identity: &Identity,
    name: &str,
    journal: &JournalState,
    clock: &Clock,
) -> Result<Welcome, LinkError> {
    let talk = talk(socket, identity, name, journal, clock);
    timeout(Duration::from_secs(HANDSHAKE_SECONDS), talk)
        .await
        .unwrap_or_else(|_| Err(LinkError::Silent(Duration::from_secs(HANDSHAKE_SECONDS))))
}

async fn talk(
    socket: &mut Socket,
    identity: &Identity,
    name: &str,
    journal: &JournalState,
    clock: &Clock,
) -> Result<Welcome, LinkError> {
    let (nonce, server_time) = match session::read(&mut socket.frames).await? {
        ControlFrame::Challenge { nonce, server_time } => (nonce, server_time),
        ControlFrame::Reject { code, detail } => return Err(LinkError::rejected(&code, &detail)),
        other @ (ControlFrame::Welcome { .. }
        | ControlFrame::Order(_)
        | ControlFrame::Cancel { .. }
        | ControlFrame::Ack { .. }
        | ControlFrame::Query { .. }
        | ControlFrame::OrderKeys { .. }
        | ControlFrame::Error(_)) => return unexpected(socket, "challenge", &other).await,
    };
    let Some(nonce) = from_base64::<NONCE_BYTES>(&nonce) else {
        let error = FrameError::new("bad_field", format!("the nonce is not {NONCE_BYTES} bytes of base64"));
        return Err(session::end(&mut socket.frames, error).await);
    };
    learn(clock, server_time);
    let signed = hello_bytes(&nonce, socket.binding.as_ref(), journal.id, name);
    let hello = AgentFrame::Hello(Hello {
        pbx: name.to_owned(),
        journal: journal.id,
        oldest: Some(journal.oldest),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        agent_time: clock.wall(),
        bound: socket.binding.is_some(),
        signature: to_base64(&identity.key.sign(&signed).to_bytes()),
    });
    socket
        .frames
        .send(Message::text(encode(&hello)))
        .await
        .map_err(|error| LinkError::Broken(error.to_string()))?;
    match session::read(&mut socket.frames).await? {
        ControlFrame::Welcome { pbx_id, heartbeat_seconds: heartbeat @ 1..=600, applied } => {
            Ok(Welcome { pbx_id, heartbeat: Duration::from_secs(u64::from(heartbeat)), applied })
        }
        ControlFrame::Welcome { .. } => {
            let error = FrameError::new("bad_field", "heartbeat_seconds is 1 to 600");
            Err(session::end(&mut socket.frames, error).await)
        }
        ControlFrame::Reject { code, detail } => Err(LinkError::rejected(&code, &detail)),
        other @ (ControlFrame::Challenge { .. }
        | ControlFrame::Order(_)
        | ControlFrame::Cancel { .. }
        | ControlFrame::Ack { .. }
        | ControlFrame::Query { .. }
        | ControlFrame::OrderKeys { .. }
        | ControlFrame::Error(_)) => unexpected(socket, "welcome", &other).await,
    }
}

async fn unexpected<T>(socket: &mut Socket, awaited: &str, got: &ControlFrame) -> Result<T, LinkError> {
    let detail = format!("{} where {awaited} was awaited", session::name(got));
    Err(session::end(&mut socket.frames, FrameError::new("out_of_order", detail)).await)
}

fn learn(clock: &Clock, server_time: shared::time::Timestamp) {
    let offset = clock.learn(server_time);
    let seconds = offset as f64 / 1e6;
    match offset.unsigned_abs() {
        MINUTES_MICROS.. => tracing::error!(
            seconds,
            "THE CLOCK OF THIS HOST IS WRONG by more than a minute; calls go on by the control plane's clock, but set this one: timedatectl set-ntp true"
        ),
        NOTABLE_MICROS.. => {
            tracing::warn!(seconds, "the clock of this host differs from the control plane's")
        }
        _ => tracing::debug!(seconds, "clock offset"),
    }
}
