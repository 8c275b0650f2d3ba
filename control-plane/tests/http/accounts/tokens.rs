//! Tokens that are misused.

use super::{Browser, have_account, somebody, sql};
use crate::{
    commands::{run, text},
    plane::Plane,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use control_plane::accounts::{
    session_keys::SessionKeys,
    token::{Audience, Claims, Key, Keys},
};
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::time::Duration;
use zeroize::Zeroizing;

const ANN: &str = "ann@example.com";
const COOKIE: &str = "__Host-cp_session";

/// What a token says.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn is_refused(ann: &Browser<'_>, cookie: &str, token: String) {
    let mut thief = ann.twin();
    thief.cookies.clear();
    thief.cookies.insert(cookie.to_owned(), token);
    let path = if cookie == COOKIE { "/api/v1/session" } else { "/api/admin/v1/session" };
    thief.get(path).await.is_problem(401, "not_signed_in");
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let token = ann.cookies[COOKIE].clone();
    let Claims { sid, sub, .. } = serde_json::from_value(claims(&token)).unwrap();
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let [_, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let none = encode(r#"{"alg":"none","typ":"JWT","kid":"00000000"}"#);
    is_refused(&ann, COOKIE, format!("{none}.{body}.")).await;
    is_refused(&ann, COOKIE, format!("{none}.{body}.{signature}")).await;
    is_refused(&ann, COOKIE, format!("{none}.{body}")).await;
    // Another key, under the name of ours.
    let header: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap())
            .unwrap();
    let name = header["kid"].as_str().unwrap().to_owned();
    let forged = Keys::new(vec![Key::new(name, Zeroizing::new(vec![7; 32]))]);
    let forged = forged.sign(Audience::Portal, sid, sub, Timestamp::now()).unwrap();
    is_refused(&ann, COOKIE, forged.to_string()).await;
    // Our key, and a time that is over; and one that is to come.
    let ours = SessionKeys::open(plane.data_dir()).unwrap().current();
    let hour = Duration::from_secs(3600);
    for at in [Timestamp::now() - hour, Timestamp::now() + hour] {
        is_refused(&ann, COOKIE, ours.sign(Audience::Portal, sid, sub, at).unwrap().to_string()).await;
    }
    // The other surface's cookie, with either token in it.
    is_refused(&ann, "__Host-cp_admin_session", token).await;
    let admin = ours.sign(Audience::Admin, sid, sub, Timestamp::now()).unwrap();
    is_refused(&ann, "__Host-cp_admin_session", admin.to_string()).await;
    is_refused(&ann, COOKIE, admin.to_string()).await;
    // A session of somebody else, under this one's name.
    have_account(&plane, "bob@example.com").await;
    let mut bob = Browser::new(&plane);
    bob.sign_in("bob@example.com", super::PASSWORD).await;
    let theirs: Claims = serde_json::from_value(claims(&bob.cookies[COOKIE])).unwrap();
    let crossed = ours.sign(Audience::Portal, theirs.sid, sub, Timestamp::now()).unwrap();
    is_refused(&ann, COOKIE, crossed.to_string()).await;
    assert!(ann.is_signed_in().await);
}

#[tokio::test]
async fn a_change_of_keys_signs_nobody_out() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    for _ in 0..2 {
        let rotated = run(&["rotate-session-key", "--data-dir", text(plane.data_dir())]);
        assert_eq!(rotated.code, 0, "{}", rotated.err);
    }
    // Tokens of the key that is gone are void as soon as that is seen, and the next refresh brings another.
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while ann.is_signed_in().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    waited.await.unwrap();
    assert_eq!(ann.visit("POST", "/api/v1/session/refresh", json!({})).await.status, 201);
    assert!(ann.is_signed_in().await);
}

#[tokio::test]
async fn a_session_of_a_closed_account_is_over() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    sql(&plane, "UPDATE accounts SET closed_at = 1").await;
    ann.get("/api/v1/session").await.is_problem(401, "not_signed_in");
}
