//! The control plane of the simulated world: its real intake, dispatcher and sessions over its real
//! tables, without threads, sockets and clocks.

mod senders;
mod turns;

pub use senders::idempotency_key;

use super::{stage::BEGINNING, world::World};
use base64::{Engine, prelude::BASE64_STANDARD};
use control_plane::{
    dispatch::{Inherited, turn::Work},
    fleet::{
        Fleet,
        session::{AgentEvent, simulated::SimulatedSession},
    },
    store::{Fate, StoreError, Tx},
    wall_clock::WallClock,
};
use shared::{
    order::{Order, SignedOrder},
    protocol::AgentFrame,
    time::{Clock, Timestamp},
};
use std::{cell::Cell, collections::BTreeMap};

/// The control plane.
#[derive(Default)]
pub struct Plane {
    /// Of this process.
    pub life: u64,
    /// Harms that fill its disk.
    pub full: u32,
    /// How far the clock of its machine is ahead of the truth, microseconds.
    pub skew: i64,
    /// Whether there is a backup of its database.
    backed_up: bool,
    /// While it runs.
    pub running: Option<Running>,
}

/// A running control plane.
pub struct Running {
    /// Its hosts.
    pub fleet: Fleet,
    /// Connections by host.
    pub sessions: BTreeMap<usize, (u64, SimulatedSession)>,
    /// What agents said and no turn has taken.
    pub heard: Vec<AgentEvent>,
    inherited: Inherited,
    work: Work,
    wall: WallClock,
    /// What it takes for the time.
    clock: Cell<Clock>,
    /// A turn is under way.
    turning: bool,
    /// There has come something to do meanwhile.
    nudged: bool,
    /// When the next turn is taken.
    wake: Option<Timestamp>,
}

impl Plane {
    /// Whether it runs.
    pub fn is_up(&self) -> bool {
        self.running.is_some()
    }
}

impl World<'_> {
    pub(super) fn control_plane_starts(&mut self) {
        if self.plane.is_up() {
            return;
        }
        self.tell(|| "the control plane starts".to_owned());
        self.truth.started(self.now);
        self.plane.life += 1;
        let (now, inherited) = (self.plane_now(), self.read(Inherited::read));
        self.plane.running = Some(Running {
            fleet: self.stage.fleet(now).expect("its keys can be read"),
            sessions: BTreeMap::new(),
            heard: Vec::new(),
            inherited,
            work: Work::first(),
            wall: WallClock::new(now, self.now.since(BEGINNING)),
            clock: Cell::default(),
            turning: false,
            nudged: false,
            wake: None,
        });
        self.nudge();
    }

    /// Everything in memory is gone; agents notice.
    pub(super) fn kill_control_plane(&mut self) {
        if self.plane.running.take().is_some() {
            self.plane.life += 1;
            for host in 0..self.hosts.len() {
                self.break_link(host, 1..50);
            }
        }
    }

    pub(super) fn control_plane_notices(&mut self, host: usize, connection: u64) {
        let Some(running) = &mut self.plane.running else { return };
        if running.sessions.get(&host).is_some_and(|(held, _)| *held == connection)
            && let Some((_, session)) = running.sessions.remove(&host)
        {
            running.heard.push(session.close());
            self.nudge();
        }
    }

    pub(super) fn control_plane_hears(&mut self, host: usize, connection: u64, frame: AgentFrame) {
        if !self.carries(host, connection) {
            return;
        }
        self.tell(|| format!("pbx-{} says {}", host + 1, shown(&frame)));
        let Some(running) = &mut self.plane.running else { return };
        let Some((held, session)) = running.sessions.get_mut(&host) else { return };
        if *held != connection {
            return;
        }
        match session.hear(frame) {
            Ok(Some(event)) => {
                running.heard.push(event);
                self.nudge();
            }
            Ok(None) => {}
            Err(why) => {
                self.tell(|| format!("the connection of pbx-{} is ended: {why}", host + 1));
                self.break_link(host, 1..50);
            }
        }
        self.write_sessions();
    }

    /// Its time.
    pub(super) fn plane_now(&self) -> Timestamp {
        let wall = self.now.shifted(self.plane.skew);
        let Some(running) = &self.plane.running else { return wall };
        let mut clock = running.clock.get();
        let shown = clock.read(wall, self.now.since(BEGINNING));
        running.clock.set(clock);
        shown
    }

    /// How far that is ahead of the truth, microseconds.
    pub(super) fn plane_ahead(&self) -> i64 {
        self.plane_now().as_micros() - self.now.as_micros()
    }

    /// Keeps the tables as they are now.
    pub(super) fn back_up(&mut self) {
        self.stage.memory.back_up().expect("the tables can be kept");
        self.plane.backed_up = true;
    }

    /// The control plane dies and comes back with the tables of the backup, if there is one.
    pub(super) fn restore(&mut self) {
        self.kill_control_plane();
        if self.plane.backed_up {
            let unacknowledged = self.unacknowledged_keys();
            self.stage.memory.restore().expect("the tables can be put back");
            self.database_restored(&unacknowledged);
        }
    }

    /// Reads the control plane's tables.
    pub(super) fn read<T>(&mut self, read: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
        self.stage.memory.write(Fate::Durable, read).expect("the tables can be read")
    }
}

impl Plane {
    fn fate(&self) -> Fate {
        if self.full > 0 { Fate::Refused } else { Fate::Durable }
    }
}

/// What a signed order says. Agents verify it; here it is only looked at.
pub fn order_in(signed: &SignedOrder) -> Order {
    let bytes = BASE64_STANDARD.decode(&signed.order).expect("an order is base64");
    serde_json::from_slice(&bytes).expect("and JSON")
}

fn shown(frame: &AgentFrame) -> String {
    match frame {
        AgentFrame::Report(report) => {
            format!("report {}: {} {:?}", report.seq, report.attempt_id, report.event)
        }
        AgentFrame::Standing { attempts } => format!("{attempts:?}"),
        AgentFrame::Health(health) => {
            format!(
                "health: asterisk {:?}, trouble {:?}, active {}",
                health.asterisk, health.trouble, health.active
            )
        }
        AgentFrame::Hello(_) | AgentFrame::OrderKeys { .. } | AgentFrame::Error(_) => format!("{frame:?}"),
    }
}
