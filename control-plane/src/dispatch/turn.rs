//! One turn of the dispatcher: everything there is to do now, in one transaction.
//!
//! Whatever leaves the process (orders, hang-ups, acknowledgements) is collected and carried out
//! by the caller after the commit. So an order never travels before its attempt is on disk, and a
//! report is never acknowledged before it is applied.

mod effects;
mod heard;
mod route;
mod whom;
mod work;

pub use effects::Effects;
pub(super) use route::{HEARD_WITHIN, share_of};
use whom::Addressee;
pub use work::{Missed, Work};

use super::{
    Inherited,
    aftermath::{self, Reported},
    attempts,
    call::{Input, Output},
    do_not_call,
    limits::Spent,
    news,
    queue::{self, Queued},
    verification,
};
use crate::{
    fleet::{
        Fleet,
        choice::{Busy, NoRoute},
        rating::Evidence,
    },
    store::{StoreError, Tx},
};
use shared::{
    ids::{AttemptId, CallId, PbxId},
    outcome::Reason,
    phone,
    time::Timestamp,
};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};
use uuid::Uuid;

/// Due calls taken in one turn; more follow in the next, after what agents have said meanwhile.
pub(super) const CALLS_PER_TURN: i64 = 64;
/// Where nothing that is due can be found by its id, it is looked at so often.
const ILLEGIBLE_PAUSE: Duration = Duration::from_millis(500);

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

/// A turn in progress.
pub struct Turn<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    fleet: &'a Fleet,
    inherited: &'a Inherited,
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
    /// Hosts that have said that the database is older than what they know.
    older: BTreeSet<PbxId>,
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
        inherited: &'a Inherited,
        now: Timestamp,
        new_id: &'a mut dyn FnMut() -> Uuid,
        work: &Work,
    ) -> Result<Done, StoreError> {
        let mut turn = Self::begin(tx, fleet, inherited, now, new_id);
        turn.effects.gathered = fleet.has_gathered(now);
        turn.freed = work.freed || turn.effects.gathered;
        turn.work(work)?;
        let is_due = queue::next_due(turn.tx)?.is_some_and(|at| at <= now);
        let due = if is_due { queue::due(turn.tx, now, CALLS_PER_TURN)? } else { vec![] };
        let mut is_moving = false;
        for call in &due {
            is_moving |= turn.due(*call)?;
        }
        if turn.freed {
            turn.wake_waiting()?;
        }
        let mut next = queue::next_due(turn.tx)?.into_iter().chain(fleet.gathers_until(now)).min();
        if is_due && !is_moving {
            // What is due cannot be read; it must not keep the others' turns from coming in their time.
            next = next.map(|at| at.max(now + ILLEGIBLE_PAUSE));
        }
        // Who was greeted in this turn counts from the next one on.
        let is_full = i64::try_from(due.len()).is_ok_and(|taken| taken >= CALLS_PER_TURN);
        let more = (is_full && is_moving) || !turn.effects.greeted.is_empty();
        Ok(Done { effects: turn.effects, next, more })
    }

    /// Does this and nothing else; also whether a PBX may have become free by it.
    pub(super) fn alone(
        tx: &'a mut Tx<'tx>,
        fleet: &'a Fleet,
        inherited: &'a Inherited,
        now: Timestamp,
        new_id: &'a mut dyn FnMut() -> Uuid,
        work: &Work,
    ) -> Result<(Effects, bool), StoreError> {
        let mut turn = Self::begin(tx, fleet, inherited, now, new_id);
        turn.work(work)?;
        Ok((turn.effects, turn.freed))
    }

    fn begin(
        tx: &'a mut Tx<'tx>,
        fleet: &'a Fleet,
        inherited: &'a Inherited,
        now: Timestamp,
        new_id: &'a mut dyn FnMut() -> Uuid,
    ) -> Self {
        Self {
            tx,
            fleet,
            inherited,
            now,
            new_id,
            busy: None,
            silent: None,
            spent: None,
            shared: None,
            freed: false,
            older: BTreeSet::new(),
            effects: Effects::default(),
        }
    }

    fn work(&mut self, work: &Work) -> Result<(), StoreError> {
        if work.is_first {
            for id in queue::waiting_beyond(self.tx, self.now)? {
                self.drive_or_put_off(id, Input::Started)?;
            }
        }
        // Back, it is followed by moments only, and nobody waits for less.
        if let Some(by) = work.clock_set.filter(|by| *by > 0) {
            for id in queue::move_with_the_clock(self.tx, by, self.now)? {
                self.drive_or_put_off(id, Input::ClockSet { by })?;
            }
        }
        for event in &work.events {
            self.event(event)?;
        }
        for Missed { call, attempt } in &work.missed {
            self.drive(*call, Input::NeverStarted { attempt: *attempt })?;
        }
        for call in &work.due {
            self.due(*call)?;
        }
        for call in &work.woken {
            self.wake(*call)?;
        }
        Ok(())
    }

    /// Gives a machine its input, and everything that follows from it.
    fn drive(&mut self, id: CallId, input: Input) -> Result<(), StoreError> {
        let Some(call) = queue::load(self.tx, id, self.now)? else { return Ok(()) };
        self.drive_loaded(call, input)
    }

    /// Whether there is a call of this id: the id of a damaged row may be legible and not its own.
    fn due(&mut self, id: CallId) -> Result<bool, StoreError> {
        let Some(call) = queue::load(self.tx, id, self.now)? else { return Ok(false) };
        self.drive_loaded(call, Input::Due)?;
        Ok(true)
    }

    /// Of many calls at once: one that is damaged must not keep the others from it.
    fn drive_or_put_off(&mut self, id: CallId, input: Input) -> Result<(), StoreError> {
        match self.drive(id, input) {
            Err(error) if !error.is_temporary() => {
                tracing::error!(call = %id, %error, "a call cannot be handled; it is tried again later");
                queue::put_off(self.tx, id, self.now)
            }
            outcome => outcome,
        }
    }

    fn drive_loaded(&mut self, mut call: Queued, input: Input) -> Result<(), StoreError> {
        let (before, waited_for) = (call.machine.status(), call.machine.reason());
        let reported = Reported::of(&input);
        let mut inputs = VecDeque::new();
        if call.cancel_wanted {
            inputs.push_back(Input::Cancel);
        }
        inputs.push_back(input);
        while let Some(input) = inputs.pop_front() {
            for output in call.machine.handle(self.now, input) {
                inputs.extend(self.carry_out(&mut call, output)?);
            }
        }
        queue::save(self.tx, &call, self.now)?;
        let after = call.machine.status();
        // A call that still waits for the same is nothing new.
        if reported.is_some() || after != before || call.machine.reason() != waited_for {
            news::of_call(self.tx, &call);
        }
        if after != before {
            tracing::info!(call = %call.id, from = %before, to = %after, reason = ?call.machine.reason().map(|reason| reason.as_str()), "call");
        }
        if call.machine.speaks_code() {
            return if after.is_final() { verification::forget(self.tx, call.id) } else { Ok(()) };
        }
        aftermath::settle(self.tx, &call, before, reported, self.now)
    }

    fn carry_out(&mut self, call: &mut Queued, output: Output) -> Result<Option<Input>, StoreError> {
        match output {
            Output::Choose { mut avoid } => {
                let addressee =
                    if call.machine.speaks_code() { Addressee::Same } else { self.readdress(call)? };
                match addressee {
                    Addressee::Same => {}
                    Addressee::Another => avoid.clear(),
                    // Somebody may have one before its time is over.
                    Addressee::Nobody => {
                        return Ok(Some(Input::NoCandidate(NoRoute::NotNow(Reason::NumberInvalid))));
                    }
                    Addressee::RungAlready => {
                        return Ok(Some(Input::NoCandidate(NoRoute::Never(Reason::Duplicate))));
                    }
                }
                let number = match phone::judge(&call.destination) {
                    Ok(number) => number,
                    Err(refusal) => return Ok(Some(Input::NoCandidate(NoRoute::Never(refusal.reason)))),
                };
                if do_not_call::holds(self.tx, &number.e164)? {
                    return Ok(Some(Input::NoCandidate(NoRoute::Never(Reason::DoNotCall))));
                }
                if call.machine.speaks_code() && verification::prompt(self.tx, call.id, self.now)?.is_none() {
                    return Ok(Some(Input::NoCandidate(NoRoute::Never(Reason::Expired))));
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
                news::of_call(self.tx, call);
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
                news::of_call(self.tx, call);
                attempts::close_unstarted(self.tx, attempt, self.now)?;
                self.busy = None;
                self.freed = true;
                Ok(None)
            }
        }
    }
}
