//! From columns to values and back.

use super::row::{Resume, Stored};
use crate::{
    call::Progress,
    ledger::{Came, Fingerprint, NumberMark, Seen},
};
use rusqlite::{Row, types::ValueRef};
use shared::{
    ids::{AttemptId, CallId},
    order::Prompt,
    severity::Severity,
    time::Timestamp,
};
use std::time::Duration;
use uuid::Uuid;

/// A row of `orders`, in the order of [`super::file::JournalFile::contents`]. Of one that is damaged what can be
/// read: its order must not start again. `None` where not even its id can be.
pub(super) fn stored_or_burned(row: &Row<'_>) -> rusqlite::Result<Option<Stored>> {
    let attempt = legible(id(row, 0))?;
    match (legible(stored(row))?, attempt) {
        (Some(stored), _) => Ok(Some(stored)),
        (None, None) => Ok(None),
        (None, Some(attempt)) => {
            let came = Timestamp::from_micros(row.get(3).unwrap_or_default());
            Ok(Some(Stored {
                attempt: AttemptId::new(attempt),
                seen: Seen::Order { fingerprint: Fingerprint([0; 32]), live: false },
                trunk: String::new(),
                number: None,
                came: Came { at: came, issued: Timestamp::from_micros(row.get(10).unwrap_or_default()) },
                answered_at: None,
                ended_at: Some(came),
                progress: Progress::Over,
                talked: Duration::ZERO,
                resume: None,
            }))
        }
    }
}

/// `None`, and said in the log, for a value that is not what its column holds: one damaged row must not keep
/// the others. Other errors are the file's.
pub(super) fn legible<T>(value: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(error @ rusqlite::Error::SqliteFailure(..)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "A ROW OF THE JOURNAL IS DAMAGED: it is left out");
            Ok(None)
        }
    }
}

/// A call whose plan cannot be read goes on with the longest ring and conversation that are usual, and with
/// words that are true of any alert.
fn lost_plan() -> Resume {
    Resume {
        call_id: CallId::new(Uuid::nil()),
        ring_seconds: 60,
        talk_seconds: 120,
        prompt: Prompt {
            severity: Severity::Critical,
            project: "unknown".to_owned(),
            language: "en".to_owned(),
            message: None,
            code: None,
        },
        speaks_code: false,
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let fingerprint: Option<[u8; 32]> = row.get(1)?;
    let progress = Progress::from_row(row.get(6)?);
    let talked: i64 = row.get(7)?;
    Ok(Stored {
        attempt: AttemptId::new(id(row, 0)?),
        seen: match fingerprint {
            Some(bytes) => Seen::Order { fingerprint: Fingerprint(bytes), live: progress != Progress::Over },
            None => Seen::NeverCame,
        },
        trunk: row.get(2)?,
        number: row.get::<_, Option<u32>>(9)?.map(NumberMark),
        came: Came { at: Timestamp::from_micros(row.get(3)?), issued: Timestamp::from_micros(row.get(10)?) },
        answered_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
        ended_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_micros),
        progress,
        talked: Duration::from_millis(u64::try_from(talked).unwrap_or(0)),
        resume: match row.get_ref(8)? == ValueRef::Null {
            true => None,
            false => Some(legible(from_json(row, 8))?.unwrap_or_else(lost_plan)),
        },
    })
}

/// SQLite's integers are signed.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes)
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
