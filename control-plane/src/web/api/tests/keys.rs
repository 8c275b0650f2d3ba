//! What API keys may, scope by scope.

use super::{World, nowhere, of_members};
use crate::{accounts::keys::Scope, web::api::table::Access};
use serde_json::json;

#[tokio::test]
async fn a_key_may_what_its_scope_says_and_nothing_else() {
    let world = World::make().await;
    for scope in Scope::ALL {
        let bearer = format!("Bearer {}", world.key(scope).await);
        for route in of_members() {
            let Access::Member(_, wanted, _) = route.access else { continue };
            let headers = [("authorization", bearer.as_str())];
            let (answer, _) = world.send(route.method, &nowhere(route), &headers, &json!({})).await;
            let seen = format!("{} {} with {scope}: {answer:?}", route.method, route.path);
            if wanted == Some(scope) {
                assert!(!matches!(answer.status, 401 | 403), "{seen}");
                assert!(answer.status < 500, "{seen}");
            } else {
                assert_eq!((answer.status, answer.code.as_str()), (403, "scope_missing"), "{seen}");
            }
        }
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_key_opens_its_own_organization_alone() {
    let world = World::make().await;
    let bearer = format!("Bearer {}", world.key(Scope::Read).await);
    let headers = [("authorization", bearer.as_str())];
    let (own, _) = world.send("GET", "/api/v1/projects?org=acme", &headers, &json!({})).await;
    assert_eq!((own.status, own.body["items"][0]["slug"].as_str()), (200, Some("shop")));
    let (other, _) = world.send("GET", "/api/v1/projects?org=other", &headers, &json!({})).await;
    assert_eq!((other.status, other.code.as_str()), (404, "unknown_organization"));
    world.server.stop().await;
}
