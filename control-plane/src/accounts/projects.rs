//! Projects: endpoints, rules and people of one organization.

use super::Applied;
use crate::store::{Row, StoreError, Tx};
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

/// The project that holds an endpoint, be it deleted, with its name for people, `org/project`.
///
/// # Errors
/// [`StoreError`]
pub fn project_of_endpoint(
    tx: &mut Tx<'_>,
    id: EndpointId,
) -> Result<Option<(ProjectId, String)>, StoreError> {
    tx.row(
        "SELECT projects.id, REPLACE(orgs.slug, '~' || orgs.id, ''), REPLACE(projects.slug, '~' || projects.id, '')
         FROM endpoints
         JOIN projects ON projects.id = endpoints.project_id JOIN orgs ON orgs.id = projects.org_id
         WHERE endpoints.id = $1",
        &[&id],
        |row| Ok((row.get(0)?, format!("{}/{}", row.get::<String>(1)?, row.get::<String>(2)?))),
    )
}

/// Makes a project or brings it up to date. `policy` is the JSON of `dispatch::policy::Policy`. One of this slug that
/// somebody deleted is there again, with its history: its endpoints can be no other's.
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
        let revived = tx.row(
            "UPDATE projects SET deleted_at = NULL, slug = $2, primary_account_id = $3, policy = $4
             WHERE id = (SELECT id FROM projects WHERE org_id = $1 AND slug = $2 || '~' || id ORDER BY id DESC LIMIT 1)
             RETURNING id",
            &[&org, &slug, &primary, &policy],
            |row| row.get(0),
        )?;
        if let Some(id) = revived {
            return Ok((id, Applied::Created));
        }
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

/// A project as its organization sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: ProjectId,
    /// Name within the organization.
    pub slug: String,
    /// Who is called where no rule says otherwise.
    pub primary: AccountId,
    /// Their address.
    pub primary_email: String,
    /// JSON of `dispatch::policy::Policy`.
    pub policy: String,
    /// When it was made.
    pub created_at: Timestamp,
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT projects.id, slug, primary_account_id, email, policy, projects.created_at
             FROM projects JOIN accounts ON accounts.id = primary_account_id
             WHERE org_id = $1 AND deleted_at IS NULL AND ",
            $which
        )
    };
}

/// A project of this organization.
///
/// # Errors
/// [`StoreError`]
pub fn in_org(tx: &mut Tx<'_>, org: OrgId, id: ProjectId) -> Result<Option<Listed>, StoreError> {
    tx.row(listed!("projects.id = $2"), &[&org, &id], listed)
}

/// The project that this organization calls so: by its slug, or its id, by which those are found too that are deleted.
///
/// # Errors
/// [`StoreError`]
pub fn named(tx: &mut Tx<'_>, org: OrgId, name: &str) -> Result<Option<ProjectId>, StoreError> {
    tx.row("SELECT id FROM projects WHERE org_id = $1 AND (id = $2 OR slug = $2)", &[&org, &name], |row| {
        row.get(0)
    })
}

/// A page of an organization's projects, the oldest first, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    org: OrgId,
    after: &str,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(
        listed!("projects.id > $2 ORDER BY projects.id LIMIT $3"),
        &[&org, &after, &one_more],
        limit,
        |row| row.get(0),
        listed,
    )
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        id: row.get(0)?,
        slug: row.get(1)?,
        primary: row.get(2)?,
        primary_email: row.get(3)?,
        policy: row.get(4)?,
        created_at: row.get(5)?,
    })
}

/// Makes a project; `None` where the slug is taken.
///
/// # Errors
/// [`StoreError`]
pub fn create(
    tx: &mut Tx<'_>,
    org: OrgId,
    slug: &str,
    primary: AccountId,
    policy: &str,
    now: Timestamp,
) -> Result<Option<ProjectId>, StoreError> {
    tx.row(
        "INSERT INTO projects (id, org_id, slug, primary_account_id, policy, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (org_id, slug) DO NOTHING RETURNING id",
        &[&ProjectId::new(Uuid::now_v7()), &org, &slug, &primary, &policy, &now],
        |row| row.get(0),
    )
}

/// Changes a project of this organization; `false` where the slug is another's.
///
/// # Errors
/// [`StoreError`]
pub fn change(
    tx: &mut Tx<'_>,
    org: OrgId,
    id: ProjectId,
    slug: &str,
    primary: AccountId,
    policy: &str,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE projects SET slug = $1, primary_account_id = $2, policy = $3
         WHERE id = $4 AND org_id = $5
               AND NOT EXISTS (SELECT 1 FROM projects WHERE org_id = $5 AND slug = $1 AND id <> $4)",
        &[&slug, &primary, &policy, &id, &org],
    )?;
    Ok(changed > 0)
}

/// Deletes a project of this organization. Its history stays until it is too old; its endpoints are the caller's to delete.
///
/// # Errors
/// [`StoreError`]
pub fn delete(tx: &mut Tx<'_>, org: OrgId, id: ProjectId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE projects SET deleted_at = $1, slug = slug || '~' || id
         WHERE id = $2 AND org_id = $3 AND deleted_at IS NULL",
        &[&now, &id, &org],
    )
    .map(drop)
}

/// Deletes all of an organization's.
///
/// # Errors
/// [`StoreError`]
pub fn delete_all(tx: &mut Tx<'_>, org: OrgId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE projects SET deleted_at = $1, slug = slug || '~' || id WHERE org_id = $2 AND deleted_at IS NULL",
        &[&now, &org],
    )
    .map(drop)
}

/// How many projects an organization has.
///
/// # Errors
/// [`StoreError`]
pub fn count(tx: &mut Tx<'_>, org: OrgId) -> Result<u32, StoreError> {
    let counted =
        tx.row("SELECT COUNT(*) FROM projects WHERE org_id = $1 AND deleted_at IS NULL", &[&org], |row| {
            row.get(0)
        })?;
    Ok(counted.unwrap_or(0))
}
