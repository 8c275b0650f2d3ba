//! What would this payload do? Asked of rules that are saved and of others, and nobody is rung.

use super::{NOWHERE, Office, colleague, detail, is_not_there, stranger};
use crate::{accounts::sql, plane::Plane};
use serde_json::{Value, json};

async fn rows(plane: &Plane) -> Vec<i64> {
    let sql = "SELECT COUNT(*) FROM calls UNION ALL SELECT COUNT(*) FROM incoming_requests
               UNION ALL SELECT COUNT(*) FROM alerts UNION ALL SELECT COUNT(*) FROM audit_log
               UNION ALL SELECT COUNT(*) FROM tries";
    let counted = plane.store().await.read(move |tx| tx.rows(sql, &[], |row| row.get(0))).await;
    let counted: Result<_, control_plane::store::StoreError> = counted;
    counted.unwrap()
}

#[tokio::test]
async fn each_rule_says_why_and_nobody_is_rung() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let id = office
        .scenario(
            "night",
            json!([
                {"when": [{"field": "labels.env", "op": "eq", "value": "test"}], "action": {"do": "suppress"}},
                {"when": [{"field": "severity", "op": "in", "value": ["critical", "major"]}],
                 "action": {"do": "call_all"}},
                {"action": {"do": "call_primary"}},
            ]),
        )
        .await;
    let before = rows(&plane).await;
    let path = format!("/api/v1/scenarios/{id}/dry-run");
    let run = async |wish: Value| {
        let told = office.ann.post(&path, wish).await;
        assert_eq!(told.status, 200, "{}", told.body);
        told.body
    };
    let told = run(json!({"payload": {"severity": "p1", "message": "db down", "labels": {"env": "live"},
                                      "dedup_key": "db"}}))
    .await;
    assert_eq!(
        (&told["severity"], &told["message"], &told["dedup_key"], &told["resolves"]),
        (&json!("critical"), &json!("db down"), &json!("db"), &json!(false))
    );
    let matching: Vec<_> = told["verdicts"].as_array().unwrap().iter().map(|it| &it["matches"]).collect();
    assert_eq!(matching, [&json!(false), &json!(true), &json!(true)], "{told:#}");
    assert_eq!((&told["rule"], &told["action"]), (&json!(1), &json!({"do": "call_all"})));
    assert_eq!(
        told["verdicts"][0]["conditions"][0],
        json!({"field": "labels.env", "op": "eq", "value": "test", "found": "live", "holds": false})
    );
    assert_eq!((&told["outcome"], &told["fallback"]), (&json!("calls"), &Value::Null));
    let recipient = &told["recipients"][0];
    assert_eq!(
        (&recipient["destination"], &recipient["held_back"], &recipient["routes"]),
        (&json!("…4567"), &Value::Null, &json!([])),
        "no PBX has told of its trunks: {told:#}"
    );
    assert_eq!(told["fields"]["payload"]["labels"]["env"], "live");
    assert_eq!(run(json!({"payload": {"labels": {"env": "test"}}})).await["outcome"], "suppressed");
    assert_eq!(run(json!({"payload": {"status": "resolved"}})).await["outcome"], "resolved");
    let text = run(json!({"payload": "the disk is full", "content_type": "text/plain"})).await;
    assert_eq!((&text["message"], &text["severity"]), (&json!("the disk is full"), &json!("major")));
    // Other rules than those that are saved.
    let other = json!({"payload": {}, "rule": [{"action": {"do": "call_on_schedule", "schedule": "night"}}]});
    assert_eq!(run(other).await["fallback"], "no_schedules");
    let left =
        json!({"payload": {}, "rule": [{"action": {"do": "call_member", "member": "gone@example.com"}}]});
    let left = run(left).await;
    assert_eq!(
        (&left["fallback"], &left["recipients"][0]["destination"]),
        (&json!("no_member"), &json!("…4567"))
    );
    assert_eq!(rows(&plane).await, before, "nothing is stored or counted");
}

#[tokio::test]
async fn what_would_hold_a_call_back_is_told() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let id = office.scenario("night", json!([])).await;
    let path = format!("/api/v1/scenarios/{id}/dry-run");
    let held_back = async |severity: &str| {
        let told = office.ann.post(&path, json!({"payload": {"severity": severity}})).await.body;
        (told["outcome"].as_str().unwrap().to_owned(), told["recipients"][0]["held_back"].clone())
    };
    assert_eq!(held_back("major").await, ("calls".to_owned(), Value::Null));
    // The phone was called a moment ago, which holds back what is not critical.
    office.send(json!({"severity": "critical", "message": "db down"})).await;
    assert_eq!(held_back("major").await, ("nobody".to_owned(), json!("cooldown")));
    assert_eq!(held_back("critical").await, ("calls".to_owned(), Value::Null));
    sql(&plane, "INSERT INTO do_not_call (e164, created_at) VALUES ('+380501234567', 0)").await;
    assert_eq!(held_back("critical").await, ("nobody".to_owned(), json!("do_not_call")));
    sql(&plane, "UPDATE phones SET enabled = 0").await;
    assert_eq!(held_back("critical").await, ("nobody".to_owned(), json!("number_invalid")));
}

#[tokio::test]
async fn a_stored_request_is_tried_and_a_wish_that_cannot_be_is_told() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let id = office.scenario("night", json!([{"action": {"do": "suppress"}}])).await;
    let path = format!("/api/v1/scenarios/{id}/dry-run");
    let sent = office.send(json!({"severity": "minor", "message": "disk at 80 %"})).await;
    let told = office.ann.post(&path, json!({"request_id": sent["request_id"]})).await;
    assert_eq!((&told.body["severity"], &told.body["outcome"]), (&json!("minor"), &json!("suppressed")));
    office.ann.post(&path, json!({"request_id": NOWHERE})).await.is_problem(404, "unknown_request");
    let both = office.ann.post(&path, json!({"request_id": NOWHERE, "payload": {}})).await;
    assert!(detail(both.is_problem(422, "bad_value")).contains("give one"), "{}", both.body);
    let rules = json!({"payload": {}, "rule": [{"action": {"do": "dance"}}]});
    let dance = office.ann.post(&path, rules).await;
    assert!(detail(dance.is_problem(422, "bad_scenario")).contains("dance"), "{}", dance.body);
    office.ann.post(&path, json!({"payloads": {}})).await.is_problem(400, "bad_body");
    // By its id a scenario is read as by its name.
    let by_id = office.ann.get(&format!("/api/v1/scenarios/{id}")).await;
    let by_name = office.ann.get(&format!("/api/v1/projects/{}/scenarios/night", office.project)).await;
    assert_eq!((&by_id.body, by_id.header("etag")), (&by_name.body, by_name.header("etag")));
    // Whoever may look may try; nobody else finds it.
    let viewer = colleague(&plane, "vic@example.com", "viewer").await;
    let tried = viewer.post(&path, json!({"payload": {}})).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    let eve = stranger(&plane).await;
    is_not_there(&eve, "POST", &path, json!({"payload": {}}), "unknown_scenario").await;
    is_not_there(&eve, "GET", &format!("/api/v1/scenarios/{id}"), Value::Null, "unknown_scenario").await;
    let eves = eve.get("/api/v1/account").await.body["id"].clone();
    let project =
        super::made(&eve, "/api/v1/projects", json!({"slug": "hers", "primary_account_id": eves})).await;
    let own = format!("/api/v1/projects/{project}/scenarios/own");
    let own = eve.ask_with("PUT", &own, json!({"rule": []}), &[("if-none-match", "*")]).await;
    let own = format!("/api/v1/scenarios/{}/dry-run", own.body["id"].as_str().unwrap());
    is_not_there(&eve, "POST", &own, json!({"request_id": sent["request_id"]}), "unknown_request").await;
}
