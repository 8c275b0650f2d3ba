//! Everything that is decided about attempts, and nothing that is done: no I/O, no clock, no randomness.
//!
//! The board takes orders, asks the policy, feeds the state machines of its attempts and answers
//! with [`Effect`]s. A driver ([`crate::switchboard`], or a simulation under virtual time) carries
//! them out, each on its own and in their order of appearance, and brings what became of them back as
//! [`Input`]s. What it answers follows from what it was told, in that order, and from nothing else.

mod asked;
mod attempt;
mod departures;
mod effect;
mod input;
mod reconcile;
#[cfg(test)]
mod tests;

pub use departures::WINDOW as DEPARTURES_WINDOW;
pub use effect::{Dial, Effect, Playback};
pub use input::Input;

use crate::{
    ari::{Endpoint, Originated},
    call::{self, Output, Progress, Timer},
    clock::Moment,
    config::Config,
    health::{self, Asterisk},
    journal::{Contents, NewReport},
    ledger::Ledger,
};
use attempt::{Attempt, Entering};
use departures::Departures;
use shared::{
    ids::AttemptId,
    protocol::{AttemptEvent, AttemptStanding, Health},
    time::Timestamp,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
    time::Duration,
};

/// All attempts of this host, and everything that is decided about them.
#[derive(Debug)]
pub struct Board {
    config: Arc<Config>,
    ledger: Ledger,
    /// Orders on their way to the disk; none of them is dialled yet.
    entering: BTreeMap<AttemptId, Entering>,
    attempts: BTreeMap<AttemptId, Attempt>,
    departures: Departures,
    /// Answers that wait until their question is on disk, by ticket.
    answers: BTreeMap<u64, Vec<AttemptStanding>>,
    timers: BinaryHeap<Reverse<(Timestamp, AttemptId, Timer)>>,
    asterisk: Asterisk,
    endpoints: Vec<Endpoint>,
    journal_trouble: Option<String>,
    draining: bool,
    speaks_codes: bool,
    /// Tells playbacks of this run from those of an earlier one on the same channel.
    run: u32,
    effects: Vec<Effect>,
}

impl Board {
    /// Takes up what the journal holds: what was seen, what was used, and attempts under way. `run` is
    /// any number that the runs before this one most likely did not have.
    pub fn new(config: Arc<Config>, run: u32, contents: Contents, now: Moment) -> (Self, Vec<Effect>) {
        let mut this = Self {
            config,
            ledger: Ledger::with_forgotten(contents.forgotten),
            entering: BTreeMap::new(),
            attempts: BTreeMap::new(),
            departures: Departures::default(),
            answers: BTreeMap::new(),
            timers: BinaryHeap::new(),
            asterisk: Asterisk::Down { why: "Asterisk was not asked yet".to_owned() },
            endpoints: Vec::new(),
            journal_trouble: None,
            draining: false,
            speaks_codes: false,
            run,
            effects: Vec::new(),
        };
        for order in contents.orders {
            this.take_up(now, order);
        }
        this.publish_health();
        let effects = std::mem::take(&mut this.effects);
        (this, effects)
    }

    /// Takes one input at this moment; what must be done about it, in order.
    pub fn handle(&mut self, now: Moment, input: Input) -> Vec<Effect> {
        match input {
            Input::Order { signed, pinned } => self.order(now, &signed, &pinned),
            Input::Cancel(attempt) => self.cancel(now, attempt),
            Input::Query { ticket, attempts } => self.query(now, ticket, attempts),
            Input::Journalled(attempt) => self.journalled(now, attempt),
            Input::NotJournalled { attempt, why } => self.not_journalled(now, attempt, &why),
            Input::Burned { ticket } => self.burned(ticket),
            Input::Originated(attempt, originated) => self.originated(now, attempt, originated),
            Input::Event(event) => self.event(now, event),
            Input::AsteriskUp { version, channels, ours } => {
                self.asterisk = Asterisk::Up { version };
                self.reconcile(now, &channels, &ours);
                self.publish_health();
            }
            Input::AsteriskDown { why } => {
                self.asterisk = Asterisk::Down { why };
                self.publish_health();
            }
            Input::Endpoints(endpoints) => {
                self.endpoints = endpoints;
                self.publish_health();
            }
            Input::Looked(attempt, found) => self.looked(now, attempt, found.as_ref()),
            Input::NoChannel(attempt) => self.feed(now, attempt, call::Input::Gone),
            Input::NotPlayed { attempt, play } => {
                self.feed(now, attempt, call::Input::PlaybackFinished { play, ok: false });
            }
            Input::Due => self.fire_timers(now),
            Input::Voice { speaks_codes } => {
                self.speaks_codes = speaks_codes;
                self.publish_health();
            }
            Input::JournalTrouble(trouble) => {
                if trouble != self.journal_trouble {
                    self.journal_trouble = trouble;
                    self.publish_health();
                }
            }
            Input::Drain => {
                self.draining = true;
                self.publish_health();
            }
            Input::Resume => {
                self.draining = false;
                self.publish_health();
            }
            Input::Tidy => {
                self.ledger.prune(now);
                self.effects.push(Effect::Prune(now));
            }
        }
        std::mem::take(&mut self.effects)
    }

    /// When [`Input::Due`] is due, by the host's clock.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.timers.peek().map(|Reverse((at, ..))| *at)
    }

    /// Attempts under way, those on their way to the disk included.
    pub fn active(&self) -> usize {
        self.entering.len() + self.attempts.len()
    }

    /// Whether an attempt is under way, or on its way to the disk.
    pub fn is_live(&self, attempt: AttemptId) -> bool {
        self.entering.contains_key(&attempt) || self.attempts.contains_key(&attempt)
    }

    /// How this host is.
    pub fn health(&self) -> Health {
        let health = health::health(
            &self.config,
            &self.ledger,
            &self.asterisk,
            &self.endpoints,
            self.journal_trouble.as_deref(),
            self.draining,
        );
        Health { speaks_codes: self.speaks_codes, ..health }
    }

    fn originated(&mut self, now: Moment, attempt: AttemptId, originated: Originated) {
        self.departures.answered(attempt, &originated, now.local);
        let input = match originated {
            Originated::Status { status, body } => {
                if !(200..300).contains(&status) {
                    tracing::warn!(%attempt, status, body, "Asterisk made no channel");
                }
                call::Input::OriginateAnswered { status }
            }
            Originated::Lost { maybe_sent, why } => {
                tracing::error!(%attempt, maybe_sent, why, "an originate was not answered");
                call::Input::OriginateLost { maybe_sent }
            }
        };
        self.feed(now, attempt, input);
    }

    fn fire_timers(&mut self, now: Moment) {
        while let Some(Reverse((at, attempt, timer))) = self.timers.peek().copied() {
            if now.local < at {
                return;
            }
            self.timers.pop();
            self.feed(now, attempt, call::Input::Timer(timer));
        }
    }

    fn feed(&mut self, now: Moment, attempt: AttemptId, input: call::Input) {
        let Some(known) = self.attempts.get_mut(&attempt) else { return };
        for output in known.call.handle(now.local, input) {
            self.perform(now, attempt, output);
        }
    }

    fn perform(&mut self, now: Moment, attempt: AttemptId, output: Output) {
        match output {
            Output::Originate => {
                let dial = self.attempts.get_mut(&attempt).and_then(|known| known.dial.take());
                self.effects.extend(dial.map(Effect::Originate));
            }
            Output::Play { play, part, sound } => {
                let Some(known) = self.attempts.get(&attempt) else { return };
                let prompt = known.prompt.clone();
                let playback = attempt::playback_id(attempt, self.run, play);
                let playback = Playback { attempt, play, playback, part, sound, prompt };
                self.effects.push(Effect::Play(Box::new(playback)));
            }
            Output::Stop { play } => {
                let playback = attempt::playback_id(attempt, self.run, play);
                self.effects.push(Effect::Stop { attempt, playback });
            }
            Output::Hangup => self.effects.push(Effect::HangUp(attempt)),
            Output::Look => self.effects.push(Effect::Look(attempt)),
            Output::Report(event) => self.report_progress(now, attempt, event),
            Output::SetTimer { timer, at } => self.timers.push(Reverse((at, attempt, timer))),
            Output::Done => {
                self.attempts.remove(&attempt);
                self.departures.has_left(attempt, now.local);
                self.publish_health();
            }
        }
    }

    fn report_progress(&mut self, now: Moment, attempt: AttemptId, event: AttemptEvent) {
        let Some(known) = self.attempts.get_mut(&attempt) else { return };
        tracing::info!(%attempt, call = %known.resume.call_id, trunk = known.trunk, ?event, "attempt");
        let mut talked = Duration::ZERO;
        match &event {
            AttemptEvent::Answered => known.answered_at = Some(now.local),
            AttemptEvent::Ended(_) => {
                talked = known.talked(now.local);
                self.ledger.finish(attempt, &known.trunk, talked, now.local);
            }
            AttemptEvent::Refused { .. }
            | AttemptEvent::Originated { .. }
            | AttemptEvent::Ringing
            | AttemptEvent::Key { .. } => {}
        }
        self.report(now, attempt, event, talked);
    }

    fn report(&mut self, now: Moment, attempt: AttemptId, event: AttemptEvent, talked: Duration) {
        let progress = self.attempts.get(&attempt).map_or(Progress::Over, |known| known.call.progress());
        let report = NewReport { attempt, at: now, event, progress, talked, undialled: false };
        self.effects.push(Effect::Append(Box::new(report)));
    }

    fn publish_health(&mut self) {
        let health = self.health();
        self.effects.push(Effect::PublishHealth(Box::new(health)));
    }
}
