//! Everybody and every organization, for operators.

use super::{
    members::Role,
    orgs::{NOBODYS, Org},
};
use crate::store::{Row, StoreError, Tx};
use shared::{
    ids::{AccountId, OrgId},
    time::Timestamp,
};

/// Sorts after whatever begins with the same.
const LAST: char = '\u{10FFFF}';

/// Which part of a list that is sorted by a text: what begins with `prefix` and comes after `after`.
struct Part {
    from: String,
    after: String,
    until: String,
}

impl Part {
    /// What is sought is written in lower case, as what is stored.
    fn of(prefix: &str, after: Option<String>) -> Self {
        let prefix = prefix.trim().to_lowercase();
        let until = format!("{prefix}{LAST}");
        let after = after.unwrap_or_default();
        Self { from: prefix.max(after.clone()), after, until }
    }
}

/// An organization in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub org: Org,
    /// How many belong to it.
    pub members: u32,
    /// How many projects it has.
    pub projects: u32,
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT id, slug, name, timezone, created_at,
                    (SELECT COUNT(*) FROM memberships WHERE memberships.org_id = orgs.id),
                    (SELECT COUNT(*) FROM projects WHERE projects.org_id = orgs.id AND projects.deleted_at IS NULL)
             FROM orgs WHERE orgs.deleted_at IS NULL AND ",
            $which
        )
    };
}

const ORGS: &str = listed!("slug >= $1 AND slug <= $3 AND slug <> $2 AND id <> $4 ORDER BY slug LIMIT $5");

/// A page of the organizations whose slug begins with this, sorted by it, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn orgs(
    tx: &mut Tx<'_>,
    prefix: &str,
    after: Option<OrgId>,
    limit: u16,
) -> Result<(Vec<Listed>, Option<String>), StoreError> {
    let after = match after {
        Some(id) => tx.row("SELECT slug FROM orgs WHERE id = $1", &[&id], |row| row.get::<String>(0))?,
        None => None,
    };
    let (part, one_more) = (Part::of(prefix, after), limit + 1);
    let params: [&dyn crate::store::ToValue; 5] = [&part.from, &part.after, &part.until, &NOBODYS, &one_more];
    tx.page(ORGS, &params, limit, |row| row.get(0), org)
}

/// An organization, with what it has.
///
/// # Errors
/// [`StoreError`]
pub fn org_by_id(tx: &mut Tx<'_>, id: OrgId) -> Result<Option<Listed>, StoreError> {
    tx.row(listed!("id = $1 AND id <> $2"), &[&id, &NOBODYS], org)
}

fn org(row: &Row) -> Result<Listed, StoreError> {
    let org = Org {
        id: row.get(0)?,
        slug: row.get(1)?,
        name: row.get(2)?,
        timezone: row.get(3)?,
        created_at: row.get(4)?,
    };
    Ok(Listed { org, members: row.get(5)?, projects: row.get(6)? })
}

/// An account in the list.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Which.
    pub id: AccountId,
    /// Their address; of a closed account one that nobody has.
    pub email: String,
    /// What they want to be called; may be empty.
    pub display_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the address is confirmed.
    pub is_verified: bool,
    /// Whether a second factor is asked for.
    pub has_second_factor: bool,
    /// Whether they run the installation.
    pub is_operator: bool,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When a session of theirs was last begun or refreshed, of those that are remembered.
    pub last_seen_at: Option<Timestamp>,
}

macro_rules! person {
    ($which:literal) => {
        concat!(
            "SELECT id, email, display_name, created_at, email_verified_at IS NOT NULL,
                    EXISTS (SELECT 1 FROM second_factors WHERE account_id = accounts.id AND confirmed_at IS NOT NULL),
                    EXISTS (SELECT 1 FROM operators WHERE account_id = accounts.id), closed_at,
                    (SELECT MAX(last_seen_at) FROM sessions WHERE account_id = accounts.id)
             FROM accounts WHERE ",
            $which
        )
    };
}

const PEOPLE: &str =
    person!("email >= $1 AND email <= $3 AND email <> $2 AND id <> $4 ORDER BY email LIMIT $5");

/// A page of the accounts whose address begins with this, sorted by it, and the id to go on after.
///
/// # Errors
/// [`StoreError`]
pub fn people(
    tx: &mut Tx<'_>,
    prefix: &str,
    after: Option<AccountId>,
    limit: u16,
) -> Result<(Vec<Person>, Option<String>), StoreError> {
    let after = match after {
        Some(id) => tx.row("SELECT email FROM accounts WHERE id = $1", &[&id], |row| row.get::<String>(0))?,
        None => None,
    };
    let (part, one_more) = (Part::of(prefix, after), limit + 1);
    let params: [&dyn crate::store::ToValue; 5] = [&part.from, &part.after, &part.until, &NOBODYS, &one_more];
    tx.page(PEOPLE, &params, limit, |row| row.get(0), person)
}

/// An account, be it closed.
///
/// # Errors
/// [`StoreError`]
pub fn person_by_id(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Person>, StoreError> {
    tx.row(person!("id = $1 AND id <> $2"), &[&id, &NOBODYS], person)
}

fn person(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.get(0)?,
        email: row.get(1)?,
        display_name: row.get(2)?,
        created_at: row.get(3)?,
        is_verified: row.get::<i64>(4)? != 0,
        has_second_factor: row.get::<i64>(5)? != 0,
        is_operator: row.get::<i64>(6)? != 0,
        closed_at: row.get(7)?,
        last_seen_at: row.get(8)?,
    })
}

/// What somebody belongs to: id, slug and as what, at most a hundred.
///
/// # Errors
/// [`StoreError`]
pub fn memberships(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<(OrgId, String, Role)>, StoreError> {
    tx.legible(
        "SELECT orgs.id, slug, role FROM memberships JOIN orgs ON orgs.id = memberships.org_id
         WHERE account_id = $1 AND deleted_at IS NULL ORDER BY slug LIMIT 100",
        &[&account],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// How many sessions of somebody are not over.
///
/// # Errors
/// [`StoreError`]
pub fn open_sessions(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<u32, StoreError> {
    let counted = tx.row(
        "SELECT COUNT(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2",
        &[&account, &now],
        |row| row.get(0),
    )?;
    Ok(counted.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::{orgs::apply_org, people::apply_account},
        store::{ToValue, testing},
    };

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    #[tokio::test]
    async fn a_page_reads_no_more_than_it_shows() {
        let store = testing::store().await;
        for (sql, index) in [
            (ORGS, "orgs_there (slug>? AND slug<?)"),
            (PEOPLE, "sqlite_autoindex_accounts_2 (email>? AND email<?)"),
        ] {
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let plan = store.read(move |tx| {
                let params: [&dyn ToValue; 5] = [&"a", &"a", &"b", &"x", &1i64];
                tx.rows(sql, &params, |row| row.get::<String>(3))
            });
            let plan = plan.await.unwrap().join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
            assert!(!plan.contains("SCAN"), "{plan}");
        }
    }

    #[tokio::test]
    async fn what_begins_alike_is_found_page_by_page_and_signs_mean_themselves() {
        let store = testing::store().await;
        store
            .write(|tx| {
                for slug in ["shop", "shop-eu", "shop-us", "sho", "top"] {
                    apply_org(tx, slug, slug, "UTC", NOW)?;
                }
                for email in ["a_b@example.com", "axb@example.com", "a%b@example.com", "bob@example.com"] {
                    apply_account(tx, &email.parse().unwrap(), NOW)?;
                }
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        let seen = store.read(|tx| {
            let (mut slugs, mut after) = (Vec::new(), None);
            loop {
                let (page, next) = orgs(tx, "Shop", after, 2)?;
                assert!(page.len() <= 2);
                slugs.extend(page.into_iter().map(|listed| listed.org.slug));
                let Some(next) = next else { break };
                after = Some(next.parse().unwrap());
            }
            let found = |tx: &mut Tx<'_>, prefix: &str| {
                let (page, _) = people(tx, prefix, None, 10).unwrap();
                page.into_iter().map(|person| person.email).collect::<Vec<_>>()
            };
            Ok::<_, StoreError>((slugs, found(tx, "a_"), found(tx, "A%"), found(tx, "")))
        });
        let (slugs, underscore, percent, all) = seen.await.unwrap();
        assert_eq!(slugs, ["shop", "shop-eu", "shop-us"]);
        assert_eq!(underscore, ["a_b@example.com"]);
        assert_eq!(percent, ["a%b@example.com"]);
        assert_eq!(all.len(), 4);
    }
}
