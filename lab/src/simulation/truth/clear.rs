//! Since when nothing stands between the dispatcher and the phones of a host.

use crate::simulation::{
    plan::HOSTS,
    world::{Host, World},
};
use shared::time::Timestamp;
use std::time::Duration;

/// Times at which the control plane could act, was linked to a host, and its agent and Asterisk could act too.
#[derive(Debug, Default)]
pub struct Clear {
    since: [Option<Timestamp>; HOSTS],
    past: [Vec<(Timestamp, Timestamp)>; HOSTS],
}

impl World<'_> {
    /// Looks whether that has changed.
    pub(in crate::simulation) fn look_for_obstacles(&mut self) {
        for host in 0..HOSTS {
            let Host { agent, asterisk, wire, .. } = &self.hosts[host];
            let is_clear = self.plane.is_up()
                && self.plane.full == 0
                && wire.cut == 0
                && wire.connection.is_some()
                && agent.is_connected()
                && agent.is_well()
                && asterisk.up
                && asterisk.stalled == 0
                && asterisk.listener.is_some();
            let clear = &mut self.truth.clear;
            if is_clear {
                clear.since[host].get_or_insert(self.now);
            } else if let Some(since) = clear.since[host].take() {
                clear.past[host].push((since, self.now));
            }
        }
    }
}

impl Clear {
    /// The longest time within these moments for which nothing stood in the way, without a break.
    pub fn longest(&self, host: usize, from: Timestamp, to: Timestamp) -> Duration {
        let open = self.since[host].map(|since| (since, to));
        let within = self.past[host].iter().copied().chain(open);
        within.map(|(begun, ended)| ended.min(to).since(begun.max(from))).max().unwrap_or_default()
    }
}
