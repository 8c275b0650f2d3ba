//! What a running agent leaves in `state_dir/status.json`, for `status` and `check`.

use crate::{clock::Clock, config::Config, identity, journal::JournalState, link::LinkState};
use serde::{Deserialize, Serialize};
use shared::{protocol::Health, time::Timestamp};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::watch, time::sleep};

const FILE: &str = "status.json";
/// Written on change, and at least this often.
const INTERVAL: Duration = Duration::from_secs(3);
/// Changes that come together are written together.
const PAUSE: Duration = Duration::from_millis(50);
/// A status older than this was left by an agent that is gone.
const STALE: Duration = Duration::from_secs(10);

/// How a running agent is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// When this was written, by the wall clock.
    pub written_at: Timestamp,
    /// Process id.
    pub pid: u32,
    /// Version of the program.
    pub version: String,
    /// Name of the PBX.
    pub name: String,
    /// Whether the control plane accepts this host.
    pub linked: bool,
    /// Why not.
    pub link_trouble: Option<String>,
    /// Seconds that the control plane's clock is ahead of this host's.
    pub clock_offset_seconds: f64,
    /// Number of the last report in the journal.
    pub last_report: u64,
    /// Since when it takes no new work, where `pbx-agent drain` said so.
    #[serde(default)]
    pub drained_since: Option<Timestamp>,
    /// What the control plane is told.
    pub health: Health,
}

/// What is known of the agent.
#[derive(Clone, Debug)]
pub enum Known {
    /// It runs.
    Running(Box<Status>),
    /// It ran, and has not written for a while.
    Stale(Box<Status>),
    /// Nothing was ever written, or it cannot be read.
    Nothing(PathBuf),
}

/// Where the agent's status comes from.
#[derive(Debug)]
pub struct Sources {
    /// Configuration.
    pub config: std::sync::Arc<Config>,
    /// Clock offset.
    pub clock: Clock,
    /// Of the host.
    pub health: watch::Receiver<Health>,
    /// Of the link.
    pub link: watch::Receiver<LinkState>,
    /// Of the journal.
    pub journal: watch::Receiver<JournalState>,
    /// The operator's wish.
    pub drained: watch::Receiver<Option<Timestamp>>,
}

/// Reads the status of the agent with this state directory.
pub fn read(state_dir: &Path) -> Known {
    let path = state_dir.join(FILE);
    let text = std::fs::read_to_string(&path).ok();
    let Some(status) = text.and_then(|text| serde_json::from_str::<Status>(&text).ok()) else {
        return Known::Nothing(path);
    };
    let alive = Path::new("/proc").join(status.pid.to_string()).exists();
    if alive && Timestamp::now().since(status.written_at) <= STALE {
        Known::Running(Box::new(status))
    } else {
        Known::Stale(Box::new(status))
    }
}

/// Writes it on every change, until the agent ends.
pub async fn keep(mut sources: Sources) {
    loop {
        let status = status(&mut sources);
        let path = sources.config.state_dir.join(FILE);
        // Not synced, but a disk that hangs must not hold up calls.
        match tokio::task::spawn_blocking(move || write(&path, &status)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "status.json cannot be written"),
            Err(error) => tracing::warn!(%error, "status.json cannot be written"),
        }
        sleep(PAUSE).await;
        tokio::select! {
            Ok(()) = sources.health.changed() => {}
            Ok(()) = sources.link.changed() => {}
            Ok(()) = sources.drained.changed() => {}
            () = sleep(INTERVAL) => {}
        }
    }
}

fn status(sources: &mut Sources) -> Status {
    let link = sources.link.borrow_and_update().clone();
    Status {
        written_at: Timestamp::now(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        name: sources.config.name.clone(),
        linked: link.connected,
        link_trouble: link.trouble,
        clock_offset_seconds: sources.clock.offset_micros() as f64 / 1e6,
        last_report: sources.journal.borrow().last,
        drained_since: *sources.drained.borrow_and_update(),
        health: sources.health.borrow_and_update().clone(),
    }
}

/// Atomic, but not synced: after a crash it is stale anyway.
fn write(path: &Path, status: &Status) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(status).map_err(io::Error::other)?;
    identity::write_unsynced(path, &text, 0o644)
}
