//! Whoever is let in and whose account is closed before their turn at the database comes changes nothing.

use super::{PASSWORD, World};
use crate::{
    accounts::members::Role,
    store::StoreError,
    web::api::{ROUTES, table::Access},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::{collections::BTreeSet, sync::mpsc, time::Duration};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_closed_meanwhile_changes_nothing() {
    let world = World::make().await;
    let owner = world.sign_in_as(Role::Owner).await;
    let phones = world.ids("SELECT id FROM phones WHERE e164 = '+380501234567'").await;
    let phone = format!("/api/v1/account/phones/{}", phones[0]);
    let sessions = world.ids("SELECT id FROM sessions").await;
    let asked: Vec<(&str, String, Value)> = vec![
        ("POST", "/api/v1/session/proof".into(), json!({"password": PASSWORD})),
        ("DELETE", "/api/v1/sessions".into(), json!({})),
        ("DELETE", format!("/api/v1/sessions/{}", sessions[0]), json!({})),
        ("PATCH", "/api/v1/account".into(), json!({"display_name": "Ann"})),
        ("DELETE", "/api/v1/account".into(), json!({})),
        ("PUT", "/api/v1/account/password".into(), json!({"password": "seven lamps above a frozen pond"})),
        ("POST", "/api/v1/account/email".into(), json!({"email": "other@acme.example.com"})),
        ("POST", "/api/v1/account/second-factor".into(), json!({})),
        ("DELETE", "/api/v1/account/second-factor".into(), json!({})),
        ("POST", "/api/v1/account/second-factor/confirm".into(), json!({"code": "123456"})),
        ("POST", "/api/v1/account/second-factor/recovery-codes".into(), json!({})),
        ("POST", "/api/v1/account/phones".into(), json!({"number": "+380501234569"})),
        ("PATCH", phone.clone(), json!({"enabled": false})),
        ("DELETE", phone.clone(), json!({})),
        ("POST", format!("{phone}/verification"), json!({})),
        ("POST", format!("{phone}/verification/code"), json!({"code": "123456"})),
        ("POST", "/api/v1/organizations".into(), json!({"name": "Another"})),
        ("POST", "/api/v1/invites/accept".into(), json!({"token": "x"})),
    ];
    let of_people =
        ROUTES.iter().filter(|route| matches!(route.access, Access::Person(_)) && route.changes());
    // Whoever signs out is out either way; operators have a story of their own.
    let of_people = of_people.filter(|route| route.path != "/api/v1/session" && !route.is_admin());
    let walked = of_people.count();
    let paths: BTreeSet<(&str, &str)> =
        asked.iter().map(|(method, path, _)| (*method, path.as_str())).collect();
    assert_eq!((asked.len(), paths.len()), (walked, walked), "each route once");
    let deeds = world.ids("SELECT id FROM audit_log").await;
    // The account is closed by somebody whom everybody waits for.
    let (begun, begins) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let store = world.store.clone();
    let closing = tokio::spawn(async move {
        let closed = store.write(move |tx| {
            let now = Timestamp::now();
            tx.execute("UPDATE accounts SET closed_at = $1 WHERE email = 'owner@acme.example.com'", &[&now])?;
            let _ = (begun.send(()), goes_on.recv());
            Ok::<_, StoreError>(())
        });
        closed.await.unwrap();
    });
    tokio::task::block_in_place(|| begins.recv()).unwrap();
    let asking = join_all(asked.iter().map(|(method, path, body)| owner.send(method, path, body)));
    let goes = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        go_on.send(()).unwrap();
    };
    let (answers, ()) = tokio::join!(asking, goes);
    closing.await.unwrap();
    // Those that look at a password find nobody before their turn comes.
    let looks = |path: &str| path.ends_with("/proof") || path.ends_with("/password");
    for ((method, path, _), answer) in asked.iter().zip(answers) {
        let seen = (answer.status, answer.code.as_str());
        assert_eq!(seen, (401, "not_signed_in"), "{method} {path}: {answer:?}");
        let was_let_in = answer.body["detail"].as_str().is_some_and(|detail| detail.contains("a moment ago"));
        assert!(was_let_in || looks(path), "{method} {path}: {answer:?}");
    }
    assert_eq!(world.ids("SELECT id FROM audit_log").await, deeds, "nothing was done");
    world.server.stop().await;
}
