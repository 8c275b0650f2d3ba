//! The sender with letters as files: what leaves, what waits, and what a crash in between means.

use super::*;
use crate::{
    mail::{Language, Letter, Queued, Route, Template, figures, queue},
    store::{Tx, testing},
};
use std::{fs, path::Path};
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(20);

fn settings(dir: &Path) -> MailSettings {
    MailSettings {
        route: Route::Files(dir.join("letters")),
        from: "CallPing <alerts@example.com>".parse().unwrap(),
        password_file: None,
        webhook_secret_file: None,
    }
}

fn queued(tx: &mut Tx<'_>, key: &str) -> Result<LetterId, StoreError> {
    let letter = Letter {
        to: "oncall@example.com".parse().unwrap(),
        language: Language::English,
        template: Template::AccountClosed { at: Timestamp::from_micros(0) },
        key: key.into(),
    };
    match queue(tx, &letter, Timestamp::now())? {
        Queued::Waiting(id) | Queued::Suppressed(id) | Queued::Before(id) => Ok(id),
    }
}

fn started(store: &Store, dir: &Path, nudge: &Nudge) -> (JoinHandle<()>, CancellationToken) {
    let sender = Sender::new(store.clone(), &settings(dir), nudge.clone()).unwrap();
    let stop = CancellationToken::new();
    (tokio::spawn(sender.run(stop.clone())), stop)
}

async fn all_sent(store: &Store, letters: u64) {
    let done = async {
        while figures(store).await.unwrap().letters[1].1 < letters {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("the letters are sent");
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("letters")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn what_waited_leaves_at_the_start_and_what_is_queued_later_at_once() {
    let (store, dir) = (testing::store().await, tempfile::tempdir().unwrap());
    let first =
        store.write(|tx| (0..9).map(|number| queued(tx, &number.to_string())).collect::<Result<Vec<_>, _>>());
    let mut ids = first.await.unwrap();
    let nudge = Nudge::default();
    let (running, stop) = started(&store, dir.path(), &nudge);
    all_sent(&store, 9).await;
    let begun = Instant::now();
    ids.push(store.write(|tx| queued(tx, "later")).await.unwrap());
    nudge.nudge();
    all_sent(&store, 10).await;
    assert!(begun.elapsed() < LONGEST_SLEEP / 2, "nobody waited for the next look");
    let mut expected: Vec<_> = ids.iter().map(|id| format!("{id}.eml")).collect();
    expected.sort_unstable();
    assert_eq!(files(dir.path()), expected);
    stop.cancel();
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_crash_between_sending_and_noting_it_down_repeats_the_same_letter() {
    let (store, dir) = (testing::store().await, tempfile::tempdir().unwrap());
    let id = store.write(|tx| queued(tx, "1")).await.unwrap();
    let sender = Sender::new(store.clone(), &settings(dir.path()), Nudge::default()).unwrap();
    let claimed = store.write(|tx| outbox::claim(tx, Timestamp::now(), 1)).await.unwrap();
    assert_eq!(sender.transport.send(&claimed[0]).await, Outcome::Accepted { provider_id: None });
    // Here the process dies.
    drop(sender);
    let path = dir.path().join("letters").join(format!("{id}.eml"));
    let first = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let (running, stop) = started(&store, dir.path(), &Nudge::default());
    all_sent(&store, 1).await;
    assert!(fs::read(&path).unwrap() == first, "byte for byte, and so the same Message-ID");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_directory_that_is_gone_is_trouble_and_not_the_end_of_a_letter() {
    let (store, dir) = (testing::store().await, tempfile::tempdir().unwrap());
    let mut sender = Sender::new(store.clone(), &settings(dir.path()), Nudge::default()).unwrap();
    store.write(|tx| queued(tx, "1")).await.unwrap();
    fs::remove_dir(dir.path().join("letters")).unwrap();
    let stop = CancellationToken::new();
    sender.turn(&stop).await.unwrap();
    assert_eq!(figures(&store).await.unwrap().letters[0].1, 1, "it waits");
    fs::create_dir(dir.path().join("letters")).unwrap();
    let (running, stop) = started(&store, dir.path(), &Nudge::default());
    all_sent(&store, 1).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_server_that_asked_for_time_gets_it_from_every_letter() {
    let (store, dir) = (testing::store().await, tempfile::tempdir().unwrap());
    let mut sender = Sender::new(store.clone(), &settings(dir.path()), Nudge::default()).unwrap();
    store.write(|tx| queued(tx, "1").and_then(|_| queued(tx, "2"))).await.unwrap();
    let claimed = store.write(|tx| outbox::claim(tx, Timestamp::now(), 1)).await.unwrap();
    let asked = Outcome::Trouble { reason: "429".into(), retry_after: Some(Duration::from_secs(60)) };
    let next = sender.judge(&claimed[0], asked, Timestamp::now());
    assert!(matches!(next, Next::Again { .. }));
    sender.turn(&CancellationToken::new()).await.unwrap();
    assert!(files(dir.path()).is_empty(), "the other letter waits too");
    sender.hold = None;
    sender.turn(&CancellationToken::new()).await.unwrap();
    assert_eq!(files(dir.path()).len(), 1);
}
