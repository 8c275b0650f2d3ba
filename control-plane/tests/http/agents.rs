//! Enrolment and the agents' WebSocket, up to where the fleet takes over.

use crate::plane::{Plane, answer};
use control_plane::web::Limits;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;
use shared::protocol::{SUBPROTOCOL, enroll_bytes, to_base64};
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, http::HeaderValue};

/// The key of the host that enrols here.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(crate) fn enrolment(token: &str, pbx: &str) -> String {
    let key = key();
    let signature = key.sign(&enroll_bytes(token, pbx));
    json!({
        "token": token, "pbx": pbx,
        "public_key": to_base64(key.verifying_key().as_bytes()),
        "signature": to_base64(&signature.to_bytes()),
    })
    .to_string()
}

pub(crate) async fn token(plane: &Plane) -> String {
    let store = plane.store().await;
    store.write(|tx| control_plane::fleet::apply_pbx(tx, "pbx-1", "eu")).await.unwrap();
    control_plane::fleet::enrol_token(&store, "pbx-1").await.unwrap().to_string()
}

#[tokio::test]
async fn a_token_enrols_one_host_once() {
    let plane = Plane::empty().await;
    let token = token(&plane).await;
    let wrong_pbx = plane.send("POST", "/agent/v1/enroll", enrolment(&token, "pbx-2")).await;
    wrong_pbx.is_problem(403, "wrong_pbx");
    let enrolled = plane.send("POST", "/agent/v1/enroll", enrolment(&token, "pbx-1")).await;
    assert_eq!(enrolled.status, 200, "{}", enrolled.body);
    assert_eq!(enrolled.body["order_keys"].as_array().map(Vec::len), Some(1));
    let again = plane.send("POST", "/agent/v1/enroll", enrolment(&token, "pbx-1")).await;
    again.is_problem(409, "used_token");
}

#[tokio::test]
async fn what_is_no_enrolment_is_refused_and_its_token_is_not_repeated() {
    let plane = Plane::empty().await;
    let signed = enrolment("a token", "pbx-1");
    plane.send("POST", "/agent/v1/enroll", signed.clone()).await.is_problem(401, "unknown_token");
    let forged = signed.replace("a token", "b token");
    plane.send("POST", "/agent/v1/enroll", forged).await.is_problem(403, "bad_proof");
    for broken in ["", "{", "[]", "{\"token\":\"s3cret\"}", "{\"token\":\"s3cret\",\"s3cret\":1}"] {
        let answer = plane.send("POST", "/agent/v1/enroll", broken).await;
        answer.is_problem(400, "bad_enrolment");
        assert!(!answer.body.to_string().contains("s3cret"), "{}", answer.body);
    }
    let big = format!("{{\"token\":\"{}\"}}", "x".repeat(8 * 1024));
    plane.send("POST", "/agent/v1/enroll", big).await.is_problem(413, "body_too_large");
}

#[tokio::test]
async fn whoever_guesses_tokens_has_to_wait() {
    let plane = Plane::with(Limits { failed_enrolments: 3, ..Limits::default() }, |_| {}).await;
    let good = token(&plane).await;
    for guess in 0..3 {
        let answer = plane.send("POST", "/agent/v1/enroll", enrolment(&guess.to_string(), "pbx-1")).await;
        answer.is_problem(401, "unknown_token");
    }
    let answer = plane.send("POST", "/agent/v1/enroll", enrolment(&good, "pbx-1")).await;
    answer.is_problem(429, "too_many_failures");
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
}

#[tokio::test]
async fn what_does_not_ask_for_our_websocket_is_told_how_to() {
    let plane = Plane::empty().await;
    let plain = plane.get("/agent/v1/ws").await;
    plain.is_problem(426, "not_a_websocket");
    assert_eq!(plain.header("upgrade"), "websocket");
    let ask = |version: &str, protocol: &str, key: &str| {
        let request = plane
            .request("GET", "/agent/v1/ws")
            .header("connection", "keep-alive, Upgrade")
            .header("upgrade", "WebSocket")
            .header("sec-websocket-version", version)
            .header("sec-websocket-protocol", protocol)
            .header("sec-websocket-key", key);
        answer(request)
    };
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let old = ask("8", SUBPROTOCOL, key).await;
    assert_eq!(old.is_problem(426, "websocket_version").header("sec-websocket-version"), "13");
    ask("13", "pbx-agent.v9", key).await.is_problem(400, "subprotocol");
    ask("13", "", key).await.is_problem(400, "subprotocol");
    ask("13", SUBPROTOCOL, "short").await.is_problem(400, "websocket_key");
}

#[tokio::test]
async fn sockets_that_have_not_proved_themselves_are_bounded() {
    let plane = Plane::with(Limits { unproven_agents: 0, ..Limits::default() }, |_| {}).await;
    let mut request = format!("ws://{}/agent/v1/ws", plane.address()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let error = tokio_tungstenite::connect_async(request).await.unwrap_err();
    let tokio_tungstenite::tungstenite::Error::Http(answer) = error else { panic!("{error}") };
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &HeaderValue::from(5)));
}

#[tokio::test]
async fn an_agent_is_challenged() {
    use futures_util::StreamExt;
    let plane = Plane::empty().await;
    let mut request = format!("ws://{}/agent/v1/ws", plane.address()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("chat, pbx-agent.v1"));
    let (mut socket, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], SUBPROTOCOL);
    let frame = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(frame.contains("\"type\":\"challenge\""), "{frame}");
}
