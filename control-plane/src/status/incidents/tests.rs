use super::*;
use crate::store::testing::{self, TestStore};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn noon() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

fn outline(title: &str) -> Outline {
    Outline { title: title.to_owned(), impact: Impact::Major, components: vec![Component::Intake] }
}

async fn begun(store: &TestStore, title: &'static str, at: Timestamp) -> IncidentId {
    let made = store.write(move |tx| {
        let id = create(tx, &outline(title), at)?;
        tell(tx, id, Stage::Investigating, "we look", at)?;
        Ok::<_, StoreError>(id)
    });
    made.await.unwrap()
}

async fn told(store: &TestStore, id: IncidentId, stage: Stage, at: Timestamp) {
    store.write(move |tx| tell(tx, id, stage, stage.as_str(), at)).await.unwrap();
}

#[tokio::test]
async fn an_incident_is_open_until_it_is_resolved_and_open_again_when_it_comes_back() {
    let store = testing::store().await;
    let id = begun(&store, "calls are late", noon()).await;
    told(&store, id, Stage::Resolved, noon() + HOUR).await;
    assert_eq!(store.read(open).await.unwrap(), []);
    let over = store.read(|tx| over_since(tx, noon())).await.unwrap();
    assert_eq!((over[0].resolved_at, over[0].stage), (Some(noon() + HOUR), Stage::Resolved));
    let stages: Vec<Stage> = over[0].updates.iter().map(|update| update.stage).collect();
    assert_eq!(stages, [Stage::Resolved, Stage::Investigating], "newest first");
    told(&store, id, Stage::Monitoring, noon() + HOUR * 2).await;
    let open = store.read(open).await.unwrap();
    assert_eq!((open.len(), open[0].resolved_at, open[0].told_at()), (1, None, noon() + HOUR * 2));
}

#[tokio::test]
async fn what_is_over_is_read_page_by_page_each_once() {
    let store = testing::store().await;
    for hours in 0..5 {
        let id = begun(&store, "late", noon()).await;
        told(&store, id, Stage::Resolved, noon() + HOUR * hours).await;
    }
    begun(&store, "still open", noon()).await;
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let (page, next) = store.read(move |tx| past(tx, before, 2)).await.unwrap().unwrap();
        seen.extend(page.iter().map(|incident| incident.resolved_at.unwrap()));
        let Some(next) = next else { break };
        before = Some(next);
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    let nobody = IncidentId::new(Uuid::now_v7());
    assert_eq!(store.read(move |tx| past(tx, Some(nobody), 2)).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_all_that_was_told() {
    let store = testing::store().await;
    let id = begun(&store, "a mistake", noon()).await;
    store.write(move |tx| delete(tx, id)).await.unwrap();
    assert_eq!(store.read(move |tx| by_id(tx, id)).await.unwrap(), None);
    let left = store.read(|tx| tx.row("SELECT COUNT(*) FROM incident_updates", &[], |row| row.get::<i64>(0)));
    assert_eq!(left.await.unwrap(), Some(0));
}

#[tokio::test]
async fn no_page_reads_more_incidents_than_it_shows() {
    let store = testing::store().await;
    for ((incidents, updates), parameters, index) in [
        (OPEN, 1, "incidents_open"),
        (RECENT, 2, "incidents_over (resolved_at>?)"),
        (PAST, 3, "incidents_over (resolved_at"),
        (ALL, 2, "sqlite_autoindex_incidents_1 (id<?)"),
    ] {
        for sql in [incidents, updates] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store.read(move |tx| {
                let params: [&dyn ToValue; 3] = [&1i64, &"x", &1i64];
                tx.rows(sql, &params[..parameters], |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains(index), "{plan}");
            assert!(sql.contains("incident_updates") || !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
