//! What may be somebody's misuse: of the last 24 hours, each list with what stands out first.

use crate::{
    accounts::{
        audit::{self, Deed},
        tries::{self, Near},
    },
    dispatch::volumes::{self, Blocked, Busiest, VerifiedIn},
    store::StoreError,
    web::{
        Response,
        api::{
            call::{Call, ok},
            caller::Person,
        },
        problem::Problem,
    },
    words,
};
use serde::Serialize;
use shared::time::Timestamp;
use std::time::Duration;
use utoipa::ToSchema;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What stands out.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct AbuseSignals {
    /// What came after this moment counts, RFC 3339, UTC.
    #[schema(format = "date-time")]
    since: String,
    /// Calls that were held back.
    blocked: Vec<Blocked>,
    /// Organizations that call most.
    busiest: Vec<Busiest>,
    /// Where the phones are that were to be verified.
    verifications: Vec<VerifiedIn>,
    /// Tries that are near their limit, or at it.
    sign_ins: Vec<NearLimit>,
    /// Refresh tokens that were shown a second time: somebody held a copy.
    refresh_reused: u32,
    /// Accounts that were told of many failed sign-ins.
    many_failures: u32,
}

/// Tries near their limit.
#[derive(Serialize, ToSchema)]
pub(in crate::web::api) struct NearLimit {
    /// What is tried.
    #[schema(value_type = words::Tried)]
    what: &'static str,
    /// The beginning of the hash of whose tries they are: tells one from another, and no more.
    whose: String,
    /// How often, within the limit's time.
    count: u32,
    /// How often it may be tried.
    limit: u32,
}

impl From<Near> for NearLimit {
    fn from(Near { limit, whose, count }: Near) -> Self {
        Self { what: limit.what, whose, count, limit: limit.most }
    }
}

/// What may be somebody's misuse
#[utoipa::path(
    get,
    path = "/api/admin/v1/abuse",
    tag = "admin",
    responses((status = 200, description = "Counted now", body = AbuseSignals))
)]
pub(in crate::web::api) async fn signals(call: Call, _operator: Person) -> Result<Response, Problem> {
    let now = Timestamp::now();
    let since = now - DAY;
    let counted = call.app.store.read(move |tx| {
        Ok::<_, StoreError>(AbuseSignals {
            since: since.to_string(),
            blocked: volumes::blocked(tx, since)?,
            busiest: volumes::busiest(tx, since)?,
            verifications: volumes::verifications(tx, since)?,
            sign_ins: tries::near(tx, now)?.into_iter().map(NearLimit::from).collect(),
            refresh_reused: audit::count_of_nobodys(tx, Deed::RefreshReused, since)?,
            many_failures: audit::count_of_nobodys(tx, Deed::ManyFailures, since)?,
        })
    });
    ok(&counted.await?)
}
