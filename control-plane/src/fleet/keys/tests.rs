//! The key file, from its making to its second change.

use super::*;
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

fn open(data_dir: &Path) -> Keyring {
    Keyring::open(data_dir).unwrap_or_else(|error| panic!("{error}")).0
}

fn complaint(data_dir: &Path) -> KeyError {
    match Keyring::open(data_dir) {
        Ok(_) => panic!("it is good"),
        Err(error) => error,
    }
}

#[test]
fn the_key_is_made_once_and_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let made = open(&data_dir);
    assert!(open(&data_dir) == made);
    assert_eq!(fs::metadata(data_dir.join(FILE)).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path());
    fs::set_permissions(dir.path().join(FILE), fs::Permissions::from_mode(0o640)).unwrap();
    let error = complaint(dir.path());
    assert!(matches!(error, KeyError::Exposed { mode: 0o640, .. }), "{error}");
    assert!(matches!(rotate_order_key(dir.path()), Err(KeyError::Exposed { .. })));
}

#[test]
fn a_file_that_holds_no_key_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path());
    let good = fs::read_to_string(dir.path().join(FILE)).unwrap();
    for damaged in
        ["half a k".to_owned(), String::new(), format!("{good}next half a k"), format!("{good}x y")]
    {
        fs::write(dir.path().join(FILE), &damaged).unwrap();
        assert!(matches!(complaint(dir.path()), KeyError::Unreadable { .. }), "{damaged}");
        assert!(matches!(rotate_order_key(dir.path()), Err(KeyError::Unreadable { .. })));
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), damaged);
    }
}

#[test]
fn a_new_key_stands_beside_the_old_one_until_that_is_retired() {
    let dir = tempfile::tempdir().unwrap();
    let before = open(dir.path());
    assert!(matches!(retire_order_key(dir.path()), Err(KeyError::NotChanging { .. })));

    let change = rotate_order_key(dir.path()).unwrap();
    let during = open(dir.path());
    assert_eq!(fs::metadata(dir.path().join(FILE)).unwrap().mode() & 0o777, 0o600);
    assert_eq!(during.public().keys.len(), 2);
    assert_eq!(key_id(&during.signer(|_| false).verifying_key()), change.old);
    assert_eq!(key_id(&during.signer(|id| id == change.new).verifying_key()), change.new);
    assert!(matches!(rotate_order_key(dir.path()), Err(KeyError::Changing { .. })));
    assert!(open(dir.path()) == during, "what was refused has changed nothing");

    assert_eq!(retire_order_key(dir.path()).unwrap(), change);
    let after = open(dir.path());
    assert_eq!(key_id(&after.signer(|_| false).verifying_key()), change.new);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");

    // A host that was there all the time, and one that was away.
    let told = before.public().after(during.announced()).unwrap().unwrap();
    assert_eq!(told, during.public());
    assert_eq!(told.after(after.announced()).unwrap(), Some(after.public()));
    assert_eq!(before.public().after(after.announced()).unwrap(), Some(after.public()));
}

#[test]
fn changes_without_end_keep_the_file_small() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path());
    for _ in 0..MAX_ANNOUNCEMENTS {
        rotate_order_key(dir.path()).unwrap();
        retire_order_key(dir.path()).unwrap();
    }
    let keyring = open(dir.path());
    assert_eq!(keyring.announced().len(), MAX_ANNOUNCEMENTS);
    let frame = shared::protocol::ControlFrame::OrderKeys { announced: keyring.announced().to_vec() };
    assert!(encode(&frame).len() < shared::protocol::MAX_FRAME);
    assert!(fs::metadata(dir.path().join(FILE)).unwrap().len() < LONGEST);
}

#[test]
fn there_is_nothing_to_change_before_the_first_start() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(rotate_order_key(dir.path()), Err(KeyError::Absent { .. })));
    assert!(matches!(retire_order_key(&dir.path().join("nowhere")), Err(KeyError::Absent { .. })));
}
