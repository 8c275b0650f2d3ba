//! Paths, methods and health.

use crate::plane::{Plane, answer};
use control_plane::web::Limits;
use std::net::SocketAddr;

#[tokio::test]
async fn a_path_that_is_not_there_is_a_problem_document() {
    let plane = Plane::empty().await;
    for path in [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/callz",
        "/api/wh",
        "/agent/v1/",
        "/agent/v1/wss",
        "/%00",
        "//",
    ] {
        plane.get(path).await.is_problem(404, "not_found");
    }
    plane.send("POST", "/nothing", "x".repeat(100_000)).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right() {
    let plane = Plane::empty().await;
    for (method, path, allowed) in [
        ("DELETE", "/healthz", "GET, HEAD"),
        ("POST", "/readyz", "GET, HEAD"),
        ("PUT", "/api/v1/calls", "GET, HEAD"),
        ("OPTIONS", "/api/v1/fleet", "GET, HEAD"),
        ("BREW", "/api/v1/openapi.json", "GET, HEAD"),
        ("GET", "/agent/v1/enroll", "POST"),
        ("POST", "/agent/v1/ws", "GET"),
        ("OPTIONS", &plane.hook(), "POST, PUT, PATCH, GET, DELETE"),
        ("TRACE", &plane.hook(), "POST, PUT, PATCH, GET, DELETE"),
    ] {
        let answer = plane.send(method, path, "").await;
        answer.is_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
    let head = plane.send("HEAD", &plane.hook(), "").await;
    assert_eq!((head.status, head.header("allow")), (405, "POST, PUT, PATCH, GET, DELETE"));
}

#[tokio::test]
async fn a_fresh_control_plane_lives_and_is_ready() {
    let plane = Plane::empty().await;
    for (path, word) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = plane.get(path).await;
        assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some(word)));
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        let head = plane.send("HEAD", path, "").await;
        assert_eq!((head.status, head.header("content-length")), (200, answer.header("content-length")));
    }
}

#[tokio::test]
async fn the_description_of_the_api_is_served() {
    let plane = Plane::empty().await;
    let described = plane.get("/api/v1/openapi.json").await;
    assert_eq!(described.status, 200);
    assert!(described.body["paths"]["/api/v1/calls"]["get"].is_object());
}

#[tokio::test]
async fn metrics_are_served_on_their_own_port_and_nowhere_else() {
    let plane = Plane::with(Limits::default(), |settings| {
        settings.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await;
    let url = format!("http://{}/metrics", plane.metrics_address());
    let page = reqwest::get(&url).await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let page = page.text().await.unwrap();
    for sample in
        ["callping_calls{status=\"queued\"} 0\n", "callping_agents_connected 0\n", "callping_ready 1\n"]
    {
        assert!(page.contains(sample), "{page}");
    }
    plane.get("/metrics").await.is_problem(404, "not_found");
    for path in ["/healthz", "/agent/v1/enroll"] {
        let elsewhere = format!("http://{}{path}", plane.metrics_address());
        answer(crate::plane::client().get(elsewhere)).await.is_problem(404, "not_found");
    }
}
