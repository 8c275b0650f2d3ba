//! What agents have said.

use super::Turn;
use crate::{
    dispatch::{
        attempts::{self, Given},
        call::{Input, ORDER_LIFETIME},
        news, queue, verdict,
    },
    fleet::{Link, journals, session::AgentEvent},
    store::StoreError,
};
use shared::{
    outcome::{AttemptStatus, Reason},
    protocol::{AttemptEvent, AttemptStanding, Ending, Report, Standing},
    time::Timestamp,
};
use std::time::Duration;

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
    spoken: false,
};

impl Turn<'_, '_> {
    pub(super) fn event(&mut self, event: &AgentEvent) -> Result<(), StoreError> {
        match event {
            AgentEvent::Connected(link) => {
                self.effects.greeted.push(link.pbx());
                let asked = attempts::unsettled(self.tx, link.pbx())?;
                self.effects.queries.push((link.clone(), asked));
            }
            AgentEvent::Forgotten(link, up_to) => self.forgotten(link, *up_to)?,
            // What was under way there is settled when it comes back, or by each call's deadline.
            AgentEvent::Disconnected(_) => {}
            AgentEvent::Freed(_) => self.freed = true,
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
        let mut calls = queue::under_way(self.tx)?;
        calls.retain(|call| self.inherited.holds_call(*call));
        if !calls.is_empty() {
            tracing::error!(
                %pbx, calls = calls.len(),
                "THE DATABASE IS OLDER than what this host was told: it was restored from a backup. Calls that were under way before end as expired, because they may have been answered since; look at their alerts"
            );
        }
        for call in calls {
            attempts::doubt(self.tx, call)?;
            self.drive_or_put_off(call, Input::Forgotten)?;
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
                Some(Given { witnessed: true, .. }) if is_unwitnessed(&report.event) => {
                    tracing::warn!(%pbx, attempt = %report.attempt_id, "the host has forgotten how this ended; it told so before");
                }
                Some(Given { call, trunk, at: ordered_at, call_expires_at, witnessed: _ }) => {
                    if let AttemptEvent::Refused { reason: Reason::Expired, .. } = report.event
                        && self.now < ordered_at + ORDER_LIFETIME / 2
                        && ordered_at + ORDER_LIFETIME <= call_expires_at
                    {
                        self.effects.wrong_clocks.push(link.clone());
                    }
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
                    tracing::warn!(%pbx, attempt = %report.attempt_id, "a report about an attempt that this host was never given");
                    // Unless it lies, it was given it by a database that was newer than this one.
                    if self.older.insert(pbx) {
                        self.forgotten(link, 0)?;
                        // Whatever it said of these may be forgotten.
                        let mut asked = attempts::unsettled(self.tx, pbx)?;
                        asked.retain(|attempt| self.inherited.holds_attempt(*attempt));
                        self.effects.queries.push((link.clone(), asked));
                    }
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
        let Some(Given { call, .. }) = attempts::given_to(self.tx, pbx, attempt)? else { return Ok(()) };
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
            // Its reports tell how it ended: they are on their way, or were applied and forgotten with the
            // database. Those that come still count.
            Standing::Over => {
                attempts::forget(self.tx, attempt, self.now)?;
                news::of_call_named(self.tx, call)?;
                self.busy = None;
                self.freed = true;
                Ok(())
            }
        }
    }
}

fn is_unwitnessed(event: &AttemptEvent) -> bool {
    matches!(event, AttemptEvent::Ended(ending) if ending.unwitnessed)
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
