//! Phones that are verified by a code, as a person meets it.

use super::{Browser, limits::fill, somebody, sql};
use crate::plane::{Answer, Plane};
use control_plane::{accounts::tries, store::StoreError};
use serde_json::json;

const ANN: &str = "ann@example.com";
const NUMBER: &str = "+380501234561";

/// Somebody with a phone that is not verified, and its path.
async fn with_phone<'p>(plane: &'p Plane) -> (Browser<'p>, String) {
    let ann = somebody(plane, ANN).await;
    let added = ann.post("/api/v1/account/phones", json!({"number": NUMBER})).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let path = format!("/api/v1/account/phones/{}", added.body["id"].as_str().unwrap());
    (ann, path)
}

async fn asks(ann: &Browser<'_>, phone: &str) -> Answer {
    ann.post(&format!("{phone}/verification"), json!({})).await
}

async fn types(ann: &Browser<'_>, phone: &str, code: &str) -> Answer {
    ann.post(&format!("{phone}/verification/code"), json!({ "code": code })).await
}

/// The code that the next order would speak, as nobody but the host is told it.
async fn code(plane: &Plane) -> String {
    let store = plane.store().await;
    let sql = "SELECT code FROM verifications WHERE state = 'pending' AND code IS NOT NULL";
    let found: Result<Option<String>, StoreError> =
        store.read(move |tx| tx.row(sql, &[], |row| row.get(0))).await;
    found.unwrap().expect("a code is to be spoken")
}

fn another(code: &str) -> String {
    let other = if code.starts_with('0') { '1' } else { '0' };
    format!("{other}{}", &code[1..])
}

async fn count(plane: &Plane, sql: &'static str) -> i64 {
    let counted: Result<Option<i64>, StoreError> =
        plane.store().await.read(move |tx| tx.row(sql, &[], |row| row.get(0))).await;
    counted.unwrap().unwrap()
}

#[tokio::test]
async fn the_code_that_was_spoken_verifies_the_phone_and_nothing_else_does() {
    let plane = Plane::empty().await;
    let (ann, phone) = with_phone(&plane).await;
    types(&ann, &phone, "123456").await.is_problem(409, "no_code");
    let asked = asks(&ann, &phone).await;
    assert_eq!((asked.status, asked.body["state"].as_str()), (202, Some("queued")), "{}", asked.body);
    let code = code(&plane).await;
    assert!(!asked.body.to_string().contains(&code));
    let wrong = types(&ann, &phone, &another(&code)).await;
    wrong.is_problem(422, "wrong_code");
    assert!(wrong.body["detail"].as_str().unwrap().contains("4 tries"), "{}", wrong.body);
    // Nobody else's phone is verified by it.
    let eve = somebody(&plane, "eve@example.com").await;
    types(&eve, &phone, &code).await.is_problem(404, "unknown_phone");
    let typed = format!("{} {}", &code[..3], &code[3..]);
    let verified = types(&ann, &phone, &typed).await;
    assert_eq!((verified.status, &verified.body["verified"]), (200, &json!(true)), "{}", verified.body);
    let stands = format!("/api/v1/account/verifications/{}", asked.body["id"].as_str().unwrap());
    assert_eq!(ann.get(&stands).await.body["state"], "spoken");
    eve.get(&stands).await.is_problem(404, "unknown_verification");
    // It is verified once, and nobody is rung for it again.
    types(&ann, &phone, &code).await.is_problem(409, "no_code");
    asks(&ann, &phone).await.is_problem(409, "already_verified");
    assert_eq!(count(&plane, "SELECT COUNT(*) FROM calls").await, 1);
}

#[tokio::test]
async fn after_five_wrong_codes_not_even_the_right_one_is_looked_at() {
    let plane = Plane::empty().await;
    let (ann, phone) = with_phone(&plane).await;
    asks(&ann, &phone).await;
    let code = code(&plane).await;
    for left in (0..5).rev() {
        let wrong = types(&ann, &phone, &another(&code)).await;
        wrong.is_problem(422, "wrong_code");
        assert!(wrong.body["detail"].as_str().unwrap().contains(&format!("{left} tries")), "{}", wrong.body);
    }
    types(&ann, &phone, &code).await.is_problem(409, "no_code");
    assert_eq!(ann.get("/api/v1/account/phones").await.body["items"][0]["verified"], false);
    // Another call speaks another code.
    assert_eq!(asks(&ann, &phone).await.status, 202);
    let fresh = self::code(&plane).await;
    assert_eq!(types(&ann, &phone, &fresh).await.status, 200);
}

#[tokio::test]
async fn asking_again_voids_the_code_before() {
    let plane = Plane::empty().await;
    let (ann, phone) = with_phone(&plane).await;
    let first = asks(&ann, &phone).await;
    let old = code(&plane).await;
    let mut new = old.clone();
    // One in a million is the same by chance.
    while new == old {
        assert_eq!(asks(&ann, &phone).await.status, 202);
        new = code(&plane).await;
    }
    types(&ann, &phone, &old).await.is_problem(422, "wrong_code");
    let stands = format!("/api/v1/account/verifications/{}", first.body["id"].as_str().unwrap());
    let stands = ann.get(&stands).await;
    assert_eq!((stands.body["state"].as_str(), stands.body["reason"].as_str()), (Some("replaced"), None));
    assert_eq!(types(&ann, &phone, &new).await.status, 200);
    sql(&plane, "UPDATE phones SET verified_at = NULL").await;
    asks(&ann, &phone).await;
    let late = code(&plane).await;
    sql(&plane, "UPDATE verifications SET expires_at = created_at").await;
    types(&ann, &phone, &late).await.is_problem(409, "no_code");
}

#[tokio::test]
async fn what_is_asked_for_twice_with_one_key_rings_once_and_counts_once() {
    let plane = Plane::empty().await;
    let (ann, phone) = with_phone(&plane).await;
    let path = format!("{phone}/verification");
    let ask = async |key| ann.ask_with("POST", &path, json!({}), &[("idempotency-key", key)]).await;
    let (one, two) = tokio::join!(ask("k1"), ask("k1"));
    assert_eq!((one.status, two.status, &one.body), (202, 202, &two.body));
    assert_eq!(count(&plane, "SELECT COUNT(*) FROM calls").await, 1);
    let counted = "SELECT MAX(count) FROM tries WHERE what LIKE 'verification calls%'";
    assert_eq!(count(&plane, counted).await, 1);
    // The code that was spoken is still good, also once no other call may be made.
    let code = code(&plane).await;
    sql(&plane, "DELETE FROM tries").await;
    fill(&plane, tries::VERIFICATION_CALLS_OF_ALL, "").await;
    assert_eq!(ask("k1").await.body, one.body);
    ask("k2").await.is_problem(429, "too_many_tries");
    assert_eq!(types(&ann, &phone, &code).await.status, 200);
    assert_eq!(ask("k1").await.body, one.body, "also once it is verified");
}

#[tokio::test]
async fn one_account_one_number_and_all_together_are_called_so_often_and_no_more() {
    let plane = Plane::empty().await;
    let (ann, phone) = with_phone(&plane).await;
    let waits = |answer: Answer| {
        answer.is_problem(429, "too_many_tries");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    };
    for _ in 0..tries::VERIFICATION_CALLS_TO.most {
        assert_eq!(asks(&ann, &phone).await.status, 202);
    }
    waits(asks(&ann, &phone).await);
    // Nor for somebody else, whose other phones ring.
    let eve = somebody(&plane, "eve@example.com").await;
    let mut phones = Vec::new();
    for number in [NUMBER, "+380501234562", "+380501234563", "+380501234564"] {
        let added = eve.post("/api/v1/account/phones", json!({ "number": number })).await;
        phones.push(format!("/api/v1/account/phones/{}", added.body["id"].as_str().unwrap()));
    }
    waits(asks(&eve, &phones[0]).await);
    // What was refused has rung nobody and is not counted.
    for number in 0..tries::VERIFICATION_CALLS.most {
        let phone = &phones[1 + usize::try_from(number).unwrap() % 3];
        assert_eq!(asks(&eve, phone).await.status, 202, "number {number}");
    }
    waits(asks(&eve, &phones[1]).await);
    let calls = count(&plane, "SELECT COUNT(*) FROM calls").await;
    assert_eq!(calls, i64::from(tries::VERIFICATION_CALLS_TO.most + tries::VERIFICATION_CALLS.most));
    for (limit, whose) in
        [(tries::VERIFICATION_CALLS_OF_ALL, ""), (tries::VERIFICATION_CALLS_FROM, "127.0.0.1")]
    {
        sql(&plane, "DELETE FROM tries").await;
        fill(&plane, limit, whose).await;
        waits(asks(&ann, &phone).await);
    }
    assert_eq!(count(&plane, "SELECT COUNT(*) FROM calls").await, calls);
    // An hour later.
    sql(&plane, "UPDATE tries SET window_start = window_start - 3600000000").await;
    assert_eq!(asks(&ann, &phone).await.status, 202);
}
