//! Signing in, what is forgotten, and what is changed.

use super::{Browser, PASSWORD, have_account, link, somebody, sql, templates};
use crate::plane::Plane;
use control_plane::store::StoreError;
use serde_json::json;

const ANN: &str = "ann@example.com";
const NEW_PASSWORD: &str = "seven lamps above a frozen pond";

#[tokio::test]
async fn address_and_password_open_and_neither_alone_does() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let mut ann = Browser::new(&plane);
    let ask = async |email: &str, password: &str| {
        Browser::new(&plane).post("/api/v1/session", json!({"email": email, "password": password})).await
    };
    ask(ANN, "not this one").await.is_problem(401, "wrong_credentials");
    ask("bob@example.com", PASSWORD).await.is_problem(401, "wrong_credentials");
    ask("nobody", PASSWORD).await.is_problem(401, "wrong_credentials");
    ask(ANN, &"x".repeat(2000)).await.is_problem(401, "wrong_credentials");
    let answer =
        ann.visit("POST", "/api/v1/session", json!({"email": "ANN@example.com", "password": PASSWORD})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let cookies: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2);
    assert!(cookies[0].starts_with("__Host-cp_session=") && cookies[0].contains("; Path=/; "), "{cookies:?}");
    assert!(cookies[1].starts_with("__Host-cp_refresh="), "{cookies:?}");
    for cookie in cookies {
        // Else no browser takes it under such a name.
        assert!(cookie.contains("; Path=/; ") && !cookie.contains("Domain"), "{cookie}");
        assert!(cookie.ends_with("; HttpOnly; Secure; SameSite=Strict"), "{cookie}");
    }
    assert!(ann.is_signed_in().await);
    let gone = ann.visit("DELETE", "/api/v1/session", json!({})).await;
    assert_eq!(gone.status, 204);
    assert!(ann.cookies.is_empty());
}

#[tokio::test]
async fn a_token_that_was_signed_out_is_void_at_once() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let thief = ann.twin();
    assert!(thief.is_signed_in().await);
    ann.ask("DELETE", "/api/v1/session", json!({})).await;
    thief.get("/api/v1/session").await.is_problem(401, "not_signed_in");
}

#[tokio::test]
async fn a_sign_in_from_a_new_place_is_told_by_mail_and_the_first_is_not() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    ann.sign_in(ANN, PASSWORD).await;
    assert!(templates(&plane, ANN).await.is_empty());
    ann.agent = "Chrome on another desk";
    ann.sign_in(ANN, PASSWORD).await;
    assert_eq!(templates(&plane, ANN).await, ["new_sign_in"]);
    let log = ann.get("/api/v1/account/audit").await;
    let deeds: Vec<&str> =
        log.body["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["session.opened_from_new_place", "session.opened", "session.opened"]);
}

#[tokio::test]
async fn where_a_session_goes_on_is_not_where_somebody_signed_in() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    let mut thief = ann.twin();
    thief.agent = "Chrome on another desk";
    assert_eq!(thief.visit("POST", "/api/v1/session/refresh", json!({})).await.status, 201);
    thief.sign_in(ANN, PASSWORD).await;
    assert_eq!(templates(&plane, ANN).await, ["new_sign_in"]);
    // What is known outlives the sessions.
    sql(&plane, "DELETE FROM spent_refreshes").await;
    sql(&plane, "DELETE FROM sessions").await;
    ann.sign_in(ANN, PASSWORD).await;
    assert_eq!(templates(&plane, ANN).await, ["new_sign_in"]);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_ends_every_session() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let asked = ann.post("/api/v1/password-resets", json!({"email": ANN})).await;
    assert_eq!(asked.status, 202);
    let token = link(&plane, ANN, "reset_password").await;
    let weak =
        ann.post("/api/v1/password-resets/complete", json!({"token": token, "password": "short"})).await;
    weak.is_problem(422, "weak_password");
    let set = json!({"token": token, "password": NEW_PASSWORD});
    assert_eq!(ann.post("/api/v1/password-resets/complete", set.clone()).await.status, 204);
    ann.post("/api/v1/password-resets/complete", set).await.is_problem(410, "link_void");
    assert!(!ann.is_signed_in().await);
    let old = Browser::new(&plane).post("/api/v1/session", json!({"email": ANN, "password": PASSWORD})).await;
    old.is_problem(401, "wrong_credentials");
    Browser::new(&plane).sign_in(ANN, NEW_PASSWORD).await;
    assert_eq!(templates(&plane, ANN).await, ["reset_password", "password_changed"]);
}

#[tokio::test]
async fn of_two_sessions_that_change_the_password_the_second_is_out() {
    let plane = Plane::empty().await;
    let first = somebody(&plane, ANN).await;
    let mut second = Browser::new(&plane);
    second.sign_in(ANN, PASSWORD).await;
    let change = |password| json!({ "password": password });
    let (one, two) = tokio::join!(
        first.ask("PUT", "/api/v1/account/password", change(NEW_PASSWORD)),
        second.ask("PUT", "/api/v1/account/password", change("green bicycle under the stairs")),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401], "{} {}", one.body, two.body);
    let (winner, loser) = if one.status == 204 { (&first, &second) } else { (&second, &first) };
    assert!(winner.is_signed_in().await);
    assert!(!loser.is_signed_in().await);
}

#[tokio::test]
async fn a_hash_of_fewer_rounds_is_made_anew_at_sign_in() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let store = plane.store().await;
    let aged = store.write(|tx| tx.execute("UPDATE accounts SET password = $1", &[&OLD_HASH]));
    let aged: Result<usize, StoreError> = aged.await;
    aged.unwrap();
    Browser::new(&plane).sign_in(ANN, PASSWORD).await;
    let stored = store.read(|tx| tx.row("SELECT password FROM accounts", &[], |row| row.get::<String>(0)));
    let stored: Result<Option<String>, StoreError> = stored.await;
    let stored = stored.unwrap().unwrap();
    assert!(stored.starts_with("$pbkdf2-sha256$i=600000,"), "{stored}");
    Browser::new(&plane).sign_in(ANN, PASSWORD).await;
}

/// [`PASSWORD`] with 1000 rounds and a salt of zeros, as Python's `hashlib.pbkdf2_hmac` gives it.
const OLD_HASH: &str =
    "$pbkdf2-sha256$i=1000,l=32$AAAAAAAAAAAAAAAAAAAAAA$nm7xtDwJZJ4U0JvNdnbUy+QFfW79vf2N2Ssvx24Z94E";

#[tokio::test]
async fn both_addresses_hear_of_a_change_and_the_new_one_confirms_it() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    have_account(&plane, "taken@example.com").await;
    let taken = ann.post("/api/v1/account/email", json!({"email": "taken@example.com"})).await;
    let free = ann.post("/api/v1/account/email", json!({"email": "ann@example.org"})).await;
    assert_eq!((taken.status, &taken.body), (free.status, &free.body));
    assert_eq!(templates(&plane, ANN).await, ["address_changes", "address_changes"]);
    assert!(templates(&plane, "taken@example.com").await.is_empty());
    let reset = Browser::new(&plane).post("/api/v1/password-resets", json!({"email": ANN})).await;
    assert_eq!(reset.status, 202);
    let reset = link(&plane, ANN, "reset_password").await;
    let token = link(&plane, "ann@example.org", "confirm_new_address").await;
    let stranger = Browser::new(&plane);
    let confirmed = stranger.post("/api/v1/account/email/confirm", json!({"token": token})).await;
    assert_eq!(confirmed.status, 204, "{}", confirmed.body);
    assert_eq!(ann.get("/api/v1/account").await.body["email"], "ann@example.org");
    // Whoever reads the old mailbox gets in no more.
    let body = json!({"token": reset, "password": NEW_PASSWORD});
    stranger.post("/api/v1/password-resets/complete", body).await.is_problem(410, "link_void");
}

#[tokio::test]
async fn a_closed_account_is_gone_and_its_address_free() {
    let plane = Plane::empty().await;
    let ann = super::owner_of(&plane, ANN, "acme").await;
    ann.ask("DELETE", "/api/v1/account", json!({})).await.is_problem(409, "last_owner");
    assert_eq!(ann.ask("DELETE", "/api/v1/organization", json!({})).await.status, 204);
    assert_eq!(ann.ask("DELETE", "/api/v1/account", json!({})).await.status, 204);
    assert!(!ann.is_signed_in().await);
    assert_eq!(templates(&plane, ANN).await, ["account_closed"]);
    let body = json!({"email": ANN, "password": PASSWORD});
    Browser::new(&plane).post("/api/v1/session", body.clone()).await.is_problem(401, "wrong_credentials");
    assert_eq!(Browser::new(&plane).post("/api/v1/accounts", body).await.status, 202);
    assert_eq!(templates(&plane, ANN).await, ["account_closed", "verify_address"]);
}
