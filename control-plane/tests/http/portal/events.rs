//! Whoever watches sees what changes as it happens, and no longer than they may.

use super::{Office, colleague, stranger};
use crate::{
    accounts::{browser::Browser, sql},
    plane::{PATIENCE, Plane},
};
use control_plane::web::Limits;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Events as they arrive: a name and what it says.
struct Stream {
    response: reqwest::Response,
    read: String,
}

impl Stream {
    async fn open(browser: &Browser<'_>) -> Self {
        Self::of(ask(browser).send().await.unwrap()).await
    }

    /// The first event greets.
    async fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut stream = Self { response, read: String::new() };
        assert_eq!(stream.next().await, Some(("hello".to_owned(), json!({}))));
        stream
    }

    /// The next one; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let event = event.to_owned();
                self.read = rest.to_owned();
                let line = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
                };
                return Some((line("event: "), serde_json::from_str(&line("data: ")).unwrap_or_default()));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("an event").ok().flatten()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Until something of this kind has changed; what it says.
    async fn until(&mut self, kind: &str) -> Value {
        loop {
            let (name, says) = self.next().await.expect("it goes on");
            if name == "change" && says["kind"] == kind {
                return says;
            }
        }
    }

    /// What ends it.
    async fn until_bye(&mut self) -> Value {
        let mut last = Value::Null;
        while let Some((name, says)) = self.next().await {
            if name == "bye" {
                last = says;
            }
        }
        last
    }
}

fn ask(browser: &Browser<'_>) -> reqwest::RequestBuilder {
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    browser.plane.request("GET", "/api/v1/events").header("cookie", cookies.join("; "))
}

fn quick() -> Limits {
    Limits { stream_pulse: Duration::from_millis(100), ..Limits::default() }
}

#[tokio::test]
async fn what_happens_is_seen_at_once_and_only_in_ones_own_organization() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let eve = stranger(&plane).await;
    let (mut anns, mut eves) = (Stream::open(&office.ann).await, Stream::open(&eve).await);
    let sent = office.send(json!({"severity": "critical", "message": "db down"})).await;
    let (mut seen, begun) = (Vec::new(), Instant::now());
    while seen.len() < 3 && begun.elapsed() < PATIENCE {
        let (name, says) = anns.next().await.unwrap();
        assert_eq!((name.as_str(), &says["project_id"]), ("change", &json!(office.project)));
        if !seen.contains(&says) {
            seen.push(says);
        }
    }
    for (kind, id) in
        [("alert", &sent["alert_id"]), ("call", &sent["calls"][0]["id"]), ("request", &sent["request_id"])]
    {
        let told =
            seen.iter().find(|says| says["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {seen:?}"));
        assert_eq!(told["id"], *id, "{told}");
    }
    assert!(!format!("{seen:?}").contains(&office.endpoint), "an endpoint's address is a secret");
    let take = format!("/api/v1/alerts/{}/acknowledge", sent["alert_id"].as_str().unwrap());
    assert_eq!(office.ann.post(&take, json!({})).await.status, 200);
    assert_eq!(anns.until("alert").await["id"], sent["alert_id"]);
    assert_eq!(anns.until("call").await["alert_id"], sent["alert_id"], "it is cancelled");
    // Of a change that failed nobody hears.
    office.ann.post(&format!("/api/v1/alerts/{}/acknowledge", super::NOWHERE), json!({})).await;
    // The other organization has its own, and hears nothing of this.
    let me = eve.get("/api/v1/account").await.body["id"].clone();
    let project =
        super::made(&eve, "/api/v1/projects", json!({"slug": "hers", "primary_account_id": me})).await;
    let path = format!("/api/v1/projects/{project}/endpoints");
    let endpoint = super::made(&eve, &path, json!({"name": "hers"})).await;
    plane.send("POST", &format!("/api/wh/{endpoint}"), "hers").await;
    assert_eq!(eves.until("request").await["project_id"], project);
}

#[tokio::test]
async fn a_stream_outlives_the_time_of_an_idle_connection() {
    let limits = Limits {
        idle_time: Duration::from_secs(1),
        stream_pulse: Duration::from_secs(60),
        ..Limits::default()
    };
    let plane = Plane::with(limits, |_| {}).await;
    let office = Office::open(&plane).await;
    let mut stream = Stream::open(&office.ann).await;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    office.send(json!({"message": "db down"})).await;
    stream.until("alert").await;
}

#[tokio::test]
async fn who_signs_out_or_leaves_sees_no_more() {
    let plane = Plane::with(quick(), |_| {}).await;
    let office = Office::open(&plane).await;
    let bob = colleague(&plane, "bob@example.com", "viewer").await;
    let (mut anns, mut bobs) = (Stream::open(&office.ann).await, Stream::open(&bob).await);
    assert_eq!(anns.next().await, Some(("pulse".to_owned(), json!({}))), "it tells that it is alive");
    sql(&plane, "DELETE FROM memberships WHERE role = 'viewer'").await;
    assert_eq!(bobs.until_bye().await, json!({"why": "over"}));
    assert_eq!(office.ann.ask("DELETE", "/api/v1/session", json!({})).await.status, 204);
    assert_eq!(anns.until_bye().await, json!({"why": "over"}));
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_and_is_not_held_up() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(Stream::open(&office.ann).await);
    }
    // One whose reader takes nothing.
    let _unread = ask(&office.ann).send().await.unwrap();
    let begun = Instant::now();
    drop(office);
    plane.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for stream in &mut streams {
        assert_eq!(stream.until_bye().await, json!({"why": "stopping"}));
    }
}

#[tokio::test]
async fn so_many_streams_and_no_more_and_a_closed_one_is_free_again() {
    let limits = Limits { streams_of_one: 2, streams_of_organization: 3, ..quick() };
    let plane = Plane::with(limits, |_| {}).await;
    let office = Office::open(&plane).await;
    let bob = colleague(&plane, "bob@example.com", "viewer").await;
    let anns = (Stream::open(&office.ann).await, Stream::open(&office.ann).await);
    let refused = office.ann.get("/api/v1/events").await;
    assert!(!refused.is_problem(429, "too_many_streams").header("retry-after").is_empty());
    let _bobs = Stream::open(&bob).await;
    bob.get("/api/v1/events").await.is_problem(429, "too_many_streams");
    drop(anns);
    let begun = Instant::now();
    loop {
        let response = ask(&office.ann).send().await.unwrap();
        if response.status() == 200 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "its place is free again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    plane.get("/api/v1/events").await.is_problem(401, "no_api_key");
}
