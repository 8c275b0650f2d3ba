//! A control plane for one test, gone with it.

use control_plane::{
    accounts::keys::{self, Scope},
    apply,
    config::{Data, Settings},
    serve::{ServeError, Server},
    store::{Database, Store},
    web::{Limits, TrustedProxies},
};
use serde_json::Value;
use std::{net::SocketAddr, path::Path, sync::Once, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The endpoint of the organization that [`Plane::provisioned`] makes.
pub(crate) const ENDPOINT: &str = "6c1f6f1e-0000-4000-8000-000000000001";
/// One more, with a second secret.
pub(crate) const GUARDED: &str = "6c1f6f1e-0000-4000-8000-000000000002";
/// That secret.
pub(crate) const ALERT_KEY: &str = "open sesame";
/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const ORGANIZATION: &str = r#"
[[org]]
slug = "acme"
name = "Acme"
timezone = "Europe/Kyiv"
  [[org.member]]
  email = "oncall@example.com"
  role = "owner"
  phones = ["+380501234567"]
  [[org.project]]
  slug = "shop"
  primary = "oncall@example.com"
    [[org.project.endpoint]]
    id = "6c1f6f1e-0000-4000-8000-000000000001"
    [[org.project.endpoint]]
    id = "6c1f6f1e-0000-4000-8000-000000000002"
    alert_key = "open sesame"
[[pbx]]
name = "pbx-1"
region = "eu"
"#;

/// A running control plane.
pub(crate) struct Plane {
    server: Server,
    pub(crate) settings: Settings,
    dir: TempDir,
    http: reqwest::Client,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Plane {
    /// Nobody in it.
    pub(crate) async fn empty() -> Self {
        Self::with(Limits::default(), |_| {}).await
    }

    /// Nobody in it, and bounds of the test's own.
    pub(crate) async fn with(limits: Limits, change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings_in(dir.path());
        change(&mut settings);
        let server = Server::start(&settings, limits).await.unwrap();
        Self { server, settings, dir, http: client() }
    }

    /// A server that was started on what [`end_and_keep`](Self::end_and_keep) kept.
    pub(crate) fn over(server: Server, settings: Settings, dir: TempDir) -> Self {
        Self { server, settings, dir, http: client() }
    }

    /// One organization with one person, two endpoints and a PBX.
    pub(crate) async fn provisioned() -> Self {
        Self::provisioned_with(Limits::default()).await
    }

    pub(crate) async fn provisioned_with(limits: Limits) -> Self {
        let plane = Self::with(limits, |_| {}).await;
        apply::apply(&plane.store().await, "acme.toml", ORGANIZATION).await.unwrap();
        plane
    }

    /// The database, opened beside the running server as the commands do.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.settings.data.database).await.unwrap()
    }

    pub(crate) async fn api_key(&self) -> String {
        keys::create(&self.store().await, "acme", "test", &[Scope::Read]).await.unwrap().to_string()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn metrics_address(&self) -> SocketAddr {
        self.server.metrics_address().unwrap()
    }

    /// Wakes the sender of letters.
    pub(crate) fn nudge_mail(&self) {
        self.server.mail().nudge();
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn hook(&self) -> String {
        format!("/api/wh/{ENDPOINT}")
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("http://{}{path}", self.address()))
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        answer(self.request(method, path).body(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    /// A connection on which a test says what it likes.
    pub(crate) async fn raw(&self) -> Raw {
        Raw(TcpStream::connect(self.address()).await.unwrap())
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }

    /// The server ends, and its data directory stays for as long as what is returned is held.
    pub(crate) async fn end_and_keep(self) -> TempDir {
        self.server.stop().await;
        self.dir
    }
}

/// Settings of a fresh installation on a port that the system chooses.
pub(crate) fn settings_in(dir: &Path) -> Settings {
    Settings {
        data: Data { dir: dir.into(), database: Database::Sqlite(dir.join("control-plane.db")) },
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        tls: None,
        metrics_listen: None,
        trusted_proxies: TrustedProxies::default(),
        mail: None,
    }
}

/// Why a server did not start.
pub(crate) async fn refused(settings: &Settings) -> ServeError {
    Server::start(settings, Limits::default()).await.err().expect("it does not start")
}

pub(crate) fn client() -> reqwest::Client {
    use_ring();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

pub(crate) fn use_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}

impl Answer {
    /// Asserts that this is a problem document with this status and code.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> &Self {
        let Self { status: got, headers, body } = self;
        assert_eq!((*got, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A connection on which a test says what it likes.
pub(crate) struct Raw(TcpStream);

impl Raw {
    /// Writes what can be written; a server that has hung up is no failure of the test.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Everything until the server hangs up.
    pub(crate) async fn read_to_end(&mut self) -> String {
        let mut read = Vec::new();
        // A reset after the answer is no matter: what came before it counts.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut read)).await.expect("the server hangs up");
        String::from_utf8_lossy(&read).into_owned()
    }

    /// The first piece of an answer.
    pub(crate) async fn read_some(&mut self) -> String {
        let mut read = vec![0; 4096];
        let count = timeout(PATIENCE, self.0.read(&mut read)).await.expect("an answer").unwrap();
        String::from_utf8_lossy(&read[..count]).into_owned()
    }
}
