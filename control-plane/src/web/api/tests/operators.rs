//! The admin panel's part: open to operators alone, each change with the CSRF token, some with a fresh proof, none once
//! somebody is an operator no more.

use super::{Browser, PASSWORD, World, nowhere};
use crate::{
    accounts::{account, members::Role, people, second_factor, totp::Secret},
    store::StoreError,
    web::api::{
        ROUTES,
        table::{Access, Route},
    },
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::{collections::BTreeSet, sync::mpsc, time::Duration};
use uuid::Uuid;

const OPERATOR: &str = "operator@example.com";
/// Whoever signs in or out has stories of their own.
const SESSION: &str = "/api/admin/v1/session";

impl World {
    /// Somebody who runs the installation, signed in to the admin panel.
    async fn operator(&self) -> Browser<'_> {
        let made = self.store.write(|tx| {
            let now = Timestamp::now();
            let id = people::apply_account(tx, &OPERATOR.parse().unwrap(), now)?;
            account::make_operator(tx, id, now)?;
            let secret = second_factor::begin(tx, id, now)?.unwrap();
            let confirmed = second_factor::confirm(tx, id, &secret.code(now), now)?;
            assert!(confirmed.is_ok());
            Ok::<Secret, StoreError>(secret)
        });
        let secret = made.await.unwrap();
        self.give_passwords().await;
        let code = secret.code(Timestamp::now() + Duration::from_secs(30));
        let credentials = json!({"email": OPERATOR, "password": PASSWORD, "code": code});
        let (answer, cookies) = self.send("POST", SESSION, &[], &credentials).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let csrf = answer.body["csrf_token"].as_str().unwrap().to_owned();
        Browser { world: self, cookies: cookies.join("; "), csrf }
    }
}

/// The routes of operators, those aside by which they sign in and out.
fn of_operators() -> impl Iterator<Item = &'static Route> {
    let routes = ROUTES.iter().filter(|route| matches!(route.access, Access::Person(_)) && route.is_admin());
    routes.filter(|route| !route.path.starts_with(SESSION))
}

#[tokio::test]
async fn whoever_is_signed_in_to_the_portal_is_nobody_here() {
    let world = World::make().await;
    let owner = world.sign_in_as(Role::Owner).await;
    let renamed = owner.cookies.replace("__Host-cp_", "__Host-cp_admin_");
    for route in of_operators() {
        for cookies in [owner.cookies.as_str(), renamed.as_str()] {
            let headers = [("cookie", cookies), ("x-csrf-token", owner.csrf.as_str())];
            let (answer, _) = world.send(route.method, &nowhere(route), &headers, &json!({})).await;
            assert_eq!(answer.status, 401, "{} {}: {answer:?}", route.method, route.path);
        }
    }
    world.server.stop().await;
}

#[tokio::test]
async fn an_operator_is_let_in_everywhere_and_changes_nothing_without_the_csrf_token() {
    let world = World::make().await;
    let operator = world.operator().await;
    for route in of_operators() {
        let path = nowhere(route);
        let headers = [("cookie", operator.cookies.as_str())];
        let (answer, _) = world.send(route.method, &path, &headers, &json!({})).await;
        let seen = format!("{} {path}: {answer:?}", route.method);
        if route.changes() {
            assert_eq!((answer.status, answer.code.as_str()), (403, "wrong_csrf_token"), "{seen}");
            let answer = operator.send(route.method, &path, &json!({})).await;
            assert!(matches!(answer.status, 200..=299 | 400 | 404 | 409 | 422), "{seen} {answer:?}");
        } else {
            assert!(matches!(answer.status, 200 | 404), "{seen}");
        }
    }
    world.server.stop().await;
}

#[tokio::test]
async fn what_needs_a_proof_is_refused_five_minutes_after_it() {
    let world = World::make().await;
    let operator = world.operator().await;
    world.age_proofs().await;
    let mut asked = BTreeSet::new();
    for route in of_operators().filter(|route| route.proof) {
        let answer = operator.send(route.method, &nowhere(route), &json!({})).await;
        let seen = format!("{} {}: {answer:?}", route.method, route.path);
        assert_eq!((answer.status, answer.code.as_str()), (403, "proof_needed"), "{seen}");
        asked.insert(route.path);
    }
    for path in [
        "/api/admin/v1/pbxs/{id}/revoke",
        "/api/admin/v1/pbxs/{id}/enrolment-token",
        "/api/admin/v1/accounts/{id}/sessions",
    ] {
        assert!(asked.contains(path), "{path}");
    }
    world.server.stop().await;
}

/// What each route would be asked for that changes something.
fn changes(pbx: &str, account: &str, letter: &str) -> Vec<(&'static str, String, Value)> {
    let of_pbx = |rest: &str| format!("/api/admin/v1/pbxs/{pbx}{rest}");
    let incident = |rest: &str| format!("/api/admin/v1/incidents/{}{rest}", Uuid::nil());
    vec![
        ("POST", "/api/admin/v1/pbxs".into(), json!({"name": "pbx-2", "region": ""})),
        ("POST", of_pbx("/drain"), json!({"drained": true})),
        ("POST", of_pbx("/trunks/a/rest"), json!({"minutes": 5})),
        ("POST", of_pbx("/revoke"), json!({})),
        ("POST", of_pbx("/enrolment-token"), json!({})),
        ("DELETE", format!("/api/admin/v1/accounts/{account}/sessions"), json!({})),
        ("POST", "/api/admin/v1/do-not-call".into(), json!({"number": "+380501234567"})),
        ("DELETE", "/api/admin/v1/do-not-call/+380501234568".into(), json!({})),
        ("POST", format!("/api/admin/v1/letters/{letter}/retry"), json!({})),
        ("DELETE", "/api/admin/v1/suppressions/gone@example.com".into(), json!({})),
        (
            "POST",
            "/api/admin/v1/incidents".into(),
            json!({"title": "Calls are late", "impact": "minor", "text": "We look."}),
        ),
        ("PATCH", incident(""), json!({"impact": "major"})),
        ("POST", incident("/updates"), json!({"state": "resolved", "text": "Over."})),
        ("DELETE", incident(""), json!({})),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_is_an_operator_no_more_changes_nothing() {
    let world = World::make().await;
    let operator = world.operator().await;
    world.store.write(|tx| crate::fleet::apply_pbx(tx, "pbx-1", "eu")).await.unwrap();
    let pbx = world.ids("SELECT id FROM pbxs").await.remove(0);
    let account = world.ids("SELECT id FROM accounts WHERE email = 'owner@acme.example.com'").await.remove(0);
    let (asked_for, _) =
        world.send("POST", "/api/v1/password-resets", &[], &json!({"email": "owner@acme.example.com"})).await;
    assert_eq!(asked_for.status, 202, "{asked_for:?}");
    let letter = world.ids("SELECT id FROM mail_outbox").await.remove(0);
    let asked = changes(&pbx, &account, &letter);
    let paths: BTreeSet<(&str, &str)> =
        asked.iter().map(|(method, path, _)| (*method, path.as_str())).collect();
    let walked = of_operators().filter(|route| route.changes()).count();
    assert_eq!((asked.len(), paths.len()), (walked, walked), "each route once");
    let deeds = world.ids("SELECT id FROM audit_log").await;
    // They are unmade by somebody whom everybody waits for.
    let (begun, begins) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let store = world.store.clone();
    let unmaking = tokio::spawn(async move {
        let unmade = store.write(move |tx| {
            tx.execute("DELETE FROM operators", &[])?;
            let _ = (begun.send(()), goes_on.recv());
            Ok::<_, StoreError>(())
        });
        unmade.await.unwrap();
    });
    tokio::task::block_in_place(|| begins.recv()).unwrap();
    let asking = join_all(asked.iter().map(|(method, path, body)| operator.send(method, path, body)));
    let goes = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        go_on.send(()).unwrap();
    };
    let (answers, ()) = tokio::join!(asking, goes);
    unmaking.await.unwrap();
    for ((method, path, _), answer) in asked.iter().zip(answers) {
        let seen = (answer.status, answer.code.as_str());
        assert_eq!(seen, (401, "not_signed_in"), "{method} {path}: {answer:?}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("a moment ago"), "{method} {path}: {answer:?}");
    }
    assert_eq!(world.ids("SELECT id FROM audit_log").await, deeds, "nothing was done");
    world.server.stop().await;
}
