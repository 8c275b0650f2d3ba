//! Incidents: what operators write, and where everybody finds it.

use super::{quick, text};
use crate::{accounts::operator, plane::Plane};
use control_plane::store::StoreError;
use serde_json::{Value, json};

const INCIDENTS: &str = "/api/admin/v1/incidents";

fn late() -> Value {
    json!({
        "title": "Calls are late <script>", "impact": "major", "components": ["dispatch", "pbx:eu", "dispatch"],
        "text": "We look into it.\nMore within the hour. 🔥",
    })
}

#[tokio::test]
async fn an_incident_is_told_of_on_the_page_and_in_the_feed_until_it_is_over() {
    let plane = Plane::with(quick(), |_| {}).await;
    let ann = operator(&plane).await;
    let made = ann.post(INCIDENTS, late()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(made.body["components"], json!(["dispatch", "pbx:eu"]));
    let status = plane.get("/api/status").await.body;
    assert_eq!((&status["state"], &status["incidents"]), (&json!("degraded"), &json!([made.body])));
    let (_, headers, feed) = text(&plane, "/status/feed.atom", &[]).await;
    assert_eq!(headers["content-type"], "application/atom+xml; charset=utf-8");
    assert!(
        feed.contains(&format!("<id>urn:uuid:{id}</id>")) && feed.contains("More within the hour. 🔥"),
        "{feed}"
    );
    let (_, _, page) = text(&plane, "/status", &[]).await;
    assert!(page.contains("Open incidents") && page.contains("Calls are late &lt;script&gt;"), "{page}");
    let found = json!({"state": "identified", "text": "A trunk is down."});
    let told = ann.post(&format!("{INCIDENTS}/{id}/updates"), found).await;
    assert_eq!((told.status, &told.body["updates"][0]["text"]), (201, &json!("A trunk is down.")));
    let less = json!({"impact": "minor", "title": "Some calls are late"});
    let changed = ann.ask("PATCH", &format!("{INCIDENTS}/{id}"), less).await;
    assert_eq!((changed.status, &changed.body["impact"]), (200, &json!("minor")), "{}", changed.body);
    let over = json!({"state": "resolved", "text": "It is mended."});
    let resolved = ann.post(&format!("{INCIDENTS}/{id}/updates"), over).await;
    assert!(resolved.body["resolved_at"].is_string(), "{}", resolved.body);
    let status = plane.get("/api/status").await.body;
    assert_eq!(
        (&status["state"], &status["incidents"][0]["state"]),
        (&json!("operational"), &json!("resolved"))
    );
    let (_, _, page) = text(&plane, "/status", &[]).await;
    assert!(!page.contains("Open incidents") && page.contains("Some calls are late"), "{page}");
    let (_, _, history) = text(&plane, "/status/history", &[]).await;
    assert!(history.contains("It is mended."), "{history}");
    let log = ann.get(&format!("/api/admin/v1/audit?subject={id}")).await;
    let deeds: Vec<&str> =
        log.body["items"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["incident.told", "incident.changed", "incident.told", "incident.opened"]);
    assert_eq!(
        log.body["items"][1]["before"],
        json!({"impact": "major", "title": "Calls are late <script>"})
    );
}

#[tokio::test]
async fn an_incident_that_was_a_mistake_is_deleted_with_a_fresh_proof() {
    let plane = Plane::with(quick(), |_| {}).await;
    let ann = operator(&plane).await;
    let made = ann.post(INCIDENTS, late()).await;
    let path = format!("{INCIDENTS}/{}", made.body["id"].as_str().unwrap());
    let proved_at = async |moment: &'static str| {
        let store = plane.store().await;
        let done: Result<usize, StoreError> = store.write(move |tx| tx.execute(moment, &[])).await;
        done.unwrap();
    };
    proved_at("UPDATE sessions SET proved_at = proved_at - 400000000").await;
    ann.ask("DELETE", &path, json!({})).await.is_problem(403, "proof_needed");
    proved_at("UPDATE sessions SET proved_at = proved_at + 400000000").await;
    assert_eq!(ann.ask("DELETE", &path, json!({})).await.status, 204);
    ann.get(&path).await.is_problem(404, "unknown_incident");
    ann.ask("PATCH", &path, json!({})).await.is_problem(404, "unknown_incident");
    ann.ask("DELETE", &path, json!({})).await.is_problem(404, "unknown_incident");
    let update = json!({"state": "resolved", "text": "?"});
    ann.post(&format!("{path}/updates"), update).await.is_problem(404, "unknown_incident");
    assert_eq!(plane.get("/api/status").await.body["incidents"], json!([]));
}

#[tokio::test]
async fn incidents_are_made_once_for_each_key_and_listed_page_by_page() {
    let plane = Plane::with(quick(), |_| {}).await;
    let ann = operator(&plane).await;
    for number in 0..3 {
        let key = format!("incident {number}");
        let headers = [("idempotency-key", key.as_str())];
        let first = ann.ask_with("POST", INCIDENTS, late(), &headers).await;
        let again = ann.ask_with("POST", INCIDENTS, late(), &headers).await;
        assert_eq!((first.status, &first.body["id"]), (201, &again.body["id"]));
    }
    let page = ann.get(&format!("{INCIDENTS}?limit=2")).await;
    assert_eq!(page.body["items"].as_array().unwrap().len(), 2);
    let next = page.body["next"].as_str().unwrap();
    let last = ann.get(&format!("{INCIDENTS}?limit=2&after={next}")).await;
    assert_eq!((last.body["items"].as_array().unwrap().len(), &last.body["next"]), (1, &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_what_it_must_be() {
    let plane = Plane::with(quick(), |_| {}).await;
    let ann = operator(&plane).await;
    let with = |key: &str, value: Value| {
        let mut body = late();
        body[key] = value;
        body
    };
    for (body, word) in [
        (with("title", json!(" ")), "title is 1 to 100"),
        (with("title", json!("a\nb")), "title is 1 to 100"),
        (with("impact", json!("huge")), "none, minor, major, critical"),
        (with("state", json!("over")), "investigating, identified"),
        (with("components", json!(["trunks"])), "pbx: and a region"),
        (with("components", json!(vec!["mail"; 51])), "at most 50"),
        (with("text", json!("")), "text is 1 to 4000"),
        (with("text", json!("a\u{7}")), "text is 1 to 4000"),
        (with("text", json!("x".repeat(4001))), "text is 1 to 4000"),
        (with("started_at", json!("tomorrow")), "RFC 3339"),
        (with("started_at", json!("2999-01-01T00:00:00Z")), "has passed"),
    ] {
        let refused = ann.post(INCIDENTS, body).await;
        refused.is_problem(422, "bad_value");
        assert!(refused.body["detail"].as_str().unwrap().contains(word), "{}", refused.body);
    }
    ann.post(INCIDENTS, with("colour", json!("red"))).await.is_problem(400, "bad_body");
    ann.post(INCIDENTS, with("state", Value::Null)).await.is_problem(400, "bad_body");
    let yesterday = ann.post(INCIDENTS, with("started_at", json!("2020-01-01T00:00:00Z"))).await;
    assert_eq!(yesterday.body["started_at"], "2020-01-01T00:00:00.000000Z", "{}", yesterday.body);
}
