//! What operators tell of when something goes wrong, update by update.

use super::Component;
use crate::store::{FromValue, Row, StoreError, ToValue, Tx, Value};
use shared::{ids::IncidentId, time::Timestamp};
use std::collections::HashMap;
use uuid::Uuid;

/// Most updates of one incident.
pub const MOST_UPDATES: u32 = 100;
/// Open incidents on a page, and those of the last days.
const MOST_SHOWN: u16 = 50;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $wanted:literal: $($(#[$what:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$what])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As the database and the API write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads one; exactly as [`as_str`](Self::as_str) writes it.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        }

        impl ToValue for $name {
            fn to_value(&self) -> Value {
                self.as_str().to_value()
            }
        }

        impl FromValue for $name {
            const WANTED: &'static str = $wanted;

            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Text(text) = value { Self::from_word(text) } else { None }
            }
        }
    };
}

words! {
    /// How bad it is.
    Impact, "an impact":
    /// Nobody notices.
    None = "none",
    /// Something is slow, or fails at times.
    Minor = "minor",
    /// Something does not work.
    Major = "major",
    /// Nobody is called.
    Critical = "critical",
}

words! {
    /// How far it is.
    Stage, "a stage of an incident":
    /// The cause is looked for.
    Investigating = "investigating",
    /// The cause is known.
    Identified = "identified",
    /// It is mended and watched.
    Monitoring = "monitoring",
    /// It is over.
    Resolved = "resolved",
}

/// An incident with its updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// What it is about.
    pub title: String,
    /// How bad it is.
    pub impact: Impact,
    /// How far it is.
    pub stage: Stage,
    /// What it affects.
    pub components: Vec<Component>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// What was told of it, newest first.
    pub updates: Vec<Update>,
}

impl Incident {
    /// When something of it was last told.
    pub fn told_at(&self) -> Timestamp {
        self.updates.first().map_or(self.started_at, |update| update.at)
    }
}

/// Something that was told of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// How far the incident was.
    pub stage: Stage,
    /// What was told.
    pub text: String,
}

/// What of an incident can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// What it is about.
    pub title: String,
    /// How bad it is.
    pub impact: Impact,
    /// What it affects.
    pub components: Vec<Component>,
}

/// Makes an incident that has no updates yet.
///
/// # Errors
/// [`StoreError`]
pub fn create(tx: &mut Tx<'_>, outline: &Outline, started_at: Timestamp) -> Result<IncidentId, StoreError> {
    let id = IncidentId::new(Uuid::now_v7());
    tx.execute(
        "INSERT INTO incidents (id, title, impact, state, components, started_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            &id,
            &outline.title,
            &outline.impact,
            &Stage::Investigating,
            &written(&outline.components),
            &started_at,
        ],
    )?;
    Ok(id)
}

/// Changes its outline.
///
/// # Errors
/// [`StoreError`]
pub fn change(tx: &mut Tx<'_>, id: IncidentId, outline: &Outline) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE incidents SET title = $2, impact = $3, components = $4 WHERE id = $1",
        &[&id, &outline.title, &outline.impact, &written(&outline.components)],
    )
    .map(drop)
}

/// Tells something of it. One that was over and is so no more is open again.
///
/// # Errors
/// [`StoreError`]
pub fn tell(
    tx: &mut Tx<'_>,
    id: IncidentId,
    stage: Stage,
    text: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO incident_updates (id, incident_id, told_at, state, body) VALUES ($1, $2, $3, $4, $5)",
        &[&Uuid::now_v7().to_string(), &id, &now, &stage, &text],
    )?;
    let resolved_at = (stage == Stage::Resolved).then_some(now);
    tx.execute(
        "UPDATE incidents SET state = $2, resolved_at = $3 WHERE id = $1",
        &[&id, &stage, &resolved_at],
    )
    .map(drop)
}

/// How many updates it has.
///
/// # Errors
/// [`StoreError`]
pub fn updates(tx: &mut Tx<'_>, id: IncidentId) -> Result<u32, StoreError> {
    let sql = "SELECT COUNT(*) FROM incident_updates WHERE incident_id = $1";
    Ok(tx.row(sql, &[&id], |row| row.get(0))?.unwrap_or(0))
}

/// Deletes it and whatever was told of it.
///
/// # Errors
/// [`StoreError`]
pub fn delete(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM incident_updates WHERE incident_id = $1", &[&id])?;
    tx.execute("DELETE FROM incidents WHERE id = $1", &[&id]).map(drop)
}

/// The statements for some incidents: themselves, and their updates.
macro_rules! those {
    ($which:literal) => {
        (
            concat!(
                "SELECT id, title, impact, state, components, started_at, resolved_at FROM incidents WHERE ",
                $which
            ),
            concat!(
                "SELECT incident_id, id, told_at, state, body FROM incident_updates
                 WHERE incident_id IN (SELECT id FROM incidents WHERE ",
                $which,
                ") ORDER BY id DESC"
            ),
        )
    };
}

const ONE: (&str, &str) = those!("id = $1");
const OPEN: (&str, &str) = those!("resolved_at IS NULL ORDER BY started_at DESC, id DESC LIMIT $1");
const RECENT: (&str, &str) = those!("resolved_at > $1 ORDER BY resolved_at DESC, id DESC LIMIT $2");
const PAST: (&str, &str) = those!(
    "resolved_at IS NOT NULL AND (resolved_at, id) < ($1, $2) ORDER BY resolved_at DESC, id DESC LIMIT $3"
);
const ALL: (&str, &str) = those!("id < $1 ORDER BY id DESC LIMIT $2");

/// One of them.
///
/// # Errors
/// [`StoreError`]
pub fn by_id(tx: &mut Tx<'_>, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    Ok(read(tx, ONE, &[&id])?.pop())
}

/// Those that are not over, the newest first.
///
/// # Errors
/// [`StoreError`]
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<Incident>, StoreError> {
    read(tx, OPEN, &[&MOST_SHOWN])
}

/// Those that were over later than this, the last first.
///
/// # Errors
/// [`StoreError`]
pub fn over_since(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<Incident>, StoreError> {
    read(tx, RECENT, &[&since, &MOST_SHOWN])
}

/// A page of those that are over, the last first: those that were over before this one. `None` where there is no such
/// incident, or it is not over.
///
/// # Errors
/// [`StoreError`]
#[expect(clippy::type_complexity, reason = "a page that may not be there")]
pub fn past(
    tx: &mut Tx<'_>,
    before: Option<IncidentId>,
    limit: u16,
) -> Result<Option<(Vec<Incident>, Option<IncidentId>)>, StoreError> {
    let end = match before {
        None => Some((i64::MAX, String::from("~"))),
        Some(id) => tx
            .row("SELECT resolved_at FROM incidents WHERE id = $1", &[&id], |row| {
                Ok(row.get::<Option<i64>>(0)?.map(|at| (at, id.to_string())))
            })?
            .flatten(),
    };
    let Some((at, id)) = end else { return Ok(None) };
    let mut found = read(tx, PAST, &[&at, &id, &(limit + 1)])?;
    let more = found.len() > usize::from(limit);
    found.truncate(usize::from(limit));
    let next = found.last().map(|incident| incident.id).filter(|_| more);
    Ok(Some((found, next)))
}

/// A page of all, the newest first: those that were made before this one.
///
/// # Errors
/// [`StoreError`]
pub fn page(
    tx: &mut Tx<'_>,
    before: &str,
    limit: u16,
) -> Result<(Vec<Incident>, Option<String>), StoreError> {
    let before = if before.is_empty() { "~" } else { before };
    let mut found = read(tx, ALL, &[&before, &(limit + 1)])?;
    let more = found.len() > usize::from(limit);
    found.truncate(usize::from(limit));
    let next = found.last().map(|incident| incident.id.to_string()).filter(|_| more);
    Ok((found, next))
}

fn read(
    tx: &mut Tx<'_>,
    (incidents, updates): (&'static str, &'static str),
    params: &[&dyn ToValue],
) -> Result<Vec<Incident>, StoreError> {
    let mut found = tx.legible(incidents, params, incident)?;
    let told = tx.legible(updates, params, |row| Ok((row.get::<IncidentId>(0)?, update(row)?)))?;
    let mut of: HashMap<IncidentId, Vec<Update>> = HashMap::new();
    for (id, update) in told {
        of.entry(id).or_default().push(update);
    }
    for incident in &mut found {
        incident.updates = of.remove(&incident.id).unwrap_or_default();
    }
    Ok(found)
}

fn incident(row: &Row) -> Result<Incident, StoreError> {
    let components: Vec<String> = serde_json::from_str(&row.get::<String>(4)?).unwrap_or_default();
    Ok(Incident {
        id: row.get(0)?,
        title: row.get(1)?,
        impact: row.get(2)?,
        stage: row.get(3)?,
        components: components.iter().filter_map(|component| component.parse().ok()).collect(),
        started_at: row.get(5)?,
        resolved_at: row.get(6)?,
        updates: Vec::new(),
    })
}

fn update(row: &Row) -> Result<Update, StoreError> {
    Ok(Update { id: row.get(1)?, at: row.get(2)?, stage: row.get(3)?, text: row.get(4)? })
}

fn written(components: &[Component]) -> String {
    let components: Vec<String> = components.iter().map(Component::to_string).collect();
    serde_json::json!(components).to_string()
}

#[cfg(test)]
mod tests;
