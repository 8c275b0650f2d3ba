//! Listens to everybody at once and prints the timeline.

use super::{
    tell::{CallLog, Clock, ari_step, sip_step},
    timeline::{Step, Timeline, Who},
};
use crate::{ari::Events, carrier::Tap, field::Lab, product::ControlPlane, say::say};
use anyhow::Result;
use serde_json::Value;
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// The ARI application that listens and never takes a call.
const LISTENER: &str = "lab-listener";

/// Everything that is heard, and the timeline it goes into.
#[derive(Debug)]
pub(super) struct Narrator {
    clock: Clock,
    timeline: Timeline,
    log: CallLog,
    tap: Tap,
    events: mpsc::UnboundedReceiver<(String, Value)>,
}

impl Narrator {
    /// Starts to listen at the carrier and at every PBX host.
    pub(super) async fn listen(lab: &Lab) -> Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        for pbx in lab.pbxs() {
            let stream = pbx.ari()?.events(LISTENER, true).await?;
            tokio::spawn(forward(pbx.name().to_owned(), stream, sender.clone()));
        }
        Ok(Self {
            clock: Clock::now(),
            timeline: Timeline::new(std::io::stdout().is_terminal()),
            log: CallLog::default(),
            tap: lab.carrier().tap(),
            events,
        })
    }

    /// Something the narrator's owner did itself.
    pub(super) fn tell(&mut self, at: Instant, who: Who, what: String) {
        self.timeline.add(Instant::now(), Step { at, who, what, begins: who == Who::You });
    }

    /// Narrates until `done` says so of an answer of the call log, or for ever.
    ///
    /// `path` is what the call log is asked for.
    pub(super) async fn narrate(
        &mut self,
        control_plane: Option<(&ControlPlane, &str, &str)>,
        done: impl Fn(&Value) -> bool,
    ) {
        let mut asked = Instant::now();
        loop {
            tokio::select! {
                seen = self.tap.next() => if let Some(step) = sip_step(&seen) {
                    self.timeline.add(Instant::now(), step);
                },
                Some((pbx, event)) = self.events.recv() => if let Some(step) = ari_step(&self.clock, Instant::now(), &pbx, &event) {
                    self.timeline.add(Instant::now(), step);
                },
                () = tokio::time::sleep(Duration::from_millis(10)) => {}
            }
            for line in self.timeline.due(Instant::now()) {
                say(line);
            }
            let pause = if self.timeline.busy(Instant::now()) { 10 } else { 500 };
            if let Some((control_plane, path, key)) = control_plane
                && asked.elapsed() >= Duration::from_millis(pause)
            {
                asked = Instant::now();
                // A control plane that does not answer is seen by whoever watches its process.
                let Ok(body) = control_plane.get(path, key).await else { continue };
                let now = Instant::now();
                for step in self.log.steps(&self.clock, now, &body) {
                    self.timeline.add(now, step);
                }
                if done(&body) {
                    return;
                }
            }
        }
    }

    /// Prints what is still held back, after a moment for what is on its way.
    pub(super) async fn finish(&mut self, grace: Duration) {
        let _ = tokio::time::timeout(grace, self.narrate(None, |_| false)).await;
        for line in self.timeline.rest() {
            say(line);
        }
    }
}

async fn forward(pbx: String, mut stream: Events, sender: mpsc::UnboundedSender<(String, Value)>) {
    while let Ok(event) = stream.next().await {
        if sender.send((pbx.clone(), event)).is_err() {
            return;
        }
    }
}
