//! How a host becomes one of the fleet: a one-time token, and a key that it made itself.

use super::{Fleet, FleetError, registry};
use crate::{
    secret::{self, hash_of},
    store::{Store, StoreError, Tx},
};
use ed25519_dalek::{Signature, VerifyingKey};
use shared::{
    ids::PbxId,
    protocol::{EnrollRequest, EnrollResponse, enroll_bytes, from_base64, to_base64},
    time::Timestamp,
};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a token is good for.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// Why an enrolment was turned down. Each says the way out.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// No such token.
    #[error("this token is not known here: make one with `control-plane enroll-token`")]
    UnknownToken,
    /// Its hour is over.
    #[error("this token has expired: make a new one with `control-plane enroll-token`")]
    ExpiredToken,
    /// It has been used.
    #[error(
        "this token was used already: make a new one with `control-plane enroll-token`; \
         if it was not you who used it, run `control-plane revoke-agent` for that PBX"
    )]
    UsedToken,
    /// It is another PBX's.
    #[error(
        "this token is for another PBX: `name` in the agent's configuration must be the one it was made for"
    )]
    WrongPbx,
    /// The proof does not verify.
    #[error("the public key or its signature does not verify: the agent must sign with the key it sends")]
    BadProof,
    /// It was revoked, or replaced by a newer one.
    #[error("this key was revoked or replaced, and stays so: `pbx-agent enroll --new-key` makes a new one")]
    RevokedKey,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a one-time token for a PBX, good for an hour. Only its hash is stored.
///
/// # Errors
/// [`FleetError::UnknownPbx`], or what the database said.
pub async fn enrol_token(store: &Store, pbx_name: &str) -> Result<Zeroizing<String>, FleetError> {
    let name = pbx_name.to_owned();
    store
        .write(move |tx| {
            let Some(pbx) = registry::id_of(tx, &name)? else { return Err(FleetError::UnknownPbx(name)) };
            let (token, _) = make_token(tx, pbx, Timestamp::now())?;
            Ok(token)
        })
        .await
}

/// [`enrol_token`] as part of a unit of work, with the moment until which it is good.
///
/// # Errors
/// [`StoreError`]
pub fn make_token(
    tx: &mut Tx<'_>,
    pbx: PbxId,
    now: Timestamp,
) -> Result<(Zeroizing<String>, Timestamp), StoreError> {
    let (token, expires_at) = (secret::make(), now + TOKEN_LIFETIME);
    tx.execute(
        "INSERT INTO enroll_tokens (token_hash, pbx_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        &[&hash_of(&token), &pbx, &now, &expires_at],
    )?;
    Ok((token, expires_at))
}

impl Fleet {
    /// Enrols a host. A proof that does not verify leaves the token good.
    ///
    /// # Errors
    /// [`EnrolError`]
    pub async fn enrol(&self, request: EnrollRequest) -> Result<EnrollResponse, EnrolError> {
        let key = verified_key(&request).ok_or(EnrolError::BadProof)?;
        let hash = hash_of(&request.token);
        let name = request.pbx.clone();
        let pbx = self.0.store.write(move |tx| spend(tx, &hash, &name, &key, Timestamp::now())).await?;
        tracing::info!(%pbx, name = request.pbx, "a PBX has enrolled");
        self.0.hub.enrolled(pbx, request.pbx);
        let signing = self.keyring().public();
        let order_keys = signing.keys.iter().map(|key| to_base64(key.as_bytes())).collect();
        Ok(EnrollResponse { pbx_id: pbx, order_keys, order_keys_generation: signing.generation })
    }
}

fn verified_key(request: &EnrollRequest) -> Option<VerifyingKey> {
    let key = VerifyingKey::from_bytes(&from_base64(&request.public_key)?).ok()?;
    let signature = Signature::from_bytes(&from_base64(&request.signature)?);
    key.verify_strict(&enroll_bytes(&request.token, &request.pbx), &signature).ok()?;
    Some(key)
}

/// Spends the token and registers the key, in one transaction: a token is good once.
fn spend(
    tx: &mut Tx<'_>,
    hash: &str,
    name: &str,
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<PbxId, EnrolError> {
    let found = tx.row(
        "SELECT enroll_tokens.token_hash, enroll_tokens.pbx_id, pbxs.name,
                enroll_tokens.expires_at, enroll_tokens.used_at
         FROM enroll_tokens JOIN pbxs ON pbxs.id = enroll_tokens.pbx_id
         WHERE enroll_tokens.token_hash = $1",
        &[&hash],
        |row| {
            let times = (row.get::<Timestamp>(3)?, row.get::<Option<Timestamp>>(4)?);
            Ok((row.get::<String>(0)?, row.get::<PbxId>(1)?, row.get::<String>(2)?, times))
        },
    )?;
    let key = to_base64(key.as_bytes());
    let Some((stored, pbx, owner, (expires_at, used_at))) = found else {
        return Err(EnrolError::UnknownToken);
    };
    if !secret::same(&stored, hash) {
        return Err(EnrolError::UnknownToken);
    }
    if used_at.is_some() {
        return Err(EnrolError::UsedToken);
    }
    if now >= expires_at {
        return Err(EnrolError::ExpiredToken);
    }
    if owner != name {
        return Err(EnrolError::WrongPbx);
    }
    let spent = tx.execute(
        "UPDATE enroll_tokens SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL",
        &[&now, &hash],
    )?;
    if spent != 1 {
        return Err(EnrolError::UsedToken);
    }
    // The same key may be enrolled again, but a revoked one stays revoked.
    let registered = tx.execute(
        "INSERT INTO agent_keys (pbx_id, public_key, enrolled_at) VALUES ($1, $2, $3)
         ON CONFLICT (pbx_id, public_key) DO UPDATE SET enrolled_at = excluded.enrolled_at
         WHERE agent_keys.revoked_at IS NULL",
        &[&pbx, &key, &now],
    )?;
    if registered != 1 {
        return Err(EnrolError::RevokedKey);
    }
    // A key that was replaced, perhaps because a stranger has it, must not count again once the
    // newest is revoked.
    tx.execute(
        "UPDATE agent_keys SET revoked_at = $1
         WHERE pbx_id = $2 AND public_key <> $3 AND revoked_at IS NULL",
        &[&now, &pbx, &key],
    )?;
    Ok(pbx)
}

#[cfg(test)]
mod tests;
