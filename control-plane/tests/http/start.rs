//! What keeps a control plane from starting, and what it says then.

use crate::plane::{Plane, refused, settings_in};
use control_plane::{
    serve::ServeError,
    store::{Store, StoreError},
};
use std::{fs, os::unix::fs::PermissionsExt};

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_nothing_is_made() {
    let running = Plane::empty().await;
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings_in(dir.path());
    settings.listen = running.address();
    let error = refused(&settings).await;
    assert!(!error.is_configuration());
    let text = error.to_string();
    assert!(
        text.contains(&running.address().to_string()) && text.contains("another program listens"),
        "{text}"
    );
    assert!(text.contains("--listen"), "{text}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn two_control_planes_do_not_share_a_data_directory() {
    let running = Plane::empty().await;
    let error = refused(&settings_in(running.data_dir())).await;
    assert!(matches!(error, ServeError::AlreadyServing(_)), "{error}");
}

#[tokio::test]
async fn two_control_planes_do_not_share_a_database_under_two_data_directories() {
    let running = Plane::empty().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let mut settings = settings_in(elsewhere.path());
    settings.data.database = running.settings.data.database.clone();
    let error = refused(&settings).await;
    assert!(matches!(error, ServeError::AlreadyServing(_)), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings_in(dir.path());
    let store = Store::open(&settings.data.database).await.unwrap();
    let sql = "INSERT INTO schema_migrations (version, name, applied_at) VALUES (999, 'future', 0)";
    store.write(move |tx| tx.execute(sql, &[])).await.unwrap();
    drop(store);
    let error = refused(&settings).await;
    assert!(matches!(error, ServeError::Store(StoreError::Newer { found: 999, .. })), "{error}");
}

#[tokio::test]
async fn a_signing_key_that_others_may_read_is_refused() {
    let plane = Plane::empty().await;
    let key = plane.data_dir().join("order-signing.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(&key, elsewhere.path().join("order-signing.key")).unwrap();
    let error = refused(&settings_in(elsewhere.path())).await;
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = refused(&settings_in(&file.join("data"))).await;
    assert!(
        matches!(error, ServeError::DataDir { .. }) && error.to_string().contains("--data-dir"),
        "{error}"
    );
}
