//! Endpoints: webhook URLs.

use super::{
    IntakeError,
    addresses::{self, Address},
};
use crate::{
    accounts::projects::{self, Project},
    routing::{rule::Scenario, scenarios},
    secret,
    store::{Row, StoreError, Tx},
};
use shared::{
    ids::{EndpointId, OrgId, ProjectId},
    time::Timestamp,
};
use std::fmt;
use uuid::Uuid;

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
                                        alert_key_hash = excluded.alert_key_hash, deleted_at = NULL
         WHERE endpoints.project_id <> excluded.project_id OR endpoints.deleted_at IS NOT NULL
            OR endpoints.scenario IS DISTINCT FROM excluded.scenario
            OR endpoints.alert_key_hash IS DISTINCT FROM excluded.alert_key_hash",
        &[&id, &project, &scenario, &alert_key.map(secret::hash_of), &Timestamp::now()],
    )?;
    // Of one that was rotated its first address is there already, and over.
    addresses::open(tx, id)?;
    Ok(changed > 0)
}

const BY_ADDRESS: &str = "SELECT endpoints.id, project_id, scenario, alert_key_hash
     FROM endpoint_addresses JOIN endpoints ON endpoints.id = endpoint_id
     WHERE address = $1 AND (until IS NULL OR until > $2) AND deleted_at IS NULL";

/// The endpoint that has this address now, if `key_hash` is that of its key or it has none.
pub(super) fn open(
    tx: &mut Tx<'_>,
    address: Address,
    key_hash: Option<&str>,
    now: Timestamp,
) -> Result<Endpoint, IntakeError> {
    let found = tx.row(BY_ADDRESS, &[&address, &now], |row| {
        let named = (row.get::<ProjectId>(1)?, row.get::<Option<String>>(2)?);
        Ok((row.get::<EndpointId>(0)?, named, row.get::<Option<String>>(3)?))
    })?;
    let Some((id, (project, scenario), wanted_hash)) = found else {
        return Err(IntakeError::UnknownEndpoint);
    };
    if let Some(wanted) = wanted_hash
        && !secret::same(&wanted, key_hash.unwrap_or_default())
    {
        return Err(IntakeError::WrongKey);
    }
    opened(tx, id, project, scenario)
}

/// The endpoint of this id, for whoever may look into it: no key is asked for.
pub(super) fn by_id(tx: &mut Tx<'_>, id: EndpointId) -> Result<Endpoint, IntakeError> {
    let found = tx.row(
        "SELECT project_id, scenario FROM endpoints WHERE id = $1 AND deleted_at IS NULL",
        &[&id],
        |row| Ok((row.get::<ProjectId>(0)?, row.get::<Option<String>>(1)?)),
    )?;
    let (project, scenario) = found.ok_or(IntakeError::UnknownEndpoint)?;
    opened(tx, id, project, scenario)
}

/// The rules of an endpoint, be it deleted.
pub(super) fn scenario_of(tx: &mut Tx<'_>, id: EndpointId) -> Result<Scenario, StoreError> {
    let found = tx.row("SELECT project_id, scenario FROM endpoints WHERE id = $1", &[&id], |row| {
        Ok((row.get::<ProjectId>(0)?, row.get::<Option<String>>(1)?))
    })?;
    found.map_or_else(|| Ok(Scenario::default()), |(project, name)| rules(tx, project, name))
}

fn opened(
    tx: &mut Tx<'_>,
    id: EndpointId,
    project: ProjectId,
    scenario: Option<String>,
) -> Result<Endpoint, IntakeError> {
    let scenario = rules(tx, project, scenario)?;
    let project = projects::project(tx, project)?.ok_or(IntakeError::UnknownEndpoint)?;
    Ok(Endpoint { id, project, scenario })
}

/// Without rules where none are named, or none are there.
fn rules(tx: &mut Tx<'_>, project: ProjectId, name: Option<String>) -> Result<Scenario, StoreError> {
    let Some(name) = name else { return Ok(Scenario::default()) };
    Ok(scenarios::scenario(tx, project, &name)?.unwrap_or_default())
}

/// An endpoint as its organization sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id, which stays.
    pub id: EndpointId,
    /// What its URL ends in now, which is its credential.
    pub address: Address,
    /// When it got that, where it had another before.
    pub rotated_at: Option<Timestamp>,
    /// Until when the one before is good, where it is at all.
    pub former_until: Option<Timestamp>,
    /// In which project.
    pub project: ProjectId,
    /// What people call it; may be empty.
    pub name: String,
    /// The scenario that decides; without one, or where it is not there, the primary is called.
    pub scenario: Option<String>,
    /// Whether it takes a second secret.
    pub has_alert_key: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What is chosen of an endpoint.
pub struct Chosen<'a> {
    /// What people call it.
    pub name: &'a str,
    /// The scenario that decides.
    pub scenario: Option<&'a str>,
    /// SHA-256 of the second secret, hex.
    pub alert_key_hash: Option<&'a str>,
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT endpoints.id, project_id, name, scenario, alert_key_hash IS NOT NULL, endpoints.created_at, address,
                    rotated_at, (SELECT MAX(former.until) FROM endpoint_addresses AS former
                                 WHERE former.endpoint_id = endpoints.id)
             FROM endpoints JOIN projects ON projects.id = project_id
             JOIN endpoint_addresses ON endpoint_addresses.endpoint_id = endpoints.id AND until IS NULL
             WHERE org_id = $1 AND endpoints.deleted_at IS NULL AND projects.deleted_at IS NULL AND ",
            $which
        )
    };
}

/// An endpoint of this organization.
///
/// # Errors
/// [`StoreError`]
pub fn in_org(tx: &mut Tx<'_>, org: OrgId, id: EndpointId) -> Result<Option<Listed>, StoreError> {
    tx.row(listed!("endpoints.id = $2"), &[&org, &id], listed)
}

/// The endpoints of a project of this organization, in the order of their ids, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    org: OrgId,
    project: ProjectId,
    after: &str,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(
        listed!("project_id = $2 AND endpoints.id > $3 ORDER BY endpoints.id LIMIT $4"),
        &[&org, &project, &after, &one_more],
        limit,
        |row| row.get(0),
        listed,
    )
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        id: row.get(0)?,
        project: row.get(1)?,
        name: row.get(2)?,
        scenario: row.get(3)?,
        has_alert_key: row.get::<i64>(4)? != 0,
        created_at: row.get(5)?,
        address: row.get(6)?,
        rotated_at: row.get(7)?,
        former_until: row.get(8)?,
    })
}

/// Makes an endpoint with an id that nobody can guess.
///
/// # Errors
/// [`StoreError`]
pub fn create(
    tx: &mut Tx<'_>,
    project: ProjectId,
    chosen: &Chosen<'_>,
    now: Timestamp,
) -> Result<EndpointId, StoreError> {
    // Not version 7: the time of its making would be no secret.
    let id = EndpointId::new(Uuid::new_v4());
    tx.execute(
        "INSERT INTO endpoints (id, project_id, name, scenario, alert_key_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[&id, &project, &chosen.name, &chosen.scenario, &chosen.alert_key_hash, &now],
    )?;
    addresses::open(tx, id)?;
    Ok(id)
}

/// Changes name and scenario; and the second secret, where `alert_key_hash` (SHA-256, hex) says what becomes of it.
///
/// # Errors
/// [`StoreError`]
pub fn change(
    tx: &mut Tx<'_>,
    id: EndpointId,
    name: &str,
    scenario: Option<&str>,
    alert_key_hash: Option<Option<&str>>,
) -> Result<(), StoreError> {
    let (changes_key, hash) = (alert_key_hash.is_some(), alert_key_hash.flatten());
    tx.execute(
        "UPDATE endpoints SET name = $1, scenario = $2, alert_key_hash = CASE WHEN $3 = 1 THEN $4 ELSE alert_key_hash END
         WHERE id = $5",
        &[&name, &scenario, &changes_key, &hash, &id],
    )
    .map(drop)
}

/// Deletes an endpoint: it takes nothing in any more.
///
/// # Errors
/// [`StoreError`]
pub fn delete(tx: &mut Tx<'_>, id: EndpointId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE endpoints SET deleted_at = $1 WHERE id = $2", &[&now, &id]).map(drop)
}

/// Deletes all of an organization's, or of one of its projects.
///
/// # Errors
/// [`StoreError`]
pub fn delete_all(
    tx: &mut Tx<'_>,
    org: OrgId,
    project: Option<ProjectId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE endpoints SET deleted_at = $1
         WHERE project_id IN (SELECT id FROM projects WHERE org_id = $2 AND (id = $3 OR $3 IS NULL))
               AND deleted_at IS NULL",
        &[&now, &org, &project],
    )
    .map(drop)
}

/// How many endpoints a project has, and how many of them go by this scenario.
///
/// # Errors
/// [`StoreError`]
pub fn count(tx: &mut Tx<'_>, project: ProjectId, scenario: &str) -> Result<(u32, u32), StoreError> {
    let counted = tx.row(
        "SELECT COUNT(*), COUNT(CASE WHEN scenario = $2 THEN 1 END) FROM endpoints
         WHERE project_id = $1 AND deleted_at IS NULL",
        &[&project, &scenario],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(counted.unwrap_or((0, 0)))
}

#[cfg(test)]
mod tests;
