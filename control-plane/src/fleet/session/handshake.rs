//! Challenge, hello, proof.

use super::{
    Channel,
    socket::{linger, say_goodbye, send, understand},
};
use crate::{
    fleet::{
        Fleet, journals,
        link::{Closing, REPLACED_KEY, REVOKED, SHUTTING_DOWN},
        registry::{self, Standing},
    },
    store::{StoreError, Tx},
};
use ed25519_dalek::{Signature, VerifyingKey};
use futures_util::StreamExt;
use shared::{
    ids::{JournalId, PbxId},
    protocol::{
        AgentFrame, ControlFrame, FrameError, HANDSHAKE_SECONDS, Hello, NONCE_BYTES, from_base64,
        hello_bytes, to_base64,
    },
    time::Timestamp,
};
use std::{fmt, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::frame::coding::CloseCode};

/// A host's clock that is off by more than this is said.
const NOTABLE: Duration = Duration::from_secs(2);
/// Longest version that is shown.
const LONGEST_VERSION: usize = 64;

/// An agent that has proved itself.
pub(super) struct Proven {
    pub(super) pbx: PbxId,
    pub(super) name: String,
    pub(super) key: VerifyingKey,
    /// Number of the challenge that it has answered.
    pub(super) challenge: u64,
    pub(super) journal: JournalId,
    pub(super) version: String,
    /// Highest report number of its journal that is applied.
    pub(super) applied: u64,
    /// Oldest report that it still holds, or the one that comes next; older agents do not say.
    pub(super) oldest: Option<u64>,
}

impl Proven {
    /// Whether the host was once told that reports are applied of which our database knows nothing: it
    /// was restored from a backup.
    pub(super) fn remembers_more(&self) -> bool {
        self.oldest.is_some_and(|oldest| oldest > self.applied.saturating_add(1))
    }
}

/// Why one is turned away.
pub(super) enum Parting {
    /// It is not whom it says, or not in a way we accept.
    Reject { code: &'static str, detail: String },
    /// It broke the rules, or we cannot look.
    Close(Closing),
}

impl Fleet {
    /// Challenges an agent and checks its proof, in no more than [`HANDSHAKE_SECONDS`].
    pub(super) async fn shake_hands<S>(
        &self,
        socket: &mut WebSocketStream<S>,
        channel: &Channel,
    ) -> Result<Proven, Parting>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let limit = Duration::from_secs(HANDSHAKE_SECONDS);
        tokio::select! {
            biased;
            () = self.0.hub.draining() => Err(SHUTTING_DOWN.into()),
            proven = timeout(limit, self.prove(socket, channel)) => proven.unwrap_or_else(|_| {
                Err(Closing::new(CloseCode::Policy, "no proof within the time for it").into())
            }),
        }
    }

    /// Why a connection that was proved with this key must end at this moment, if it must.
    pub(super) async fn objection(&self, name: String, key: VerifyingKey) -> Option<Closing> {
        match self.0.store.read(move |tx| registry::standing_of(tx, &name)).await {
            Ok(Standing::Key(_, newest)) if newest == key => None,
            Ok(Standing::Key(..) | Standing::Unknown) => Some(REPLACED_KEY),
            Ok(Standing::Revoked) => Some(REVOKED),
            Err(error) => Some(no_database(&error)),
        }
    }

    async fn prove<S>(&self, socket: &mut WebSocketStream<S>, channel: &Channel) -> Result<Proven, Parting>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let number = self.0.hub.challenge();
        let challenge = ControlFrame::Challenge { nonce: to_base64(&nonce), server_time: Timestamp::now() };
        send(socket, &challenge).await?;
        let hello = await_hello(socket).await?;
        check_form(&hello, channel)?;
        let binding = channel.binding.as_ref().filter(|_| hello.bound);
        let (name, journal) = (hello.pbx.clone(), hello.journal);
        let found = self.0.store.read(move |tx| look_up(tx, &name, journal)).await;
        let (pbx, key, applied) = found.map_err(|error| no_database(&error))??;
        if !is_signed(&hello, &nonce, binding, &key) {
            return Err(Parting::reject(
                "bad_signature",
                "the proof does not verify with the newest key of this PBX: enrol the host again",
            ));
        }
        let Some(applied) = applied else {
            return Err(Parting::reject(
                "protocol",
                "the journal is another PBX's: was the state directory copied? Start with an empty one",
            ));
        };
        say_clock(hello.agent_time);
        let Hello { pbx: name, journal, version, oldest, .. } = hello;
        Ok(Proven { pbx, name, key, challenge: number, journal, version, applied, oldest })
    }
}

async fn await_hello<S>(socket: &mut WebSocketStream<S>) -> Result<Hello, Closing>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let out_of_order =
        |what| Closing::blaming(FrameError::new("out_of_order", format!("{what} where hello was awaited")));
    loop {
        match understand(socket.next().await)? {
            None => {}
            Some(AgentFrame::Hello(hello)) => return Ok(hello),
            Some(AgentFrame::Health(_)) => return Err(out_of_order("health")),
            Some(AgentFrame::Report(_)) => return Err(out_of_order("report")),
            Some(AgentFrame::Standing { .. }) => return Err(out_of_order("standing")),
            Some(AgentFrame::OrderKeys { .. }) => return Err(out_of_order("order_keys")),
            Some(AgentFrame::Error(_)) => return Err(out_of_order("error")),
        }
    }
}

fn check_form(hello: &Hello, channel: &Channel) -> Result<(), Parting> {
    if hello.version.len() > LONGEST_VERSION || hello.version.chars().any(char::is_control) {
        let detail = format!("version is at most {LONGEST_VERSION} bytes of plain text");
        return Err(Closing::blaming(FrameError::new("bad_field", detail)).into());
    }
    match (hello.bound, channel.binding) {
        (true, Some(_)) => Ok(()),
        (false, _) if channel.may_be_unbound => Ok(()),
        (true, None) => Err(Parting::reject(
            "protocol",
            "the proof is bound to a TLS session that does not end here: nothing between agent and control \
             plane may terminate TLS, unless trusted_proxies names it here and agent.toml says behind_proxy \
             = true under [control_plane]",
        )),
        (false, None) => Err(Parting::reject(
            "protocol",
            "a proof that covers no TLS session is taken from this host and from trusted_proxies alone: name \
             the proxy there, or serve TLS",
        )),
        (false, Some(_)) => {
            Err(Parting::reject("protocol", "over TLS the proof must be bound to the session (RFC 9266)"))
        }
    }
}

/// Who has this name, the key that must have signed, and how far its journal is applied: `None` for
/// a journal of another PBX.
type Found = (PbxId, VerifyingKey, Option<u64>);

fn look_up(tx: &mut Tx<'_>, name: &str, journal: JournalId) -> Result<Result<Found, Parting>, StoreError> {
    Ok(match registry::standing_of(tx, name)? {
        Standing::Unknown => Err(Parting::reject(
            "unknown_pbx",
            "no PBX of this name is enrolled: compare `name` in the agent's configuration, or enrol it",
        )),
        Standing::Revoked => {
            Err(Parting::reject("revoked", "every key of this PBX is revoked: enrol it again with a new key"))
        }
        Standing::Key(pbx, key) => Ok((pbx, key, journals::applied(tx, journal, pbx)?)),
    })
}

fn no_database(error: &StoreError) -> Closing {
    tracing::error!(%error, "whoever connects cannot be looked up");
    Closing::new(CloseCode::Again, "the database does not answer")
}

fn is_signed(hello: &Hello, nonce: &[u8], binding: Option<&[u8; 32]>, key: &VerifyingKey) -> bool {
    let signed = hello_bytes(nonce, binding, hello.journal, &hello.pbx);
    from_base64(&hello.signature)
        .is_some_and(|bytes| key.verify_strict(&signed, &Signature::from_bytes(&bytes)).is_ok())
}

fn say_clock(agent_time: Timestamp) {
    let now = Timestamp::now();
    let off = now.since(agent_time).max(agent_time.since(now));
    if off > NOTABLE {
        tracing::warn!(off_by_seconds = off.as_secs_f64(), "the clock of an agent's host differs from ours");
    }
}

impl Parting {
    fn reject(code: &'static str, detail: &str) -> Self {
        Self::Reject { code, detail: detail.into() }
    }

    /// Says why, and hangs up.
    pub(super) async fn say<S>(self, mut socket: WebSocketStream<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let closing = match self {
            Self::Close(closing) => closing,
            Self::Reject { code, detail } => {
                if send(&mut socket, &ControlFrame::Reject { code: code.into(), detail }).await.is_err() {
                    return;
                }
                Closing::new(CloseCode::Policy, code)
            }
        };
        if say_goodbye(&mut socket, closing).await.is_ok() {
            linger(socket).await;
        }
    }
}

impl From<Closing> for Parting {
    fn from(closing: Closing) -> Self {
        Self::Close(closing)
    }
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject { code, detail } => write!(f, "{code}: {detail}"),
            // Debug escapes what an unproven stranger wrote.
            Self::Close(Closing { error: Some(error), .. }) => write!(f, "{error:?}"),
            Self::Close(Closing { error: None, why, .. }) => f.write_str(why),
        }
    }
}
