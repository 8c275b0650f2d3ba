//! After a restart of the agent or of Asterisk's event stream: what lives, what is gone, whose is it?

use super::{Attempt, Switchboard};
use crate::{
    ari::Channel,
    call::{Call, Input},
    journal::Stored,
    ledger::Seen,
};
use shared::ids::AttemptId;
use std::collections::HashMap;

impl Switchboard {
    /// Remembers an order of an earlier run; one that was under way goes on.
    pub(super) fn take_up(&mut self, stored: Stored) {
        let Stored {
            attempt,
            seen,
            trunk,
            number,
            started_at,
            answered_at,
            ended_at,
            progress,
            talked,
            resume,
        } = stored;
        match (seen, resume) {
            (Seen::Order { fingerprint, live: true }, Some(resume)) => {
                let plan = resume.plan();
                self.ledger.start(attempt, fingerprint, &trunk, number, plan.talk, started_at);
                let mut known = Attempt::new(Call::resumed(plan, progress), trunk, resume, None);
                known.answered_at = answered_at;
                tracing::warn!(%attempt, ?progress, "an attempt of an earlier run goes on");
                self.attempts.insert(attempt, known);
                self.feed(attempt, Input::Resume);
            }
            (seen, _) => {
                self.ledger.remember(attempt, seen, started_at);
                // Refused orders have none.
                if !trunk.is_empty() {
                    self.ledger.count_start(&trunk, number, started_at);
                }
                if !talked.is_zero() {
                    self.ledger.finish(attempt, &trunk, talked, ended_at.unwrap_or(started_at));
                }
            }
        }
    }

    /// Asterisk's own list decides: it is taken while the event stream is open, so nothing is missed.
    /// What it does not show is looked for by itself: a channel may be younger than the list.
    pub(super) fn reconcile(&mut self, channels: &[Channel], ours: &[String]) {
        let alive: HashMap<AttemptId, &Channel> =
            channels.iter().filter_map(|channel| Some((channel.id.parse().ok()?, channel))).collect();
        let attempts: Vec<AttemptId> = self.attempts.keys().copied().collect();
        for attempt in attempts {
            match alive.get(&attempt) {
                Some(channel) => self.feed(attempt, Input::Present { up: channel.state == "Up" }),
                None => self.look(attempt),
            }
        }
        for (attempt, channel) in alive {
            let is_ours = self.ledger.seen(attempt).is_some() || ours.contains(&channel.id);
            if is_ours && !self.attempts.contains_key(&attempt) {
                tracing::warn!(%attempt, state = channel.state, "a channel of ours that nobody knows is hung up");
                self.hang_up_stray(channel.id.clone());
            }
        }
    }
}
