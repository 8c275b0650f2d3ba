//! Whom a call rings by now: people change phones, leave organizations and close accounts while their calls wait.

use super::Turn;
use crate::{
    accounts::{
        people::{self, Callee},
        projects,
    },
    dispatch::queue::{self, Queued},
    store::StoreError,
};

impl Turn<'_, '_> {
    /// Sees to it that a call rings a phone that is still its person's. Else it rings the one that they have now, or that
    /// of the project's primary. Whether it rings anybody: not where nobody is left, or another call about this alert
    /// rings that phone already.
    pub(super) fn readdress(&mut self, call: &mut Queued) -> Result<bool, StoreError> {
        if people::is_rung_on(self.tx, call.org_id, call.account_id, &call.destination)? {
            return Ok(true);
        }
        let Some((account, phone)) = self.instead(call)? else { return Ok(false) };
        let others = queue::called(self.tx, call.alert_id, Some(call.id))?;
        if others.iter().any(|(_, rung)| *rung == phone) {
            return Ok(false);
        }
        tracing::info!(call = %call.id, to_primary = account != call.account_id, "its phone is nobody's any more: another is called");
        (call.account_id, call.destination) = (account, phone);
        queue::readdress(self.tx, call)?;
        Ok(true)
    }

    fn instead(&mut self, call: &Queued) -> Result<Option<(shared::ids::AccountId, String)>, StoreError> {
        let mut called = Vec::new();
        if people::belongs(self.tx, call.org_id, call.account_id)? {
            called.push(people::callee(self.tx, call.account_id)?);
        }
        if let Some(project) = projects::project(self.tx, call.project_id)? {
            called.push(people::callee(self.tx, project.primary)?);
        }
        Ok(called.into_iter().find_map(|Callee { account_id, phone }| Some((account_id, phone?))))
    }
}
