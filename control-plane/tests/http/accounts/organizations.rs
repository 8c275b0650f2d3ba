//! Organizations and the people in them.

use super::{Browser, PASSWORD, link, owner_of, somebody, sql, templates};
use crate::plane::Plane;
use control_plane::accounts::tries;
use serde_json::{Value, json};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

/// Somebody with an account takes the invitation that was mailed to them.
async fn joins<'p>(plane: &'p Plane, owner: &Browser<'_>, email: &str, role: &str) -> Browser<'p> {
    let invited = owner.post("/api/v1/invites", json!({"email": email, "role": role})).await;
    assert_eq!(invited.status, 201, "{}", invited.body);
    let joining = somebody(plane, email).await;
    let token = link(plane, email, "invitation").await;
    let joined = joining.post("/api/v1/invites/accept", json!({"token": token})).await;
    assert_eq!((joined.status, joined.body["role"].as_str()), (200, Some(role)), "{}", joined.body);
    joining
}

async fn account_of(browser: &Browser<'_>) -> String {
    browser.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned()
}

fn words<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list["items"].as_array().unwrap().iter().map(|item| item[key].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_organization_is_made_renamed_and_deleted() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let make = async |body| ann.post("/api/v1/organizations", body).await;
    let acme = make(json!({"name": "Søns & Co", "timezone": "europe/kyiv"})).await;
    assert_eq!(acme.status, 201, "{}", acme.body);
    assert_eq!(acme.body["slug"], "s-ns-co");
    assert_eq!((&acme.body["timezone"], &acme.body["role"]), (&json!("Europe/Kyiv"), &json!("owner")));
    make(json!({"name": "x", "timezone": "Mars/Olympus"})).await.is_problem(422, "bad_value");
    for slug in ["Not A Slug", "6c1f6f1e-0000-4000-8000-000000000001", ""] {
        make(json!({"name": "x", "slug": slug})).await.is_problem(422, "bad_value");
    }
    make(json!({"name": "x", "slug": "s-ns-co"})).await.is_problem(409, "slug_taken");
    // Another of the same name gets a slug of its own.
    let twin = make(json!({"name": "Søns & Co"})).await;
    assert!(twin.body["slug"].as_str().unwrap().starts_with("s-ns-co-"), "{}", twin.body);
    ann.get("/api/v1/organization").await.is_problem(400, "organization_needed");
    let renamed = ann.ask("PATCH", "/api/v1/organization?org=s-ns-co", json!({"name": "Sons"})).await;
    assert_eq!((&renamed.body["name"], &renamed.body["timezone"]), (&json!("Sons"), &json!("Europe/Kyiv")));
    assert_eq!(ann.ask("DELETE", "/api/v1/organization?org=s-ns-co", json!({})).await.status, 204);
    assert_eq!(ann.get("/api/v1/organizations").await.body["items"].as_array().unwrap().len(), 1);
    // Its slug is free again.
    assert_eq!(make(json!({"name": "x", "slug": "s-ns-co"})).await.status, 201);
}

#[tokio::test]
async fn somebody_in_two_organizations_sees_each_apart() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = owner_of(&plane, BOB, "other").await;
    joins(&plane, &bob, ANN, "viewer").await;
    let me = account_of(&ann).await;
    let project = json!({"slug": "shop", "primary_account_id": me});
    assert_eq!(ann.post("/api/v1/projects?org=acme", project.clone()).await.status, 201);
    ann.post("/api/v1/projects?org=other", project).await.is_problem(403, "not_permitted");
    assert_eq!(words(&ann.get("/api/v1/projects?org=acme").await.body, "slug"), ["shop"]);
    assert!(words(&ann.get("/api/v1/projects?org=other").await.body, "slug").is_empty());
    assert_eq!(words(&ann.get("/api/v1/members?org=other").await.body, "email"), [ANN, BOB]);
    bob.get("/api/v1/members?org=acme").await.is_problem(404, "unknown_organization");
}

#[tokio::test]
async fn an_invitation_is_for_one_address_once_and_for_a_week() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let invited = ann.post("/api/v1/invites", json!({"email": BOB, "role": "admin"})).await;
    assert_eq!(invited.status, 201, "{}", invited.body);
    ann.post("/api/v1/invites", json!({"email": BOB, "role": "viewer"}))
        .await
        .is_problem(409, "already_invited");
    ann.post("/api/v1/invites", json!({"email": ANN, "role": "viewer"}))
        .await
        .is_problem(409, "already_member");
    ann.post("/api/v1/invites", json!({"email": BOB, "role": "king"})).await.is_problem(422, "bad_value");
    let first = link(&plane, BOB, "invitation").await;
    let stranger = Browser::new(&plane);
    let preview = stranger.post("/api/v1/invites/preview", json!({"token": first})).await;
    assert_eq!(
        (preview.body["organization"].as_str(), preview.body["role"].as_str()),
        (Some("acme"), Some("admin"))
    );
    let eve = somebody(&plane, "eve@example.com").await;
    eve.post("/api/v1/invites/accept", json!({"token": first})).await.is_problem(403, "other_address");
    // Sent again, it has another link.
    let path = format!("/api/v1/invites/{}", invited.body["id"].as_str().unwrap());
    assert_eq!(ann.post(&format!("{path}/resend"), json!({})).await.status, 200);
    let bob = somebody(&plane, BOB).await;
    bob.post("/api/v1/invites/accept", json!({"token": first})).await.is_problem(410, "link_void");
    sql(&plane, "UPDATE invites SET expires_at = created_at").await;
    let second = link(&plane, BOB, "invitation").await;
    assert_ne!(first, second);
    bob.post("/api/v1/invites/accept", json!({"token": second})).await.is_problem(410, "link_void");
    assert_eq!(ann.post(&format!("{path}/resend"), json!({})).await.status, 200);
    let third = link(&plane, BOB, "invitation").await;
    assert_eq!(bob.post("/api/v1/invites/accept", json!({"token": third})).await.status, 200);
    bob.post("/api/v1/invites/accept", json!({"token": third})).await.is_problem(410, "link_void");
    assert!(words(&ann.get("/api/v1/invites").await.body, "email").is_empty());
    // One that is revoked opens nothing.
    let another = ann.post("/api/v1/invites", json!({"email": "eve@example.com", "role": "member"})).await;
    let path = format!("/api/v1/invites/{}", another.body["id"].as_str().unwrap());
    assert_eq!(ann.ask("DELETE", &path, json!({})).await.status, 204);
    let token = link(&plane, "eve@example.com", "invitation").await;
    eve.post("/api/v1/invites/accept", json!({"token": token})).await.is_problem(410, "link_void");
}

#[tokio::test]
async fn somebody_without_an_account_signs_up_and_takes_the_invitation() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    ann.post("/api/v1/invites", json!({"email": BOB, "role": "member"})).await;
    let mut bob = Browser::new(&plane);
    bob.post("/api/v1/accounts", json!({"email": BOB, "password": PASSWORD})).await;
    let token = link(&plane, BOB, "verify_address").await;
    bob.visit("POST", "/api/v1/accounts/verify", json!({"token": token, "password": PASSWORD})).await;
    let token = link(&plane, BOB, "invitation").await;
    assert_eq!(bob.post("/api/v1/invites/accept", json!({"token": token})).await.status, 200);
    assert_eq!(words(&bob.get("/api/v1/members").await.body, "role"), ["owner", "member"]);
}

#[tokio::test]
async fn admins_change_everybody_but_owners() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = joins(&plane, &ann, BOB, "admin").await;
    let eve = joins(&plane, &ann, "eve@example.com", "member").await;
    let (ann_id, eve_id) = (account_of(&ann).await, account_of(&eve).await);
    let change = async |browser: &Browser<'_>, id: &str, role| {
        browser.ask("PATCH", &format!("/api/v1/members/{id}"), json!({ "role": role })).await
    };
    assert_eq!(change(&bob, &eve_id, "viewer").await.body["role"], "viewer");
    change(&bob, &eve_id, "owner").await.is_problem(403, "not_permitted");
    change(&bob, &ann_id, "viewer").await.is_problem(403, "not_permitted");
    bob.ask("DELETE", &format!("/api/v1/members/{ann_id}"), json!({})).await.is_problem(403, "not_permitted");
    bob.post("/api/v1/invites", json!({"email": "x@example.com", "role": "owner"}))
        .await
        .is_problem(403, "not_permitted");
    assert_eq!(bob.ask("DELETE", &format!("/api/v1/members/{eve_id}"), json!({})).await.status, 204);
    eve.get("/api/v1/members").await.is_problem(404, "unknown_organization");
    assert_eq!(change(&ann, &account_of(&bob).await, "owner").await.body["role"], "owner");
    let log = ann.get("/api/v1/audit?action=member.changed").await;
    let rows = log.body["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["before"], &rows[0]["after"]),
        (&json!({"role": "admin"}), &json!({"role": "owner"}))
    );
    assert_eq!((rows[0]["actor_name"].as_str(), rows[0]["ip"].as_str()), (Some(ANN), Some("127.0.0.1")));
}

#[tokio::test]
async fn where_others_are_is_not_told_to_whom_they_do_something() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = joins(&plane, &ann, BOB, "member").await;
    let path = format!("/api/v1/members/{}", account_of(&bob).await);
    assert_eq!(ann.ask("PATCH", &path, json!({"role": "viewer"})).await.status, 200);
    let wrong = json!({"email": BOB, "password": "not this one"});
    for _ in 0..tries::WRONG_PASSWORDS.most {
        Browser::new(&plane).post("/api/v1/session", wrong.clone()).await;
    }
    let ip = async |action: &str| {
        let log = bob.get(&format!("/api/v1/account/audit?action={action}")).await;
        assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.body);
        log.body["items"][0]["ip"].clone()
    };
    assert_eq!(ip("member.changed").await, Value::Null);
    // What they did themselves, and what somebody tried whom nobody knows, they may look into.
    for action in ["session.opened", "member.joined", "session.many_failures"] {
        assert_eq!(ip(action).await, "127.0.0.1", "{action}");
    }
}

#[tokio::test]
async fn of_two_owners_that_go_at_once_one_stays() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = joins(&plane, &ann, BOB, "owner").await;
    let (ann_id, bob_id) = (account_of(&ann).await, account_of(&bob).await);
    let (ann_path, bob_path) = (format!("/api/v1/members/{ann_id}"), format!("/api/v1/members/{bob_id}"));
    let (one, two) =
        tokio::join!(ann.ask("DELETE", &bob_path, json!({})), bob.ask("DELETE", &ann_path, json!({})),);
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert!(statuses[0] == 204 && matches!(statuses[1], 403 | 404), "{} {}", one.body, two.body);
    let last = if one.status == 204 { &ann } else { &bob };
    assert_eq!(words(&last.get("/api/v1/members").await.body, "role"), ["owner"]);
    last.post("/api/v1/organization/leave", json!({})).await.is_problem(409, "last_owner");
    let path = format!("/api/v1/members/{}", account_of(last).await);
    last.ask("PATCH", &path, json!({"role": "admin"})).await.is_problem(409, "last_owner");
}

#[tokio::test]
async fn an_organization_is_given_away_and_left() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = joins(&plane, &ann, BOB, "member").await;
    let (ann_id, bob_id) = (account_of(&ann).await, account_of(&bob).await);
    let give = async |id: &str| ann.post("/api/v1/organization/transfer", json!({"account_id": id})).await;
    give(&ann_id).await.is_problem(422, "bad_value");
    give("0198c0de-0000-7000-8000-000000000000").await.is_problem(404, "unknown_member");
    assert_eq!(give(&bob_id).await.status, 204);
    assert_eq!(words(&bob.get("/api/v1/members").await.body, "role"), ["admin", "owner"]);
    assert_eq!(ann.post("/api/v1/organization/leave", json!({})).await.status, 204);
    assert_eq!(words(&bob.get("/api/v1/members").await.body, "email"), [BOB]);
}

#[tokio::test]
async fn nobody_goes_whose_absence_would_leave_alerts_without_a_phone() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let bob = joins(&plane, &ann, BOB, "member").await;
    let (ann_id, bob_id) = (account_of(&ann).await, account_of(&bob).await);
    let made = ann.post("/api/v1/projects", json!({"slug": "shop", "primary_account_id": bob_id})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    ann.ask("DELETE", &format!("/api/v1/members/{bob_id}"), json!({})).await.is_problem(409, "is_primary");
    bob.post("/api/v1/organization/leave", json!({})).await.is_problem(409, "is_primary");
    let refused = bob.ask("DELETE", "/api/v1/account", json!({})).await;
    refused.is_problem(409, "is_primary");
    assert!(refused.body["detail"].as_str().unwrap().contains("acme/shop"), "{}", refused.body);
    // Nor does the last phone of a primary fall silent.
    let phone = bob.post("/api/v1/account/phones", json!({"number": "+380501234567"})).await;
    assert_eq!((phone.status, &phone.body["verified"]), (201, &json!(false)), "{}", phone.body);
    let project = format!("/api/v1/projects/{}", made.body["id"].as_str().unwrap());
    // Nor does somebody take over whom no phone reaches.
    ann.ask("PATCH", &project, json!({"primary_account_id": ann_id})).await.is_problem(422, "bad_value");
    assert_eq!(ann.post("/api/v1/account/phones", json!({"number": "+380501234568"})).await.status, 201);
    sql(&plane, "UPDATE phones SET verified_at = 1").await;
    let path = format!("/api/v1/account/phones/{}", phone.body["id"].as_str().unwrap());
    bob.ask("PATCH", &path, json!({"enabled": false})).await.is_problem(409, "is_primary");
    bob.ask("DELETE", &path, json!({})).await.is_problem(409, "is_primary");
    assert_eq!(ann.ask("PATCH", &project, json!({"primary_account_id": ann_id})).await.status, 200);
    assert_eq!(bob.ask("DELETE", &path, json!({})).await.status, 204);
    assert_eq!(bob.post("/api/v1/organization/leave", json!({})).await.status, 204);
}

#[tokio::test]
async fn phones_have_an_order_and_a_switch() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let mut ids = Vec::new();
    for number in ["+380501234561", "+380501234562", "+380501234563"] {
        let added = ann.post("/api/v1/account/phones", json!({ "number": number })).await;
        assert_eq!(added.status, 201, "{}", added.body);
        ids.push(added.body["id"].as_str().unwrap().to_owned());
    }
    let add = async |number: &str| ann.post("/api/v1/account/phones", json!({ "number": number })).await;
    add("+380501234561").await.is_problem(409, "phone_taken");
    // Nobody's phone, and numbers that are never called.
    for number in ["", "112", "+380", "0501234567", "+4414", "+380501234561;ext=2"] {
        add(number).await.is_problem(422, "number_forbidden");
    }
    let path = |id: &str| format!("/api/v1/account/phones/{id}");
    let moved = ann.ask("PATCH", &path(&ids[2]), json!({"position": 0, "enabled": false})).await;
    assert_eq!((moved.status, &moved.body["enabled"]), (200, &json!(false)));
    let listed = ann.get("/api/v1/account/phones").await;
    assert_eq!(words(&listed.body, "number"), ["+380501234563", "+380501234561", "+380501234562"]);
    ann.ask("PATCH", &path(&ids[0]), json!({"position": 10})).await.is_problem(422, "bad_value");
    for last in 4..=9 {
        assert_eq!(add(&format!("+38050123457{last}")).await.status, 201);
    }
    assert_eq!(add("+380501234580").await.status, 201);
    add("+380501234581").await.is_problem(409, "too_many");
    assert_eq!(templates(&plane, ANN).await, Vec::<String>::new());
}
