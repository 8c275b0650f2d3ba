//! The journal's tables, and the steps that bring a file of an older program up to them.

use super::trouble::Trouble;
use rusqlite::Connection;
use shared::ids::JournalId;

/// Each step brings a file from the version that is its index to the next one. None is ever edited.
const STEPS: [&str; 3] = [
    "
    CREATE TABLE journal (
        id        BLOB NOT NULL,            -- 16 bytes
        last_seq  INTEGER NOT NULL          -- highest number ever given to a report
    );
    CREATE TABLE orders (
        attempt_id   BLOB PRIMARY KEY,
        fingerprint  BLOB,                  -- of the exact order; NULL: asked for, had never come
        trunk        TEXT NOT NULL,
        number       INTEGER,               -- stands for the number dialled
        started_at   INTEGER NOT NULL,      -- microseconds UTC, the control plane's clock
        answered_at  INTEGER,
        ended_at     INTEGER,
        progress     INTEGER NOT NULL,
        talked_ms    INTEGER NOT NULL DEFAULT 0,
        resume       TEXT                   -- JSON while it is under way, then NULL
    ) WITHOUT ROWID;
    CREATE TABLE reports (
        seq         INTEGER PRIMARY KEY,
        attempt_id  BLOB NOT NULL,
        at          INTEGER NOT NULL,
        event       TEXT NOT NULL           -- JSON
    );
    ",
    // From here on started_at, answered_at and ended_at are by the host's own clock, which no control
    // plane can move; those of older rows are taken as they are.
    "
    ALTER TABLE orders ADD COLUMN issued_at INTEGER;   -- microseconds UTC, the control plane's clock
    ALTER TABLE journal ADD COLUMN forgotten INTEGER;  -- latest issued_at of any order that was forgotten
    ",
    // An older program may have handed over whatever it had.
    "
    ALTER TABLE journal ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;  -- highest number that may have been handed over
    UPDATE journal SET offered = last_seq;
    ALTER TABLE journal ADD COLUMN pbx_id BLOB;        -- whose reports it numbers; NULL: nobody has noted it
    ",
];

/// Of the files that this program writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// Takes every step that the file has not seen yet, all of them or none; `fresh` names a new journal.
pub(super) fn bring_up(connection: &Connection, fresh: JournalId) -> Result<(), Trouble> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let seen = usize::try_from(version).map_err(|_| Trouble::Newer(version))?;
    let steps = STEPS.get(seen..).ok_or(Trouble::Newer(version))?;
    if steps.is_empty() {
        return Ok(());
    }
    connection.execute_batch(&format!("BEGIN; {} PRAGMA user_version = {VERSION};", steps.concat()))?;
    if seen == 0 {
        connection.execute("INSERT INTO journal (id, last_seq) VALUES (?1, 0)", [fresh.uuid().as_bytes()])?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}
