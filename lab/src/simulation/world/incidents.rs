//! What the plan says, done to the world, and undone.

use super::World;
use crate::simulation::{
    event::Event,
    plan::{Dropped, What},
};
use std::time::Duration;

impl World<'_> {
    pub(super) fn incident(&mut self, number: usize) {
        let what = self.plan.incidents[number].what.clone();
        self.tell(|| format!("{what:?}"));
        self.last_incident = self.now;
        let heal = |lasts: Duration| (lasts, Event::Healed(number));
        let (wait, event) = match what {
            What::Webhook { .. } | What::Resolve { .. } => (Duration::ZERO, Event::Send(number)),
            What::Person { endpoint, closes } => return self.person(endpoint, closes),
            What::LeaveAlone(number) => return self.leave_alone(number),
            What::ControlPlaneClock(by) => {
                self.plane.skew += by;
                return self.nudge();
            }
            What::BackUp => return self.back_up(),
            What::RestoreDatabase(down) => {
                self.restore();
                (down, Event::ControlPlaneStarts)
            }
            What::LoseJournal(host, down) => {
                self.kill_agent(host);
                self.lose_journal(host);
                (down, Event::AgentStarts { host })
            }
            What::BackUpJournal(host) => return self.back_up_journal(host),
            What::RestoreJournal(host, down) => {
                self.kill_agent(host);
                self.restore_journal(host);
                (down, Event::AgentStarts { host })
            }
            What::HostClock(host, by) => {
                self.hosts[host].agent.next_skew += by;
                self.truth.caps_forgotten(host);
                return;
            }
            What::TrunkBreaks(host, trunk) => return self.break_trunk(host, trunk, 38, None),
            What::CarrierDrops(host, trunk, Dropped::NoCircuit) => {
                return self.break_trunk(host, trunk, 34, Some(503));
            }
            What::CarrierDrops(host, trunk, Dropped::TemporaryFailure) => {
                return self.break_trunk(host, trunk, 41, Some(500));
            }
            What::CarrierSlow(host, trunk, lasts) => {
                self.hosts[host].asterisk.slow[trunk] += 1;
                heal(lasts)
            }
            What::KillControlPlane(down) => {
                self.kill_control_plane();
                (down, Event::ControlPlaneStarts)
            }
            What::ControlPlaneDiskFull(lasts) => {
                self.plane.full += 1;
                heal(lasts)
            }
            What::KillAgent(host, down) => {
                self.kill_agent(host);
                (down, Event::AgentStarts { host })
            }
            What::AgentDiskFull(host, lasts) => {
                self.hosts[host].agent.full += 1;
                heal(lasts)
            }
            What::AgentDiskSlow(host, lasts) => {
                self.hosts[host].agent.slow += 1;
                heal(lasts)
            }
            What::KillAsterisk(host, down) => {
                self.kill_asterisk(host);
                (down, Event::AsteriskStarts { host })
            }
            What::StallAsterisk(host, lasts) => {
                self.hosts[host].asterisk.stalled += 1;
                heal(lasts)
            }
            What::CutLink(host, down) => {
                self.hosts[host].wire.cut += 1;
                self.break_link(host, 1..50);
                heal(down)
            }
            What::SilenceLink(host, lasts) => {
                self.hosts[host].wire.cut += 1;
                self.break_link(host, 1_000..30_000);
                heal(lasts)
            }
            What::TrunkRefuses(host, trunk, lasts) => {
                self.hosts[host].asterisk.refusing[trunk] += 1;
                heal(lasts)
            }
            What::TrunkOffline(host, trunk, lasts) => {
                self.hosts[host].asterisk.offline[trunk] += 1;
                heal(lasts)
            }
        };
        self.later(wait, event);
    }

    pub(super) fn healed(&mut self, number: usize) {
        self.tell(|| format!("over: incident {number}"));
        self.last_incident = self.now;
        match self.plan.incidents[number].what {
            What::ControlPlaneDiskFull(..) => self.plane.full -= 1,
            What::AgentDiskFull(host, _) => self.hosts[host].agent.full -= 1,
            What::AgentDiskSlow(host, _) => self.hosts[host].agent.slow -= 1,
            What::StallAsterisk(host, _) => {
                self.hosts[host].asterisk.stalled -= 1;
                if self.hosts[host].asterisk.stalled == 0 {
                    for event in std::mem::take(&mut self.hosts[host].asterisk.held) {
                        let wait = self.micros(10..500);
                        self.later(wait, event);
                    }
                }
            }
            What::CutLink(host, _) | What::SilenceLink(host, _) => self.hosts[host].wire.cut -= 1,
            What::TrunkRefuses(host, trunk, _) => self.hosts[host].asterisk.refusing[trunk] -= 1,
            What::TrunkOffline(host, trunk, _) => self.hosts[host].asterisk.offline[trunk] -= 1,
            What::CarrierSlow(host, trunk, _) => self.hosts[host].asterisk.slow[trunk] -= 1,
            What::Webhook { .. }
            | What::Resolve { .. }
            | What::Person { .. }
            | What::LeaveAlone(_)
            | What::KillControlPlane(..)
            | What::ControlPlaneClock(..)
            | What::BackUp
            | What::RestoreDatabase(..)
            | What::KillAgent(..)
            | What::LoseJournal(..)
            | What::BackUpJournal(..)
            | What::RestoreJournal(..)
            | What::HostClock(..)
            | What::TrunkBreaks(..)
            | What::CarrierDrops(..)
            | What::KillAsterisk(..) => {}
        }
    }
}
