//! An endpoint gets another URL and stays what it was.

use super::{Office, colleague, is_not_there, stranger};
use crate::{
    accounts::sql,
    plane::{Answer, Plane},
};
use control_plane::apply;
use serde_json::{Value, json};

async fn rotate(office: &Office<'_>, grace_minutes: u32) -> Value {
    let path = format!("/api/v1/endpoints/{}/rotate", office.endpoint);
    let rotated = office.ann.post(&path, json!({ "grace_minutes": grace_minutes })).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    assert_eq!(rotated.body["id"], json!(office.endpoint), "it keeps its id");
    rotated.body
}

/// The path of a URL.
fn path(endpoint: &Value) -> String {
    let url = endpoint["url"].as_str().unwrap();
    url[url.find("/api/wh/").unwrap()..].to_owned()
}

async fn send(plane: &Plane, path: &str, body: &str) -> Answer {
    plane.send("POST", path, body.to_owned()).await
}

#[tokio::test]
async fn a_resolve_to_the_new_url_closes_what_the_old_one_opened() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let old = format!("/api/wh/{}", office.endpoint);
    let opened = send(&plane, &old, r#"{"message":"db down","dedup_key":"db"}"#).await.body;
    let new = rotate(&office, 60).await;
    assert_ne!(path(&new), old);
    assert!(new["rotated_at"].is_string() && new["former_url_until"].is_string(), "{new}");
    // Both are good for a while, and are one endpoint.
    let repeated = send(&plane, &old, r#"{"message":"db down","dedup_key":"db"}"#).await;
    assert_eq!(
        (repeated.status, &repeated.body["alert_id"]),
        (202, &opened["alert_id"]),
        "{}",
        repeated.body
    );
    let resolved = send(&plane, &path(&new), r#"{"status":"resolved","dedup_key":"db"}"#).await.body;
    assert_eq!((&resolved["action"], &resolved["alert_id"]), (&json!("resolve"), &opened["alert_id"]));
    assert_eq!(
        office.read(&format!("/api/v1/alerts/{}", opened["alert_id"].as_str().unwrap())).await["state"],
        "closed"
    );
    let requests = office.read(&format!("/api/v1/endpoints/{}/requests", office.endpoint)).await;
    assert_eq!(requests["items"].as_array().unwrap().len(), 3, "its history is its own");
    // Once its grace is over the old one is nothing any more.
    sql(&plane, "UPDATE endpoint_addresses SET until = 1 WHERE until IS NOT NULL").await;
    send(&plane, &old, "db down").await.is_problem(404, "unknown_endpoint");
    assert_eq!(
        office.read(&format!("/api/v1/endpoints/{}", office.endpoint)).await["former_url_until"],
        Value::Null
    );
    assert_eq!(send(&plane, &path(&new), "db down").await.status, 202);
}

#[tokio::test]
async fn without_grace_every_former_url_is_over_at_once() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let first = format!("/api/wh/{}", office.endpoint);
    let second = path(&rotate(&office, 10_080).await);
    let third = rotate(&office, 0).await;
    assert_eq!(third["former_url_until"], Value::Null, "{third}");
    for gone in [&first, &second] {
        send(&plane, gone, "db down").await.is_problem(404, "unknown_endpoint");
    }
    assert_eq!(send(&plane, &path(&third), "db down").await.status, 202);
    let log = office.read("/api/v1/audit?action=endpoint.rotated").await;
    assert_eq!(log["items"].as_array().unwrap().len(), 2);
    assert!(
        !log.to_string().contains(&path(&third)[8..]) && !log.to_string().contains(&office.endpoint),
        "{log}"
    );
}

#[tokio::test]
async fn it_is_done_once_for_each_key_by_whoever_may_and_has_just_proved_it() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let own = format!("/api/v1/endpoints/{}/rotate", office.endpoint);
    let body = json!({"grace_minutes": 5});
    let ask = async |body: &Value, key: &str| {
        office.ann.ask_with("POST", &own, body.clone(), &[("idempotency-key", key)]).await
    };
    let (one, two) = (ask(&body, "k1").await, ask(&body, "k1").await);
    assert_eq!((one.status, two.status, &one.body), (200, 200, &two.body));
    ask(&json!({"grace_minutes": 10_081}), "k2").await.is_problem(422, "bad_value");
    ask(&json!({"grace_minutes": -1}), "k3").await.is_problem(400, "bad_body");
    ask(&json!({}), "k4").await.is_problem(400, "bad_body");
    colleague(&plane, "bob@example.com", "member")
        .await
        .post(&own, body.clone())
        .await
        .is_problem(403, "not_permitted");
    is_not_there(&stranger(&plane).await, "POST", &own, body.clone(), "unknown_endpoint").await;
    sql(&plane, "UPDATE tries SET count = 60 WHERE what = 'rotations of'").await;
    ask(&body, "k5").await.is_problem(429, "too_many_tries");
    sql(&plane, "UPDATE sessions SET proved_at = 0").await;
    ask(&body, "k6").await.is_problem(403, "proof_needed");
}

#[tokio::test]
async fn the_operators_file_names_endpoints_by_id_and_brings_no_old_url_back() {
    const ENDPOINT: &str = "6c1f6f1e-0000-4000-8000-000000000001";
    let file = |id: &str| {
        format!(
            "[[org]]\nslug = \"acme\"\n[[org.member]]\nemail = \"oncall@example.com\"\nrole = \"owner\"\nphones = [\"+380501234567\"]\n\
             [[org.project]]\nslug = \"shop\"\nprimary = \"oncall@example.com\"\n\
             [[org.project.endpoint]]\nid = \"{id}\"\n"
        )
    };
    let plane = Plane::empty().await;
    let store = plane.store().await;
    apply::apply(&store, "acme.toml", &file(ENDPOINT)).await.unwrap();
    let ann = crate::accounts::somebody(&plane, "oncall@example.com").await;
    let rotated =
        ann.post(&format!("/api/v1/endpoints/{ENDPOINT}/rotate"), json!({"grace_minutes": 0})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    apply::apply(&store, "acme.toml", &file(ENDPOINT)).await.unwrap();
    send(&plane, &format!("/api/wh/{ENDPOINT}"), "db down").await.is_problem(404, "unknown_endpoint");
    assert_eq!(send(&plane, &path(&rotated.body), "db down").await.status, 202);
    // Nor can the file make an endpoint of what is another's address.
    let taken = path(&rotated.body).replace("/api/wh/", "");
    let refused = apply::apply(&store, "acme.toml", &file(&taken)).await.unwrap_err().to_string();
    assert!(refused.contains("uuidgen"), "{refused}");
}
