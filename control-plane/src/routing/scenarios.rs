//! Scenarios in the database, and the people an action means.

use super::rule::{Action, Scenario};
use crate::{
    accounts::{
        people::{self, Callee},
        projects::Project,
    },
    store::{Row, StoreError, Tx},
};
use shared::{
    ids::{OrgId, ProjectId},
    phone,
    time::Timestamp,
};
use uuid::Uuid;

/// Stores a scenario; whether anything changed.
///
/// # Errors
/// [`StoreError`]
pub fn apply_scenario(
    tx: &mut Tx<'_>,
    project: ProjectId,
    name: &str,
    scenario: &Scenario,
) -> Result<bool, StoreError> {
    let rules = serde_json::to_string(scenario)
        .map_err(|error| StoreError::Constraint(format!("scenario {name:?}: {error}")))?;
    let changed = tx.execute(
        "INSERT INTO scenarios (id, project_id, name, rules, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (project_id, name) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at,
                                                       version = scenarios.version + 1
         WHERE scenarios.rules <> excluded.rules",
        &[&Uuid::now_v7().to_string(), &project, &name, &rules, &Timestamp::now()],
    )?;
    Ok(changed > 0)
}

/// Reads one. `None` also for rules that cannot be read any more, which are logged: an alert must
/// not be lost to them, and where there are no rules the primary is called.
///
/// # Errors
/// [`StoreError`]
pub fn scenario(tx: &mut Tx<'_>, project: ProjectId, name: &str) -> Result<Option<Scenario>, StoreError> {
    let rules = tx.row(
        "SELECT rules FROM scenarios WHERE project_id = $1 AND name = $2",
        &[&project, &name],
        |row| row.get::<String>(0),
    )?;
    Ok(rules.and_then(|rules| legible(&rules, project, name)))
}

/// Reads stored rules; `None` where that cannot be done any more.
pub fn legible(rules: &str, project: ProjectId, name: &str) -> Option<Scenario> {
    let told = |error: &serde_json::Error| tracing::error!(%project, name, %error, "a stored scenario cannot be read: apply it again");
    serde_json::from_str(rules).inspect_err(told).ok()
}

/// Whom an action calls.
pub struct Called {
    /// No phone twice.
    pub callees: Vec<Callee>,
    /// Why the primary is called, where the action means somebody else.
    pub fallback: Option<Fallback>,
}

/// Why the primary is called instead of whom an action means, or as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// There are no schedules yet.
    NoSchedules,
    /// The member has left, or never was one.
    NoMember,
    /// The member has no phone that may be dialled.
    NoPhone,
}

impl Fallback {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedules => "no_schedules",
            Self::NoMember => "no_member",
            Self::NoPhone => "no_phone",
        }
    }
}

/// Whom an action calls, no phone twice.
///
/// A project has no people of its own yet, so `call_project` means every member as `call_all` does,
/// and there are no schedules yet, so `call_on_schedule` means the primary. A member who has left
/// is replaced by the primary. One without a phone that may be dialled is called in vain, which the log must show,
/// so the primary is called as well: an alert that rings nobody is the worst that can happen.
///
/// # Errors
/// [`StoreError`]
pub fn called(tx: &mut Tx<'_>, action: &Action, project: &Project) -> Result<Called, StoreError> {
    let mut fallback = None;
    let callees = match action {
        Action::Suppress => Vec::new(),
        Action::CallPrimary => vec![people::callee(tx, project.primary)?],
        Action::CallOnSchedule { .. } => {
            fallback = Some(Fallback::NoSchedules);
            vec![people::callee(tx, project.primary)?]
        }
        Action::CallAll | Action::CallProject => {
            let mut called = vec![people::callee(tx, project.primary)?];
            called.extend(people::callees(tx, project.org_id)?);
            called
        }
        Action::CallMember { member } => {
            let mut called = Vec::new();
            if let Some(account) = people::member(tx, project.org_id, member)? {
                called.push(people::callee(tx, account)?);
            }
            let rings = |callee: &Callee| callee.phone.as_deref().is_some_and(|it| phone::judge(it).is_ok());
            if !called.iter().any(rings) {
                fallback = Some(if called.is_empty() { Fallback::NoMember } else { Fallback::NoPhone });
                called.push(people::callee(tx, project.primary)?);
            }
            called
        }
    };
    Ok(Called { callees: each_once(callees), fallback })
}

/// [`called`] alone, without why.
///
/// # Errors
/// [`StoreError`]
pub fn callees(tx: &mut Tx<'_>, action: &Action, project: &Project) -> Result<Vec<Callee>, StoreError> {
    Ok(called(tx, action, project)?.callees)
}

fn each_once(called: Vec<Callee>) -> Vec<Callee> {
    let mut once: Vec<Callee> = Vec::with_capacity(called.len());
    for callee in called {
        let is_there = once.iter().any(|other| {
            other.account_id == callee.account_id || (callee.phone.is_some() && other.phone == callee.phone)
        });
        if !is_there {
            once.push(callee);
        }
    }
    once
}

/// A scenario as its organization sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id: another one of the same name is another.
    pub id: String,
    /// Its name within the project.
    pub name: String,
    /// JSON of its rules, as they are stored.
    pub rules: String,
    /// Grows with each change.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT id, name, rules, version, updated_at FROM scenarios WHERE project_id = $1 AND ",
            $which
        )
    };
}

/// One as it is stored.
///
/// # Errors
/// [`StoreError`]
pub fn stored(tx: &mut Tx<'_>, project: ProjectId, name: &str) -> Result<Option<Listed>, StoreError> {
    tx.row(listed!("name = $2"), &[&project, &name], listed)
}

/// One by its id, with its project; `None` where this organization has none, or its project was deleted.
///
/// # Errors
/// [`StoreError`]
pub fn by_id(tx: &mut Tx<'_>, org: OrgId, id: Uuid) -> Result<Option<(ProjectId, Listed)>, StoreError> {
    tx.row(
        "SELECT scenarios.id, name, rules, version, updated_at, project_id
         FROM scenarios JOIN projects ON projects.id = project_id
         WHERE scenarios.id = $1 AND org_id = $2 AND deleted_at IS NULL",
        &[&id.to_string(), &org],
        |row| Ok((row.get(5)?, listed(row)?)),
    )
}

/// A page of a project's, in the order of their names, and the name to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    project: ProjectId,
    after: &str,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), StoreError> {
    let one_more = limit + 1;
    tx.page(
        listed!("name > $2 ORDER BY name LIMIT $3"),
        &[&project, &after, &one_more],
        limit,
        |row| row.get(1),
        listed,
    )
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        id: row.get(0)?,
        name: row.get(1)?,
        rules: row.get(2)?,
        version: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

/// Deletes one.
///
/// # Errors
/// [`StoreError`]
pub fn delete(tx: &mut Tx<'_>, project: ProjectId, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM scenarios WHERE project_id = $1 AND name = $2", &[&project, &name]).map(drop)
}

/// How many a project has.
///
/// # Errors
/// [`StoreError`]
pub fn count(tx: &mut Tx<'_>, project: ProjectId) -> Result<u32, StoreError> {
    let counted =
        tx.row("SELECT COUNT(*) FROM scenarios WHERE project_id = $1", &[&project], |row| row.get(0))?;
    Ok(counted.unwrap_or(0))
}

#[cfg(test)]
mod tests;
