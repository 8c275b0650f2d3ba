//! A database that takes nothing: senders are told to come back, and afterwards all goes on.

use crate::plane::{Answer, Plane, answer, client};
use rusqlite::Connection;
use std::{collections::HashSet, time::Duration};
use tokio::task::JoinSet;

/// More than may wait for the writer.
const SENDERS: usize = 1_200;

/// Sends so many within a moment, but not more at once than the system queues for a listener; their answers.
async fn storm(plane: &Plane, senders: usize) -> Vec<Answer> {
    // A lock that stays is waited for twice: by the place in the queue, and by the writer.
    let patience = Duration::from_secs(60);
    let client = client();
    let mut waiting = JoinSet::new();
    for number in 0..senders {
        let url = format!("http://{}{}", plane.address(), plane.hook());
        waiting.spawn(answer(client.post(url).timeout(patience).body(format!("db {number} down"))));
        if number % 50 == 49 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    waiting.join_all().await
}

fn stored(database: &Connection) -> HashSet<String> {
    let mut ids = database.prepare("SELECT id FROM incoming_requests").unwrap();
    ids.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn while_the_database_is_locked_nothing_is_stored_and_senders_are_told_to_come_back() {
    let plane = Plane::provisioned().await;
    let database = Connection::open(plane.data_dir().join("control-plane.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    for refused in storm(&plane, SENDERS).await {
        let seconds = refused.is_problem(503, "not_durable").header("retry-after").parse::<u32>().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert!(refused.body["request_id"].is_null(), "{}", refused.body);
    }
    assert!(stored(&database).is_empty());
    database.execute_batch("ROLLBACK").unwrap();
    let taken = storm(&plane, 20).await;
    assert!(taken.iter().all(|one| one.status == 202));
    let ids = taken.iter().map(|one| one.body["request_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(stored(&database), ids);
}
