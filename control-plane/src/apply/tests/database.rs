//! What a file does to the database.

use super::{super::RowChanges, CONTRACT, apply};
use crate::{
    accounts::{orgs, people, projects},
    store::{
        Store, StoreError, Tx,
        testing::{self, TestStore},
    },
};
use shared::{
    ids::{OrgId, ProjectId},
    time::Timestamp,
};

const PEOPLE: &str = r#"
[[org]]
slug = "acme"
[[org.member]]
email = "oncall@example.com"
role = "owner"
phones = ["+380501234567", "+380631234567"]
[[org.project]]
slug = "shop"
primary = "oncall@example.com"
[[org]]
slug = "beta"
[[org.member]]
email = "oncall@example.com"
role = "viewer"
[[pbx]]
name = "pbx-1"
"#;

async fn applied(store: &Store, text: &str) -> serde_json::Value {
    serde_json::to_value(apply(store, "apply.toml", text).await.unwrap()).unwrap()
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    store.read(move |tx| tx.row(sql, &[], |row| row.get(0))).await.unwrap().unwrap()
}

/// The phone that the project's primary is rung on.
async fn rung(store: &Store) -> Option<String> {
    let unit = |tx: &mut Tx<'_>| {
        let primary = tx.row("SELECT primary_account_id FROM projects", &[], |row| row.get(0))?;
        people::callee(tx, primary.expect("a project"))
    };
    store.read::<_, StoreError>(unit).await.unwrap().phone
}

async fn nothing_changes(store: &Store, text: &str) {
    let nothing = serde_json::json!({
        "changed": false,
        "orgs": {"created": [], "updated": []},
        "members": {"created": [], "updated": []},
        "phones": {"created": 0, "updated": 0, "disabled": 0},
        "projects": {"created": [], "updated": []},
        "scenarios": {"created": [], "updated": []},
        "endpoints": {"created": [], "updated": []},
        "pbxs": {"created": [], "updated": []},
    });
    assert_eq!(applied(store, text).await, nothing);
}

#[tokio::test]
async fn people_projects_and_pbxs_are_made_once() {
    let store = testing::store().await;
    let changes = apply(&store, "apply.toml", PEOPLE).await.unwrap();
    assert!(changes.changed);
    assert_eq!(changes.orgs, created(&["acme", "beta"]));
    assert_eq!(changes.members, created(&["acme/oncall@example.com", "beta/oncall@example.com"]));
    assert_eq!((changes.phones.created, changes.phones.disabled), (2, 0));
    assert_eq!(changes.projects, created(&["acme/shop"]));
    assert_eq!(changes.pbxs, created(&["pbx-1"]));
    assert_eq!(rung(&store).await.as_deref(), Some("+380501234567"));
    assert_eq!(count(&store, "SELECT COUNT(*) FROM accounts").await, 1, "one person in two organizations");
    nothing_changes(&store, PEOPLE).await;
}

fn created(names: &[&str]) -> RowChanges {
    RowChanges { created: names.iter().map(|name| (*name).to_owned()).collect(), updated: Vec::new() }
}

#[tokio::test]
async fn what_differs_is_brought_up_to_date_and_what_is_not_named_stays() {
    let store = testing::store().await;
    applied(&store, PEOPLE).await;
    let changed = r#"
[[org]]
slug = "acme"
name = "Acme"
[[org.member]]
email = "oncall@example.com"
role = "admin"
phones = ["+380631234567"]
[[org.project]]
slug = "shop"
primary = "oncall@example.com"
policy = { redials = 1 }
[[pbx]]
name = "pbx-1"
region = "eu"
"#;
    let changes = applied(&store, changed).await;
    for (what, name) in [
        ("orgs", "acme"),
        ("members", "acme/oncall@example.com"),
        ("projects", "acme/shop"),
        ("pbxs", "pbx-1"),
    ] {
        assert_eq!(changes[what], serde_json::json!({"created": [], "updated": [name]}));
    }
    assert_eq!(changes["phones"], serde_json::json!({"created": 0, "updated": 1, "disabled": 1}));
    assert_eq!(rung(&store).await.as_deref(), Some("+380631234567"));
    assert_eq!(count(&store, "SELECT COUNT(*) FROM phones").await, 2, "a phone is disabled, not deleted");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM orgs").await, 2, "the other organization stays");
    nothing_changes(&store, changed).await;
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing() {
    let store = testing::store().await;
    let broken = PEOPLE.replace("name = \"pbx-1\"", "name = \"pbx 1\"");
    let error = apply(&store, "apply.toml", &broken).await.unwrap_err();
    assert!(error.to_string().starts_with("apply.toml:17: pbx.name: "), "{error}");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM orgs").await, 0);
}

async fn with_the_contracts_example() -> TestStore {
    let store = testing::store().await;
    let changes = applied(&store, CONTRACT).await;
    assert_eq!(changes["scenarios"]["created"], serde_json::json!(["acme/shop/default"]));
    assert_eq!(changes["endpoints"]["created"], serde_json::json!(["acme/shop/6c1f6f1e"]));
    store
}

#[tokio::test]
async fn the_contracts_example_applies_and_then_changes_nothing() {
    let store = with_the_contracts_example().await;
    nothing_changes(&store, CONTRACT).await;
    let changes = applied(&store, &CONTRACT.replace("call_primary", "call_all")).await;
    assert_eq!(changes["scenarios"]["updated"], serde_json::json!(["acme/shop/default"]));
    let changes = applied(&store, &CONTRACT.replace("second secret", "other secret")).await;
    assert_eq!(changes["endpoints"]["updated"], serde_json::json!(["acme/shop/6c1f6f1e"]));
}

#[tokio::test]
async fn an_endpoint_stays_with_its_project() {
    let store = with_the_contracts_example().await;
    let moved = CONTRACT.replace("slug = \"acme\"", "slug = \"beta\"");
    let error = apply(&store, "apply.toml", &moved).await.unwrap_err().to_string();
    let says = "apply.toml:21: org.project.endpoint.id: this endpoint belongs to acme/shop";
    assert!(error.starts_with(says), "{error}");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM orgs").await, 1, "nothing of the file is kept");
    nothing_changes(&store, CONTRACT).await;
}

/// Somebody deletes it over the API; then the file is applied again.
async fn deleted(store: &TestStore, what: fn(&mut Tx<'_>, OrgId, ProjectId) -> Result<(), StoreError>) {
    let unit = move |tx: &mut Tx<'_>| {
        let found = tx.row("SELECT org_id, id FROM projects WHERE deleted_at IS NULL", &[], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let (org, project) = found.expect("a project");
        what(tx, org, project)
    };
    store.write(unit).await.unwrap();
}

#[tokio::test]
async fn what_was_deleted_and_the_file_names_is_there_again_with_its_history() {
    let store = with_the_contracts_example().await;
    deleted(&store, |tx, org, project| projects::delete(tx, org, project, Timestamp::now())).await;
    let changes = applied(&store, CONTRACT).await;
    assert_eq!(changes["projects"]["created"], serde_json::json!(["acme/shop"]));
    nothing_changes(&store, CONTRACT).await;
    assert_eq!(count(&store, "SELECT COUNT(*) FROM projects").await, 1, "it is the one that it was");
    deleted(&store, |tx, org, _| orgs::delete(tx, org, Timestamp::now())).await;
    assert_eq!(count(&store, "SELECT COUNT(*) FROM memberships").await, 0);
    let changes = applied(&store, CONTRACT).await;
    assert_eq!(changes["orgs"]["created"], serde_json::json!(["acme"]));
    nothing_changes(&store, CONTRACT).await;
    assert_eq!(count(&store, "SELECT COUNT(*) FROM endpoints WHERE deleted_at IS NULL").await, 1);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM orgs").await, 1);
}

#[tokio::test]
async fn the_endpoint_of_a_project_whose_slug_another_has_by_now_is_refused_by_the_name_it_had() {
    let store = with_the_contracts_example().await;
    deleted(&store, |tx, org, project| {
        projects::delete(tx, org, project, Timestamp::now())?;
        let primary = people::apply_account(tx, &"oncall@example.com".parse().unwrap(), Timestamp::now())?;
        projects::create(tx, org, "shop", primary, "{}", Timestamp::now()).map(drop)
    })
    .await;
    let error = apply(&store, "apply.toml", CONTRACT).await.unwrap_err().to_string();
    assert!(error.contains("this endpoint belongs to acme/shop, where"), "{error}");
}

#[tokio::test]
async fn a_strangers_organization_of_the_same_slug_is_governed_only_where_the_file_says_so() {
    let store = testing::store().await;
    let strange = |tx: &mut Tx<'_>| {
        let by = people::apply_account(tx, &"mallory@example.com".parse().unwrap(), Timestamp::now())?;
        let new = orgs::New { slug: "acme", name: "Not acme", timezone: "UTC", by };
        orgs::create(tx, &new, Timestamp::now()).map(drop)
    };
    store.write(strange).await.unwrap();
    let error = apply(&store, "apply.toml", CONTRACT).await.unwrap_err().to_string();
    assert!(error.starts_with("apply.toml:3: org.slug: mallory@example.com made"), "{error}");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM memberships").await, 0);
    let knowing = CONTRACT.replace("slug = \"acme\"", "slug = \"acme\"\nadopt = true");
    assert_eq!(applied(&store, &knowing).await["orgs"]["updated"], serde_json::json!(["acme"]));
    nothing_changes(&store, &knowing).await;
    nothing_changes(&store, CONTRACT).await;
    deleted(&store, |tx, org, _| orgs::delete(tx, org, Timestamp::now())).await;
    assert_eq!(applied(&store, CONTRACT).await["orgs"]["created"], serde_json::json!(["acme"]));
    // Whoever owns it gives it another name: the file of another customer does not govern it unawares.
    deleted(&store, |tx, org, _| {
        let by = people::apply_account(tx, &"mallory@example.com".parse().unwrap(), Timestamp::now())?;
        orgs::change(tx, org, "beta", "Beta", "UTC", by).map(drop)
    })
    .await;
    let beta = CONTRACT.replace("slug = \"acme\"", "slug = \"beta\"");
    let error = apply(&store, "apply.toml", &beta).await.unwrap_err().to_string();
    assert!(error.starts_with("apply.toml:3: org.slug: mallory@example.com made"), "{error}");
    let error = apply(&store, "apply.toml", &knowing.replace("adopt = true", "adopt = 1")).await.unwrap_err();
    assert!(error.to_string().contains("org.adopt: is true or false, not a number"), "{error}");
}
