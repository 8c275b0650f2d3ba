//! What the control plane asks: dial, hang up, tell what became of attempts.

use super::{
    Switchboard,
    attempt::{Attempt, Dial},
};
use crate::{
    call::{Call, Input},
    health::Asterisk,
    journal::{JournalError, OrderRow, Resume},
    ledger::{Fingerprint, NumberMark, Seen},
    link::Ask,
    policy::{self, Host, Permit, Refusal, Verdict},
};
use shared::{
    ids::AttemptId,
    order::SignedOrder,
    outcome::Reason,
    protocol::{AttemptEvent, AttemptStanding, Standing},
    time::Timestamp,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

impl Switchboard {
    pub(super) fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Order(signed) => self.order(&signed),
            Ask::Cancel(attempt) => self.cancel(attempt),
            Ask::Query(attempts, answer) => self.query(attempts, answer),
        }
    }

    fn order(&mut self, signed: &SignedOrder) {
        let taken = Instant::now();
        let now = self.parts.clock.corrected();
        let config = Arc::clone(&self.parts.config);
        let host = Host { draining: self.draining, ari_up: matches!(self.asterisk, Asterisk::Up { .. }) };
        let pinned = self.parts.identity.pinned.keys();
        match policy::judge(&config, &pinned, &self.ledger, host, now, signed) {
            Verdict::Obey(permit) => self.obey(*permit, now, taken),
            Verdict::Repeated => {
                tracing::info!("an order came again; its reports are sent again");
                self.parts.resend.send_modify(|count| *count = count.wrapping_add(1));
            }
            Verdict::Refuse(refusal) => self.refuse(&refusal, Fingerprint::of(signed), now),
        }
    }

    /// From here to the INVITE nothing is done but the journal's commit and the request.
    fn obey(&mut self, permit: Permit<'_>, now: Timestamp, taken: Instant) {
        let Permit { order, trunk, fingerprint, ring, talk } = permit;
        let attempt = order.attempt_id;
        let resume = Resume {
            call_id: order.call_id,
            ring_seconds: ring.as_secs(),
            talk_seconds: talk.as_secs(),
            prompt: order.prompt,
        };
        let number = NumberMark::of(&order.to);
        let entered = self.parts.journal.enter(OrderRow {
            attempt,
            fingerprint,
            trunk: trunk.name.clone(),
            number,
            started_at: now,
            resume: resume.clone(),
        });
        self.ledger.start(attempt, fingerprint, &trunk.name, Some(number), talk, now);
        let dial = Dial {
            entered: Box::pin(entered),
            endpoint: trunk.dial.endpoint(&order.to),
            caller_id: trunk.caller_id.clone(),
            ring,
            taken,
        };
        let call = Call::new(resume.plan());
        self.attempts.insert(attempt, Attempt::new(call, trunk.name.clone(), resume, Some(dial)));
        self.feed(attempt, Input::Start);
        tracing::info!(%attempt, call = %order.call_id, trunk = trunk.name, to = %order.to.last_four(), "order");
        self.publish_health();
    }

    fn refuse(&mut self, refusal: &Refusal, fingerprint: Fingerprint, now: Timestamp) {
        let Refusal { attempt, reason, detail } = refusal;
        tracing::warn!(?attempt, %reason, detail, "order refused");
        let Some(attempt) = *attempt else { return };
        self.ledger.remember(attempt, Seen::Order { fingerprint, live: false }, now);
        self.parts.journal.remember(attempt, fingerprint, now);
        self.report(
            attempt,
            AttemptEvent::Refused { reason: *reason, detail: detail.clone() },
            Duration::ZERO,
        );
    }

    /// An order that comes after its cancellation must not start.
    fn cancel(&mut self, attempt: AttemptId) {
        if self.attempts.contains_key(&attempt) {
            tracing::info!(%attempt, "cancelled");
            self.feed(attempt, Input::Cancel);
        } else if self.ledger.seen(attempt).is_none() {
            let now = self.parts.clock.corrected();
            self.ledger.remember(attempt, Seen::NeverCame, now);
            let journal = self.parts.journal.clone();
            self.tasks.spawn(async move {
                if let Err(error) = journal.burn(vec![attempt], now).await {
                    tracing::error!(%attempt, %error, "a cancellation is kept in memory only");
                }
            });
        }
    }

    fn query(&mut self, attempts: Vec<AttemptId>, answer: oneshot::Sender<Vec<AttemptStanding>>) {
        let now = self.parts.clock.corrected();
        let standings: Vec<AttemptStanding> = attempts
            .into_iter()
            .map(|attempt_id| AttemptStanding { attempt_id, standing: self.ledger.standing(attempt_id) })
            .collect();
        let never: Vec<AttemptId> = standings
            .iter()
            .filter(|standing| standing.standing == Standing::NeverSeen)
            .map(|standing| standing.attempt_id)
            .collect();
        for attempt in &never {
            self.ledger.remember(*attempt, Seen::NeverCame, now);
        }
        if never.is_empty() {
            // The link may be gone meanwhile; it will ask again.
            let _ = answer.send(standings);
            return;
        }
        let journal = self.parts.journal.clone();
        self.tasks.spawn(async move {
            match journal.burn(never, now).await {
                Ok(()) => drop(answer.send(standings)),
                Err(error) => tracing::error!(%error, "a query stays unanswered"),
            }
        });
    }

    /// The contract has no reason of its own for a full disk; `ari_unavailable` is what makes the
    /// control plane try another host.
    pub(super) fn not_journalled(&mut self, attempt: AttemptId, error: &JournalError) {
        let Some(gone) = self.attempts.remove(&attempt) else { return };
        let now = self.parts.clock.corrected();
        self.ledger.finish(attempt, &gone.trunk, Duration::ZERO, now);
        let detail = format!("the journal of this host cannot be written, so nothing was dialled: {error}");
        tracing::error!(%attempt, detail, "order refused");
        self.report(
            attempt,
            AttemptEvent::Refused { reason: Reason::AriUnavailable, detail },
            Duration::ZERO,
        );
        self.publish_health();
    }
}
