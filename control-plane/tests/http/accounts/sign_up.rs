//! Signing up, by mail.

use super::{Browser, PASSWORD, have_account, letters, link, sql, templates};
use crate::plane::Plane;
use control_plane::store::StoreError;
use serde_json::json;

const ANN: &str = "ann@example.com";

#[tokio::test]
async fn somebody_signs_up_opens_the_link_and_is_in() {
    let plane = Plane::empty().await;
    let mut ann = Browser::new(&plane);
    let asked = ann
        .post(
            "/api/v1/accounts",
            json!({"email": " Ann@Example.com", "password": PASSWORD, "display_name": "Ann"}),
        )
        .await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    // Until the link is opened there is no account.
    let early = ann.post("/api/v1/session", json!({"email": ANN, "password": PASSWORD})).await;
    early.is_problem(401, "wrong_credentials");
    let token = link(&plane, ANN, "verify_address").await;
    let verified =
        ann.visit("POST", "/api/v1/accounts/verify", json!({"token": token, "password": PASSWORD})).await;
    assert_eq!(verified.status, 201, "{}", verified.body);
    assert_eq!(verified.body["account"]["email"], ANN);
    assert_eq!(verified.body["account"]["display_name"], "Ann");
    assert_eq!(verified.body["account"]["second_factor"], false);
    assert!(ann.is_signed_in().await);
    // It opened once.
    let again = ann.post("/api/v1/accounts/verify", json!({"token": token, "password": PASSWORD})).await;
    again.is_problem(410, "link_void");
}

#[tokio::test]
async fn whoever_has_an_account_is_told_so_by_mail_and_nobody_else_learns_it() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let stranger = Browser::new(&plane);
    let body = |email| json!({"email": email, "password": PASSWORD});
    let known = stranger.post("/api/v1/accounts", body(ANN)).await;
    let unknown = stranger.post("/api/v1/accounts", body("bob@example.com")).await;
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(templates(&plane, ANN).await, ["already_here"]);
    assert_eq!(templates(&plane, "bob@example.com").await, ["verify_address"]);
    let known = stranger.post("/api/v1/password-resets", json!({"email": ANN})).await;
    let unknown = stranger.post("/api/v1/password-resets", json!({"email": "eve@example.com"})).await;
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(templates(&plane, ANN).await, ["already_here", "reset_password"]);
    assert!(letters(&plane, "eve@example.com").await.is_empty());
    // Both took the same steps.
    let made = |email| links_to(&plane, email);
    assert_eq!((made(ANN).await, made("eve@example.com").await), (1, 1));
}

/// Links for resets that were made for an address.
async fn links_to(plane: &Plane, email: &'static str) -> i64 {
    let sql = "SELECT COUNT(*) FROM mail_links WHERE purpose = 'reset' AND email = $1";
    let counted: Result<Option<i64>, StoreError> =
        plane.store().await.read(move |tx| tx.row(sql, &[&email], |row| row.get(0))).await;
    counted.unwrap().unwrap()
}

#[tokio::test]
async fn nobody_prepares_an_account_for_somebody_else() {
    let plane = Plane::empty().await;
    let eve = Browser::new(&plane);
    eve.post("/api/v1/accounts", json!({"email": ANN, "password": "eve knows this sentence"})).await;
    let prepared = link(&plane, ANN, "verify_address").await;
    let mut ann = Browser::new(&plane);
    ann.post("/api/v1/accounts", json!({"email": ANN, "password": PASSWORD})).await;
    let hers = link(&plane, ANN, "verify_address").await;
    // Eve's link does not open with Ann's password, nor Ann's with Eve's.
    let opened = ann.post("/api/v1/accounts/verify", json!({"token": prepared, "password": PASSWORD})).await;
    opened.is_problem(401, "wrong_credentials");
    let body = json!({"token": hers, "password": "eve knows this sentence"});
    eve.post("/api/v1/accounts/verify", body).await.is_problem(401, "wrong_credentials");
    let body = json!({"token": hers, "password": PASSWORD});
    assert_eq!(ann.visit("POST", "/api/v1/accounts/verify", body).await.status, 201);
    // The other one makes no second account, and takes nothing over.
    let body = json!({"token": prepared, "password": "eve knows this sentence"});
    eve.post("/api/v1/accounts/verify", body).await.is_problem(409, "address_taken");
}

#[tokio::test]
async fn a_link_that_is_too_old_opens_nothing() {
    let plane = Plane::empty().await;
    let ann = Browser::new(&plane);
    ann.post("/api/v1/accounts", json!({"email": ANN, "password": PASSWORD})).await;
    let token = link(&plane, ANN, "verify_address").await;
    sql(&plane, "UPDATE mail_links SET expires_at = created_at").await;
    let late = ann.post("/api/v1/accounts/verify", json!({"token": token, "password": PASSWORD})).await;
    late.is_problem(410, "link_void");
}

#[tokio::test]
async fn what_is_no_address_no_name_or_no_good_password_is_refused_in_words() {
    let plane = Plane::empty().await;
    let stranger = Browser::new(&plane);
    let ask = async |email: &str, password: &str, name: &str| {
        let body = json!({"email": email, "password": password, "display_name": name});
        stranger.post("/api/v1/accounts", body).await
    };
    // Cyrillic а and a domain that is not ASCII: what looks like another address is none.
    for email in
        ["", "ann", "\u{430}nn@example.com", "ann@ex\u{e4}mple.com", "ann@example.com\n", "a b@example.com"]
    {
        if email.trim() == ANN {
            continue;
        }
        ask(email, PASSWORD, "").await.is_problem(422, "bad_value");
    }
    ask(ANN, "short", "").await.is_problem(422, "weak_password");
    ask(ANN, "password1234", "").await.is_problem(422, "weak_password");
    ask(ANN, PASSWORD, &"x".repeat(101)).await.is_problem(422, "bad_value");
    ask(ANN, PASSWORD, "a\nb").await.is_problem(422, "bad_value");
    ask(ANN, PASSWORD, &"x".repeat(10_000_000)).await.is_problem(413, "body_too_large");
    assert!(letters(&plane, ANN).await.is_empty());
    // Any script is a name.
    assert_eq!(ask(ANN, PASSWORD, "Анна \u{202e}‍👩‍🚒").await.status, 202);
}

#[tokio::test]
async fn bodies_are_read_strictly_and_never_repeated() {
    let plane = Plane::empty().await;
    let path = "/api/v1/accounts";
    let misspelt = plane.request("POST", path).json(&json!({"email": ANN, "pasword": "hunter2 hunter2"}));
    let answer = crate::plane::answer(misspelt).await;
    answer.is_problem(400, "bad_body");
    assert!(answer.body["detail"].as_str().unwrap().contains("pasword"), "{}", answer.body);
    assert!(!answer.body.to_string().contains("hunter2"), "{}", answer.body);
    for body in ["", "{", "[]", "null", "\"x\"", "{\"email\":5}"] {
        let request = plane.request("POST", path).header("content-type", "application/json").body(body);
        crate::plane::answer(request).await.is_problem(400, "bad_body");
    }
    let form = plane
        .request("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("email=x");
    crate::plane::answer(form).await.is_problem(415, "wrong_content_type");
}
