//! What an hour may hold: calls to a phone, calls of an organization, and what a trunk may cost.
//!
//! A mistake in a rule or a stolen endpoint must not become a night of ringing or a bill. The last
//! part of each limit is kept for critical calls, so that a flood of lesser ones cannot silence them;
//! whatever is held back is a row with its reason.

use super::queue::NewCall;
use crate::{
    fleet::choice::Tried,
    store::{StoreError, Tx},
};
use shared::{ids::PbxId, outcome::Reason, severity::Severity, time::Timestamp};
use std::{collections::HashMap, time::Duration};

/// Everything here counts within this time.
const HOUR: Duration = Duration::from_secs(3600);
/// Calls of one organization to one phone. Within the organization, so that no tenant can hold back
/// another's calls; what a phone bears from all of them is the host's `max_calls_per_number`.
pub(super) const CALLS_TO_A_PHONE: Most = Most { ordinary: 120, critical: 600 };
/// Calls of one organization.
pub(super) const CALLS_OF_AN_ORG: Most = Most { ordinary: 1_000, critical: 5_000 };
/// Attempts over one trunk of one host.
pub(super) const ATTEMPTS_OVER_A_TRUNK: Most = Most { ordinary: 2_000, critical: 4_000 };
/// Minutes of conversation over one trunk of one host.
pub(super) const MINUTES_OVER_A_TRUNK: Most = Most { ordinary: 600, critical: 1_200 };

/// Attempts of one organization on one phone at once. More would only find it busy, use up their
/// redials and hold channels that other phones need; the others wait until one of them has ended.
pub(super) const RINGS_AT_ONCE: u32 = 3;

/// A limit, and the higher one of critical calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub(super) ordinary: u32,
    pub(super) critical: u32,
}

impl Most {
    fn of(self, severity: Severity) -> u32 {
        if severity == Severity::Critical { self.critical } else { self.ordinary }
    }
}

// Both read an index that holds no call that was held back, and no more of it than the limit.
pub(super) const TO_PHONE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM calls
                               WHERE destination = $1 AND created_at > $2 AND created_at < $3 AND org_id = $4
                                     AND status <> 'blocked' LIMIT $5) AS counted";
pub(super) const OF_ORG: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM calls
                               WHERE org_id = $1 AND created_at > $2 AND created_at < $3
                                     AND status <> 'blocked' LIMIT $4) AS counted";

/// `rate_limited` when the phone or the organization has had its calls of this hour, those of the same
/// request included that are not stored yet.
pub(super) fn held_back(
    tx: &mut Tx<'_>,
    new: &NewCall,
    destination: &str,
    to_phone_now: u32,
    of_request: u32,
) -> Result<Option<Reason>, StoreError> {
    // What lies further ahead was written before the clock was set back.
    let (since, until) = (new.at - HOUR, new.at + HOUR);
    let most = CALLS_TO_A_PHONE.of(new.severity);
    let to_phone =
        tx.row(TO_PHONE, &[&destination, &since, &until, &new.org_id, &most], |row| row.get::<u32>(0))?;
    if to_phone.unwrap_or(0) + to_phone_now >= most {
        tracing::warn!(org = %new.org_id, call = %new.id, most, "a phone has had its calls of this hour");
        return Ok(Some(Reason::RateLimited));
    }
    let most = CALLS_OF_AN_ORG.of(new.severity);
    let of_org = tx.row(OF_ORG, &[&new.org_id, &since, &until, &most], |row| row.get::<u32>(0))?;
    if of_org.unwrap_or(0) + of_request >= most {
        tracing::warn!(org = %new.org_id, call = %new.id, most, "an organization has had its calls of this hour");
        return Ok(Some(Reason::RateLimited));
    }
    Ok(None)
}

/// What trunks have cost within the hour.
#[derive(Default)]
pub(super) struct Spent(HashMap<(PbxId, String), Cost>);

#[derive(Clone, Copy, Default)]
struct Cost {
    attempts: u32,
    talked: Duration,
}

impl Spent {
    /// Adds up the call log of the last hour.
    pub(super) fn count(tx: &mut Tx<'_>, now: Timestamp) -> Result<Self, StoreError> {
        let rows = tx.legible(
            "SELECT pbx_id, trunk, COUNT(*), COALESCE(SUM(duration_ms), 0) FROM call_logs
             WHERE initiated_at > $1 AND initiated_at < $2 GROUP BY pbx_id, trunk",
            &[&(now - HOUR), &(now + HOUR)],
            |row| {
                let talked = u64::try_from(row.get::<i64>(3)?).unwrap_or(0);
                let cost = Cost { attempts: row.get(2)?, talked: Duration::from_millis(talked) };
                Ok(((row.get::<PbxId>(0)?, row.get::<String>(1)?), cost))
            },
        )?;
        Ok(Self(rows.into_iter().collect()))
    }

    /// One more attempt.
    pub(super) fn add(&mut self, pbx: PbxId, trunk: &str) {
        self.0.entry((pbx, trunk.to_owned())).or_default().attempts += 1;
    }

    /// Trunks that have cost what they may.
    pub(super) fn exhausted(&self, severity: Severity) -> Vec<Tried> {
        let attempts = ATTEMPTS_OVER_A_TRUNK.of(severity);
        let minutes = u64::from(MINUTES_OVER_A_TRUNK.of(severity));
        self.0
            .iter()
            .filter(|(_, cost)| cost.attempts >= attempts || cost.talked.as_secs() >= minutes * 60)
            .map(|((pbx, trunk), _)| Tried {
                pbx: *pbx,
                trunk: trunk.clone(),
                whole_pbx: false,
                reason: Some(Reason::Quota),
            })
            .collect()
    }
}
