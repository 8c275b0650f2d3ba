//! What every run begins with, made once: tables with two organizations, keys, configurations.

use super::{
    bug::Bug,
    plan::{ENDPOINTS, HOSTS},
};
use anyhow::{Context, Result};
use control_plane::{
    apply,
    fleet::{self, Fleet, session::simulated::order_keys},
    store::{Database, Fate, Memory, Store, StoreError},
};
use ed25519_dalek::VerifyingKey;
use pbx_agent::{config::Config, journal::JournalFile};
use shared::{
    fence::RouteCountries,
    ids::{EndpointId, JournalId, PbxId},
    time::Timestamp,
};
use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};
use tempfile::TempDir;
use uuid::Uuid;

/// When every run begins.
pub const BEGINNING: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// Everything that runs share; each puts the database back as it was.
pub struct Stage {
    /// The tables of the control plane, marked where runs begin.
    pub memory: Memory,
    /// Who is enrolled.
    pub enrolled: Vec<(PbxId, String)>,
    /// What an agent's configuration says, by host.
    pub configs: [Arc<Config>; HOSTS],
    /// Whose orders the agents obey.
    pub pinned: Vec<VerifyingKey>,
    /// Where the control plane keeps its keys.
    pub dir: TempDir,
    /// Of earlier runs, to be emptied and used again.
    pub journals: Vec<JournalFile>,
    store: Store,
}

/// The numbers that may be dialled, of all that the organizations have.
pub const DIALLABLE: [&str; 4] = ["+380501234567", "+380501234568", "+447400123456", "+447400123457"];
/// A number that is not for phones of people, and so cannot be applied: as if it had been stored by a version
/// that knew less.
const PREMIUM_RATE: &str = "UPDATE phones SET e164 = '+380900212345' WHERE e164 = '+380501234569'";

const APPLY: &str = include_str!("apply.toml");

/// The id of an endpoint of the apply file.
pub fn endpoint(number: usize) -> EndpointId {
    EndpointId::new(Uuid::from_u128(0x6c1f_6f1e_0000_4000_8000_0000_0000_0001 + number as u128))
}

impl Stage {
    /// Makes it.
    ///
    /// # Errors
    /// Whatever the disk or a program's own checks said.
    pub fn set() -> Result<Self> {
        let dir = tempfile::tempdir().context("a directory for keys")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let database = Database::Sqlite(dir.path().join("unused.db"));
        let store = runtime.block_on(Store::open(&database))?;
        let mut memory = Memory::new()?;
        memory.write(Fate::Durable, |tx| apply::apply_within(tx, "apply.toml", APPLY, BEGINNING))?;
        let enrolled = (0..HOSTS)
            .map(|host| {
                let name = format!("pbx-{}", host + 1);
                let id = memory
                    .write(Fate::Durable, |tx| fleet::pbx_id(tx, &name))?
                    .context("the apply file names every PBX")?;
                Ok((id, name))
            })
            .collect::<Result<Vec<_>>>()?;
        memory.write::<_, StoreError>(Fate::Durable, |tx| tx.execute(PREMIUM_RATE, &[]))?;
        memory.mark()?;
        let mut configs = Vec::new();
        for (_, name) in &enrolled {
            let path = dir.path().join(format!("{name}.toml"));
            fs::write(&path, include_str!("agent.toml").replace("NAME", name))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            configs.push(Arc::new(Config::load(&path)?));
        }
        let configs = configs.try_into().map_err(|_| anyhow::anyhow!("a configuration for each host"))?;
        let pinned = order_keys(&Fleet::of(enrolled.clone(), store.clone(), dir.path(), BEGINNING)?);
        Ok(Self { memory, enrolled, configs, pinned, dir, journals: Vec::new(), store })
    }

    /// An empty journal of this name.
    pub fn journal(&mut self, name: JournalId) -> JournalFile {
        let journal = match self.journals.pop() {
            Some(mut used) => used.empty(name).map(|()| used).map_err(|error| error.to_string()),
            None => JournalFile::open_in_memory(name).map_err(|error| error.to_string()),
        };
        journal.expect("a journal in memory")
    }

    /// What the agent of a host is told; with a bug, what it goes by.
    pub fn agent_config(&self, host: usize, bug: Option<Bug>) -> Arc<Config> {
        let config = &self.configs[host];
        let mut told = Config::clone(config);
        match bug {
            Some(Bug::RateUnchecked) => {
                told.trunks.iter_mut().for_each(|trunk| trunk.max_calls_per_second = u32::MAX);
            }
            Some(Bug::CountryUnchecked) => {
                let everywhere = ["UA", "GB", "US"].map(str::to_owned).to_vec();
                let everywhere = RouteCountries::try_from(everywhere).expect("regions");
                told.trunks.iter_mut().for_each(|trunk| trunk.route_countries = everywhere.clone());
            }
            _ => return Arc::clone(config),
        }
        Arc::new(told)
    }

    /// The fleet as a control plane that has just started knows it.
    ///
    /// # Errors
    /// What the key file said.
    pub fn fleet(&self, now: Timestamp) -> Result<Fleet> {
        Ok(Fleet::of(self.enrolled.clone(), self.store.clone(), self.dir.path(), now)?)
    }
}

const _: () = assert!(ENDPOINTS == 2, "apply.toml has two, and the forbidden one");
