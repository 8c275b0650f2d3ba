//! An Asterisk that dies, starts, and stalls.

use crate::simulation::{
    event::{Event, Request},
    world::World,
};
use pbx_agent::{ari::Originated, board::Input};
use std::time::Duration;

impl World<'_> {
    /// Asterisk dies with every channel; whoever listened notices.
    pub(in crate::simulation) fn kill_asterisk(&mut self, host: usize) {
        let asterisk = &mut self.hosts[host].asterisk;
        asterisk.up = false;
        asterisk.life += 1;
        asterisk.channels.clear();
        let held = std::mem::take(&mut asterisk.held);
        if let Some(life) = asterisk.listener.take() {
            let why = "the stream broke".to_owned();
            self.later(
                Duration::from_millis(1),
                Event::Told { host, life, input: Input::AsteriskDown { why } },
            );
            let wait = self.millis(50..1_000);
            self.later(wait, Event::OpenStream { host, life });
        }
        // Requests that it had not answered are lost, and nobody knows what came of them.
        for event in held {
            if let Event::Asked { host, life, request: Request::Originate(dial) } = event {
                let lost = Originated::Lost { maybe_sent: true, why: "killed".to_owned() };
                let input = Input::Originated(dial.attempt, lost);
                self.later(Duration::from_millis(1), Event::Told { host, life, input });
            }
        }
    }

    pub(in crate::simulation) fn asterisk_starts(&mut self, host: usize) {
        self.tell(|| format!("Asterisk of pbx-{} is up", host + 1));
        self.hosts[host].asterisk.up = true;
    }

    /// Puts what Asterisk would do aside while it is stalled.
    pub(in crate::simulation) fn held(&mut self, host: usize, event: impl FnOnce() -> Event) -> bool {
        let asterisk = &mut self.hosts[host].asterisk;
        let stalled = asterisk.up && asterisk.stalled > 0;
        if stalled {
            asterisk.held.push(event());
        }
        stalled
    }
}
