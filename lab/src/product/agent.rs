//! `pbx-agent enroll`, `run` and `check`.

use super::{ControlPlane, ended, output_of, text, until};
use crate::{dirs::product_binary, pbx::PbxHost, process::Process};
use anyhow::{Context, Result, ensure};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command, time::Duration};

/// How long an agent may take to be able to place a call.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// The agent of one PBX host.
#[derive(Debug)]
pub struct Agent {
    name: String,
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

impl Agent {
    /// Writes `agent.toml`, enrols with the token and starts `run`.
    pub async fn enroll(pbx: &PbxHost, config: &str, control_plane: &str, token: &str) -> Result<Self> {
        let file = pbx.dir().join("agent.toml");
        fs::write(&file, config).with_context(|| format!("write {}", file.display()))?;
        let token_file = pbx.dir().join("token");
        fs::write(&token_file, token).with_context(|| format!("write {}", token_file.display()))?;
        fs::set_permissions(&token_file, fs::Permissions::from_mode(0o600)).context("protect the token")?;
        let binary = product_binary("pbx-agent")?;
        output_of(
            &binary,
            &[
                "enroll",
                "--control-plane",
                control_plane,
                "--token-file",
                text(&token_file)?,
                "--config",
                text(&file)?,
            ],
        )
        .await?;
        let mut agent = Self {
            name: pbx.name().to_owned(),
            binary,
            config: file,
            log: pbx.dir().join("log/agent"),
            process: None,
        };
        agent.boot()?;
        Ok(agent)
    }

    /// The PBX it serves.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits until `check` says that calls could be placed now.
    pub async fn ready(&mut self, control_plane: &ControlPlane) -> Result<()> {
        let (binary, config) = (&self.binary, text(&self.config)?.to_owned());
        until("pbx-agent", START_LIMIT, || async {
            let (status, out, err) = ended(binary, &["check", "--config", &config]).await?;
            ensure!(status == Some(0), "`pbx-agent check` says {status:?}:\n{out}{err}");
            Ok(())
        })
        .await
        .with_context(|| {
            format!("pbx-agent:\n{}\ncontrol-plane:\n{}", self.log_tail(), control_plane.log_tail())
        })
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// kill -9 where it still runs, then a fresh start on the same state.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        self.boot()
    }

    /// The process, while it has not been killed.
    pub fn process_mut(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// SIGTERM; it must end by itself.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let status = process.stop(STOP_LIMIT).await?;
        ensure!(status.success(), "pbx-agent of {} ended with {status} on SIGTERM", self.name);
        Ok(())
    }

    /// The last lines of its log.
    pub fn log_tail(&self) -> String {
        crate::process::tail(&self.log, 30)
    }

    fn boot(&mut self) -> Result<()> {
        let mut command = Command::new("env");
        command.arg("--ignore-signal=XFSZ").arg(&self.binary).args(["run", "--config"]).arg(&self.config);
        self.process = Some(Process::start(&format!("pbx-agent of {}", self.name), &command, &self.log)?);
        Ok(())
    }
}
