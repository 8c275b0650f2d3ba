//! How calls ended over the last days.

use super::{Office, stranger};
use crate::{
    accounts::sql,
    plane::{PATIENCE, Plane},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How many ended so, over all steps.
fn sum(figures: &Value, outcome: &str) -> i64 {
    figures["outcomes"].as_array().unwrap().iter().map(|step| step[outcome].as_i64().unwrap()).sum()
}

async fn until(office: &Office<'_>, path: &str, outcome: &str, calls: i64) -> Value {
    let begun = Instant::now();
    loop {
        let figures = office.read(path).await;
        if sum(&figures, outcome) == calls {
            return figures;
        }
        assert!(begun.elapsed() < PATIENCE, "{figures:#}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn each_end_is_counted_once_in_its_own_organization_and_project() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    let first = office.send(json!({"severity": "critical", "message": "db down"})).await;
    office.send(json!({"severity": "minor", "message": "disk full"})).await;
    for path in ["/api/v1/figures", "/api/v1/figures?days=1", "/api/v1/figures?days=90&project=shop"] {
        assert_eq!(
            sum(&until(&office, path, "blocked", 1).await, "cancelled"),
            0,
            "the phone had its cooldown"
        );
    }
    for _ in 0..2 {
        let close = format!("/api/v1/alerts/{}/close", first["alert_id"].as_str().unwrap());
        assert_eq!(office.ann.post(&close, json!({})).await.status, 200);
        until(&office, "/api/v1/figures?days=30", "cancelled", 1).await;
    }
    let figures = office.read("/api/v1/figures?days=1").await;
    assert_eq!((&figures["step"], figures["outcomes"].as_array().unwrap().len()), (&json!("hour"), 24));
    assert_eq!(figures["outcomes"][23]["cancelled"], 1, "the hour that is under way");
    assert_eq!((&figures["median_seconds"], &figures["trunks"]), (&Value::Null, &json!([])));
    assert_eq!(figures["answer_times"].as_array().unwrap().len(), 12);
    let days = office.read("/api/v1/figures?days=7").await;
    assert_eq!((&days["step"], days["outcomes"].as_array().unwrap().len()), (&json!("day"), 7));
    let eve = stranger(&plane).await;
    let hers = eve.get("/api/v1/figures").await.body;
    assert_eq!((sum(&hers, "blocked"), sum(&hers, "cancelled")), (0, 0), "{hers:#}");
    eve.get("/api/v1/figures?project=shop").await.is_problem(404, "unknown_project");
    for wrong in ["days=2", "days=all", "after=1"] {
        office.ann.get(&format!("/api/v1/figures?{wrong}")).await.is_problem(400, "bad_query");
    }
}

#[tokio::test]
async fn answers_and_trunks_are_told_from_what_was_counted() {
    let plane = Plane::empty().await;
    let office = Office::open(&plane).await;
    // As the dispatcher counts them: nine quick answers and a slow one, over one trunk.
    sql(&plane, "INSERT INTO pbxs (id, name, region, created_at) VALUES ('0198c0de-0000-7000-8000-0000000000b1', 'pbx-1', 'eu', 0)")
        .await;
    sql(
        &plane,
        "INSERT INTO answer_figures (org_id, hour, project_id, upto, calls)
         SELECT org_id, CAST(strftime('%s', 'now') AS INTEGER) / 3600 * 3600000000, id, spans.upto, spans.calls
         FROM projects, (SELECT 10 AS upto, 9 AS calls UNION ALL SELECT 0, 1) AS spans WHERE slug = 'shop'",
    )
    .await;
    sql(
        &plane,
        "INSERT INTO trunk_figures (org_id, hour, project_id, pbx_id, trunk, attempts, answered, busy, no_answer, rejected,
                                    failed, refused, reached, ringing, ringing_ms)
         SELECT org_id, CAST(strftime('%s', 'now') AS INTEGER) / 3600 * 3600000000, id,
                '0198c0de-0000-7000-8000-0000000000b1', 'a', 14, 10, 1, 1, 0, 1, 1, 12, 12, 24000
         FROM projects WHERE slug = 'shop'",
    )
    .await;
    let figures = office.read("/api/v1/figures?days=1&project=shop").await;
    assert_eq!(figures["answer_times"][1], json!({"upto_seconds": 10, "calls": 9}));
    assert_eq!(figures["answer_times"][11], json!({"upto_seconds": null, "calls": 1}));
    assert_eq!(
        (&figures["median_seconds"], &figures["p90_seconds"]),
        (&json!(7.8), &json!(10.0)),
        "{figures:#}"
    );
    assert_eq!(
        figures["trunks"],
        json!([{"pbx": "pbx-1", "trunk": "a", "attempts": 14, "answered": 10, "busy": 1, "no_answer": 1, "rejected": 0,
                "failed": 1, "refused": 1}])
    );
}
