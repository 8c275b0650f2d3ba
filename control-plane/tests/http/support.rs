//! `support-bundle`: what is sent away holds nothing that must stay.

use crate::{
    commands::{run, text},
    plane::{ENDPOINT, Plane},
};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_support_bundle_tells_how_it_is_and_neither_secrets_nor_numbers() {
    let plane = Plane::provisioned().await;
    let key = plane.api_key().await;
    assert_eq!(plane.send("POST", &plane.hook(), "ring +380501234567, say hunter2").await.status, 202);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("control-plane.toml");
    let written = format!(
        "# the password was hunter2\ndata_dir = {:?}  # +380 50 123 45 67\nlisten = \"127.0.0.1:8080\"\n",
        text(plane.data_dir())
    );
    fs::write(&config, written).unwrap();
    let file = dir.path().join("support.tar.gz");
    let done = run(&["support-bundle", text(&file), "--config", text(&config)]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let unpacked =
        Command::new("tar").args(["--extract", "--gzip", "--to-stdout", "--file"]).arg(&file).output();
    let told = String::from_utf8(unpacked.unwrap().stdout).unwrap();
    for part in ["listen = \"127.0.0.1:8080\"", "1 incoming_requests", "\"integrity\"", "order-signing.key"] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let order_key = fs::read_to_string(plane.data_dir().join("order-signing.key")).unwrap();
    for secret in
        [order_key.trim(), key.as_str(), ENDPOINT, "hunter2", "501234567", "123 45 67", "oncall@example.com"]
    {
        assert!(!told.contains(secret), "{secret} is in\n{told}");
    }
}
