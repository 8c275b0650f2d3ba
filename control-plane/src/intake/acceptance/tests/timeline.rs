//! What requests write into the timelines of their alerts.

use super::*;

impl Shop {
    /// The timeline of the alert with this dedup key, an entry in a few words.
    async fn story(&self, dedup_key: &'static str) -> Vec<String> {
        let story = self.store.read(move |tx| {
            tx.rows(
                "SELECT kind || COALESCE(' ' || detail, '') || COALESCE(' ' || reason, '')
                        || CASE WHEN count > 1 THEN ' x' || count ELSE '' END
                 FROM alert_events
                 WHERE alert_id = (SELECT MAX(id) FROM alerts WHERE COALESCE(dedup_key, message) = $1)
                 ORDER BY seq",
                &[&dedup_key],
                |row| row.get(0),
            )
        });
        story.await.unwrap()
    }
}

fn db(severity: &str) -> Value {
    json!({"severity": severity, "message": "db down", "dedup_key": "db"})
}

#[tokio::test]
async fn repeats_fold_into_one_entry_that_counts_them_and_names_the_last() {
    let shop = Shop::with_rules(json!([])).await;
    let mut last = Value::Null;
    for severity in ["p1", "p1", "p3", "p2"] {
        last = shop.send(db(severity)).await;
    }
    assert_eq!(shop.story("db").await, ["opened", "repeated x3"]);
    let named = shop.texts("SELECT request_id FROM alert_events WHERE kind = 'repeated'").await;
    assert_eq!(named, [last["request_id"].as_str().unwrap()]);
    shop.send(json!({"status": "resolved", "dedup_key": "db"})).await;
    assert_eq!(shop.story("db").await, ["opened", "repeated x3", "closed"]);
}

#[tokio::test]
async fn what_becomes_worse_after_somebody_took_it_is_raised_open_again_and_rings() {
    let shop = Shop::with_rules(json!([])).await;
    shop.send(db("p2")).await;
    shop.change("UPDATE calls SET status = 'acknowledged', due_at = NULL").await;
    shop.change("UPDATE alerts SET state = 'acknowledged'").await;
    let worse = shop.send(db("p1")).await;
    assert_eq!(worse["calls"][0]["status"], "queued", "{worse}");
    assert_eq!(shop.story("db").await, ["opened", "raised critical", "reopened"]);
    assert_eq!(shop.states().await, ["open"]);
    shop.send(db("p1")).await;
    assert_eq!(shop.story("db").await, ["opened", "raised critical", "reopened", "repeated"]);
}

#[tokio::test]
async fn a_storm_that_the_cooldown_holds_back_leaves_a_handful_of_entries() {
    let shop = Shop::with_rules(json!([])).await;
    shop.send(json!({"message": "web down", "dedup_key": "web"})).await;
    for _ in 0..5 {
        let held = shop.send(db("p2")).await;
        assert_eq!(held["calls"][0]["status"], "blocked", "{held}");
    }
    let expected = ["opened", "call_ended blocked cooldown x5", "nobody_reached x5", "repeated x4"];
    assert_eq!(shop.story("db").await, expected);
    assert_eq!(shop.states().await, ["open", "open"]);
}

#[tokio::test]
async fn a_resolve_without_a_key_is_told_by_every_alert_that_it_closes() {
    let shop = Shop::with_rules(json!([])).await;
    let send = |message| shop.send(json!({"severity": "p1", "message": message}));
    send("disk full").await;
    shop.change("UPDATE calls SET status = 'exhausted', due_at = NULL").await;
    send("disk full").await;
    send("web down").await;
    let resolve = shop.send(json!({"status": "resolved", "message": "disk full"})).await;
    let closed_by = "SELECT request_id FROM alert_events WHERE kind = 'closed'";
    let request = resolve["request_id"].as_str().unwrap();
    assert_eq!(shop.texts(closed_by).await, [request, request]);
    assert_eq!(shop.story("disk full").await, ["opened", "closed"]);
    assert_eq!(shop.story("web down").await, ["opened"]);
    shop.send(json!({"status": "ok"})).await;
    assert_eq!(shop.story("web down").await, ["opened", "closed"]);
}

#[tokio::test]
async fn what_was_forgotten_is_closed_by_the_request_that_takes_its_key() {
    let shop = Shop::with_rules(json!([])).await;
    let first = shop.send(db("p1")).await;
    shop.change("UPDATE calls SET status = 'acknowledged', due_at = NULL").await;
    shop.change("UPDATE alerts SET state = 'acknowledged', updated_at = updated_at - 86400000000").await;
    let next = shop.send(db("p1")).await;
    assert_ne!(first["alert_id"], next["alert_id"]);
    assert_eq!(shop.story("db").await, ["opened"]);
    let closed = shop.texts("SELECT detail FROM alert_events WHERE kind = 'closed'").await;
    assert_eq!(closed, ["forgotten"]);
}
