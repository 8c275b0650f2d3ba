//! The promises of the embedded engine.

use super::{Access, Connection, Waiting, commit_together};
use crate::store::{Change, Changed, Database, Store, StoreError, testing, unit::untyped};
use shared::ids::{AlertId, OrgId, ProjectId};

const MAKE: &str = "CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT NOT NULL)";
const ADD: &str = "INSERT INTO notes (id, text) VALUES ($1, $2)";

async fn notes() -> testing::TestStore {
    let store = testing::store().await;
    store.write(|tx| tx.execute(MAKE, &[])).await.unwrap();
    store
}

async fn ids(store: &Store) -> Vec<i64> {
    store.read(|tx| tx.rows("SELECT id FROM notes ORDER BY id", &[], |row| row.get(0))).await.unwrap()
}

#[tokio::test]
async fn what_was_answered_ok_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::Sqlite(dir.path().join("x.db"));
    let store = Store::open(&database).await.unwrap();
    store.write(|tx| tx.execute(MAKE, &[])).await.unwrap();
    store.write(|tx| tx.execute(ADD, &[&1i64, &"kept"])).await.unwrap();
    drop(store);
    assert_eq!(ids(&Store::open(&database).await.unwrap()).await, [1]);
}

#[tokio::test]
async fn a_unit_that_fails_takes_nothing_of_the_others_with_it() {
    let store = notes().await;
    let mut waiting = tokio::task::JoinSet::new();
    for id in 0..50i64 {
        let store = Store::clone(&store);
        waiting.spawn(async move {
            store
                .write(move |tx| {
                    tx.execute(ADD, &[&id, &"x"])?;
                    if id % 2 == 1 { Err(StoreError::Constraint("changed my mind".into())) } else { Ok(()) }
                })
                .await
                .is_ok()
        });
    }
    let kept = waiting.join_all().await.into_iter().filter(|kept| *kept).count();
    assert_eq!(kept, 25);
    assert_eq!(ids(&store).await, (0..50).step_by(2).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_unit_that_panics_is_undone_and_the_writer_lives_on() {
    let store = notes().await;
    let panicked = store.write::<(), StoreError>(|tx| {
        tx.execute(ADD, &[&1i64, &"x"])?;
        panic!("a defect");
    });
    assert!(matches!(panicked.await, Err(StoreError::Panicked)));
    store.write(|tx| tx.execute(ADD, &[&2i64, &"x"])).await.unwrap();
    assert_eq!(ids(&store).await, [2]);
}

#[tokio::test]
async fn a_constraint_is_told_apart_from_a_disk_that_fails() {
    let store = notes().await;
    store.write(|tx| tx.execute(ADD, &[&1i64, &"x"])).await.unwrap();
    let error = store.write(|tx| tx.execute(ADD, &[&1i64, &"again"])).await.unwrap_err();
    assert!(matches!(error, StoreError::Constraint(_)), "{error}");
    assert!(!error.is_temporary());
}

#[tokio::test]
async fn a_full_disk_keeps_nothing_and_says_try_again_later() {
    let store = notes().await;
    store.write(|tx| tx.execute("PRAGMA max_page_count = 40", &[])).await.ok();
    let mut refused = None;
    for id in 0..200i64 {
        let text = "x".repeat(4000);
        if let Err(error) = store.write(move |tx| tx.execute(ADD, &[&id, &text])).await {
            refused = Some((id, error));
            break;
        }
    }
    let (id, error) = refused.expect("the database is full");
    assert!(error.is_temporary(), "{error}");
    assert_eq!(ids(&store).await, (0..id).collect::<Vec<_>>());
    // Room again: the writer goes on.
    store.write(|tx| tx.execute("PRAGMA max_page_count = 100000", &[])).await.ok();
    store.write(move |tx| tx.execute(ADD, &[&id, &"fits now"])).await.unwrap();
}

#[tokio::test]
async fn a_lock_held_by_another_program_is_waited_for_and_then_reported() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.db");
    let store = Store::open(&Database::Sqlite(path.clone())).await.unwrap();
    store.write(|tx| tx.execute(MAKE, &[])).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let writing = tokio::spawn({
        let store = store.clone();
        async move { store.write(|tx| tx.execute(ADD, &[&1i64, &"x"])).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!writing.is_finished(), "it waits for the other program");
    other.execute_batch("COMMIT").unwrap();
    writing.await.unwrap().unwrap();
    assert_eq!(ids(&store).await, [1]);
}

#[tokio::test]
async fn readers_cannot_write() {
    let store = notes().await;
    assert!(store.read(|tx| tx.execute(ADD, &[&1i64, &"x"])).await.is_err());
    assert_eq!(ids(&store).await, Vec::<i64>::new());
}

#[tokio::test]
async fn parameters_go_where_their_numbers_say() {
    let store = notes().await;
    let sql = "INSERT INTO notes (text, id) VALUES ($2, $1) ON CONFLICT (id) DO UPDATE SET text = $2 RETURNING text";
    let text =
        store.write(move |tx| tx.row(sql, &[&7i64, &"seven"], |row| row.get::<String>(0))).await.unwrap();
    assert_eq!(text.as_deref(), Some("seven"));
}

#[tokio::test]
async fn a_column_that_holds_something_else_is_an_error_that_names_it() {
    let store = notes().await;
    store.write(|tx| tx.execute(ADD, &[&1i64, &"x"])).await.unwrap();
    let read = store.read(|tx| tx.row("SELECT id, text FROM notes", &[], |row| row.get::<i64>(1)));
    let error = read.await.unwrap_err();
    assert_eq!(error.to_string(), "column 1 holds text, where a number in range was expected");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.db");
    std::fs::write(&path, vec![b'?'; 8192]).unwrap();
    assert!(Connection::open(&path, Access::Write).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), vec![b'?'; 8192]);
}

#[test]
fn a_lock_that_stays_is_waited_for_once_and_not_by_each_unit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.db");
    let mut connection = Connection::open(&path, Access::Write).unwrap();
    connection.sqlite.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut answers = Vec::new();
    let mut asks = || {
        let (answer, answered) = tokio::sync::oneshot::channel();
        answers.push(answered);
        Waiting { unit: untyped(|tx| tx.execute(MAKE, &[])), answer }
    };
    let (sender, mut waiting) = tokio::sync::mpsc::channel(8);
    for _ in 0..8 {
        assert!(sender.try_send(asks()).is_ok());
    }
    let (ran, _, outcome) = commit_together(&mut connection, asks(), &mut waiting);
    assert!(ran.is_empty() && outcome.is_err());
    for mut answered in answers {
        assert!(answered.try_recv().unwrap().is_err_and(|error| error.is_temporary()));
    }
}

#[tokio::test]
async fn the_database_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&Database::Sqlite(dir.path().join("x.db"))).await.unwrap();
    store.write(|tx| tx.execute(MAKE, &[])).await.unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn a_statement_is_planned_once_whatever_its_parameters_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = Connection::open(&dir.path().join("x.db"), Access::Write).unwrap();
    connection.batch(MAKE).unwrap();
    for limit in 1..10i64 {
        connection
            .query("SELECT id FROM notes WHERE id > $1 LIMIT $2", &[&0i64, &limit], &mut |_| Ok(true))
            .unwrap();
    }
    let statement = connection.sqlite.prepare_cached("SELECT id FROM notes WHERE id > ?1 LIMIT ?2").unwrap();
    assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
}

fn change(number: u128) -> Change {
    let id = uuid::Uuid::from_u128(number);
    Change { org: OrgId::new(id), project: ProjectId::new(id), what: Changed::Alert(AlertId::new(id)) }
}

#[tokio::test]
async fn what_a_unit_announces_is_told_once_it_is_durable_and_each_once() {
    let store = notes().await;
    let mut watching = store.watch();
    store
        .write(|tx| {
            tx.announce(change(2));
            tx.announce(change(1));
            tx.announce(change(2));
            tx.execute(ADD, &[&1i64, &"x"])
        })
        .await
        .unwrap();
    assert_eq!(watching.try_recv().unwrap()[..], [change(1), change(2)]);
    assert!(watching.try_recv().is_err(), "once");
}

#[tokio::test]
async fn a_unit_that_fails_or_panics_announces_nothing_and_takes_nothing_from_the_others() {
    let store = notes().await;
    let mut watching = store.watch();
    let failed = store.write(|tx| {
        tx.announce(change(1));
        Err::<(), _>(StoreError::Overloaded)
    });
    let panicked = store.write(|tx| -> Result<(), StoreError> {
        tx.announce(change(2));
        panic!("planted")
    });
    let good = store.write(|tx| {
        tx.announce(change(3));
        tx.execute(ADD, &[&1i64, &"x"])
    });
    let (failed, panicked, good) = tokio::join!(failed, panicked, good);
    assert!(failed.is_err() && panicked.is_err() && good.is_ok());
    let told: Vec<Change> =
        std::iter::from_fn(|| watching.try_recv().ok()).flat_map(|it| it.to_vec()).collect();
    assert_eq!(told, [change(3)]);
}

#[tokio::test]
async fn what_the_disk_refuses_is_told_nobody() {
    let store = notes().await;
    let mut watching = store.watch();
    store.write(|tx| tx.execute("PRAGMA max_page_count = 40", &[])).await.ok();
    for id in 0..200i64 {
        let text = "x".repeat(4000);
        let added = store.write(move |tx| {
            tx.announce(change(u128::from(id.unsigned_abs())));
            tx.execute(ADD, &[&id, &text])
        });
        let is_told = added.await.is_ok();
        assert_eq!(watching.try_recv().is_ok(), is_told, "{id}");
        if !is_told {
            return;
        }
    }
    panic!("the database is never full");
}
