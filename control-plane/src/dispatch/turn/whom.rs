//! Whom a call rings by now: people change phones, leave organizations and close accounts while their calls wait.

use super::Turn;
use crate::{
    accounts::{
        people::{self, Callee},
        projects,
    },
    dispatch::{
        call::Input,
        do_not_call,
        queue::{self, Queued},
    },
    store::StoreError,
};
use shared::{ids::AccountId, phone};

/// Whom a call rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressee {
    /// Whoever it was for.
    Same,
    /// Another phone, from now on.
    Another,
    /// Nobody has a phone at the moment.
    Nobody,
    /// Somebody whom another call about this alert rings already.
    RungAlready,
}

impl Turn<'_, '_> {
    /// Sees to it that a call rings a phone that is still its person's. Else it rings the one that they have now, or that
    /// of the project's primary.
    pub(super) fn readdress(&mut self, call: &mut Queued) -> Result<Addressee, StoreError> {
        if people::is_rung_on(self.tx, call.org_id, call.account_id, &call.destination)? {
            return Ok(Addressee::Same);
        }
        let Some((account, phone)) = self.instead(call)? else { return Ok(Addressee::Nobody) };
        if phone == call.destination {
            // Two people may share a phone.
            if account != call.account_id {
                call.account_id = account;
                queue::readdress(self.tx, call)?;
            }
            return Ok(Addressee::Same);
        }
        let others = queue::called(self.tx, call.alert_id, Some(call.id))?;
        if others.iter().any(|(_, rung)| *rung == phone) {
            return Ok(Addressee::RungAlready);
        }
        tracing::info!(call = %call.id, to_primary = account != call.account_id, "its phone is nobody's any more: another is called");
        (call.account_id, call.destination) = (account, phone);
        call.machine.handle(self.now, Input::Readdressed);
        queue::readdress(self.tx, call)?;
        Ok(Addressee::Another)
    }

    /// The first of those who may be asked whose phone may be dialled.
    fn instead(&mut self, call: &Queued) -> Result<Option<(AccountId, String)>, StoreError> {
        let mut called = Vec::new();
        if people::belongs(self.tx, call.org_id, call.account_id)? {
            called.push(people::callee(self.tx, call.account_id)?);
        }
        if let Some(project) = projects::project(self.tx, call.project_id)? {
            called.push(people::callee(self.tx, project.primary)?);
        }
        for Callee { account_id, phone } in called {
            let Some(phone) = phone else { continue };
            let Ok(number) = phone::judge(&phone) else { continue };
            if !do_not_call::holds(self.tx, &number.e164)? {
                return Ok(Some((account_id, phone)));
            }
        }
        Ok(None)
    }
}
