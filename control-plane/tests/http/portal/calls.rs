//! Calls in detail, those of one alert, and alerts of one severity.

use super::{NOWHERE, Office, is_not_there, stranger, texts, whole};
use crate::plane::Plane;
use serde_json::{Value, json};

#[tokio::test]
async fn a_call_is_told_with_what_it_is_about() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    office.ann.ask("PATCH", "/api/v1/account", json!({"display_name": "Ann"})).await;
    let sent = office.send(json!({"severity": "critical", "message": "db down"})).await;
    let id = sent["calls"][0]["id"].as_str().unwrap();
    let call = office.read(&format!("/api/v1/calls/{id}")).await;
    for (key, value) in [
        ("id", json!(id)),
        ("alert_id", sent["alert_id"].clone()),
        ("request_id", sent["request_id"].clone()),
        ("destination", json!("+380501234567")),
        ("project", json!("shop")),
        ("project_id", json!(office.project)),
        ("display_name", json!("Ann")),
        ("severity", json!("critical")),
        ("message", json!("db down")),
        ("alert_state", json!("open")),
        ("attempts", json!([])),
        ("ended_at", Value::Null),
    ] {
        assert_eq!(call[key], value, "{key}: {call:#}");
    }
    assert!(call["due_at"].is_string() && call["expires_at"].is_string(), "{call:#}");
    let alert = office.read(&format!("/api/v1/alerts/{}", sent["alert_id"].as_str().unwrap())).await;
    let of_alert = &alert["calls"][0];
    for key in ["id", "status", "account_id", "display_name", "destination", "created_at", "ended_at"] {
        assert_eq!(of_alert[key], call[key], "{key}: {alert:#}");
    }
    let path = format!("/api/v1/calls/{id}");
    is_not_there(&stranger(&plane).await, "GET", &path, Value::Null, "unknown_call").await;
    for wrong in [NOWHERE, "x"] {
        is_not_there(&office.ann, "GET", &format!("/api/v1/calls/{wrong}"), Value::Null, "unknown_call")
            .await;
    }
}

#[tokio::test]
async fn calls_are_listed_by_alert_and_alerts_by_severity() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let mut sent = Vec::new();
    for (number, severity) in ["critical", "minor", "critical", "major", "critical"].into_iter().enumerate() {
        let body = json!({"severity": severity, "message": format!("trouble {number}"), "dedup_key": number.to_string()});
        sent.push(office.send(body).await);
    }
    for one in &sent {
        let of_alert =
            office.read(&format!("/api/v1/calls?alert_id={}", one["alert_id"].as_str().unwrap())).await;
        assert_eq!(texts(&of_alert["items"], "id"), texts(&one["calls"], "id"), "{of_alert:#}");
    }
    let request = sent[1]["request_id"].as_str().unwrap();
    let both =
        format!("/api/v1/calls?alert_id={}&request_id={request}", sent[0]["alert_id"].as_str().unwrap());
    assert_eq!(office.read(&both).await["items"], json!([]));
    office.ann.get("/api/v1/calls?alert_id=x").await.is_problem(400, "bad_query");
    let alerts = |of: &[usize]| -> Vec<String> {
        of.iter().map(|place| sent[*place]["alert_id"].as_str().unwrap().to_owned()).collect()
    };
    let close = format!("/api/v1/alerts/{}/close", alerts(&[2])[0]);
    assert_eq!(office.ann.post(&close, json!({})).await.status, 200);
    for (query, found) in [
        ("severity=critical", alerts(&[4, 2, 0])),
        ("severity=minor", alerts(&[1])),
        ("severity=info", vec![]),
        ("severity=critical&state=open", alerts(&[4, 0])),
        ("severity=critical&project=shop", alerts(&[4, 2, 0])),
        ("severity=critical&project=shop&state=closed", alerts(&[2])),
    ] {
        assert_eq!(whole(&office, &format!("/api/v1/alerts?{query}&")).await, found, "{query}");
    }
}
