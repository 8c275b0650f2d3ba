//! The call queue: claim, choose a PBX, order, follow, retry, fail over, finish.
//!
//! [`call`] is one call as a pure state machine. [`queue`] and [`attempts`] hold the rows, [`turn`]
//! runs machines over them in one transaction, and the driver here sends what a turn wants sent,
//! once it is durable. There is no polling: a turn is taken when a webhook nudges, an agent speaks
//! or the next call is due.

mod aftermath;
pub mod alert_history;
pub mod alerts;
mod attempts;
pub mod call;
pub mod do_not_call;
pub mod figures;
pub mod forecast;
pub mod history;
mod inherited;
mod limits;
pub mod live;
mod news;
pub mod policy;
pub mod queue;
mod rollup;
pub mod statistics;
pub mod summons;
pub mod timeline;
pub mod trunk_figures;
pub mod turn;
mod turns;
mod verdict;
pub mod verification;
pub mod volumes;

use crate::{
    fleet::{Fleet, session::AgentEvent},
    store::{Store, StoreError, Tx},
    wall_clock::WallClock,
};
use attempts::PastEnd;
use daemon::Pulse;
pub use inherited::Inherited;
use shared::{ids::CallId, protocol::AttemptEvent, time::Timestamp};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use turn::{CALLS_PER_TURN, Missed, Turn, Work};
pub use turns::Turns;
use uuid::Uuid;

/// Agent events taken into one turn.
const EVENTS_PER_TURN: usize = 256;
/// Longest sleep: a wall clock that was set back must not hold calls for longer.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// What trunks have done within this time before a start counts for their rating.
const RECALLED: Duration = Duration::from_secs(900);
/// Pause before a turn that the database could not make durable is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Tells the dispatcher that there may be something to do at once. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Wakes the dispatcher.
    pub fn nudge(&self) {
        self.0.notify_one();
    }
}

/// Starts the dispatcher; it ends when `stop` is cancelled, after the turn under way. Its turns are what
/// the service manager's watchdog hears, and those that came to their end are noted in `turns`.
///
/// What agents report but is not applied by then is reported again after the next start. Whatever is in the
/// database when this returns counts as from before the start, so nothing is to be accepted earlier.
///
/// # Errors
/// [`StoreError`]: what is under way cannot be read.
pub async fn start(
    store: Store,
    fleet: Fleet,
    events: mpsc::Receiver<AgentEvent>,
    nudge: Nudge,
    (pulse, turns): (Pulse, Turns),
    stop: CancellationToken,
) -> Result<JoinHandle<()>, StoreError> {
    let inherited = store.read(Inherited::read).await?;
    let dispatcher = Dispatcher { pulse, turns, ..Dispatcher::new(store, fleet, inherited, events, nudge) };
    Ok(tokio::spawn(dispatcher.run(stop)))
}

struct Dispatcher {
    store: Store,
    fleet: Fleet,
    inherited: Arc<Inherited>,
    events: mpsc::Receiver<AgentEvent>,
    nudge: Nudge,
    /// Orders of the last turn that did not leave.
    missed: Vec<Missed>,
    wall: WallClock,
    started: Instant,
    pulse: Pulse,
    turns: Turns,
}

impl Dispatcher {
    fn new(
        store: Store,
        fleet: Fleet,
        inherited: Inherited,
        events: mpsc::Receiver<AgentEvent>,
        nudge: Nudge,
    ) -> Self {
        let (inherited, missed) = (Arc::new(inherited), Vec::new());
        let wall = WallClock::new(Timestamp::now(), Duration::ZERO);
        let (pulse, turns, started) = (Pulse::unwatched(), Turns::default(), Instant::now());
        Self { store, fleet, inherited, events, nudge, missed, wall, started, pulse, turns }
    }

    async fn run(mut self, stop: CancellationToken) {
        self.recall_ratings().await;
        let mut work = Work::first();
        let mut wake = Instant::now();
        loop {
            self.pulse.beat();
            let ready = self.collect(&mut work, wake, &stop).await;
            if !ready {
                return;
            }
            self.look_at_the_clock(&mut work);
            match self.turn(&mut work).await {
                Ok(next) => wake = next,
                Err(error) if error.is_temporary() => {
                    tracing::error!(%error, "the call queue cannot be written; trying again");
                    tokio::select! {
                        () = tokio::time::sleep(RETRY) => {}
                        () = stop.cancelled() => return,
                    }
                    wake = Instant::now();
                }
                Err(error) => {
                    tracing::error!(%error, "a turn of the call queue failed");
                    work = self.one_by_one(work).await;
                    tokio::time::sleep(RETRY).await;
                    wake = Instant::now();
                }
            }
        }
    }

    /// A restart must not send the next calls to a trunk that was failing a moment ago.
    async fn recall_ratings(&self) {
        let since = Timestamp::now() - RECALLED;
        match self.store.read(move |tx| attempts::ended_since(tx, since)).await {
            Ok(ends) => {
                for PastEnd { pbx, trunk, at, ending } in ends {
                    if let Some(evidence) = verdict::evidence(&AttemptEvent::Ended(ending)) {
                        self.fleet.rate(pbx, &trunk, evidence, at);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "what trunks did before the restart cannot be read"),
        }
    }

    /// Waits for something to do and adds it to `work`; `false` when it is time to stop.
    async fn collect(&mut self, work: &mut Work, wake: Instant, stop: &CancellationToken) -> bool {
        work.missed.append(&mut self.missed);
        // What is still to be done comes first: while the database is away, agents have to wait.
        if !work.is_empty() {
            return !stop.is_cancelled();
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return false,
            count = self.events.recv_many(&mut work.events, EVENTS_PER_TURN) => if count == 0 {
                // Nobody serves agents any more.
                return false;
            },
            () = self.nudge.0.notified() => {}
            () = tokio::time::sleep_until(wake) => {}
            () = self.pulse.due() => {}
        }
        true
    }

    fn look_at_the_clock(&mut self, work: &mut Work) {
        if let Some(by) = self.wall.was_set(Timestamp::now(), self.started.elapsed()) {
            let seconds = by as f64 / 1e6;
            tracing::warn!(
                seconds,
                "the clock of this machine was set: what is queued moves with it, and agents connect again"
            );
            self.fleet.clock_was_set(by);
            work.note_step(by);
        }
    }

    /// Takes one turn; when the next one is due.
    async fn turn(&mut self, work: &mut Work) -> Result<Instant, StoreError> {
        // Kept until it is done: a full disk must not lose what an agent said.
        let (fleet, inherited, task) = (self.fleet.clone(), Arc::clone(&self.inherited), work.clone());
        let take =
            move |tx: &mut Tx<'_>, now| Turn::take(tx, &fleet, &inherited, now, &mut Uuid::now_v7, &task);
        let (now, done) = self.write(take).await?;
        *work = Work::default();
        self.turns.note();
        self.missed = done.effects.carry_out(&self.fleet, now);
        Ok(match done.next {
            _ if done.more => Instant::now(),
            Some(at) => Instant::now() + at.since(Timestamp::now()).min(LONGEST_SLEEP),
            None => Instant::now() + LONGEST_SLEEP,
        })
    }

    /// Runs `work` in a transaction, unless the clock was set since it was looked at: first what is queued
    /// must move with it.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>, Timestamp) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<(Timestamp, T), StoreError> {
        let (mut wall, started) = (self.wall, self.started);
        self.store
            .write(move |tx| {
                // Not earlier: nothing that is found was stored after it.
                let now = Timestamp::now();
                if wall.was_set(now, started.elapsed()).is_some() {
                    return Err(StoreError::Overloaded);
                }
                Ok((now, work(tx, now)?))
            })
            .await
    }

    /// After a turn that failed for good: whatever fails alone is left out, so that one damaged
    /// row or event cannot stop all calls. A call is put off, one that waits for a PBX too; a report stays
    /// unacknowledged until the next of its journal is applied. What could not be tried is returned.
    async fn one_by_one(&mut self, mut work: Work) -> Work {
        match self.store.read(|tx| queue::due(tx, Timestamp::now(), CALLS_PER_TURN)).await {
            Ok(due) => work.due = due,
            Err(error) => tracing::error!(%error, "the calls that are due cannot be listed"),
        }
        let freed = work.freed || self.fleet.has_gathered(Timestamp::now());
        let mut left = self.each_alone(work).await;
        if freed || std::mem::take(&mut left.freed) {
            match self.store.read(queue::wanting).await {
                Ok(woken) => {
                    left.append(self.each_alone(Work { woken, ..Work::default() }).await);
                    // Whoever waits was woken: nothing is to be done until somebody speaks.
                    left.freed = false;
                }
                Err(error) => {
                    tracing::error!(%error, "the calls that wait for a PBX cannot be listed");
                    left.freed = true;
                }
            }
        }
        left
    }

    async fn each_alone(&mut self, work: Work) -> Work {
        let mut left = Work::default();
        for single in work.split() {
            self.pulse.beat();
            match self.alone(&single).await {
                Ok(follows) => left.append(follows),
                Err(error) if error.is_temporary() => left.append(single),
                Err(error) => {
                    tracing::error!(%error, work = single.name(), "left out");
                    self.put_off(single.due.into_iter().chain(single.woken)).await;
                }
            }
        }
        left
    }

    /// What is left to do after it.
    async fn alone(&self, work: &Work) -> Result<Work, StoreError> {
        let (fleet, inherited, task) = (self.fleet.clone(), Arc::clone(&self.inherited), work.clone());
        let take =
            move |tx: &mut Tx<'_>, now| Turn::alone(tx, &fleet, &inherited, now, &mut Uuid::now_v7, &task);
        let (now, (effects, freed)) = self.write(take).await?;
        Ok(Work { missed: effects.carry_out(&self.fleet, now), freed, ..Work::default() })
    }

    async fn put_off(&self, calls: impl Iterator<Item = CallId>) {
        for call in calls {
            let put_off = self.store.write(move |tx| queue::put_off(tx, call, Timestamp::now())).await;
            match put_off {
                Ok(()) => tracing::error!(%call, "a call cannot be handled; it is tried again later"),
                Err(error) => tracing::error!(%call, %error, "a call can be neither handled nor put off"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
