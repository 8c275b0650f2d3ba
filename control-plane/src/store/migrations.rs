//! Numbered migrations, applied once each and never edited after they landed.

use super::{StoreError, sqlite::Connection};
use shared::time::Timestamp;

/// One step of the schema.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "init", sql: include_str!("migrations/0001_init.sql") },
    Migration { version: 2, name: "fair_queue", sql: include_str!("migrations/0002_fair_queue.sql") },
    Migration { version: 3, name: "alert_timeline", sql: include_str!("migrations/0003_alert_timeline.sql") },
    Migration { version: 4, name: "placed_calls", sql: include_str!("migrations/0004_placed_calls.sql") },
    Migration {
        version: 5,
        name: "attempt_journal",
        sql: include_str!("migrations/0005_attempt_journal.sql"),
    },
    Migration { version: 6, name: "equal_alerts", sql: include_str!("migrations/0006_equal_alerts.sql") },
    Migration { version: 7, name: "mail", sql: include_str!("migrations/0007_mail.sql") },
    Migration { version: 8, name: "accounts", sql: include_str!("migrations/0008_accounts.sql") },
    Migration { version: 9, name: "verification", sql: include_str!("migrations/0009_verification.sql") },
    Migration { version: 10, name: "portal", sql: include_str!("migrations/0010_portal.sql") },
    Migration { version: 11, name: "admin", sql: include_str!("migrations/0011_admin.sql") },
    Migration { version: 12, name: "status", sql: include_str!("migrations/0012_status.sql") },
    Migration { version: 13, name: "language", sql: include_str!("migrations/0013_language.sql") },
    Migration { version: 14, name: "tries", sql: include_str!("migrations/0014_tries.sql") },
];

/// Brings the database from whatever version it has to this program's, one transaction a step.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    connection.batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version    BIGINT PRIMARY KEY,
            name       TEXT NOT NULL,
            applied_at BIGINT NOT NULL
        )",
    )?;
    for migration in MIGRATIONS {
        connection.batch("BEGIN IMMEDIATE")?;
        // Asked inside the transaction: another program may be migrating the same file.
        match apply(connection, migration) {
            Ok(()) => connection.batch("COMMIT")?,
            Err(error) => {
                connection.batch("ROLLBACK")?;
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Version of the newest schema that this program knows.
pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

fn apply(connection: &mut Connection, migration: &Migration) -> Result<(), StoreError> {
    let found = version(connection)?;
    let known = known();
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found >= migration.version {
        return Ok(());
    }
    connection.batch(migration.sql).map_err(|error| StoreError::Migration {
        version: migration.version,
        name: migration.name,
        detail: error.to_string(),
    })?;
    connection.execute(
        "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)",
        &[&migration.version, &migration.name, &Timestamp::now()],
    )?;
    Ok(())
}

fn version(connection: &mut Connection) -> Result<i64, StoreError> {
    let mut found = 0;
    connection.query("SELECT MAX(version) FROM schema_migrations", &[], &mut |row| {
        found = row.get::<Option<i64>>(0)?.unwrap_or(0);
        Ok(false)
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::store::{Database, Store, StoreError};

    #[tokio::test]
    async fn a_database_is_opened_again_and_again_without_change() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(dir.path().join("control-plane.db"));
        for _ in 0..2 {
            let store = Store::open(&database).await.unwrap();
            let applied = store
                .read(|tx| tx.rows("SELECT version FROM schema_migrations", &[], |row| row.get::<i64>(0)));
            assert_eq!(applied.await.unwrap(), Vec::from_iter(1..=super::known()));
        }
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(dir.path().join("control-plane.db"));
        let store = Store::open(&database).await.unwrap();
        let sql = "INSERT INTO schema_migrations (version, name, applied_at) VALUES (999, 'future', 0)";
        store.write(move |tx| tx.execute(sql, &[])).await.unwrap();
        drop(store);
        let error = Store::open(&database).await.err().expect("refused");
        assert!(matches!(error, StoreError::Newer { found: 999, .. }), "{error}");
        assert!(error.to_string().contains("newer control-plane"), "{error}");
    }
}
