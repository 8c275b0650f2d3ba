//! How a control plane ends.

use crate::plane::Plane;
use control_plane::web::Limits;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end_and_nobody_new_is_let_in() {
    let plane = Plane::empty().await;
    let mut idle = plane.raw().await;
    idle.write("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(idle.read_some().await.starts_with("HTTP/1.1 200 "));
    // Each stands in another place: before the version, in the midst of a head, between requests.
    let (mut nothing, mut half) = (plane.raw().await, plane.raw().await);
    nothing.write("P").await;
    half.write("GET /healthz HTTP/1.1\r\n").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let address = plane.address();
    let started = Instant::now();
    plane.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5));
    for mut raw in [idle, nothing, half] {
        assert_eq!(raw.read_to_end().await, "");
    }
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_request_in_flight_is_finished() {
    let plane = Plane::empty().await;
    let mut raw = plane.raw().await;
    raw.write(
        "POST /agent/v1/enroll HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;
    // The server is reading the body now.
    assert!(raw.read_some().await.starts_with("HTTP/1.1 100 "));
    let stopping = tokio::spawn(plane.stop());
    raw.write("{}").await;
    let answer = raw.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("bad_enrolment"), "{answer}");
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_ends_is_cut_off() {
    let limits = Limits { shutdown_time: Duration::from_millis(300), ..Limits::default() };
    let plane = Plane::with(limits, |_| {}).await;
    let mut raw = plane.raw().await;
    raw.write(
        "POST /agent/v1/enroll HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;
    assert!(raw.read_some().await.starts_with("HTTP/1.1 100 "));
    let started = Instant::now();
    plane.stop().await;
    assert!(started.elapsed() < Duration::from_secs(5));
}
