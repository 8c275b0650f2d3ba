//! What may be somebody's misuse.

use super::Office;
use crate::{
    accounts::{Browser, have_account, somebody, sql},
    plane::Plane,
};
use serde_json::json;

#[tokio::test]
async fn nothing_stands_out_where_nothing_happens() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    let signals = office.reads("/abuse").await;
    for name in ["blocked", "busiest", "verifications", "sign_ins"] {
        assert_eq!(signals[name], json!([]), "{signals:#}");
    }
    assert_eq!((&signals["refresh_reused"], &signals["many_failures"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn who_calls_much_who_is_held_back_and_what_phones_are_verified_where_is_told() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    office.does("POST", "/do-not-call", json!({"number": "+14155550100"}), 201).await;
    for message in ["one", "two"] {
        let body = json!({"severity": "critical", "message": message}).to_string();
        assert_eq!(plane.send("POST", &plane.hook(), body).await.status, 202);
    }
    sql(&plane, "UPDATE phones SET e164 = '+14155550100'").await;
    let held_back = plane.send("POST", &plane.hook(), r#"{"severity":"critical","message":"three"}"#).await;
    assert_eq!(held_back.body["calls"][0]["status"], "blocked", "{}", held_back.body);
    let ann = somebody(&plane, "ann@example.com").await;
    let phone = ann.post("/api/v1/account/phones", json!({"number": "+380501234561"})).await;
    let path = format!("/api/v1/account/phones/{}/verification", phone.body["id"].as_str().unwrap());
    assert_eq!(ann.post(&path, json!({})).await.status, 202);

    let signals = office.reads("/abuse").await;
    assert_eq!(signals["busiest"][0]["organization"], "Acme", "{signals:#}");
    assert_eq!(
        (&signals["busiest"][0]["calls"], signals["busiest"].as_array().unwrap().len()),
        (&json!(2), 1)
    );
    let blocked = &signals["blocked"][0];
    assert_eq!((&blocked["reason"], &blocked["calls"]), (&json!("do_not_call"), &json!(1)), "{signals:#}");
    assert_eq!(signals["verifications"], json!([{"country": "UA", "calls": 1, "verified": 0}]));
    // Of the day before nothing is told.
    sql(&plane, "UPDATE calls SET created_at = 1").await;
    sql(&plane, "UPDATE verifications SET created_at = 1").await;
    let signals = office.reads("/abuse").await;
    for name in ["blocked", "busiest", "verifications"] {
        assert_eq!(signals[name], json!([]), "{signals:#}");
    }
}

#[tokio::test]
async fn passwords_that_are_guessed_are_told_without_whose_they_are() {
    let plane = Plane::empty().await;
    let office = Office::of(&plane).await;
    have_account(&plane, "ann@example.com").await;
    for guess in 0..10 {
        let body = json!({"email": "ann@example.com", "password": format!("guess {guess}")});
        Browser::new(&plane).post("/api/v1/session", body).await.is_problem(401, "wrong_credentials");
    }
    let signals = office.reads("/abuse").await;
    let tries = signals["sign_ins"].as_array().unwrap();
    let wrong = tries.iter().find(|tries| tries["what"] == "wrong passwords").expect("those are told");
    assert_eq!((&wrong["count"], &wrong["limit"]), (&json!(10), &json!(10)), "{signals:#}");
    assert!(!signals.to_string().contains("ann@"), "{signals:#}");
    assert_eq!(signals["many_failures"], 1, "{signals:#}");
}
