//! A database for a test, gone with it.

use super::{Database, Store};
use std::ops::Deref;
use tempfile::TempDir;

/// A fresh database in a temporary directory. Clone the [`Store`] out of it, and keep this alive
/// for as long as the test needs the files.
pub(crate) struct TestStore {
    store: Store,
    dir: TempDir,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl TestStore {
    /// For whoever opens it a second time, as a command does beside a running server.
    pub(crate) fn database(&self) -> Database {
        Database::Sqlite(self.dir.path().join("control-plane.db"))
    }
}

/// Opens one.
pub(crate) async fn store() -> TestStore {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let database = Database::Sqlite(dir.path().join("control-plane.db"));
    TestStore { store: Store::open(&database).await.expect("a fresh database opens"), dir }
}
