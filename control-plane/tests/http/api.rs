//! The API for programs; needs accounts, intake and history.

use crate::plane::{Plane, answer};

#[tokio::test]
async fn without_a_key_nothing_is_told() {
    let plane = Plane::empty().await;
    for path in ["/api/v1/calls", "/api/v1/fleet"] {
        let without = plane.get(path).await;
        without.is_problem(401, "no_api_key");
        assert_eq!(without.header("www-authenticate"), "Bearer realm=\"callping\"");
        let basic = answer(plane.request("GET", path).basic_auth("a", Some("b"))).await;
        basic.is_problem(401, "no_api_key");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let plane = Plane::provisioned().await;
    let right = plane.api_key().await;
    for wrong in ["x".to_owned(), format!("{right}x"), right.to_uppercase()] {
        let refused = answer(plane.request("GET", "/api/v1/calls").bearer_auth(wrong)).await;
        refused.is_problem(401, "wrong_api_key");
        assert!(refused.header("www-authenticate").contains("invalid_token"));
    }
}

#[tokio::test]
async fn a_request_is_found_again_with_its_call() {
    let plane = Plane::provisioned().await;
    let key = plane.api_key().await;
    let accepted = plane.send("POST", &plane.hook(), r#"{"severity":"critical","message":"db down"}"#).await;
    let id = accepted.body["request_id"].as_str().unwrap();
    let path = format!("/api/v1/calls?request_id={id}");
    let found = answer(plane.request("GET", &path).bearer_auth(&key)).await;
    assert_eq!(found.status, 200, "{}", found.body);
    let items = found.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!((&items[0]["id"], &items[0]["request_id"]), (&accepted.body["calls"][0]["id"], &id.into()));
}

#[tokio::test]
async fn calls_are_paged_and_every_one_is_seen_once() {
    let plane = Plane::provisioned().await;
    let key = plane.api_key().await;
    for n in 0..5 {
        assert_eq!(plane.send("POST", &plane.hook(), format!("trouble {n}")).await.status, 202);
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/calls?limit=2".to_owned();
    loop {
        let page = answer(plane.request("GET", &path).bearer_auth(&key)).await;
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|call| call["id"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/api/v1/calls?limit=2&before={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once: {seen:?}");
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let plane = Plane::provisioned().await;
    let key = plane.api_key().await;
    for (query, word) in [
        ("request_id=x", "request_id"),
        ("before=1", "before"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("requestid=x", "known here: request_id, alert_id, before, limit"),
        ("limit=1&limit=2", "twice"),
    ] {
        let refused = answer(plane.request("GET", &format!("/api/v1/calls?{query}")).bearer_auth(&key)).await;
        refused.is_problem(400, "bad_query");
        assert!(refused.body["detail"].as_str().unwrap().contains(word), "{}", refused.body);
    }
}

#[tokio::test]
async fn the_fleet_shows_a_key_names_and_health_and_nothing_else() {
    let plane = Plane::provisioned().await;
    let key = plane.api_key().await;
    let fleet = answer(plane.request("GET", "/api/v1/fleet").bearer_auth(&key)).await;
    assert_eq!(fleet.body, serde_json::json!({ "items": [{ "name": "pbx-1", "health": "offline" }] }));
}
