//! Who belongs to which organization, and as what.

use super::Applied;
use crate::store::{StoreError, ToValue, Tx, Value};
use shared::{
    ids::{AccountId, OrgId},
    time::Timestamp,
};

/// What somebody is in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// May do everything, and give the organization away.
    Owner,
    /// May change everything else.
    Admin,
    /// Is called and may look.
    Member,
    /// May look.
    Viewer,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    /// As the apply file and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// Reads a role; exactly as [`Role::as_str`] writes it.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl ToValue for Role {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

/// Makes somebody a member, or brings their role up to date.
///
/// # Errors
/// [`StoreError`]
pub fn apply_member(
    tx: &mut Tx<'_>,
    org: OrgId,
    account: AccountId,
    role: Role,
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let created = tx.execute(
        "INSERT INTO memberships (org_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_id, account_id) DO NOTHING",
        &[&org, &account, &role, &now],
    )?;
    if created > 0 {
        return Ok(Applied::Created);
    }
    let changed = tx.execute(
        "UPDATE memberships SET role = $1 WHERE org_id = $2 AND account_id = $3 AND role <> $1",
        &[&role, &org, &account],
    )?;
    Ok(if changed > 0 { Applied::Updated } else { Applied::Unchanged })
}
