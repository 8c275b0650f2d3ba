//! A connection after the handshake.

use super::{
    Ask, Link, LinkError,
    connect::Socket,
    handshake::Welcome,
    outbox::{Batch, Outbox},
};
use crate::journal::{JournalError, JournalState};
use futures_util::{SinkExt, StreamExt};
use shared::{
    complaint::fit_for_log,
    ids::JournalId,
    order_keys::SignedOrderKeys,
    protocol::{AgentFrame, ControlFrame, FrameError, MAX_FRAME, MAX_QUERY, decode, encode},
};
use std::time::Duration;
use tokio::{
    net::TcpStream,
    sync::oneshot,
    time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        error::CapacityError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

type Frames = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A peer that does not read for this long is lost.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Health that changes with every call is told at most this often.
const HEALTH_PAUSE: Duration = Duration::from_millis(100);
/// A control plane that is being stopped with us may never acknowledge the last reports.
const FAREWELL: Duration = Duration::from_millis(1500);

/// Serves one connection until it is lost (an error) or closed on our request.
pub(super) async fn serve(
    link: &Link,
    socket: &mut Socket,
    welcome: &Welcome,
    journal: JournalId,
) -> Result<(), LinkError> {
    let frames = &mut socket.frames;
    let mut disk = link.journal.state();
    let (mut changes, mut resend, mut closing) =
        (link.health.clone(), link.resend.clone(), link.closing.clone());
    resend.mark_unchanged();
    let oldest = disk.borrow().oldest;
    let mut outbox = Outbox::new(journal, welcome.applied, oldest, link.clock.local());
    link.journal.trim(journal, welcome.applied);
    let offered = disk.borrow_and_update().offered;
    deliver(link, frames, &mut outbox, offered).await?;
    let mut health = changes.borrow_and_update().clone();
    send(frames, &AgentFrame::Health(health.clone())).await?;
    let mut told = Instant::now();
    let mut heartbeat = interval_at(Instant::now() + welcome.heartbeat, welcome.heartbeat);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let silence = welcome.heartbeat * 3;
    let mut heard = Instant::now();
    let mut health_due = false;
    let mut farewell: Option<Instant> = None;
    // Answers of the switchboard; asked in order and answered in order.
    let mut queries = futures_util::stream::FuturesOrdered::<oneshot::Receiver<_>>::new();
    loop {
        // What is on disk and not offered yet will be, before anything else is written.
        let JournalState { last, offered, .. } = *disk.borrow();
        let overdue = outbox.overdue().map(|at| at.since(link.clock.local()));
        if farewell.is_some_and(|limit| outbox.is_empty(last) || Instant::now() >= limit) {
            return close(frames).await;
        }
        tokio::select! {
            frame = frames.next() => {
                heard = Instant::now();
                match understand(frame) {
                    Ok(Some(ControlFrame::Order(order))) => ask(link, Ask::Order(Box::new(order))).await?,
                    Ok(Some(ControlFrame::Cancel { attempt_id })) => ask(link, Ask::Cancel(attempt_id)).await?,
                    Ok(Some(ControlFrame::Query { attempts })) if attempts.len() <= MAX_QUERY => {
                        let (answer, waiting) = oneshot::channel();
                        ask(link, Ask::Query(attempts, answer)).await?;
                        queries.push_back(waiting);
                    }
                    Ok(Some(ControlFrame::Query { attempts })) => {
                        let detail = format!("{} attempts in a query, at most {MAX_QUERY}", attempts.len());
                        return Err(end(frames, FrameError::new("bad_field", detail)).await);
                    }
                    Ok(Some(ControlFrame::Ack { journal: of, seq })) if of == journal && seq > offered => {
                        // Another copy of this journal was newer. The next handshake decides.
                        let what = format!("report {seq} is acknowledged, and {offered} were handed over");
                        return Err(LinkError::Broken(what));
                    }
                    Ok(Some(ControlFrame::Ack { journal, seq })) => {
                        if outbox.acknowledged(journal, seq, link.clock.local()) {
                            link.journal.trim(journal, seq);
                            deliver(link, frames, &mut outbox, offered).await?;
                        }
                    }
                    Ok(Some(ControlFrame::OrderKeys { announced })) => {
                        let pinned = pin(link, announced).await?;
                        send(frames, &AgentFrame::OrderKeys { pinned }).await?;
                    }
                    Ok(Some(ControlFrame::Error(FrameError { code, detail }))) => {
                        let (code, detail) = (fit_for_log(&code), fit_for_log(&detail));
                        tracing::warn!(code, detail, "the control plane could not use a frame of ours");
                    }
                    Ok(Some(ControlFrame::Reject { code, detail })) => return Err(LinkError::rejected(&code, &detail)),
                    Ok(Some(frame @ (ControlFrame::Challenge { .. } | ControlFrame::Welcome { .. }))) => {
                        let detail = format!("{} after the handshake", name(&frame));
                        return Err(end(frames, FrameError::new("out_of_order", detail)).await);
                    }
                    Ok(None) => {}
                    Err(LinkError::Frame(error)) if error.is_tolerable() => {
                        tracing::warn!(%error, "a frame of a newer control plane");
                        send(frames, &AgentFrame::Error(error)).await?;
                    }
                    Err(LinkError::Frame(error)) => return Err(end(frames, error).await),
                    Err(error) => return Err(error),
                }
            }
            Some(answered) = queries.next() => {
                // No answer: the journal could not note the question, so it stays open.
                if let Ok(attempts) = answered {
                    send(frames, &AgentFrame::Standing { attempts }).await?;
                }
            }
            changed = disk.changed() => {
                changed.map_err(|_| JournalError::Closed)?;
                let offered = disk.borrow_and_update().offered;
                deliver(link, frames, &mut outbox, offered).await?;
            }
            Ok(()) = resend.changed() => {
                outbox.again(link.clock.local());
                deliver(link, frames, &mut outbox, offered).await?;
            }
            () = sleep(overdue.unwrap_or_default()), if overdue.is_some() => {
                outbox.again(link.clock.local());
                deliver(link, frames, &mut outbox, offered).await?;
            }
            Ok(()) = changes.changed(), if !health_due => health_due = true,
            () = sleep_until(told + HEALTH_PAUSE), if health_due => {
                health_due = false;
                told = Instant::now();
                let fresh = changes.borrow_and_update().clone();
                if fresh != health {
                    health = fresh;
                    send(frames, &AgentFrame::Health(health.clone())).await?;
                }
            }
            _ = heartbeat.tick() => {
                told = Instant::now();
                health.clone_from(&changes.borrow_and_update());
                send(frames, &AgentFrame::Health(health.clone())).await?;
                put(frames, Message::Ping(tungstenite::Bytes::new())).await?;
            }
            () = sleep_until(heard + silence) => return Err(LinkError::Silent(silence)),
            () = super::turns_true(&mut closing), if farewell.is_none() => {
                farewell = Some(Instant::now() + FAREWELL);
            }
            () = sleep(Duration::from_millis(20)), if farewell.is_some() => {}
        }
    }
}

/// Sends what the journal holds, as far as the outbox lets it out.
async fn deliver(
    link: &Link,
    frames: &mut Frames,
    outbox: &mut Outbox,
    offered: u64,
) -> Result<(), LinkError> {
    while let Some(Batch { after, most }) = outbox.next(offered) {
        let mut reports = match link.journal.reports_after(after, most).await {
            Err(error @ JournalError::Illegible) => {
                // The control plane takes no report after one that is missing.
                let id = link.journal.start_anew().await?;
                tracing::error!(%id, "A REPORT CANNOT BE READ and is lost; the others are numbered anew");
                return Err(error.into());
            }
            reports => reports?,
        };
        reports.retain(|report| report.seq <= offered);
        if reports.is_empty() {
            return Ok(());
        }
        for report in reports {
            outbox.sent(report.seq, link.clock.local());
            feed(frames, &AgentFrame::Report(report)).await?;
        }
        flush(frames).await?;
    }
    Ok(())
}

/// The switchboard is the only place that may slow the link down, by being busy.
async fn ask(link: &Link, ask: Ask) -> Result<(), LinkError> {
    link.asks.send(ask).await.map_err(|_| LinkError::Broken("the agent is being stopped".to_owned()))
}

/// Follows what is announced, as far as it can be believed; the ids of the keys pinned after that.
async fn pin(link: &Link, announced: Vec<SignedOrderKeys>) -> Result<Vec<String>, LinkError> {
    let pinned = link.identity.pinned.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = pinned.follow(&announced) {
            tracing::error!(%error, "the keys whose orders this host obeys stay as they were");
        }
        pinned.ids()
    })
    .await
    .map_err(|error| LinkError::Broken(error.to_string()))
}

/// The next frame during the handshake, where unknown ones are not tolerated.
pub(super) async fn read(frames: &mut Frames) -> Result<ControlFrame, LinkError> {
    loop {
        match understand(frames.next().await) {
            Ok(Some(frame)) => return Ok(frame),
            Ok(None) => {}
            Err(LinkError::Frame(error)) => return Err(end(frames, error).await),
            Err(error) => return Err(error),
        }
    }
}

/// A frame; `None` for pings and pongs, which tungstenite answers itself.
fn understand(
    message: Option<Result<Message, tungstenite::Error>>,
) -> Result<Option<ControlFrame>, LinkError> {
    match message {
        None => Err(LinkError::Broken("closed by the control plane".to_owned())),
        Some(Ok(Message::Text(text))) => decode(&text).map(Some).map_err(LinkError::Frame),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => {
            Err(LinkError::Frame(FrameError::new("not_text", "frames are text messages")))
        }
        Some(Ok(Message::Close(frame))) => Err(LinkError::Broken(match frame {
            Some(frame) => {
                format!(
                    "closed by the control plane ({}): {}",
                    u16::from(frame.code),
                    fit_for_log(&frame.reason)
                )
            }
            None => "closed by the control plane".to_owned(),
        })),
        Some(Err(tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, .. }))) => {
            Err(LinkError::Frame(FrameError::new("too_large", format!("{size} bytes, at most {MAX_FRAME}"))))
        }
        Some(Err(tungstenite::Error::Utf8(_))) => {
            Err(LinkError::Frame(FrameError::new("not_text", "not UTF-8")))
        }
        Some(Err(error)) => Err(LinkError::Broken(error.to_string())),
    }
}

/// Says what was wrong and closes; the error to return.
pub(super) async fn end(frames: &mut Frames, error: FrameError) -> LinkError {
    let code = match error.code.as_str() {
        "too_large" => CloseCode::Size,
        "not_text" => CloseCode::Unsupported,
        _ => CloseCode::Protocol,
    };
    let reason: String = error.code.clone();
    // The connection is being given up: if it is broken already, there is nobody to tell.
    let _ = send(frames, &AgentFrame::Error(error.clone())).await;
    let _ = timeout(SEND_LIMIT, frames.close(Some(CloseFrame { code, reason: reason.into() }))).await;
    LinkError::Frame(error)
}

async fn close(frames: &mut Frames) -> Result<(), LinkError> {
    let frame =
        CloseFrame { code: CloseCode::Away, reason: Utf8Bytes::from_static("the agent is being stopped") };
    let _ = timeout(Duration::from_secs(1), frames.close(Some(frame))).await;
    Ok(())
}

async fn send(frames: &mut Frames, frame: &AgentFrame) -> Result<(), LinkError> {
    put(frames, Message::text(encode(frame))).await
}

async fn put(frames: &mut Frames, message: Message) -> Result<(), LinkError> {
    within_limit(frames.send(message)).await
}

async fn feed(frames: &mut Frames, frame: &AgentFrame) -> Result<(), LinkError> {
    within_limit(frames.feed(Message::text(encode(frame)))).await
}

async fn flush(frames: &mut Frames) -> Result<(), LinkError> {
    within_limit(frames.flush()).await
}

async fn within_limit(
    sending: impl Future<Output = Result<(), tungstenite::Error>>,
) -> Result<(), LinkError> {
    match timeout(SEND_LIMIT, sending).await {
        Ok(sent) => sent.map_err(|error| LinkError::Broken(error.to_string())),
        Err(_) => {
            Err(LinkError::Broken(format!("the control plane reads nothing for {} s", SEND_LIMIT.as_secs())))
        }
    }
}

/// The frame's type, for messages.
pub(super) fn name(frame: &ControlFrame) -> &'static str {
    match frame {
        ControlFrame::Challenge { .. } => "challenge",
        ControlFrame::Welcome { .. } => "welcome",
        ControlFrame::Reject { .. } => "reject",
        ControlFrame::Order(_) => "order",
        ControlFrame::Cancel { .. } => "cancel",
        ControlFrame::Ack { .. } => "ack",
        ControlFrame::Query { .. } => "query",
        ControlFrame::OrderKeys { .. } => "order_keys",
        ControlFrame::Error(_) => "error",
    }
}
