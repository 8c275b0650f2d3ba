//! Scenarios in the database, and whom they call.

use super::*;
use crate::{
    routing::testing::{ADA, BOB, DEE, ORG, SHOP, acme},
    store::testing,
};
use serde_json::json;
use shared::ids::AccountId;

fn suppressing() -> Scenario {
    serde_json::from_value(json!({"rule": [{"action": {"do": "suppress"}}]})).unwrap()
}

#[tokio::test]
async fn a_scenario_is_kept_and_applying_it_again_changes_nothing() {
    let store = testing::store().await;
    store
        .write(|tx| {
            acme(tx)?;
            assert_eq!(scenario(tx, SHOP, "default")?, None);
            assert!(apply_scenario(tx, SHOP, "default", &suppressing())?);
            assert!(!apply_scenario(tx, SHOP, "default", &suppressing())?);
            assert_eq!(scenario(tx, SHOP, "default")?, Some(suppressing()));
            assert!(apply_scenario(tx, SHOP, "default", &Scenario::default())?);
            assert_eq!(scenario(tx, SHOP, "default")?, Some(Scenario::default()));
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn rules_that_cannot_be_read_any_more_lose_no_alert() {
    let store = testing::store().await;
    store
        .write(|tx| {
            acme(tx)?;
            apply_scenario(tx, SHOP, "default", &suppressing())?;
            tx.execute("UPDATE scenarios SET rules = '{\"rule\":[{}]}'", &[])?;
            assert_eq!(scenario(tx, SHOP, "default")?, None);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn an_action_calls_whom_it_says_and_never_nobody() {
    let store = testing::store().await;
    let shop = Project { id: SHOP, org_id: ORG, slug: "shop".into(), primary: ADA, policy: "{}".into() };
    let member = |member: &str| Action::CallMember { member: member.into() };
    let nights = Action::CallOnSchedule { schedule: "nights".into() };
    let cases: [(Action, &[AccountId]); 8] = [
        (Action::CallPrimary, &[ADA]),
        // Cy shares Ada's phone, Dee has none, Eve only looks on.
        (Action::CallAll, &[ADA, BOB]),
        (Action::CallProject, &[ADA, BOB]),
        (member("bob@example.com"), &[BOB]),
        (member("gone@example.com"), &[ADA]),
        (member("dee@example.com"), &[DEE, ADA]),
        (nights, &[ADA]),
        (Action::Suppress, &[]),
    ];
    store
        .write(move |tx| {
            acme(tx)?;
            for (action, called) in cases {
                let found: Vec<_> =
                    callees(tx, &action, &shop)?.into_iter().map(|it| it.account_id).collect();
                assert_eq!(found, called, "{action:?}");
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}
