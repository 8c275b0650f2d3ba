//! How many rows each table has, for whoever looks from outside.

use super::{Database, StoreError};
use rusqlite::{Connection, OpenFlags};

/// Tables and their rows, without a change to the database: it may be of any version. Blocks.
///
/// # Errors
/// [`StoreError`]
pub fn census(database: &Database) -> Result<Vec<(String, i64)>, StoreError> {
    let Database::Sqlite(path) = database;
    let failed = |error: rusqlite::Error| StoreError::Open { path: path.clone(), detail: error.to_string() };
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(failed)?;
    let tables = {
        let mut asked = connection
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
            .map_err(failed)?;
        let names = asked.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
        names.collect::<Result<Vec<_>, _>>().map_err(failed)?
    };
    let count = |table: String| {
        let sql = format!("SELECT COUNT(*) FROM \"{}\"", table.replace('"', "\"\""));
        connection.query_row(&sql, [], |row| row.get(0)).map(|rows| (table, rows)).map_err(failed)
    };
    tables.into_iter().map(count).collect()
}
