//! Alerts for programs: listed, told, taken and closed.

use crate::plane::{Answer, PATIENCE, Plane, answer};
use control_plane::{
    accounts::keys::{self, Scope},
    apply,
};
use serde_json::Value;
use std::time::{Duration, Instant};

const UNKNOWN: &str = "6c1f6f1e-0000-4000-8000-00000000dead";
const BOTH: [Scope; 2] = [Scope::Read, Scope::AlertsWrite];

/// A provisioned control plane and a key that may do everything.
struct Shop {
    plane: Plane,
    key: String,
}

impl Shop {
    async fn open() -> Self {
        let plane = Plane::provisioned().await;
        let key = key_of(&plane, "acme", &BOTH).await;
        Self { plane, key }
    }

    async fn ask(&self, method: &str, path: &str) -> Answer {
        ask(&self.plane, &self.key, method, path).await
    }

    /// Sends an alert with this dedup key; its id.
    async fn alert(&self, dedup_key: &str) -> String {
        let hook = self.plane.request("POST", &self.plane.hook());
        let sent = answer(hook.header("x-dedup-key", dedup_key).body("severity: critical, db down")).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
        sent.body["alert_id"].as_str().unwrap().to_owned()
    }

    async fn detail(&self, id: &str) -> Value {
        let told = self.ask("GET", &format!("/api/v1/alerts/{id}")).await;
        assert_eq!(told.status, 200, "{}", told.body);
        told.body
    }

    async fn kinds(&self, id: &str) -> Vec<String> {
        let detail = self.detail(id).await;
        let items = detail["timeline"]["items"].as_array().unwrap();
        items.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    }

    async fn until_calls_are(&self, id: &str, status: &str) {
        let begun = Instant::now();
        loop {
            let detail = self.detail(id).await;
            if detail["calls"][0]["status"] == status {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{detail:#}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn key_of(plane: &Plane, org: &str, scopes: &[Scope]) -> String {
    keys::create(&plane.store().await, org, "night watch", scopes).await.unwrap().to_string()
}

async fn ask(plane: &Plane, key: &str, method: &str, path: &str) -> Answer {
    answer(plane.request(method, path).bearer_auth(key)).await
}

#[tokio::test]
async fn an_alert_is_told_with_its_calls_and_what_happened_to_it() {
    let shop = Shop::open().await;
    let id = shop.alert("db").await;
    assert_eq!(shop.alert("db").await, id, "the same key, the same alert");
    let alert = shop.detail(&id).await;
    for (name, value) in [("id", id.as_str()), ("project", "shop"), ("dedup_key", "db"), ("state", "open")] {
        assert_eq!(alert[name], value, "{alert:#}");
    }
    assert_eq!((&alert["requests"], &alert["call_counts"]["queued"]), (&2.into(), &1.into()), "{alert:#}");
    assert_eq!(alert["calls"][0]["status"], "queued", "{alert:#}");
    let events = alert["timeline"]["items"].as_array().unwrap();
    assert_eq!(events.len(), 2, "{alert:#}");
    assert_eq!((&events[0]["kind"], &events[1]["kind"]), (&"opened".into(), &"repeated".into()));
    assert!(events[0]["request_id"].is_string() && events[0]["at"].is_string(), "{alert:#}");
    assert!(!alert.to_string().contains(crate::plane::ENDPOINT), "an endpoint's id is a secret: {alert:#}");
    let rest = shop.ask("GET", &format!("/api/v1/alerts/{id}?after=1&limit=1")).await.body;
    assert_eq!((&rest["timeline"]["items"][0]["seq"], &rest["timeline"]["next"]), (&2.into(), &Value::Null));
}

#[tokio::test]
async fn alerts_are_listed_newest_first_page_by_page_and_by_state() {
    let shop = Shop::open().await;
    let mut sent = Vec::new();
    for n in 0..5 {
        sent.insert(0, shop.alert(&format!("db-{n}")).await);
    }
    let closed = sent[1].clone();
    assert_eq!(shop.ask("POST", &format!("/api/v1/alerts/{closed}/close")).await.status, 200);
    let listed = async |query: &str| {
        let (mut seen, mut path) = (Vec::new(), format!("/api/v1/alerts?{query}"));
        loop {
            let page = shop.ask("GET", &path).await.body;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2, "{page}");
            seen.extend(items.iter().map(|alert| alert["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break seen };
            path = format!("/api/v1/alerts?{query}&before={next}");
        }
    };
    assert_eq!(listed("limit=2").await, sent);
    assert_eq!(listed("limit=2&state=closed").await, [closed.as_str()]);
    sent.retain(|id| *id != closed);
    assert_eq!(listed("limit=2&state=open").await, sent);
    assert!(listed("limit=2&state=acknowledged").await.is_empty());
}

#[tokio::test]
async fn an_alert_is_taken_once_and_its_calls_are_no_longer_wanted() {
    let shop = Shop::open().await;
    let id = shop.alert("db").await;
    for _ in 0..2 {
        let taken = shop.ask("POST", &format!("/api/v1/alerts/{id}/acknowledge")).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
        assert_eq!(taken.body, serde_json::json!({ "id": id, "state": "acknowledged" }));
    }
    shop.until_calls_are(&id, "cancelled").await;
    assert_eq!(shop.kinds(&id).await, ["opened", "acknowledged"]);
    assert_eq!(shop.detail(&id).await["timeline"]["items"][1]["api_key"], "night watch");
}

#[tokio::test]
async fn a_closed_alert_stays_closed_and_cannot_be_taken() {
    let shop = Shop::open().await;
    let id = shop.alert("db").await;
    for _ in 0..2 {
        let closed = shop.ask("POST", &format!("/api/v1/alerts/{id}/close")).await;
        assert_eq!((closed.status, &closed.body["state"]), (200, &"closed".into()), "{}", closed.body);
    }
    let refused = shop.ask("POST", &format!("/api/v1/alerts/{id}/acknowledge")).await;
    refused.is_problem(409, "alert_closed");
    shop.until_calls_are(&id, "cancelled").await;
    assert_eq!(shop.kinds(&id).await, ["opened", "closed"]);
    assert_ne!(shop.alert("db").await, id, "the next request opens a new one");
}

#[tokio::test]
async fn another_organizations_alerts_are_not_there() {
    let shop = Shop::open().await;
    let other = "[[org]]\nslug = \"other\"\nname = \"Other\"\ntimezone = \"UTC\"\n";
    apply::apply(&shop.plane.store().await, "other.toml", other).await.unwrap();
    let stranger = key_of(&shop.plane, "other", &BOTH).await;
    let id = shop.alert("db").await;
    let page = ask(&shop.plane, &stranger, "GET", "/api/v1/alerts").await;
    assert_eq!(page.body, serde_json::json!({ "items": [], "next": null }));
    for named in [id.as_str(), UNKNOWN, "x", "%00"] {
        for (method, step) in [("GET", ""), ("POST", "/acknowledge"), ("POST", "/close")] {
            let path = format!("/api/v1/alerts/{named}{step}");
            ask(&shop.plane, &stranger, method, &path).await.is_problem(404, "unknown_alert");
        }
    }
    assert_eq!(shop.kinds(&id).await, ["opened"]);
    assert_eq!(shop.detail(&id).await["state"], "open");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let shop = Shop::open().await;
    let id = shop.alert("db").await;
    let reader = shop.plane.api_key().await;
    let writer = key_of(&shop.plane, "acme", &[Scope::AlertsWrite]).await;
    for step in ["acknowledge", "close"] {
        let path = format!("/api/v1/alerts/{id}/{step}");
        let refused = ask(&shop.plane, &reader, "POST", &path).await;
        assert!(refused.is_problem(403, "scope_missing").header("www-authenticate").contains("scope"));
        shop.plane.send("POST", &path, "").await.is_problem(401, "no_api_key");
        shop.ask("GET", &path).await.is_problem(405, "method_not_allowed");
    }
    for path in ["/api/v1/alerts".to_owned(), format!("/api/v1/alerts/{id}")] {
        ask(&shop.plane, &writer, "GET", &path).await.is_problem(403, "scope_missing");
        shop.plane.get(&path).await.is_problem(401, "no_api_key");
        shop.ask("POST", &path).await.is_problem(405, "method_not_allowed");
    }
    assert_eq!(shop.detail(&id).await["state"], "open");
    assert_eq!(ask(&shop.plane, &writer, "POST", &format!("/api/v1/alerts/{id}/close")).await.status, 200);
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let shop = Shop::open().await;
    let id = shop.alert("db").await;
    for (query, word) in [
        ("?state=ringing", "open, acknowledged or closed"),
        ("?severity=loud", "critical, major, minor or info"),
        ("?before=1", "before"),
        ("?limit=201", "limit"),
        ("?status=open", "known here: state, severity, before, limit"),
        (&format!("/{id}?after=-1"), "after"),
        (&format!("/{id}?limit=0"), "limit"),
        (&format!("/{id}?before={UNKNOWN}"), "known here: after, limit"),
    ] {
        let refused = shop.ask("GET", &format!("/api/v1/alerts{query}")).await;
        refused.is_problem(400, "bad_query");
        assert!(refused.body["detail"].as_str().unwrap().contains(word), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_dedup_key_that_cannot_name_an_alert_is_a_bad_header_and_stores_nothing() {
    let shop = Shop::open().await;
    for wrong in [b"".to_vec(), b"  ".to_vec(), b"caf\xe9".to_vec(), b"a\tb".to_vec(), vec![b'k'; 256]] {
        let hook = shop.plane.request("POST", &shop.plane.hook());
        let refused = answer(hook.header("x-dedup-key", wrong).body("db down")).await;
        refused.is_problem(400, "bad_header");
        assert!(refused.body["detail"].as_str().unwrap().contains("X-Dedup-Key"), "{}", refused.body);
    }
    assert_eq!(shop.ask("GET", "/api/v1/alerts").await.body["items"], serde_json::json!([]));
}
