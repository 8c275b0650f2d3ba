//! An agent of the simulated world: its real board, journal and outbox, without threads, sockets and
//! clocks.

mod disk;
mod link;

use super::{
    bug::Bug,
    event::{Event, Request},
    stage::BEGINNING,
    world::World,
};
use pbx_agent::{
    ari::Endpoint,
    board::{Board, Dial, Effect, Input},
    clock::Moment,
    config::Config,
    journal::{Contents, JournalFile, NewReport, Write},
    link::Outbox,
};
use rand::RngExt;
use shared::{
    ids::AttemptId,
    protocol::{AgentFrame, AttemptEvent, Health},
    time::Timestamp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// An agent.
pub struct Agent {
    config: Arc<Config>,
    /// What is on its disk.
    pub journal: JournalFile,
    /// What was on it when it was copied.
    pub backup: Option<JournalFile>,
    /// Of this process.
    pub life: u64,
    /// Harms that fill its disk.
    pub full: u32,
    /// Harms that slow it down.
    pub slow: u32,
    /// The connection that it was let into and has not been welcomed on.
    pub awaiting: Option<u64>,
    /// How far its wall clock was off when it was last set, microseconds.
    skew: i64,
    /// How much faster than the truth it runs, microseconds a second.
    drift: i64,
    /// How far its wall clock is off by now; it reads it when it starts.
    pub next_skew: i64,
    run: Option<Run>,
}

/// A running agent.
struct Run {
    board: Board,
    /// Jobs that the disk has not taken, in order.
    jobs: Vec<Job>,
    disk_is_called: bool,
    /// Until when what it was given while it was slow takes.
    slow_until: Timestamp,
    in_trouble: bool,
    /// Of the control plane's clock, microseconds.
    offset: i64,
    /// How far its own clock runs ahead of the wall, so that nothing journalled lies in the future.
    ahead: i64,
    link: Option<Link>,
    health: Option<Health>,
    tickets: BTreeMap<u64, u64>,
    timer: Option<Timestamp>,
    /// For [`Bug::DedupRemoved`].
    dials: BTreeMap<AttemptId, Dial>,
    ordered: BTreeSet<AttemptId>,
}

struct Link {
    connection: u64,
    outbox: Outbox,
    resend_at: Option<Timestamp>,
}

/// What the disk is to take, and the question that waits for it.
#[derive(Debug)]
struct Job {
    write: Write,
    ticket: Option<u64>,
}

impl Agent {
    /// An agent that was never started.
    pub fn new(config: Arc<Config>, journal: JournalFile, skew: i64, drift: i64) -> Self {
        Self {
            config,
            journal,
            backup: None,
            life: 0,
            full: 0,
            slow: 0,
            awaiting: None,
            skew,
            drift,
            next_skew: skew,
            run: None,
        }
    }

    /// Whether this life of it goes on.
    pub fn is_living(&self, life: u64) -> bool {
        self.life == life && self.run.is_some()
    }

    /// Whether it is linked.
    pub fn is_connected(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.link.is_some())
    }

    /// Takes the control plane's time as it was told, at this true time.
    pub fn learn(&mut self, now: Timestamp, server: Timestamp) {
        let local = now.shifted(self.skew_at(now));
        if let Some(run) = &mut self.run {
            run.offset = server.as_micros() - local.as_micros();
        }
    }

    /// How far its idea of the control plane's time lies behind what that was when it was `ahead`
    /// microseconds ahead of the truth.
    pub fn lag(&self, now: Timestamp, ahead: i64) -> Duration {
        let micros = self.run.as_ref().map_or(0, |run| ahead - (self.skew_at(now) + run.offset));
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Whether everything that it has to say was heard.
    pub fn is_heard(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            let last = self.journal.state().last;
            run.jobs.is_empty() && run.link.as_ref().is_some_and(|link| link.outbox.is_empty(last))
        })
    }

    /// Whether it has this attempt under way.
    pub fn is_live(&self, attempt: AttemptId) -> bool {
        self.run.as_ref().is_some_and(|run| run.board.is_live(attempt))
    }

    /// Whether its disk takes what it is given.
    pub fn is_well(&self) -> bool {
        self.full == 0 && self.slow == 0 && self.run.as_ref().is_some_and(|run| !run.in_trouble)
    }

    /// How long ago the last took too long that it was given; nothing where it still does.
    pub fn quick_for(&self, now: Timestamp) -> Duration {
        self.run.as_ref().map_or(Duration::ZERO, |run| now.since(run.slow_until))
    }

    /// Attempts that it has under way.
    pub fn active(&self) -> usize {
        self.run.as_ref().map_or(0, |run| run.board.active())
    }

    /// How far its wall clock is off.
    fn skew_at(&self, now: Timestamp) -> i64 {
        let micros = i64::try_from(now.since(BEGINNING).as_micros()).unwrap_or(i64::MAX);
        self.skew + micros.saturating_mul(self.drift) / 1_000_000
    }

    fn moment(&self, now: Timestamp) -> Moment {
        let wall = now.shifted(self.skew_at(now));
        let (offset, ahead) = self.run.as_ref().map_or((0, 0), |run| (run.offset, run.ahead));
        Moment { local: wall.shifted(ahead), corrected: wall.shifted(offset) }
    }
}

impl World<'_> {
    pub(super) fn agent_starts(&mut self, host: usize) {
        let run = self.rng.random();
        let forgets = self.bug == Some(Bug::CapsForgotten);
        let agent = &mut self.hosts[host].agent;
        if agent.run.is_some() {
            return;
        }
        let life = agent.life;
        // As a file that is opened anew.
        agent.journal.withhold();
        let contents = match forgets {
            false => agent.journal.contents().expect("the journal can be read"),
            true => Contents::default(),
        };
        agent.skew = agent.next_skew;
        let mut now = agent.moment(self.now);
        let ahead = contents.latest().map_or(Duration::ZERO, |latest| latest.since(now.local));
        let ahead = i64::try_from(ahead.as_micros()).unwrap_or(i64::MAX);
        now.local = now.local.shifted(ahead);
        let (board, effects) = Board::new(agent.config.clone(), run, contents, now);
        agent.run = Some(Run {
            board,
            jobs: Vec::new(),
            disk_is_called: false,
            slow_until: BEGINNING,
            in_trouble: false,
            offset: 0,
            ahead,
            link: None,
            health: None,
            tickets: BTreeMap::new(),
            timer: None,
            dials: BTreeMap::new(),
            ordered: BTreeSet::new(),
        });
        self.tell(|| format!("the agent of pbx-{} starts", host + 1));
        self.perform(host, effects);
        let (connect, stream) = (self.millis(1..100), self.millis(1..50));
        self.later(connect, Event::Connect { host, life });
        self.later(stream, Event::OpenStream { host, life });
    }

    pub(super) fn kill_agent(&mut self, host: usize) {
        let agent = &mut self.hosts[host].agent;
        agent.life += 1;
        agent.run = None;
        agent.awaiting = None;
        self.hosts[host].asterisk.listener = None;
        self.break_link(host, 1..50);
    }

    /// The event stream opens, if there is an Asterisk to open it.
    pub(super) fn open_stream(&mut self, host: usize, life: u64) {
        if !self.hosts[host].agent.is_living(life) || self.hosts[host].asterisk.listener == Some(life) {
            return;
        }
        let asterisk = &mut self.hosts[host].asterisk;
        if !asterisk.up || asterisk.stalled > 0 {
            let wait = self.millis(100..1_500);
            self.later(wait, Event::OpenStream { host, life });
            return;
        }
        asterisk.listener = Some(life);
        let (channels, offline) = (asterisk.list(), asterisk.offline);
        let ours = channels.iter().map(|channel| channel.id.clone()).collect();
        let state = |trunk: usize| if offline[trunk] > 0 { "offline" } else { "online" };
        let endpoint = |trunk: usize, name: &str| Endpoint {
            technology: "PJSIP".to_owned(),
            resource: name.to_owned(),
            state: Some(state(trunk).to_owned()),
        };
        let endpoints = vec![endpoint(0, "trunk-a"), endpoint(1, "trunk-b")];
        let wait = self.micros(500..3_000);
        let at = (self.now + wait).max(self.hosts[host].told_at + Duration::from_micros(1));
        self.hosts[host].told_at = at;
        self.at(at, Event::Told { host, life, input: Input::Endpoints(endpoints) });
        let input = Input::AsteriskUp { version: "22".to_owned(), channels, ours };
        self.at(at, Event::Told { host, life, input });
    }

    pub(super) fn told(&mut self, host: usize, life: u64, input: Input) {
        if self.hosts[host].agent.is_living(life) {
            self.feed(host, input);
        }
    }

    pub(super) fn timer(&mut self, host: usize, life: u64) {
        let now = self.now;
        let agent = &mut self.hosts[host].agent;
        if agent.life != life {
            return;
        }
        let Some(run) = &mut agent.run else { return };
        if run.timer.take_if(|at| *at <= now).is_some() {
            self.feed(host, Input::Due);
        }
    }

    /// Gives the board an input and does what it wants.
    fn feed(&mut self, host: usize, input: Input) {
        let mut moment = self.hosts[host].agent.moment(self.now);
        if self.bug == Some(Bug::ExpiryUnchecked)
            && matches!(input, Input::Order { .. } | Input::Journalled(_))
        {
            moment.corrected = BEGINNING;
        }
        let Some(run) = &mut self.hosts[host].agent.run else { return };
        let effects = run.board.handle(moment, input);
        self.perform(host, effects);
        self.set_timer(host);
    }

    fn set_timer(&mut self, host: usize) {
        let agent = &mut self.hosts[host].agent;
        let (life, skew) = (agent.life, agent.skew_at(self.now));
        let Some(run) = &mut agent.run else { return };
        let Some(next) = run.board.next_timer() else { return };
        let at = next.shifted(-skew - run.ahead).max(self.now);
        if run.timer.is_none_or(|timer| at < timer) {
            run.timer = Some(at);
            self.at(at, Event::Timer { host, life });
        }
    }

    fn perform(&mut self, host: usize, effects: Vec<Effect>) {
        for effect in effects {
            self.perform_one(host, effect);
        }
    }

    fn perform_one(&mut self, host: usize, effect: Effect) {
        let life = self.hosts[host].agent.life;
        match effect {
            Effect::Enter(row) => {
                let attempt = row.attempt;
                self.write(host, Write::Enter(row), None);
                if self.bug == Some(Bug::DialBeforeFsync) {
                    self.feed(host, Input::Journalled(attempt));
                }
            }
            Effect::Remember { attempt, fingerprint, came } => {
                self.write(host, Write::Remember { attempt, fingerprint, came }, None);
            }
            Effect::Append(mut report) => {
                self.falsify(&mut report);
                self.write(host, Write::Append(report), None);
            }
            Effect::Burn { attempts, came, ticket } => {
                self.write(host, Write::Burn { attempts, came }, ticket);
            }
            Effect::Prune(now) => self.write(host, Write::Prune(now), None),
            Effect::Answer { ticket, standings } => {
                self.check_standings(&standings);
                let Some(run) = &mut self.hosts[host].agent.run else { return };
                let Some(connection) = run.tickets.remove(&ticket) else { return };
                self.send_up(host, connection, AgentFrame::Standing { attempts: standings });
            }
            Effect::LeaveUnanswered { ticket } => {
                if let Some(run) = &mut self.hosts[host].agent.run {
                    run.tickets.remove(&ticket);
                }
            }
            Effect::Originate(dial) => {
                self.check_expiry(host, dial.attempt);
                if let Some(run) = &mut self.hosts[host].agent.run {
                    run.dials.insert(dial.attempt, (*dial).clone());
                }
                self.ask(host, life, Request::Originate(dial));
            }
            Effect::Play(playback) => {
                let (channel, play) = (playback.attempt.to_string(), playback.play);
                self.ask(host, life, Request::Play { channel, play, playback: playback.playback });
            }
            Effect::Stop { attempt, playback } => {
                self.ask(host, life, Request::Stop { channel: attempt.to_string(), playback });
            }
            Effect::HangUp(attempt) => {
                self.ask(host, life, Request::HangUp { channel: attempt.to_string(), stray: false });
            }
            Effect::HangUpStray { channel } => {
                self.ask(host, life, Request::HangUp { channel, stray: true });
            }
            Effect::Look(attempt) => self.ask(host, life, Request::Look { channel: attempt.to_string() }),
            Effect::ResendReports => {
                let now = self.now;
                if let Some(link) = self.link(host) {
                    link.outbox.again(now);
                }
                self.deliver(host);
            }
            Effect::PublishHealth(health) => self.publish(host, *health),
        }
    }

    /// Planted: what is reported is not what happened.
    fn falsify(&self, report: &mut NewReport) {
        match (self.bug, &mut report.event) {
            (Some(Bug::DoubtKeptSilent), AttemptEvent::Ended(ending)) => ending.unwitnessed = false,
            (Some(Bug::AnswerTakenForKey), event @ AttemptEvent::Answered) => {
                *event = AttemptEvent::Key { digit: '1' };
            }
            _ => {}
        }
    }

    fn ask(&mut self, host: usize, life: u64, request: Request) {
        let wait = self.micros(100..900);
        self.later(wait, Event::Asked { host, life, request });
    }

    fn publish(&mut self, host: usize, health: Health) {
        let Some(run) = &mut self.hosts[host].agent.run else { return };
        if run.health.as_ref() == Some(&health) {
            return;
        }
        run.health = Some(health.clone());
        if let Some(link) = &run.link {
            let connection = link.connection;
            self.send_up(host, connection, AgentFrame::Health(health));
        }
    }
}
