//! Clients that flood, dawdle or speak nonsense cost little, and the next client is served.

use crate::plane::{PATIENCE, Plane, Raw};
use control_plane::web::Limits;
use std::time::{Duration, Instant};
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(200);

async fn still_serves(plane: &Plane) {
    assert_eq!(plane.get("/healthz").await.status, 200);
}

async fn said(plane: &Plane, text: impl AsRef<[u8]>) -> String {
    let mut raw = plane.raw().await;
    raw.write(text).await;
    raw.read_to_end().await
}

#[tokio::test]
async fn a_flood_of_headers_is_refused_however_it_is_made() {
    let plane = Plane::empty().await;
    let many = (0..150).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let long = format!("x-long: {}\r\n", "y".repeat(20_000));
    for fields in [&many, &long] {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
        let answer = said(&plane, request).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        assert!(answer.contains("\"code\":\"headers_too_large\""), "{answer}");
    }
    // Beyond what is read at all, the answer has no body.
    let far_too_many = (0..5000).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let endless = format!("x-long: {}", "y".repeat(1_000_000));
    for fields in [&far_too_many, &endless] {
        let answer = said(&plane, format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{fields}\r\n\r\n")).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    still_serves(&plane).await;
}

#[tokio::test]
async fn an_endless_path_is_refused() {
    let plane = Plane::empty().await;
    let request = format!("GET /{} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "x".repeat(20_000));
    let answer = said(&plane, request).await;
    assert!(answer.starts_with("HTTP/1.1 414 ") && answer.contains("uri_too_long"), "{answer}");
    still_serves(&plane).await;
}

#[tokio::test]
async fn what_is_not_http_is_hung_up_on() {
    let plane = Plane::empty().await;
    for nonsense in [
        "\0\0\0\0\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxxxxxxxxxxxxxxxx",
    ] {
        let answer = said(&plane, nonsense).await;
        assert!(!answer.contains("HTTP/1.1 2"), "{nonsense:?}: {answer}");
    }
    still_serves(&plane).await;
}

#[tokio::test]
async fn a_nul_byte_in_a_header_is_a_bad_request() {
    let plane = Plane::empty().await;
    let answer = said(&plane, "GET /healthz HTTP/1.1\r\nhost: a\r\nx-nul: a\0b\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    still_serves(&plane).await;
}

#[tokio::test]
async fn a_client_that_dawdles_before_its_request_is_hung_up_on() {
    let limits = Limits { idle_time: MOMENT, ..Limits::default() };
    let plane = Plane::with(limits, |_| {}).await;
    // Nothing at all, the beginning of either version, half a head, and HTTP/2 without a request.
    for beginning in
        ["", "P", "GET /healthz HTTP/1.1\r\nhost: a\r\nx-slow:", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let started = Instant::now();
        let answer = said(&plane, beginning).await;
        assert!(!answer.contains("HTTP/1.1 2"), "{beginning:?}: {answer}");
        assert!(started.elapsed() >= MOMENT / 2, "{beginning:?}");
    }
    still_serves(&plane).await;
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request_and_not_for_ever() {
    let limits = Limits { idle_time: Duration::from_secs(1), ..Limits::default() };
    let plane = Plane::with(limits, |_| {}).await;
    let mut raw = plane.raw().await;
    for _ in 0..2 {
        raw.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(raw.read_some().await.starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(raw.read_to_end().await, "");
}

#[tokio::test]
async fn connections_are_bounded_and_those_beyond_wait_their_turn() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let plane = Plane::with(limits, |_| {}).await;
    let (first, second) = (plane.raw().await, plane.raw().await);
    // Both must have been accepted before the third knocks.
    let mut busy: Vec<Raw> = vec![first, second];
    for raw in &mut busy {
        raw.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(raw.read_some().await.starts_with("HTTP/1.1 200 "));
    }
    let mut third = plane.raw().await;
    third.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(timeout(MOMENT, third.read_some()).await.is_err(), "there is no place for it yet");
    busy.pop();
    let answer = timeout(PATIENCE, third.read_some()).await.expect("its turn came");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
