//! The rows: what was seen, and what it makes of each day.

use super::{
    Component, State,
    board::Batch,
    days::{self, Check, Day, Tally},
};
use crate::store::{StoreError, Tx};
use std::{collections::BTreeMap, time::Duration};

/// How long single looks are kept.
const KEPT: Duration = Duration::from_secs(48 * 3600);
/// How long days are kept.
const KEPT_DAYS: i64 = 400;

const LATEST: &str = "SELECT component, state, checked_at, holds FROM status_checks
                      WHERE checked_at = (SELECT MAX(checked_at) FROM status_checks)";
const DAYS: &str =
    "SELECT component, day, known, degraded, down FROM status_days WHERE day > $1 AND day <= $2";
const FORGET: &str = "DELETE FROM status_checks WHERE checked_at < $1";
const FORGET_DAYS: &str = "DELETE FROM status_days WHERE day <= $1";

/// Whatever a look has seen, and the time since the look before. `elapsed`: how long that is on a clock that is never
/// set, where this process took both.
///
/// # Errors
/// [`StoreError`]
pub(super) fn record(tx: &mut Tx<'_>, batch: &Batch, elapsed: Option<Duration>) -> Result<(), StoreError> {
    let now = batch.at;
    let before = latest(tx)?;
    // What bears a moment that is still to come was written by a clock that was set back since: it says nothing.
    tx.execute("DELETE FROM status_checks WHERE checked_at >= $1", &[&now])?;
    tx.execute("DELETE FROM status_days WHERE day > $1", &[&Day::of(now).number()])?;
    if let Some(before) = before.filter(|before| before.at < now) {
        for (component, state) in &before.states {
            // Who is not looked at any more is not there any more.
            if !batch.states.contains_key(component) {
                continue;
            }
            let check = Check { at: before.at, state: *state, holds: before.holds };
            for (day, tally) in days::since(check, now, elapsed, component.is_ourselves()) {
                add(tx, component, day, tally)?;
            }
        }
    }
    for (component, state) in &batch.states {
        tx.execute(
            "INSERT INTO status_checks (checked_at, component, state, holds) VALUES ($1, $2, $3, $4)",
            &[&now, component, state, &micros(batch.holds)],
        )?;
    }
    tx.execute(FORGET, &[&(now - KEPT)])?;
    tx.execute(FORGET_DAYS, &[&Day::of(now).before(KEPT_DAYS).number()])?;
    Ok(())
}

fn add(tx: &mut Tx<'_>, component: &Component, day: Day, tally: Tally) -> Result<(), StoreError> {
    let Tally { known, degraded, down } = tally;
    tx.execute(
        "INSERT INTO status_days (day, component, known, degraded, down) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (day, component) DO UPDATE SET known = status_days.known + excluded.known,
             degraded = status_days.degraded + excluded.degraded, down = status_days.down + excluded.down",
        &[&day.number(), component, &micros(known), &micros(degraded), &micros(down)],
    )
    .map(drop)
}

/// The newest look.
///
/// # Errors
/// [`StoreError`]
pub(super) fn latest(tx: &mut Tx<'_>) -> Result<Option<Batch>, StoreError> {
    let rows = tx.legible(LATEST, &[], |row| {
        Ok((row.get::<Component>(0)?, row.get::<State>(1)?, row.get(2)?, duration(row.get(3)?)))
    })?;
    let Some((_, _, at, holds)) = rows.first().cloned() else { return Ok(None) };
    let states = rows.into_iter().map(|(component, state, _, _)| (component, state)).collect();
    Ok(Some(Batch { at, holds, states }))
}

/// The last days of every component, today the last of them; a day of which nothing is known is left out.
///
/// # Errors
/// [`StoreError`]
pub(super) fn days(
    tx: &mut Tx<'_>,
    today: Day,
    days: i64,
) -> Result<BTreeMap<Component, BTreeMap<Day, Tally>>, StoreError> {
    let rows = tx.legible(DAYS, &[&today.before(days).number(), &today.number()], |row| {
        let [known, degraded, down] = [duration(row.get(2)?), duration(row.get(3)?), duration(row.get(4)?)];
        let tally = Tally { known, degraded, down }.within_a_day();
        Ok((row.get::<Component>(0)?, Day::new(row.get(1)?), tally))
    })?;
    let mut found: BTreeMap<Component, BTreeMap<Day, Tally>> = BTreeMap::new();
    for (component, day, tally) in rows {
        found.entry(component).or_default().insert(day, tally);
    }
    Ok(found)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests;
