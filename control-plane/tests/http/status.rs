//! The status page as everybody meets it.

mod incidents;

use crate::{
    plane::{PATIENCE, Plane, answer},
    trust::{Socket, connect, enrol},
};
use control_plane::{serve::Server, web::Limits};
use futures_util::{SinkExt, future::join_all};
use reqwest::header::HeaderMap;
use serde_json::Value;
use shared::{
    fence::RouteCountries,
    protocol::{AgentFrame, Health, TrunkHealth, encode},
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::Message;

/// Everything is looked at again and again, and every page is made anew.
pub(crate) fn quick() -> Limits {
    Limits { status_pause: Duration::from_millis(100), status_page_age: Duration::ZERO, ..Limits::default() }
}

/// Text of a page.
pub(crate) async fn text(plane: &Plane, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let mut request = plane.request("GET", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}

fn component<'s>(status: &'s Value, id: &str) -> &'s Value {
    let components = status["components"].as_array().unwrap();
    components.iter().find(|component| component["id"] == id).unwrap_or(&Value::Null)
}

/// Asks until a component is in this state.
async fn until(plane: &Plane, id: &str, state: &str) -> Value {
    let begun = Instant::now();
    loop {
        let status = plane.get("/api/status").await.body;
        if component(&status, id)["state"] == state {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "{id} is not {state}: {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_fresh_server_is_operational() {
    let plane = Plane::with(quick(), |_| {}).await;
    let status = plane.get("/api/status").await;
    assert_eq!((status.status, status.header("content-type")), (200, "application/json"));
    assert_eq!(status.body["state"], "operational", "{}", status.body);
    let states: Vec<(&str, &str)> = status.body["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["id"].as_str().unwrap(), it["state"].as_str().unwrap()))
        .collect();
    // No mail is configured, and no host has enrolled.
    let wanted = [("intake", "operational"), ("dispatch", "operational"), ("portal", "operational")];
    assert_eq!(states, wanted);
    assert_eq!(component(&status.body, "intake")["days"].as_array().unwrap().len(), 90);
    assert_eq!(status.body["incidents"], serde_json::json!([]));
}

/// The host tells that calls can be placed over it.
async fn healthy(socket: &mut Socket) {
    let trunk = TrunkHealth {
        name: "a".into(),
        online: true,
        route_countries: RouteCountries::try_from(vec!["UA".to_owned()]).unwrap(),
        caller_id: None,
        active: 0,
        max_concurrent: 1,
    };
    let health = Health {
        asterisk: Some("22.10.1".into()),
        trouble: None,
        draining: false,
        active: 0,
        trunks: vec![trunk],
        speaks_codes: false,
    };
    socket.send(Message::text(encode(&AgentFrame::Health(health)))).await.unwrap();
}

#[tokio::test]
async fn a_region_whose_agent_goes_away_is_out_with_the_next_look() {
    let plane = Plane::with(quick(), |_| {}).await;
    enrol(&plane).await;
    let status = until(&plane, "pbx:eu", "outage").await;
    assert_eq!(status["state"], "outage", "nobody can be called");
    let (mut socket, _) = connect(&plane).await;
    healthy(&mut socket).await;
    let status = until(&plane, "pbx:eu", "operational").await;
    assert_eq!(status["state"], "operational", "{status}");
    drop(socket);
    until(&plane, "pbx:eu", "outage").await;
    let (_, _, page) = text(&plane, "/status", &[]).await;
    assert!(page.contains("There is an outage") && page.contains("Phone calls from region eu"), "{page}");
    let log = plane.store().await;
    let looks = log.read(|tx| {
        tx.rows(
            "SELECT state FROM status_checks WHERE component = 'pbx:eu' ORDER BY checked_at",
            &[],
            |row| row.get::<String>(0),
        )
    });
    let looks: Result<_, control_plane::store::StoreError> = looks.await;
    let mut looks = looks.unwrap();
    looks.dedup();
    assert_eq!(looks, ["outage", "operational", "outage"]);
}

#[tokio::test]
async fn the_time_in_which_nothing_ran_is_told_after_the_next_start() {
    let plane = Plane::with(quick(), |_| {}).await;
    until(&plane, "intake", "operational").await;
    let settings = plane.settings.clone();
    let dir = plane.end_and_keep().await;
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let server = Server::start(&settings, quick()).await.unwrap();
    let plane = Plane::over(server, settings, dir);
    let begun = Instant::now();
    let down = async || {
        let status = plane.get("/api/status").await.body;
        // It may be midnight meanwhile.
        let days = component(&status, "intake")["days"].as_array().cloned().unwrap_or_default();
        days.iter().map(|day| day["down_seconds"].as_u64().unwrap()).sum::<u64>()
    };
    while down().await == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing is told of it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (_, _, page) = text(&plane, "/status", &[]).await;
    assert!(page.contains("out for "), "{page}");
}

#[tokio::test]
async fn a_flood_of_requests_makes_the_page_once() {
    let plane = Plane::with(Limits { status_page_age: Duration::from_secs(600), ..quick() }, |_| {}).await;
    for path in ["/api/status", "/status", "/status/feed.atom", "/status/history"] {
        let mut tags = BTreeSet::new();
        for _ in 0..4 {
            let flood = join_all((0..50).map(|_| text(&plane, path, &[]))).await;
            for (status, headers, _) in flood {
                assert_eq!(
                    (status, &headers["cache-control"]),
                    (200, &"public, max-age=15".parse().unwrap())
                );
                tags.insert(headers["etag"].to_str().unwrap().to_owned());
            }
            // Something else would be told by now.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        assert_eq!(tags.len(), 1, "{path}: {tags:?}");
        let tag = tags.pop_first().unwrap();
        let known = answer(plane.request("GET", path).header("if-none-match", &tag)).await;
        assert_eq!((known.status, known.header("etag"), &known.body), (304, tag.as_str(), &Value::Null));
        let head = plane.send("HEAD", path, "").await;
        assert_eq!((head.status, head.header("etag")), (200, tag.as_str()));
        plane.send("POST", path, "").await.is_problem(405, "method_not_allowed");
        plane.get(&format!("{path}?langs=en")).await.is_problem(400, "bad_query");
    }
}

#[tokio::test]
async fn the_page_speaks_the_language_of_whoever_reads_it_and_runs_nothing() {
    let plane = Plane::with(quick(), |_| {}).await;
    let (status, headers, page) = text(&plane, "/status", &[]).await;
    assert_eq!((status, &headers["content-type"]), (200, &"text/html; charset=utf-8".parse().unwrap()));
    assert!(page.contains("<html lang=\"en\">") && page.contains("All systems are working"), "{page}");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(
        (&headers["vary"], &headers["content-language"]),
        (&"Accept-Language".parse().unwrap(), &"en".parse().unwrap())
    );
    for (path, accepted) in
        [("/status?lang=uk", "en"), ("/status", "uk-UA,uk;q=0.9"), ("/status/history?lang=uk", "")]
    {
        let (_, headers, page) = text(&plane, path, &[("accept-language", accepted)]).await;
        assert_eq!(headers["content-language"], "uk");
        assert!(page.contains("<html lang=\"uk\">") && page.contains("Стан CallPing"), "{page}");
    }
    plane.get("/status?lang=tlh").await.is_problem(400, "bad_query");
    let (_, after) = page.split_once("<link rel=\"stylesheet\" href=\"").unwrap();
    let (style, _) = after.split_once('"').unwrap();
    let (status, headers, css) = text(&plane, style, &[]).await;
    assert_eq!((status, &headers["content-type"]), (200, &"text/css; charset=utf-8".parse().unwrap()));
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert!(css.contains("prefers-color-scheme: dark"));
    for path in ["/status/style-0000000000000000.css", "/status/nothing", "/api/status/x"] {
        plane.get(path).await.is_problem(404, "not_found");
    }
    let nobody = "/status/history?before=0198c0de-0000-7000-8000-000000000000";
    plane.get(nobody).await.is_problem(404, "unknown_incident");
    plane.get("/status/history?before=x").await.is_problem(400, "bad_query");
}
