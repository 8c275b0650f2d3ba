//! What is changed beside a running `serve`: revoked agents, what operators have decided, and the keys that sign
//! orders.
//!
//! All is looked for every second, in tables with a row for each host and in one file's metadata.
//! That needs no message between two processes that could get lost, and costs nothing that could be
//! measured.

use super::{
    Fleet, FleetError,
    keys::Keyring,
    link::{REPLACED_KEY, REVOKED},
    registry,
};
use crate::{
    key_file::Stamp,
    store::{Store, StoreError, Tx},
};
use shared::{
    ids::PbxId,
    protocol::{ControlFrame, to_base64},
    time::Timestamp,
};
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How long a revocation or a new key may go unnoticed.
const PAUSE: Duration = Duration::from_secs(1);

/// Revokes every key of a PBX, and the tokens with which it could enrol; how many keys that were. A
/// running `serve` closes its connection within a second.
///
/// # Errors
/// [`FleetError::UnknownPbx`], or what the database said.
pub async fn revoke_agent(store: &Store, pbx_name: &str) -> Result<usize, FleetError> {
    let name = pbx_name.to_owned();
    let now = Timestamp::now();
    store
        .write(move |tx| {
            let Some(pbx) = registry::id_of(tx, &name)? else { return Err(FleetError::UnknownPbx(name)) };
            Ok(revoke_within(tx, pbx, now)?)
        })
        .await
}

/// [`revoke_agent`] as part of a unit of work.
///
/// # Errors
/// [`StoreError`]
pub fn revoke_within(tx: &mut Tx<'_>, pbx: PbxId, now: Timestamp) -> Result<usize, StoreError> {
    // Whoever found a token beside the key must not be back in a minute.
    tx.execute(
        "UPDATE enroll_tokens SET expires_at = $1 WHERE pbx_id = $2 AND used_at IS NULL AND expires_at > $1",
        &[&now, &pbx],
    )?;
    registry::revoke(tx, pbx, now)
}

impl Fleet {
    /// Follows what is changed, until it is stopped.
    pub async fn watch(self, stop: CancellationToken) {
        let mut pause = interval(PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = pause.tick() => {}
            }
            self.reread_keys().await;
            if let Err(error) = self.close_revoked().await {
                tracing::error!(%error, "whose keys are revoked cannot be read");
            }
            if let Err(error) = self.follow_decisions().await {
                tracing::error!(%error, "what operators have decided cannot be read");
            }
        }
    }

    /// Closes the connections whose key counts no more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(super) async fn close_revoked(&self) -> Result<(), StoreError> {
        // Who is there first, then the keys: whoever enrols and connects meanwhile is not among them.
        let seated = self.0.hub.seated();
        let keys = self.0.store.read(registry::Keys::read).await?;
        for (pbx, connection) in seated {
            let enrolled = keys.enrols(pbx);
            match connection {
                Some((link, key)) if keys.excludes(pbx, to_base64(key.as_bytes())) => {
                    tracing::warn!(%pbx, name = link.pbx_name(), "an agent's key was revoked");
                    link.close(if enrolled { REPLACED_KEY } else { REVOKED });
                }
                None if keys.complete && !enrolled => self.0.hub.forget(pbx),
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Takes the keys that sign orders from their file again where that has changed, and tells the
    /// hosts. A file that cannot be used changes nothing.
    pub(super) async fn reread_keys(&self) {
        let (dir, seen) = (self.0.data_dir.clone(), self.stamp());
        let Ok(Some(read)) = tokio::task::spawn_blocking(move || Keyring::reread(&dir, seen)).await else {
            return;
        };
        match read {
            Ok((keyring, stamp)) => self.take_keys(keyring, stamp),
            Err(error) if self.complains_anew(&error) => {
                tracing::error!(%error, "orders are signed with the keys that were read before");
            }
            Err(_) => {}
        }
    }

    fn take_keys(&self, keyring: Keyring, stamp: Option<Stamp>) {
        let keyring = Arc::new(keyring);
        let generation = keyring.public().generation;
        let changed = {
            let mut signing = self.signing();
            let changed = signing.keyring != keyring;
            (signing.keyring, signing.stamp, signing.complaint) = (Arc::clone(&keyring), stamp, None);
            changed
        };
        if changed {
            tracing::info!(generation, "the keys that sign orders have changed");
            for (_, connection) in self.0.hub.seated() {
                if let Some((link, _)) = connection {
                    // Whoever is gone is told when it comes back.
                    let _ = link.send(ControlFrame::OrderKeys { announced: keyring.announced().to_vec() });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
