//! An Asterisk of a few lines: ARI as the agent uses it, with every fault a story needs.

use crate::control_plane::PATIENCE;
use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
    },
};
use url::Url;

/// `agent:secret`, as it stands in the header.
const AUTHORIZATION: &str = "Basic YWdlbnQ6c2VjcmV0";

/// Listens on loopback. Dropped, it is gone.
#[derive(Debug)]
pub struct Asterisk {
    port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What a story may change.
#[derive(Debug)]
pub struct State {
    /// Refuses every password.
    pub locked: bool,
    /// Answers an originate with this status, or not at all.
    pub originate: Option<u16>,
    /// Names of the PJSIP endpoints.
    pub endpoints: Vec<String>,
    /// Channels and their states.
    pub channels: HashMap<String, &'static str>,
    /// Query of every originate request.
    pub originates: Vec<HashMap<String, String>>,
    /// Every request: method and path.
    pub requests: Vec<String>,
    /// Event streams opened so far.
    pub streams: usize,
    stream: Option<mpsc::UnboundedSender<Message>>,
}

impl Asterisk {
    pub async fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Mutex::new(State {
            locked: false,
            originate: Some(200),
            endpoints: vec!["a".to_owned()],
            channels: HashMap::new(),
            originates: Vec::new(),
            requests: Vec::new(),
            streams: 0,
            stream: None,
        }));
        let task = tokio::spawn(listen(listener, Arc::clone(&state)));
        Ok(Self { port, state, task })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits for the originate request of this channel; its query.
    pub async fn expect_originate(&self, channel: &str) -> Result<HashMap<String, String>> {
        let asked = || {
            let state = self.state();
            state
                .originates
                .iter()
                .find(|query| query.get("channelId").is_some_and(|id| id == channel))
                .cloned()
        };
        self.until(asked).await.with_context(|| format!("no originate of {channel}"))
    }

    /// Waits for a request.
    pub async fn expect_request(&self, request: &str) -> Result<()> {
        self.until(|| self.state().requests.iter().any(|known| known == request).then_some(()))
            .await
            .with_context(|| format!("no {request}"))
    }

    /// Waits for the event stream to be opened so often.
    pub async fn expect_streams(&self, count: usize) -> Result<()> {
        self.until(|| (self.state().streams >= count).then_some(())).await.context("no event stream")
    }

    pub fn rings(&self, channel: &str) {
        self.event(
            json!({"type": "Dial", "dialstatus": "RINGING", "peer": {"id": channel, "state": "Down"}}),
        );
    }

    pub fn answers(&self, channel: &str) {
        self.state().channels.insert(channel.to_owned(), "Up");
        self.event(json!({"type": "ChannelStateChange", "channel": {"id": channel, "state": "Up"}}));
        self.event(json!({"type": "StasisStart", "args": [], "channel": {"id": channel, "state": "Up"}}));
    }

    pub fn presses(&self, channel: &str, digit: &str) {
        self.event(json!({"type": "ChannelDtmfReceived", "digit": digit, "duration_ms": 100, "channel": {"id": channel, "state": "Up"}}));
    }

    pub fn ends(&self, channel: &str, cause: u16, tech_cause: u16) {
        self.state().channels.remove(channel);
        self.event(json!({"type": "ChannelDestroyed", "cause": cause, "cause_txt": "", "tech_cause": tech_cause, "channel": {"id": channel, "state": "Up"}}));
    }

    pub fn event(&self, event: Value) {
        self.send(Message::text(event.to_string()));
    }

    /// Ends the event stream.
    pub fn cut_stream(&self) {
        self.state().stream = None;
    }

    fn send(&self, message: Message) {
        if let Some(stream) = &self.state().stream {
            let _ = stream.send(message);
        }
    }

    async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match look() {
                Some(found) => return Some(found),
                None if Instant::now() > deadline => return None,
                None => sleep(Duration::from_millis(5)).await,
            }
        }
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut clients = tokio::task::JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        clients.spawn(serve(tcp, Arc::clone(&state)));
    }
}

async fn serve(tcp: TcpStream, state: Arc<Mutex<State>>) -> Result<()> {
    let mut first = [0; 16];
    while tcp.peek(&mut first).await? < first.len() {}
    if &first == b"GET /ari/events?" { stream(tcp, &state).await } else { http(tcp, &state).await }
}

#[expect(clippy::result_large_err, reason = "the type of tungstenite's callback")]
async fn stream(tcp: TcpStream, state: &Mutex<State>) -> Result<()> {
    let mut socket = accept_hdr_async(tcp, |request: &Request, response: Response| {
        let known = request.headers().get("authorization").is_some_and(|header| header == AUTHORIZATION);
        assert!(!request.uri().to_string().contains("secret"), "the password stands in the URL");
        if known && !lock(state).locked {
            return Ok(response);
        }
        let mut refused = ErrorResponse::new(None);
        *refused.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::UNAUTHORIZED;
        Err(refused)
    })
    .await?;
    let (sender, mut events) = mpsc::unbounded_channel();
    {
        let mut state = lock(state);
        state.streams += 1;
        state.stream = Some(sender);
    }
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => socket.send(event).await?,
                None => return Ok(socket.close(None).await?),
            },
            heard = socket.next() => if !matches!(heard, Some(Ok(_))) { return Ok(()) },
        }
    }
}

async fn http(tcp: TcpStream, state: &Mutex<State>) -> Result<()> {
    let mut tcp = BufReader::new(tcp);
    loop {
        let mut line = String::new();
        if tcp.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (mut length, mut known) = (0, false);
        loop {
            let mut header = String::new();
            tcp.read_line(&mut header).await?;
            let header = header.trim_end();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(": ").unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "authorization" => known = value == AUTHORIZATION,
                _ => {}
            }
        }
        tcp.read_exact(&mut vec![0; length]).await?;
        let url = Url::parse("http://asterisk")?.join(target)?;
        let answer =
            if known && !lock(state).locked { rest(method, &url, state) } else { Some((401, json!({}))) };
        let Some((status, body)) = answer else {
            std::future::pending::<()>().await;
            return Ok(());
        };
        let body = body.to_string();
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        tcp.write_all(answer.as_bytes()).await?;
    }
}

/// `None` is no answer at all.
fn rest(method: &str, url: &Url, state: &Mutex<State>) -> Option<(u16, Value)> {
    let mut state = lock(state);
    let path = url.path().trim_start_matches("/ari/");
    state.requests.push(format!("{method} {path}"));
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let gone = (404, json!({"message": "not found"}));
    Some(match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["asterisk", "info"]) => (200, json!({"system": {"version": "22.0.0", "entity_id": ""}})),
        ("GET", ["applications", _]) if state.stream.is_some() => (200, json!({"channel_ids": []})),
        ("PUT", ["applications", _, "eventFilter"]) => (200, json!({})),
        ("GET", ["endpoints"]) => {
            let endpoint =
                |name: &String| json!({"technology": "PJSIP", "resource": name, "state": "online"});
            (200, state.endpoints.iter().map(endpoint).collect())
        }
        ("GET", ["channels"]) => {
            let channel = |(id, state): (&String, &&str)| json!({"id": id, "state": state});
            (200, state.channels.iter().map(channel).collect())
        }
        ("GET", ["channels", id]) => match state.channels.get(*id) {
            Some(known) => (200, json!({"id": id, "state": known})),
            None => gone,
        },
        ("POST", ["channels"]) => {
            let id = query.get("channelId").cloned().unwrap_or_default();
            state.originates.push(query);
            let status = state.originate?;
            if status == 200 {
                state.channels.insert(id.clone(), "Down");
            }
            (status, json!({"id": id, "message": "Allocation failed"}))
        }
        ("DELETE", ["channels", id]) => {
            let id = (*id).to_owned();
            if state.channels.remove(&id).is_none() {
                return Some(gone);
            }
            let event = json!({"type": "ChannelDestroyed", "cause": 16, "cause_txt": "", "channel": {"id": id, "state": "Up"}});
            if let Some(stream) = &state.stream {
                let _ = stream.send(Message::text(event.to_string()));
            }
            (204, json!({}))
        }
        ("POST", ["channels", channel, "play", playback]) => {
            let event = json!({"type": "PlaybackFinished", "playback": {"id": playback, "media_uri": "", "state": "done", "target_uri": format!("channel:{channel}")}});
            if let Some(stream) = &state.stream {
                let _ = stream.send(Message::text(event.to_string()));
            }
            (201, json!({}))
        }
        ("POST", ["events", "user", name]) => {
            if let Some(stream) = &state.stream {
                let event = json!({"type": "ChannelUserevent", "eventname": name, "userevent": {}});
                let _ = stream.send(Message::text(event.to_string()));
            }
            (204, json!({}))
        }
        _ => gone,
    })
}
