//! One agent's connection: challenge, proof, frames.
//!
//! After the proof two loops run side by side, so that neither direction ever waits for the other:
//! [`listen`] turns frames into events, and waits where the followers do not keep up; [`speak`]
//! writes what waits on the [`Link`], and a ping with every heartbeat.

mod handshake;
mod listen;
mod queries;
pub mod simulated;
mod socket;
mod speak;

use super::{Fleet, Link, hub::Connection, link::Closing};
use futures_util::StreamExt;
use handshake::Proven;
use listen::Known;
use queries::Queries;
use shared::{
    ids::PbxId,
    protocol::{AttemptStanding, ControlFrame, Report},
    time::Timestamp,
};
use socket::{FAREWELL, linger};
use std::pin::pin;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::frame::coding::CloseCode};
use tracing::Instrument;

/// How often an agent must be heard of, seconds; after three times that it counts as lost.
const HEARTBEAT_SECONDS: u16 = 10;

/// What the followers of the fleet learn.
#[derive(Clone, Debug)]
pub enum AgentEvent {
    /// An agent has proved itself: ask it for the attempts that it may hold.
    Connected(Link),
    /// A host that connects was once told that reports are applied which are not in the database: it was
    /// restored from a backup, and what it says of older calls is no longer so. With the highest number of
    /// those reports, which will not come again.
    Forgotten(Link, u64),
    /// Its connection has ended, and no newer one had taken its place. One may have by the time this
    /// is read.
    Disconnected(PbxId),
    /// A numbered report of the link's own journal; acknowledge it over the link once it is applied.
    /// Within a connection numbers rise without gaps, but fall back to where the agent repeats itself.
    Report(Link, Report),
    /// Answer to a query: each attempt in it was asked about over this link.
    Standing(Link, Vec<AttemptStanding>),
    /// Something changed that may let a waiting call go: a host came, a trunk became free.
    Freed(PbxId),
}

impl Fleet {
    /// Serves one agent's connection to its end. The socket must limit messages to
    /// [`MAX_FRAME`](shared::protocol::MAX_FRAME).
    pub async fn serve<S>(
        &self,
        mut socket: WebSocketStream<S>,
        channel: Channel,
        events: mpsc::Sender<AgentEvent>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let span = tracing::info_span!("agent", pbx = tracing::field::Empty);
        async {
            match self.shake_hands(&mut socket, &channel).await {
                Ok(proven) => {
                    tracing::Span::current().record("pbx", proven.name.as_str());
                    self.converse(socket, proven, &events).await;
                }
                Err(parting) => {
                    tracing::warn!(%parting, "an agent was turned away");
                    // Whoever does not take its refusal in time has no use for it.
                    let _ = timeout(FAREWELL, parting.say(socket)).await;
                }
            }
        }
        .instrument(span)
        .await;
    }

    /// Tells a host every change of the order keys, where there were any; the generation it was told.
    fn tell_order_keys(&self, link: &Link) -> u64 {
        let keyring = self.keyring();
        if !keyring.announced().is_empty() {
            // A link that is closed already is told of nothing.
            let _ = link.send(ControlFrame::OrderKeys { announced: keyring.announced().to_vec() });
        }
        keyring.public().generation
    }

    /// Gives an agent its place: the link to it, and what waits to be written on it.
    fn seat(&self, proven: Proven, since: Timestamp) -> (Link, mpsc::Receiver<ControlFrame>) {
        let Proven { pbx, name, key, challenge, journal, version, applied, oldest: _ } = proven;
        let (link, queue) = Link::new(pbx, name, journal);
        // Queued before anybody else can reach the link, so that it is the first frame. A new link has
        // room for it.
        let _ =
            link.send(ControlFrame::Welcome { pbx_id: pbx, heartbeat_seconds: HEARTBEAT_SECONDS, applied });
        // Before any order, which may be signed with a key that the host must hear of first.
        let told = self.tell_order_keys(&link);
        tracing::info!(version, applied, "an agent has connected");
        self.0.hub.connected(Connection { link: link.clone(), key, challenge, version, since });
        if self.keyring().public().generation != told {
            self.tell_order_keys(&link);
        }
        (link, queue)
    }

    async fn converse<S>(&self, socket: WebSocketStream<S>, proven: Proven, events: &mpsc::Sender<AgentEvent>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (pbx, name, key, known) = (proven.pbx, proven.name.clone(), proven.key, Known::of(&proven));
        let (link, queue) = self.seat(proven, Timestamp::now());
        // An enrolment since the proof was checked found no connection to close.
        if let Some(closing) = self.objection(name, key).await {
            link.close(closing);
        }

        let queries = Queries::default();
        let (mut sink, mut stream) = socket.split();
        let said_all = {
            let mut speaking = pin!(speak::speak(&mut sink, queue, &link, &queries));
            let said_all = tokio::select! {
                closing = listen::listen(self, &mut stream, &link, known, &queries, events) => {
                    // The first reason counts.
                    link.close(closing);
                    false
                }
                () = &mut speaking => true,
            };
            let closing = link.closed().await;
            let vacated = self.0.hub.disconnected(&link);
            tracing::info!(why = closing.why, error = ?closing.error, "an agent's connection ends");
            let gone = async {
                if vacated {
                    // Without followers there is nobody to tell.
                    let _ = events.send(AgentEvent::Disconnected(pbx)).await;
                }
            };
            let farewell = async { said_all || timeout(FAREWELL, speaking).await.is_ok() };
            tokio::join!(gone, farewell).1
        };
        if said_all && let Ok(socket) = sink.reunite(stream) {
            let _ = timeout(FAREWELL, linger(socket)).await;
        }
    }
}

/// What a connection can prove beside who speaks.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// The TLS session's keying material (RFC 9266); `None` on plain TCP.
    pub binding: Option<[u8; 32]>,
    /// Nothing but this host, or a proxy that the operator trusts, can be at the other end: the proof
    /// need not cover a TLS session of ours.
    pub may_be_unbound: bool,
}

/// The other side has gone, or nobody here needs it any more.
const ENDED: Closing = Closing::new(CloseCode::Normal, "the connection has ended");

#[cfg(test)]
pub(in crate::fleet) mod tests;
