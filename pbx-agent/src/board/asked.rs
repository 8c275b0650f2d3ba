//! What the control plane asks: dial, hang up, tell what became of attempts. And what the journal
//! says to each, before which nothing is dialled or answered.

use super::{
    Board, Dial, Effect,
    attempt::{Attempt, Entering},
};
use crate::{
    call::{self, Call, Plan, Progress, Subject},
    clock::Moment,
    health::Asterisk,
    journal::{NewReport, OrderRow, Resume},
    ledger::{Came, Fingerprint, NumberMark, Seen},
    policy::{self, Host, Permit, Refusal, Verdict},
};
use ed25519_dalek::VerifyingKey;
use shared::{
    ids::AttemptId,
    order::{Prompt, SignedOrder},
    outcome::{AttemptStatus, Reason},
    protocol::{AttemptEvent, AttemptStanding, Ending, Standing},
};
use std::{sync::Arc, time::Duration};

/// Questions that wait for the journal at once. A disk that takes nothing for hours must not let them
/// gather without end.
const MOST_QUESTIONS: usize = 1000;

impl Board {
    pub(super) fn order(&mut self, now: Moment, signed: &SignedOrder, pinned: &[VerifyingKey]) {
        let config = Arc::clone(&self.config);
        let ari_up = matches!(self.asterisk, Asterisk::Up { .. });
        let host = Host { draining: self.draining, ari_up, speaks_codes: self.speaks_codes };
        match policy::judge(&config, pinned, &self.ledger, host, now, signed) {
            Verdict::Obey(permit) => self.obey(now, *permit),
            Verdict::Repeated => {
                tracing::info!("an order came again; its reports are sent again");
                self.effects.push(Effect::ResendReports);
            }
            Verdict::Refuse(refusal) => self.refuse(now, &refusal, Fingerprint::of(signed)),
        }
    }

    /// From here to the INVITE nothing is done but the journal's commit and the request.
    fn obey(&mut self, now: Moment, permit: Permit<'_>) {
        let Permit { order, trunk, fingerprint, ring, talk } = permit;
        let attempt = order.attempt_id;
        let resume = Resume {
            call_id: order.call_id,
            ring_seconds: ring.as_secs(),
            talk_seconds: talk.as_secs(),
            speaks_code: order.prompt.code.is_some(),
            // The code stays in memory: no later run may speak it, and nobody is to find it on the disk.
            prompt: Prompt { code: None, ..order.prompt.clone() },
        };
        let number = NumberMark::of(&order.to);
        let came = Came { at: now.local, issued: order.issued_at };
        self.effects.push(Effect::Enter(Box::new(OrderRow {
            attempt,
            fingerprint,
            trunk: trunk.name.clone(),
            number,
            came,
            resume: resume.clone(),
        })));
        self.ledger.start(attempt, fingerprint, &trunk.name, Some(number), talk, came);
        let dial = Dial {
            attempt,
            endpoint: trunk.dial.endpoint(&order.to),
            caller_id: trunk.caller_id.clone(),
            ring,
            prompt: order.prompt,
        };
        let entering = Entering {
            trunk: trunk.name.clone(),
            number,
            came_at: came.at,
            resume,
            dial: Box::new(dial),
            expires_at: order.expires_at,
        };
        self.entering.insert(attempt, entering);
        tracing::info!(%attempt, call = %order.call_id, trunk = trunk.name, to = %order.to.last_four(), "order");
        self.publish_health();
    }

    /// It is on disk: now, and only now, it may be dialled.
    pub(super) fn journalled(&mut self, now: Moment, attempt: AttemptId) {
        let Some(entering) = self.entering.remove(&attempt) else { return };
        if now.corrected >= entering.expires_at {
            let detail = "the journal of this host took it so slowly that it expired".to_owned();
            tracing::error!(%attempt, detail, "order refused");
            let refused = AttemptEvent::Refused { reason: Reason::Expired, detail };
            self.withdraw(now, attempt, &entering, refused);
            return;
        }
        if let Some(detail) = self.leave_together(now, &entering.trunk) {
            tracing::warn!(%attempt, detail, "order refused");
            let refused = AttemptEvent::Refused { reason: Reason::RateLimited, detail };
            self.withdraw(now, attempt, &entering, refused);
            return;
        }
        let Entering { trunk, resume, dial, .. } = entering;
        self.departures.asked(attempt, &trunk);
        let subject = if resume.speaks_code { Subject::Code } else { Subject::Alert };
        let call = Call::new(Plan { subject, ..resume.plan() });
        let prompt = dial.prompt.clone();
        let known = Attempt { call, trunk, resume, prompt, answered_at: None, dial: Some(dial) };
        self.attempts.insert(attempt, known);
        self.feed(now, attempt, call::Input::Start);
    }

    /// Why one more INVITE of this trunk would be too much at this moment, if it would.
    fn leave_together(&self, now: Moment, trunk: &str) -> Option<String> {
        let most = self.config.trunk(trunk)?.max_calls_per_second;
        let leaving = self.departures.now(trunk, now.local);
        (leaving >= most as usize).then(|| {
            format!("trunk {trunk} has {leaving} calls on their way out at once, its max_calls_per_second")
        })
    }

    /// The contract has no reason of its own for a full disk; `ari_unavailable` is what makes the
    /// control plane try another host.
    pub(super) fn not_journalled(&mut self, now: Moment, attempt: AttemptId, why: &str) {
        let Some(entering) = self.entering.remove(&attempt) else { return };
        let detail = format!("the journal of this host cannot be written, so nothing was dialled: {why}");
        tracing::error!(%attempt, detail, "order refused");
        let refused = AttemptEvent::Refused { reason: Reason::AriUnavailable, detail };
        self.withdraw(now, attempt, &entering, refused);
    }

    /// An order that was accepted and will never be dialled.
    fn withdraw(&mut self, now: Moment, attempt: AttemptId, entering: &Entering, event: AttemptEvent) {
        self.ledger.finish(attempt, &entering.trunk, Duration::ZERO, now.local);
        self.ledger.take_back(entering.number, entering.came_at);
        let (progress, talked) = (Progress::Over, Duration::ZERO);
        let report = NewReport { attempt, at: now, event, progress, talked, undialled: true };
        self.effects.push(Effect::Append(Box::new(report)));
        self.publish_health();
    }

    fn refuse(&mut self, now: Moment, refusal: &Refusal, fingerprint: Fingerprint) {
        let Refusal { attempt, issued, reason, detail } = refusal;
        tracing::warn!(?attempt, %reason, detail, "order refused");
        let Some(attempt) = *attempt else { return };
        let came = Came { at: now.local, issued: issued.unwrap_or(now.corrected) };
        self.ledger.remember(attempt, Seen::Order { fingerprint, live: false }, came);
        self.effects.push(Effect::Remember { attempt, fingerprint, came });
        let refused = AttemptEvent::Refused { reason: *reason, detail: detail.clone() };
        self.report(now, attempt, refused, Duration::ZERO);
    }

    /// An order that comes after its cancellation must not start, nor one that the disk is still taking.
    pub(super) fn cancel(&mut self, now: Moment, attempt: AttemptId) {
        if self.attempts.contains_key(&attempt) {
            tracing::info!(%attempt, "cancelled");
            self.feed(now, attempt, call::Input::Cancel);
        } else if let Some(entering) = self.entering.remove(&attempt) {
            tracing::info!(%attempt, "cancelled before it was dialled");
            let cancelled = Ending {
                status: AttemptStatus::Cancelled,
                sip_code: None,
                hangup_cause: None,
                ari_status: None,
                reason: None,
                unwitnessed: false,
                spoken: false,
            };
            self.withdraw(now, attempt, &entering, AttemptEvent::Ended(cancelled));
        } else if self.ledger.seen(attempt).is_none() && !self.ledger.is_full() {
            let came = Came::never(now);
            self.ledger.remember(attempt, Seen::NeverCame, came);
            self.effects.push(Effect::Burn { attempts: vec![attempt], came, ticket: None });
        }
    }

    pub(super) fn query(&mut self, now: Moment, ticket: u64, attempts: Vec<AttemptId>) {
        let came = Came::never(now);
        let standings: Vec<AttemptStanding> = attempts
            .into_iter()
            .map(|attempt_id| AttemptStanding { attempt_id, standing: self.ledger.standing(attempt_id) })
            .collect();
        let never: Vec<AttemptId> = standings
            .iter()
            .filter(|standing| standing.standing == Standing::NeverSeen)
            .map(|standing| standing.attempt_id)
            .collect();
        if never.is_empty() {
            self.effects.push(Effect::Answer { ticket, standings });
            return;
        }
        let is_news = never.iter().any(|attempt| self.ledger.seen(*attempt).is_none());
        if self.answers.len() >= MOST_QUESTIONS || (is_news && self.ledger.is_full()) {
            tracing::error!("a query stays unanswered: this host remembers as much as it can");
            self.effects.push(Effect::LeaveUnanswered { ticket });
            return;
        }
        for attempt in &never {
            self.ledger.remember(*attempt, Seen::NeverCame, came);
        }
        self.answers.insert(ticket, standings);
        self.effects.push(Effect::Burn { attempts: never, came, ticket: Some(ticket) });
    }

    pub(super) fn burned(&mut self, ticket: u64) {
        let standings = self.answers.remove(&ticket);
        self.effects.extend(standings.map(|standings| Effect::Answer { ticket, standings }));
    }
}
