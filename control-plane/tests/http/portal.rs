//! The portal as its people meet it: they try rules, look into requests and calls, have people called again, and watch.

mod call_again;
mod calls;
mod dry_run;
mod events;
mod figures;
mod requests;
mod rotation;

use crate::{
    accounts::{browser::Browser, owner_of, somebody, sql},
    plane::{Answer, Plane},
};
use serde_json::{Value, json};

const ANN: &str = "ann@example.com";
/// Nothing has this id.
const NOWHERE: &str = "0198c0de-0000-7000-8000-000000000000";

/// An organization whose owner, Ann, is rung about her shop.
struct Office<'p> {
    ann: Browser<'p>,
    project: String,
    endpoint: String,
}

impl<'p> Office<'p> {
    async fn open(plane: &'p Plane) -> Self {
        let ann = owner_of(plane, ANN, "acme").await;
        let phone = ann.post("/api/v1/account/phones", json!({"number": "+380501234567"})).await;
        assert_eq!(phone.status, 201, "{}", phone.body);
        sql(plane, "UPDATE phones SET verified_at = 1").await;
        let me = ann.get("/api/v1/account").await.body["id"].clone();
        let project = made(&ann, "/api/v1/projects", json!({"slug": "shop", "primary_account_id": me})).await;
        let office = Self { ann, project, endpoint: String::new() };
        office.scenario("default", json!([])).await;
        let endpoints = format!("/api/v1/projects/{}/endpoints", office.project);
        let endpoint = made(&office.ann, &endpoints, json!({"name": "Grafana", "scenario": "default"})).await;
        Self { endpoint, ..office }
    }

    /// Writes a new scenario; its id.
    async fn scenario(&self, name: &str, rules: Value) -> String {
        let path = format!("/api/v1/projects/{}/scenarios/{name}", self.project);
        let put = self.ann.ask_with("PUT", &path, json!({ "rule": rules }), &[("if-none-match", "*")]).await;
        assert_eq!(put.status, 201, "{}", put.body);
        put.body["id"].as_str().unwrap().to_owned()
    }

    /// A webhook; what was answered.
    async fn send(&self, body: Value) -> Value {
        let sent = self.ann.plane.send("POST", &format!("/api/wh/{}", self.endpoint), body.to_string()).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
        sent.body
    }

    async fn read(&self, path: &str) -> Value {
        let read = self.ann.get(path).await;
        assert_eq!(read.status, 200, "{path}: {}", read.body);
        read.body
    }
}

/// Makes something; its id.
async fn made(browser: &Browser<'_>, path: &str, body: Value) -> String {
    let made = browser.post(path, body).await;
    assert_eq!(made.status, 201, "{path}: {}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// The owner of another organization.
async fn stranger(plane: &Plane) -> Browser<'_> {
    owner_of(plane, "eve@example.com", "other").await
}

/// Somebody who joins Acme with this role.
async fn colleague<'p>(plane: &'p Plane, email: &'static str, role: &'static str) -> Browser<'p> {
    let browser = somebody(plane, email).await;
    let joined: Result<usize, control_plane::store::StoreError> = plane
        .store()
        .await
        .write(move |tx| {
            tx.execute(
                "INSERT INTO memberships (org_id, account_id, role, created_at)
                 SELECT orgs.id, accounts.id, $1, 0 FROM orgs, accounts WHERE slug = 'acme' AND email = $2",
                &[&role, &email],
            )
        })
        .await;
    assert_eq!(joined.unwrap(), 1);
    browser
}

/// Asserts that this is answered as if it were not there.
async fn is_not_there(browser: &Browser<'_>, method: &str, path: &str, body: Value, code: &str) {
    browser.ask(method, path, body).await.is_problem(404, code);
}

/// The texts under a key of a list's items.
fn texts<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap_or("null")).collect()
}

/// The whole of a list, page by page.
async fn whole(office: &Office<'_>, path: &str) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = office.read(&format!("{path}limit=2{after}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2, "{page}");
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break seen };
        after = format!("&after={next}");
    }
}

fn detail(answer: &Answer) -> &str {
    answer.body["detail"].as_str().unwrap()
}
