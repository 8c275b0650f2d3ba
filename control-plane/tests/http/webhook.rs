//! What happens to requests before they are routed; needs the rooms behind `/api/wh/`.

use crate::plane::{ALERT_KEY, Answer, ENDPOINT, GUARDED, Plane, answer};
use control_plane::{intake::Rate, web::Limits};
use std::time::Duration;

const KIB: usize = 1024;
const UNKNOWN: &str = "6c1f6f1e-0000-4000-8000-00000000dead";

#[track_caller]
fn is_accepted(answer: &Answer) {
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.body["request_id"].is_string(), "{}", answer.body);
    assert_eq!(answer.body["calls"].as_array().map(Vec::len), Some(1), "{}", answer.body);
}

#[tokio::test]
async fn an_id_that_is_no_uuid_is_an_unknown_endpoint() {
    let plane = Plane::empty().await;
    for id in ["x", "6c1f6f1e", "%00", "6c1f6f1e-0000-4000-8000-00000000000g", &"6".repeat(200)] {
        plane.send("POST", &format!("/api/wh/{id}"), "db down").await.is_problem(404, "unknown_endpoint");
    }
    // A big body that nobody reads does not keep the answer from arriving.
    plane.send("POST", "/api/wh/x", "x".repeat(2 * KIB * KIB)).await.is_problem(404, "unknown_endpoint");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unknown() {
    let plane = Plane::provisioned().await;
    plane.send("POST", &format!("/api/wh/{UNKNOWN}"), "db down").await.is_problem(404, "unknown_endpoint");
}

#[tokio::test]
async fn a_guarded_endpoint_takes_its_key_and_no_other() {
    let plane = Plane::provisioned().await;
    let path = format!("/api/wh/{GUARDED}");
    for wrong in ["", "open", "open sesame!", "OPEN SESAME"] {
        let request = plane.request("POST", &path).header("x-alert-key", wrong).body("db down");
        answer(request).await.is_problem(401, "wrong_alert_key");
    }
    let without = plane.send("POST", &path, "db down").await;
    assert_eq!(without.is_problem(401, "wrong_alert_key").header("www-authenticate"), "X-Alert-Key");
    is_accepted(&answer(plane.request("POST", &path).header("x-alert-key", ALERT_KEY).body("db down")).await);
}

#[tokio::test]
async fn an_endpoint_that_sends_too_fast_is_told_when_to_come_back() {
    let rate = Rate { burst: 20, per_second: 1 };
    let plane = Plane::provisioned_with(Limits { endpoint_rate: rate, ..Limits::default() }).await;
    // Counted like any other, and answered without a trip to the disk.
    let send = || answer(plane.request("POST", &plane.hook()).header("idempotency-key", "").body("x"));
    let mut taken = 0;
    let refused = loop {
        let answer = send().await;
        if answer.status != 400 {
            break answer;
        }
        taken += 1;
    };
    assert!(taken >= 20, "{taken}");
    assert_eq!(refused.is_problem(429, "too_many_requests").header("retry-after"), "1");
    let other = plane.request("POST", &format!("/api/wh/{GUARDED}")).header("x-alert-key", ALERT_KEY);
    is_accepted(&answer(other.body("db down")).await);
}

#[tokio::test]
async fn every_method_that_sends_something_is_taken_in() {
    let plane = Plane::provisioned().await;
    for method in ["POST", "PUT", "PATCH", "GET", "DELETE", "NOTIFY"] {
        let path = format!("{}?severity=critical&message=db+{method}", plane.hook());
        is_accepted(&plane.send(method, &path, "").await);
    }
}

#[tokio::test]
async fn a_body_of_256_kib_is_taken_and_one_byte_more_is_not() {
    let plane = Plane::provisioned().await;
    is_accepted(&plane.send("POST", &plane.hook(), "x".repeat(256 * KIB)).await);
    for size in [256 * KIB + 1, 3 * KIB * KIB] {
        plane.send("POST", &plane.hook(), "x".repeat(size)).await.is_problem(413, "body_too_large");
    }
}

#[tokio::test]
async fn an_announced_body_over_the_limit_is_refused_before_it_is_sent() {
    let plane = Plane::provisioned().await;
    let mut raw = plane.raw().await;
    let head = format!("POST /api/wh/{ENDPOINT} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n");
    raw.write(head).await;
    let answer = raw.read_some().await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn an_endless_chunked_body_is_cut_off_and_the_answer_arrives() {
    let plane = Plane::provisioned().await;
    let mut raw = plane.raw().await;
    raw.write(format!("POST /api/wh/{ENDPOINT} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"))
        .await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(64 * KIB));
    for _ in 0..32 {
        raw.write(&chunk).await;
    }
    let answer = raw.read_some().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_waits_for_leave_to_send_too_much_is_told_at_once() {
    let plane = Plane::provisioned().await;
    let mut raw = plane.raw().await;
    let head = format!(
        "POST /api/wh/{ENDPOINT} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1000000\r\n\r\n"
    );
    raw.write(head).await;
    let answer = raw.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && !answer.contains("100 Continue"), "{answer}");
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let limits = Limits {
        body_time: Duration::from_millis(100),
        drain_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let plane = Plane::provisioned_with(limits).await;
    let mut raw = plane.raw().await;
    raw.write(format!("POST /api/wh/{ENDPOINT} HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\n\r\nhalf a bo"))
        .await;
    let answer = raw.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body_too_slow"), "{answer}");
    assert_eq!(plane.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_damaged_chunk_stores_nothing() {
    let plane = Plane::provisioned().await;
    let mut raw = plane.raw().await;
    let head = format!("POST /api/wh/{ENDPOINT} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    raw.write(format!("{head}ZZZ\r\nnot a chunk\r\n")).await;
    let answer = raw.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn whatever_is_in_a_body_it_is_taken_in_and_somebody_is_called() {
    let plane = Plane::provisioned().await;
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    let objects = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    for body in [
        "{\"broken\"".as_bytes(),
        b"",
        b"db\0down\0",
        b"\xff\xfe\x00 not UTF-8",
        b"{\"message\":\"nul \\u0000 inside\"}",
        nested.as_bytes(),
        objects.as_bytes(),
    ] {
        for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"] {
            let request =
                plane.request("POST", &plane.hook()).header("content-type", kind).body(body.to_vec());
            let answer = answer(request).await;
            // What was read to say the same already calls somebody.
            if answer.body["action"] != "group" {
                is_accepted(&answer);
            }
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn the_same_idempotency_key_gets_the_same_answer_and_another_request_gets_none() {
    let plane = Plane::provisioned().await;
    let send = |body: &'static str| {
        answer(plane.request("POST", &plane.hook()).header("idempotency-key", "abc").body(body))
    };
    let first = send("db down").await;
    is_accepted(&first);
    assert_eq!(send("db down").await.body, first.body);
    let other = send("disk full").await;
    other.is_problem(422, "idempotency_key_reused");
    assert_eq!(other.body["request_id"], first.body["request_id"]);
}
