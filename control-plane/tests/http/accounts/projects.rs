//! Projects, endpoints, scenarios, keys: from nothing to an alert.

use super::{Browser, link, owner_of, somebody, sql};
use crate::plane::{Answer, Plane, answer};
use serde_json::{Value, json};

const ANN: &str = "ann@example.com";

async fn with_project<'p>(plane: &'p Plane) -> (Browser<'p>, String) {
    let ann = owner_of(plane, ANN, "acme").await;
    let me = ann.get("/api/v1/account").await.body["id"].clone();
    let made = ann.post("/api/v1/projects", json!({"slug": "shop", "primary_account_id": me})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap().to_owned();
    (ann, id)
}

#[tokio::test]
async fn a_project_with_an_endpoint_takes_alerts_until_it_is_deleted() {
    let plane = Plane::empty().await;
    let (ann, project) = with_project(&plane).await;
    let path = format!("/api/v1/projects/{project}/endpoints");
    let made = ann.post(&path, json!({"name": "Grafana", "alert_key": "open sesame"})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!((&made.body["name"], &made.body["has_alert_key"]), (&json!("Grafana"), &json!(true)));
    assert!(!made.body.to_string().contains("sesame"));
    let endpoint = made.body["id"].as_str().unwrap();
    assert!(made.body["url"].as_str().unwrap().ends_with(&format!("/api/wh/{endpoint}")), "{}", made.body);
    let hook = format!("/api/wh/{endpoint}");
    plane.send("POST", &hook, "db down").await.is_problem(401, "wrong_alert_key");
    let sent = plane.request("POST", &hook).header("x-alert-key", "open sesame").body("db down");
    assert_eq!(answer(sent).await.status, 202);
    let own = format!("/api/v1/endpoints/{endpoint}");
    // Another key takes the place of the first.
    assert_eq!(ann.ask("PATCH", &own, json!({"alert_key": "another one"})).await.status, 200);
    let old = plane.request("POST", &hook).header("x-alert-key", "open sesame").body("db down");
    answer(old).await.is_problem(401, "wrong_alert_key");
    let new = plane.request("POST", &hook).header("x-alert-key", "another one").body("still down");
    assert_eq!(answer(new).await.status, 202);
    let changed = ann.ask("PATCH", &own, json!({"alert_key": null})).await;
    assert_eq!((&changed.body["name"], &changed.body["has_alert_key"]), (&json!("Grafana"), &json!(false)));
    let sent = plane.send("POST", &hook, "disk full").await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    // Somebody may be rung about it.
    let own_project = format!("/api/v1/projects/{project}");
    ann.ask("DELETE", &own_project, json!({})).await.is_problem(409, "live_alerts");
    for alert in ann.get("/api/v1/alerts").await.body["items"].as_array().unwrap() {
        let close = format!("/api/v1/alerts/{}/close", alert["id"].as_str().unwrap());
        assert_eq!(ann.post(&close, json!({})).await.status, 200);
    }
    assert_eq!(ann.ask("DELETE", &own_project, json!({})).await.status, 204);
    plane.send("POST", &hook, "db down").await.is_problem(404, "unknown_endpoint");
    ann.get(&own_project).await.is_problem(404, "unknown_project");
    ann.ask("PATCH", &own, json!({"name": "x"})).await.is_problem(404, "unknown_endpoint");
    // Its history stays.
    let history = ann.get("/api/v1/alerts").await;
    let projects: Vec<_> =
        history.body["items"].as_array().unwrap().iter().map(|it| &it["project"]).collect();
    assert_eq!(projects, ["shop"; 3], "what it was called");
    let log = ann.get("/api/v1/audit?limit=200").await.body.to_string();
    assert!(!log.contains("sesame") && !log.contains(endpoint), "{log}");
    assert!(log.contains("alert.closed") && log.contains("endpoint.created"), "{log}");
}

#[tokio::test]
async fn a_change_keeps_what_it_is_not_told() {
    let plane = Plane::empty().await;
    let (ann, project) = with_project(&plane).await;
    let path = format!("/api/v1/projects/{project}");
    let change = async |body: Value| ann.ask("PATCH", &path, body).await;
    let changed = change(json!({"policy": {"redials": 2}})).await;
    assert_eq!(
        (&changed.body["policy"]["redials"], &changed.body["policy"]["ring_seconds"]),
        (&json!(2), &json!(30))
    );
    let changed = change(json!({"slug": "store"})).await;
    assert_eq!((&changed.body["slug"], &changed.body["policy"]["redials"]), (&json!("store"), &json!(2)));
    assert_eq!(change(json!({})).await.body["slug"], "store");
    change(json!({"slug": null})).await.is_problem(400, "bad_body");
    let refused = change(json!({"policy": {"ring_seconds": 3}})).await;
    refused.is_problem(422, "bad_value");
    assert!(refused.body["detail"].as_str().unwrap().contains("between 5 and 120"), "{}", refused.body);
    change(json!({"policy": {"rings": 3}})).await.is_problem(422, "bad_value");
    change(json!({"primary_account_id": "0198c0de-0000-7000-8000-000000000000"}))
        .await
        .is_problem(422, "bad_value");
    change(json!({"slug": "-".repeat(64)})).await.is_problem(422, "bad_value");
}

/// A rule for what is critical.
fn rules(action: &str) -> Value {
    json!({"rule": [{
        "when": [{"field": "severity", "op": "in", "value": ["critical"]}],
        "action": {"do": action}
    }]})
}

#[tokio::test]
async fn whoever_changes_a_scenario_that_was_changed_meanwhile_is_told() {
    let plane = Plane::empty().await;
    let (ann, project) = with_project(&plane).await;
    let path = format!("/api/v1/projects/{project}/scenarios/default");
    let put = async |body: Value, headers: &[(&str, &str)]| ann.ask_with("PUT", &path, body, headers).await;
    put(rules("call_all"), &[]).await.is_problem(428, "version_needed");
    put(rules("call_all"), &[("if-match", "\"1\"")]).await.is_problem(404, "unknown_scenario");
    let made = put(rules("call_all"), &[("if-none-match", "*")]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let one = made.header("etag").to_owned();
    assert_eq!(one, made.body["version"].to_string(), "in quotes");
    put(rules("call_all"), &[("if-none-match", "*")]).await.is_problem(412, "stale");
    // Two people who have both read the first version, one of them through a proxy that packs.
    let weak = format!("W/{one}");
    let first = put(rules("call_primary"), &[("if-match", &weak)]).await;
    let two = first.header("etag").to_owned();
    assert_eq!(first.status, 200);
    assert_ne!(two, one);
    put(rules("suppress"), &[("if-match", &one)]).await.is_problem(412, "stale");
    let read = ann.get(&path).await;
    assert_eq!(
        (read.header("etag"), &read.body["rule"][0]["action"]["do"]),
        (two.as_str(), &json!("call_primary"))
    );
    for bad in [json!({"rule": [{"action": {"do": "dance"}}]}), json!({"rules": []}), json!({"rule": 5})] {
        put(bad, &[("if-match", &two)]).await.is_problem(422, "bad_scenario");
    }
    let stranger = json!({"rule": [{"action": {"do": "call_member", "member": "eve@example.com"}}]});
    put(stranger, &[("if-match", &two)]).await.is_problem(422, "bad_scenario");
    let endpoints = format!("/api/v1/projects/{project}/endpoints");
    ann.post(&endpoints, json!({"scenario": "none"})).await.is_problem(422, "bad_value");
    let endpoint = ann.post(&endpoints, json!({"scenario": "default"})).await;
    assert_eq!(endpoint.status, 201);
    let delete = async |headers: &[(&str, &str)]| ann.ask_with("DELETE", &path, json!({}), headers).await;
    delete(&[]).await.is_problem(428, "version_needed");
    delete(&[("if-match", &one)]).await.is_problem(412, "stale");
    delete(&[("if-match", &two)]).await.is_problem(409, "scenario_in_use");
    let own = format!("/api/v1/endpoints/{}", endpoint.body["id"].as_str().unwrap());
    assert_eq!(ann.ask("PATCH", &own, json!({"scenario": null})).await.body["scenario"], Value::Null);
    assert_eq!(delete(&[("if-match", &two)]).await.status, 204);
    // The log tells the versions apart and holds none of them.
    let log = ann.get("/api/v1/audit?action=scenario.changed").await;
    assert!(!log.body.to_string().contains("call_"), "{}", log.body);
    let (newer, older) = (&log.body["items"][0], &log.body["items"][1]);
    assert_eq!((&newer["before"], &older["before"]), (&older["after"], &Value::Null));
    assert_eq!((&newer["after"]["version"], &older["after"]["version"]), (&json!(2), &json!(1)));
    assert!(newer["after"]["bytes"].as_u64().unwrap() > 50, "{newer}");
    assert_ne!(newer["after"]["sha256"], older["after"]["sha256"]);
    let deleted = ann.get("/api/v1/audit?action=scenario.deleted").await;
    assert_eq!(deleted.body["items"][0]["before"], newer["after"]);
    // Another of the same name is no version of it.
    let again = put(rules("call_all"), &[("if-none-match", "*")]).await;
    assert_eq!(again.status, 201, "{}", again.body);
    for gone in [&one, &two] {
        put(rules("suppress"), &[("if-match", gone)]).await.is_problem(412, "stale");
    }
    let listed = ann.get(&format!("/api/v1/projects/{project}/scenarios")).await;
    assert_eq!(listed.body["items"][0]["version"], again.body["version"]);
}

#[tokio::test]
async fn a_rule_follows_a_member_to_another_address() {
    let plane = Plane::empty().await;
    let (ann, project) = with_project(&plane).await;
    let path = format!("/api/v1/projects/{project}/scenarios/default");
    let body = json!({"rule": [
        {"action": {"do": "call_member", "member": "Ann@Example.com"}},
        {"action": {"do": "call_all"}},
    ]});
    let made = ann.ask_with("PUT", &path, body, &[("if-none-match", "*")]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let asked = ann.post("/api/v1/account/email", json!({"email": "ann@example.org"})).await;
    assert_eq!(asked.status, 202);
    let token = link(&plane, "ann@example.org", "confirm_new_address").await;
    let confirmed = ann.post("/api/v1/account/email/confirm", json!({"token": token})).await;
    assert_eq!(confirmed.status, 204, "{}", confirmed.body);
    // Rules go on naming her by either, and nobody else is she.
    let endpoints = format!("/api/v1/projects/{project}/endpoints");
    let endpoint = ann.post(&endpoints, json!({"scenario": "default"})).await.body["id"].take();
    let sent = plane.send("POST", &format!("/api/wh/{}", endpoint.as_str().unwrap()), "db down").await;
    assert_eq!((sent.status, &sent.body["action"]), (202, &json!("call_member")), "{}", sent.body);
    for (name, member, status) in
        [("new", "ann@example.org", 201), ("old", "Ann@Example.com", 201), ("eve", "eve@example.com", 422)]
    {
        let path = format!("/api/v1/projects/{project}/scenarios/{name}");
        let body = json!({"rule": [{"action": {"do": "call_member", "member": member}}]});
        let put = ann.ask_with("PUT", &path, body, &[("if-none-match", "*")]).await;
        assert_eq!(put.status, status, "{member}: {}", put.body);
    }
}

#[tokio::test]
async fn null_for_what_cannot_be_null_is_told_and_changes_nothing() {
    let plane = Plane::empty().await;
    let (ann, project) = with_project(&plane).await;
    let endpoint =
        ann.post(&format!("/api/v1/projects/{project}/endpoints"), json!({"name": "Grafana"})).await;
    let endpoint = format!("/api/v1/endpoints/{}", endpoint.body["id"].as_str().unwrap());
    let phone = ann.post("/api/v1/account/phones", json!({"number": "+380501234561"})).await;
    let phone = format!("/api/v1/account/phones/{}", phone.body["id"].as_str().unwrap());
    let member = format!("/api/v1/members/{}", ann.get("/api/v1/account").await.body["id"].as_str().unwrap());
    let project = format!("/api/v1/projects/{project}");
    for (path, keys) in [
        ("/api/v1/account", &["display_name", "language"][..]),
        ("/api/v1/organization", &["name", "slug", "timezone"]),
        (&project, &["slug", "primary_account_id", "policy"]),
        (&endpoint, &["name"]),
        (&phone, &["enabled", "position"]),
        (&member, &["role"]),
    ] {
        for key in keys {
            let refused = ann.ask("PATCH", path, json!({ *key: null })).await;
            refused.is_problem(400, "bad_body");
            assert!(refused.body["detail"].as_str().unwrap().contains("null"), "{path}: {}", refused.body);
        }
    }
    let log = ann.get("/api/v1/audit?limit=200").await.body.to_string();
    assert!(!log.contains(".changed"), "{log}");
}

#[tokio::test]
async fn what_is_asked_for_twice_with_one_key_is_made_once() {
    let plane = Plane::empty().await;
    let (ann, project) = with_project(&plane).await;
    let create = async |path: &str, body: Value, key: &str| -> Answer {
        ann.ask_with("POST", path, body, &[("idempotency-key", key)]).await
    };
    let path = format!("/api/v1/projects/{project}/endpoints");
    let (one, two) = tokio::join!(
        create(&path, json!({"name": "Grafana"}), "k1"),
        create(&path, json!({"name": "Grafana"}), "k1"),
    );
    assert_eq!((one.status, two.status, &one.body), (201, 201, &two.body));
    assert_eq!(ann.get(&path).await.body["items"].as_array().unwrap().len(), 1);
    create(&path, json!({"name": "Other"}), "k1").await.is_problem(422, "idempotency_key_reused");
    create(&path, json!({}), &"k".repeat(256)).await.is_problem(400, "bad_header");
    // A key is told once, also to whoever asks again.
    let body = json!({"name": "night watch", "scopes": ["read"]});
    let made = create("/api/v1/keys", body.clone(), "k2").await;
    assert!(made.body["key"].as_str().unwrap().starts_with("cpk_"), "{}", made.body);
    let again = create("/api/v1/keys", body, "k2").await;
    assert_eq!((&again.body["id"], &again.body["key"]), (&made.body["id"], &Value::Null));
    // Somebody else's key of the same name is another one.
    let bob = somebody(&plane, "bob@example.com").await;
    let org = json!({"name": "Bobs"});
    let own = bob.ask_with("POST", "/api/v1/organizations", org, &[("idempotency-key", "k1")]).await;
    assert_eq!(own.status, 201);
    sql(&plane, "UPDATE created_once SET created_at = created_at - 86400000000").await;
    assert_eq!(create(&path, json!({"name": "Other"}), "k1").await.status, 201);
}

#[tokio::test]
async fn a_key_is_told_once_and_opens_until_it_is_deleted_or_over() {
    let plane = Plane::empty().await;
    let (ann, _) = with_project(&plane).await;
    let make = async |body: Value| ann.post("/api/v1/keys", body).await;
    make(json!({"name": "x", "scopes": []})).await.is_problem(422, "bad_value");
    make(json!({"name": "x", "scopes": ["everything"]})).await.is_problem(422, "bad_value");
    make(json!({"name": " ", "scopes": ["read"]})).await.is_problem(422, "bad_value");
    for past in ["2020-01-01T00:00:00Z", "tomorrow"] {
        let body = json!({"name": "x", "scopes": ["read"], "expires_at": past});
        make(body).await.is_problem(422, "bad_value");
    }
    let body = json!({"name": "CI", "scopes": ["read", "read"], "expires_at": "2100-01-01T00:00:00Z"});
    let made = make(body).await;
    assert_eq!((made.status, &made.body["scopes"]), (201, &json!(["read"])), "{}", made.body);
    let key = made.body["key"].as_str().unwrap();
    let read = async || answer(plane.request("GET", "/api/v1/projects").bearer_auth(key)).await.status;
    assert_eq!(read().await, 200);
    let listed = ann.get("/api/v1/keys").await;
    assert_eq!(listed.body["items"][0]["created_by_email"], ANN);
    assert!(!listed.body.to_string().contains(key));
    sql(&plane, "UPDATE api_keys SET expires_at = 1").await;
    assert_eq!(read().await, 401);
    sql(&plane, "UPDATE api_keys SET expires_at = NULL").await;
    let path = format!("/api/v1/keys/{}", made.body["id"].as_str().unwrap());
    assert_eq!(ann.ask("DELETE", &path, json!({})).await.status, 204);
    assert_eq!(read().await, 401);
    ann.ask("DELETE", &path, json!({})).await.is_problem(404, "unknown_key");
}

#[tokio::test]
async fn lists_are_paged_and_everything_is_seen_once() {
    let plane = Plane::empty().await;
    let (ann, project) = with_project(&plane).await;
    let path = format!("/api/v1/projects/{project}/endpoints");
    for number in 0..5 {
        assert_eq!(ann.post(&path, json!({"name": format!("e{number}")})).await.status, 201);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = ann.get(&format!("{path}?limit=2{after}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    seen.sort();
    assert_eq!(seen, ["e0", "e1", "e2", "e3", "e4"]);
    ann.get(&format!("{path}?limit=0")).await.is_problem(400, "bad_query");
    ann.get(&format!("{path}?after=x")).await.is_problem(400, "bad_query");
    ann.get(&format!("{path}?offset=2")).await.is_problem(400, "bad_query");
}

#[tokio::test]
async fn every_problem_has_a_page_that_explains_it() {
    let plane = Plane::empty().await;
    let refused = Browser::new(&plane).get("/api/v1/account").await;
    let page = plane.request("GET", refused.body["type"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let text = page.text().await.unwrap();
    assert!(text.contains("<h1>Nobody is signed in</h1>"), "{text}");
    let list = plane.request("GET", "/problems").send().await.unwrap().text().await.unwrap();
    assert!(list.contains("href=\"/problems/not_signed_in\""));
    plane.get("/problems/none-such").await.is_problem(404, "not_found");
}
