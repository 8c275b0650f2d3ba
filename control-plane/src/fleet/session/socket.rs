//! Frames in and out of a WebSocket, and the end of one.

use crate::fleet::link::Closing;
use futures_util::{Sink, SinkExt};
use shared::protocol::{AgentFrame, ControlFrame, FrameError, MAX_FRAME, decode, encode};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        error::CapacityError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

/// A peer that does not read for this long is lost.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// What saying goodbye, and then waiting for the other side to hang up, may each take.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

const GONE: Closing = Closing::new(CloseCode::Normal, "the agent has closed the connection");
const BROKEN: Closing = Closing::new(CloseCode::Protocol, "the connection broke");
const DOES_NOT_READ: Closing = Closing::new(CloseCode::Policy, "the agent reads nothing");

/// Reads a frame; `None` for pings and pongs, which tungstenite answers itself.
///
/// # Errors
/// Why the connection cannot go on, or the frame that [`FrameError::is_tolerable`].
pub(super) fn understand(
    message: Option<Result<Message, tungstenite::Error>>,
) -> Result<Option<AgentFrame>, Closing> {
    let unusable = |code, detail: String| Err(Closing::blaming(FrameError::new(code, detail)));
    match message {
        None | Some(Ok(Message::Close(_))) => Err(GONE),
        Some(Ok(Message::Text(text))) => decode(&text).map(Some).map_err(Closing::blaming),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => unusable("not_text", "frames are text messages".into()),
        Some(Err(tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, .. }))) => {
            unusable("too_large", format!("{size} bytes, at most {MAX_FRAME}"))
        }
        Some(Err(tungstenite::Error::Utf8(_))) => unusable("not_text", "not UTF-8".into()),
        Some(Err(error)) => {
            tracing::debug!(%error, "a connection broke");
            Err(BROKEN)
        }
    }
}

/// Writes a frame, all of it.
///
/// # Errors
/// Why the connection cannot go on.
pub(super) async fn send<W>(sink: &mut W, frame: &ControlFrame) -> Result<(), Closing>
where
    W: Sink<Message, Error = tungstenite::Error> + Unpin,
{
    put(sink, Message::text(encode(frame))).await
}

/// Writes a message, all of it.
///
/// # Errors
/// Why the connection cannot go on.
pub(super) async fn put<W>(sink: &mut W, message: Message) -> Result<(), Closing>
where
    W: Sink<Message, Error = tungstenite::Error> + Unpin,
{
    within_limit(sink.send(message)).await
}

/// Says why, and closes.
///
/// # Errors
/// The connection broke before it was said.
pub(super) async fn say_goodbye<W>(sink: &mut W, closing: Closing) -> Result<(), Closing>
where
    W: Sink<Message, Error = tungstenite::Error> + Unpin,
{
    let Closing { error, code, why } = closing;
    let reason = match &error {
        Some(error) => error.code.clone().into(),
        None => Utf8Bytes::from_static(why),
    };
    if let Some(error) = error {
        send(sink, &ControlFrame::Error(error)).await?;
    }
    if put(sink, Message::Close(Some(CloseFrame { code, reason }))).await.is_ok() {
        return Ok(());
    }
    // Where the agent closed first, tungstenite has the answer to that ready and takes nothing else.
    within_limit(sink.flush()).await
}

async fn within_limit(writing: impl Future<Output = Result<(), tungstenite::Error>>) -> Result<(), Closing> {
    let Ok(written) = timeout(SEND_LIMIT, writing).await else { return Err(DOES_NOT_READ) };
    written.map_err(|error| {
        tracing::debug!(%error, "a connection broke");
        BROKEN
    })
}

/// Hangs up only after the other side has. What it still sends is discarded unread: closing a TCP
/// socket over unread data resets it, and a reset destroys our last words on their way.
pub(super) async fn linger<S>(socket: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut raw = socket.into_inner();
    if raw.shutdown().await.is_ok() {
        // Whatever ends this, the connection is over.
        let _ = tokio::io::copy(&mut raw, &mut tokio::io::sink()).await;
    }
}
