//! A session without a socket: what the deterministic simulation drives in place of a connection.
//!
//! Everything between the proof and the socket is the code of real sessions.

use super::{
    AgentEvent, Proven,
    listen::{Ear, Known},
    queries::Queries,
};
use crate::fleet::{Fleet, Link};
use ed25519_dalek::VerifyingKey;
use shared::{
    ids::{JournalId, PbxId},
    protocol::{AgentFrame, ControlFrame},
    time::Timestamp,
};
use tokio::sync::mpsc;

/// One agent's connection, as the control plane sees it.
pub struct SimulatedSession {
    fleet: Fleet,
    link: Link,
    queue: mpsc::Receiver<ControlFrame>,
    queries: Queries,
    ear: Ear,
}

/// Whose orders an agent obeys that was enrolled with this control plane.
pub fn order_keys(fleet: &Fleet) -> Vec<VerifyingKey> {
    fleet.keyring().public().keys
}

impl SimulatedSession {
    /// An agent has connected and proved itself; reports of its journal are applied up to `applied`, and
    /// it still holds those from `oldest` on. The first events to be followed are returned with it.
    pub fn open(
        fleet: &Fleet,
        (pbx, name): (PbxId, &str),
        journal: JournalId,
        applied: u64,
        oldest: u64,
        now: Timestamp,
    ) -> (Self, Vec<AgentEvent>) {
        let proven = Proven {
            pbx,
            name: name.to_owned(),
            key: VerifyingKey::default(),
            challenge: fleet.0.hub.challenge(),
            journal,
            version: "simulated".to_owned(),
            applied,
            oldest: Some(oldest),
        };
        let known = Known::of(&proven);
        let (link, queue) = fleet.seat(proven, now);
        let ear = Ear::new(fleet.clone(), link.clone(), known);
        let session =
            Self { fleet: fleet.clone(), link: link.clone(), queue, queries: Queries::default(), ear };
        let forgotten = known.forgotten.then(|| AgentEvent::Forgotten(link.clone(), known.reported));
        (session, forgotten.into_iter().chain([AgentEvent::Connected(link)]).collect())
    }

    /// What is to travel to the agent, in order.
    pub fn outgoing(&mut self) -> Vec<ControlFrame> {
        let mut frames = Vec::new();
        while let Ok(frame) = self.queue.try_recv() {
            if let ControlFrame::Query { attempts } = &frame {
                self.queries.asked(attempts);
            }
            frames.push(frame);
        }
        frames
    }

    /// Whether our side has ended it.
    pub fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    /// What a frame of the agent means; `Err` when the connection must end because of it.
    ///
    /// # Errors
    /// Why it must.
    pub fn hear(&mut self, frame: AgentFrame) -> Result<Option<AgentEvent>, String> {
        self.ear.hear(frame, &self.queries).map_err(|closing| format!("{closing:?}"))
    }

    /// The connection is gone.
    pub fn close(self) -> AgentEvent {
        self.fleet.0.hub.disconnected(&self.link);
        AgentEvent::Disconnected(self.link.pbx())
    }
}
