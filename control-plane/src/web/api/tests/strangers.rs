//! Nobody who is not signed in, no other site, and nobody without a fresh proof where one is needed.

use super::{World, nowhere};
use crate::{
    accounts::members::Role,
    web::api::{ROUTES, table::Access},
};
use serde_json::json;

#[tokio::test]
async fn without_a_session_nothing_is_told() {
    let world = World::make().await;
    for route in ROUTES.iter().filter(|route| !matches!(route.access, Access::Open(_))) {
        for cookie in ["", "__Host-cp_session=x.y.z; __Host-cp_admin_session=x.y.z"] {
            let headers = [("cookie", cookie)];
            let (answer, _) = world.send(route.method, &nowhere(route), &headers, &json!({})).await;
            assert_eq!(answer.status, 401, "{} {}: {answer:?}", route.method, route.path);
        }
    }
    world.server.stop().await;
}

#[tokio::test]
async fn without_the_csrf_token_or_from_another_site_nothing_changes() {
    let world = World::make().await;
    let owner = world.sign_in_as(Role::Owner).await;
    let changing = ROUTES.iter().filter(|route| route.changes() && route.path.starts_with("/api/v1/"));
    for route in changing {
        let cookie = ("cookie", owner.cookies.as_str());
        let csrf = ("x-csrf-token", owner.csrf.as_str());
        let is_open = matches!(route.access, Access::Open(_));
        for (headers, code) in [
            (vec![cookie], "wrong_csrf_token"),
            (vec![cookie, ("x-csrf-token", "guessed")], "wrong_csrf_token"),
            (vec![cookie, csrf, ("origin", "https://evil.example")], "wrong_origin"),
            (vec![cookie, csrf, ("origin", "null")], "wrong_origin"),
            (vec![cookie, csrf, ("sec-fetch-site", "cross-site")], "wrong_origin"),
            (vec![cookie, csrf, ("sec-fetch-site", "same-site")], "wrong_origin"),
        ] {
            // Whoever is not signed in has no token to show.
            if is_open && code == "wrong_csrf_token" {
                continue;
            }
            let (answer, _) = world.send(route.method, &nowhere(route), &headers, &json!({})).await;
            let seen = format!("{} {} {headers:?}: {answer:?}", route.method, route.path);
            assert_eq!((answer.status, answer.code.as_str()), (403, code), "{seen}");
        }
    }
    let host = world.server.address().to_string();
    let ours = format!("http://{host}");
    let headers = [
        ("cookie", owner.cookies.as_str()),
        ("x-csrf-token", owner.csrf.as_str()),
        ("origin", ours.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let (answer, _) = world.send("PATCH", "/api/v1/account", &headers, &json!({"display_name": "Ann"})).await;
    assert_eq!((answer.status, answer.body["display_name"].as_str()), (200, Some("Ann")));
    world.server.stop().await;
}

#[tokio::test]
async fn what_needs_a_proof_is_refused_five_minutes_after_it() {
    let world = World::make().await;
    let owner = world.sign_in_as(Role::Owner).await;
    world.age_proofs().await;
    let mut asked = 0;
    for route in ROUTES.iter().filter(|route| route.proof && !route.is_admin()) {
        let answer = owner.send(route.method, &nowhere(route), &json!({})).await;
        let seen = format!("{} {}: {answer:?}", route.method, route.path);
        assert_eq!((answer.status, answer.code.as_str()), (403, "proof_needed"), "{seen}");
        asked += 1;
    }
    assert!(asked >= 12, "{asked} routes");
    let wrong = owner.send("POST", "/api/v1/session/proof", &json!({"password": "another one, no"})).await;
    assert_eq!((wrong.status, wrong.code.as_str()), (422, "wrong_credentials"));
    let proved = owner.send("POST", "/api/v1/session/proof", &json!({"password": super::PASSWORD})).await;
    assert_eq!(proved.status, 200, "{proved:?}");
    let done = owner.send("POST", "/api/v1/account/second-factor", &json!({})).await;
    assert_eq!(done.status, 200, "{done:?}");
    world.server.stop().await;
}

#[tokio::test]
async fn a_parameter_that_is_not_known_or_given_twice_is_refused_on_every_route() {
    let world = World::make().await;
    let owner = world.sign_in_as(Role::Owner).await;
    for route in ROUTES {
        let known: Vec<String> = route.parameters().into_iter().map(|parameter| parameter.name).collect();
        let path = nowhere(route);
        let misspelt = owner.send(route.method, &format!("{path}?ogr=acme"), &json!({})).await;
        let seen = format!("{} {path}: {misspelt:?}", route.method);
        assert_eq!((misspelt.status, misspelt.code.as_str()), (400, "bad_query"), "{seen}");
        let detail = misspelt.body["detail"].as_str().unwrap();
        assert!(known.iter().all(|name| detail.contains(name.as_str())), "{seen}");
        for name in known {
            let twice =
                owner.send(route.method, &format!("{path}?{name}=acme&{name}=acme"), &json!({})).await;
            assert_eq!((twice.status, twice.code.as_str()), (400, "bad_query"), "{seen}");
            assert!(twice.body["detail"].as_str().unwrap().contains("twice"), "{twice:?}");
        }
    }
    world.server.stop().await;
}

#[tokio::test]
async fn what_makes_something_reads_an_idempotency_key_and_nothing_else_does() {
    let world = World::make().await;
    let owner = world.sign_in_as(Role::Owner).await;
    let too_long = "k".repeat(256);
    for route in ROUTES.iter().filter(|route| route.method == "POST") {
        let headers = [
            ("cookie", owner.cookies.as_str()),
            ("x-csrf-token", owner.csrf.as_str()),
            ("idempotency-key", too_long.as_str()),
        ];
        let (answer, _) = world.send(route.method, &nowhere(route), &headers, &json!({})).await;
        let seen = format!("{} {}: {answer:?}", route.method, route.path);
        assert_eq!((answer.status, answer.code.as_str()) == (400, "bad_header"), route.once, "{seen}");
    }
    world.server.stop().await;
}
