//! The second factor of an account: set up, confirmed, asked for, and what opens instead when the phone is lost.

use super::totp::{Outcome, Past, Secret};
use crate::{
    secret::hash_of,
    store::{StoreError, Tx},
};
use shared::{ids::AccountId, time::Timestamp};
use std::time::Duration;
use zeroize::Zeroizing;

/// Recovery codes of an account.
const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code: those that nobody takes for another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Of which each has so many: 60 bits.
const LETTERS_OF_A_CODE: usize = 12;

/// How a second factor was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A code of the app, or a recovery code that is used up now.
    Right,
    /// Neither.
    Wrong,
    /// Not looked at; later.
    Paused(Duration),
    /// This account has none.
    None,
}

/// Begins to set one up: the secret is given back once. `None` where there is a confirmed one, which stays until it is
/// removed.
///
/// # Errors
/// [`StoreError`]
pub fn begin(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<Option<Secret>, StoreError> {
    let secret = Secret::make();
    let made = tx.execute(
        "INSERT INTO second_factors (account_id, secret, created_at, wrong) VALUES ($1, $2, $3, 0)
         ON CONFLICT (account_id) DO UPDATE SET secret = $2, created_at = $3, wrong = 0, last_step = NULL,
                                                paused_until = NULL
         WHERE second_factors.confirmed_at IS NULL",
        &[&account, &secret.as_bytes(), &now],
    )?;
    Ok((made > 0).then_some(secret))
}

/// Confirms it with a first code: from now on it is asked for. The recovery codes are given back once; else what the code
/// came to.
///
/// # Errors
/// [`StoreError`]
pub fn confirm(
    tx: &mut Tx<'_>,
    account: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<Result<Vec<Zeroizing<String>>, Shown>, StoreError> {
    let Some((secret, past)) = stored(tx, account, false)? else { return Ok(Err(Shown::None)) };
    let shown = judge(tx, account, &secret, past, code, now)?;
    if shown != Shown::Right {
        return Ok(Err(shown));
    }
    tx.execute("UPDATE second_factors SET confirmed_at = $1 WHERE account_id = $2", &[&now, &account])?;
    make_recovery_codes(tx, account).map(Ok)
}

/// Whether it is asked for.
///
/// # Errors
/// [`StoreError`]
pub fn is_on(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    Ok(stored(tx, account, true)?.is_some())
}

/// Looks at a code of the app or a recovery code.
///
/// # Errors
/// [`StoreError`]
pub fn show(tx: &mut Tx<'_>, account: AccountId, code: &str, now: Timestamp) -> Result<Shown, StoreError> {
    let Some((secret, past)) = stored(tx, account, true)? else { return Ok(Shown::None) };
    if past.paused_until.is_none_or(|until| now >= until) && use_recovery_code(tx, account, code, now)? {
        return Ok(Shown::Right);
    }
    judge(tx, account, &secret, past, code, now)
}

/// Takes it away with its recovery codes; whether there was one.
///
/// # Errors
/// [`StoreError`]
pub fn remove(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE account_id = $1", &[&account])?;
    Ok(tx.execute("DELETE FROM second_factors WHERE account_id = $1", &[&account])? > 0)
}

/// Makes recovery codes in the place of those there are; they are given back once.
///
/// # Errors
/// [`StoreError`]
pub fn make_recovery_codes(
    tx: &mut Tx<'_>,
    account: AccountId,
) -> Result<Vec<Zeroizing<String>>, StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE account_id = $1", &[&account])?;
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    for code in &codes {
        tx.execute(
            "INSERT INTO recovery_codes (account_id, code_hash) VALUES ($1, $2)",
            &[&account, &hash_of(&bare(code))],
        )?;
    }
    Ok(codes)
}

fn use_recovery_code(
    tx: &mut Tx<'_>,
    account: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let used = tx.execute(
        "UPDATE recovery_codes SET used_at = $1 WHERE account_id = $2 AND code_hash = $3 AND used_at IS NULL",
        &[&now, &account, &hash_of(&bare(code))],
    )?;
    Ok(used > 0)
}

fn stored(
    tx: &mut Tx<'_>,
    account: AccountId,
    confirmed: bool,
) -> Result<Option<(Secret, Past)>, StoreError> {
    tx.row(
        "SELECT secret, last_step, wrong, paused_until FROM second_factors
         WHERE account_id = $1 AND (confirmed_at IS NOT NULL) = ($2 = 1)",
        &[&account, &confirmed],
        |row| {
            let past = Past { last_step: row.get(1)?, wrong: row.get(2)?, paused_until: row.get(3)? };
            Ok((Secret::from_bytes(row.get(0)?), past))
        },
    )
}

fn judge(
    tx: &mut Tx<'_>,
    account: AccountId,
    secret: &Secret,
    past: Past,
    code: &str,
    now: Timestamp,
) -> Result<Shown, StoreError> {
    let (shown, past) = match secret.judge(code, past, now) {
        Outcome::Right(past) => (Shown::Right, past),
        Outcome::Wrong(past) => (Shown::Wrong, past),
        Outcome::Paused(wait, past) => (Shown::Paused(wait), past),
    };
    tx.execute(
        "UPDATE second_factors SET last_step = $1, wrong = $2, paused_until = $3 WHERE account_id = $4",
        &[&past.last_step, &past.wrong, &past.paused_until, &account],
    )?;
    Ok(shown)
}

/// `abcd-efgh-2345`.
fn recovery_code() -> Zeroizing<String> {
    let random: [u8; LETTERS_OF_A_CODE] = rand::random();
    let mut code = String::with_capacity(LETTERS_OF_A_CODE + 2);
    for (place, byte) in random.into_iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        // 256 is a multiple of 32, so no letter is likelier than another.
        code.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    }
    Zeroizing::new(code)
}

/// As it is hashed: however it was typed.
fn bare(code: &str) -> Zeroizing<String> {
    Zeroizing::new(
        code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::people,
        store::testing::{TestStore, store},
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((1_700_000_000 + seconds) * 1_000_000)
    }

    async fn account(store: &TestStore) -> AccountId {
        let email = "ann@example.com".parse().unwrap();
        store.write(move |tx| people::apply_account(tx, &email, at(0))).await.unwrap()
    }

    async fn set_up(store: &TestStore) -> (AccountId, Secret, Vec<Zeroizing<String>>) {
        let ann = account(store).await;
        let secret = store.write(move |tx| begin(tx, ann, at(0))).await.unwrap().unwrap();
        let code = secret.code(at(0));
        let codes = store.write(move |tx| confirm(tx, ann, &code, at(0))).await.unwrap().unwrap();
        (ann, secret, codes)
    }

    async fn shown(store: &TestStore, ann: AccountId, code: String, now: Timestamp) -> Shown {
        store.write(move |tx| show(tx, ann, &code, now)).await.unwrap()
    }

    #[tokio::test]
    async fn it_is_asked_for_once_a_first_code_has_confirmed_it() {
        let store = store().await;
        let ann = account(&store).await;
        let secret = store.write(move |tx| begin(tx, ann, at(0))).await.unwrap().unwrap();
        assert!(!store.read(move |tx| is_on(tx, ann)).await.unwrap());
        let wrong = store.write(move |tx| confirm(tx, ann, "000000", at(0))).await.unwrap();
        assert_eq!(wrong.err(), Some(Shown::Wrong));
        let code = secret.code(at(0));
        assert_eq!(store.write(move |tx| confirm(tx, ann, &code, at(0))).await.unwrap().unwrap().len(), 10);
        assert!(store.read(move |tx| is_on(tx, ann)).await.unwrap());
        // Nobody sets up another one over it.
        assert!(store.write(move |tx| begin(tx, ann, at(9))).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_code_opens_once_and_so_does_a_recovery_code_however_it_is_typed() {
        let store = store().await;
        let (ann, secret, codes) = set_up(&store).await;
        assert_eq!(shown(&store, ann, secret.code(at(0)), at(1)).await, Shown::Wrong);
        assert_eq!(shown(&store, ann, secret.code(at(30)), at(31)).await, Shown::Right);
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(shown(&store, ann, typed.clone(), at(32)).await, Shown::Right);
        assert_eq!(shown(&store, ann, typed, at(33)).await, Shown::Wrong);
        assert_eq!(shown(&store, ann, codes[1].to_string(), at(34)).await, Shown::Right);
    }

    #[tokio::test]
    async fn five_wrong_codes_pause_and_no_recovery_code_goes_around_it() {
        let store = store().await;
        let (ann, secret, codes) = set_up(&store).await;
        for _ in 0..5 {
            assert_eq!(shown(&store, ann, "000000".into(), at(100)).await, Shown::Wrong);
        }
        let wait = Shown::Paused(Duration::from_secs(50));
        assert_eq!(shown(&store, ann, codes[0].to_string(), at(110)).await, wait);
        assert_eq!(shown(&store, ann, secret.code(at(110)), at(110)).await, wait);
        assert_eq!(shown(&store, ann, secret.code(at(160)), at(160)).await, Shown::Right);
    }

    #[tokio::test]
    async fn a_pause_that_a_clock_ahead_began_is_over_after_the_longest_there_is() {
        let store = store().await;
        let (ann, secret, codes) = set_up(&store).await;
        let (day, far) = (24 * 3600, at(365 * 24 * 3600));
        let ahead = move |tx: &mut Tx<'_>| tx.execute("UPDATE second_factors SET paused_until = $1", &[&far]);
        store.write(ahead).await.unwrap();
        let wait = Shown::Paused(Duration::from_secs(24 * 3600));
        assert_eq!(shown(&store, ann, codes[0].to_string(), at(100)).await, wait);
        assert_eq!(shown(&store, ann, secret.code(at(100 + day)), at(100 + day)).await, Shown::Right);
    }

    #[tokio::test]
    async fn without_one_nothing_is_asked() {
        let store = store().await;
        let ann = account(&store).await;
        assert_eq!(shown(&store, ann, "123456".into(), at(0)).await, Shown::None);
        let (ann, _, codes) = set_up(&store).await;
        assert!(store.write(move |tx| remove(tx, ann)).await.unwrap());
        assert_eq!(shown(&store, ann, codes[0].to_string(), at(1)).await, Shown::None);
    }
}
