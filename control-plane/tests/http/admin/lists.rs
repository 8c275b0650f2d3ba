//! Numbers that are never rung, letters, and addresses that get none.

use super::{Office, if_so, until};
use crate::{
    accounts::{Browser, have_account, sql},
    plane::{Plane, answer},
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_number_on_the_list_is_not_rung_and_one_taken_off_it_is() {
    let plane = Plane::provisioned().await;
    let key = plane.api_key().await;
    let office = Office::of(&plane).await;
    let waiting = plane.send("POST", &plane.hook(), r#"{"severity":"critical","message":"db down"}"#).await;
    let added = office.does("POST", "/do-not-call", json!({"number": "+380501234567"}), 201).await;
    let deed = office.last_deed("do_not_call.added").await;
    assert_eq!(deed["after"], json!({"number": "…4567"}));
    assert!(!deed.to_string().contains("+380501234567"), "{deed}");
    assert_eq!(office.does("POST", "/do-not-call", json!({"number": "+380501234567"}), 200).await, added);
    let new = plane.send("POST", &plane.hook(), r#"{"severity":"critical","message":"no route"}"#).await;
    assert_eq!(new.body["calls"][0]["status"], "blocked", "{}", new.body);
    // What waits is not rung when its turn comes.
    sql(&plane, "UPDATE calls SET due_at = 1 WHERE due_at IS NOT NULL").await;
    plane.send("POST", &plane.hook(), r#"{"severity":"critical","message":"power lost"}"#).await;
    let path = format!("/api/v1/calls?request_id={}", waiting.body["request_id"].as_str().unwrap());
    until(|| async {
        let calls = answer(plane.request("GET", &path).bearer_auth(&key)).await.body;
        let call = &calls["items"][0];
        if_so(call["status"] == "blocked" && call["reason"] == "do_not_call", (), call)
    })
    .await;
    for wrong in ["380501234567", "+380 50 123 45 67", "112", ""] {
        office.asks("POST", "/do-not-call", json!({"number": wrong})).await.is_problem(422, "bad_value");
    }
    for number in ["+380501234561", "+380501234562"] {
        office.does("POST", "/do-not-call", json!({"number": number}), 201).await;
    }
    let listed = office.reads_all("/do-not-call").await;
    let numbers: Vec<&str> = listed.iter().map(|row| row["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["+380501234561", "+380501234562", "+380501234567"]);
    for (sought, found) in [("%2B380501234561", 1), ("380+50+123-45", 3), ("+1", 0), ("", 3)] {
        let page = office.reads(&format!("/do-not-call?q={sought}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{sought}: {page}");
    }
    let page = office.reads("/do-not-call?q=38050&limit=2").await;
    assert_eq!(page["next"], "+380501234562", "{page}");
    let last = office.reads("/do-not-call?q=38050&limit=2&after=%2B380501234562").await;
    assert_eq!(last["items"].as_array().unwrap().len(), 1, "{last}");
    for path in ["/do-not-call/+380501234567", "/do-not-call/%2B380501234561"] {
        office.does("DELETE", path, json!({}), 204).await;
        office.last_deed("do_not_call.removed").await;
        office.asks("DELETE", path, json!({})).await.is_problem(404, "unknown_number");
    }
    let sent = plane.send("POST", &plane.hook(), r#"{"severity":"critical","message":"disk full"}"#).await;
    assert_eq!(sent.body["calls"][0]["status"], "queued", "{}", sent.body);
}

/// Asks for letters that reset passwords.
async fn forgets(plane: &Plane, email: &str) {
    have_account(plane, email).await;
    let asked = Browser::new(plane).post("/api/v1/password-resets", json!({"email": email})).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
}

#[tokio::test]
async fn letters_are_told_by_how_they_stand_and_never_what_they_say() {
    let plane = Plane::empty().await;
    let office = Office::of(&plane).await;
    for email in ["ann@example.com", "bob@example.com", "eve@example.com"] {
        forgets(&plane, email).await;
    }
    sql(
        &plane,
        "UPDATE mail_outbox SET state = 'failed', due_at = NULL, ended_at = queued_at, reason = '550 no', attempts = 1
         WHERE recipient = 'bob@example.com'",
    )
    .await;
    let all = office.reads_all("/letters").await;
    let to: Vec<&str> = all.iter().map(|letter| letter["recipient"].as_str().unwrap()).collect();
    assert_eq!(to, ["eve@example.com", "bob@example.com", "ann@example.com"], "the newest first");
    assert_eq!(office.reads_all("/letters?state=waiting").await.len(), 2);
    let failed = office.reads_all("/letters?state=failed").await;
    let letter = &failed[0];
    assert_eq!((failed.len(), &letter["template"]), (1, &json!("reset_password")), "{letter}");
    assert_eq!((&letter["reason"], &letter["attempts"]), (&json!("550 no"), &json!(1)), "{letter}");
    assert!(letter["due_at"].is_null() && letter["ended_at"].is_string(), "{letter}");
    for secret in ["://", "#", "body"] {
        assert!(!letter.to_string().contains(secret), "{letter}");
    }
    office.asks("GET", "/letters?state=lost", Value::Null).await.is_problem(400, "bad_query");
}

#[tokio::test]
async fn a_letter_that_failed_is_tried_once_more_while_it_is_known_what_it_said() {
    let plane = Plane::empty().await;
    let office = Office::of(&plane).await;
    forgets(&plane, "ann@example.com").await;
    let id = office.reads("/letters").await["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/letters/{id}/retry");
    sql(&plane, "UPDATE mail_outbox SET state = 'failed', due_at = NULL, ended_at = queued_at").await;
    sql(&plane, "UPDATE mail_totals SET letters = 1 WHERE state = 'failed'").await;
    let retried = office.does("POST", &path, json!({}), 200).await;
    assert_eq!((&retried["state"], retried["due_at"].is_string()), (&json!("waiting"), true), "{retried}");
    let deed = office.last_deed("letter.retried").await;
    assert_eq!((&deed["subject"], &deed["before"]["state"]), (&json!(id), &json!("failed")), "{deed}");
    // One that waits for its next try is tried now.
    sql(&plane, "UPDATE mail_outbox SET due_at = due_at + 3600000000").await;
    let sooner = office.does("POST", &path, json!({}), 200).await;
    assert!(sooner["due_at"].as_str() < Some("2100"), "{sooner}");
    for (how, state) in [
        ("UPDATE mail_outbox SET state = 'sent', due_at = NULL, body_text = '', ended_at = 1", "sent"),
        ("UPDATE mail_outbox SET state = 'failed', ended_at = 1", "gone"),
    ] {
        sql(&plane, how).await;
        let refused = office.asks("POST", &path, json!({})).await;
        refused.is_problem(409, "letter_over");
        assert!(refused.body["detail"].as_str().unwrap().contains(state), "{}", refused.body);
    }
    let nobody = "/letters/0198c0de-0000-7000-8000-000000000000/retry";
    office.asks("POST", nobody, json!({})).await.is_problem(404, "unknown_letter");
}

#[tokio::test]
async fn an_address_that_gets_no_letters_is_taken_off_the_list() {
    let plane = Plane::empty().await;
    let office = Office::of(&plane).await;
    sql(
        &plane,
        "INSERT INTO mail_suppressions (email, cause, created_at)
         VALUES ('a@example.com', 'bounce', 1), ('b@example.com', 'complaint', 2), ('c@example.com', 'bounce', 3)",
    )
    .await;
    let listed = office.reads_all("/suppressions").await;
    let causes: Vec<&str> = listed.iter().map(|row| row["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["bounce", "complaint", "bounce"]);
    office.does("DELETE", "/suppressions/B%40example.com", json!({}), 204).await;
    assert_eq!(office.last_deed("suppression.removed").await["subject"], "b@example.com");
    assert_eq!(office.reads_all("/suppressions").await.len(), 2);
    for nobody in ["/suppressions/b@example.com", "/suppressions/nobody"] {
        office.asks("DELETE", nobody, json!({})).await.is_problem(404, "unknown_suppression");
    }
}
