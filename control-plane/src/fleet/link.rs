//! The sending end of one agent's connection.

use shared::{
    ids::{JournalId, PbxId},
    protocol::{ControlFrame, FrameError},
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

/// Frames that may wait for a socket. An agent that lets more pile up is in trouble, and its
/// connection is closed: nothing is lost by that, since attempts are asked about after a reconnect.
const WAITING_FRAMES: usize = 256;

/// Sends frames to one agent, over one connection. Cheap to clone, and useless once it is closed.
#[derive(Clone, Debug)]
pub struct Link(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pbx: PbxId,
    pbx_name: String,
    journal: JournalId,
    outgoing: mpsc::Sender<ControlFrame>,
    closed: CancellationToken,
    closing: OnceLock<Closing>,
    /// Ids of the order keys that the host has confirmed.
    pinned: Mutex<Vec<String>>,
}

/// This program ends.
pub(super) const SHUTTING_DOWN: Closing = Closing::new(CloseCode::Away, "the control plane is shutting down");
/// The key of the proof counts no more.
pub(super) const REPLACED_KEY: Closing = Closing::new(CloseCode::Library(4001), "this PBX was enrolled anew");

/// The agent must learn what time it is.
pub(super) const CLOCK: Closing = Closing::new(CloseCode::Again, "connect again: our clocks differ");
/// The key of the proof was revoked.
pub(super) const REVOKED: Closing = Closing::new(CloseCode::Library(4003), "the key of this PBX was revoked");

/// The frame did not leave and will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the agent's link is down or does not keep up")]
pub struct NotSent;

/// How a connection ends from our side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closing {
    /// Sent before the close, when a frame was to blame.
    pub(crate) error: Option<FrameError>,
    /// WebSocket close code.
    pub(crate) code: CloseCode,
    /// For the other side's log.
    pub(crate) why: &'static str,
}

impl Closing {
    pub(crate) const fn new(code: CloseCode, why: &'static str) -> Self {
        Self { error: None, code, why }
    }

    /// After a frame that could not be used.
    pub(crate) fn blaming(error: FrameError) -> Self {
        let code = match error.code.as_str() {
            "too_large" => CloseCode::Size,
            "not_text" => CloseCode::Unsupported,
            "not_json" | "bad_field" => CloseCode::Invalid,
            _ => CloseCode::Protocol,
        };
        Self { error: Some(error), code, why: "a frame could not be used" }
    }
}

impl Link {
    pub(super) fn new(
        pbx: PbxId,
        pbx_name: String,
        journal: JournalId,
    ) -> (Self, mpsc::Receiver<ControlFrame>) {
        let (outgoing, queue) = mpsc::channel(WAITING_FRAMES);
        let closed = CancellationToken::new();
        let closing = OnceLock::new();
        let pinned = Mutex::default();
        (Self(Arc::new(Inner { pbx, pbx_name, journal, outgoing, closed, closing, pinned })), queue)
    }

    /// Whose link.
    pub fn pbx(&self) -> PbxId {
        self.0.pbx
    }

    /// Whose link, by name.
    pub fn pbx_name(&self) -> &str {
        &self.0.pbx_name
    }

    /// The journal whose reports arrive here.
    pub fn journal(&self) -> JournalId {
        self.0.journal
    }

    /// Puts a frame on the link. Never waits: a full queue closes the link instead.
    ///
    /// # Errors
    /// [`NotSent`]: the frame certainly did not leave.
    pub fn send(&self, frame: ControlFrame) -> Result<(), NotSent> {
        if self.is_closed() {
            return Err(NotSent);
        }
        self.0.outgoing.try_send(frame).map_err(|error| {
            if let mpsc::error::TrySendError::Full(_) = error {
                self.close(Closing::new(CloseCode::Policy, "too many frames wait for this socket"));
            }
            NotSent
        })
    }

    /// The host says which order keys it pins.
    pub(super) fn confirmed(&self, pinned: Vec<String>) {
        *self.0.pinned.lock().unwrap_or_else(PoisonError::into_inner) = pinned;
    }

    /// Whether the host has said over this connection that it pins the order key of this id.
    pub(super) fn pins(&self, key_id: &str) -> bool {
        self.0.pinned.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|pinned| pinned == key_id)
    }

    /// Ends the connection; the first reason counts.
    pub(crate) fn close(&self, closing: Closing) {
        // A second close changes nothing.
        let _ = self.0.closing.set(closing);
        self.0.closed.cancel();
    }

    /// Ends the connection, so that the agent asks for the time again.
    pub(crate) fn ask_for_the_time(&self) {
        self.close(CLOCK);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.is_cancelled()
    }

    /// Completes once the connection is to end.
    pub(super) async fn closed(&self) -> Closing {
        self.0.closed.cancelled().await;
        self.0.closing.get().cloned().unwrap_or(Closing::new(CloseCode::Away, "closing"))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ids::AttemptId;
    use uuid::Uuid;

    #[test]
    fn a_socket_that_does_not_keep_up_is_closed_and_memory_stays_bounded() {
        let id = Uuid::from_u128(1);
        let (link, mut queue) = Link::new(PbxId::new(id), "pbx-1".into(), JournalId::new(id));
        let cancel = || ControlFrame::Cancel { attempt_id: AttemptId::new(id) };
        for _ in 0..WAITING_FRAMES {
            assert_eq!(link.send(cancel()), Ok(()));
        }
        assert_eq!(link.send(cancel()), Err(NotSent));
        while queue.try_recv().is_ok() {}
        assert_eq!(link.send(cancel()), Err(NotSent), "closed for good");
    }
}
