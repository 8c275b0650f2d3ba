//! The table of PBXs, and of the keys with which they prove themselves.

use crate::store::{Row, StoreError, Tx};
use ed25519_dalek::VerifyingKey;
use shared::{ids::PbxId, protocol::from_base64, time::Timestamp};
use std::collections::HashSet;
use uuid::Uuid;

/// Makes a PBX or brings its region up to date; whether anything changed.
///
/// # Errors
/// [`StoreError`]
pub fn apply_pbx(tx: &mut Tx<'_>, name: &str, region: &str) -> Result<bool, StoreError> {
    let id = PbxId::new(Uuid::now_v7());
    let changed = tx.execute(
        "INSERT INTO pbxs (id, name, region, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET region = excluded.region WHERE pbxs.region <> excluded.region",
        &[&id, &name, &region, &Timestamp::now()],
    )?;
    Ok(changed > 0)
}

/// Every PBX that holds a key.
pub(super) fn enrolled(tx: &mut Tx<'_>) -> Result<Vec<(PbxId, String)>, StoreError> {
    tx.legible(
        "SELECT id, name FROM pbxs WHERE EXISTS (
             SELECT 1 FROM agent_keys WHERE agent_keys.pbx_id = pbxs.id AND agent_keys.revoked_at IS NULL)",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Which keys count, base64.
pub(super) struct Keys {
    valid: HashSet<(PbxId, String)>,
    /// Each that counts can be read.
    pub(super) complete: bool,
    /// Those that count no more; only looked for where not every other can be read.
    revoked: HashSet<(PbxId, String)>,
}

impl Keys {
    /// Reads them.
    pub(super) fn read(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let sql = "SELECT pbx_id, public_key FROM agent_keys WHERE revoked_at IS NULL";
        let key = |row: &Row| Ok((row.get(0)?, row.get(1)?));
        let found = tx.rows(sql, &[], |row| Ok(key(row).ok()))?;
        let complete = found.iter().all(Option::is_some);
        let sql = "SELECT pbx_id, public_key FROM agent_keys WHERE revoked_at IS NOT NULL";
        let revoked = if complete { vec![] } else { tx.legible(sql, &[], key)? };
        Ok(Self {
            valid: found.into_iter().flatten().collect(),
            complete,
            revoked: revoked.into_iter().collect(),
        })
    }

    /// Whether a PBX has any.
    pub(super) fn enrols(&self, pbx: PbxId) -> bool {
        self.valid.iter().any(|(id, _)| *id == pbx)
    }

    /// Whether this one of it counts no more. What cannot be read was not revoked.
    pub(super) fn excludes(&self, pbx: PbxId, key: String) -> bool {
        let key = (pbx, key);
        if self.complete { !self.valid.contains(&key) } else { self.revoked.contains(&key) }
    }
}

/// Takes a PBX every key it has; how many that were.
pub(super) fn revoke(tx: &mut Tx<'_>, pbx: PbxId, now: Timestamp) -> Result<usize, StoreError> {
    tx.execute(
        "UPDATE agent_keys SET revoked_at = $1 WHERE pbx_id = $2 AND revoked_at IS NULL",
        &[&now, &pbx],
    )
}

/// The id of a PBX, by its name.
///
/// # Errors
/// [`StoreError`]
pub fn id_of(tx: &mut Tx<'_>, name: &str) -> Result<Option<PbxId>, StoreError> {
    tx.row("SELECT id FROM pbxs WHERE name = $1", &[&name], |row| row.get(0))
}

/// A PBX, as whoever runs the installation has named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pbx {
    /// Its id.
    pub id: PbxId,
    /// Its name.
    pub name: String,
    /// Where it stands; may be empty.
    pub region: String,
}

/// A PBX by its id.
///
/// # Errors
/// [`StoreError`]
pub fn by_id(tx: &mut Tx<'_>, id: PbxId) -> Result<Option<Pbx>, StoreError> {
    tx.row("SELECT id, name, region FROM pbxs WHERE id = $1", &[&id], |row| {
        Ok(Pbx { id: row.get(0)?, name: row.get(1)?, region: row.get(2)? })
    })
}

/// Makes a PBX; `None` where the name is taken.
///
/// # Errors
/// [`StoreError`]
pub fn create(
    tx: &mut Tx<'_>,
    name: &str,
    region: &str,
    now: Timestamp,
) -> Result<Option<PbxId>, StoreError> {
    tx.row(
        "INSERT INTO pbxs (id, name, region, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO NOTHING RETURNING id",
        &[&PbxId::new(Uuid::now_v7()), &name, &region, &now],
        |row| row.get(0),
    )
}

/// What is written down of a PBX, for operators.
pub(super) struct Known {
    pub(super) id: PbxId,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) created_at: Timestamp,
    /// When its newest key was enrolled, be it revoked.
    pub(super) enrolled_at: Option<Timestamp>,
    /// It has a key that counts.
    pub(super) is_enrolled: bool,
}

/// Every PBX, by name.
pub(super) fn all(tx: &mut Tx<'_>) -> Result<Vec<Known>, StoreError> {
    tx.legible(
        "SELECT id, name, region, created_at,
                (SELECT MAX(enrolled_at) FROM agent_keys WHERE pbx_id = pbxs.id),
                EXISTS (SELECT 1 FROM agent_keys WHERE pbx_id = pbxs.id AND revoked_at IS NULL)
         FROM pbxs ORDER BY name",
        &[],
        |row| {
            Ok(Known {
                id: row.get(0)?,
                name: row.get(1)?,
                region: row.get(2)?,
                created_at: row.get(3)?,
                enrolled_at: row.get(4)?,
                is_enrolled: row.get::<i64>(5)? != 0,
            })
        },
    )
}

/// How a PBX proves itself.
#[expect(clippy::large_enum_variant, reason = "made once for a connection and not kept")]
pub(super) enum Standing {
    /// No such PBX, or one that never enrolled.
    Unknown,
    /// Every key it had is revoked.
    Revoked,
    /// With its newest key that is not revoked.
    Key(PbxId, VerifyingKey),
}

/// How the PBX of this name proves itself.
pub(super) fn standing_of(tx: &mut Tx<'_>, name: &str) -> Result<Standing, StoreError> {
    let keys = tx.legible(
        "SELECT pbxs.id, agent_keys.public_key, agent_keys.revoked_at FROM pbxs
         JOIN agent_keys ON agent_keys.pbx_id = pbxs.id
         WHERE pbxs.name = $1 ORDER BY agent_keys.enrolled_at DESC",
        &[&name],
        |row| Ok((row.get::<PbxId>(0)?, row.get::<String>(1)?, row.get::<Option<Timestamp>>(2)?)),
    )?;
    if keys.is_empty() {
        return Ok(Standing::Unknown);
    }
    let newest = keys.into_iter().find(|(_, _, revoked_at)| revoked_at.is_none());
    let Some((pbx, text, _)) = newest else { return Ok(Standing::Revoked) };
    let key = from_base64(&text).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    Ok(key.map_or(Standing::Unknown, |key| Standing::Key(pbx, key)))
}
