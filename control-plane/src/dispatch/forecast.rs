//! Who would be rung, what would hold a call back and which ways it could go: asked by people, rings nobody.

use super::{
    attempts,
    limits::Spent,
    queue::Judged,
    summons::Summons,
    turn::{HEARD_WITHIN, share_of},
};
use crate::{
    accounts::{orgs, people::Callee},
    fleet::{
        Fleet,
        choice::{Route, Wish},
    },
    store::{StoreError, Tx},
};
use shared::{ids::AccountId, outcome::Reason, phone, severity::Severity};
use uuid::Uuid;

/// A call that could be.
pub struct Prospective {
    /// Who.
    pub account_id: AccountId,
    /// On which phone; `None` where they have none.
    pub phone: Option<String>,
    /// Why it would be held back; `None`: it rings.
    pub held_back: Option<Reason>,
    /// Every trunk, as the call would find it.
    pub routes: Vec<Route>,
}

/// What would become of calls to these people, by the judgements that real ones get.
///
/// # Errors
/// [`StoreError`]
pub fn forecast(
    tx: &mut Tx<'_>,
    fleet: &Fleet,
    summons: &Summons,
    callees: Vec<Callee>,
) -> Result<Vec<Prospective>, StoreError> {
    let judged = summons.judge(tx, callees, &mut Uuid::now_v7)?;
    let busy = attempts::busy(tx)?;
    let exhausted = Spent::count(tx, summons.at)?.exhausted(summons.severity);
    let silent = attempts::silent(tx, summons.at - HEARD_WITHIN)?;
    let shared = orgs::are_several(tx)?;
    let mut told = Vec::with_capacity(judged.len());
    for call in &judged {
        let routes = match call.phone().map(phone::judge) {
            Some(Ok(number)) => {
                let under_way = attempts::under_way(tx, summons.org_id, number.e164.as_str())?;
                fleet.routes(&Wish {
                    number: &number,
                    avoid: &exhausted,
                    busy: &busy,
                    silent: &silent,
                    critical: summons.severity == Severity::Critical,
                    speaks_code: false,
                    now: summons.at,
                    share: share_of(shared, &under_way),
                })
            }
            Some(Err(_)) | None => Vec::new(),
        };
        told.push(Prospective::of(call, routes));
    }
    Ok(told)
}

impl Prospective {
    fn of(call: &Judged, routes: Vec<Route>) -> Self {
        Self {
            account_id: call.account(),
            phone: call.phone().map(str::to_owned),
            held_back: call.held_back(),
            routes,
        }
    }
}
