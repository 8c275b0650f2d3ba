//! One turn of the dispatcher: everything there is to do now, in one transaction.
//!
//! Whatever leaves the process (orders, hang-ups, acknowledgements) is collected and carried out
//! by the caller after the commit. So an order never travels before its attempt is on disk, and a
//! report is never acknowledged before it is applied.

use super::{
    alerts, attempts,
    call::{Input, Output, Send, TALK},
    do_not_call,
    limits::Spent,
    queue::{self, Queued},
};
use crate::{
    fleet::{
        Fleet, Link,
        choice::{Busy, Candidate, NoRoute, Tried, Wish},
        journals,
        session::AgentEvent,
    },
    store::{StoreError, Tx},
};
use shared::{
    ids::{AttemptId, CallId, JournalId, PbxId},
    order::{ORDER_VERSION, Order, Prompt},
    outcome::{CallStatus, Reason},
    phone::{self, Allowed},
    protocol::{AttemptEvent, AttemptStanding, ControlFrame, MAX_QUERY, Report, Standing},
    severity::Severity,
    time::Timestamp,
};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use uuid::Uuid;

/// Due calls taken in one turn; more follow in the next, after what agents have said meanwhile.
pub(super) const CALLS_PER_TURN: i64 = 64;
/// Calls waiting for a PBX that are looked at when one may have become free.
const WAITING_PER_TURN: i64 = 256;
/// After so many of them in a row that no free trunk may reach, the others are left for later.
const MISSES: u32 = 16;

/// A host's clock may be so far ahead of ours; what it says happened later happened now.
const AHEAD: Duration = Duration::from_secs(60);

/// What a turn is given.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    pub(super) events: Vec<AgentEvent>,
    pub(super) missed: Vec<Missed>,
    /// Calls that are due, where they are named one by one. A turn finds them itself.
    pub(super) due: Vec<CallId>,
}

/// An order that certainly did not leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missed {
    call: CallId,
    attempt: AttemptId,
}

/// What a turn has done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) effects: Effects,
    /// When the next call is due.
    pub(super) next: Option<Timestamp>,
    /// There is more to do already.
    pub(super) more: bool,
}

/// What is to leave the process once the turn is durable.
#[derive(Debug, Default)]
pub(super) struct Effects {
    orders: Vec<(PbxId, Order)>,
    cancels: Vec<(PbxId, AttemptId)>,
    queries: Vec<(Link, Vec<AttemptId>)>,
    /// The highest report applied of each journal, and where to say so.
    acks: HashMap<JournalId, (Link, u64)>,
}

/// A turn in progress.
pub(super) struct Turn<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    fleet: &'a Fleet,
    now: Timestamp,
    /// Attempts under way; counted when first asked for, and again after some have ended.
    busy: Option<Busy>,
    /// What trunks have cost; counted when first asked for.
    spent: Option<Spent>,
    freed: bool,
    effects: Effects,
}

impl<'a, 'tx> Turn<'a, 'tx> {
    /// Takes a turn.
    pub(super) fn take(
        tx: &'a mut Tx<'tx>,
        fleet: &'a Fleet,
        now: Timestamp,
        work: &Work,
    ) -> Result<Done, StoreError> {
        let mut turn = Self::begin(tx, fleet, now);
        turn.work(work)?;
        let due = queue::due(turn.tx, now, CALLS_PER_TURN)?;
        for call in &due {
            turn.drive(*call, Input::Due)?;
        }
        if turn.freed {
            turn.wake_waiting()?;
        }
        let next = queue::next_due(turn.tx)?;
        let more = i64::try_from(due.len()).is_ok_and(|taken| taken >= CALLS_PER_TURN);
        Ok(Done { effects: turn.effects, next, more })
    }

    /// Does this and nothing else.
    pub(super) fn alone(
        tx: &'a mut Tx<'tx>,
        fleet: &'a Fleet,
        now: Timestamp,
        work: &Work,
    ) -> Result<Effects, StoreError> {
        let mut turn = Self::begin(tx, fleet, now);
        turn.work(work)?;
        Ok(turn.effects)
    }

    fn begin(tx: &'a mut Tx<'tx>, fleet: &'a Fleet, now: Timestamp) -> Self {
        Self { tx, fleet, now, busy: None, spent: None, freed: false, effects: Effects::default() }
    }

    fn work(&mut self, work: &Work) -> Result<(), StoreError> {
        for event in &work.events {
            self.event(event)?;
        }
        for Missed { call, attempt } in &work.missed {
            self.drive(*call, Input::NeverStarted { attempt: *attempt })?;
        }
        for call in &work.due {
            self.drive(*call, Input::Due)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &AgentEvent) -> Result<(), StoreError> {
        match event {
            AgentEvent::Connected(link) => {
                let asked = attempts::unsettled(self.tx, link.pbx())?;
                self.effects.queries.push((link.clone(), asked));
            }
            // What was under way there is settled when it comes back, or by each call's deadline.
            AgentEvent::Disconnected(_) => {}
            AgentEvent::Freed(_) => self.freed = true,
            AgentEvent::Report(link, report) => self.report(link, report)?,
            AgentEvent::Standing(link, attempts) => {
                for attempt in attempts {
                    self.standing(link.pbx(), attempt)?;
                }
            }
        }
        Ok(())
    }

    fn report(&mut self, link: &Link, report: &Report) -> Result<(), StoreError> {
        let pbx = link.pbx();
        let Some(applied) = journals::applied(self.tx, report.journal, pbx)? else {
            tracing::warn!(%pbx, journal = %report.journal, "a report from another host's journal is ignored");
            return Ok(());
        };
        if report.seq > applied {
            match attempts::call_of(self.tx, report.attempt_id, pbx)? {
                Some(call) => {
                    let at = report.at.clamp(Timestamp::from_micros(0), self.now + AHEAD);
                    attempts::note(self.tx, report.attempt_id, at, &report.event)?;
                    if matches!(report.event, AttemptEvent::Ended(_) | AttemptEvent::Refused { .. }) {
                        self.busy = None;
                        self.freed = true;
                    }
                    let input = Input::Report { attempt: report.attempt_id, event: report.event.clone() };
                    self.drive(call, input)?;
                }
                None => {
                    tracing::warn!(%pbx, attempt = %report.attempt_id, "a report about an attempt that this host was never given")
                }
            }
            journals::advance(self.tx, report.journal, pbx, report.seq)?;
        }
        let highest = applied.max(report.seq);
        self.effects.acks.insert(report.journal, (link.clone(), highest));
        Ok(())
    }

    fn standing(&mut self, pbx: PbxId, told: &AttemptStanding) -> Result<(), StoreError> {
        let attempt = told.attempt_id;
        let Some(call) = attempts::call_of(self.tx, attempt, pbx)? else { return Ok(()) };
        match told.standing {
            Standing::NeverSeen => self.drive(call, Input::NeverStarted { attempt }),
            Standing::Live => self.drive(call, Input::StillLive { attempt, pbx }),
            // Its reports tell how it ended; they are applied or on their way.
            Standing::Over => Ok(()),
        }
    }

    /// Gives a machine its input, and everything that follows from it.
    fn drive(&mut self, id: CallId, input: Input) -> Result<(), StoreError> {
        let Some(call) = queue::load(self.tx, id, self.now)? else { return Ok(()) };
        self.drive_loaded(call, input)
    }

    fn drive_loaded(&mut self, mut call: Queued, input: Input) -> Result<(), StoreError> {
        let before = call.machine.status();
        let mut inputs = VecDeque::new();
        if call.cancel_wanted {
            inputs.push_back(Input::Cancel);
        }
        inputs.push_back(input);
        while let Some(input) = inputs.pop_front() {
            for output in call.machine.handle(self.now, input) {
                inputs.extend(self.carry_out(&call, output)?);
            }
        }
        queue::save(self.tx, &call, self.now)?;
        let after = call.machine.status();
        if after != before {
            tracing::info!(call = %call.id, from = %before, to = %after, reason = ?call.machine.reason().map(|reason| reason.as_str()), "call");
            if matches!(after, CallStatus::Acknowledged | CallStatus::Answered) {
                alerts::taken(self.tx, call.alert_id, self.now)?;
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, call: &Queued, output: Output) -> Result<Option<Input>, StoreError> {
        match output {
            Output::Choose { avoid } => {
                let number = match phone::judge(&call.destination) {
                    Ok(number) => number,
                    Err(refusal) => return Ok(Some(Input::NoCandidate(NoRoute::Never(refusal.reason)))),
                };
                if do_not_call::holds(self.tx, &number.e164)? {
                    return Ok(Some(Input::NoCandidate(NoRoute::Never(Reason::DoNotCall))));
                }
                Ok(Some(match self.choose(call.severity, &number, &avoid)? {
                    Ok(candidate) => Input::Offered { attempt: AttemptId::new(Uuid::now_v7()), candidate },
                    Err(why) => Input::NoCandidate(why),
                }))
            }
            Output::Send(send) => self.send(call, send).map(|()| None),
            Output::CancelAttempt { attempt, pbx } => {
                self.effects.cancels.push((pbx, attempt));
                Ok(None)
            }
            Output::GiveUp { attempt } => {
                attempts::give_up(self.tx, attempt, self.now)?;
                self.busy = None;
                Ok(None)
            }
            Output::CloseUnstarted { attempt } => {
                attempts::close_unstarted(self.tx, attempt, self.now)?;
                self.busy = None;
                Ok(None)
            }
        }
    }

    fn choose(
        &mut self,
        severity: Severity,
        number: &Allowed,
        avoid: &[Tried],
    ) -> Result<Result<Candidate, NoRoute>, StoreError> {
        let busy = match self.busy.take() {
            Some(busy) => busy,
            None => attempts::busy(self.tx)?,
        };
        let spent = match self.spent.take() {
            Some(spent) => spent,
            None => Spent::count(self.tx, self.now)?,
        };
        let exhausted = spent.exhausted(severity);
        self.spent = Some(spent);
        let within = [avoid, &exhausted].concat();
        let mut chosen = self.fleet.choose(&Wish { number, avoid: &within, busy: &busy });
        if chosen == Err(NoRoute::AllTried) && !exhausted.is_empty() {
            // But for the spend guard there would be a route: wait for one, or for the hour to pass.
            chosen = match self.fleet.choose(&Wish { number, avoid, busy: &busy }) {
                Ok(_) => Err(NoRoute::NotNow(Reason::Quota)),
                Err(why) => Err(why),
            };
        }
        self.busy = Some(busy);
        Ok(chosen)
    }

    fn send(&mut self, call: &Queued, send: Send) -> Result<(), StoreError> {
        let Ok(number) = phone::judge(&call.destination) else { return Ok(()) };
        attempts::insert(self.tx, call, &send, self.now)?;
        self.fleet.took(send.route.pbx);
        if let Some(spent) = &mut self.spent {
            spent.add(send.route.pbx, &send.route.trunk);
        }
        if let Some(busy) = &mut self.busy {
            *busy.entry(send.route.pbx).or_default().entry(send.route.trunk.clone()).or_default() += 1;
        }
        let order = Order {
            version: ORDER_VERSION,
            attempt_id: send.attempt,
            call_id: call.id,
            pbx: send.route.pbx_name,
            trunk: send.route.trunk,
            to: number.e164,
            ring_seconds: send.ring_seconds,
            talk_seconds: u16::try_from(TALK.as_secs()).unwrap_or(u16::MAX),
            issued_at: self.now,
            expires_at: send.expires_at,
            prompt: Prompt {
                severity: call.severity,
                project: call.project.clone(),
                language: "en".to_owned(),
                message: None,
            },
        };
        self.effects.orders.push((send.route.pbx, order));
        Ok(())
    }

    /// A PBX may have become free: calls that wait for one need not wait out their pause.
    fn wake_waiting(&mut self) -> Result<(), StoreError> {
        let mut misses = 0;
        for id in queue::wanting(self.tx, WAITING_PER_TURN)? {
            let Some(call) = queue::load(self.tx, id, self.now)? else { continue };
            // Asked beforehand, so that a call which still finds nobody keeps its pause.
            let free = match phone::judge(&call.destination) {
                Ok(number) => self.choose(call.severity, &number, &[])?.is_ok(),
                Err(_) => true,
            };
            if free {
                misses = 0;
                self.drive_loaded(call, Input::Due)?;
            } else {
                misses += 1;
                if misses == MISSES {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Effects {
    /// Sends everything; the orders that did not leave.
    pub(super) fn carry_out(self, fleet: &Fleet) -> Vec<Missed> {
        let mut missed = Vec::new();
        for (pbx, order) in self.orders {
            let told = tracing::info_span!("order", call = %order.call_id, attempt = %order.attempt_id);
            let _told = told.enter();
            match fleet.send_order(pbx, &order) {
                Ok(()) => {
                    tracing::info!(pbx = order.pbx, trunk = order.trunk, to = %order.to.last_four(), "order sent");
                }
                Err(error) => {
                    tracing::warn!(pbx = order.pbx, %error, "the order did not leave");
                    missed.push(Missed { call: order.call_id, attempt: order.attempt_id });
                }
            }
        }
        for (pbx, attempt) in self.cancels {
            if let Err(error) = fleet.send_cancel(pbx, attempt) {
                tracing::warn!(%pbx, %attempt, %error, "the hang-up waits until the host is back");
            }
        }
        // A link that is down by now asks and acknowledges again after its next handshake.
        for (link, attempts) in self.queries {
            for some in attempts.chunks(MAX_QUERY) {
                let _ = link.send(ControlFrame::Query { attempts: some.to_vec() });
            }
        }
        for (journal, (link, seq)) in self.acks {
            let _ = link.send(ControlFrame::Ack { journal, seq });
        }
        missed
    }
}

impl Work {
    /// One piece each.
    pub(super) fn split(self) -> Vec<Self> {
        let events = self.events.into_iter().map(|event| Self { events: vec![event], ..Self::default() });
        let missed = self.missed.into_iter().map(|missed| Self { missed: vec![missed], ..Self::default() });
        let due = self.due.into_iter().map(|call| Self { due: vec![call], ..Self::default() });
        events.chain(missed).chain(due).collect()
    }

    /// Adds another's pieces.
    pub(super) fn append(&mut self, mut other: Self) {
        self.events.append(&mut other.events);
        self.missed.append(&mut other.missed);
        self.due.append(&mut other.due);
    }

    /// There is nothing to be done.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.missed.is_empty() && self.due.is_empty()
    }

    /// What it is, for the log.
    pub(super) fn name(&self) -> &'static str {
        match self.events.first() {
            Some(AgentEvent::Connected(_)) => "connected",
            Some(AgentEvent::Disconnected(_)) => "disconnected",
            Some(AgentEvent::Freed(_)) => "freed",
            Some(AgentEvent::Report(..)) => "report",
            Some(AgentEvent::Standing(..)) => "standing",
            None if self.due.is_empty() => "missed order",
            None => "due call",
        }
    }
}
