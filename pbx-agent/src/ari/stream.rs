//! The event stream: opened, proven alive, lost, opened again.

use super::{
    AriClient, AriError,
    event::{self, ECHO, Event, Message, WANTED},
    rest::{Channel, Endpoint},
};
use crate::retry::Retry;
use futures_util::StreamExt;
use std::time::{Duration, Instant};
use tokio::{net::TcpStream, sync::mpsc, time};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};

/// How often the application is proven alive and the endpoints are read.
const CHECK: Duration = Duration::from_secs(5);
/// Our own event must come back within this time.
const ECHO_LIMIT: Duration = Duration::from_secs(5);
/// Asterisk on loopback is back or it is not: no pause is longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What the watch over Asterisk says.
#[derive(Debug)]
pub enum Signal {
    /// The stream is open and filtered; this is what lives at this moment.
    Up {
        /// Asterisk's version.
        version: String,
        /// All channels.
        channels: Vec<Channel>,
        /// Those of them that our application made, also in an earlier life of the agent.
        ours: Vec<String>,
    },
    /// The stream is lost; events are missed until the next [`Signal::Up`].
    Down(AriError),
    /// Something happened to a channel.
    Event(Event),
    /// The endpoints, every few seconds.
    Endpoints(Vec<Endpoint>),
}

type Socket = WebSocketStream<TcpStream>;

/// Keeps the stream open until the receiver is dropped.
pub async fn watch(ari: AriClient, signals: mpsc::Sender<Signal>) {
    let mut retry = Retry::new();
    loop {
        let mut up = None;
        let Err(error) = live(&ari, &signals, &mut up).await else { return };
        tracing::warn!(%error, "Asterisk is lost");
        // Time that was spent waiting for a frozen Asterisk is not life.
        retry.lived(up.map_or(Duration::ZERO, |up: Instant| up.elapsed()));
        if signals.send(Signal::Down(error)).await.is_err() {
            return;
        }
        time::sleep(retry.pause(rand::random()).min(LONGEST_PAUSE)).await;
        if let Err(error) = ari.reload_password() {
            tracing::warn!(%error, "the old ARI password is kept");
        }
    }
}

/// One life of the stream; `Ok` when nobody listens any more.
async fn live(
    ari: &AriClient,
    signals: &mpsc::Sender<Signal>,
    up: &mut Option<Instant>,
) -> Result<(), AriError> {
    let mut socket = open(ari).await?;
    ari.filter_events(&WANTED).await?;
    let version = ari.version().await?;
    // Listed after the stream is open: what ends from here on is told by an event.
    let ours = ari.application().await?.unwrap_or_default();
    let channels = ari.channels().await?;
    let endpoints = ari.endpoints().await?;
    *up = Some(Instant::now());
    tracing::info!(%version, channels = channels.len(), "Asterisk is here");
    if signals.send(Signal::Endpoints(endpoints)).await.is_err()
        || signals.send(Signal::Up { version, channels, ours }).await.is_err()
    {
        return Ok(());
    }
    let mut checks = time::interval_at(time::Instant::now() + CHECK, CHECK);
    checks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let (found, mut finds) = mpsc::channel(4);
    let mut prober = tokio::task::JoinSet::new();
    let mut awaited: Option<(String, time::Instant)> = None;
    loop {
        let overdue = awaited.as_ref().map_or_else(|| time::Instant::now() + CHECK * 3, |(_, at)| *at);
        tokio::select! {
            message = socket.next() => {
                let signal = match message {
                    None => return Err(AriError::Stream("closed by Asterisk".to_owned())),
                    Some(Err(error)) => return Err(AriError::Stream(error.to_string())),
                    Some(Ok(tungstenite::Message::Text(text))) => {
                        match event::read(&text).map_err(|error| AriError::Stream(error.to_string()))? {
                            Message::Event(event) => Signal::Event(event),
                            Message::Replaced => return Err(AriError::AppVanished { app: ari.app().to_owned() }),
                            Message::Echo(name) => {
                                awaited.take_if(|(expected, _)| *expected == name);
                                continue;
                            }
                            Message::Other => continue,
                        }
                    }
                    Some(Ok(_)) => continue,
                };
                if signals.send(signal).await.is_err() {
                    return Ok(());
                }
            }
            _ = checks.tick(), if awaited.is_none() => {
                let name = format!("{ECHO}{:08x}", rand::random::<u32>());
                awaited = Some((name.clone(), time::Instant::now() + ECHO_LIMIT));
                let (ari, found) = (ari.clone(), found.clone());
                prober.spawn(async move {
                    // The receiver lives as long as this set.
                    let _ = found.send(probe(&ari, &name).await).await;
                });
            }
            Some(probed) = finds.recv() => {
                if signals.send(Signal::Endpoints(probed?)).await.is_err() {
                    return Ok(());
                }
            }
            Some(ended) = prober.join_next() => ended.map_err(|error| AriError::Stream(error.to_string()))?,
            () = time::sleep_until(overdue), if awaited.is_some() => {
                return Err(AriError::AppVanished { app: ari.app().to_owned() });
            }
            () = signals.closed() => return Ok(()),
        }
    }
}

/// Users of other clients report applications that vanish while the socket stays open. A missing
/// application shows in the list; a deactivated one is still listed (measured), and only an event
/// sent through it tells.
async fn probe(ari: &AriClient, echo: &str) -> Result<Vec<Endpoint>, AriError> {
    let vanished = || AriError::AppVanished { app: ari.app().to_owned() };
    ari.application().await?.ok_or_else(vanished)?;
    if !ari.echo(echo).await? {
        return Err(vanished());
    }
    ari.endpoints().await
}

async fn open(ari: &AriClient) -> Result<Socket, AriError> {
    let (url, authorization) = ari.events_request();
    let absent = |why: String| AriError::Absent { url: url.origin().ascii_serialization(), why };
    let limit = Duration::from_secs(5);
    let stream = time::timeout(limit, TcpStream::connect(ari.address()))
        .await
        .map_err(|_| absent(format!("no connection within {limit:?}")))?
        .map_err(|error| absent(error.to_string()))?;
    let stream = nodelay(stream);
    let mut request = format!("ws://{}{}?{}", ari.address(), url.path(), url.query().unwrap_or_default())
        .into_client_request()
        .map_err(|error| AriError::Stream(error.to_string()))?;
    let value = HeaderValue::from_str(&authorization).map_err(|error| AriError::Stream(error.to_string()))?;
    request.headers_mut().insert("authorization", value);
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(1024)
        .max_message_size(Some(1 << 20))
        .max_frame_size(Some(1 << 20));
    let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    match time::timeout(limit, handshake).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(tungstenite::Error::Http(response))) if matches!(response.status().as_u16(), 401 | 403) => {
            Err(ari.wrong_password(response.status().as_u16()))
        }
        Ok(Err(error)) => Err(AriError::Stream(error.to_string())),
        Err(_) => Err(absent(format!("no answer within {limit:?}"))),
    }
}

fn nodelay(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    stream
}
