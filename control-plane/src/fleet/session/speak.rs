//! The writing half of a connection.

use super::{
    HEARTBEAT_SECONDS,
    queries::Queries,
    socket::{put, say_goodbye, send},
};
use crate::fleet::link::{Closing, Link};
use futures_util::Sink;
use shared::protocol::ControlFrame;
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, interval_at},
};
use tokio_tungstenite::tungstenite::{self, Bytes, Message, protocol::frame::coding::CloseCode};

/// Writes what waits on the link, until the link is closed or the agent does not read.
pub(super) async fn speak<W>(
    sink: &mut W,
    mut queue: mpsc::Receiver<ControlFrame>,
    link: &Link,
    queries: &Queries,
) where
    W: Sink<Message, Error = tungstenite::Error> + Unpin,
{
    // Broken: there is nobody left to say goodbye to.
    if let Err(closing) = speak_until_closed(sink, &mut queue, link, queries).await {
        link.close(closing);
    }
}

async fn speak_until_closed<W>(
    sink: &mut W,
    queue: &mut mpsc::Receiver<ControlFrame>,
    link: &Link,
    queries: &Queries,
) -> Result<(), Closing>
where
    W: Sink<Message, Error = tungstenite::Error> + Unpin,
{
    let heartbeat = Duration::from_secs(HEARTBEAT_SECONDS.into());
    // An agent hears from us even while its own frames are not read, and a dead one is noticed.
    let mut heartbeat = interval_at(Instant::now() + heartbeat, heartbeat);
    loop {
        tokio::select! {
            biased;
            closing = link.closed() => {
                queue.close();
                if closing.code == CloseCode::Away {
                    // Orders are handed over before a shutdown.
                    while let Ok(frame) = queue.try_recv() {
                        say(sink, &frame, queries).await?;
                    }
                }
                return say_goodbye(sink, closing).await;
            }
            Some(frame) = queue.recv() => say(sink, &frame, queries).await?,
            _ = heartbeat.tick() => put(sink, Message::Ping(Bytes::new())).await?,
        }
    }
}

async fn say<W>(sink: &mut W, frame: &ControlFrame, queries: &Queries) -> Result<(), Closing>
where
    W: Sink<Message, Error = tungstenite::Error> + Unpin,
{
    if let ControlFrame::Query { attempts } = frame {
        queries.asked(attempts);
    }
    send(sink, frame).await
}
