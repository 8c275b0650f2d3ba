//! The simulated world: one clock, one queue of what comes, one source of chance.

mod incidents;

use super::{
    agent::Agent,
    asterisk::Asterisk,
    bug::Bug,
    event::Event,
    network::Wire,
    plan::{HOSTS, Network, Plan},
    plane::Plane,
    stage::{BEGINNING, Stage},
    truth::{Broken, Truth},
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use shared::{ids::JournalId, time::Timestamp};
use std::{collections::BTreeMap, ops::Range, time::Duration};
use uuid::Uuid;

/// More than any run needs: one that goes on for longer is caught in a circle.
const MOST_EVENTS: u64 = 200_000;
/// After the last harm is over, calls have ended by then: their lifetime, and the patience of both sides.
const SETTLING: Duration = Duration::from_secs(400);

/// A PBX host: its agent, its Asterisk and the wire between host and control plane.
pub struct Host {
    /// The agent.
    pub agent: Agent,
    /// Its Asterisk.
    pub asterisk: Asterisk,
    /// The way to the control plane.
    pub wire: Wire,
    /// When the agent is told what Asterisk last said.
    pub told_at: Timestamp,
}

/// Everything.
pub struct World<'a> {
    /// What was made before.
    pub stage: &'a mut Stage,
    /// What happens from outside.
    pub plan: &'a Plan,
    /// What is missing in the programs.
    pub bug: Option<Bug>,
    /// The true time.
    pub now: Timestamp,
    /// All chance that is not planned.
    pub rng: ChaCha8Rng,
    /// The control plane.
    pub plane: Plane,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// What really happened, and what must not.
    pub truth: Truth,
    /// Nothing goes wrong any more.
    pub at_peace: bool,
    /// When something last began or ended that the plan says.
    pub last_incident: Timestamp,
    /// What is told, line by line, if anybody listens.
    pub story: Option<Vec<String>>,
    events: u64,
    queue: BTreeMap<(Timestamp, u64), Event>,
    numbers: u64,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Steps of the world.
    pub events: u64,
    /// Requests that were answered 202.
    pub accepted: u64,
    /// Calls that reached somebody.
    pub reached: u64,
    /// Attempts that Asterisk made a channel for.
    pub originated: u64,
    /// Attempts that were labelled possible duplicates.
    pub labelled: u64,
}

/// Runs a plan to its end.
///
/// # Errors
/// What was broken, when, and the story up to then if it was to be told.
pub fn run(
    stage: &mut Stage,
    plan: &Plan,
    bug: Option<Bug>,
    tell: bool,
) -> Result<Figures, (Broken, Vec<String>)> {
    stage.memory.rewind().expect("the database goes back to where it was marked");
    let mut world = World::new(stage, plan, bug, tell);
    let outcome = world.live();
    let World { stage, hosts, story, .. } = world;
    stage.journals.extend(hosts.into_iter().map(|host| host.agent.journal));
    outcome.map_err(|broken| (broken, story.unwrap_or_default()))
}

impl<'a> World<'a> {
    fn new(stage: &'a mut Stage, plan: &'a Plan, bug: Option<Bug>, tell: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ 0x5eed);
        let hosts = (0..HOSTS)
            .map(|host| {
                let journal = stage.journal(JournalId::new(Uuid::from_u128(rng.random())));
                Host {
                    agent: Agent::new(
                        stage.agent_config(host, bug),
                        journal,
                        plan.skews[host],
                        plan.drifts[host],
                    ),
                    asterisk: Asterisk::default(),
                    wire: Wire::default(),
                    told_at: BEGINNING,
                }
            })
            .collect();
        let mut world = Self {
            stage,
            plan,
            bug,
            now: BEGINNING,
            rng,
            plane: Plane::default(),
            hosts,
            truth: Truth::default(),
            at_peace: false,
            last_incident: BEGINNING,
            story: tell.then(Vec::new),
            events: 0,
            queue: BTreeMap::new(),
            numbers: 0,
        };
        world.later(Duration::ZERO, Event::ControlPlaneStarts);
        for host in 0..HOSTS {
            world.later(Duration::ZERO, Event::AsteriskStarts { host });
            world.later(Duration::from_millis(1), Event::AgentStarts { host });
        }
        for (number, incident) in plan.incidents.iter().enumerate() {
            world.later(incident.at, Event::Incident(number));
        }
        let last = plan.incidents.last().map_or(Duration::ZERO, |incident| incident.at);
        world.later(last + Duration::from_secs(60), Event::Peace);
        world.later(Duration::from_secs(5), Event::Look);
        world
    }

    fn live(&mut self) -> Result<Figures, Broken> {
        let last = self.plan.incidents.last().map_or(Duration::ZERO, |incident| incident.at);
        let end = BEGINNING + last + Duration::from_secs(60) + SETTLING;
        while let Some(((at, _), event)) = self.queue.pop_first() {
            self.events += 1;
            self.now = at;
            if self.events > MOST_EVENTS {
                return Err(Broken("the world does not come to rest".to_owned()));
            }
            if matches!(event, Event::Look) {
                if self.at_peace && self.is_over() {
                    return self.judge();
                }
                if at > end {
                    return Err(Broken(format!("not everything has ended in time: {}", self.unfinished())));
                }
                self.later(Duration::from_secs(5), Event::Look);
            } else {
                self.step(event);
                self.look_for_obstacles();
            }
            self.truth.verdict()?;
        }
        unreachable!("the world is looked at for as long as it lives")
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Incident(number) => self.incident(number),
            Event::Healed(number) => self.healed(number),
            Event::Send(webhook) => self.send_webhook(webhook),
            Event::Answered { webhook, life } => self.answered(webhook, life),
            Event::StoredLate { webhook, life } => self.stored_late(webhook, life),
            Event::ControlPlaneStarts => self.control_plane_starts(),
            Event::Turn { life } => self.turn(life),
            Event::TurnDone { life, done } => self.turn_done(life, *done),
            Event::Connect { host, life } => self.connect(host, life),
            Event::Proven { host, life } => self.proven(host, life),
            Event::ToControlPlane { host, connection, frame } => {
                self.control_plane_hears(host, connection, frame)
            }
            Event::ToAgent { host, connection, frame } => self.agent_hears(host, connection, frame),
            Event::ControlPlaneNotices { host, connection } => self.control_plane_notices(host, connection),
            Event::AgentNotices { host, connection } => self.agent_notices(host, connection),
            Event::Resend { host, connection } => self.resend(host, connection),
            Event::AgentStarts { host } => self.agent_starts(host),
            Event::Disk { host, life } => self.disk(host, life),
            Event::Timer { host, life } => self.timer(host, life),
            Event::Told { host, life, input } => self.told(host, life, input),
            Event::OpenStream { host, life } => self.open_stream(host, life),
            Event::AsteriskStarts { host } => self.asterisk_starts(host),
            Event::Asked { host, life, request } => {
                if self.held(host, || Event::Asked { host, life, request: request.clone() }) {
                    return;
                }
                self.asked(host, life, request);
            }
            Event::Channel { host, life, channel, step } => {
                if self.held(host, || Event::Channel { host, life, channel: channel.clone(), step }) {
                    return;
                }
                self.channel(host, life, channel, step);
            }
            Event::Agree { host, connection } => self.check_agreement(host, connection),
            Event::Peace => self.peace(),
            Event::Look => {}
        }
    }

    /// From here on the network is orderly. What a hostile one has lost is asked for when links are
    /// made anew; TCP would not have lost it.
    fn peace(&mut self) {
        self.at_peace = true;
        if self.plan.network == Network::Hostile {
            for host in 0..HOSTS {
                self.break_link(host, 1..50);
            }
        }
    }

    /// Adds something to come.
    pub fn later(&mut self, wait: Duration, event: Event) {
        self.at(self.now + wait, event);
    }

    /// Adds something to come at a moment.
    pub fn at(&mut self, at: Timestamp, event: Event) {
        self.numbers += 1;
        self.queue.insert((at, self.numbers), event);
    }

    /// A number that was never given before.
    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Chance.
    pub fn millis(&mut self, range: Range<u64>) -> Duration {
        self.micros(range.start * 1_000..range.end * 1_000)
    }

    /// Chance.
    pub fn micros(&mut self, range: Range<u64>) -> Duration {
        Duration::from_micros(self.rng.random_range(range))
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let at = self.now.since(BEGINNING).as_secs_f64();
            story.push(format!("{at:>10.4}  {}", line()));
        }
    }

    /// How many steps were taken.
    pub fn events(&self) -> u64 {
        self.events
    }
}
