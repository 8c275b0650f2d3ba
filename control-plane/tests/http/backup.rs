//! `backup` and `restore`, as an operator runs them.

use crate::{
    commands::{Done, program, run, text},
    plane::{Plane, answer, client, settings_in},
};
use control_plane::{
    serve::Server,
    store::{Store, StoreError},
    web::Limits,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

async fn requests(store: &Store) -> i64 {
    let counted =
        store.read(|tx| tx.row("SELECT COUNT(*) FROM incoming_requests", &[], |row| row.get::<i64>(0)));
    let counted: Result<_, StoreError> = counted.await;
    counted.unwrap().unwrap()
}

fn backup(file: &Path, data_dir: &Path) -> Done {
    run(&["backup", text(file), "--data-dir", text(data_dir)])
}

fn restore(file: &Path, data_dir: &Path) -> Done {
    run(&["restore", text(file), "--data-dir", text(data_dir)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_taken_while_alerts_come_in_holds_all_that_was_accepted_before_it() {
    let plane = Plane::provisioned().await;
    let (accepted, over) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
    let url = format!("http://{}{}", plane.address(), plane.hook());
    let sending = tokio::spawn({
        let (accepted, over) = (Arc::clone(&accepted), Arc::clone(&over));
        async move {
            let http = client();
            while !over.load(Ordering::SeqCst) {
                let number = accepted.load(Ordering::SeqCst);
                let sent = answer(http.post(&url).body(format!("disk {number} is full"))).await;
                assert_eq!(sent.status, 202, "{}", sent.body);
                accepted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    while accepted.load(Ordering::SeqCst) < 20 {
        tokio::task::yield_now().await;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("night.backup");
    let before = accepted.load(Ordering::SeqCst);
    let data_dir = plane.data_dir().to_owned();
    let done = tokio::task::spawn_blocking({
        let file = file.clone();
        move || backup(&file, &data_dir)
    });
    let done = done.await.unwrap();
    // One may be stored and not answered yet.
    let after = accepted.load(Ordering::SeqCst) + 1;
    over.store(true, Ordering::SeqCst);
    sending.await.unwrap();
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");

    let elsewhere = dir.path().join("data");
    let done = restore(&file, &elsewhere);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("holds no order-signing key"), "{}", done.out);
    let settings = settings_in(&elsewhere);
    let server = Server::start(&settings, Limits::default()).await.unwrap();
    let store = Store::open(&settings.data.database).await.unwrap();
    store.verify().await.unwrap();
    let held = requests(&store).await;
    assert!((before..=after).contains(&held), "{before} <= {held} <= {after}");
    let hook = format!("http://{}{}", server.address(), plane.hook());
    assert_eq!(answer(client().post(hook).body("after the restore")).await.status, 202);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_takes_the_place_of_what_is_there_and_keeps_it() {
    let plane = Plane::provisioned().await;
    let (dir, out) = (plane.data_dir().to_owned(), tempfile::tempdir().unwrap());
    let file = out.path().join("one.backup");
    assert_eq!(plane.send("POST", &plane.hook(), "one").await.status, 202);
    assert_eq!(backup(&file, &dir).code, 0);
    assert_eq!(plane.send("POST", &plane.hook(), "two").await.status, 202);
    let done = restore(&file, &dir);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("already works on the database"), "{}", done.err);

    let settings = plane.settings.clone();
    let kept_dir = plane.end_and_keep().await;
    let done = restore(&file, &dir);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("the order-signing key is there"), "{}", done.out);
    assert_eq!(requests(&Store::open(&settings.data.database).await.unwrap()).await, 1);
    let kept = done.out.lines().find_map(|line| line.split("is kept as ").nth(1)).unwrap();
    let kept = control_plane::store::Database::Sqlite(kept.into());
    assert_eq!(requests(&Store::open(&kept).await.unwrap()).await, 2);
    drop(kept_dir);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_backup_changes_nothing_and_no_file_is_written_over() {
    let plane = Plane::provisioned().await;
    let dir = plane.data_dir().to_owned();
    let kept_dir = plane.end_and_keep().await;
    let out = tempfile::tempdir().unwrap();
    let whole = out.path().join("whole.backup");
    assert_eq!(backup(&whole, &dir).code, 0);
    let before = fs::read(&whole).unwrap();
    let again = backup(&whole, &dir);
    assert!(again.code == 1 && again.err.contains("is there already"), "{}", again.err);
    assert_eq!(fs::read(&whole).unwrap(), before);
    let database = dir.join("control-plane.db");
    assert_eq!(backup(&database, &dir).code, 1);

    let half = out.path().join("half.backup");
    fs::write(&half, &before[..before.len() / 2]).unwrap();
    let text = out.path().join("text.backup");
    fs::write(&text, "not a database").unwrap();
    let empty = out.path().join("empty.backup");
    fs::write(&empty, "").unwrap();
    let held = fs::read(&database).unwrap();
    for bad in [&half, &text, &empty] {
        let done = restore(bad, &dir);
        assert!(done.code == 1 && done.err.contains("is not a whole database"), "{bad:?}: {}", done.err);
        assert_eq!(fs::read(&database).unwrap(), held);
    }
    assert_eq!(restore(&out.path().join("none"), &dir).code, 1);
    drop(kept_dir);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_no_half_backup() {
    let plane = Plane::provisioned().await;
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("full.backup");
    // No file may grow beyond eight blocks of 512 bytes, as on a full disk.
    let whole = program(&[]).get_program().to_owned();
    let output = std::process::Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 8; exec "$0" "$@""#])
        .arg(whole)
        .args(["backup", text(&file), "--data-dir", text(plane.data_dir())])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be copied"), "{said}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}
