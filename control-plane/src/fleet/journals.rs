//! How far the reports of each agent's journal are applied: what makes each count once.

use crate::store::{StoreError, Tx};
use shared::ids::{JournalId, PbxId};

/// Highest report number applied, 0 for a new journal; `None` for a journal of another PBX.
pub fn applied(tx: &mut Tx<'_>, journal: JournalId, pbx: PbxId) -> Result<Option<u64>, StoreError> {
    let known =
        tx.row("SELECT pbx_id, applied FROM agent_journals WHERE journal_id = $1", &[&journal], |row| {
            Ok((row.get::<PbxId>(0)?, row.get::<i64>(1)?))
        })?;
    Ok(match known {
        None => Some(0),
        Some((owner, applied)) if owner == pbx => Some(u64::try_from(applied).unwrap_or(0)),
        Some(_) => None,
    })
}

/// Notes that reports up to `seq` are applied, in the transaction that applies them.
pub fn advance(tx: &mut Tx<'_>, journal: JournalId, pbx: PbxId, seq: u64) -> Result<(), StoreError> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO agent_journals (journal_id, pbx_id, applied) VALUES ($1, $2, $3)
         ON CONFLICT (journal_id) DO UPDATE SET applied = excluded.applied",
        &[&journal, &pbx, &seq],
    )?;
    Ok(())
}
