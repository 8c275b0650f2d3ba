//! Calls to several people about one thing, judged together.

use super::{
    policy::Policy,
    queue::{self, Judged, NewCall},
};
use crate::{
    accounts::people::Callee,
    store::{StoreError, Tx},
};
use shared::{
    ids::{AlertId, CallId, OrgId, ProjectId, RequestId},
    severity::Severity,
    time::Timestamp,
};
use uuid::Uuid;

/// What people are called about, and how hard.
#[derive(Clone, Debug)]
pub struct Summons {
    /// The request that asks for it.
    pub request_id: RequestId,
    /// What it is about.
    pub alert_id: AlertId,
    /// Whose it is.
    pub org_id: OrgId,
    /// Whose policy holds.
    pub project_id: ProjectId,
    /// How urgent.
    pub severity: Severity,
    /// How hard to try.
    pub policy: Policy,
    /// Now.
    pub at: Timestamp,
}

impl Summons {
    /// Judges a call to each of them, in their order; those before count for those after. Nothing is stored.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn judge(
        &self,
        tx: &mut Tx<'_>,
        callees: Vec<Callee>,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Result<Vec<Judged>, StoreError> {
        let mut calls = Vec::with_capacity(callees.len());
        for callee in callees {
            let new = NewCall {
                id: CallId::new(new_id()),
                request_id: self.request_id,
                alert_id: self.alert_id,
                org_id: self.org_id,
                project_id: self.project_id,
                account_id: callee.account_id,
                phone: callee.phone,
                severity: self.severity,
                policy: self.policy.clone(),
                at: self.at,
            };
            calls.push(queue::judge(tx, new, &calls)?);
        }
        Ok(calls)
    }
}
