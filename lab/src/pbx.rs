//! A PBX host: one Asterisk with its own directories, ports and password.

pub(crate) mod config;

pub use config::Trunk;

use crate::{
    ari::Ari,
    asterisk::Asterisk,
    ports::Ports,
    process::{Process, tail},
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long Asterisk may take to answer on ARI; 0.3 s on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(90);
/// The ARI user that the agent signs in as.
pub const ARI_USER: &str = "pbx-agent";

/// One Asterisk. Dropped, it is killed.
#[derive(Debug)]
pub struct PbxHost {
    name: String,
    dir: PathBuf,
    /// Bound at the same path inside the chroot, so that prompts are playable by absolute path.
    run_dir: PathBuf,
    asterisk: Asterisk,
    sip_port: u16,
    ari_port: u16,
    password: String,
    trunks: Vec<(Trunk, u16)>,
    process: Option<Process>,
}

impl PbxHost {
    /// Writes its configuration below `run_dir`, starts it and waits until ARI answers.
    ///
    /// `trunks` carries the carrier's port of each trunk; `rtp_ports` is two for each call at a time.
    pub async fn start(
        name: &str,
        run_dir: &Path,
        asterisk: &Asterisk,
        ports: &Ports,
        trunks: Vec<(Trunk, u16)>,
        rtp_ports: u16,
    ) -> Result<Self> {
        let rtp_first = ports.take(rtp_ports)?;
        let mut host = Self {
            name: name.to_owned(),
            dir: run_dir.join(name),
            run_dir: run_dir.to_owned(),
            asterisk: asterisk.clone(),
            sip_port: ports.one()?,
            ari_port: ports.one()?,
            password: format!("{:032x}", rand::random::<u128>()),
            trunks,
            process: None,
        };
        config::make_directories(&host.dir)?;
        fs::create_dir_all(host.dir.join("agent")).context("create the agent's directory")?;
        write_secret(&host.password_file(), &host.password)?;
        for (file, text) in config::files(&host, rtp_first, rtp_first + rtp_ports - 1) {
            fs::write(host.dir.join("etc").join(file), text).with_context(|| format!("write {file}"))?;
        }
        host.boot().await?;
        Ok(host)
    }

    /// `pbx-1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its directory: etc, log, run, spool, lib, and `agent` for the agent's state.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The port its INVITEs come from.
    pub fn sip_port(&self) -> u16 {
        self.sip_port
    }

    /// The port of ARI on loopback.
    pub fn ari_port(&self) -> u16 {
        self.ari_port
    }

    /// A client of its ARI.
    pub fn ari(&self) -> Result<Ari> {
        Ari::new(self.ari_port, ARI_USER, &self.password)
    }

    /// The file that holds the ARI password, mode 0600.
    pub fn password_file(&self) -> PathBuf {
        self.dir.join("ari.password")
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// kill -9 where it still runs, then a fresh start with the same ports and password.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill();
        self.boot().await
    }

    /// A fresh start after [`PbxHost::kill`], without waiting until it answers.
    pub fn launch(&mut self) -> Result<()> {
        let command = self.asterisk.command(&self.run_dir, &self.dir.join("etc/asterisk.conf"))?;
        self.process = Some(Process::start(&self.name, &command, &self.dir.join("log/output"))?);
        Ok(())
    }

    /// The process, while it has not been killed.
    pub fn process_mut(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// SIGSTOP: a host that hangs.
    pub fn freeze(&self) {
        if let Some(process) = &self.process {
            process.freeze();
        }
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        if let Some(process) = &self.process {
            process.thaw();
        }
    }

    /// Other trunks, or other options of them, without a restart.
    pub async fn set_trunks(&mut self, trunks: Vec<(Trunk, u16)>) -> Result<()> {
        self.trunks = trunks;
        fs::write(self.dir.join("etc/pjsip.conf"), config::pjsip(self.sip_port, &self.trunks))
            .context("write pjsip.conf")?;
        let answer = self.ari()?.put("asterisk/modules/res_pjsip.so").await?;
        answer.expect("reload res_pjsip.so")?;
        Ok(())
    }

    /// A ready `agent.toml` in the contract's format, with every trunk open to `route_countries`.
    pub fn agent_config(&self, control_plane_url: &str, route_countries: &[&str]) -> Result<String> {
        config::agent(self, control_plane_url, route_countries)
    }

    /// The last lines of Asterisk's own log and of what it printed.
    pub fn log_tail(&self) -> String {
        format!(
            "{} log:\n{}\n{} output:\n{}",
            self.name,
            tail(&self.dir.join("log/messages.log"), 30),
            self.name,
            tail(&self.dir.join("log/output"), 10)
        )
    }

    async fn boot(&mut self) -> Result<()> {
        self.launch()?;
        self.ready().await.with_context(|| format!("{} did not start\n{}", self.name, self.log_tail()))
    }

    /// ARI answers before every module is loaded; an originate then fails with "Allocation failed".
    async fn ready(&mut self) -> Result<()> {
        let ari = self.ari()?;
        let begun = Instant::now();
        let mut last = "no answer yet".to_owned();
        while begun.elapsed() < START_LIMIT {
            if let Some(status) = self.process.as_mut().and_then(Process::exited) {
                bail!("Asterisk ended with {status}");
            }
            match self.look(&ari).await {
                Ok(()) => return Ok(()),
                Err(error) => last = format!("{error:#}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("ARI on port {} was not ready within {START_LIMIT:?}: {last}", self.ari_port)
    }

    async fn look(&self, ari: &Ari) -> Result<()> {
        ari.get("asterisk/info").await?.expect("info")?;
        let module = ari.get("asterisk/modules/chan_pjsip.so").await?.expect("chan_pjsip.so")?;
        anyhow::ensure!(module["status"] == "Running", "chan_pjsip.so is {}", module["status"]);
        let endpoints = ari.get("endpoints").await?.expect("endpoints")?;
        for (trunk, _) in &self.trunks {
            let found = endpoints
                .as_array()
                .into_iter()
                .flatten()
                .any(|endpoint| endpoint["resource"] == trunk.name.as_str());
            anyhow::ensure!(found, "trunk {} is not among the endpoints", trunk.name);
        }
        Ok(())
    }
}

impl Drop for PbxHost {
    fn drop(&mut self) {
        self.kill();
    }
}

fn write_secret(path: &Path, secret: &str) -> Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("create {}", path.display()))?;
    file.write_all(secret.as_bytes()).with_context(|| format!("write {}", path.display()))
}
