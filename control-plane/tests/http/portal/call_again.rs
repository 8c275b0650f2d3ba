//! Somebody has people called again about an alert.

use super::{NOWHERE, Office, colleague, is_not_there, stranger, texts};
use crate::{
    accounts::sql,
    plane::{PATIENCE, Plane},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Until no call of the alert is under way.
async fn until_silent(office: &Office<'_>, alert: &str) {
    let begun = Instant::now();
    loop {
        let counts = office.read(&format!("/api/v1/alerts/{alert}")).await["call_counts"].clone();
        if counts["queued"].is_null() && counts["calling"].is_null() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{counts}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_alert_that_somebody_has_taken_is_open_again_and_rings() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let sent = office.send(json!({"severity": "critical", "message": "db down"})).await;
    let alert = sent["alert_id"].as_str().unwrap();
    let path = format!("/api/v1/alerts/{alert}/call-again");
    // Whoever is being called is not called twice.
    let again = office.ann.post(&path, json!({})).await;
    assert_eq!((again.status, &again.body["calls"]), (202, &json!([])), "{}", again.body);
    let take = format!("/api/v1/alerts/{alert}/acknowledge");
    assert_eq!(office.ann.post(&take, json!({})).await.status, 200);
    until_silent(&office, alert).await;
    let ask =
        async |key: &str| office.ann.ask_with("POST", &path, json!({}), &[("idempotency-key", key)]).await;
    let again = ask("k1").await;
    assert_eq!((again.status, &again.body["calls"][0]["status"]), (202, &json!("queued")), "{}", again.body);
    assert_eq!(ask("k1").await.body, again.body, "asked for twice with one key, done once");
    let told = office.read(&format!("/api/v1/alerts/{alert}")).await;
    assert_eq!((&told["state"], &told["calls"][0]["id"]), (&json!("open"), &again.body["calls"][0]["id"]));
    let kinds = texts(&told["timeline"]["items"], "kind");
    assert_eq!(kinds, ["opened", "called_again", "acknowledged", "called_again"], "{told:#}");
    assert_eq!(told["timeline"]["items"][3]["person"], "ann@example.com");
    let log = office.read("/api/v1/audit?action=alert.called_again").await;
    assert_eq!(log["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_holds_calls_back_holds_these_back_too_and_says_so() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let sent = office.send(json!({"severity": "major", "message": "db down"})).await;
    let alert = sent["alert_id"].as_str().unwrap();
    let take = format!("/api/v1/alerts/{alert}/acknowledge");
    assert_eq!(office.ann.post(&take, json!({})).await.status, 200);
    until_silent(&office, alert).await;
    let again = office.ann.post(&format!("/api/v1/alerts/{alert}/call-again"), json!({})).await;
    assert_eq!(again.body["calls"][0]["status"], "blocked", "{}", again.body);
    let told = office.read(&format!("/api/v1/alerts/{alert}")).await;
    assert_eq!((&told["calls"][0]["reason"], &told["state"]), (&json!("cooldown"), &json!("open")));
    let kinds = texts(&told["timeline"]["items"], "kind");
    assert_eq!(kinds[2..], ["called_again", "call_ended", "nobody_reached"], "{told:#}");
}

#[tokio::test]
async fn a_closed_alert_rings_nobody_and_a_viewer_has_nobody_rung() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let sent = office.send(json!({"severity": "critical", "message": "db down"})).await;
    let alert = sent["alert_id"].as_str().unwrap();
    let path = format!("/api/v1/alerts/{alert}/call-again");
    colleague(&plane, "vic@example.com", "viewer")
        .await
        .post(&path, json!({}))
        .await
        .is_problem(403, "not_permitted");
    let bob = colleague(&plane, "bob@example.com", "member").await;
    assert_eq!(bob.post(&path, json!({})).await.status, 202);
    sql(&plane, "UPDATE tries SET count = 60 WHERE what = 'calls again of'").await;
    let held = bob.post(&path, json!({})).await;
    assert!(!held.is_problem(429, "too_many_tries").header("retry-after").is_empty());
    sql(&plane, "UPDATE tries SET count = 1").await;
    assert_eq!(bob.post(&format!("/api/v1/alerts/{alert}/close"), json!({})).await.status, 200);
    bob.post(&path, json!({})).await.is_problem(409, "alert_closed");
    is_not_there(&stranger(&plane).await, "POST", &path, json!({}), "unknown_alert").await;
    is_not_there(&bob, "POST", &format!("/api/v1/alerts/{NOWHERE}/call-again"), Value::Null, "unknown_alert")
        .await;
}

#[tokio::test]
async fn an_alert_of_a_project_that_was_deleted_rings_nobody() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let sent = office.send(json!({"severity": "critical", "message": "db down"})).await;
    let alert = sent["alert_id"].as_str().unwrap();
    let take = format!("/api/v1/alerts/{alert}/acknowledge");
    assert_eq!(office.ann.post(&take, json!({})).await.status, 200);
    until_silent(&office, alert).await;
    let project = office.read(&format!("/api/v1/alerts/{alert}")).await["project_id"].clone();
    let path = format!("/api/v1/projects/{}", project.as_str().unwrap());
    let deleted = office.ann.ask("DELETE", &path, json!({})).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let again = office.ann.post(&format!("/api/v1/alerts/{alert}/call-again"), json!({})).await;
    again.is_problem(404, "unknown_project");
    let told = office.read(&format!("/api/v1/alerts/{alert}")).await;
    assert_eq!(told["state"], "acknowledged", "nothing has changed: {told:#}");
}
