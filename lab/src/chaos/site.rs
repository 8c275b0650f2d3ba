//! The parts that are harmed: a control plane, three PBX hosts with their agents, a carrier, and a
//! proxy on each link.

use super::{
    harm::{Moment, PBXS, TRUNKS, What},
    plan::{ORGS, Planned},
    proxy::{Line, Proxy},
};
use crate::{
    Lab, LabOptions, Trunk,
    carrier::{CallRecord, Direction, sip},
    process::Process,
    product::{Agent, ControlPlane},
    setup::{Patience, Project, organization},
};
use anyhow::{Context, Result};
use std::fmt::Write;

/// Short, so that a run is; redials enough for a phone that harm strikes again and again.
const PATIENCE: Patience = Patience { redials: 5, redial_pause_seconds: 1, ring_seconds: 5 };
const REFUSAL: u16 = 503;

/// Everything that runs. Harm is done and undone at once, without waiting for its effects.
#[derive(Debug)]
pub struct Site {
    agents: Vec<Agent>,
    control_plane: ControlPlane,
    proxies: Vec<Proxy>,
    keys: Vec<String>,
    lab: Lab,
}

impl Site {
    /// Starts it, with a project for every planned webhook, and waits until calls could be placed.
    pub async fn start(planned: &[Planned]) -> Result<Self> {
        let trunks = TRUNKS.iter().map(|name| Trunk::named(name).capped(50, 60)).collect();
        let lab = Lab::start(LabOptions { pbxs: PBXS, trunks, rtp_ports: 160 }).await?;
        for one in planned {
            one.callee.settle_in(&lab.carrier(), &one.project.phone);
        }
        let port = lab.ports().one()?;
        let control_plane = ControlPlane::start(lab.dir(), port).await?;
        control_plane.apply(&document(planned, &lab)).await?;
        let (mut proxies, mut agents) = (Vec::new(), Vec::new());
        for pbx in lab.pbxs() {
            let proxy = Proxy::open(lab.ports().one()?, port).await?;
            let address = format!("127.0.0.1:{}", proxy.port());
            let config = pbx.agent_config(&format!("ws://{address}"), &["US"])?;
            let token = control_plane.enroll_token(pbx.name()).await?;
            agents.push(Agent::enroll(pbx, &config, &format!("http://{address}"), &token).await?);
            proxies.push(proxy);
        }
        for agent in &mut agents {
            agent.ready(&control_plane).await?;
        }
        let mut keys = Vec::new();
        for org in ORGS {
            keys.push(control_plane.api_key(org, "chaos").await?);
        }
        Ok(Self { agents, control_plane, proxies, keys, lab })
    }

    /// The control plane.
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// The API key of one of [`ORGS`].
    pub fn key(&self, org: usize) -> &str {
        &self.keys[org]
    }

    /// Carrier, hosts, and the run's directory.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Whether the moment that harm waits for is here.
    pub fn is_moment(&self, what: What, moment: Moment) -> bool {
        let port = what.pbx().map(|pbx| self.lab.pbx(pbx).sip_port());
        let here = |call: &CallRecord| port.is_none_or(|port| call.pbx.port() == port);
        match moment {
            Moment::OnTime => true,
            Moment::WhileRinging => self.lab.carrier().has_call(|call| here(call) && rings(call)),
            Moment::WhileTalking => self.lab.carrier().has_call(|call| here(call) && talks(call)),
        }
    }

    /// Strikes.
    pub fn harm(&mut self, what: What) -> Result<()> {
        match what {
            What::KillControlPlane => self.control_plane.kill(),
            What::FreezeControlPlane => running(self.control_plane.process_mut())?.freeze(),
            What::FillControlPlaneDisk => running(self.control_plane.process_mut())?.fill_disk()?,
            What::KillAgent(pbx) => self.agents[pbx].kill(),
            What::FreezeAgent(pbx) => running(self.agents[pbx].process_mut())?.freeze(),
            What::FillAgentDisk(pbx) => running(self.agents[pbx].process_mut())?.fill_disk()?,
            What::KillAsterisk(pbx) => self.lab.pbx_mut(pbx).kill(),
            What::FreezeAsterisk(pbx) => self.lab.pbx(pbx).freeze(),
            What::CutLink(pbx) => self.proxies[pbx].set(Line { cut: true, ..Line::default() }),
            What::DelayLink(pbx, delay) => self.proxies[pbx].set(Line { delay, ..Line::default() }),
            What::DeafenAgent(pbx) => self.proxies[pbx].set(Line { deaf: true, ..Line::default() }),
            What::MuteAgent(pbx) => self.proxies[pbx].set(Line { mute: true, ..Line::default() }),
            What::RefuseTrunk(trunk) => self.lab.carrier().refuse_all(TRUNKS[trunk], Some(REFUSAL)),
        }
        Ok(())
    }

    /// Undoes it.
    pub fn heal(&mut self, what: What) -> Result<()> {
        match what {
            What::KillControlPlane => self.control_plane.launch()?,
            What::FreezeControlPlane => running(self.control_plane.process_mut())?.thaw(),
            What::FillControlPlaneDisk => running(self.control_plane.process_mut())?.free_disk()?,
            What::KillAgent(pbx) => self.agents[pbx].restart()?,
            What::FreezeAgent(pbx) => running(self.agents[pbx].process_mut())?.thaw(),
            What::FillAgentDisk(pbx) => running(self.agents[pbx].process_mut())?.free_disk()?,
            What::KillAsterisk(pbx) => self.lab.pbx_mut(pbx).launch()?,
            What::FreezeAsterisk(pbx) => self.lab.pbx(pbx).thaw(),
            What::CutLink(pbx) | What::DelayLink(pbx, _) | What::DeafenAgent(pbx) | What::MuteAgent(pbx) => {
                self.proxies[pbx].set(Line::default());
            }
            What::RefuseTrunk(trunk) => self.lab.carrier().refuse_all(TRUNKS[trunk], None),
        }
        Ok(())
    }

    /// Starts what has ended by itself, as systemd would; each with the end of its log.
    pub fn pick_up_the_fallen(&mut self) -> Result<Vec<String>> {
        let mut fallen = Vec::new();
        if let Some(status) = self.control_plane.process_mut().and_then(Process::exited) {
            fallen.push(format!("control plane ended with {status}:\n{}", self.control_plane.log_tail()));
            self.control_plane.launch()?;
        }
        for agent in &mut self.agents {
            if let Some(status) = agent.process_mut().and_then(Process::exited) {
                fallen.push(format!("agent of {} ended with {status}:\n{}", agent.name(), agent.log_tail()));
                agent.restart()?;
            }
        }
        for pbx in 0..PBXS {
            let pbx = self.lab.pbx_mut(pbx);
            if let Some(status) = pbx.process_mut().and_then(Process::exited) {
                fallen.push(format!("Asterisk of {} ended with {status}:\n{}", pbx.name(), pbx.log_tail()));
                pbx.launch()?;
            }
        }
        Ok(fallen)
    }

    /// SIGTERM to the product; a program that does not end in time is an error.
    pub async fn stop(&mut self) -> Result<()> {
        let mut first = Ok(());
        for agent in &mut self.agents {
            first = first.and(agent.stop().await);
        }
        first.and(self.control_plane.stop().await)
    }

    /// Leaves logs and databases to be read, and every SIP message as `carrier.story`.
    pub fn keep(&mut self) -> Result<()> {
        self.lab.keep();
        std::fs::write(self.lab.dir().join("carrier.story"), self.lab.carrier().story())
            .context("write carrier.story")
    }
}

fn document(planned: &[Planned], lab: &Lab) -> String {
    let mut document = String::new();
    for (place, org) in ORGS.iter().enumerate() {
        let projects: Vec<Project> =
            planned.iter().filter(|one| one.org == place).map(|one| one.project.clone()).collect();
        document.push_str(&organization(org, &projects, PATIENCE));
    }
    for pbx in lab.pbxs() {
        let _ = write!(document, "\n[[pbx]]\nname = \"{}\"\nregion = \"eu\"\n", pbx.name());
    }
    document
}

fn running(process: Option<&mut Process>) -> Result<&mut Process> {
    process.context("harm to a process that does not run")
}

fn rings(call: &CallRecord) -> bool {
    let ringing = call.first(Direction::ToPbx, |message| sip::status(message) == Some(180)).is_some();
    ringing && call.final_response().is_none() && call.request("CANCEL").is_none()
}

fn talks(call: &CallRecord) -> bool {
    let ended = |message: &str| sip::method(message) == Some("BYE");
    call.final_response().is_some_and(|(_, status)| status == 200)
        && !call.passed.iter().any(|passed| ended(&passed.message))
}
