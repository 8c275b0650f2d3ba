//! Tells whoever watches an organization what has changed, once it is durable.

use super::queue::Queued;
use crate::store::{Change, Changed, Row, StoreError, Tx};
use shared::ids::{AlertId, CallId};

/// A call that is loaded, or an attempt of it.
pub(super) fn of_call(tx: &mut Tx<'_>, call: &Queued) {
    tx.announce(Change {
        org: call.org_id,
        project: call.project_id,
        what: Changed::Call(call.id, call.alert_id),
    });
}

/// The same of a call that is not. Of a row that is damaged nobody is told.
pub(super) fn of_call_named(tx: &mut Tx<'_>, id: CallId) -> Result<(), StoreError> {
    let read = |row: &Row| -> Result<_, StoreError> {
        Ok(Change { org: row.get(0)?, project: row.get(1)?, what: Changed::Call(id, row.get(2)?) })
    };
    let found = tx.row("SELECT org_id, project_id, alert_id FROM calls WHERE id = $1", &[&id], |row| {
        Ok(read(row).ok())
    })?;
    found.flatten().into_iter().for_each(|change| tx.announce(change));
    Ok(())
}

/// An alert, or what happened to it.
pub(super) fn of_alert(tx: &mut Tx<'_>, id: AlertId) -> Result<(), StoreError> {
    let read = |row: &Row| -> Result<_, StoreError> {
        Ok(Change { org: row.get(0)?, project: row.get(1)?, what: Changed::Alert(id) })
    };
    let found =
        tx.row("SELECT org_id, project_id FROM alerts WHERE id = $1", &[&id], |row| Ok(read(row).ok()))?;
    found.flatten().into_iter().for_each(|change| tx.announce(change));
    Ok(())
}
