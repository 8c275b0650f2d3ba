//! Requests to ARI: few connections, kept alive, no redirects, nothing in the URL that is secret.

use super::AriError;
use crate::{config, tls};
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{self, HeaderValue},
};
use serde::{Deserialize, de::DeserializeOwned};
use shared::{complaint::fit_for_log, ids::AttemptId};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::Duration,
};
use tokio::sync::Semaphore;
use url::Url;
use zeroize::Zeroizing;

/// Asterisk's HTTP server drops clients over its session limit, 100 by default.
const CONNECTIONS: usize = 8;
/// Asterisk answers in half a millisecond; a frozen one does not.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A client of one Asterisk. Clones share the connections.
#[derive(Clone, Debug)]
pub struct AriClient(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    slots: Semaphore,
    url: Url,
    username: String,
    password_file: PathBuf,
    password: RwLock<Zeroizing<String>>,
    app: String,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("url", &self.url.as_str())
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// A channel to be made.
#[derive(Clone, Debug)]
pub struct Originate<'a> {
    /// Id of the channel.
    pub attempt: AttemptId,
    /// Dial string, `PJSIP/380501234567@trunk-a`.
    pub endpoint: &'a str,
    /// How long it may ring.
    pub ring: Duration,
    /// Shown to the callee.
    pub caller_id: Option<&'a str>,
}

/// What became of an originate request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Originated {
    /// Asterisk answered.
    Status {
        /// HTTP status; 409 is a live channel with this id.
        status: u16,
        /// What it said, where it did not make the channel.
        body: String,
    },
    /// It did not.
    Lost {
        /// Whether the request may have reached it.
        maybe_sent: bool,
        /// For the log.
        why: String,
    },
}

/// A channel in Asterisk's list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Channel {
    /// Its id: for our own ones, the attempt id.
    pub id: String,
    /// `Down`, `Ring`, `Ringing`, `Up` …
    pub state: String,
}

/// An endpoint in Asterisk's list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    /// `PJSIP`.
    pub technology: String,
    /// Its name.
    pub resource: String,
    /// `online`, `offline`, `unknown`.
    pub state: Option<String>,
}

#[derive(Deserialize)]
struct Info {
    system: Option<System>,
}

#[derive(Deserialize)]
struct System {
    version: String,
}

#[derive(Deserialize)]
struct Application {
    #[serde(default)]
    channel_ids: Vec<String>,
}

impl AriClient {
    /// A client for the configured Asterisk; connects to nothing yet.
    ///
    /// # Errors
    /// [`AriError::Password`] when the password cannot be read.
    pub fn new(config: &config::Ari) -> Result<Self, AriError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(2))
            .pool_max_idle_per_host(CONNECTIONS)
            // Asterisk closes after 15 s (session_keep_alive); a request must not meet that.
            .pool_idle_timeout(Duration::from_secs(10))
            .tls_backend_preconfigured(tls::trusting_nobody()?)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| AriError::Absent { url: config.url.to_string(), why: chain(&error) })?;
        Ok(Self(Arc::new(Inner {
            http,
            slots: Semaphore::new(CONNECTIONS),
            url: config.url.clone(),
            username: config.username.clone(),
            password: RwLock::new(read_password(&config.password_file)?),
            password_file: config.password_file.clone(),
            app: config.app.clone(),
        })))
    }

    /// Reads the password file again, so that a corrected one needs no restart.
    ///
    /// # Errors
    /// [`AriError::Password`].
    pub fn reload_password(&self) -> Result<(), AriError> {
        let fresh = read_password(&self.0.password_file)?;
        // A poisoned lock means a panic elsewhere, which ends the process anyway.
        if let Ok(mut password) = self.0.password.write() {
            *password = fresh;
        }
        Ok(())
    }

    /// Makes a channel: `POST /channels`. Answered in about 0.5 ms; the INVITE leaves 1 ms later.
    pub async fn originate(&self, originate: &Originate<'_>) -> Originated {
        let ring = originate.ring.as_secs().max(1).to_string();
        let id = originate.attempt.to_string();
        let mut query = vec![
            ("endpoint", originate.endpoint),
            ("app", &self.0.app),
            ("channelId", &id),
            ("timeout", &ring),
        ];
        query.extend(originate.caller_id.map(|caller_id| ("callerId", caller_id)));
        let sent = self.send(self.request(Method::POST, &["channels"]).query(&query)).await;
        match sent {
            Ok(response) => {
                let status = response.status().as_u16();
                let body =
                    if response.status().is_success() { String::new() } else { beginning(response).await };
                Originated::Status { status, body }
            }
            Err(error) => Originated::Lost {
                maybe_sent: !matches!(error, AriError::Absent { .. }),
                why: error.to_string(),
            },
        }
    }

    /// Hangs up: `DELETE /channels/{id}`; false when there is no such channel.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn hang_up(&self, channel: &str) -> Result<bool, AriError> {
        self.act("hang up", Method::DELETE, &["channels", channel], &[("reason", "normal")]).await
    }

    /// Plays to a channel; false when it is gone or not ours to play to.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn play(&self, channel: &str, playback: &str, media: &str) -> Result<bool, AriError> {
        self.act("play", Method::POST, &["channels", channel, "play", playback], &[("media", media)]).await
    }

    /// Stops a playback; false when it is over.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn stop(&self, playback: &str) -> Result<bool, AriError> {
        self.act("stop a playback", Method::DELETE, &["playbacks", playback], &[]).await
    }

    /// A channel, if it lives.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn channel(&self, id: &str) -> Result<Option<Channel>, AriError> {
        match self.get("a channel", &["channels", id], &[]).await {
            Ok(channel) => Ok(Some(channel)),
            Err(AriError::Unexpected { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every live channel of this Asterisk.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn channels(&self) -> Result<Vec<Channel>, AriError> {
        self.get("the channels", &["channels"], &[]).await
    }

    /// Every endpoint.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, AriError> {
        self.get("the endpoints", &["endpoints"], &[]).await
    }

    /// Asterisk's version.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn version(&self) -> Result<String, AriError> {
        let info: Info = self.get("its version", &["asterisk", "info"], &[("only", "system")]).await?;
        Ok(info.system.map_or_else(|| "unknown".to_owned(), |system| system.version))
    }

    /// Channels of our application; `None` when it is not registered.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn application(&self) -> Result<Option<Vec<String>>, AriError> {
        match self.get::<Application>("the application", &["applications", &self.0.app], &[]).await {
            Ok(application) => Ok(Some(application.channel_ids)),
            Err(AriError::Unexpected { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Limits the events of our application: `PUT /applications/{app}/eventFilter`.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn filter_events(&self, wanted: &[&str]) -> Result<(), AriError> {
        let allowed: Vec<_> = wanted.iter().map(|kind| serde_json::json!({ "type": kind })).collect();
        let request = self
            .request(Method::PUT, &["applications", &self.0.app, "eventFilter"])
            .json(&serde_json::json!({ "allowed": allowed }));
        let response = self.send(request).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(unexpected("the event filter", status, response).await),
        }
    }

    /// Sends an event to our own application; false when it is not registered.
    ///
    /// # Errors
    /// [`AriError`].
    pub async fn echo(&self, name: &str) -> Result<bool, AriError> {
        let app = self.0.app.clone();
        self.act("an event to itself", Method::POST, &["events", "user", name], &[("application", &app)])
            .await
    }

    /// Name of our application.
    pub fn app(&self) -> &str {
        &self.0.app
    }

    /// Request for the event stream: the credentials go into a header, never into the URL.
    pub(super) fn events_request(&self) -> (Url, String) {
        let mut url = self.path(&["events"]);
        url.query_pairs_mut().append_pair("app", &self.0.app);
        (url, self.authorization())
    }

    /// Where Asterisk is.
    pub(super) fn address(&self) -> String {
        let url = &self.0.url;
        let host = url.host_str().unwrap_or("127.0.0.1").trim_matches(['[', ']']).to_owned();
        match host.contains(':') {
            true => format!("[{host}]:{}", url.port_or_known_default().unwrap_or(80)),
            false => format!("{host}:{}", url.port_or_known_default().unwrap_or(80)),
        }
    }

    pub(super) fn wrong_password(&self, status: u16) -> AriError {
        AriError::WrongPassword {
            username: self.0.username.clone(),
            path: self.0.password_file.clone(),
            status,
        }
    }

    /// For requests whose 404, 409, 412 and 422 mean that the thing is gone or not in a state for it.
    async fn act(
        &self,
        what: &'static str,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<bool, AriError> {
        let response = self.send(self.request(method, path).query(query)).await?;
        match response.status().as_u16() {
            200..=299 => Ok(true),
            404 | 409 | 412 | 422 => Ok(false),
            _ => Err(unexpected(what, response.status(), response).await),
        }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, AriError> {
        let response = self.send(self.request(Method::GET, path).query(query)).await?;
        if !response.status().is_success() {
            return Err(unexpected(what, response.status(), response).await);
        }
        response.json().await.map_err(|error| AriError::Unanswered { why: chain(&error.without_url()) })
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let request = self.0.http.request(method, self.path(path));
        match HeaderValue::from_str(&self.authorization()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(header::AUTHORIZATION, value)
            }
            // Base64 always is one.
            Err(_) => request,
        }
    }

    fn path(&self, path: &[&str]) -> Url {
        let mut url = self.0.url.clone();
        // An http URL always has a path, so this cannot fail.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push("ari").extend(path);
        }
        url
    }

    fn authorization(&self) -> String {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let password = self.0.password.read().map(|password| password.clone()).unwrap_or_default();
        let pair = Zeroizing::new(format!("{}:{}", self.0.username, *password));
        format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, AriError> {
        // Never closed, so it always comes.
        let _slot = self.0.slots.acquire().await.ok();
        let response = request.send().await.map_err(|error| {
            // The number that is dialled stands in it.
            let error = error.without_url();
            if error.is_connect() || error.is_builder() {
                AriError::Absent { url: self.0.url.to_string(), why: chain(&error) }
            } else {
                AriError::Unanswered { why: chain(&error) }
            }
        })?;
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(self.wrong_password(response.status().as_u16()))
            }
            _ => Ok(response),
        }
    }
}

fn read_password(path: &Path) -> Result<Zeroizing<String>, AriError> {
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| AriError::Password { path: path.to_owned(), source })?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().trim_end().to_owned()))
}

async fn unexpected(what: &'static str, status: StatusCode, response: Response) -> AriError {
    AriError::Unexpected { what, status: status.as_u16(), body: beginning(response).await }
}

async fn beginning(response: Response) -> String {
    let body = response.text().await.unwrap_or_default();
    fit_for_log(&body)
}

/// reqwest says only "error sending request"; the cause is below it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}
