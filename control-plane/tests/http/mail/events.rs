//! `/api/mail/resend`: events are believed by their signature, applied once, and cost little.

use super::{Post, TO, WEBHOOK_SECRET};
use crate::{
    commands::{run, text},
    plane::{self, Answer, Plane, answer},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use control_plane::mail::Queued;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::time::Timestamp;

const PATH: &str = "/api/mail/resend";

fn now() -> i64 {
    Timestamp::now().as_micros() / 1_000_000
}

fn signature(id: &str, seconds: i64, body: &str) -> String {
    let secret = BASE64_STANDARD.decode(WEBHOOK_SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// Sends an event as Resend does, signed at this time.
async fn send(plane: &Plane, id: &str, seconds: i64, body: &str) -> Answer {
    let request = plane
        .request("POST", PATH)
        .header("svix-id", id)
        .header("svix-timestamp", seconds)
        .header("svix-signature", signature(id, seconds, body))
        .body(body.to_owned());
    answer(request).await
}

fn complaint(provider_id: &str) -> String {
    json!({ "type": "email.complained", "data": { "email_id": provider_id, "to": [TO] } }).to_string()
}

#[tokio::test]
async fn a_complaint_ends_letters_to_its_address_and_the_same_event_again_changes_nothing() {
    let post = Post::open([]).await;
    post.queue("verify/1").await;
    let sent = post.comes_to("verify/1", "sent").await;
    let event = complaint(&sent.provider_id.unwrap());
    for applied in [true, false] {
        let told = send(&post.plane, "msg_1", now(), &event).await;
        assert_eq!((told.status, &told.body), (200, &json!({ "applied": applied })));
    }
    post.comes_to("verify/1", "complained").await;
    let listed = run(&["suppressed", "list", "--data-dir", text(post.plane.data_dir())]);
    assert_eq!(listed.out, format!("{TO} complaint\n"), "{}", listed.err);
    assert!(matches!(post.queue("verify/2").await, Queued::Suppressed(_)));
    assert_eq!(post.row("verify/2").await.bodies, "");
    let remove =
        || run(&["suppressed", "remove", "OnCall@example.com", "--data-dir", text(post.plane.data_dir())]);
    assert_eq!((remove().code, remove().code), (0, 1));
    assert!(matches!(post.queue("verify/3").await, Queued::Waiting(_)));
    let delivered = json!({ "type": "email.delivered", "data": { "to": [TO] } }).to_string();
    assert_eq!(send(&post.plane, "msg_2", now(), &delivered).await.body, json!({ "applied": false }));
}

#[tokio::test]
async fn what_is_not_signed_with_the_secret_and_now_changes_nothing() {
    let post = Post::open([]).await;
    let event = complaint("x");
    let (then, right) = (now(), signature("msg_1", now(), &event));
    send(&post.plane, "msg_1", then - 301, &event).await.is_problem(401, "wrong_signature");
    send(&post.plane, "msg_1", then + 330, &event).await.is_problem(401, "wrong_signature");
    let with = |id: &str, time: &str, signature: &str| {
        let request = post.plane.request("POST", PATH).header("svix-id", id).header("svix-timestamp", time);
        request.header("svix-signature", signature)
    };
    let time = then.to_string();
    let wrong = "v1,bm9ub25vbm9ub25vbm9ub25vbm9ub25vbm9ub25vbm8=";
    for signature in [wrong, "", "x"] {
        let told = answer(with("msg_1", &time, signature).body(event.clone())).await;
        told.is_problem(401, "wrong_signature");
    }
    answer(with("msg_1", &time, &right).body("{}")).await.is_problem(401, "wrong_signature");
    answer(with("msg_2", &time, &right).body(event.clone())).await.is_problem(401, "wrong_signature");
    answer(with("msg_1", "soon", &right).body(event.clone())).await.is_problem(401, "wrong_signature");
    answer(with("", &time, &right).body(event.clone())).await.is_problem(400, "bad_header");
    let several = format!("{wrong} {}", signature("msg_1", then, &event));
    let told = answer(with("msg_1", &time, &several).body(event.clone())).await;
    assert_eq!(told.body, json!({ "applied": true }), "one of several is right");
}

#[tokio::test]
async fn a_request_without_its_headers_too_long_or_of_another_form_is_told_what_is_wrong() {
    let post = Post::open([]).await;
    post.plane.send("POST", PATH, complaint("x")).await.is_problem(400, "bad_header");
    let get = post.plane.get(PATH).await;
    assert_eq!(get.is_problem(405, "method_not_allowed").header("allow"), "POST");
    for body in ["", "[]", "{}", "\"x\""] {
        send(&post.plane, "msg_1", now(), body).await.is_problem(400, "bad_event");
    }
    let long = json!({ "type": "email.bounced", "data": { "x": "x".repeat(64 * 1024) } }).to_string();
    send(&post.plane, "msg_1", now(), &long).await.is_problem(413, "body_too_large");
    let fits = json!({ "type": "email.opened", "x": "x".repeat(60 * 1024) }).to_string();
    assert_eq!(send(&post.plane, "msg_1", now(), &fits).await.status, 200);
}

#[tokio::test]
async fn the_route_is_described() {
    let described: Value =
        plane::answer(Plane::empty().await.request("GET", "/api/v1/openapi.json")).await.body;
    let responses = &described["paths"][PATH]["post"]["responses"];
    assert!(responses["401"]["content"]["application/problem+json"].is_object(), "{responses}");
}
