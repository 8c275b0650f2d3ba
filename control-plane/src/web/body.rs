//! Bodies of requests: read up to a limit, and thrown away politely where they are not wanted.

use super::Limits;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::{Body as _, Frame, Incoming, SizeHint},
    header::{CONTENT_LENGTH, EXPECT},
};
use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tokio_util::task::TaskTracker;

/// A request's body. When it is dropped before its end, the rest is read and thrown away within
/// limits: a client that still sends when its connection is closed never sees the answer.
pub(super) struct Body {
    incoming: Option<Incoming>,
    /// The client waits for `100 Continue` before it sends, and reading would ask for it.
    waits: bool,
    drain: Drain,
}

#[derive(Clone)]
struct Drain {
    tasks: TaskTracker,
    bytes: u64,
    time: Duration,
}

impl Body {
    pub(super) fn new(incoming: Incoming, headers: &HeaderMap, limits: &Limits, tasks: &TaskTracker) -> Self {
        let drain = Drain { tasks: tasks.clone(), bytes: limits.drain_bytes, time: limits.drain_time };
        Self { incoming: Some(incoming), waits: headers.contains_key(EXPECT), drain }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        match &mut self.incoming {
            Some(incoming) => Pin::new(incoming).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(SizeHint::default, Incoming::size_hint)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let Some(incoming) = self.incoming.take() else { return };
        if incoming.is_end_stream() || self.waits || Handle::try_current().is_err() {
            return;
        }
        let Drain { tasks, bytes, time } = self.drain.clone();
        tasks.spawn(async move {
            // Whether it came to its end or not, nobody waits for it.
            let _ = timeout(time, throw_away(incoming, bytes)).await;
        });
    }
}

async fn throw_away(mut incoming: Incoming, at_most: u64) {
    let mut thrown = 0;
    while thrown < at_most
        && let Some(Ok(frame)) = incoming.frame().await
    {
        thrown += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Longer than this limit in bytes, announced or seen; never held beyond it.
    TooLarge(usize),
    /// Not whole in time.
    TooSlow,
    /// The client broke off or the transfer coding is damaged.
    Broken,
    /// Too many bodies are held already.
    NoRoom,
}

/// A body, and the memory that it takes until this is dropped.
#[derive(Debug)]
pub(super) struct Whole<'m> {
    pub(super) bytes: Bytes,
    pub(super) memory: SemaphorePermit<'m>,
}

/// Reads a whole body of at most `limit` bytes; `memory` holds a permit for each byte of all bodies.
pub(super) async fn read<'m, B: Buf, E>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, E>>,
    limit: usize,
    time: Duration,
    memory: &'m Semaphore,
) -> Result<Whole<'m>, Unread> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Unread::TooLarge(limit));
    }
    timeout(time, collect(body, limit, memory)).await.unwrap_or(Err(Unread::TooSlow))
}

async fn collect<'m, B: Buf, E>(
    body: impl Stream<Item = Result<B, E>>,
    limit: usize,
    memory: &'m Semaphore,
) -> Result<Whole<'m>, Unread> {
    let mut body = pin!(body);
    let mut held = memory.try_acquire_many(0).map_err(|_| Unread::NoRoom)?;
    let mut read = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        if chunk.remaining() > limit - read.len() {
            return Err(Unread::TooLarge(limit));
        }
        let length = u32::try_from(chunk.remaining()).map_err(|_| Unread::TooLarge(limit))?;
        held.merge(memory.try_acquire_many(length).map_err(|_| Unread::NoRoom)?);
        read.put(chunk);
    }
    Ok(Whole { bytes: read.freeze(), memory: held })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use hyper::header::HeaderValue;

    const SECOND: Duration = Duration::from_secs(1);

    async fn read_chunks(chunks: &[&'static str], limit: usize) -> Result<Bytes, Unread> {
        let chunks: Vec<Result<Bytes, ()>> =
            chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))).collect();
        let memory = Semaphore::new(100);
        read(&HeaderMap::new(), stream::iter(chunks), limit, SECOND, &memory).await.map(|whole| whole.bytes)
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(read_chunks(&["ab", "cd"], 4).await.unwrap(), "abcd");
        assert_eq!(read_chunks(&["ab", "cde"], 4).await, Err(Unread::TooLarge(4)));
        assert_eq!(read_chunks(&[], 4).await.unwrap(), "");
    }

    #[tokio::test]
    async fn an_announced_length_over_the_limit_is_refused_before_anything_is_read() {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("5"))]);
        let never = stream::pending::<Result<Bytes, ()>>();
        let memory = Semaphore::new(100);
        assert_eq!(read(&headers, never, 4, SECOND, &memory).await.unwrap_err(), Unread::TooLarge(4));
    }

    #[tokio::test]
    async fn a_client_that_stops_sending_is_not_waited_for() {
        let never = stream::pending::<Result<Bytes, ()>>();
        let memory = Semaphore::new(100);
        let slow = read(&HeaderMap::new(), never, 4, Duration::from_millis(5), &memory).await;
        assert_eq!(slow.unwrap_err(), Unread::TooSlow);
        let broken = stream::iter([Err::<Bytes, ()>(())]);
        let broken = read(&HeaderMap::new(), broken, 4, SECOND, &memory).await;
        assert_eq!(broken.unwrap_err(), Unread::Broken);
    }

    #[tokio::test]
    async fn bodies_take_memory_only_while_they_are_held() {
        let memory = Semaphore::new(6);
        let body = || stream::iter([Ok::<_, ()>(Bytes::from_static(b"abcd"))]);
        let first = read(&HeaderMap::new(), body(), 4, SECOND, &memory).await.unwrap();
        let second = read(&HeaderMap::new(), body(), 4, SECOND, &memory).await;
        assert_eq!(second.unwrap_err(), Unread::NoRoom);
        drop(first);
        assert!(read(&HeaderMap::new(), body(), 4, SECOND, &memory).await.is_ok());
    }
}
