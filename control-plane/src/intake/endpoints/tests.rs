//! Endpoints in the database.

use super::*;
use crate::intake::Rate;
use crate::{
    dispatch::Nudge,
    intake::Intake,
    routing::testing::{SHOP, acme},
    store::testing,
};
use serde_json::json;
use uuid::Uuid;

const LOCKED: EndpointId = EndpointId::new(Uuid::from_u128(0x10c));
const FREE: EndpointId = EndpointId::new(Uuid::from_u128(0xf3e));

#[tokio::test]
async fn applying_an_endpoint_again_changes_nothing() {
    let store = testing::store().await;
    store
        .write(|tx| {
            acme(tx)?;
            let other = ProjectId::new(Uuid::from_u128(3));
            tx.execute(
                "INSERT INTO projects (id, org_id, slug, primary_account_id, policy, created_at)
                 SELECT $1, org_id, 'crm', primary_account_id, policy, created_at FROM projects",
                &[&other],
            )?;
            let changes = [
                (SHOP, None, None, true),
                (SHOP, None, None, false),
                (SHOP, Some("open sesame"), None, true),
                (SHOP, Some("open sesame"), None, false),
                (SHOP, Some("open sesame"), Some("default"), true),
                (SHOP, Some("open barley"), Some("default"), true),
                (other, Some("open barley"), Some("default"), true),
                (other, None, None, true),
            ];
            for (project, key, scenario, changes) in changes {
                assert_eq!(
                    apply_endpoint(tx, FREE, project, key, scenario)?,
                    changes,
                    "{key:?} {scenario:?}"
                );
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn an_endpoint_opens_to_its_key_alone() {
    let store = testing::store().await;
    store
        .write(|tx| {
            acme(tx)?;
            apply_endpoint(tx, LOCKED, SHOP, Some("open sesame"), None)?;
            apply_endpoint(tx, FREE, SHOP, None, None)
        })
        .await
        .unwrap();
    let intake = Intake::new(store.clone(), Nudge::default(), Rate::default());
    for (id, key, opens) in [
        (LOCKED, Some("open sesame"), true),
        (LOCKED, Some("open barley"), false),
        (LOCKED, Some(""), false),
        (LOCKED, None, false),
        (FREE, None, true),
        (FREE, Some("whatever"), true),
    ] {
        match intake.open(Address::first_of(id), key).await {
            Ok(endpoint) => assert!(opens && endpoint.id == id, "{key:?}"),
            Err(IntakeError::WrongKey) => assert!(!opens, "{key:?}"),
            Err(error) => panic!("{key:?}: {error}"),
        }
    }
    let unknown = intake.open(Address::first_of(EndpointId::new(Uuid::nil())), Some("open sesame")).await;
    assert!(matches!(unknown, Err(IntakeError::UnknownEndpoint)));
}

#[tokio::test]
async fn the_key_is_stored_hashed_and_the_id_is_not_shown() {
    let store = testing::store().await;
    store
        .write(|tx| {
            acme(tx)?;
            apply_endpoint(tx, LOCKED, SHOP, Some("open sesame"), None)
        })
        .await
        .unwrap();
    let hash = store
        .read(|tx| tx.row("SELECT alert_key_hash FROM endpoints", &[], |row| row.get::<String>(0)))
        .await;
    assert_eq!(hash.unwrap().unwrap(), secret::hash_of("open sesame"));
    let endpoint = Intake::new(store.clone(), Nudge::default(), Rate::default())
        .open(Address::first_of(LOCKED), Some("open sesame"))
        .await
        .unwrap();
    assert!(!format!("{endpoint:?}").contains(&LOCKED.to_string()));
}

#[tokio::test]
async fn an_endpoint_brings_its_scenario_along() {
    let store = testing::store().await;
    let rules: Scenario = serde_json::from_value(json!({"rule": [{"action": {"do": "call_all"}}]})).unwrap();
    let kept = rules.clone();
    store
        .write(move |tx| {
            acme(tx)?;
            scenarios::apply_scenario(tx, SHOP, "loud", &kept)?;
            apply_endpoint(tx, LOCKED, SHOP, None, Some("loud"))?;
            apply_endpoint(tx, FREE, SHOP, None, Some("gone"))
        })
        .await
        .unwrap();
    let intake = Intake::new(store.clone(), Nudge::default(), Rate::default());
    assert_eq!(intake.open(Address::first_of(LOCKED), None).await.unwrap().scenario, rules);
    assert_eq!(intake.open(Address::first_of(FREE), None).await.unwrap().scenario, Scenario::default());
}
