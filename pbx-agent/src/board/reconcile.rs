//! What Asterisk says of channels: as it happens, and after a restart of the agent or of the event
//! stream. What lives, what is gone, whose is it?

use super::{
    Board, Effect,
    attempt::{Attempt, play_number},
};
use crate::{
    ari::{Channel, Event, EventKind},
    call::{Call, Input},
    clock::Moment,
    journal::Stored,
    ledger::Seen,
};
use shared::ids::AttemptId;
use std::{collections::BTreeMap, time::Duration};

impl Board {
    /// Remembers an order of an earlier run; one that was under way goes on.
    pub(super) fn take_up(&mut self, now: Moment, stored: Stored) {
        self.ledger.recall(&stored);
        self.departures.recall(&stored, now.local);
        let Stored { attempt, seen, trunk, answered_at, progress, resume, .. } = stored;
        let (Seen::Order { live: true, .. }, Some(resume)) = (seen, resume) else { return };
        tracing::warn!(%attempt, ?progress, "an attempt of an earlier run goes on");
        let mut plan = resume.plan();
        // A restart makes no conversation longer, and none longer than what is charged for it.
        let talked = answered_at.map_or(Duration::ZERO, |answered_at| now.local.since(answered_at));
        plan.talk = plan.talk.saturating_sub(talked);
        let call = Call::resumed(plan, progress);
        let prompt = resume.prompt.clone();
        self.attempts.insert(attempt, Attempt { call, trunk, resume, prompt, answered_at, dial: None });
        self.feed(now, attempt, Input::Resume);
    }

    /// Asterisk's own list decides: it is taken while the event stream is open, so nothing is missed.
    /// What it does not show is looked for by itself: a channel may be younger than the list.
    pub(super) fn reconcile(&mut self, now: Moment, channels: &[Channel], ours: &[String]) {
        let alive: BTreeMap<AttemptId, &Channel> =
            channels.iter().filter_map(|channel| Some((channel.id.parse().ok()?, channel))).collect();
        let attempts: Vec<AttemptId> = self.attempts.keys().copied().collect();
        for attempt in attempts {
            match alive.get(&attempt) {
                Some(channel) => self.looked(now, attempt, Some(*channel)),
                None => self.effects.push(Effect::Look(attempt)),
            }
        }
        for (attempt, channel) in alive {
            let is_ours = self.ledger.seen(attempt).is_some() || ours.contains(&channel.id);
            if is_ours && !self.attempts.contains_key(&attempt) {
                tracing::warn!(%attempt, state = channel.state, "a channel of ours that nobody knows is hung up");
                self.effects.push(Effect::HangUpStray { channel: channel.id.clone() });
            }
        }
    }

    pub(super) fn looked(&mut self, now: Moment, attempt: AttemptId, found: Option<&Channel>) {
        if found.is_some() {
            self.departures.has_left(attempt, now.local);
        }
        let input = found.map_or(Input::Gone, |channel| Input::Present { up: channel.state == "Up" });
        self.feed(now, attempt, input);
    }

    pub(super) fn event(&mut self, now: Moment, event: Event) {
        let Ok(attempt) = event.channel.parse::<AttemptId>() else { return };
        if !self.attempts.contains_key(&attempt) {
            let alive = matches!(event.kind, EventKind::Ringing | EventKind::Up | EventKind::StasisStart);
            if alive && self.ledger.seen(attempt).is_some() {
                tracing::warn!(%attempt, "a channel of an attempt that is over lives; it is hung up");
                self.effects.push(Effect::HangUpStray { channel: event.channel });
            }
            return;
        }
        self.departures.has_left(attempt, now.local);
        let input = match event.kind {
            EventKind::Ringing => Input::Ringing,
            EventKind::Up => Input::Answered,
            EventKind::StasisStart => Input::EnteredStasis,
            EventKind::Key(digit) => Input::Key(digit),
            EventKind::PlaybackFinished { playback, ok } => match play_number(attempt, self.run, &playback) {
                Some(play) => Input::PlaybackFinished { play, ok },
                None => return,
            },
            EventKind::Destroyed { cause, tech_cause } => Input::Destroyed { cause, tech_cause },
        };
        self.feed(now, attempt, input);
    }
}
