//! Addresses of endpoints: the UUID that a webhook URL ends in, which is its credential. An endpoint has one at a time, and
//! beside it, for a while, those that it had before.
//!
//! The first one is the endpoint's own id. What was rotated away keeps its row, so that it is never anybody's again.

use crate::store::{FromValue, StoreError, ToValue, Tx, Value};
use shared::{ids::EndpointId, time::Timestamp};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// What a webhook URL ends in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address(Uuid);

impl Address {
    /// The one that an endpoint is made with.
    pub fn first_of(id: EndpointId) -> Self {
        Self(id.uuid())
    }

    /// As the URL writes it.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

/// Without the credential.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl FromStr for Address {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

impl ToValue for Address {
    fn to_value(&self) -> Value {
        Value::Text(self.0.to_string())
    }
}

impl FromValue for Address {
    const WANTED: &'static str = "an id";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { text.parse().ok() } else { None }
    }
}

/// Gives a new endpoint its first address.
///
/// # Errors
/// [`StoreError`]
pub(super) fn open(tx: &mut Tx<'_>, id: EndpointId) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO endpoint_addresses (address, endpoint_id) VALUES ($1, $2) ON CONFLICT (address) DO NOTHING",
        &[&Address::first_of(id), &id],
    )
    .map(drop)
}

/// Whether another endpoint has or had this id as its address: then nothing else can have it.
///
/// # Errors
/// [`StoreError`]
pub fn is_anothers(tx: &mut Tx<'_>, id: EndpointId) -> Result<bool, StoreError> {
    let found = tx.row(
        "SELECT 1 FROM endpoint_addresses WHERE address = $1 AND endpoint_id <> $2",
        &[&Address::first_of(id), &id],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Gives an endpoint another address. The one that it had is good until then, and those before it no longer than that.
///
/// # Errors
/// [`StoreError`]
pub fn rotate(tx: &mut Tx<'_>, id: EndpointId, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE endpoint_addresses SET until = $2 WHERE endpoint_id = $1 AND (until IS NULL OR until > $2)",
        &[&id, &until],
    )?;
    // Not version 7: the time of its making would be no secret.
    let address = Address(Uuid::new_v4());
    tx.execute("INSERT INTO endpoint_addresses (address, endpoint_id) VALUES ($1, $2)", &[&address, &id])?;
    tx.execute("UPDATE endpoints SET rotated_at = $2 WHERE id = $1", &[&id, &now]).map(drop)
}
