//! The log as it is read.

use super::*;
use crate::{
    accounts::orgs,
    store::testing::{TestStore, store},
};
use serde_json::json;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

async fn two_orgs(store: &TestStore) -> [OrgId; 2] {
    let make = |slug| store.write(move |tx| orgs::apply_org(tx, slug, "Name", "UTC", at(0)));
    [make("acme").await.unwrap().0, make("other").await.unwrap().0]
}

fn entry(org: OrgId, deed: Deed, actor: Who) -> Entry<'static> {
    Entry {
        actor: Actor { who: actor, remote: HERE },
        org: Some(org),
        account: None,
        deed,
        subject: &"thing",
        before: Some(json!({"name": "old"})),
        after: Some(json!({"name": "new"})),
    }
}

fn all_of(org: OrgId) -> Filter {
    let log = Log::Of(org);
    Filter { log, actor: None, deed: None, subject: None, since: None, until: None, before: None, limit: 50 }
}

async fn deeds(store: &TestStore, filter: Filter) -> Vec<String> {
    let (rows, _) = store.read(move |tx| page(tx, &filter)).await.unwrap();
    rows.into_iter().map(|row| row.deed).collect()
}

#[tokio::test]
async fn an_organization_sees_what_was_done_in_it_newest_first_and_nothing_else() {
    let store = store().await;
    let [acme, other] = two_orgs(&store).await;
    let key = ApiKeyId::new(Uuid::from_u128(5));
    store
        .write(move |tx| {
            record(tx, &entry(acme, Deed::ProjectCreated, Who::Nobody), at(1))?;
            record(tx, &entry(other, Deed::ProjectDeleted, Who::Nobody), at(2))?;
            record(tx, &entry(acme, Deed::AlertClosed, Who::ApiKey(key)), at(3))
        })
        .await
        .unwrap();
    assert_eq!(deeds(&store, all_of(acme)).await, ["alert.closed", "project.created"]);
    assert_eq!(deeds(&store, Filter { log: Log::All, ..all_of(acme) }).await.len(), 3);
    let only = |change: fn(&mut Filter)| {
        let mut filter = all_of(acme);
        change(&mut filter);
        deeds(&store, filter)
    };
    assert_eq!(only(|filter| filter.deed = Some(Deed::ProjectCreated)).await, ["project.created"]);
    assert_eq!(only(|filter| filter.actor = Some(Uuid::from_u128(5))).await, ["alert.closed"]);
    assert_eq!(only(|filter| filter.since = Some(at(2))).await, ["alert.closed"]);
    assert_eq!(only(|filter| filter.until = Some(at(2))).await, ["project.created"]);
    assert!(only(|filter| filter.subject = Some("nothing".into())).await.is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let store = store().await;
    let [acme, _] = two_orgs(&store).await;
    for second in 0..5 {
        let write = move |tx: &mut Tx<'_>| record(tx, &entry(acme, Deed::Invited, Who::Nobody), at(second));
        store.write(write).await.unwrap();
    }
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let filter = Filter { before, limit: 2, ..all_of(acme) };
        let (rows, next) = store.read(move |tx| page(tx, &filter)).await.unwrap();
        seen.extend(rows.into_iter().map(|row| row.at));
        match next {
            Some(next) => before = Some(next.parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, [4, 3, 2, 1, 0].map(at));
}

#[test]
fn every_deed_has_a_word_of_its_own_and_is_read_back() {
    for deed in Deed::ALL {
        assert_eq!(deed.as_str().parse(), Ok(*deed));
        assert!(deed.as_str().contains('.'));
    }
}

#[test]
fn a_change_is_told_by_what_it_made_different() {
    let before = json!({"slug": "shop", "policy": {"redials": 5, "ring_seconds": 30}, "scenario": null});
    let after = json!({"slug": "shop", "policy": {"redials": 2, "ring_seconds": 30}, "scenario": "night"});
    let told = (
        json!({"policy": {"redials": 5}, "scenario": null}),
        json!({"policy": {"redials": 2}, "scenario": "night"}),
    );
    assert_eq!(difference(before.clone(), after), Some(told));
    assert_eq!(difference(before.clone(), before), None);
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_no_row() {
    let store = store().await;
    let [acme, _] = two_orgs(&store).await;
    let change = |to: &'static str| {
        store.write(move |tx| {
            let entry = entry(acme, Deed::ProjectChanged, Who::Nobody);
            record_change(tx, entry, json!({"slug": "shop"}), json!({ "slug": to }), at(1))
        })
    };
    change("shop").await.unwrap();
    assert!(deeds(&store, all_of(acme)).await.is_empty());
    change("store").await.unwrap();
    assert_eq!(deeds(&store, all_of(acme)).await, ["project.changed"]);
}

#[test]
fn ids_are_in_the_order_of_time_to_the_microsecond() {
    let moments =
        [0, 1, 999, 1000, 1001, 1_700_000_000_000_000, 1_700_000_000_000_001].map(Timestamp::from_micros);
    for pair in moments.windows(2) {
        assert!(id_of(pair[0], 0) <= id_of(pair[0], 1) && id_of(pair[0], u64::MAX) < id_of(pair[1], 0));
        assert_eq!(id_of(pair[1], 7).get_version_num(), 7);
    }
}

#[tokio::test]
async fn a_page_of_the_log_reads_the_rows_between_its_bounds_alone() {
    let store = store().await;
    for (sql, index) in [
        (OF_ORG, "audit_log_by_org (org_id=? AND id>? AND id<?)"),
        (OF_ORG_BY_SUBJECT, "audit_log_by_subject (org_id=? AND subject=? AND id>? AND id<?)"),
        (OF_ORG_BY_ACTOR, "audit_log_by_actor (org_id=? AND actor=? AND id>? AND id<?)"),
        (OF_ORG_BY_ACTION, "audit_log_by_action (org_id=? AND action=? AND id>? AND id<?)"),
        (OF_ACCOUNT, "audit_log_by_account (account_id=? AND id>? AND id<?)"),
    ] {
        let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
        let plan = store.read(move |tx| {
            let none: Option<String> = None;
            let params: [&dyn ToValue; 7] = [&"whose", &"g", &"", &none, &none, &none, &1i64];
            tx.rows(sql, &params, |row| row.get::<String>(3))
        });
        let plan = plan.await.unwrap().join("; ");
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[tokio::test]
async fn what_is_counted_is_looked_up_by_what_was_done() {
    let store = store().await;
    let sql: &'static str = format!("EXPLAIN QUERY PLAN {OF_NOBODYS}").leak();
    let plan = store.read(move |tx| tx.rows(sql, &[&"x", &""], |row| row.get::<String>(3)));
    let plan = plan.await.unwrap().join("; ");
    assert!(plan.contains("audit_log_by_action (org_id=? AND action=? AND id>?)"), "{plan}");
}
