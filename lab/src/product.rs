//! The product as an operator starts it: its programs, through the commands of the contract alone.

mod agent;
mod control_plane;
mod person;

pub use agent::Agent;
pub use control_plane::{ControlPlane, Settings};
pub use person::Person;

use crate::{field::Lab, pbx::PbxHost};
use anyhow::{Context, Result, ensure};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A control plane with one agent on each PBX host of a lab.
#[derive(Debug)]
pub struct Installation {
    // Agents end before the control plane that would wait for their reports.
    agents: Vec<Agent>,
    control_plane: ControlPlane,
    api_key: String,
}

impl Installation {
    /// Starts the control plane, applies `setup` and the PBX hosts, enrols and starts the agents,
    /// and waits until every one could place a call.
    ///
    /// `org` is the slug whose API key is made; `port` 0 takes a free one.
    pub async fn start(
        lab: &Lab,
        port: u16,
        setup: &str,
        org: &str,
        route_countries: &[&str],
    ) -> Result<Self> {
        let port = if port == 0 { lab.ports().one()? } else { port };
        let control_plane = ControlPlane::start(lab.dir(), port).await?;
        let (url, ws_url) = (control_plane.url(), control_plane.ws_url());
        Self::around(control_plane, lab, setup, org, &url, |pbx| pbx.agent_config(&ws_url, route_countries))
            .await
    }

    /// The same, around a control plane that runs: the agents enrol at `agents_url`, which may be a
    /// proxy's, and are configured by the caller.
    pub async fn around(
        control_plane: ControlPlane,
        lab: &Lab,
        setup: &str,
        org: &str,
        agents_url: &str,
        agent_config: impl Fn(&PbxHost) -> Result<String>,
    ) -> Result<Self> {
        let mut document = setup.to_owned();
        for pbx in lab.pbxs() {
            document.push_str(&format!("\n[[pbx]]\nname = \"{}\"\nregion = \"eu\"\n", pbx.name()));
        }
        control_plane.apply(&document).await?;
        let mut agents = Vec::new();
        for pbx in lab.pbxs() {
            let token = control_plane.enroll_token(pbx.name()).await?;
            agents.push(Agent::enroll(pbx, &agent_config(pbx)?, agents_url, &token).await?);
        }
        for agent in &mut agents {
            agent.ready(&control_plane).await?;
        }
        let api_key = control_plane.api_key(org, "lab").await?;
        Ok(Self { agents, control_plane, api_key })
    }

    /// The control plane.
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// To kill or restart it.
    pub fn control_plane_mut(&mut self) -> &mut ControlPlane {
        &mut self.control_plane
    }

    /// The agents, in the order of the lab's PBX hosts.
    pub fn agents_mut(&mut self) -> &mut [Agent] {
        &mut self.agents
    }

    /// The agent of a PBX host.
    pub fn agent_mut(&mut self, name: &str) -> Result<&mut Agent> {
        let agent = self.agents.iter_mut().find(|agent| agent.name() == name);
        agent.with_context(|| format!("there is no agent of {name:?}"))
    }

    /// kill -9 where an agent still runs, then a fresh start, until it could place a call.
    pub async fn restart_agent(&mut self, name: &str) -> Result<()> {
        self.agent_mut(name)?.restart()?;
        for agent in self.agents.iter_mut().filter(|agent| agent.name() == name) {
            agent.ready(&self.control_plane).await?;
        }
        Ok(())
    }

    /// The organization's key, for `Authorization: Bearer`.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// SIGTERM to everything, agents first; a program that does not end in time is an error.
    pub async fn stop(&mut self) -> Result<()> {
        let mut first = Ok(());
        for agent in &mut self.agents {
            first = first.and(agent.stop().await);
        }
        first.and(self.control_plane.stop().await)
    }

    /// The last lines of every log.
    pub fn log_tails(&self) -> String {
        let mut out = format!("control-plane log:\n{}\n", self.control_plane.log_tail());
        for agent in &self.agents {
            out.push_str(&format!("pbx-agent of {} log:\n{}\n", agent.name(), agent.log_tail()));
        }
        out
    }
}

/// Runs a command of the product to its end; its standard output.
async fn output_of(binary: &Path, arguments: &[&str]) -> Result<String> {
    let (status, out, err) = ended(binary, arguments).await?;
    ensure!(status == Some(0), "`{}` failed ({status:?}):\n{err}{out}", shown(binary, arguments));
    Ok(out)
}

/// Exit code, standard output and standard error.
async fn ended(binary: &Path, arguments: &[&str]) -> Result<(Option<i32>, String, String)> {
    let mut command = Command::new(binary);
    command.args(arguments).stdin(Stdio::null());
    let shown = shown(binary, arguments);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .context("wait for a command")?
        .with_context(|| format!("run `{shown}`"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((output.status.code(), text(output.stdout), text(output.stderr)))
}

fn shown(binary: &Path, arguments: &[&str]) -> String {
    let name = binary.file_name().unwrap_or_default().to_string_lossy();
    format!("{name} {}", arguments.join(" "))
}

/// Waits until `ready` says so; on the way, `lives` may report that waiting is in vain.
async fn until<F>(what: &str, limit: Duration, mut ready: impl FnMut() -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let begun = Instant::now();
    loop {
        match ready().await {
            Ok(()) => return Ok(()),
            Err(error) if begun.elapsed() > limit => {
                return Err(error.context(format!("{what} was not ready within {limit:?}")));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
