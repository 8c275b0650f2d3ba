//! What answers show of each thing, one by one and in lists, and what the log says of a change.

use super::{Browser, owner_of, somebody, sql, templates};
use crate::plane::{Plane, answer};
use serde_json::{Value, json};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

fn id(document: &Value) -> &str {
    document["id"].as_str().unwrap()
}

async fn made(browser: &Browser<'_>, path: &str, body: Value) -> Value {
    let made = browser.post(path, body).await;
    assert_eq!(made.status, 201, "{path}: {}", made.body);
    made.body
}

async fn project_of(browser: &Browser<'_>, slug: &str) -> Value {
    let me = browser.get("/api/v1/account").await.body["id"].clone();
    made(browser, "/api/v1/projects", json!({"slug": slug, "primary_account_id": me})).await
}

#[tokio::test]
async fn each_thing_is_read_by_itself_as_it_is_listed() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let project = project_of(&ann, "shop").await;
    let endpoints = format!("/api/v1/projects/{}/endpoints", id(&project));
    for (list, one, body) in [
        ("/api/v1/projects", "/api/v1/projects", None),
        (endpoints.as_str(), "/api/v1/endpoints", Some(json!({"name": "Grafana"}))),
        ("/api/v1/keys", "/api/v1/keys", Some(json!({"name": "CI", "scopes": ["read"]}))),
        ("/api/v1/invites", "/api/v1/invites", Some(json!({"email": BOB, "role": "member"}))),
        ("/api/v1/account/phones", "/api/v1/account/phones", Some(json!({"number": "+380501234567"}))),
    ] {
        let mut made = match body {
            Some(body) => made(&ann, list, body).await,
            None => project.clone(),
        };
        let read = ann.get(&format!("{one}/{}", id(&made))).await;
        assert_eq!(read.status, 200, "{one}: {}", read.body);
        let listed = ann.get(list).await.body["items"][0].clone();
        assert_eq!(read.body, listed, "{one}");
        // What is told once is all that differs.
        let text = made.as_object_mut().unwrap().remove("key");
        assert_eq!(text.is_some(), one == "/api/v1/keys");
        assert_eq!(read.body, made, "{one}");
        let unknown = ann.get(&format!("{one}/0198c0de-0000-7000-8000-000000000000")).await;
        assert_eq!(unknown.status, 404, "{one}: {}", unknown.body);
    }
}

#[tokio::test]
async fn a_key_reads_who_the_members_are_and_not_where_they_are_written_to() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let own = ann.get("/api/v1/members").await.body["items"][0].clone();
    assert_eq!((own["email"].as_str(), own["role"].as_str()), (Some(ANN), Some("owner")));
    let key = made(&ann, "/api/v1/keys", json!({"name": "CI", "scopes": ["read"]})).await;
    let read = async |path: &str| {
        let read = plane.request("GET", path).bearer_auth(key["key"].as_str().unwrap());
        answer(read).await
    };
    let listed = read("/api/v1/members").await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let mut expected = own.clone();
    expected["email"] = Value::Null;
    assert_eq!(listed.body["items"], json!([expected]));
    let one = read(&format!("/api/v1/members/{}", own["account_id"].as_str().unwrap())).await;
    assert_eq!(one.body, expected);
    assert_eq!(read("/api/v1/invites").await.status, 403);
}

#[tokio::test]
async fn an_address_that_gets_no_letters_is_not_invited_in_vain() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let invite = made(&ann, "/api/v1/invites", json!({"email": "eve@example.com", "role": "member"})).await;
    assert_eq!(invite["state"], "pending");
    sql(
        &plane,
        "INSERT INTO mail_suppressions (email, cause, created_at)
         VALUES ('bob@example.com', 'bounce', 0), ('eve@example.com', 'complaint', 0)",
    )
    .await;
    let refused = ann.post("/api/v1/invites", json!({"email": BOB, "role": "member"})).await;
    refused.is_problem(422, "address_suppressed");
    assert!(templates(&plane, BOB).await.is_empty());
    let resend = format!("/api/v1/invites/{}/resend", id(&invite));
    ann.post(&resend, json!({})).await.is_problem(422, "address_suppressed");
    assert_eq!(ann.get("/api/v1/invites").await.body["items"].as_array().unwrap().len(), 1);
    sql(&plane, "UPDATE invites SET expires_at = created_at").await;
    assert_eq!(ann.get(&format!("/api/v1/invites/{}", id(&invite))).await.body["state"], "expired");
}

#[tokio::test]
async fn short_lists_have_pages_too() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    for name in ["a", "b", "c"] {
        made(&ann, "/api/v1/organizations", json!({"name": name, "slug": name})).await;
    }
    for number in ["+380501234561", "+380501234562", "+380501234563"] {
        made(&ann, "/api/v1/account/phones", json!({ "number": number })).await;
    }
    for (path, key, expected) in [
        ("/api/v1/organizations", "slug", json!(["a", "b", "c"])),
        ("/api/v1/account/phones", "position", json!([0, 1, 2])),
    ] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = ann.get(&format!("{path}?limit=2{after}")).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let items = page.body["items"].as_array().unwrap();
            assert!(items.len() <= 2, "{}", page.body);
            seen.extend(items.iter().map(|item| item[key].clone()));
            let Some(next) = page.body["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(json!(seen), expected, "{path}");
        ann.get(&format!("{path}?after=x")).await.is_problem(400, "bad_query");
        // What it went on from is not there any more: the first page again would show things twice.
        let gone = "0198c0de-0000-7000-8000-000000000000";
        ann.get(&format!("{path}?after={gone}")).await.is_problem(400, "bad_query");
    }
}

#[tokio::test]
async fn alerts_of_one_project_are_found_by_its_slug_or_id() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    for slug in ["shop", "bank"] {
        let project = project_of(&ann, slug).await;
        let path = format!("/api/v1/projects/{}/endpoints", id(&project));
        let endpoint = made(&ann, &path, json!({})).await;
        assert_eq!(endpoint["project_id"], project["id"]);
        let hook = format!("/api/wh/{}", id(&endpoint));
        assert_eq!(plane.send("POST", &hook, format!("{slug} is down")).await.status, 202);
    }
    let listed = async |query: &str| ann.get(&format!("/api/v1/alerts?{query}")).await;
    let both = listed("").await;
    assert_eq!(both.body["items"].as_array().unwrap().len(), 2);
    let bank = listed("project=bank").await;
    let items = bank.body["items"].as_array().unwrap();
    assert_eq!((items.len(), items[0]["project"].as_str()), (1, Some("bank")), "{}", bank.body);
    let by_id = listed(&format!("project={}&state=open", items[0]["project_id"].as_str().unwrap())).await;
    assert_eq!(by_id.body, bank.body);
    assert_eq!(listed("project=bank&state=closed").await.body["items"], json!([]));
    listed("project=bnak").await.is_problem(404, "unknown_project");
    // Somebody else's is none.
    let bob = owner_of(&plane, BOB, "other").await;
    bob.get("/api/v1/alerts?project=bank").await.is_problem(404, "unknown_project");
    // The same parameter under two names is two answers.
    let newest = both.body["items"][0]["id"].as_str().unwrap();
    assert_eq!(listed(&format!("after={newest}")).await.body, listed(&format!("before={newest}")).await.body);
    listed(&format!("after={newest}&before={newest}")).await.is_problem(400, "bad_query");
}

#[tokio::test]
async fn the_log_tells_of_a_change_what_it_changed_and_of_none_nothing() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let project = project_of(&ann, "shop").await;
    let path = format!("/api/v1/projects/{}", id(&project));
    let endpoint =
        made(&ann, &format!("{path}/endpoints"), json!({"name": "Grafana", "alert_key": "one"})).await;
    let endpoint = format!("/api/v1/endpoints/{}", id(&endpoint));
    let phone = made(&ann, "/api/v1/account/phones", json!({"number": "+380501234567"})).await;
    let phone = format!("/api/v1/account/phones/{}", id(&phone));
    for (path, same, other, action, told) in [
        (
            path.as_str(),
            json!({"slug": "shop", "policy": {"redials": 5}}),
            json!({"slug": "shop", "policy": {"redials": 2, "ring_seconds": 30}}),
            "audit?action=project.changed",
            [json!({"policy": {"redials": 5}}), json!({"policy": {"redials": 2}})],
        ),
        (
            endpoint.as_str(),
            json!({"name": "Grafana"}),
            json!({"name": "Grafana", "alert_key": "two"}),
            "audit?action=endpoint.changed",
            [json!({"other_alert_key": null}), json!({"other_alert_key": true})],
        ),
        (
            "/api/v1/organization",
            json!({"name": "acme", "timezone": "UTC"}),
            json!({"name": "Acme"}),
            "audit?action=organization.changed",
            [json!({"name": "acme"}), json!({"name": "Acme"})],
        ),
        (
            "/api/v1/account",
            json!({"display_name": "", "language": "en"}),
            json!({"display_name": "Ann", "language": "en"}),
            "account/audit?action=account.changed",
            [json!({"display_name": ""}), json!({"display_name": "Ann"})],
        ),
        (
            phone.as_str(),
            json!({"enabled": true, "position": 0}),
            json!({"enabled": false, "position": 9}),
            "account/audit?action=phone.changed",
            [json!({"enabled": true}), json!({"enabled": false})],
        ),
    ] {
        assert_eq!(ann.ask("PATCH", path, same).await.status, 200, "{path}");
        let log = async || ann.get(&format!("/api/v1/{action}")).await.body["items"].clone();
        assert_eq!(log().await, json!([]), "{path}");
        assert_eq!(ann.ask("PATCH", path, other).await.status, 200, "{path}");
        let log = log().await;
        assert_eq!(log.as_array().unwrap().len(), 1, "{log}");
        assert_eq!([&log[0]["before"], &log[0]["after"]], [&told[0], &told[1]], "{path}");
    }
    // Nor does ending all others, where there are none, or taking what is taken.
    assert_eq!(ann.ask("DELETE", "/api/v1/sessions", json!({})).await.status, 204);
    assert_eq!(ann.get("/api/v1/account/audit?action=session.revoked").await.body["items"], json!([]));
    let endpoint = made(&ann, &format!("{path}/endpoints"), json!({})).await;
    let sent = plane.send("POST", &format!("/api/wh/{}", id(&endpoint)), "db down").await;
    for step in ["acknowledge", "acknowledge", "close", "close"] {
        let path = format!("/api/v1/alerts/{}/{step}", sent.body["alert_id"].as_str().unwrap());
        assert_eq!(ann.post(&path, json!({})).await.status, 200);
    }
    for action in ["alert.acknowledged", "alert.closed"] {
        let log = ann.get(&format!("/api/v1/audit?action={action}")).await;
        assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.body);
    }
}
