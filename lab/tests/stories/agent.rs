//! The agent on a real Asterisk, under a control plane that says what a story wants it to say.

mod asterisk_away;
#[expect(dead_code, reason = "the agent's own stories use all of it")]
#[path = "../../../pbx-agent/tests/stories/control_plane.rs"]
mod control_plane;
mod hostile_control_plane;
mod restarts;
mod rings;

use anyhow::{Context, Result};
use control_plane::{ControlPlane, Line};
use lab::{Lab, LabOptions, dirs::product_binary, product::Agent};
use shared::{ids::AttemptId, protocol::AttemptEvent};
use std::process::Output;
use tokio::process::Command;

/// One PBX, its agent, and the control plane of the story.
struct Scene {
    // Ends before the Asterisk that it drives.
    agent: Agent,
    control_plane: ControlPlane,
    lab: Lab,
}

impl Scene {
    async fn start() -> Result<Self> {
        Self::configured(|config| config).await
    }

    /// With a configuration that differs from the lab's.
    async fn configured(change: impl FnOnce(String) -> String) -> Result<Self> {
        let lab = Lab::start(LabOptions::default()).await?;
        let control_plane = ControlPlane::open().await?;
        let pbx = lab.pbx(0);
        let config = change(pbx.agent_config(&control_plane.url()?, &["+380"])?);
        let url = format!("http://127.0.0.1:{}", control_plane.port()?);
        let (agent, enrolled) =
            tokio::join!(Agent::enroll(pbx, &config, &url, "token"), control_plane.enrols());
        enrolled?;
        Ok(Self { agent: agent?, control_plane, lab })
    }

    /// The agent, linked and with its Asterisk at hand.
    async fn ready(&self) -> Result<Line> {
        self.control_plane.links_ready().await.with_context(|| self.agent.log_tail())
    }

    /// Orders a call to the phone of the stories.
    async fn order(&self, line: &mut Line) -> Result<AttemptId> {
        let attempt = control_plane::attempt();
        let order = self.control_plane.order(self.lab.pbx(0).name(), attempt);
        line.say(&self.control_plane.sign(&order)).await?;
        Ok(attempt)
    }

    /// `check`, while the control plane says that it is there.
    async fn check(&self) -> Result<Output> {
        let mut check = Command::new(product_binary("pbx-agent")?);
        check.args(["check", "--config"]).arg(self.lab.pbx(0).dir().join("agent.toml"));
        let (checked, asked) = tokio::join!(check.output(), self.control_plane.answer("200 OK", "ok"));
        asked?;
        Ok(checked?)
    }
}

/// Reports of this attempt until one that is as described.
async fn until(
    line: &mut Line,
    attempt: AttemptId,
    wanted: impl Fn(&AttemptEvent) -> bool,
) -> Result<AttemptEvent> {
    loop {
        let report = line.report().await?;
        if report.attempt_id == attempt && wanted(&report.event) {
            return Ok(report.event);
        }
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
