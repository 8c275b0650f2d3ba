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
    for route in ROUTES.iter().filter(|route| route.proof) {
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
