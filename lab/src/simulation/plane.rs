//! The control plane of the simulated world: its real intake, dispatcher and sessions over its real
//! tables, without threads, sockets and clocks.

use super::{
    bug::Bug,
    event::Event,
    plan::What,
    stage::{BEGINNING, endpoint},
    world::World,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use control_plane::{
    dispatch::{
        Inherited,
        alerts::{self, AlertError},
        turn::{Done, Turn, Work},
    },
    fleet::{
        Fleet,
        session::{AgentEvent, simulated::SimulatedSession},
    },
    intake::{self, Arrival, IntakeError},
    store::{Fate, StoreError, Tx},
    wall_clock::WallClock,
};
use rand::RngExt;
use serde_json::json;
use shared::{
    ids::{ApiKeyId, JournalId},
    order::{Order, SignedOrder},
    protocol::{AgentFrame, ControlFrame},
    time::Timestamp,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use uuid::Uuid;

/// Longest sleep of the dispatcher.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// Events that one turn takes.
const EVENTS_PER_TURN: usize = 256;

/// The control plane.
#[derive(Default)]
pub struct Plane {
    /// Of this process.
    pub life: u64,
    /// Harms that fill its disk.
    pub full: u32,
    /// How far its clock is ahead of the truth, microseconds.
    pub skew: i64,
    /// Whether there is a backup of its database.
    backed_up: bool,
    /// While it runs.
    pub running: Option<Running>,
}

/// A running control plane.
pub struct Running {
    /// Its hosts.
    pub fleet: Fleet,
    /// Connections by host.
    pub sessions: BTreeMap<usize, (u64, SimulatedSession)>,
    /// What agents said and no turn has taken.
    pub heard: Vec<AgentEvent>,
    inherited: Inherited,
    work: Work,
    wall: WallClock,
    /// A turn is under way.
    turning: bool,
    /// There has come something to do meanwhile.
    nudged: bool,
    /// When the next turn is taken.
    wake: Option<Timestamp>,
}

impl Plane {
    /// Whether it runs.
    pub fn is_up(&self) -> bool {
        self.running.is_some()
    }
}

impl World<'_> {
    /// A sender sends its webhook.
    pub(super) fn send_webhook(&mut self, webhook: usize) {
        let life = self.plane.life;
        if self.truth.is_answered(webhook) {
            return;
        }
        // Whatever comes of it, the sender tries again unless it was answered.
        let again = self.millis(500..1_500);
        self.later(again, Event::Send(webhook));
        if !self.plane.is_up() {
            return;
        }
        if self.bug == Some(Bug::AckBeforeFsync) {
            let wait = self.millis(1..400);
            self.later(wait, Event::StoredLate { webhook, life });
            self.answered(webhook, life);
            return;
        }
        if self.store_webhook(webhook) {
            let wait = self.micros(200..5_000);
            self.later(wait, Event::Answered { webhook, life });
        }
    }

    /// The 202 reaches the sender, unless the control plane has died before it left.
    pub(super) fn answered(&mut self, webhook: usize, life: u64) {
        if self.plane.life == life && self.plane.is_up() {
            self.truth.answered(webhook);
        }
    }

    /// Planted: only now is it on disk.
    pub(super) fn stored_late(&mut self, webhook: usize, life: u64) {
        if self.plane.life == life && self.plane.is_up() {
            self.store_webhook(webhook);
        }
    }

    /// Whether it is on disk.
    fn store_webhook(&mut self, webhook: usize) -> bool {
        let what = &self.plan.incidents[webhook].what;
        let (number, body) = if let What::Webhook { endpoint, severity, key, message } = what {
            (*endpoint, json!({ "severity": severity, "message": message, "dedup_key": key.map(name) }))
        } else if let What::Resolve { endpoint, key } = what {
            (*endpoint, json!({ "status": "resolved", "dedup_key": name(*key) }))
        } else {
            unreachable!("only webhooks are sent")
        };
        let arrival = Arrival {
            remote: IpAddr::V4(Ipv4Addr::LOCALHOST),
            method: "POST".to_owned(),
            query: String::new(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("idempotency-key".to_owned(), idempotency_key(webhook)),
            ],
            body: body.to_string().into(),
        };
        let (fate, now, rng) = (self.plane.fate(), self.plane_now(), &mut self.rng);
        let mut ids = || Uuid::from_u128(rng.random());
        let stored = self.stage.memory.write::<_, IntakeError>(fate, |tx| {
            intake::accept_within(tx, endpoint(number), arrival, &mut ids, now)
        });
        match stored {
            Ok(accepted) => {
                self.tell(|| format!("webhook {webhook} is stored: {}", accepted.answer));
                self.nudge();
                true
            }
            Err(IntakeError::Store(error)) if error.is_temporary() => false,
            Err(error) => {
                self.truth.broken(format!("webhook {webhook} is refused for good: {error}"));
                false
            }
        }
    }

    pub(super) fn control_plane_starts(&mut self) {
        if self.plane.is_up() {
            return;
        }
        self.tell(|| "the control plane starts".to_owned());
        self.plane.life += 1;
        let (now, inherited) = (self.plane_now(), self.read(Inherited::read));
        self.plane.running = Some(Running {
            fleet: self.stage.fleet(now).expect("its keys can be read"),
            sessions: BTreeMap::new(),
            heard: Vec::new(),
            inherited,
            work: Work::first(),
            wall: WallClock::new(now, self.now.since(BEGINNING)),
            turning: false,
            nudged: false,
            wake: None,
        });
        self.nudge();
    }

    /// Everything in memory is gone; agents notice.
    pub(super) fn kill_control_plane(&mut self) {
        if self.plane.running.take().is_some() {
            self.plane.life += 1;
            for host in 0..self.hosts.len() {
                self.break_link(host, 1..50);
            }
        }
    }

    pub(super) fn control_plane_notices(&mut self, host: usize, connection: u64) {
        let Some(running) = &mut self.plane.running else { return };
        if running.sessions.get(&host).is_some_and(|(held, _)| *held == connection)
            && let Some((_, session)) = running.sessions.remove(&host)
        {
            running.heard.push(session.close());
            self.nudge();
        }
    }

    pub(super) fn control_plane_hears(&mut self, host: usize, connection: u64, frame: AgentFrame) {
        if !self.carries(host, connection) {
            return;
        }
        self.tell(|| format!("pbx-{} says {}", host + 1, shown(&frame)));
        let Some(running) = &mut self.plane.running else { return };
        let Some((held, session)) = running.sessions.get_mut(&host) else { return };
        if *held != connection {
            return;
        }
        match session.hear(frame) {
            Ok(Some(event)) => {
                running.heard.push(event);
                self.nudge();
            }
            Ok(None) => {}
            Err(why) => {
                self.tell(|| format!("the connection of pbx-{} is ended: {why}", host + 1));
                self.break_link(host, 1..50);
            }
        }
        self.write_sessions();
    }

    /// There may be something to do.
    pub(super) fn nudge(&mut self) {
        let wait = self.micros(50..1_000);
        if let Some(running) = &mut self.plane.running {
            running.nudged |= running.turning;
        }
        self.turn_at(self.now + wait);
    }

    fn turn_at(&mut self, at: Timestamp) {
        let life = self.plane.life;
        let Some(running) = &mut self.plane.running else { return };
        if !running.turning && running.wake.is_none_or(|wake| at < wake || wake <= self.now) {
            running.wake = Some(at);
            self.at(at, Event::Turn { life });
        }
    }

    pub(super) fn turn(&mut self, life: u64) {
        let Some(running) = &mut self.plane.running else { return };
        if self.plane.life != life || running.turning {
            return;
        }
        running.wake = None;
        let taken = running.heard.len().min(EVENTS_PER_TURN.saturating_sub(running.work.events.len()));
        running.work.events.extend(running.heard.drain(..taken));
        let (fate, now) = (self.plane.fate(), self.plane_now());
        let Some(running) = &mut self.plane.running else { return };
        if let Some(by) = running.wall.was_set(now, self.now.since(BEGINNING))
            && self.bug != Some(Bug::ClockNotFollowed)
        {
            running.fleet.clock_was_set(by);
            running.work.clock_set += by;
        }
        let (bug, rng) = (self.bug, &mut self.rng);
        let mut ids = || Uuid::from_u128(rng.random());
        let mut early = None;
        let taken = self.stage.memory.write::<_, StoreError>(fate, |tx| {
            let twice = bug == Some(Bug::ReportAppliedTwice);
            let applied = if twice { forget_last_report(tx)? } else { vec![] };
            let done = Turn::take(tx, &running.fleet, &running.inherited, now, &mut ids, &running.work)?;
            for (journal, seq) in applied {
                tx.execute(
                    "UPDATE agent_journals SET applied = $2 WHERE journal_id = $1 AND applied < $2",
                    &[&journal, &seq],
                )?;
            }
            if bug == Some(Bug::LabelForgotten) {
                tx.execute("UPDATE call_logs SET possible_duplicate = 0", &[])?;
            }
            if bug == Some(Bug::OrderBeforeCommit) && now.as_micros() % 4 == 0 {
                early = Some(done);
                return Err(StoreError::Overloaded);
            }
            Ok(done)
        });
        if let Some(done) = early {
            done.effects.carry_out(&running.fleet, now);
        }
        match taken {
            Ok(done) => {
                running.work = Work::default();
                running.turning = true;
                self.check_new_attempts(now);
                let wait = self.micros(100..3_000);
                self.later(wait, Event::TurnDone { life, done: Box::new(done) });
            }
            Err(error) if error.is_temporary() => {
                self.write_sessions();
                self.turn_at(self.now + Duration::from_millis(500));
            }
            Err(error) => self.truth.broken(format!("a turn failed for good: {error}")),
        }
    }

    pub(super) fn turn_done(&mut self, life: u64, done: Done) {
        if self.plane.life != life {
            return;
        }
        let (now, skew) = (self.plane_now(), self.plane.skew);
        let Some(running) = &mut self.plane.running else { return };
        running.turning = false;
        running.work.missed = done.effects.carry_out(&running.fleet, now);
        let busy = std::mem::take(&mut running.nudged)
            || done.more
            || !running.heard.is_empty()
            || !running.work.missed.is_empty();
        self.write_sessions();
        if busy {
            self.nudge();
        } else {
            let next = done.next.map_or(self.now + LONGEST_SLEEP, |next| next.shifted(-skew));
            self.turn_at(next.min(self.now + LONGEST_SLEEP).max(self.now));
        }
    }

    /// What waits on the links travels.
    pub(super) fn write_sessions(&mut self) {
        let Some(running) = &mut self.plane.running else { return };
        let (mut frames, mut ended) = (Vec::new(), Vec::new());
        for (host, (connection, session)) in &mut running.sessions {
            ended.extend(session.is_closed().then_some(*host));
            frames.extend(session.outgoing().into_iter().map(|frame| (*host, *connection, frame)));
        }
        for (host, connection, frame) in frames {
            if let ControlFrame::Order(signed) = &frame {
                let order = order_in(signed);
                self.truth.ordered(&order, host, self.now, self.plane.skew);
                if self.bug != Some(Bug::OrderBeforeCommit) {
                    self.check_order(&order);
                }
                self.tell_order(host, &order);
            }
            if self.bug == Some(Bug::CancelForgotten) && matches!(frame, ControlFrame::Cancel { .. }) {
                continue;
            }
            self.send_down(host, connection, frame);
        }
        for host in ended {
            self.break_link(host, 1..50);
        }
    }

    /// Its time.
    pub(super) fn plane_now(&self) -> Timestamp {
        self.now.shifted(self.plane.skew)
    }

    /// A person takes the newest alert of an endpoint, or closes it.
    pub(super) fn person(&mut self, number: usize, closes: bool) {
        if !self.plane.is_up() {
            return;
        }
        let (fate, now, at) = (self.plane.fate(), self.plane_now(), endpoint(number));
        let key = ApiKeyId::new(Uuid::from_u128(1));
        let changed = self.stage.memory.write::<_, AlertError>(fate, |tx| {
            let newest =
                "SELECT id, org_id FROM alerts WHERE endpoint_id = $1 ORDER BY opened_at DESC LIMIT 1";
            let Some((alert, org)) = tx.row(newest, &[&at], |row| Ok((row.get(0)?, row.get(1)?)))? else {
                return Ok(());
            };
            match closes {
                true => alerts::close_with_key(tx, org, alert, key, now),
                false => alerts::acknowledge_with_key(tx, org, alert, key, now),
            }
        });
        match changed {
            Ok(()) | Err(AlertError::Closed) => self.nudge(),
            Err(AlertError::Store(error)) if error.is_temporary() => {}
            Err(error) => self.truth.broken(format!("a person cannot change an alert: {error}")),
        }
    }

    /// Keeps the tables as they are now.
    pub(super) fn back_up(&mut self) {
        self.stage.memory.back_up().expect("the tables can be kept");
        self.plane.backed_up = true;
    }

    /// The control plane dies and comes back with the tables of the backup, if there is one.
    pub(super) fn restore(&mut self) {
        self.kill_control_plane();
        if self.plane.backed_up {
            self.stage.memory.restore().expect("the tables can be put back");
            let kept = self.read(|tx| {
                tx.rows("SELECT idempotency_key FROM incoming_requests", &[], |row| row.get::<String>(0))
            });
            self.truth.restored(&kept);
        }
    }

    fn tell_order(&mut self, host: usize, order: &Order) {
        self.tell(|| {
            format!(
                "order {} of call {} leaves for pbx-{} {}",
                order.attempt_id,
                order.call_id,
                host + 1,
                order.trunk
            )
        });
    }

    /// Reads the control plane's tables.
    pub(super) fn read<T>(&mut self, read: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
        self.stage.memory.write(Fate::Durable, read).expect("the tables can be read")
    }
}

impl Plane {
    fn fate(&self) -> Fate {
        if self.full > 0 { Fate::Refused } else { Fate::Durable }
    }
}

/// Planted: the last report of each journal counts as not applied. How far each was.
fn forget_last_report(tx: &mut Tx<'_>) -> Result<Vec<(JournalId, i64)>, StoreError> {
    let applied =
        tx.rows("SELECT journal_id, applied FROM agent_journals WHERE applied > 0", &[], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    tx.execute("UPDATE agent_journals SET applied = applied - 1 WHERE applied > 0", &[])?;
    Ok(applied)
}

/// What a signed order says. Agents verify it; here it is only looked at.
pub fn order_in(signed: &SignedOrder) -> Order {
    let bytes = BASE64_STANDARD.decode(&signed.order).expect("an order is base64");
    serde_json::from_slice(&bytes).expect("and JSON")
}

/// By which a webhook is known when it is sent again.
pub fn idempotency_key(webhook: usize) -> String {
    format!("webhook-{webhook}")
}

fn name(key: u8) -> String {
    format!("key-{key}")
}

fn shown(frame: &AgentFrame) -> String {
    match frame {
        AgentFrame::Report(report) => {
            format!("report {}: {} {:?}", report.seq, report.attempt_id, report.event)
        }
        AgentFrame::Standing { attempts } => format!("{attempts:?}"),
        AgentFrame::Health(health) => {
            format!(
                "health: asterisk {:?}, trouble {:?}, active {}",
                health.asterisk, health.trouble, health.active
            )
        }
        AgentFrame::Hello(_) | AgentFrame::OrderKeys { .. } | AgentFrame::Error(_) => format!("{frame:?}"),
    }
}
