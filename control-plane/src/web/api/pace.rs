//! How fast callers may change things: each person and each key, and those of an organization together.
//!
//! In memory alone, like the rates of endpoints; a restart fills the buckets.

use super::table::Caller;
use crate::{
    accounts::audit::Who,
    intake::Rates,
    web::{
        Limits,
        problem::{Kind, Problem},
    },
};
use shared::ids::OrgId;
use std::time::Instant;
use uuid::Uuid;

/// The buckets of all callers.
pub(crate) struct Pace {
    /// By account or key.
    callers: Rates<Uuid>,
    orgs: Rates<OrgId>,
}

impl Pace {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { callers: Rates::new(limits.writes), orgs: Rates::new(limits.writes_of_org) }
    }

    /// Counts one more change; 429 where they come too fast. What strangers ask has limits of its own.
    pub(super) fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        let (who, org) = match caller {
            Caller::Anybody => return Ok(()),
            Caller::Person(person) => (person.who, None),
            Caller::Member(member) => (member.who, Some(member.org)),
        };
        let id = match who {
            Who::Account(id) | Who::Operator(id) => id.uuid(),
            Who::ApiKey(id) => id.uuid(),
            Who::Nobody => return Ok(()),
        };
        let now = Instant::now();
        self.callers.admit(id, now).map_err(|wait| too_fast("you change things", wait))?;
        let of_org = org.map_or(Ok(()), |org| self.orgs.admit(org, now));
        of_org.map_err(|wait| too_fast("your organization changes things", wait))
    }
}

fn too_fast(who: &str, wait: u32) -> Problem {
    let detail = format!("{who} too fast; nothing was done, send it again after {wait} s");
    Problem::new(Kind::TooManyRequests, detail).retry_after(wait)
}
