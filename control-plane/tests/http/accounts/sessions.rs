//! Sessions as they go on: refreshed, copied, listed, ended.

use super::{Browser, PASSWORD, somebody, sql};
use crate::plane::{Answer, Plane};
use serde_json::json;
use shared::time::Timestamp;
use std::time::Duration;

const ANN: &str = "ann@example.com";
const REFRESH: &str = "/api/v1/session/refresh";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn ends_in(answer: &Answer) -> Duration {
    let ends: Timestamp = answer.body["expires_at"].as_str().unwrap().parse().unwrap();
    ends.since(Timestamp::now())
}

fn is_about(found: Duration, wanted: Duration) -> bool {
    found <= wanted && wanted - found < Duration::from_secs(60)
}

#[tokio::test]
async fn a_refresh_brings_new_cookies_and_the_old_one_is_spent() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    let before = ann.twin();
    let refreshed = ann.visit("POST", REFRESH, json!({})).await;
    assert_eq!(refreshed.status, 201, "{}", refreshed.body);
    assert_ne!(ann.cookies["__Host-cp_refresh"], before.cookies["__Host-cp_refresh"]);
    assert!(ann.is_signed_in().await);
    // Another window of the same browser that was a moment late, or whose answer was lost, gets a pair of its own.
    assert_eq!(before.post(REFRESH, json!({})).await.status, 201);
    assert!(ann.is_signed_in().await);
}

#[tokio::test]
async fn a_refresh_token_that_is_shown_again_ends_the_session_for_everybody() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    let thief = ann.twin();
    ann.visit("POST", REFRESH, json!({})).await;
    sql(&plane, "UPDATE spent_refreshes SET spent_at = spent_at - 60000000").await;
    thief.post(REFRESH, json!({})).await.is_problem(401, "not_signed_in");
    assert!(!ann.is_signed_in().await);
    ann.post(REFRESH, json!({})).await.is_problem(401, "not_signed_in");
    let mut again = Browser::new(&plane);
    again.sign_in(ANN, PASSWORD).await;
    let log = again.get("/api/v1/account/audit?action=session.refresh_reused").await;
    assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.body);
}

#[tokio::test]
async fn a_thief_who_refreshes_again_and_again_is_found_out_by_the_owners_next_refresh() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let mut thief = ann.twin();
    for _ in 0..3 {
        assert_eq!(thief.visit("POST", REFRESH, json!({})).await.status, 201);
    }
    sql(&plane, "UPDATE spent_refreshes SET spent_at = spent_at - 60000000").await;
    ann.post(REFRESH, json!({})).await.is_problem(401, "not_signed_in");
    assert!(!thief.is_signed_in().await);
    thief.post(REFRESH, json!({})).await.is_problem(401, "not_signed_in");
}

#[tokio::test]
async fn a_session_lasts_a_day_or_a_week_and_never_ninety_days() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    let refreshed = ann.visit("POST", REFRESH, json!({})).await;
    assert!(is_about(ends_in(&refreshed), DAY));
    assert!(!refreshed.headers.get_all("set-cookie").iter().any(|cookie| {
        let cookie = cookie.to_str().unwrap();
        cookie.starts_with("__Host-cp_refresh") && cookie.contains("Max-Age")
    }));
    let mut staying = Browser::new(&plane);
    let body = json!({"email": ANN, "password": PASSWORD, "remember": true});
    let stays = staying.visit("POST", "/api/v1/session", body).await;
    assert!(is_about(ends_in(&stays), DAY * 7));
    // 89 days later, having been refreshed all along.
    sql(&plane, "UPDATE sessions SET created_at = created_at - 89 * 86400000000").await;
    let late = staying.visit("POST", REFRESH, json!({})).await;
    assert_eq!(late.status, 201, "{}", late.body);
    assert!(is_about(ends_in(&late), DAY), "{:?}", ends_in(&late));
    sql(&plane, "UPDATE sessions SET expires_at = created_at").await;
    staying.post(REFRESH, json!({})).await.is_problem(401, "not_signed_in");
    assert!(!staying.is_signed_in().await);
}

#[tokio::test]
async fn somebody_sees_where_they_are_signed_in_and_ends_what_is_not_theirs() {
    let plane = Plane::empty().await;
    let mut desk = somebody(&plane, ANN).await;
    let mut phone = Browser::new(&plane);
    phone.agent = "Phone";
    phone.sign_in(ANN, PASSWORD).await;
    let listed = desk.get("/api/v1/sessions").await;
    let items = listed.body["items"].as_array().unwrap();
    let agents: Vec<&str> = items.iter().map(|item| item["user_agent"].as_str().unwrap()).collect();
    assert_eq!(agents, ["Phone", "Firefox"]);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(false), &json!(true)));
    assert_eq!((&items[0]["audience"], &items[0]["ip"]), (&json!("portal"), &json!("127.0.0.1")));
    // Page by page each is seen once.
    let first = desk.get("/api/v1/sessions?limit=1").await;
    let next = first.body["next"].as_str().unwrap();
    let second = desk.get(&format!("/api/v1/sessions?limit=1&after={next}")).await;
    assert_eq!((&first.body["items"][0], &second.body["items"][0]), (&items[0], &items[1]));
    assert_eq!(second.body["next"], json!(null));
    let path = format!("/api/v1/sessions/{}", items[0]["id"].as_str().unwrap());
    assert_eq!(desk.ask("DELETE", &path, json!({})).await.status, 204);
    desk.ask("DELETE", &path, json!({})).await.is_problem(404, "unknown_session");
    assert!(!phone.is_signed_in().await);
    phone.sign_in(ANN, PASSWORD).await;
    desk.sign_in(ANN, PASSWORD).await;
    assert_eq!(desk.ask("DELETE", "/api/v1/sessions", json!({})).await.status, 204);
    assert!(!phone.is_signed_in().await);
    assert!(desk.is_signed_in().await);
    assert_eq!(desk.get("/api/v1/sessions").await.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_comes_back_after_the_token_has_expired_can_still_sign_out() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    let (mut late, mut later) = (ann.twin(), ann.twin());
    // What the browser has forgotten after ten minutes.
    late.cookies.remove("__Host-cp_session");
    late.csrf.clear();
    let foreign = [("origin", "https://evil.example")];
    late.ask_with("DELETE", "/api/v1/session", json!({}), &foreign).await.is_problem(403, "wrong_origin");
    // The refresh token is spent by another window meanwhile: it ends the session all the same.
    ann.visit("POST", REFRESH, json!({})).await;
    let signed_out = late.visit("DELETE", "/api/v1/session", json!({})).await;
    assert_eq!(signed_out.status, 204, "{}", signed_out.body);
    assert!(late.cookies.is_empty(), "{:?}", late.cookies);
    assert!(!ann.is_signed_in().await);
    // It opens nothing but the way out, and that once.
    late.get("/api/v1/session").await.is_problem(401, "not_signed_in");
    later.cookies.remove("__Host-cp_session");
    later.ask("DELETE", "/api/v1/session", json!({})).await.is_problem(401, "not_signed_in");
    // With a token that is good, the CSRF token is asked for as ever.
    ann.sign_in(ANN, PASSWORD).await;
    ann.csrf.clear();
    ann.ask("DELETE", "/api/v1/session", json!({})).await.is_problem(403, "wrong_csrf_token");
    assert!(ann.is_signed_in().await);
}
