//! The one task that owns the [`Board`]: brings it what happens, and does what it wants.
//!
//! Nothing in it decides and nothing in it waits: whatever takes time runs in a task of its own and
//! comes back as an input of the board. So there are no locks, and one order of everything.

mod effects;

use crate::{
    ari::{AriClient, Signal},
    board::{Board, Effect, Input},
    clock::Clock,
    config::Config,
    identity::Identity,
    journal::{Contents, Journal},
    link::{Ask, turns_true},
    voice::Voice,
};
use daemon::Pulse;
use futures_util::{StreamExt, stream::FuturesUnordered};
use shared::{
    protocol::{AttemptStanding, Health},
    time::Timestamp,
};
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{sleep, sleep_until},
};

/// Calls that end within this time after SIGTERM are seen to their end; longer ones are left to
/// Asterisk and the journal.
const DRAIN: Duration = Duration::from_secs(6);
/// How often what is old is forgotten.
const TIDY: Duration = Duration::from_secs(3600);
/// How often it is seen to that codes can be spoken: a voice may come later than the agent.
const PREPARE: Duration = Duration::from_secs(300);

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
    /// Since when the operator wants no new work to be taken.
    pub drained: watch::Receiver<Option<Timestamp>>,
    /// For the service manager's watchdog: this loop is what it guards.
    pub pulse: Pulse,
}

/// The board, and everything it acts through.
#[derive(Debug)]
pub struct Switchboard {
    parts: Parts,
    board: Board,
    /// Whoever waits for an answer, by the question's ticket.
    askers: HashMap<u64, oneshot::Sender<Vec<AttemptStanding>>>,
    tickets: u64,
    /// What the journal was asked for; awaited here rather than in tasks, because an INVITE waits for it.
    written: FuturesUnordered<Pin<Box<dyn Future<Output = Option<Input>> + Send>>>,
    tasks: JoinSet<()>,
    happen: mpsc::UnboundedSender<Input>,
    happenings: mpsc::UnboundedReceiver<Input>,
}

impl Switchboard {
    /// Takes up what the journal holds.
    pub fn new(parts: Parts, contents: Contents) -> Self {
        let (happen, happenings) = mpsc::unbounded_channel();
        let config = Arc::clone(&parts.config);
        let (board, effects) = Board::new(config, rand::random(), contents, parts.clock.now());
        let mut this = Self {
            parts,
            board,
            askers: HashMap::new(),
            tickets: 0,
            written: FuturesUnordered::new(),
            tasks: JoinSet::new(),
            happen,
            happenings,
        };
        this.carry_out(effects);
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
        let mut prepare = tokio::time::interval(PREPARE);
        let mut deadline: Option<tokio::time::Instant> = None;
        let mut drained = self.parts.drained.clone();
        if drained.borrow_and_update().is_some() {
            self.drained(true);
        }
        loop {
            self.parts.pulse.beat();
            if deadline.is_some() && self.board.active() == 0 {
                return Ok(());
            }
            let due = self.board.next_timer().map(|at| at.since(self.parts.clock.local()));
            tokio::select! {
                Some(ask) = self.parts.asks.recv() => self.asked(ask),
                Some(signal) = self.parts.signals.recv() => self.signalled(signal),
                Some(written) = self.written.next() => if let Some(input) = written { self.hear(input) },
                Some(happening) = self.happenings.recv() => self.hear(happening),
                () = sleep(due.unwrap_or_default()), if due.is_some() => self.hear(Input::Due),
                Some(ended) = self.tasks.join_next() => ended?,
                Ok(()) = disk.changed() => {
                    let trouble = disk.borrow_and_update().trouble.clone();
                    self.hear(Input::JournalTrouble(trouble));
                }
                _ = tidy.tick() => self.tidy(),
                _ = prepare.tick() => self.prepare_codes(),
                () = self.parts.pulse.due() => {}
                Ok(()) = drained.changed(), if deadline.is_none() => {
                    let drained = drained.borrow_and_update().is_some();
                    self.drained(drained);
                }
                () = turns_true(&mut draining), if deadline.is_none() => {
                    tracing::info!(active = self.board.active(), "no new work; calls under way may end");
                    self.hear(Input::Drain);
                    deadline = Some(tokio::time::Instant::now() + DRAIN);
                }
                () = until(deadline), if deadline.is_some() => {
                    tracing::warn!(active = self.board.active(), "calls are left to Asterisk; the next start goes on with them");
                    return Ok(());
                }
            }
        }
    }

    /// What the operator wants.
    fn drained(&mut self, drained: bool) {
        if drained {
            tracing::warn!("no new work until `pbx-agent undrain`");
            self.hear(Input::Drain);
        } else {
            tracing::info!("new work is taken again");
            self.hear(Input::Resume);
        }
    }

    fn asked(&mut self, ask: Ask) {
        let input = match ask {
            Ask::Order(signed) => Input::Order { signed, pinned: self.parts.identity.pinned.keys() },
            Ask::Cancel(attempt) => Input::Cancel(attempt),
            Ask::Query(attempts, asker) => {
                self.tickets += 1;
                self.askers.insert(self.tickets, asker);
                Input::Query { ticket: self.tickets, attempts }
            }
        };
        self.hear(input);
    }

    fn signalled(&mut self, signal: Signal) {
        self.hear(match signal {
            Signal::Event(event) => Input::Event(event),
            Signal::Up { version, channels, ours } => Input::AsteriskUp { version, channels, ours },
            Signal::Down(error) => Input::AsteriskDown { why: error.to_string() },
            Signal::Endpoints(endpoints) => Input::Endpoints(endpoints),
        });
    }

    fn hear(&mut self, input: Input) {
        let effects = self.board.handle(self.parts.clock.now(), input);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.perform(effect);
        }
    }

    fn prepare_codes(&mut self) {
        let (voice, happen) = (self.parts.voice.clone(), self.happen.clone());
        self.tasks.spawn(async move {
            let prepared = voice.prepare_codes().await;
            if let Err(error) = &prepared {
                tracing::warn!(%error, "this host speaks no codes that verify phones");
            }
            // The switchboard outlives its tasks, so there is always somebody to tell.
            let _ = happen.send(Input::Voice { speaks_codes: prepared.is_ok() });
        });
    }

    fn tidy(&mut self) {
        if !self.parts.clock.is_corrected() {
            return;
        }
        self.hear(Input::Tidy);
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
