//! From an HTTP request to a stored one.

mod acceptance;
pub mod addresses;
mod again;
mod body;
mod dedup;
pub mod endpoints;
mod message;
mod places;
mod rate;
mod reading;
pub mod requests;
mod severity;
#[cfg(test)]
mod testing;

use crate::{
    dispatch::Nudge,
    secret,
    store::{Store, StoreError, Tx},
};
use acceptance::Acceptance;
pub use acceptance::{GROUP, RESOLVE};
use addresses::Address;
pub use again::{CallAgain, Replay, endpoint_of, replay};
use bytes::Bytes;
use endpoints::Endpoint;
pub use rate::Rate;
pub(crate) use rate::Rates;
pub use reading::{Reading, read};
use shared::{
    ids::{EndpointId, RequestId},
    time::Timestamp,
};
use std::{net::IpAddr, sync::Arc, time::Instant};
use uuid::Uuid;

/// Takes requests in. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    store: Store,
    nudge: Nudge,
    rates: Arc<Rates<EndpointId>>,
}

/// A whole HTTP request to an endpoint.
#[derive(Clone)]
pub struct Arrival {
    /// Who sent it.
    pub remote: IpAddr,
    /// As it came, `POST`.
    pub method: String,
    /// Raw query string, without `?`; empty when there was none.
    pub query: String,
    /// Names in lower case, in order of arrival; values lossily UTF-8. Includes `idempotency-key`
    /// and `x-alert-key`; intake leaves secrets out of what is stored.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Bytes,
}

/// What is answered with 202.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The stored request; of a request sent again, the first one.
    pub request_id: RequestId,
    /// The JSON of the contract.
    pub answer: String,
}

/// Why a request was not taken in. Nothing of it is stored then.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// 404.
    #[error("no endpoint has this address")]
    UnknownEndpoint,
    /// 401.
    #[error("the alert key is missing or wrong: send the endpoint's key as X-Alert-Key")]
    WrongKey,
    /// 429.
    #[error("this endpoint sends too fast; nothing was stored, send it again after {retry_after} s")]
    RateLimited {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// 422: the same key came with other content before.
    #[error("the idempotency key was used for another request, {request_id}: send a new key")]
    IdempotencyKeyReused {
        /// The request that used it.
        request_id: RequestId,
    },
    /// 400.
    #[error("{0}")]
    BadHeader(&'static str),
    /// 503 where trying again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Intake {
    /// Over a database, waking the dispatcher that waits for this nudge; each endpoint may send at this
    /// rate.
    pub fn new(store: Store, nudge: Nudge, rate: Rate) -> Self {
        Self { store, nudge, rates: Arc::new(Rates::new(rate)) }
    }

    /// Finds the endpoint and compares its key, before the body is read. What comes along (project
    /// and rules) is read here, on a reader, so that the one writer need not.
    ///
    /// # Errors
    /// [`IntakeError::UnknownEndpoint`], [`IntakeError::WrongKey`], [`IntakeError::RateLimited`], or what
    /// the database said.
    pub async fn open(&self, address: Address, alert_key: Option<&str>) -> Result<Endpoint, IntakeError> {
        let (key_hash, now) = (alert_key.map(secret::hash_of), Timestamp::now());
        let endpoint =
            self.store.read(move |tx| endpoints::open(tx, address, key_hash.as_deref(), now)).await?;
        // Counted only now: a stranger must not use up what the sender has. By the endpoint, whatever its address.
        self.rates
            .admit(endpoint.id, Instant::now())
            .map_err(|retry_after| IntakeError::RateLimited { retry_after })?;
        Ok(endpoint)
    }

    /// Stores the request with its alert and its queued calls in one durable transaction, and
    /// wakes the dispatcher. A request that was stored before under the same idempotency key gets
    /// the answer of that time.
    ///
    /// # Errors
    /// [`IntakeError::BadHeader`] and [`IntakeError::IdempotencyKeyReused`] for a dedup or idempotency
    /// key that cannot be used, or a [`StoreError`] where the request is not on disk.
    pub async fn accept(&self, endpoint: Endpoint, arrival: Arrival) -> Result<Accepted, IntakeError> {
        let acceptance = Acceptance::prepare(endpoint, arrival, &mut Uuid::now_v7)?;
        let accepted =
            self.store.write(move |tx| acceptance.carry_out(tx, &mut Uuid::now_v7, Timestamp::now())).await?;
        self.nudge.nudge();
        Ok(accepted)
    }
}

/// [`Intake::open`] and [`Intake::accept`] in one transaction at this moment, for the simulation: ids come
/// from `new_id`, and an endpoint's rate is not counted.
///
/// # Errors
/// Theirs.
pub fn accept_within(
    tx: &mut Tx<'_>,
    id: EndpointId,
    arrival: Arrival,
    new_id: &mut dyn FnMut() -> Uuid,
    now: Timestamp,
) -> Result<Accepted, IntakeError> {
    let endpoint = endpoints::open(tx, Address::first_of(id), None, now)?;
    Acceptance::prepare(endpoint, arrival, new_id)?.carry_out(tx, new_id, now)
}
