//! What came to an endpoint is looked into, and taken in again.

use super::{NOWHERE, Office, colleague, is_not_there, stranger, whole};
use crate::{
    accounts::sql,
    plane::{Plane, answer},
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_request_is_told_whole_without_its_secrets() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let sent = plane
        .request("POST", &format!("/api/wh/{}?team=shop", office.endpoint))
        .header("content-type", "application/json")
        .header("x-hub-signature-256", "sha256=s1gned")
        .header("x-api-token", "t0k3n")
        .header("authorization", "Bearer s3cret")
        .body(json!({"severity": "critical", "message": "db down"}).to_string());
    let sent = answer(sent).await.body;
    let id = sent["request_id"].as_str().unwrap();
    let told = office.read(&format!("/api/v1/requests/{id}")).await;
    for (key, value) in [
        ("id", json!(id)),
        ("method", json!("POST")),
        ("severity", json!("critical")),
        ("message", json!("db down")),
        ("action", json!("call_primary")),
        ("alert_id", sent["alert_id"].clone()),
        ("content_type", json!("application/json")),
        ("endpoint_name", json!("Grafana")),
        ("project", json!("shop")),
        ("query", json!("team=shop")),
        ("body", json!(r#"{"message":"db down","severity":"critical"}"#)),
        ("bytes", json!(43)),
        ("body_truncated", json!(false)),
        ("body_kind", json!("json")),
        ("answer", sent.clone()),
        ("replayed_from", Value::Null),
    ] {
        assert_eq!(told[key], value, "{key}: {told:#}");
    }
    assert_eq!(
        (&told["fields"]["severity"], &told["fields"]["payload"]["team"]),
        (&json!("critical"), &json!("shop"))
    );
    let text = told.to_string();
    for secret in ["s1gned", "t0k3n", "s3cret", office.endpoint.as_str()] {
        assert!(!text.contains(secret), "{secret}: {told:#}");
    }
    assert!(text.contains("•••"), "{told:#}");
    // A long one is shown in part.
    let long =
        answer(plane.request("POST", &format!("/api/wh/{}", office.endpoint)).body("x".repeat(70_000))).await;
    let long = office.read(&format!("/api/v1/requests/{}", long.body["request_id"].as_str().unwrap())).await;
    assert_eq!((long["body"].as_str().unwrap().len(), &long["body_truncated"]), (65_536, &json!(true)));
    assert_eq!((&long["bytes"], &long["body_kind"]), (&json!(70_000), &json!("text")));
}

#[tokio::test]
async fn the_requests_of_an_endpoint_and_of_an_alert_are_listed_newest_first() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let (mut all, mut of_alert) = (Vec::new(), Vec::new());
    for (number, key) in ["db", "web", "db", "web", "db"].into_iter().enumerate() {
        let sent = office.send(json!({"message": format!("trouble {number}"), "dedup_key": key})).await;
        let id = sent["request_id"].as_str().unwrap().to_owned();
        if key == "db" {
            of_alert.insert(0, id.clone());
        }
        all.insert(0, id);
    }
    let alert = office.read(&format!("/api/v1/requests/{}", of_alert[0])).await["alert_id"].clone();
    let endpoint = format!("/api/v1/endpoints/{}/requests", office.endpoint);
    let alert = format!("/api/v1/alerts/{}/requests", alert.as_str().unwrap());
    assert_eq!(whole(&office, &format!("{endpoint}?")).await, all);
    assert_eq!(whole(&office, &format!("{alert}?")).await, of_alert);
    for wrong in ["after=x", "limit=0", "limit=201", "before=x"] {
        office.ann.get(&format!("{endpoint}?{wrong}")).await.is_problem(400, "bad_query");
    }
    // A viewer looks at what an alert is made of, and sees no endpoint.
    let viewer = colleague(&plane, "vic@example.com", "viewer").await;
    assert_eq!(viewer.get(&alert).await.status, 200);
    viewer.get(&endpoint).await.is_problem(403, "not_permitted");
    let eve = stranger(&plane).await;
    is_not_there(&eve, "GET", &endpoint, Value::Null, "unknown_endpoint").await;
    is_not_there(&eve, "GET", &alert, Value::Null, "unknown_alert").await;
    is_not_there(&eve, "GET", &format!("/api/v1/requests/{}", all[0]), Value::Null, "unknown_request").await;
    is_not_there(&office.ann, "GET", &format!("/api/v1/requests/{NOWHERE}"), Value::Null, "unknown_request")
        .await;
}

#[tokio::test]
async fn a_request_is_taken_in_again_as_a_new_one_that_rings() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let hook =
        plane.request("POST", &format!("/api/wh/{}", office.endpoint)).header("idempotency-key", "once");
    let first = answer(hook.body(r#"{"severity":"critical","message":"db down"}"#)).await.body;
    let path = format!("/api/v1/requests/{}/replay", first["request_id"].as_str().unwrap());
    let close = format!("/api/v1/alerts/{}/close", first["alert_id"].as_str().unwrap());
    assert_eq!(office.ann.post(&close, json!({})).await.status, 200);
    let replay =
        async |key: &str| office.ann.ask_with("POST", &path, json!({}), &[("idempotency-key", key)]).await;
    let again = replay("k1").await;
    assert_eq!((again.status, &again.body["action"]), (202, &json!("call_primary")), "{}", again.body);
    assert_ne!(again.body["alert_id"], first["alert_id"]);
    assert_eq!(again.body["calls"][0]["status"], "queued");
    assert_eq!(replay("k1").await.body, again.body, "asked for twice with one key, done once");
    let told = office.read(&format!("/api/v1/requests/{}", again.body["request_id"].as_str().unwrap())).await;
    assert_eq!((&told["replayed_from"], &told["message"]), (&first["request_id"], &json!("db down")));
    let log = office.read("/api/v1/audit?action=request.replayed").await;
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "{log:#}");
    let eve = stranger(&plane).await;
    is_not_there(&eve, "POST", &path, json!({}), "unknown_request").await;
    let member = colleague(&plane, "bob@example.com", "member").await;
    member.post(&path, json!({})).await.is_problem(403, "not_permitted");
    // So many within an hour, and the endpoint must be there.
    sql(&plane, "UPDATE tries SET count = 60 WHERE what = 'replays of'").await;
    let held = replay("k2").await;
    assert!(!held.is_problem(429, "too_many_tries").header("retry-after").is_empty());
    sql(&plane, "UPDATE tries SET count = 1").await;
    let own = format!("/api/v1/endpoints/{}", office.endpoint);
    assert_eq!(office.ann.ask("DELETE", &own, json!({})).await.status, 204);
    replay("k3").await.is_problem(404, "unknown_endpoint");
}
