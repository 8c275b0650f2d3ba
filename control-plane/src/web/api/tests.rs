//! What holds of every route, walked along the table: nobody gets in who may not.

mod ended;
mod keys;
mod operators;
mod permissions;
mod strangers;
mod tenants;

use super::table::{Access, Route};
use crate::{
    accounts::{
        account,
        keys::Scope,
        members::Role,
        password::{Hasher, Password},
    },
    apply,
    config::{Data, Settings},
    serve::Server,
    store::{Database, Store, StoreError},
    web::{Limits, TrustedProxies},
};
use reqwest::Client;
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::{net::SocketAddr, sync::Once, time::Duration};
use tempfile::TempDir;
use tokio::sync::OnceCell;

const PASSWORD: &str = "violet tractor hums quietly";
/// Long ago, for a proof that is none any more.
const LONG_AGO: Duration = Duration::from_secs(3600);

const ORGANIZATIONS: &str = r#"
[[org]]
slug = "acme"
  [[org.member]]
  email = "owner@acme.example.com"
  role = "owner"
  phones = ["+380501234567"]
  [[org.member]]
  email = "admin@acme.example.com"
  role = "admin"
  [[org.member]]
  email = "member@acme.example.com"
  role = "member"
  [[org.member]]
  email = "viewer@acme.example.com"
  role = "viewer"
  [[org.project]]
  slug = "shop"
  primary = "owner@acme.example.com"
    [[org.project.endpoint]]
    id = "6c1f6f1e-0000-4000-8000-000000000001"
    [[org.project.scenario]]
    name = "default"
      [[org.project.scenario.rule]]
      action = { do = "call_primary" }
[[org]]
slug = "other"
  [[org.member]]
  email = "owner@other.example.com"
  role = "owner"
  phones = ["+380501234568"]
  [[org.project]]
  slug = "theirs"
  primary = "owner@other.example.com"
    [[org.project.endpoint]]
    id = "6c1f6f1e-0000-4000-8000-000000000002"
    [[org.project.scenario]]
    name = "default"
      [[org.project.scenario.rule]]
      action = { do = "call_primary" }
"#;

/// A running control plane with two organizations.
struct World {
    server: Server,
    store: Store,
    http: Client,
    _dir: TempDir,
}

/// Somebody who is signed in.
struct Browser<'w> {
    world: &'w World,
    cookies: String,
    csrf: String,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    code: String,
    body: Value,
}

impl World {
    async fn make() -> Self {
        static RING: Once = Once::new();
        RING.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let dir = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(dir.path().join("control-plane.db"));
        let settings = Settings {
            data: Data { dir: dir.path().into(), database: database.clone() },
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            tls: None,
            metrics_listen: None,
            trusted_proxies: TrustedProxies::default(),
            mail: None,
        };
        let server = Server::start(&settings, Limits::default()).await.unwrap();
        let store = Store::open(&database).await.unwrap();
        apply::apply(&store, "acme.toml", ORGANIZATIONS).await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let world = Self { server, store, http, _dir: dir };
        world.give_passwords().await;
        world
    }

    /// Everybody has the same, hashed once.
    async fn give_passwords(&self) {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = HASH.get_or_init(|| async {
            let hasher = Hasher::default();
            hasher.hash(Password::given(PASSWORD).unwrap()).await.unwrap()
        });
        let hash = hash.await.clone();
        let given = self.store.write(move |tx| {
            let all = tx.rows("SELECT id FROM accounts", &[], |row| row.get(0))?;
            for id in all {
                account::reset_password(tx, id, &hash, Timestamp::now())?;
            }
            Ok::<_, StoreError>(())
        });
        given.await.unwrap();
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> (Answer, Vec<String>) {
        let url = format!("http://{}{path}", self.server.address());
        let mut request = self.http.request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method != "GET" {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let cookies = response.headers().get_all("set-cookie").iter();
        let cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        let cookies = cookies.collect();
        let status = response.status().as_u16();
        // What goes on without end is not read.
        let is_stream = response.headers().get("content-type").is_some_and(|it| it == "text/event-stream");
        let bytes = if is_stream { "{}".into() } else { response.bytes().await.unwrap() };
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        (Answer { status, code, body }, cookies)
    }

    async fn sign_in(&self, email: &str) -> Browser<'_> {
        let credentials = json!({"email": email, "password": PASSWORD});
        let (answer, cookies) = self.send("POST", "/api/v1/session", &[], &credentials).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let csrf = answer.body["csrf_token"].as_str().unwrap().to_owned();
        Browser { world: self, cookies: cookies.join("; "), csrf }
    }

    async fn sign_in_as(&self, role: Role) -> Browser<'_> {
        self.sign_in(&format!("{}@acme.example.com", role.as_str())).await
    }

    async fn key(&self, scope: Scope) -> String {
        let key = crate::accounts::keys::create(&self.store, "acme", "walk", &[scope]).await.unwrap();
        key.to_string()
    }

    async fn ids(&self, sql: &'static str) -> Vec<String> {
        self.store.read(move |tx| tx.rows(sql, &[], |row| row.get(0))).await.unwrap()
    }

    async fn age_proofs(&self) {
        let then = Timestamp::now() - LONG_AGO;
        let aged = self.store.write(move |tx| tx.execute("UPDATE sessions SET proved_at = $1", &[&then]));
        aged.await.unwrap();
    }
}

impl Browser<'_> {
    async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("cookie", self.cookies.as_str()), ("x-csrf-token", self.csrf.as_str())];
        self.world.send(method, path, &headers, body).await.0
    }
}

/// A path with ids that nothing has.
fn nowhere(route: &Route) -> String {
    filled(route, "0198c0de-0000-7000-8000-000000000000")
}

fn filled(route: &Route, with: &str) -> String {
    let parts = route.path.split('/').map(|part| if part.starts_with('{') { with } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The routes of members, those last that leave nothing to walk on.
fn of_members() -> Vec<&'static Route> {
    let last = ["/api/v1/organization", "/api/v1/organization/leave"];
    let rank = |route: &Route| last.iter().position(|path| route.changes() && *path == route.path);
    let mut routes: Vec<&Route> =
        super::ROUTES.iter().filter(|route| matches!(route.access, Access::Member(..))).collect();
    routes.sort_by_key(|route| (rank(route), route.method == "DELETE"));
    routes
}
