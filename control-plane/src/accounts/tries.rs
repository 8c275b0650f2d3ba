//! How often something may be tried: sign-ins, resets, invitations and the like, counted per person and per address of
//! the network. Counts are rows, so that a restart forgives nobody; whose they are is hashed.

use crate::{
    secret::hash_of,
    store::{StoreError, Tx},
};
use shared::time::Timestamp;
use std::{fmt::Write, net::IpAddr, sync::LazyLock, time::Duration};

/// So many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is tried; a name of its own, since it is stored.
    pub what: &'static str,
    /// How often.
    pub most: u32,
    /// Within which time, from the first one on.
    pub within: Duration,
}

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Wrong passwords for one account from one address: nobody locks out somebody elsewhere.
pub const WRONG_PASSWORDS: Limit = Limit { what: "wrong passwords", most: 10, within: QUARTER };
/// Wrong passwords for one account, whoever tries: many addresses together guess no faster. Not counted where its owner is
/// known, or strangers would lock them out.
pub const WRONG_PASSWORDS_FROM_ANYWHERE: Limit =
    Limit { what: "wrong passwords from anywhere", most: 100, within: HOUR };
/// Sign-ins from one address, right or wrong: an office may sit behind one.
pub const SIGN_INS: Limit = Limit { what: "sign-ins from", most: 60, within: QUARTER };
/// Passwords that one account, signed in, has looked at or hashed: proofs, right or wrong, and changes. Fewer than may wait
/// to be hashed, so that nobody keeps everybody else from signing in.
pub const PASSWORDS: Limit = Limit { what: "passwords of", most: 20, within: QUARTER };
/// New accounts from one address.
pub const SIGN_UPS: Limit = Limit { what: "sign-ups from", most: 20, within: HOUR };
/// Invitations to one mailbox, apart from what strangers send there: whoever invites is known.
pub const INVITES_TO: Limit = Limit { what: "invites to", most: 20, within: DAY };
/// Mails to one mailbox that somebody at one address asked for who need not be its owner.
pub const UNASKED_MAILS_FROM: Limit = Limit { what: "mails from and to", most: 5, within: HOUR };
/// The same from all addresses together.
pub const UNASKED_MAILS: Limit = Limit { what: "mails to", most: 20, within: HOUR };
/// Letters to one mailbox that reset a password, apart from all others: a flood of those must not keep out somebody who
/// has forgotten theirs.
pub const RESET_MAILS: Limit = Limit { what: "reset mails to", most: 5, within: HOUR };
/// Refreshes of one session.
pub const REFRESHES: Limit = Limit { what: "refreshes of", most: 30, within: MINUTE };
/// Refreshes from one address.
pub const REFRESHES_FROM: Limit = Limit { what: "refreshes from", most: 600, within: QUARTER };
/// Links of mails that were tried from one address.
pub const LINKS: Limit = Limit { what: "links from", most: 30, within: HOUR };
/// Changes of one account's address.
pub const ADDRESS_CHANGES: Limit = Limit { what: "address changes of", most: 5, within: DAY };
/// Invitations of one organization.
pub const INVITES: Limit = Limit { what: "invites of", most: 100, within: DAY };
/// Invitations that one account sends, whatever organizations it makes for them.
pub const INVITES_BY: Limit = Limit { what: "invites by", most: 100, within: DAY };
/// Invitations from one address, whatever accounts it makes for them: an office may sit behind one.
pub const INVITES_FROM: Limit = Limit { what: "invites from", most: 300, within: DAY };
/// Organizations that one account makes.
pub const ORGANIZATIONS: Limit = Limit { what: "organizations of", most: 10, within: DAY };
/// Calls that speak a code to one account's phones.
pub const VERIFICATION_CALLS: Limit = Limit { what: "verification calls of", most: 10, within: DAY };
/// Calls that speak a code to one number, whoever asks.
pub const VERIFICATION_CALLS_TO: Limit = Limit { what: "verification calls to", most: 5, within: DAY };

/// Calls that speak a code, asked for from one address: fewer than of all, so that accounts made for it use up nobody else's.
pub const VERIFICATION_CALLS_FROM: Limit = Limit { what: "verification calls from", most: 15, within: HOUR };
/// Calls that speak a code, of all accounts together: what accounts made for it can cost in an hour. More people than this
/// do not verify a phone within one; alerts are not counted.
pub const VERIFICATION_CALLS_OF_ALL: Limit = Limit { what: "verification calls", most: 100, within: HOUR };

/// Stored requests that one organization takes in again: each may ring everybody.
pub const REPLAYS: Limit = Limit { what: "replays of", most: 60, within: HOUR };
/// Alerts about which one organization has people called again.
pub const CALLS_AGAIN: Limit = Limit { what: "calls again of", most: 60, within: HOUR };
/// Webhook URLs that one organization makes others.
pub const ROTATIONS: Limit = Limit { what: "rotations of", most: 60, within: DAY };
/// All of them.
pub const ALL: [Limit; 24] = [
    WRONG_PASSWORDS,
    WRONG_PASSWORDS_FROM_ANYWHERE,
    SIGN_INS,
    PASSWORDS,
    SIGN_UPS,
    INVITES_TO,
    UNASKED_MAILS_FROM,
    UNASKED_MAILS,
    RESET_MAILS,
    REFRESHES,
    REFRESHES_FROM,
    LINKS,
    ADDRESS_CHANGES,
    INVITES,
    INVITES_BY,
    INVITES_FROM,
    ORGANIZATIONS,
    VERIFICATION_CALLS,
    VERIFICATION_CALLS_TO,
    VERIFICATION_CALLS_FROM,
    VERIFICATION_CALLS_OF_ALL,
    REPLAYS,
    CALLS_AGAIN,
    ROTATIONS,
];

/// Tries near their limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Which limit.
    pub limit: Limit,
    /// The beginning of the hash of whose they are.
    pub whose: String,
    /// How many.
    pub count: u32,
}

/// Characters of a hash that tell one from another.
const SHOWN: usize = 12;
/// Told of each limit, so that a flood of one kind of tries hides no other.
const MOST_OF_EACH: u8 = 20;

/// Those of every limit that have come to four fifths of it and still run; `tries_counted` leads past all others.
static COUNTED: LazyLock<String> = LazyLock::new(|| {
    ALL.iter().fold(String::new(), |mut sql, Limit { what, most, within }| {
        let and = if sql.is_empty() { "" } else { " UNION ALL " };
        let (least, micros) = ((most * 4).div_ceil(5), within.as_micros());
        let _ = write!(
            sql,
            "{and}SELECT * FROM (SELECT what, whose, count FROM tries WHERE what = '{what}' \
             AND count >= {least} AND window_start <= $1 AND window_start > $1 - {micros} \
             ORDER BY count DESC LIMIT {MOST_OF_EACH}) AS near"
        );
        sql
    })
});

/// Those of now that have come to four fifths of their limit, the nearest first.
///
/// # Errors
/// [`StoreError`]
pub fn near(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Near>, StoreError> {
    let counted = tx.legible(&COUNTED, &[&now], |row| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<u32>(2)?))
    })?;
    let near = counted.into_iter().filter_map(|(what, whose, count)| {
        let limit = ALL.into_iter().find(|limit| limit.what == what)?;
        Some(Near { limit, whose: whose.chars().take(SHOWN).collect(), count })
    });
    let mut near: Vec<Near> = near.collect();
    near.sort_by(|a, b| b.part().total_cmp(&a.part()));
    Ok(near)
}

impl Near {
    /// Which part of its limit is used up.
    fn part(&self) -> f64 {
        f64::from(self.count) / f64::from(self.limit.most)
    }
}

/// Counts one more try. Too many: how long until the next one counts. Those of which no limit speaks any more are
/// forgotten on the way.
///
/// # Errors
/// [`StoreError`]
pub fn count(
    tx: &mut Tx<'_>,
    limit: Limit,
    whose: &str,
    now: Timestamp,
) -> Result<Result<(), Duration>, StoreError> {
    tx.execute("DELETE FROM tries WHERE window_start < $1", &[&(now - DAY)])?;
    let whose = hash_of(whose);
    let found = tx.row(
        "SELECT window_start, count FROM tries WHERE what = $1 AND whose = $2",
        &[&limit.what, &whose],
        |row| Ok((row.get::<Timestamp>(0)?, row.get::<u32>(1)?)),
    )?;
    // A clock that was set back must not lock anybody out until it has caught up.
    let running = found.filter(|(start, _)| *start <= now && now.since(*start) < limit.within);
    let (start, counted) = running.unwrap_or((now, 0));
    if counted >= limit.most {
        return Ok(Err(limit.within - now.since(start)));
    }
    tx.execute(
        "INSERT INTO tries (what, whose, window_start, count) VALUES ($1, $2, $3, $4)
         ON CONFLICT (what, whose) DO UPDATE SET window_start = $3, count = $4",
        &[&limit.what, &whose, &start, &(counted + 1)],
    )?;
    Ok(Ok(()))
}

/// Whether one more would be too many, without counting it.
///
/// # Errors
/// As [`count`].
pub fn look(
    tx: &mut Tx<'_>,
    limit: Limit,
    whose: &str,
    now: Timestamp,
) -> Result<Result<(), Duration>, StoreError> {
    let found = tx.row(
        "SELECT window_start FROM tries WHERE what = $1 AND whose = $2 AND count >= $3 AND window_start <= $4",
        &[&limit.what, &hash_of(whose), &limit.most, &now],
        |row| row.get::<Timestamp>(0),
    )?;
    let left = found.and_then(|start| limit.within.checked_sub(now.since(start)));
    Ok(left.filter(|left| !left.is_zero()).map_or(Ok(()), Err))
}

/// Forgets a count: the right password after wrong ones.
///
/// # Errors
/// [`StoreError`]
pub fn forgive(tx: &mut Tx<'_>, limit: Limit, whose: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tries WHERE what = $1 AND whose = $2", &[&limit.what, &hash_of(whose)]).map(drop)
}

/// Whose tries those of an address are: an IPv6 network of 64 bits belongs to one customer.
pub fn network_of(remote: IpAddr) -> String {
    match remote.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{TestStore, store};

    const LIMIT: Limit = Limit { what: "tests of", most: 3, within: Duration::from_secs(60) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    async fn counted(store: &TestStore, whose: &'static str, now: Timestamp) -> Result<(), u64> {
        let counted = store.write(move |tx| count(tx, LIMIT, whose, now)).await.unwrap();
        counted.map_err(|wait| wait.as_secs())
    }

    #[tokio::test]
    async fn one_too_many_is_told_when_to_come_back_and_others_are_not_held_back() {
        let store = store().await;
        for _ in 0..3 {
            assert_eq!(counted(&store, "ann", at(100)).await, Ok(()));
        }
        assert_eq!(counted(&store, "ann", at(130)).await, Err(30));
        let looked = store.read(|tx| look(tx, LIMIT, "ann", at(130))).await.unwrap();
        assert_eq!(looked, Err(Duration::from_secs(30)));
        assert_eq!(counted(&store, "bob", at(130)).await, Ok(()));
        assert_eq!(counted(&store, "ann", at(160)).await, Ok(()));
        store.write(|tx| forgive(tx, LIMIT, "ann")).await.unwrap();
        for _ in 0..3 {
            assert_eq!(counted(&store, "ann", at(161)).await, Ok(()));
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_locks_nobody_out() {
        let store = store().await;
        for _ in 0..3 {
            counted(&store, "ann", at(100_000)).await.unwrap();
        }
        assert_eq!(store.read(|tx| look(tx, LIMIT, "ann", at(100))).await.unwrap(), Ok(()));
        assert_eq!(counted(&store, "ann", at(100)).await, Ok(()));
    }

    #[tokio::test]
    async fn who_comes_near_a_limit_is_told_while_it_lasts_and_nobody_else() {
        let store = store().await;
        for (limit, whose, times) in [
            (WRONG_PASSWORDS, "ann", 8),
            (WRONG_PASSWORDS, "bob", 7),
            (RESET_MAILS, "ann", 4),
            (SIGN_INS, "ann", 40),
        ] {
            for _ in 0..times {
                store.write(move |tx| count(tx, limit, whose, at(1000))).await.unwrap().unwrap();
            }
        }
        let told = async |now: Timestamp| {
            let near = store.read(move |tx| near(tx, now)).await.unwrap();
            near.into_iter().map(|near| (near.limit.what, near.count, near.whose)).collect::<Vec<_>>()
        };
        let whose: String = hash_of("ann").chars().take(SHOWN).collect();
        let (passwords, mails) = (("wrong passwords", 8, whose.clone()), ("reset mails to", 4, whose));
        assert_eq!(told(at(1000)).await, [passwords, mails.clone()]);
        assert_eq!(told(at(1900)).await, [mails], "a quarter of an hour is over");
        assert!(told(at(4600)).await.is_empty());
    }

    #[tokio::test]
    async fn a_flood_of_one_kind_hides_no_other() {
        let store = store().await;
        let flood = move |tx: &mut Tx<'_>| {
            for network in 0..1100 {
                for _ in 0..48 {
                    count(tx, SIGN_INS, &format!("network {network}"), at(1000))?.unwrap();
                }
            }
            for _ in 0..9 {
                count(tx, WRONG_PASSWORDS, "ann", at(1000))?.unwrap();
            }
            Ok::<_, StoreError>(())
        };
        store.write(flood).await.unwrap();
        let near = store.read(|tx| near(tx, at(1001))).await.unwrap();
        let told: Vec<_> = near.iter().map(|near| (near.limit.what, near.count)).collect();
        assert_eq!(told[0], ("wrong passwords", 9), "nearer to its limit than all the others");
        assert_eq!(told[1..], [("sign-ins from", 48); MOST_OF_EACH as usize]);
    }

    #[tokio::test]
    async fn counts_that_are_low_are_not_read() {
        let store = store().await;
        let sql: &'static str = format!("EXPLAIN QUERY PLAN {}", *COUNTED).leak();
        let plan = store.read(move |tx| tx.rows(sql, &[&1i64], |row| row.get::<String>(3)));
        let plan = plan.await.unwrap().join("; ");
        assert_eq!(
            plan.matches("USING INDEX tries_counted (what=? AND count>?)").count(),
            ALL.len(),
            "{plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        let names: std::collections::BTreeSet<&str> = ALL.into_iter().map(|limit| limit.what).collect();
        let declared = include_str!("tries.rs").split("mod tests").next().unwrap();
        assert_eq!(names.len(), declared.matches("Limit { what:").count(), "each is listed");
    }

    #[test]
    fn an_ipv6_customer_counts_as_one() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
