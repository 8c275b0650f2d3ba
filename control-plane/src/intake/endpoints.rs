//! Endpoints: webhook URLs.

use super::IntakeError;
use crate::{
    accounts::projects::{self, Project},
    routing::{rule::Scenario, scenarios},
    secret,
    store::{StoreError, Tx},
};
use shared::{
    ids::{EndpointId, ProjectId},
    time::Timestamp,
};
use std::fmt;

/// An endpoint whose key was right, with what its requests need.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) id: EndpointId,
    pub(super) project: Project,
    /// Without rules where the endpoint names none, or none that is there.
    pub(super) scenario: Scenario,
}

/// Without the id, which is a credential.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("project", &self.project.id).finish_non_exhaustive()
    }
}

/// Makes an endpoint or brings it up to date; whether anything changed. `alert_key` is hashed here.
///
/// # Errors
/// [`StoreError`]
pub fn apply_endpoint(
    tx: &mut Tx<'_>,
    id: EndpointId,
    project: ProjectId,
    alert_key: Option<&str>,
    scenario: Option<&str>,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "INSERT INTO endpoints (id, project_id, scenario, alert_key_hash, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET project_id = excluded.project_id, scenario = excluded.scenario,
                                        alert_key_hash = excluded.alert_key_hash
         WHERE endpoints.project_id <> excluded.project_id
            OR endpoints.scenario IS DISTINCT FROM excluded.scenario
            OR endpoints.alert_key_hash IS DISTINCT FROM excluded.alert_key_hash",
        &[&id, &project, &scenario, &alert_key.map(secret::hash_of), &Timestamp::now()],
    )?;
    Ok(changed > 0)
}

/// The endpoint of this id, if `key_hash` is that of its key or it has none.
pub(super) fn open(tx: &mut Tx<'_>, id: EndpointId, key_hash: Option<&str>) -> Result<Endpoint, IntakeError> {
    let found =
        tx.row("SELECT project_id, scenario, alert_key_hash FROM endpoints WHERE id = $1", &[&id], |row| {
            Ok((row.get::<ProjectId>(0)?, row.get::<Option<String>>(1)?, row.get::<Option<String>>(2)?))
        })?;
    let Some((project, scenario, wanted_hash)) = found else { return Err(IntakeError::UnknownEndpoint) };
    if let Some(wanted) = wanted_hash
        && !secret::same(&wanted, key_hash.unwrap_or_default())
    {
        return Err(IntakeError::WrongKey);
    }
    let scenario = match scenario {
        Some(name) => scenarios::scenario(tx, project, &name)?.unwrap_or_default(),
        None => Scenario::default(),
    };
    let project = projects::project(tx, project)?.ok_or(IntakeError::UnknownEndpoint)?;
    Ok(Endpoint { id, project, scenario })
}

#[cfg(test)]
mod tests;
