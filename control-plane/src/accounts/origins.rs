//! Where somebody has signed in from: networks and browsers. Kept apart from sessions, which go on elsewhere and end.

use super::{sessions::shortened, tries::network_of};
use crate::store::{StoreError, Tx};
use shared::{ids::AccountId, time::Timestamp};
use std::net::IpAddr;

/// Most that are remembered of one account, the newest: whoever has more gets a notice too many.
const MOST: u32 = 100;

/// What a place is to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first of all.
    First,
    /// They have signed in from this network with this browser.
    Known,
    /// Not yet, which is worth a notice.
    New,
}

/// Remembers where somebody signs in from; what that place was to them until now.
///
/// # Errors
/// [`StoreError`]
pub fn note(
    tx: &mut Tx<'_>,
    account: AccountId,
    remote: IpAddr,
    user_agent: &str,
    now: Timestamp,
) -> Result<Place, StoreError> {
    let (network, user_agent) = (network_of(remote), shortened(user_agent));
    let any = tx.row("SELECT 1 FROM origins WHERE account_id = $1 LIMIT 1", &[&account], |_| Ok(()))?;
    let known = tx.row(
        "SELECT 1 FROM origins WHERE account_id = $1 AND network = $2 AND user_agent = $3",
        &[&account, &network, &user_agent],
        |_| Ok(()),
    )?;
    tx.execute(
        "INSERT INTO origins (account_id, network, user_agent, last_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id, network, user_agent) DO UPDATE SET last_at = $4",
        &[&account, &network, &user_agent, &now],
    )?;
    tx.execute(
        "DELETE FROM origins WHERE account_id = $1 AND last_at < (
             SELECT MIN(last_at) FROM (
                 SELECT last_at FROM origins WHERE account_id = $1 ORDER BY last_at DESC LIMIT $2) AS newest)",
        &[&account, &MOST],
    )?;
    Ok(match (any, known) {
        (None, _) => Place::First,
        (Some(()), Some(())) => Place::Known,
        (Some(()), None) => Place::New,
    })
}

/// Whether somebody has signed in from this network, with whatever browser.
///
/// # Errors
/// [`StoreError`]
pub fn knows(tx: &mut Tx<'_>, account: AccountId, remote: IpAddr) -> Result<bool, StoreError> {
    let found = tx.row(
        "SELECT 1 FROM origins WHERE account_id = $1 AND network = $2 LIMIT 1",
        &[&account, &network_of(remote)],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Forgets all of somebody's.
///
/// # Errors
/// [`StoreError`]
pub fn forget(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM origins WHERE account_id = $1", &[&account]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{accounts::people, store::testing::store};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((1_700_000_000 + seconds) * 1_000_000)
    }

    #[tokio::test]
    async fn a_place_is_new_once_and_the_hundred_newest_are_remembered() {
        let store = store().await;
        let email = "ann@example.com".parse().unwrap();
        let ann = store.write(move |tx| people::apply_account(tx, &email, at(0))).await.unwrap();
        let noted = async |remote: &str, agent: &'static str, now| {
            let remote: IpAddr = remote.parse().unwrap();
            store.write(move |tx| note(tx, ann, remote, agent, now)).await.unwrap()
        };
        let knows = async |remote: &str| {
            let remote: IpAddr = remote.parse().unwrap();
            store.read(move |tx| knows(tx, ann, remote)).await.unwrap()
        };
        assert!(!knows("2001:db8::1").await);
        assert_eq!(noted("2001:db8::1", "Firefox", at(0)).await, Place::First);
        assert_eq!(
            noted("2001:db8::2", "Firefox", at(1)).await,
            Place::Known,
            "an address that changes daily"
        );
        assert_eq!(noted("2001:db8::2", "Chrome", at(2)).await, Place::New);
        assert!(knows("2001:db8::3").await && !knows("192.0.2.1").await);
        for number in 0..MOST {
            let remote = format!("192.0.2.{number}");
            assert_eq!(noted(&remote, "Firefox", at(10 + i64::from(number))).await, Place::New);
        }
        assert!(knows("192.0.2.0").await && !knows("2001:db8::3").await);
        let rows = store.read(|tx| tx.row("SELECT COUNT(*) FROM origins", &[], |row| row.get::<u32>(0)));
        assert_eq!(rows.await.unwrap(), Some(MOST));
        store.write(move |tx| forget(tx, ann)).await.unwrap();
        assert_eq!(noted("192.0.2.0", "Firefox", at(999)).await, Place::First);
    }
}
