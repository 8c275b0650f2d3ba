//! Who may do what in an organization: one table. `docs/permissions.md` shows it to people, and a test compares them
//! cell by cell.

use super::members::Role;

/// Something that is done with what an organization owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// See alerts, calls, projects, scenarios, people and the fleet's health.
    Look,
    /// Take and close alerts.
    HandleAlerts,
    /// Make and change projects and scenarios.
    ChangeProjects,
    /// See, make and change webhook URLs, which are credentials.
    ChangeEndpoints,
    /// Delete a project with everything in it.
    DeleteProjects,
    /// Invite people, change what they are, and remove them; owners aside.
    ChangeMembers,
    /// Make somebody an owner, and an owner something else.
    ChangeOwners,
    /// Make and delete API keys.
    ChangeKeys,
    /// Read the audit log.
    ReadAudit,
    /// Change name and time zone.
    ChangeOrganization,
    /// Delete the organization.
    DeleteOrganization,
}

impl Act {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Look,
        Self::HandleAlerts,
        Self::ChangeProjects,
        Self::ChangeEndpoints,
        Self::DeleteProjects,
        Self::ChangeMembers,
        Self::ChangeOwners,
        Self::ChangeKeys,
        Self::ReadAudit,
        Self::ChangeOrganization,
        Self::DeleteOrganization,
    ];

    /// As the documentation and the audit log call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::HandleAlerts => "handle alerts",
            Self::ChangeProjects => "change projects",
            Self::ChangeEndpoints => "change endpoints",
            Self::DeleteProjects => "delete projects",
            Self::ChangeMembers => "change members",
            Self::ChangeOwners => "change owners",
            Self::ChangeKeys => "change keys",
            Self::ReadAudit => "read audit log",
            Self::ChangeOrganization => "change organization",
            Self::DeleteOrganization => "delete organization",
        }
    }
}

impl Role {
    /// Whether this role may do that.
    pub const fn may(self, act: Act) -> bool {
        match act {
            Act::Look => true,
            Act::HandleAlerts => matches!(self, Self::Owner | Self::Admin | Self::Member),
            Act::ChangeProjects
            | Act::ChangeEndpoints
            | Act::DeleteProjects
            | Act::ChangeMembers
            | Act::ChangeKeys
            | Act::ReadAudit
            | Act::ChangeOrganization => matches!(self, Self::Owner | Self::Admin),
            Act::ChangeOwners | Act::DeleteOrganization => matches!(self, Self::Owner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_people_read_is_the_one_that_counts() {
        let documented: Vec<Vec<&str>> = include_str!("../../../docs/permissions.md")
            .lines()
            .filter(|line| line.starts_with("| "))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        let [head, rows @ ..] = &documented[..] else { panic!("no table") };
        assert_eq!(head[1..], Role::ALL.map(Role::as_str));
        assert_eq!(rows.len(), Act::ALL.len());
        for (row, act) in rows.iter().zip(Act::ALL) {
            assert_eq!(row[0], act.as_str());
            for (cell, role) in row[1..].iter().zip(Role::ALL) {
                let expected = if role.may(act) { "yes" } else { "" };
                assert_eq!(*cell, expected, "{} {}", role.as_str(), act.as_str());
            }
        }
    }
}
