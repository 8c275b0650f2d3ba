//! What operators have decided: hosts that take no new calls, and trunks that rest.
//!
//! Rows, so that a restart forgets nothing. A running `serve` reads them every second, as it does with what is revoked.

use super::Fleet;
use crate::store::{StoreError, Tx};
use shared::{ids::PbxId, time::Timestamp};
use std::collections::BTreeMap;

/// What was decided about one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// Since when it takes no new calls.
    pub drained_at: Option<Timestamp>,
    /// Until when trunks of it rest.
    pub rests: BTreeMap<String, Timestamp>,
}

impl Decided {
    /// Until when a trunk rests, if it does.
    pub fn rests_until(&self, trunk: &str, now: Timestamp) -> Option<Timestamp> {
        self.rests.get(trunk).copied().filter(|until| now < *until)
    }
}

/// What was decided about whom; of all others nothing.
pub(super) type Decisions = BTreeMap<PbxId, Decided>;

/// Reads all of it.
pub(super) fn read(tx: &mut Tx<'_>) -> Result<Decisions, StoreError> {
    let mut decisions = Decisions::new();
    let drained = tx.legible("SELECT id, drained_at FROM pbxs WHERE drained_at IS NOT NULL", &[], |row| {
        Ok((row.get::<PbxId>(0)?, row.get(1)?))
    })?;
    for (pbx, at) in drained {
        decisions.entry(pbx).or_default().drained_at = Some(at);
    }
    let rests = tx.legible("SELECT pbx_id, trunk, until FROM trunk_rests", &[], |row| {
        Ok((row.get::<PbxId>(0)?, row.get::<String>(1)?, row.get(2)?))
    })?;
    for (pbx, trunk, until) in rests {
        decisions.entry(pbx).or_default().rests.insert(trunk, until);
    }
    Ok(decisions)
}

/// A host takes no new calls, or takes them again; whether that changes anything.
///
/// # Errors
/// [`StoreError`]
pub fn drain(tx: &mut Tx<'_>, pbx: PbxId, drained: bool, now: Timestamp) -> Result<bool, StoreError> {
    let changed = if drained {
        tx.execute("UPDATE pbxs SET drained_at = $1 WHERE id = $2 AND drained_at IS NULL", &[&now, &pbx])?
    } else {
        tx.execute("UPDATE pbxs SET drained_at = NULL WHERE id = $1 AND drained_at IS NOT NULL", &[&pbx])?
    };
    Ok(changed > 0)
}

/// A trunk rests until then, or not any more; until when it rested before. Rests that are over are forgotten on the way.
///
/// # Errors
/// [`StoreError`]
pub fn rest(
    tx: &mut Tx<'_>,
    pbx: PbxId,
    trunk: &str,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    tx.execute("DELETE FROM trunk_rests WHERE until <= $1", &[&now])?;
    let rested =
        tx.row("SELECT until FROM trunk_rests WHERE pbx_id = $1 AND trunk = $2", &[&pbx, &trunk], |row| {
            row.get(0)
        })?;
    match until {
        Some(until) => tx.execute(
            "INSERT INTO trunk_rests (pbx_id, trunk, until, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (pbx_id, trunk) DO UPDATE SET until = excluded.until, created_at = excluded.created_at",
            &[&pbx, &trunk, &until, &now],
        )?,
        None => tx
            .execute("DELETE FROM trunk_rests WHERE pbx_id = $1 AND trunk = $2", &[&pbx, &trunk])?,
    };
    Ok(rested)
}

impl Fleet {
    /// Takes what operators have decided since.
    ///
    /// # Errors
    /// [`StoreError`]; what was known before holds.
    pub async fn follow_decisions(&self) -> Result<(), StoreError> {
        let decisions = self.0.store.read(read).await?;
        self.0.hub.decide(decisions);
        Ok(())
    }

    /// Whether a host has said that it has this trunk.
    pub fn has_trunk(&self, pbx: PbxId, trunk: &str) -> bool {
        let host = self.0.hub.snapshot(pbx).and_then(|(host, _)| host.health);
        host.is_some_and(|health| health.trunks.iter().any(|known| known.name == trunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fleet::registry,
        store::testing::{self, TestStore},
    };
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    async fn with_pbx() -> (TestStore, PbxId) {
        let store = testing::store().await;
        let made = store.write(|tx| {
            registry::apply_pbx(tx, "pbx-1", "eu")?;
            registry::id_of(tx, "pbx-1")
        });
        let pbx = made.await.unwrap().unwrap();
        (store, pbx)
    }

    async fn of(store: &TestStore, pbx: PbxId) -> Decided {
        store.read(read).await.unwrap().remove(&pbx).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_host_is_drained_once_and_taken_back_once() {
        let (store, pbx) = with_pbx().await;
        for (drained, changes) in [(false, false), (true, true), (true, false), (false, true)] {
            let changed = store.write(move |tx| drain(tx, pbx, drained, NOW)).await.unwrap();
            assert_eq!(changed, changes);
            assert_eq!(of(&store, pbx).await.drained_at, drained.then_some(NOW));
        }
        // What the file says of it again changes nothing of that.
        store.write(move |tx| drain(tx, pbx, true, NOW)).await.unwrap();
        store.write(|tx| registry::apply_pbx(tx, "pbx-1", "us")).await.unwrap();
        assert_eq!(of(&store, pbx).await.drained_at, Some(NOW));
    }

    #[tokio::test]
    async fn a_trunk_rests_until_it_is_over_or_somebody_says_so() {
        let (store, pbx) = with_pbx().await;
        let rests = async |until: Option<Timestamp>, now: Timestamp| {
            store.write(move |tx| rest(tx, pbx, "a", until, now)).await.unwrap()
        };
        assert_eq!(rests(Some(NOW + HOUR), NOW).await, None);
        assert_eq!(rests(Some(NOW + HOUR * 2), NOW).await, Some(NOW + HOUR));
        let decided = of(&store, pbx).await;
        assert_eq!(decided.rests_until("a", NOW + HOUR), Some(NOW + HOUR * 2));
        assert_eq!(decided.rests_until("a", NOW + HOUR * 2), None);
        assert_eq!(decided.rests_until("b", NOW), None);
        assert_eq!(rests(None, NOW).await, Some(NOW + HOUR * 2));
        assert_eq!(of(&store, pbx).await, Decided::default());
        // One that is over was none.
        rests(Some(NOW + HOUR), NOW).await;
        assert_eq!(rests(None, NOW + HOUR).await, None);
    }
}
