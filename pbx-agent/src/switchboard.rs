//! The one task that owns all attempts.
//!
//! It takes orders from the link, asks the policy, feeds the state machines with what Asterisk
//! says and does what they want. Nothing in it waits: whatever takes time runs in a task of its own
//! and comes back as a `Happening`. So there are no locks, and one order of everything.

mod asked;
mod attempt;
mod effects;
mod reconcile;

use crate::{
    ari::{AriClient, Endpoint, Event, EventKind, Originated, Signal},
    call::{Input, Output, Timer},
    clock::Clock,
    config::Config,
    health::{self, Asterisk},
    identity::Identity,
    journal::{Journal, JournalError, NewReport, Stored},
    ledger::{Ledger, MEMORY},
    link::{Ask, turns_true},
    voice::Voice,
};
use attempt::Attempt;
use shared::{
    ids::AttemptId,
    protocol::{AttemptEvent, Health},
    time::Timestamp,
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, sleep_until},
};

/// Calls that end within this time after SIGTERM are seen to their end; longer ones are left to
/// Asterisk and the journal.
const DRAIN: Duration = Duration::from_secs(6);
/// How often what is old is forgotten.
const TIDY: Duration = Duration::from_secs(3600);

/// What a task of the switchboard brought back.
#[derive(Debug)]
enum Happening {
    /// The order could not be journalled and was not dialled.
    NotJournalled(AttemptId, JournalError),
    /// The originate request was answered or not.
    Originated(AttemptId, Originated),
    /// Something for the state machine.
    Input(AttemptId, Input),
}

/// A task of the agent broke; the process must end and be started anew.
#[derive(Debug, thiserror::Error)]
#[error("a task of the switchboard ended badly: {0}")]
pub struct Broken(#[from] tokio::task::JoinError);

/// What the switchboard works with.
#[derive(Debug)]
pub struct Parts {
    /// Configuration.
    pub config: Arc<Config>,
    /// Who we are and whom we obey.
    pub identity: Arc<Identity>,
    /// Asterisk.
    pub ari: AriClient,
    /// Orders and reports on disk.
    pub journal: Journal,
    /// Prompts.
    pub voice: Voice,
    /// Time.
    pub clock: Clock,
    /// From the link.
    pub asks: mpsc::Receiver<Ask>,
    /// From Asterisk.
    pub signals: mpsc::Receiver<Signal>,
    /// To the link and `status`.
    pub health: watch::Sender<Health>,
    /// To the link: send again what is unacknowledged.
    pub resend: watch::Sender<u64>,
    /// Turns true on SIGTERM.
    pub draining: watch::Receiver<bool>,
}

/// All attempts, and everything they need.
#[derive(Debug)]
pub struct Switchboard {
    parts: Parts,
    ledger: Ledger,
    attempts: HashMap<AttemptId, Attempt>,
    timers: BinaryHeap<Reverse<(Timestamp, AttemptId, Timer)>>,
    asterisk: Asterisk,
    endpoints: Vec<Endpoint>,
    journal_trouble: Option<String>,
    draining: bool,
    /// Tells playbacks of this run from those of an earlier one on the same channel.
    run: u32,
    tasks: JoinSet<()>,
    happen: mpsc::UnboundedSender<Happening>,
    happenings: mpsc::UnboundedReceiver<Happening>,
}

impl Switchboard {
    /// Takes up what the journal holds: what was seen, what was used, and attempts under way.
    pub fn new(parts: Parts, orders: Vec<Stored>) -> Self {
        let (happen, happenings) = mpsc::unbounded_channel();
        let mut this = Self {
            parts,
            ledger: Ledger::default(),
            attempts: HashMap::new(),
            timers: BinaryHeap::new(),
            asterisk: Asterisk::Down { why: "Asterisk was not asked yet".to_owned() },
            endpoints: Vec::new(),
            journal_trouble: None,
            draining: false,
            run: rand::random(),
            tasks: JoinSet::new(),
            happen,
            happenings,
        };
        for order in orders {
            this.take_up(order);
        }
        this.publish_health();
        this
    }

    /// Works until the agent is told to stop and calls have ended or time is up.
    ///
    /// # Errors
    /// [`Broken`] when a task panicked.
    pub async fn run(mut self) -> Result<(), Broken> {
        let mut disk = self.parts.journal.state();
        let mut draining = self.parts.draining.clone();
        let mut tidy = tokio::time::interval(TIDY);
        let mut deadline: Option<tokio::time::Instant> = None;
        loop {
            if deadline.is_some() && self.attempts.is_empty() {
                return Ok(());
            }
            let due = self.next_timer();
            tokio::select! {
                Some(ask) = self.parts.asks.recv() => self.asked(ask),
                Some(signal) = self.parts.signals.recv() => self.signalled(signal),
                Some(happening) = self.happenings.recv() => self.happened(happening),
                () = sleep(due.unwrap_or_default()), if due.is_some() => self.fire_timers(),
                Some(ended) = self.tasks.join_next() => ended?,
                Ok(()) = disk.changed() => {
                    let trouble = disk.borrow_and_update().trouble.clone();
                    if trouble != self.journal_trouble {
                        self.journal_trouble = trouble;
                        self.publish_health();
                    }
                }
                _ = tidy.tick() => self.tidy(),
                () = turns_true(&mut draining), if deadline.is_none() => {
                    tracing::info!(active = self.attempts.len(), "no new work; calls under way may end");
                    self.draining = true;
                    self.publish_health();
                    deadline = Some(tokio::time::Instant::now() + DRAIN);
                }
                () = until(deadline), if deadline.is_some() => {
                    tracing::warn!(active = self.attempts.len(), "calls are left to Asterisk; the next start goes on with them");
                    return Ok(());
                }
            }
        }
    }

    fn happened(&mut self, happening: Happening) {
        match happening {
            Happening::Originated(attempt, Originated::Status { status, body }) => {
                if !(200..300).contains(&status) {
                    tracing::warn!(%attempt, status, body, "Asterisk made no channel");
                }
                self.feed(attempt, Input::OriginateAnswered { status });
            }
            Happening::Originated(attempt, Originated::Lost { maybe_sent, why }) => {
                tracing::error!(%attempt, maybe_sent, why, "an originate was not answered");
                self.feed(attempt, Input::OriginateLost { maybe_sent });
            }
            Happening::Input(attempt, input) => self.feed(attempt, input),
            Happening::NotJournalled(attempt, error) => self.not_journalled(attempt, &error),
        }
    }

    fn signalled(&mut self, signal: Signal) {
        match signal {
            Signal::Event(event) => self.event(event),
            Signal::Up { version, channels, ours } => {
                self.asterisk = Asterisk::Up { version };
                self.reconcile(&channels, &ours);
                self.publish_health();
            }
            Signal::Down(error) => {
                self.asterisk = Asterisk::Down { why: error.to_string() };
                self.publish_health();
            }
            Signal::Endpoints(endpoints) => {
                self.endpoints = endpoints;
                self.publish_health();
            }
        }
    }

    fn event(&mut self, event: Event) {
        let Ok(attempt) = event.channel.parse::<AttemptId>() else { return };
        let Some(known) = self.attempts.get(&attempt) else {
            let alive = matches!(event.kind, EventKind::Ringing | EventKind::Up | EventKind::StasisStart);
            if alive && self.ledger.seen(attempt).is_some() {
                tracing::warn!(%attempt, "a channel of an attempt that is over lives; it is hung up");
                self.hang_up_stray(event.channel);
            }
            return;
        };
        let input = match event.kind {
            EventKind::Ringing => Input::Ringing,
            EventKind::Up => Input::Answered,
            EventKind::StasisStart => Input::EnteredStasis,
            EventKind::Key(digit) => Input::Key(digit),
            EventKind::PlaybackFinished { playback, ok } => {
                match known.play_number(attempt, self.run, &playback) {
                    Some(play) => Input::PlaybackFinished { play, ok },
                    None => return,
                }
            }
            EventKind::Destroyed { cause, tech_cause } => Input::Destroyed { cause, tech_cause },
        };
        self.feed(attempt, input);
    }

    fn feed(&mut self, attempt: AttemptId, input: Input) {
        let Some(known) = self.attempts.get_mut(&attempt) else { return };
        for output in known.call.handle(self.parts.clock.local(), input) {
            self.perform(attempt, output);
        }
    }

    fn perform(&mut self, attempt: AttemptId, output: Output) {
        match output {
            Output::Originate => self.originate(attempt),
            Output::Play { play, part, sound } => self.play(attempt, play, part, sound),
            Output::Stop { play } => self.stop(attempt, play),
            Output::Hangup => self.hang_up(attempt),
            Output::Look => self.look(attempt),
            Output::Report(event) => self.report_progress(attempt, event),
            Output::SetTimer { timer, at } => self.timers.push(Reverse((at, attempt, timer))),
            Output::Done => {
                self.attempts.remove(&attempt);
                self.publish_health();
            }
        }
    }

    fn report_progress(&mut self, attempt: AttemptId, event: AttemptEvent) {
        let now = self.parts.clock.corrected();
        let Some(known) = self.attempts.get_mut(&attempt) else { return };
        tracing::info!(%attempt, call = %known.resume.call_id, trunk = known.trunk, ?event, "attempt");
        let mut talked = Duration::ZERO;
        match &event {
            AttemptEvent::Answered => known.answered_at = Some(now),
            AttemptEvent::Ended(_) => {
                talked = known.talked(now);
                self.ledger.finish(attempt, &known.trunk, talked, now);
            }
            AttemptEvent::Refused { .. }
            | AttemptEvent::Originated { .. }
            | AttemptEvent::Ringing
            | AttemptEvent::Key { .. } => {}
        }
        self.report(attempt, event, talked);
    }

    fn report(&mut self, attempt: AttemptId, event: AttemptEvent, talked: Duration) {
        let progress =
            self.attempts.get(&attempt).map_or(crate::call::Progress::Over, |known| known.call.progress());
        let at = self.parts.clock.corrected();
        self.parts.journal.append(NewReport { attempt, at, event, progress, talked });
    }

    fn next_timer(&self) -> Option<Duration> {
        self.timers.peek().map(|Reverse((at, ..))| at.since(self.parts.clock.local()))
    }

    fn fire_timers(&mut self) {
        while let Some(Reverse((at, attempt, timer))) = self.timers.peek().copied() {
            if self.parts.clock.local() < at {
                return;
            }
            self.timers.pop();
            self.feed(attempt, Input::Timer(timer));
        }
    }

    fn publish_health(&self) {
        let health = health::health(
            &self.parts.config,
            &self.ledger,
            &self.asterisk,
            &self.endpoints,
            self.journal_trouble.as_deref(),
            self.draining,
        );
        self.parts.health.send_if_modified(|known| {
            let changed = *known != health;
            *known = health;
            changed
        });
    }

    fn tidy(&mut self) {
        // Ages are told by the control plane's clock; a host whose own one is wrong forgets too much.
        if !self.parts.clock.is_corrected() {
            return;
        }
        let now = self.parts.clock.corrected();
        self.ledger.prune(now);
        self.parts.journal.prune(now - MEMORY);
        let voice = self.parts.voice.clone();
        self.tasks.spawn_blocking(move || match voice.tidy(std::time::SystemTime::now()) {
            Ok(removed) => tracing::debug!(removed, "old prompts"),
            // Before the first prompt there is no directory.
            Err(error) => tracing::debug!(%error, "old prompts"),
        });
    }
}

async fn until(deadline: Option<tokio::time::Instant>) {
    if let Some(deadline) = deadline {
        sleep_until(deadline).await;
    }
}
