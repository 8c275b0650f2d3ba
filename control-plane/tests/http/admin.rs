//! The admin panel's API as operators meet it.

mod abuse;
mod fleet;
mod host;
mod lists;
mod people;
mod queue;

use crate::{
    accounts::{Browser, PASSWORD, have_account},
    plane::{Answer, PATIENCE, Plane},
};
use control_plane::{
    accounts::{account, second_factor, totp::Secret},
    store::StoreError,
};
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::time::{Duration, Instant};

const OPERATOR: &str = "operator@example.com";

/// Somebody who runs the installation, signed in to the admin panel.
struct Office<'p>(Browser<'p>);

impl<'p> Office<'p> {
    async fn of(plane: &'p Plane) -> Self {
        have_account(plane, OPERATOR).await;
        let store = plane.store().await;
        let made = store.write(|tx| {
            let now = Timestamp::now();
            let id = account::by_email(tx, &OPERATOR.parse().unwrap())?.unwrap().id;
            account::make_operator(tx, id, now)?;
            let secret = second_factor::begin(tx, id, now)?.unwrap();
            assert!(second_factor::confirm(tx, id, &secret.code(now), now)?.is_ok());
            Ok(secret)
        });
        let secret: Result<Secret, StoreError> = made.await;
        Self::enter(plane, &secret.unwrap()).await
    }

    /// Whoever runs it, signed in once more after a restart.
    async fn again(plane: &'p Plane) -> Self {
        let store = plane.store().await;
        let found = store.write(|tx| {
            tx.execute("UPDATE second_factors SET last_step = NULL", &[])?;
            tx.row("SELECT secret FROM second_factors", &[], |row| row.get::<Vec<u8>>(0))
        });
        let secret: Result<Option<Vec<u8>>, StoreError> = found.await;
        Self::enter(plane, &Secret::from_bytes(secret.unwrap().unwrap())).await
    }

    async fn enter(plane: &'p Plane, secret: &Secret) -> Self {
        let code = secret.code(Timestamp::now() + Duration::from_secs(30));
        let mut browser = Browser::new(plane);
        let credentials = json!({"email": OPERATOR, "password": PASSWORD, "code": code});
        let entered = browser.visit("POST", "/api/admin/v1/session", credentials).await;
        assert_eq!(entered.status, 201, "{}", entered.body);
        Self(browser)
    }

    /// What is told at this path.
    async fn reads(&self, path: &str) -> Value {
        let answer = self.0.get(&format!("/api/admin/v1{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn asks(&self, method: &str, path: &str, body: Value) -> Answer {
        self.0.ask(method, &format!("/api/admin/v1{path}"), body).await
    }

    /// Asks, and is answered so.
    #[track_caller]
    fn does<'s>(
        &'s self,
        method: &'s str,
        path: &'s str,
        body: Value,
        status: u16,
    ) -> impl Future<Output = Value> + 's {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.asks(method, path, body).await;
            assert_eq!(answer.status, status, "{caller}: {method} {path}: {}", answer.body);
            answer.body
        }
    }

    /// Reads a list page by page, two at a time.
    async fn reads_all(&self, path: &str) -> Vec<Value> {
        let (mut seen, mut after) = (Vec::new(), String::new());
        let joined = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.reads(&format!("{path}{joined}limit=2{after}")).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2, "{page}");
            seen.extend(items.iter().cloned());
            let Some(next) = page["next"].as_str() else { return seen };
            let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            after = format!("&after={next}");
        }
    }

    /// What operators have done, the newest first, sign-ins aside.
    async fn deeds(&self) -> Vec<Value> {
        let log = self.reads("/audit?limit=200").await;
        let rows = log["items"].as_array().unwrap().iter();
        rows.filter(|row| row["actor_kind"] == "operator").cloned().collect()
    }

    /// The last of them, which was this.
    #[track_caller]
    fn last_deed<'s>(&'s self, action: &'s str) -> impl Future<Output = Value> + 's {
        let caller = std::panic::Location::caller();
        async move {
            let deed = self.deeds().await.into_iter().next().unwrap_or_default();
            assert_eq!(deed["action"], action, "{caller}: {deed}");
            assert_eq!((&deed["actor_name"], &deed["ip"]), (&OPERATOR.into(), &"127.0.0.1".into()), "{deed}");
            deed
        }
    }
}

/// Looks again until it is so.
#[track_caller]
fn until<F: Future<Output = Result<T, String>>, T>(mut look: impl FnMut() -> F) -> impl Future<Output = T> {
    let (caller, begun) = (std::panic::Location::caller(), Instant::now());
    async move {
        loop {
            match look().await {
                Ok(found) => return found,
                Err(seen) => assert!(begun.elapsed() < PATIENCE, "{caller}: {seen}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Whatever is not so yet.
fn if_so<T>(is: bool, found: T, seen: &Value) -> Result<T, String> {
    if is { Ok(found) } else { Err(format!("{seen:#}")) }
}
