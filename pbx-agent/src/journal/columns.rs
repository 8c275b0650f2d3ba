//! From columns to values and back.

use super::row::Stored;
use crate::{
    call::Progress,
    ledger::{Came, Fingerprint, NumberMark, Seen},
};
use rusqlite::Row;
use shared::{ids::AttemptId, time::Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// A row of `orders`, in the order of [`super::file::JournalFile::contents`].
pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let fingerprint: Option<[u8; 32]> = row.get(1)?;
    let progress = Progress::from_row(row.get(6)?);
    let talked: i64 = row.get(7)?;
    let resume: Option<String> = row.get(8)?;
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
        resume: resume.map(|_| from_json(row, 8)).transpose()?,
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
