//! People, phones and projects as stories.

use super::*;
use crate::{
    accounts::{
        Applied, account,
        members::{Role, apply_member, remove},
        orgs::apply_org,
        phones::{PhonesSet, set_phones},
        projects::{apply_project, project},
    },
    store::testing,
};

const FIRST: &str = "+380501234567";
const SECOND: &str = "+447400123456";

fn now() -> Timestamp {
    Timestamp::from_micros(1)
}

fn person(tx: &mut Tx<'_>, org: OrgId, email: &str, role: Role, phones: &[&str]) -> AccountId {
    let account = apply_account(tx, &email.parse().unwrap(), now()).unwrap();
    apply_member(tx, org, account, role, now()).unwrap();
    set(tx, account, phones);
    account
}

fn set(tx: &mut Tx<'_>, account: AccountId, phones: &[&str]) -> PhonesSet {
    let phones: Vec<_> = phones.iter().map(|phone| phone.parse().unwrap()).collect();
    set_phones(tx, account, &phones, now()).unwrap()
}

/// Runs a story in one transaction.
async fn told(story: impl FnOnce(&mut Tx<'_>, OrgId) + Send + 'static) {
    let store = testing::store().await;
    let unit = move |tx: &mut Tx<'_>| {
        let (org, _) = apply_org(tx, "acme", "Acme", "UTC", now())?;
        story(tx, org);
        Ok::<_, StoreError>(())
    };
    store.write(unit).await.unwrap();
}

#[tokio::test]
async fn everybody_who_is_not_a_viewer_and_has_a_phone_is_called_in_order_of_email() {
    told(|tx, org| {
        let zoe = person(tx, org, "zoe@example.com", Role::Owner, &[SECOND, FIRST]);
        let ann = person(tx, org, "ann@example.com", Role::Member, &[FIRST]);
        person(tx, org, "viewer@example.com", Role::Viewer, &[FIRST]);
        person(tx, org, "silent@example.com", Role::Admin, &[]);
        let (other, _) = apply_org(tx, "other", "Other", "UTC", now()).unwrap();
        person(tx, other, "bob@example.com", Role::Owner, &[FIRST]);
        let called = callees(tx, org).unwrap();
        assert_eq!(
            called,
            [
                Callee { account_id: ann, phone: Some(FIRST.into()) },
                Callee { account_id: zoe, phone: Some(SECOND.into()) },
            ]
        );
        assert!(!format!("{called:?}").contains(FIRST));
    })
    .await;
}

#[tokio::test]
async fn a_phone_that_cannot_be_read_keeps_nobody_else_from_being_called_and_is_not_passed_over() {
    told(|tx, org| {
        let ann = person(tx, org, "ann@example.com", Role::Member, &[FIRST]);
        let zoe = person(tx, org, "zoe@example.com", Role::Owner, &[SECOND]);
        let bob = person(tx, org, "bob@example.com", Role::Member, &[FIRST, SECOND]);
        let damage = "UPDATE phones SET e164 = x'00' WHERE e164 = '+380501234567'";
        assert_eq!(tx.execute(damage, &[]).unwrap(), 2);
        let expected = [(ann, None), (bob, Some(SECOND)), (zoe, Some(SECOND))]
            .map(|(account_id, phone)| Callee { account_id, phone: phone.map(str::to_owned) });
        assert_eq!(callees(tx, org).unwrap(), expected);
        for callee_then in expected {
            assert_eq!(callee(tx, callee_then.account_id).unwrap(), callee_then);
        }
    })
    .await;
}

#[tokio::test]
async fn a_member_is_found_by_email_within_their_organization() {
    told(|tx, org| {
        let ann = person(tx, org, "Ann@Example.com", Role::Member, &[]);
        let (other, _) = apply_org(tx, "other", "Other", "UTC", now()).unwrap();
        assert_eq!(member(tx, org, "ANN@example.com").unwrap(), Some(ann));
        assert_eq!(member(tx, other, "ann@example.com").unwrap(), None);
        assert_eq!(callee(tx, ann).unwrap(), Callee { account_id: ann, phone: None });
    })
    .await;
}

#[tokio::test]
async fn the_listed_phones_are_rung_in_their_order_and_others_no_more() {
    told(|tx, org| {
        let ann = person(tx, org, "ann@example.com", Role::Member, &[FIRST]);
        let changes = |added, updated, disabled| PhonesSet { added, updated, disabled };
        let mut rung = |phones: &[&str]| (set(tx, ann, phones), callee(tx, ann).unwrap().phone);
        assert_eq!(rung(&[FIRST]), (changes(0, 0, 0), Some(FIRST.into())), "nothing to change");
        assert_eq!(rung(&[SECOND, FIRST]), (changes(1, 1, 0), Some(SECOND.into())), "a new primary");
        assert_eq!(rung(&[FIRST]), (changes(0, 1, 1), Some(FIRST.into())), "one less");
        assert_eq!(rung(&[]), (changes(0, 0, 1), None), "none at all");
        assert_eq!(rung(&[SECOND]), (changes(0, 1, 0), Some(SECOND.into())), "one that was disabled");
        let rows = tx.rows("SELECT e164, enabled, position FROM phones ORDER BY position", &[], |row| {
            Ok((row.get::<String>(0)?, row.get::<bool>(1)?, row.get::<i64>(2)?))
        });
        let kept = [(SECOND.to_owned(), true, 0), (FIRST.to_owned(), false, 1)];
        assert_eq!(rows.unwrap(), kept, "no phone is deleted");
    })
    .await;
}

#[tokio::test]
async fn applying_twice_changes_nothing() {
    told(|tx, org| {
        assert_eq!(apply_org(tx, "acme", "Acme", "UTC", now()).unwrap(), (org, Applied::Unchanged));
        assert_eq!(apply_org(tx, "acme", "ACME", "UTC", now()).unwrap(), (org, Applied::Updated));
        let ann = person(tx, org, "ann@example.com", Role::Member, &[]);
        assert_eq!(apply_member(tx, org, ann, Role::Member, now()).unwrap(), Applied::Unchanged);
        assert_eq!(apply_member(tx, org, ann, Role::Owner, now()).unwrap(), Applied::Updated);
        let (shop, applied) = apply_project(tx, org, "shop", ann, "{}", now()).unwrap();
        assert_eq!(applied, Applied::Created);
        for (policy, applied) in [("{}", Applied::Unchanged), (r#"{"redials":1}"#, Applied::Updated)] {
            assert_eq!(apply_project(tx, org, "shop", ann, policy, now()).unwrap(), (shop, applied));
        }
        let found = project(tx, shop).unwrap().expect("the project");
        assert_eq!((found.org_id, found.slug.as_str(), found.primary), (org, "shop", ann));
    })
    .await;
}

#[tokio::test]
async fn a_member_is_found_by_the_address_of_before_unless_another_has_it_now() {
    told(|tx, org| {
        let ann = person(tx, org, "ann@example.com", Role::Member, &[FIRST]);
        let (old, new) = ("ann@example.com".parse().unwrap(), "ann@example.org".parse().unwrap());
        assert!(account::change_email(tx, ann, &new, now()).unwrap());
        for address in ["ann@example.org", "Ann@Example.com"] {
            assert_eq!(member(tx, org, address).unwrap(), Some(ann), "{address}");
        }
        let (other, _) = apply_org(tx, "other", "Other", "UTC", now()).unwrap();
        assert_eq!(member(tx, other, "ann@example.com").unwrap(), None, "no member there");
        let heir = person(tx, org, "ann@example.com", Role::Member, &[SECOND]);
        assert_eq!(member(tx, org, "ann@example.com").unwrap(), Some(heir));
        assert!(!account::change_email(tx, ann, &old, now()).unwrap(), "it is another's");
        remove(tx, org, heir).unwrap();
        assert_eq!(member(tx, org, "ann@example.com").unwrap(), Some(ann));
        account::close(tx, ann, now()).unwrap();
        assert_eq!(member(tx, org, "ann@example.com").unwrap(), None);
    })
    .await;
}
