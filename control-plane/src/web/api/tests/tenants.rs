//! Every route with another tenant's ids: nothing is there.

use super::{World, filled, of_members};
use crate::{
    accounts::members::Role,
    web::api::{ROUTES, table::Access},
};
use serde_json::{Value, json};

/// Ids of what the other organization has, by the part of the path that they stand in.
async fn theirs(world: &World) -> Vec<(&'static str, String)> {
    let other = world.sign_in("owner@other.example.com").await;
    let made = async |path: &str, body: Value| {
        let made = other.send("POST", path, &body).await;
        assert_eq!(made.status, 201, "{path}: {made:?}");
        made.body["id"].as_str().unwrap().to_owned()
    };
    let invite = made("/api/v1/invites", json!({"email": "new@example.com", "role": "member"})).await;
    let key = made("/api/v1/keys", json!({"name": "theirs", "scopes": ["read"]})).await;
    let hook = "/api/wh/6c1f6f1e-0000-4000-8000-000000000002";
    let (alert, _) = world.send("POST", hook, &[], &json!({"message": "theirs"})).await;
    let project = world.ids("SELECT id FROM projects WHERE slug = 'theirs'").await.remove(0);
    let account =
        world.ids("SELECT id FROM accounts WHERE email = 'owner@other.example.com'").await.remove(0);
    let session = world
        .ids(
            "SELECT sessions.id FROM sessions JOIN accounts ON accounts.id = account_id
             WHERE email = 'owner@other.example.com'",
        )
        .await
        .remove(0);
    let phone = world.ids("SELECT id FROM phones WHERE e164 = '+380501234568'").await.remove(0);
    let added = made("/api/v1/account/phones", json!({"number": "+380501234569"})).await;
    let path = format!("/api/v1/account/phones/{added}/verification");
    let called = other.send("POST", &path, &json!({})).await;
    assert_eq!(called.status, 202, "{called:?}");
    let verification = called.body["id"].as_str().unwrap().to_owned();
    vec![
        ("/api/v1/invites/", invite),
        ("/api/v1/keys/", key),
        ("/api/v1/alerts/", alert.body["alert_id"].as_str().unwrap().to_owned()),
        ("/api/v1/projects/", project),
        ("/api/v1/endpoints/", "6c1f6f1e-0000-4000-8000-000000000002".to_owned()),
        ("/api/v1/members/", account),
        ("/api/v1/sessions/", session),
        ("/api/v1/account/phones/", phone),
        ("/api/v1/account/verifications/", verification),
    ]
}

/// Bodies that would be good if it were their own.
fn good_body(path: &str, method: &str) -> Value {
    match (path, method) {
        ("/api/v1/members/{account_id}", "PATCH") => json!({"role": "viewer"}),
        ("/api/v1/projects/{id}/scenarios/{name}", "PUT") => json!({"rule": []}),
        ("/api/v1/account/phones/{id}/verification/code", _) => json!({"code": "123456"}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn what_another_organization_has_is_not_there() {
    let world = World::make().await;
    let theirs = theirs(&world).await;
    let owner = world.sign_in_as(Role::Owner).await;
    let before = world.ids(EVERYTHING).await;
    for route in ROUTES.iter().filter(|route| route.path.contains('{') && !route.is_admin()) {
        let (_, id) = theirs.iter().find(|(prefix, _)| route.path.starts_with(prefix)).expect(route.path);
        let path = filled(route, id).replace(&format!("scenarios/{id}"), "scenarios/default");
        let headers = [
            ("cookie", owner.cookies.as_str()),
            ("x-csrf-token", owner.csrf.as_str()),
            ("if-match", "\"1\""),
        ];
        let body = good_body(route.path, route.method);
        let (answer, _) = world.send(route.method, &path, &headers, &body).await;
        assert_eq!(answer.status, 404, "{} {path}: {answer:?}", route.method);
        assert!(answer.code.starts_with("unknown_"), "{} {path}: {answer:?}", route.method);
    }
    assert_eq!(world.ids(EVERYTHING).await, before);
    world.server.stop().await;
}

/// What the other organization has, as one text a row.
const EVERYTHING: &str = "
    SELECT id || slug || policy || COALESCE(deleted_at, 0) FROM projects WHERE slug = 'theirs'
    UNION ALL SELECT id || name || COALESCE(scenario, '') || COALESCE(deleted_at, 0) FROM endpoints
    UNION ALL SELECT project_id || name || rules || version FROM scenarios
    UNION ALL SELECT id || COALESCE(revoked_at, 0) || expires_at FROM invites
    UNION ALL SELECT id || COALESCE(deleted_at, 0) FROM api_keys
    UNION ALL SELECT id || state FROM alerts
    UNION ALL SELECT org_id || account_id || role FROM memberships
    UNION ALL SELECT id || enabled || position FROM phones
    UNION ALL SELECT id || COALESCE(ended_at, 0) FROM sessions";

#[tokio::test]
async fn another_organization_cannot_be_named() {
    let world = World::make().await;
    let owner = world.sign_in_as(Role::Owner).await;
    let other = world.ids("SELECT id FROM orgs WHERE slug = 'other'").await.remove(0);
    for route in of_members() {
        assert!(matches!(route.access, Access::Member(..)));
        for name in ["other", other.as_str(), "nobody", "", "' OR 1=1"] {
            let path = format!("{}?org={}", super::nowhere(route), name.replace(' ', "%20"));
            let answer = owner.send(route.method, &path, &json!({})).await;
            let seen = format!("{} {path}: {answer:?}", route.method);
            assert_eq!((answer.status, answer.code.as_str()), (404, "unknown_organization"), "{seen}");
        }
    }
    world.server.stop().await;
}
