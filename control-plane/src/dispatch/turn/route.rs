//! Which way a call goes, and the attempt that goes it.

use super::Turn;
use crate::{
    accounts::{account, orgs},
    dispatch::{
        attempts::{self, UnderWay},
        call::{Input, Send, TALK},
        limits::{RINGS_AT_ONCE, Spent},
        queue::{self, Queued},
        verification,
    },
    fleet::choice::{Candidate, NoRoute, Share, Tried, Wish},
    store::StoreError,
};
use shared::{
    ids::CallId,
    order::{ORDER_VERSION, Order, Prompt},
    outcome::Reason,
    phone::{self, Allowed},
    severity::Severity,
};
use std::time::Duration;

/// After so many of them in a row that no free trunk may reach, the others are left for later.
const MISSES: u32 = 16;

/// An agent tells what became of an order within milliseconds.
pub(in crate::dispatch) const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// What an organization may use of a trunk where it shares the fleet with others.
pub(in crate::dispatch) fn share_of(shared: bool, under_way: &UnderWay) -> Share {
    if shared && !under_way.nothing { Share::ExceptKept } else { Share::Whole }
}

impl Turn<'_, '_> {
    pub(super) fn choose(
        &mut self,
        call: &Queued,
        number: &Allowed,
        avoid: &[Tried],
    ) -> Result<Result<Candidate, NoRoute>, StoreError> {
        // Some host may know of rings that the database does not.
        if self.inherited.holds_call(call.id) && self.fleet.is_gathering(self.now) {
            return Ok(Err(NoRoute::NotNow(Reason::NoPbx)));
        }
        let under_way = attempts::under_way(self.tx, call.org_id, &call.destination)?;
        if under_way.on_phone >= RINGS_AT_ONCE {
            return Ok(Err(NoRoute::NotNow(Reason::Cooldown)));
        }
        let share = self.share(call, &under_way)?;
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
        let wish = Wish {
            number,
            avoid: &within,
            busy: &busy,
            silent: &silent,
            critical: call.severity == Severity::Critical,
            speaks_code: call.machine.speaks_code(),
            now: self.now,
            share,
        };
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

    /// Channels are kept for other organizations only where there are others. What is no alert has half of them.
    fn share(&mut self, call: &Queued, under_way: &UnderWay) -> Result<Share, StoreError> {
        if call.machine.speaks_code() {
            return Ok(Share::Half);
        }
        let shared = match self.shared {
            Some(shared) => shared,
            None => *self.shared.insert(orgs::are_several(self.tx)?),
        };
        Ok(share_of(shared, under_way))
    }

    pub(super) fn send(&mut self, call: &Queued, send: Send) -> Result<(), StoreError> {
        let Ok(number) = phone::judge(&call.destination) else { return Ok(()) };
        let Some(prompt) = self.prompt(call)? else { return Ok(()) };
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
            prompt,
        };
        self.effects.orders.push((send.route.pbx, order));
        Ok(())
    }

    /// `None` where a code is good no more, for which no route is chosen.
    fn prompt(&mut self, call: &Queued) -> Result<Option<Prompt>, StoreError> {
        if call.machine.speaks_code() {
            return verification::prompt(self.tx, call.id, self.now);
        }
        Ok(Some(Prompt {
            severity: call.severity,
            project: call.project.clone(),
            language: account::language(self.tx, call.account_id)?.as_str().to_owned(),
            message: None,
            code: None,
        }))
    }

    /// A PBX may have become free: calls that wait for one need not wait out their pause.
    pub(super) fn wake_waiting(&mut self) -> Result<(), StoreError> {
        let mut misses = 0;
        for id in queue::wanting(self.tx)? {
            misses = if self.wake(id)? { 0 } else { misses + 1 };
            if misses == MISSES {
                break;
            }
        }
        Ok(())
    }

    /// Whether it finds a PBX, or there is no such call.
    pub(super) fn wake(&mut self, id: CallId) -> Result<bool, StoreError> {
        let Some(call) = queue::load_legible(self.tx, id, self.now)? else { return Ok(true) };
        // Asked beforehand, so that a call which still finds nobody keeps its pause.
        let free = match phone::judge(&call.destination) {
            Ok(number) => self.choose(&call, &number, call.machine.tried())?.is_ok(),
            Err(_) => true,
        };
        if free {
            self.drive_loaded(call, Input::Due)?;
        }
        Ok(free)
    }
}
