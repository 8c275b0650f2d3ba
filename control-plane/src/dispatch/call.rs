//! The duty to reach one phone, as a state machine without clock, randomness, database or socket.
//!
//! ```text
//!            Due            Offered                Answered, Key 1
//!  Waiting ------> Choose ----------> Live ----------------------------> final
//!     ^  ^                             |  |
//!     |  +---- callee's answer --------+  |    busy, no answer, no key: a redial after a pause
//!     +------- somebody else's fault -----+    trunk, host, link: another route at once
//! ```
//! The driver stores the machine with its call, asks [`Call::wake_at`] when to come back with
//! [`Input::Due`], and carries out what [`Call::handle`] returns. At most one attempt is live at a
//! time. An attempt whose fate is unknown (its link or host died) is given up: unheard of, once its
//! order can no longer be started; otherwise once its ringing or talking must be over. The next one
//! is then labelled a possible duplicate. Whatever still becomes known of it later counts: a key
//! pressed is a key pressed.

mod input;
mod next;
mod output;

pub use input::Input;
pub(super) use next::LONGEST_PAUSE;
pub use output::{Output, Send};

use super::{
    policy::{DeliveredWhen, Policy},
    verdict::{self, Next},
};
use crate::fleet::choice::{Candidate, Tried};
use serde::{Deserialize, Serialize};
use shared::{
    ids::{AttemptId, PbxId},
    outcome::{AttemptStatus, CallStatus, Reason},
    protocol::{AttemptEvent, Ending},
    time::Timestamp,
};
use std::time::Duration;

/// How long an agent may start an order after it was made.
pub const ORDER_LIFETIME: Duration = Duration::from_secs(6);
/// How long a conversation may last; the agent ends it.
pub const TALK: Duration = Duration::from_secs(120);
/// What a report may take beyond the moment at which its cause must have happened.
pub(super) const GRACE: Duration = Duration::from_secs(3);
/// What the end of a ring or a conversation may take beyond its time: an agent whose Asterisk does
/// not end it looks for the channel 10 s later, and hangs up.
const END_GRACE: Duration = Duration::from_secs(15);
/// A call. Serializable: this is what the database keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    policy: Policy,
    expires_at: Timestamp,
    status: CallStatus,
    reason: Option<Reason>,
    phase: Phase,
    /// Redials used up.
    redials: u16,
    /// Routes tried since the last pause.
    failovers: u16,
    /// Where not to try again before the next pause.
    tried: Vec<Tried>,
    /// Times in a row that nobody could take it.
    turned_away: u32,
    /// Times in a row that every route failed.
    rounds: u32,
    /// An earlier attempt may have rung the phone without our knowing how that ended.
    uncertain: bool,
    /// It speaks a code: it is about no alert, and keys mean nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    speaks_code: bool,
}

/// What the call waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    /// For a moment, or, with `wanted`, for a PBX that can take it.
    Waiting { until: Timestamp, wanted: Option<Reason> },
    /// For the end of an attempt, even after the call itself is final.
    Live(Live),
    /// For nothing.
    Over,
}

/// The attempt under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Live {
    id: AttemptId,
    pbx: PbxId,
    trunk: String,
    /// Whether its agent has said anything about it.
    heard_of: bool,
    /// Its host was told to hang up, and is told again if it has not heard.
    unwanted: bool,
    /// An earlier attempt may have rung the phone already.
    possible_duplicate: bool,
    /// By now its end must have been reported.
    deadline: Timestamp,
}

impl Call {
    /// A call that is due at once.
    pub fn new(policy: Policy, now: Timestamp) -> Self {
        Self {
            expires_at: now + policy.lifetime(),
            policy,
            status: CallStatus::Queued,
            reason: None,
            phase: Phase::Waiting { until: now, wanted: None },
            redials: 0,
            failovers: 0,
            tried: Vec::new(),
            turned_away: 0,
            rounds: 0,
            uncertain: false,
            speaks_code: false,
        }
    }

    /// The same, of a call that speaks a code: it has reached its person once that was spoken in full.
    #[must_use]
    pub fn speaking_code(self) -> Self {
        Self { speaks_code: true, ..self }
    }

    /// A call that is held back and never placed.
    pub fn blocked(policy: Policy, now: Timestamp, reason: Reason) -> Self {
        let mut call = Self::new(policy, now);
        call.finish(CallStatus::Blocked, Some(reason));
        call
    }

    /// A call of which only the status is known: final where it was, otherwise due at once, and in
    /// doubt whether the phone has rung.
    pub fn recovered(policy: Policy, now: Timestamp, status: CallStatus) -> Self {
        let mut call = Self { uncertain: true, ..Self::new(policy, now) };
        if status.is_final() {
            call.finish(status, None);
        }
        call
    }

    /// Where it stands.
    pub fn status(&self) -> CallStatus {
        self.status
    }

    /// Why it was blocked or expired, or what a queued call waits for.
    pub fn reason(&self) -> Option<Reason> {
        match self.phase {
            Phase::Waiting { wanted, .. } => wanted,
            Phase::Live(_) | Phase::Over => self.reason,
        }
    }

    /// Whether it speaks a code, and is about no alert.
    pub fn speaks_code(&self) -> bool {
        self.speaks_code
    }

    /// Where it is not to try again before its pause is over.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// After this moment nobody is rung any more.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When [`Input::Due`] is wanted; `None` once nothing more will happen by itself.
    pub fn wake_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Waiting { until, .. } => Some((*until).min(self.expires_at)),
            Phase::Live(live) => Some(live.deadline),
            Phase::Over => None,
        }
    }

    /// Takes an input and says what is to be done.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        match input {
            Input::Due => self.due(now),
            Input::Offered { attempt, candidate } => self.offered(now, attempt, candidate),
            Input::NoCandidate(why) => self.no_candidate(now, why),
            Input::Report { attempt, event } => self.reported(now, attempt, &event),
            Input::NeverStarted { attempt } => self.never_started(now, attempt),
            Input::StillLive { attempt, pbx } => self.still_live(now, attempt, pbx),
            Input::Cancel => self.end_early(CallStatus::Cancelled, None),
            Input::Readdressed => self.readdressed(),
            Input::Raised => self.raised(),
            Input::Started => self.started(now),
            Input::ClockSet { by } => self.clock_was_set(by),
            Input::Forgotten => self.end_early(CallStatus::Expired, Some(Reason::Duplicate)),
        }
    }

    fn readdressed(&mut self) -> Vec<Output> {
        self.tried.clear();
        (self.redials, self.failovers, self.rounds) = (0, 0, 0);
        self.uncertain = false;
        vec![]
    }

    /// Its pause is over. It becomes due at its birth and not now: that is past by any clock, also where the
    /// clock was set and it has yet to move with it.
    fn raised(&mut self) -> Vec<Output> {
        let born = self.expires_at - self.policy.lifetime();
        if let Phase::Waiting { until, wanted: None } = &mut self.phase {
            *until = born.min(*until);
        }
        vec![]
    }

    /// It cannot live for longer than its whole life, nor wait for longer than its longest pause: where it
    /// would, the clock was set back.
    fn started(&mut self, now: Timestamp) -> Vec<Output> {
        let longest_pause = self.policy.redial_pause().max(LONGEST_PAUSE);
        let longest_call = self.policy.ring().max(TALK) + END_GRACE;
        let was_set_back = self.expires_at > now + self.policy.lifetime();
        self.expires_at = self.expires_at.min(now + self.policy.lifetime());
        match &mut self.phase {
            Phase::Waiting { until, .. } if was_set_back || *until > now + longest_pause => *until = now,
            Phase::Live(live) => live.deadline = live.deadline.min(now + longest_call),
            Phase::Waiting { .. } | Phase::Over => {}
        }
        vec![]
    }

    fn clock_was_set(&mut self, by: i64) -> Vec<Output> {
        self.expires_at = self.expires_at.shifted(by);
        match &mut self.phase {
            Phase::Waiting { until, .. } => *until = until.shifted(by),
            Phase::Live(live) => live.deadline = live.deadline.shifted(by),
            Phase::Over => {}
        }
        vec![]
    }

    fn due(&mut self, now: Timestamp) -> Vec<Output> {
        match &self.phase {
            Phase::Over => vec![],
            Phase::Live(live) if now < live.deadline => vec![],
            Phase::Live(live) => {
                let (attempt, pbx) = (live.id, live.pbx);
                let mut outputs = vec![Output::CancelAttempt { attempt, pbx }, Output::GiveUp { attempt }];
                self.uncertain = true;
                let next = Next::FailOver { whole_pbx: true, reason: None };
                outputs.extend(self.proceed(now, attempt, next));
                outputs
            }
            Phase::Waiting { until, wanted } => {
                if now >= self.expires_at {
                    return self.expire();
                }
                let is_over = now >= *until;
                if wanted.is_none() && !is_over {
                    return vec![];
                }
                if is_over && self.uncertain && !self.tried.is_empty() {
                    // It may have rung where it failed, and would again.
                    return self.redial(now);
                }
                if is_over {
                    self.tried.clear();
                    self.failovers = 0;
                }
                vec![Output::Choose { avoid: self.tried.clone() }]
            }
        }
    }

    fn offered(&mut self, now: Timestamp, attempt: AttemptId, route: Candidate) -> Vec<Output> {
        let Phase::Waiting { .. } = self.phase else { return vec![] };
        if now >= self.expires_at {
            return self.expire();
        }
        let expires_at = (now + ORDER_LIFETIME).min(self.expires_at);
        let possible_duplicate = std::mem::take(&mut self.uncertain);
        self.status = CallStatus::Calling;
        self.turned_away = 0;
        self.phase = Phase::Live(Live {
            id: attempt,
            pbx: route.pbx,
            trunk: route.trunk.clone(),
            heard_of: false,
            unwanted: false,
            possible_duplicate,
            deadline: expires_at + GRACE,
        });
        vec![Output::Send(Send {
            attempt,
            route,
            expires_at,
            ring_seconds: self.policy.ring_seconds,
            possible_duplicate,
        })]
    }

    fn reported(&mut self, now: Timestamp, attempt: AttemptId, event: &AttemptEvent) -> Vec<Output> {
        let ring = self.policy.ring();
        match event {
            AttemptEvent::Refused { reason, .. } => {
                self.proceed(now, attempt, verdict::after_refusal(*reason))
            }
            AttemptEvent::Originated { .. } => self.heard(attempt, now + ring + END_GRACE),
            AttemptEvent::Ringing => vec![],
            AttemptEvent::Answered => {
                self.heard(attempt, now + TALK + END_GRACE);
                match self.policy.delivered_when {
                    DeliveredWhen::Answered if !self.speaks_code => {
                        self.deliver(attempt, CallStatus::Answered)
                    }
                    DeliveredWhen::Answered | DeliveredWhen::Acknowledged => vec![],
                }
            }
            AttemptEvent::Key { digit: '1' } if !self.speaks_code => {
                self.deliver(attempt, CallStatus::Acknowledged)
            }
            AttemptEvent::Key { .. } => vec![],
            AttemptEvent::Ended(ending) => self.ended(now, attempt, ending),
        }
    }

    fn ended(&mut self, now: Timestamp, attempt: AttemptId, ending: &Ending) -> Vec<Output> {
        let mut outputs = match (ending.status, self.policy.delivered_when) {
            _ if self.speaks_code && ending.spoken => self.deliver(attempt, CallStatus::Answered),
            _ if self.speaks_code => vec![],
            (AttemptStatus::Acknowledged, _) => self.deliver(attempt, CallStatus::Acknowledged),
            (AttemptStatus::Answered, DeliveredWhen::Answered) => self.deliver(attempt, CallStatus::Answered),
            _ => vec![],
        };
        if self.live(attempt).is_some() {
            self.uncertain |= ending.unwitnessed;
            outputs.extend(self.proceed(now, attempt, verdict::after_ending(ending)));
        }
        outputs
    }

    fn never_started(&mut self, now: Timestamp, attempt: AttemptId) -> Vec<Output> {
        let mut outputs = vec![Output::CloseUnstarted { attempt }];
        if let Some(live) = self.live(attempt) {
            // Said of an attempt that was under way, it means that the host lost its journal.
            self.uncertain |= live.heard_of || live.possible_duplicate;
            outputs.extend(self.fail_over(now, None));
        }
        outputs
    }

    fn still_live(&mut self, now: Timestamp, attempt: AttemptId, pbx: PbxId) -> Vec<Output> {
        match &mut self.phase {
            Phase::Live(live) if live.id == attempt && !live.unwanted => {
                if !live.heard_of {
                    live.heard_of = true;
                    live.deadline = now + self.policy.ring() + END_GRACE;
                }
                vec![]
            }
            // Given up or hung up while its link was down.
            Phase::Live(_) | Phase::Waiting { .. } | Phase::Over => {
                vec![Output::CancelAttempt { attempt, pbx }]
            }
        }
    }

    /// Nobody is to be rung for it any more.
    fn end_early(&mut self, status: CallStatus, reason: Option<Reason>) -> Vec<Output> {
        if self.status.is_final() {
            return vec![];
        }
        let outputs = self.hang_up_live(None);
        self.finish(status, reason);
        outputs
    }

    /// Somebody was reached through this attempt. Also where the call had ended in vain before the
    /// news came, since that is what happened; but a call that was cancelled stays cancelled.
    fn deliver(&mut self, through: AttemptId, status: CallStatus) -> Vec<Output> {
        let is_news = match self.status {
            CallStatus::Queued
            | CallStatus::Calling
            | CallStatus::Exhausted
            | CallStatus::Expired
            | CallStatus::Blocked => true,
            CallStatus::Answered => status == CallStatus::Acknowledged,
            CallStatus::Acknowledged | CallStatus::Cancelled => false,
        };
        if !is_news {
            return vec![];
        }
        self.finish(status, None);
        self.hang_up_live(Some(through))
    }

    /// Hangs up the attempt under way, unless it is `spare`.
    fn hang_up_live(&mut self, spare: Option<AttemptId>) -> Vec<Output> {
        match &mut self.phase {
            Phase::Live(live) if Some(live.id) != spare => {
                live.unwanted = true;
                vec![Output::CancelAttempt { attempt: live.id, pbx: live.pbx }]
            }
            Phase::Live(_) | Phase::Waiting { .. } | Phase::Over => vec![],
        }
    }

    /// Moves the deadline of the live attempt, now that its agent has spoken of it.
    fn heard(&mut self, attempt: AttemptId, deadline: Timestamp) -> Vec<Output> {
        if let Phase::Live(live) = &mut self.phase
            && live.id == attempt
        {
            live.heard_of = true;
            live.deadline = deadline;
        }
        vec![]
    }

    fn live(&self, attempt: AttemptId) -> Option<Live> {
        match &self.phase {
            Phase::Live(live) if live.id == attempt => Some(live.clone()),
            Phase::Live(_) | Phase::Waiting { .. } | Phase::Over => None,
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
