//! Projects: endpoints, rules and people of one organization.

use super::Applied;
use crate::store::{StoreError, Tx};
use shared::{
    ids::{AccountId, EndpointId, OrgId, ProjectId},
    time::Timestamp,
};
use uuid::Uuid;

/// A group of endpoints, rules and people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Whose.
    pub org_id: OrgId,
    /// Name within the organization.
    pub slug: String,
    /// Who is called where no rule says otherwise.
    pub primary: AccountId,
    /// JSON of `dispatch::policy::Policy`.
    pub policy: String,
}

/// A project by its id.
///
/// # Errors
/// [`StoreError`]
pub fn project(tx: &mut Tx<'_>, id: ProjectId) -> Result<Option<Project>, StoreError> {
    tx.row("SELECT org_id, slug, primary_account_id, policy FROM projects WHERE id = $1", &[&id], |row| {
        Ok(Project { id, org_id: row.get(0)?, slug: row.get(1)?, primary: row.get(2)?, policy: row.get(3)? })
    })
}

/// The project that holds an endpoint, with its name for people, `org/project`.
///
/// # Errors
/// [`StoreError`]
pub fn project_of_endpoint(
    tx: &mut Tx<'_>,
    id: EndpointId,
) -> Result<Option<(ProjectId, String)>, StoreError> {
    tx.row(
        "SELECT projects.id, orgs.slug, projects.slug FROM endpoints
         JOIN projects ON projects.id = endpoints.project_id JOIN orgs ON orgs.id = projects.org_id
         WHERE endpoints.id = $1",
        &[&id],
        |row| Ok((row.get(0)?, format!("{}/{}", row.get::<String>(1)?, row.get::<String>(2)?))),
    )
}

/// Makes a project or brings it up to date. `policy` is the JSON of `dispatch::policy::Policy`.
///
/// # Errors
/// [`StoreError`]
pub fn apply_project(
    tx: &mut Tx<'_>,
    org: OrgId,
    slug: &str,
    primary: AccountId,
    policy: &str,
    now: Timestamp,
) -> Result<(ProjectId, Applied), StoreError> {
    let found = tx.row("SELECT id FROM projects WHERE org_id = $1 AND slug = $2", &[&org, &slug], |row| {
        row.get::<ProjectId>(0)
    })?;
    let Some(id) = found else {
        let id = ProjectId::new(Uuid::now_v7());
        tx.execute(
            "INSERT INTO projects (id, org_id, slug, primary_account_id, policy, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[&id, &org, &slug, &primary, &policy, &now],
        )?;
        return Ok((id, Applied::Created));
    };
    let changed = tx.execute(
        "UPDATE projects SET primary_account_id = $1, policy = $2
         WHERE id = $3 AND (primary_account_id <> $1 OR policy <> $2)",
        &[&primary, &policy, &id],
    )?;
    Ok((id, if changed > 0 { Applied::Updated } else { Applied::Unchanged }))
}
