//! One turn of the dispatcher: everything there is to do now, in one transaction.
//!
//! Whatever leaves the process (orders, hang-ups, acknowledgements) is collected and carried out
//! by the caller after the commit. So an order never travels before its attempt is on disk, and a
//! report is never acknowledged before it is applied.

use super::{
    aftermath::{self, Reported},
    attempts::{self, UnderWay},
    call::{Input, Output, Send, TALK},
    do_not_call,
    limits::{RINGS_AT_ONCE, Spent},
    queue::{self, Queued},
    verdict,
};
use crate::{
    accounts::orgs,
    fleet::{
        Fleet, Link,
        choice::{Busy, Candidate, NoRoute, Share, Tried, Wish},
        journals,
        rating::Evidence,
        session::AgentEvent,
    },
    store::{StoreError, Tx},
};
use shared::{
    ids::{AttemptId, CallId, JournalId, PbxId},
    order::{ORDER_VERSION, Order, Prompt},
    outcome::{AttemptStatus, Reason},
    phone::{self, Allowed},
    protocol::{AttemptEvent, AttemptStanding, ControlFrame, Ending, MAX_QUERY, Report, Standing},
    severity::Severity,
    time::Timestamp,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use uuid::Uuid;

/// Due calls taken in one turn; more follow in the next, after what agents have said meanwhile.
pub(super) const CALLS_PER_TURN: i64 = 64;
/// Calls waiting for a PBX that are looked at when one may have become free.
const WAITING_PER_TURN: i64 = 256;
/// After so many of them in a row that no free trunk may reach, the others are left for later.
const MISSES: u32 = 16;

/// An agent tells what became of an order within milliseconds.
const HEARD_WITHIN: Duration = Duration::from_secs(2);
/// A host's clock may be so far ahead of ours; what it says happened later happened now.
const AHEAD: Duration = Duration::from_secs(60);

/// The end of what nobody watched.
const UNWITNESSED: Ending = Ending {
    status: AttemptStatus::Failed,
    sip_code: None,
    hangup_cause: None,
    ari_status: None,
    reason: None,
    unwitnessed: true,
};

/// What a turn is given.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// What agents have said, in order.
    pub events: Vec<AgentEvent>,
    /// Orders of the last turn that did not leave.
    pub missed: Vec<Missed>,
    /// Calls that are due, where they are named one by one. A turn finds them itself.
    pub(super) due: Vec<CallId>,
}

/// An order that certainly did not leave.
#[derive(Clone, Copy, Debug)]
pub struct Missed {
    call: CallId,
    attempt: AttemptId,
}

/// What a turn has done.
#[derive(Debug)]
pub struct Done {
    /// To be carried out once the turn is durable.
    pub effects: Effects,
    /// When the next call is due.
    pub next: Option<Timestamp>,
    /// There is more to do already.
    pub more: bool,
}

/// What is to leave the process once the turn is durable.
#[derive(Debug, Default)]
pub struct Effects {
    orders: Vec<(PbxId, Order)>,
    cancels: Vec<(PbxId, AttemptId)>,
    queries: Vec<(Link, Vec<AttemptId>)>,
    /// Given up: what became of them?
    doubts: Vec<(PbxId, AttemptId)>,
    /// The highest report applied of each journal, and where to say so.
    acks: BTreeMap<JournalId, (Link, u64)>,
    ratings: Vec<(PbxId, String, Evidence)>,
}

/// A turn in progress.
pub struct Turn<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    fleet: &'a Fleet,
    now: Timestamp,
    new_id: &'a mut dyn FnMut() -> Uuid,
    /// Attempts under way; counted when first asked for, and again after some have ended.
    busy: Option<Busy>,
    /// Hosts that may not hear us; looked for when first needed.
    silent: Option<BTreeSet<PbxId>>,
    /// What trunks have cost; counted when first asked for.
    spent: Option<Spent>,
    /// Whether several organizations share the fleet; asked when first needed.
    shared: Option<bool>,
    freed: bool,
    effects: Effects,
}

impl<'a, 'tx> Turn<'a, 'tx> {
    /// Takes a turn. New attempts get ids from `new_id`.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the turn is to be kept.
    pub fn take(
        tx: &'a mut Tx<'tx>,
        fleet: &'a Fleet,
        now: Timestamp,
        new_id: &'a mut dyn FnMut() -> Uuid,
        work: &Work,
    ) -> Result<Done, StoreError> {
        let mut turn = Self::begin(tx, fleet, now, new_id);
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
        new_id: &'a mut dyn FnMut() -> Uuid,
        work: &Work,
    ) -> Result<Effects, StoreError> {
        let mut turn = Self::begin(tx, fleet, now, new_id);
        turn.work(work)?;
        Ok(turn.effects)
    }

    fn begin(
        tx: &'a mut Tx<'tx>,
        fleet: &'a Fleet,
        now: Timestamp,
        new_id: &'a mut dyn FnMut() -> Uuid,
    ) -> Self {
        Self {
            tx,
            fleet,
            now,
            new_id,
            busy: None,
            silent: None,
            spent: None,
            shared: None,
            freed: false,
            effects: Effects::default(),
        }
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
            AgentEvent::Forgotten(link, up_to) => self.forgotten(link, *up_to)?,
            // What was under way there is settled when it comes back, or by each call's deadline.
            AgentEvent::Disconnected(_) => {}
            AgentEvent::Freed(pbx) => {
                self.freed = true;
                // A host that could not answer (its disk was full, say) may be able to now.
                let asked_in_vain = attempts::given_up(self.tx, *pbx)?;
                self.effects.doubts.extend(asked_in_vain.into_iter().map(|attempt| (*pbx, attempt)));
            }
            AgentEvent::Report(link, report) => self.report(link, report)?,
            AgentEvent::Standing(link, attempts) => {
                for attempt in attempts {
                    self.standing(link, attempt)?;
                }
            }
        }
        Ok(())
    }

    /// The database is older than what this host remembers. Whether calls from before were answered since
    /// is not known any more: they end, and nobody is rung for them again.
    fn forgotten(&mut self, link: &Link, up_to: u64) -> Result<(), StoreError> {
        let (pbx, journal) = (link.pbx(), link.journal());
        // Said once: otherwise each restart would end whatever is under way, until the host reports again.
        if journals::applied(self.tx, journal, pbx)?.is_some_and(|applied| applied < up_to) {
            journals::advance(self.tx, journal, pbx, up_to)?;
        }
        let calls = queue::under_way_since_before(self.tx, self.fleet.opened_at())?;
        tracing::error!(
            %pbx, calls = calls.len(),
            "THE DATABASE IS OLDER than what this host was told: it was restored from a backup. Calls that were under way before end as expired, because they may have been answered since; look at their alerts"
        );
        for call in calls {
            attempts::doubt(self.tx, call)?;
            self.drive(call, Input::Forgotten)?;
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
            match attempts::given_to(self.tx, pbx, report.attempt_id)? {
                Some((call, trunk)) => {
                    let at = report.at.clamp(Timestamp::from_micros(0), self.now + AHEAD);
                    attempts::note(self.tx, report.attempt_id, at, &report.event)?;
                    if let Some(evidence) = verdict::evidence(&report.event) {
                        self.effects.ratings.push((pbx, trunk, evidence));
                    }
                    if let Some(frees) = frees(&report.event) {
                        self.busy = None;
                        self.freed |= frees;
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

    fn standing(&mut self, link: &Link, told: &AttemptStanding) -> Result<(), StoreError> {
        let (pbx, attempt) = (link.pbx(), told.attempt_id);
        let Some((call, _)) = attempts::given_to(self.tx, pbx, attempt)? else { return Ok(()) };
        match told.standing {
            Standing::NeverSeen if attempts::may_be_lost(self.tx, attempt, link.journal())? => {
                tracing::warn!(%pbx, %attempt, "the host has lost the journal that it had when this was ordered; it may have rung");
                let event = AttemptEvent::Ended(UNWITNESSED);
                attempts::note(self.tx, attempt, self.now, &event)?;
                self.busy = None;
                self.freed = true;
                self.drive(call, Input::Report { attempt, event })
            }
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
        let reported = Reported::of(&input);
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
        }
        aftermath::settle(self.tx, &call, before, reported, self.now)
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
                Ok(Some(match self.choose(call, &number, &avoid)? {
                    Ok(candidate) => Input::Offered { attempt: AttemptId::new((self.new_id)()), candidate },
                    Err(why) => Input::NoCandidate(why),
                }))
            }
            Output::Send(send) => self.send(call, send).map(|()| None),
            Output::CancelAttempt { attempt, pbx } => {
                self.effects.cancels.push((pbx, attempt));
                Ok(None)
            }
            Output::GiveUp { attempt } => {
                if let Some((pbx, trunk)) = attempts::give_up(self.tx, attempt, self.now)? {
                    self.effects.ratings.push((pbx, trunk, Evidence::HostFailed));
                    // Its host may be there all the same: it is asked now, and not only when it returns.
                    self.effects.doubts.push((pbx, attempt));
                }
                self.busy = None;
                self.freed = true;
                Ok(None)
            }
            Output::CloseUnstarted { attempt } => {
                attempts::close_unstarted(self.tx, attempt, self.now)?;
                self.busy = None;
                self.freed = true;
                Ok(None)
            }
        }
    }

    fn choose(
        &mut self,
        call: &Queued,
        number: &Allowed,
        avoid: &[Tried],
    ) -> Result<Result<Candidate, NoRoute>, StoreError> {
        let under_way = attempts::under_way(self.tx, call.org_id, &call.destination)?;
        if under_way.on_phone >= RINGS_AT_ONCE {
            return Ok(Err(NoRoute::NotNow(Reason::Cooldown)));
        }
        let share = self.share(&under_way)?;
        let busy = match self.busy.take() {
            Some(busy) => busy,
            None => attempts::busy(self.tx)?,
        };
        let spent = match self.spent.take() {
            Some(spent) => spent,
            None => Spent::count(self.tx, self.now)?,
        };
        let silent = match self.silent.take() {
            Some(silent) => silent,
            None => attempts::silent(self.tx, self.now - HEARD_WITHIN)?,
        };
        let exhausted = spent.exhausted(call.severity);
        self.spent = Some(spent);
        let within = [avoid, &exhausted].concat();
        let critical = call.severity == Severity::Critical;
        let wish =
            Wish { number, avoid: &within, busy: &busy, silent: &silent, critical, now: self.now, share };
        let mut chosen = self.fleet.choose(&wish);
        if chosen == Err(NoRoute::AllTried) && !exhausted.is_empty() {
            // But for the spend guard there would be a route: wait for one, or for the hour to pass.
            chosen = match self.fleet.choose(&Wish { avoid, ..wish }) {
                Ok(_) => Err(NoRoute::NotNow(Reason::Quota)),
                Err(why) => Err(why),
            };
        }
        self.busy = Some(busy);
        self.silent = Some(silent);
        Ok(chosen)
    }

    /// Channels are kept for other organizations only where there are others.
    fn share(&mut self, under_way: &UnderWay) -> Result<Share, StoreError> {
        let shared = match self.shared {
            Some(shared) => shared,
            None => *self.shared.insert(orgs::are_several(self.tx)?),
        };
        Ok(if shared && !under_way.nothing { Share::ExceptKept } else { Share::Whole })
    }

    fn send(&mut self, call: &Queued, send: Send) -> Result<(), StoreError> {
        let Ok(number) = phone::judge(&call.destination) else { return Ok(()) };
        let journal = self.fleet.link(send.route.pbx).map(|link| link.journal());
        attempts::insert(self.tx, call, &send, journal, self.now)?;
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
                Ok(number) => self.choose(&call, &number, &[])?.is_ok(),
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
    pub fn carry_out(self, fleet: &Fleet, now: Timestamp) -> Vec<Missed> {
        for (pbx, trunk, evidence) in self.ratings {
            fleet.rate(pbx, &trunk, evidence, now);
        }
        let mut missed = Vec::new();
        let mut cancels = self.cancels;
        for (pbx, order) in self.orders {
            let told = tracing::info_span!("order", call = %order.call_id, attempt = %order.attempt_id);
            let _told = told.enter();
            // The same turn has learnt that nobody needs it.
            if let Some(place) = cancels.iter().position(|(_, attempt)| *attempt == order.attempt_id) {
                cancels.swap_remove(place);
                missed.push(Missed { call: order.call_id, attempt: order.attempt_id });
                continue;
            }
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
        for (pbx, attempt) in cancels {
            if let Err(error) = fleet.send_cancel(pbx, attempt) {
                tracing::warn!(%pbx, %attempt, %error, "the hang-up waits until the host is back");
            }
        }
        for (pbx, attempt) in self.doubts {
            if let Some(link) = fleet.link(pbx) {
                let _ = link.send(ControlFrame::Query { attempts: vec![attempt] });
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

/// Whether the end of an attempt may let a waiting call go; `None` for what is no end. A host that refuses
/// because it is full has become no emptier: its call would be sent to it again at once, and again.
fn frees(event: &AttemptEvent) -> Option<bool> {
    match event {
        AttemptEvent::Ended(_) => Some(true),
        AttemptEvent::Refused { reason, .. } => Some(!verdict::is_fullness(*reason)),
        AttemptEvent::Originated { .. }
        | AttemptEvent::Ringing
        | AttemptEvent::Answered
        | AttemptEvent::Key { .. } => None,
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
            Some(AgentEvent::Forgotten(..)) => "an agent that remembers more than the database",
            Some(AgentEvent::Disconnected(_)) => "disconnected",
            Some(AgentEvent::Freed(_)) => "freed",
            Some(AgentEvent::Report(..)) => "report",
            Some(AgentEvent::Standing(..)) => "standing",
            None if self.due.is_empty() => "missed order",
            None => "due call",
        }
    }
}
