//! A small client of ARI for the lab's own stories and for the baseline of the benchmark.
//!
//! Not the product's client: a lab that shared the product's code would share its mistakes.

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use serde_json::Value;
use std::{
    sync::Once,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// REST requests to one Asterisk.
#[derive(Clone, Debug)]
pub struct Ari {
    http: reqwest::Client,
    port: u16,
    user: String,
    password: String,
}

/// A status and a body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON, or null where there was none.
    pub body: Value,
}

impl Answer {
    /// The body of a 2xx answer.
    pub fn expect(self, what: &str) -> Result<Value> {
        if (200..300).contains(&self.status) {
            Ok(self.body)
        } else {
            bail!("{what}: {} {}", self.status, self.body)
        }
    }
}

impl Ari {
    /// A client with a pool of kept-alive connections.
    pub fn new(port: u16, user: &str, password: &str) -> Result<Self> {
        let http = http_client()?;
        Ok(Self { http, port, user: user.to_owned(), password: password.to_owned() })
    }

    /// `GET /ari/{path}`.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(reqwest::Method::GET, path, &[]).await
    }

    /// `PUT /ari/{path}`.
    pub async fn put(&self, path: &str) -> Result<Answer> {
        self.send(reqwest::Method::PUT, path, &[]).await
    }

    /// `DELETE /ari/{path}`.
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        self.send(reqwest::Method::DELETE, path, &[]).await
    }

    /// `POST /ari/{path}?query`.
    pub async fn post(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer> {
        self.send(reqwest::Method::POST, path, query).await
    }

    /// Originates a channel into `app`: `id` is its channel id, `timeout` the seconds it may ring.
    pub async fn originate(
        &self,
        id: &str,
        number: &str,
        trunk: &str,
        app: &str,
        timeout: u32,
    ) -> Result<Answer> {
        let endpoint = format!("PJSIP/{}@{trunk}", number.trim_start_matches('+'));
        let query = [
            ("endpoint", endpoint.as_str()),
            ("app", app),
            ("channelId", id),
            ("timeout", &timeout.to_string()),
            ("callerId", "+14155550100"),
        ];
        self.post("channels", &query).await
    }

    /// Opens the event stream of an application; with `all`, of everything that happens.
    pub async fn events(&self, app: &str, all: bool) -> Result<Events> {
        let url = format!(
            "ws://127.0.0.1:{}/ari/events?app={app}&subscribeAll={all}&api_key={}:{}",
            self.port, self.user, self.password
        );
        let (socket, _) = tokio_tungstenite::connect_async(url).await.context("open ARI's event stream")?;
        Ok(Events { socket, seen: Vec::new() })
    }

    async fn send(&self, method: reqwest::Method, path: &str, query: &[(&str, &str)]) -> Result<Answer> {
        let url = format!("http://127.0.0.1:{}/ari/{path}", self.port);
        let response = self
            .http
            .request(method, url)
            .basic_auth(&self.user, Some(&self.password))
            .query(query)
            .send()
            .await
            .with_context(|| format!("ask ARI on port {} for {path}", self.port))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.with_context(|| format!("read ARI's answer to {path}"))?;
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }
}

/// A client for loopback HTTP.
pub fn http_client() -> Result<reqwest::Client> {
    http_client_builder().build().context("make an HTTP client")
}

/// For a client with an authority or a source address of its own.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that somebody else in this process installed one first: as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30))
}

/// The events of one application, in order.
#[derive(Debug)]
pub struct Events {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seen: Vec<Value>,
}

impl Events {
    /// The next event, whatever it is.
    pub async fn next(&mut self) -> Result<Value> {
        loop {
            let message = self.socket.next().await.context("ARI closed the event stream")?;
            if let Message::Text(text) = message.context("read ARI's event stream")? {
                let event: Value = serde_json::from_str(&text).context("an event that is not JSON")?;
                self.seen.push(event.clone());
                return Ok(event);
            }
        }
    }

    /// The next event of this type about this channel; the error shows what came instead.
    pub async fn expect(&mut self, kind: &str, channel: &str, within: Duration) -> Result<Value> {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, self.next()).await {
                Ok(event) => {
                    let event = event?;
                    if event["type"] == kind && channel_of(&event) == Some(channel) {
                        return Ok(event);
                    }
                }
                Err(_) => bail!("no {kind} of channel {channel} within {within:?}; came:\n{}", self.story()),
            }
        }
    }

    fn story(&self) -> String {
        let line = |event: &Value| {
            format!(
                "  {} {} {}",
                event["timestamp"].as_str().unwrap_or("-"),
                event["type"].as_str().unwrap_or("?"),
                channel_of(event).unwrap_or("-")
            )
        };
        self.seen.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The channel an event is about; Dial events call it `peer`.
pub fn channel_of(event: &Value) -> Option<&str> {
    event["channel"]["id"].as_str().or_else(|| event["peer"]["id"].as_str())
}
