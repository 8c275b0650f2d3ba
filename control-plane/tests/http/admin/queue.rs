//! What is under way and what waits, of everybody.

use super::{Office, host::Host, if_so, until};
use crate::plane::Plane;
use control_plane::apply;
use serde_json::{Value, json};

/// Sends an alert of this severity; its request's id.
async fn sends(plane: &Plane, severity: &str, message: &str) -> Value {
    let body = json!({"severity": severity, "message": message}).to_string();
    let sent = plane.send("POST", &plane.hook(), body).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    sent.body["calls"][0]["id"].clone()
}

#[tokio::test]
async fn what_waits_is_told_the_oldest_first_with_four_digits_of_the_phone() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    assert_eq!(office.reads("/calls").await, json!({"items": [], "next": null}));
    let empty = office.reads("/queue").await;
    assert_eq!((&empty["queued"], &empty["oldest_queued_at"]), (&json!(0), &Value::Null), "{empty}");
    let mut made = Vec::new();
    for (severity, message) in [("critical", "db down"), ("critical", "disk full"), ("critical", "no route")]
    {
        made.push(sends(&plane, severity, message).await);
    }
    let calls = until(|| async {
        let calls = office.reads_all("/calls").await;
        let all_wait = calls.len() == 3 && calls.iter().all(|call| call["reason"] == "no_pbx");
        if_so(all_wait, calls.clone(), &calls.into())
    })
    .await;
    let ids: Vec<Value> = calls.iter().map(|call| call["id"].clone()).collect();
    assert_eq!(ids, made);
    let call = &calls[0];
    for (name, value) in [
        ("organization", "Acme"),
        ("project", "shop"),
        ("destination", "…4567"),
        ("status", "queued"),
        ("severity", "critical"),
    ] {
        assert_eq!(call[name], value, "{call:#}");
    }
    assert!(call["attempt"].is_null() && call["due_at"].is_string() && call["expires_at"].is_string());
    assert!(!Value::from(calls.clone()).to_string().contains("+380501234567"));

    let queue = office.reads("/queue").await;
    assert_eq!((&queue["queued"], &queue["calling"]), (&json!(3), &json!(0)), "{queue}");
    assert_eq!(queue["oldest_queued_at"], call["created_at"], "{queue}");
    assert_eq!(queue["by_severity"], json!([{"severity": "critical", "queued": 3}]));
    assert_eq!(queue["by_reason"], json!([{"reason": "no_pbx", "queued": 3}]));
    let of_acme = json!([{"org_id": call["org_id"], "name": "Acme", "queued": 3, "calling": 0}]);
    assert_eq!(queue["by_organization"], of_acme);
}

#[tokio::test]
async fn a_call_under_way_is_told_with_its_host_and_one_that_is_over_is_not() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    let fleet = office.reads("/fleet").await;
    let path = format!("/pbxs/{}/enrolment-token", fleet["items"][0]["id"].as_str().unwrap());
    let token = office.does("POST", &path, json!({}), 201).await;
    let mut host = Host::enrols(&plane, token["token"].as_str().unwrap()).await;
    host.is_healthy(&["a"]).await;
    let made = sends(&plane, "critical", "db down").await;
    host.is_ordered_to_ring().await;
    let calls = office.reads_all("/calls").await;
    assert_eq!(
        (calls.len(), &calls[0]["id"], &calls[0]["status"]),
        (1, &made, &json!("calling")),
        "{calls:?}"
    );
    let attempt = &calls[0]["attempt"];
    assert_eq!((&attempt["pbx"], &attempt["trunk"]), (&json!("pbx-1"), &json!("a")), "{attempt}");
    assert_eq!((&attempt["status"], attempt["initiated_at"].is_string()), (&json!("initiated"), true));
    let queue = office.reads("/queue").await;
    assert_eq!((&queue["queued"], &queue["calling"]), (&json!(0), &json!(1)), "{queue}");
    assert_eq!(queue["by_organization"][0]["calling"], 1, "{queue}");

    let closed = "[[org]]\nslug = \"other\"\nname = \"Other\"\ntimezone = \"UTC\"\n";
    apply::apply(&plane.store().await, "other.toml", closed).await.unwrap();
    crate::accounts::sql(&plane, "UPDATE calls SET status = 'expired', due_at = NULL, ended_at = 1").await;
    assert!(office.reads_all("/calls").await.is_empty());
    assert_eq!(office.reads("/queue").await["by_organization"], json!([]));
}
