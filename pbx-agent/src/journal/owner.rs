//! Whose journal it is: reports count with the control plane, and for the PBX, that gave the orders.

use super::{
    JournalError,
    columns::{id, legible},
    file::JournalFile,
};
use crate::call::Progress;
use rusqlite::{OptionalExtension, params};
use shared::{
    ids::{JournalId, PbxId},
    time::Timestamp,
};

/// Who opens a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who this host is enrolled as.
    pub pbx: PbxId,
    /// Who it was when a journal was begun that does not say, because the program of that time did not
    /// note it.
    pub of_old: PbxId,
}

impl JournalFile {
    /// Makes it this owner's. If it was another's, its reports are dropped, numbers begin anew under the
    /// id `fresh` and what was under way is over: nobody is left who gave these orders. What is remembered
    /// of them stays, and is charged in full where nobody will see the end: a host gets no fresh caps by
    /// being enrolled anew. Whether it was another's.
    ///
    /// # Errors
    /// [`JournalError::Failed`]; nothing was changed.
    pub fn belong_to(
        &mut self,
        owner: Owner,
        fresh: JournalId,
        now: Timestamp,
    ) -> Result<bool, JournalError> {
        let noted = self.owner().map_err(|error| self.fail(&error))?;
        if noted == Some(owner.pbx) {
            return Ok(false);
        }
        let was_anothers = noted.unwrap_or(owner.of_old) != owner.pbx;
        self.commit(|file| {
            if was_anothers {
                file.give_away(now)?;
                file.start_anew(fresh)?;
            }
            file.sql().execute("UPDATE journal SET pbx_id = ?1", [owner.pbx.uuid().as_bytes()])
        })
        .map_err(|error| self.fail(&error))?;
        if was_anothers {
            self.adopt(fresh);
        }
        Ok(was_anothers)
    }

    fn owner(&self) -> rusqlite::Result<Option<PbxId>> {
        let noted = "SELECT pbx_id FROM journal WHERE pbx_id IS NOT NULL";
        let noted = self.sql().query_row(noted, [], |row| legible(id(row, 0))).optional()?;
        Ok(noted.flatten().map(PbxId::new))
    }

    fn give_away(&self, now: Timestamp) -> rusqlite::Result<()> {
        let dropped = self.sql().execute("DELETE FROM reports", [])?;
        let ended = self.sql().execute(
            "UPDATE orders
             SET talked_ms = talked_ms + 1000 * COALESCE(
                     CASE WHEN json_valid(resume) THEN json_extract(resume, '$.talk_seconds') END, 0),
                 ended_at = MAX(started_at, COALESCE(answered_at, started_at), ?1),
                 progress = ?2, resume = NULL
             WHERE progress <> ?2",
            params![now.as_micros(), Progress::Over.to_row()],
        )?;
        tracing::warn!(
            dropped,
            ended,
            "this host was enrolled as another PBX: reports to whoever gave it orders before are dropped, and calls that were under way are hung up; its caps go on"
        );
        Ok(())
    }
}
