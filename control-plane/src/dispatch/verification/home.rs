//! What every call hangs on, for those that speak codes: one organization that is nobody's, with a project, an
//! endpoint, a closed alert and a request of it.
//!
//! No member, key or URL leads to them, so no tenant sees these calls among its own, and none is held
//! back by another's. The rows belong to other rooms, none of which has to know of them: that is why they
//! are written here.

use crate::{
    accounts::orgs::NOBODYS,
    secret,
    store::{StoreError, Tx},
};
use shared::{
    ids::{AccountId, AlertId, EndpointId, ProjectId, RequestId},
    time::Timestamp,
};
use uuid::Uuid;

const ID: Uuid = NOBODYS.uuid();
const NOBODY: AccountId = AccountId::new(ID);
const ENDPOINT: EndpointId = EndpointId::new(ID);
pub(super) const PROJECT: ProjectId = ProjectId::new(ID);
pub(super) const ALERT: AlertId = AlertId::new(ID);
pub(super) const REQUEST: RequestId = RequestId::new(ID);

/// Makes what is missing of it.
pub(super) fn furnish(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    // Nobody can sign up under an address that nobody knows, and closed it takes no sign-in.
    let address = format!("nobody-{}@callping.invalid", Uuid::new_v4().simple());
    tx.execute(
        "INSERT INTO accounts (id, email, created_at, closed_at) VALUES ($1, $2, $3, $3) ON CONFLICT (id) DO NOTHING",
        &[&NOBODY, &address, &now],
    )?;
    // No slug that anybody could choose.
    tx.execute(
        "INSERT INTO orgs (id, slug, name, timezone, created_at)
         VALUES ($1, '(verification)', 'Verification of phones', 'UTC', $2) ON CONFLICT (id) DO NOTHING",
        &[&NOBODYS, &now],
    )?;
    tx.execute(
        "INSERT INTO projects (id, org_id, slug, primary_account_id, policy, created_at)
         VALUES ($1, $2, '(verification)', $3, '{}', $4) ON CONFLICT (id) DO NOTHING",
        &[&PROJECT, &NOBODYS, &NOBODY, &now],
    )?;
    // Its key is forgotten as soon as it is made, so that nothing comes in by its URL.
    let key_hash = secret::hash_of(&secret::make());
    tx.execute(
        "INSERT INTO endpoints (id, project_id, alert_key_hash, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING",
        &[&ENDPOINT, &PROJECT, &key_hash, &now],
    )?;
    tx.execute(
        "INSERT INTO alerts (id, org_id, project_id, endpoint_id, severity, message, state, requests, opened_at,
                             updated_at)
         VALUES ($1, $2, $3, $4, 'info', '', 'closed', 1, $5, $5) ON CONFLICT (id) DO NOTHING",
        &[&ALERT, &NOBODYS, &PROJECT, &ENDPOINT, &now],
    )?;
    tx.execute(
        "INSERT INTO incoming_requests (id, endpoint_id, org_id, alert_id, received_at, remote, method, query,
                                        headers, body, severity, message, action, answer)
         VALUES ($1, $2, $3, $4, $5, '', '', '', '[]', $6, 'info', '', 'verify', '{}') ON CONFLICT (id) DO NOTHING",
        &[&REQUEST, &ENDPOINT, &NOBODYS, &ALERT, &now, &Vec::<u8>::new()],
    )?;
    Ok(())
}
