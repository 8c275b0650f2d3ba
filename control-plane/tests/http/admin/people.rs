//! Organizations, accounts and their sessions.

use super::{OPERATOR, Office};
use crate::{
    accounts::{owner_of, somebody, sql},
    plane::Plane,
};
use serde_json::{Value, json};

fn column(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn organizations_are_found_by_the_beginning_of_their_slug_with_what_they_called() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    for slug in ["acme-eu", "acme-us", "zeta", "gone"] {
        owner_of(&plane, &format!("owner@{slug}.example.com"), slug).await;
    }
    sql(&plane, "UPDATE orgs SET deleted_at = 1 WHERE slug = 'gone'").await;
    assert_eq!(
        column(&office.reads_all("/organizations").await, "slug"),
        ["acme", "acme-eu", "acme-us", "zeta"]
    );
    let found = office.reads_all("/organizations?q=ACME").await;
    assert_eq!(column(&found, "slug"), ["acme", "acme-eu", "acme-us"]);
    assert!(office.reads_all("/organizations?q=_cme").await.is_empty(), "a sign means itself");
    assert!(office.reads_all("/organizations?q=%25").await.is_empty());

    // The same again within its cooldown is held back.
    for severity in ["warning", "warning"] {
        let body = json!({"severity": severity, "message": "disk 91%"}).to_string();
        assert_eq!(plane.send("POST", &plane.hook(), body).await.status, 202);
    }
    let acme = office.reads("/organizations?q=acme&limit=1").await["items"][0].clone();
    assert_eq!((&acme["members"], &acme["projects"]), (&json!(1), &json!(1)), "{acme}");
    let counted = (acme["calls_24h"].as_u64().unwrap(), acme["blocked_24h"].as_u64().unwrap());
    assert!(counted.0 >= 1 && counted.1 < counted.0, "{acme}");
    sql(&plane, "UPDATE calls SET created_at = 1").await;
    let path = format!("/organizations/{}", acme["id"].as_str().unwrap());
    let detail = office.reads(&path).await;
    assert_eq!((&detail["calls_24h"], &detail["slug"]), (&json!(0), &json!("acme")), "{detail}");
    assert_eq!(detail["projects"][0]["slug"], "shop", "{detail}");
    let member = &detail["members"][0];
    assert_eq!(
        (&member["email"], &member["role"]),
        (&json!("oncall@example.com"), &json!("owner")),
        "{member}"
    );
    for nobody in ["0198c0de-0000-7000-8000-000000000000", "x"] {
        office
            .asks("GET", &format!("/organizations/{nobody}"), Value::Null)
            .await
            .is_problem(404, "unknown_organization");
    }
}

#[tokio::test]
async fn accounts_are_found_by_the_beginning_of_their_address() {
    let plane = Plane::provisioned().await;
    let office = Office::of(&plane).await;
    for email in ["ann@example.com", "ann_b@example.com", "annxb@example.com"] {
        somebody(&plane, email).await;
    }
    let found = office.reads_all("/accounts?q=Ann").await;
    assert_eq!(column(&found, "email"), ["ann@example.com", "ann_b@example.com", "annxb@example.com"]);
    assert_eq!(column(&office.reads_all("/accounts?q=ann_").await, "email"), ["ann_b@example.com"]);
    assert_eq!(office.reads_all("/accounts").await.len(), 5);
    let operator = office.reads("/accounts?q=operator").await["items"][0].clone();
    assert_eq!((&operator["email"], &operator["operator"]), (&json!(OPERATOR), &json!(true)), "{operator}");
    assert_eq!((&operator["second_factor"], operator["last_seen_at"].is_string()), (&json!(true), true));

    let oncall = office.reads("/accounts?q=oncall").await["items"][0].clone();
    assert_eq!((&oncall["verified"], &oncall["last_seen_at"]), (&json!(false), &Value::Null), "{oncall}");
    let detail = office.reads(&format!("/accounts/{}", oncall["id"].as_str().unwrap())).await;
    assert_eq!(detail["organizations"][0]["slug"], "acme", "{detail}");
    assert_eq!(
        (&detail["phones"][0]["number"], &detail["sessions"]),
        (&json!("…4567"), &json!(0)),
        "{detail}"
    );
    assert!(!detail.to_string().contains("+380501234567"), "{detail}");
    office.asks("GET", "/accounts/x", Value::Null).await.is_problem(404, "unknown_account");
}

#[tokio::test]
async fn whose_sessions_are_ended_is_signed_in_nowhere_and_reads_who_did_it() {
    let plane = Plane::empty().await;
    let office = Office::of(&plane).await;
    let (mut ann, bob) =
        (somebody(&plane, "ann@example.com").await, somebody(&plane, "bob@example.com").await);
    let other = ann.twin();
    ann.sign_in("ann@example.com", crate::accounts::PASSWORD).await;
    let id = office.reads("/accounts?q=ann").await["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(office.reads(&format!("/accounts/{id}")).await["sessions"], 2);
    office.does("DELETE", &format!("/accounts/{id}/sessions"), json!({}), 204).await;
    assert!(!ann.is_signed_in().await && !other.is_signed_in().await);
    assert!(bob.is_signed_in().await);
    let deed = office.last_deed("session.revoked").await;
    assert_eq!((&deed["subject"], &deed["after"]["sessions"]), (&json!(id), &json!(2)), "{deed}");
    ann.sign_in("ann@example.com", crate::accounts::PASSWORD).await;
    let log = ann.get("/api/v1/account/audit?action=session.revoked").await;
    assert_eq!(log.body["items"][0]["actor_kind"], "operator", "{}", log.body);
    assert_eq!(log.body["items"][0]["ip"], Value::Null, "where operators are is theirs");
    let nobody = "/accounts/0198c0de-0000-7000-8000-000000000000/sessions";
    office.asks("DELETE", nobody, json!({})).await.is_problem(404, "unknown_account");
}
