//! The wire between a host and the control plane: frames that travel, connections that break.

use super::{bug::Bug, event::Event, plan::Network, world::World};
use control_plane::{
    fleet::{
        journals,
        session::{AgentEvent, simulated::SimulatedSession},
    },
    store::{Fate, StoreError},
};
use rand::RngExt;
use shared::{
    protocol::{AgentFrame, ControlFrame},
    time::Timestamp,
};
use std::{ops::Range, time::Duration};

/// The way between one host and the control plane.
#[derive(Debug, Default)]
pub struct Wire {
    /// Harms that cut it.
    pub cut: u32,
    /// Of the connection that frames travel on; those of others are lost.
    pub connection: Option<u64>,
    up_at: Option<Timestamp>,
    down_at: Option<Timestamp>,
}

impl World<'_> {
    /// An agent tries to connect, and again later when it cannot.
    pub(super) fn connect(&mut self, host: usize, life: u64) {
        if !self.hosts[host].agent.is_living(life) || self.hosts[host].agent.is_connected() {
            return;
        }
        if self.hosts[host].wire.cut > 0 || !self.plane.is_up() {
            let wait = self.millis(200..2_000);
            self.later(wait, Event::Connect { host, life });
            return;
        }
        // The challenge tells the time; what it takes on its way is the error of the host's clock.
        let (lag, back) = (self.micros(200..20_000), self.micros(200..20_000));
        let told = self.plane_now();
        self.hosts[host].agent.learn(self.now + lag, told);
        self.later(lag + back, Event::Proven { host, life });
    }

    /// The proof arrives: the control plane seats the agent.
    pub(super) fn proven(&mut self, host: usize, life: u64) {
        if !self.hosts[host].agent.is_living(life) {
            return;
        }
        let (pbx, name) = self.stage.enrolled[host].clone();
        let journal = self.hosts[host].agent.journal.state();
        if self.hosts[host].wire.cut > 0 || !self.plane.is_up() {
            let wait = self.millis(200..2_000);
            self.later(wait, Event::Connect { host, life });
            return;
        }
        let applied = self
            .stage
            .memory
            .write::<_, StoreError>(Fate::Durable, |tx| journals::applied(tx, journal.id, pbx))
            .expect("the database can be read")
            .expect("a journal belongs to one host");
        let connection = self.number();
        let now = self.plane_now();
        let wire = &mut self.hosts[host].wire;
        *wire = Wire { cut: wire.cut, connection: Some(connection), up_at: None, down_at: None };
        self.tell(|| format!("pbx-{} connects, its reports are applied up to {applied}", host + 1));
        let Some(running) = &mut self.plane.running else { return };
        let (session, events) =
            SimulatedSession::open(&running.fleet, (pbx, &name), journal.id, applied, journal.oldest, now);
        if let Some((_, older)) = running.sessions.insert(host, (connection, session)) {
            older.close();
        }
        let trusted = self.bug == Some(Bug::OldDatabaseTrusted);
        running.heard.extend(
            events.into_iter().filter(|event| !(trusted && matches!(event, AgentEvent::Forgotten(..)))),
        );
        self.nudge();
        self.hosts[host].agent.awaiting = Some(connection);
        self.write_sessions();
    }

    /// A connection is gone; each end notices within this time, milliseconds.
    pub(super) fn break_link(&mut self, host: usize, notice: Range<u64>) {
        let Some(connection) = self.hosts[host].wire.connection.take() else { return };
        let (here, there) = (self.millis(notice.clone()), self.millis(notice));
        self.later(here, Event::ControlPlaneNotices { host, connection });
        self.later(there, Event::AgentNotices { host, connection });
    }

    /// A frame leaves for the control plane.
    pub(super) fn send_up(&mut self, host: usize, connection: u64, frame: AgentFrame) {
        for at in self.travel(host, connection, true) {
            self.at(at, Event::ToControlPlane { host, connection, frame: frame.clone() });
        }
    }

    /// A frame leaves for an agent.
    pub(super) fn send_down(&mut self, host: usize, connection: u64, frame: ControlFrame) {
        for at in self.travel(host, connection, false) {
            self.at(at, Event::ToAgent { host, connection, frame: frame.clone() });
        }
    }

    /// When a frame arrives: never, once, or twice.
    fn travel(&mut self, host: usize, connection: u64, up: bool) -> Vec<Timestamp> {
        if self.hosts[host].wire.connection != Some(connection) {
            return vec![];
        }
        let wait =
            if self.rng.random_ratio(1, 30) { self.millis(50..1_500) } else { self.micros(100..10_000) };
        let arrival = self.now + wait;
        if self.plan.network == Network::Hostile && !self.at_peace {
            return match self.rng.random_range(0..20) {
                0 => vec![],
                1 => vec![arrival, arrival + self.millis(1..3_000)],
                2 => vec![arrival + self.millis(1..500)],
                _ => vec![arrival],
            };
        }
        let wire = &mut self.hosts[host].wire;
        let last = if up { &mut wire.up_at } else { &mut wire.down_at };
        let arrival = last.map_or(arrival, |last| arrival.max(last + Duration::from_micros(1)));
        *last = Some(arrival);
        vec![arrival]
    }

    /// Whether frames of this connection still arrive.
    pub(super) fn carries(&self, host: usize, connection: u64) -> bool {
        self.hosts[host].wire.connection == Some(connection)
    }
}
