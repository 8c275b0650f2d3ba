//! What follows when an attempt has ended, or when nobody takes the call.

use super::{Call, Live, Output, Phase};
use crate::{
    dispatch::verdict::{Next, is_fullness},
    fleet::choice::{NoRoute, Tried},
};
use shared::{
    ids::AttemptId,
    outcome::{CallStatus, Reason},
    time::Timestamp,
};
use std::time::Duration;

/// First pause before a fleet without a free PBX, or one whose every route has failed, is asked
/// again; it doubles up to the longest. A PBX that becomes free ends the first kind early.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
pub(in crate::dispatch) const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Routes tried one after another without a pause between them.
pub(super) const MOST_FAILOVERS: u16 = 8;

impl Call {
    /// Nobody takes it at this moment, or ever.
    pub(super) fn no_candidate(&mut self, now: Timestamp, why: NoRoute) -> Vec<Output> {
        let Phase::Waiting { .. } = self.phase else { return vec![] };
        if now >= self.expires_at {
            return self.expire();
        }
        match why {
            NoRoute::Never(reason) => self.finish(CallStatus::Blocked, Some(reason)),
            NoRoute::NotNow(reason) => self.wait_for_pbx(now, reason),
            NoRoute::AllTried => {
                if let Some(reason) =
                    self.tried.iter().find_map(|tried| tried.reason.filter(|reason| is_fullness(*reason)))
                {
                    self.wait_for_pbx(now, reason)
                } else if self.tried.iter().all(|tried| tried.reason == Some(Reason::CountryNotAllowed)) {
                    self.finish(CallStatus::Blocked, Some(Reason::CountryNotAllowed))
                } else {
                    self.routes_failed(now)
                }
            }
        }
    }

    /// Goes on after the live attempt has ended, if it is the live one and the call is not final.
    pub(super) fn proceed(&mut self, now: Timestamp, attempt: AttemptId, next: Next) -> Vec<Output> {
        let Some(Live { pbx, trunk, possible_duplicate, .. }) = self.live(attempt) else { return vec![] };
        self.phase = Phase::Over;
        if self.status.is_final() {
            return vec![];
        }
        match next {
            Next::Redial => self.redial(now),
            Next::FailOver { whole_pbx, reason } => {
                // It has not reached the phone, so the doubt before it stands.
                self.uncertain |= possible_duplicate;
                self.fail_over(now, Some(Tried { pbx, trunk, whole_pbx, reason }))
            }
            Next::Exhausted => self.finish(CallStatus::Exhausted, None),
            Next::Blocked(reason) => self.finish(CallStatus::Blocked, Some(reason)),
        }
    }

    /// After somebody else's fault: another route at once, unless that was tried often enough.
    pub(super) fn fail_over(&mut self, now: Timestamp, tried: Option<Tried>) -> Vec<Output> {
        if self.status.is_final() {
            self.phase = Phase::Over;
            return vec![];
        }
        self.failovers += 1;
        self.tried.extend(tried);
        if now >= self.expires_at {
            return self.expire();
        }
        if self.failovers > MOST_FAILOVERS {
            return self.routes_failed(now);
        }
        self.queue(now, None);
        vec![Output::Choose { avoid: self.tried.clone() }]
    }

    /// Every route has failed. That is nobody's answer and uses up no redial: the call goes on for as
    /// long as it lives, unless the phone may have rung.
    fn routes_failed(&mut self, now: Timestamp) -> Vec<Output> {
        if self.uncertain {
            return self.redial(now);
        }
        let pause = growing_pause(self.rounds);
        self.rounds = self.rounds.saturating_add(1);
        self.failovers = 0;
        self.tried.clear();
        self.queue(now + pause, None);
        vec![]
    }

    /// After the callee's own answer: the same phone later.
    pub(super) fn redial(&mut self, now: Timestamp) -> Vec<Output> {
        self.tried.clear();
        self.failovers = 0;
        self.rounds = 0;
        if self.redials >= self.policy.redials {
            self.phase = Phase::Over;
            return self.finish(CallStatus::Exhausted, None);
        }
        self.redials += 1;
        self.queue(now + self.policy.redial_pause(), None);
        vec![]
    }

    pub(super) fn wait_for_pbx(&mut self, now: Timestamp, reason: Reason) -> Vec<Output> {
        let pause = growing_pause(self.turned_away);
        self.turned_away = self.turned_away.saturating_add(1);
        // Whoever was full may be the one who becomes free; what has failed is left alone for the pause.
        self.tried.retain(|tried| !tried.reason.is_some_and(is_fullness));
        self.queue(now + pause, Some(reason));
        vec![]
    }

    fn queue(&mut self, until: Timestamp, wanted: Option<Reason>) {
        self.status = CallStatus::Queued;
        self.phase = Phase::Waiting { until, wanted };
    }

    pub(super) fn expire(&mut self) -> Vec<Output> {
        let reason = match self.phase {
            Phase::Waiting { wanted: Some(reason), .. } => reason,
            Phase::Waiting { wanted: None, .. } | Phase::Live(_) | Phase::Over => Reason::Expired,
        };
        self.phase = Phase::Over;
        self.finish(CallStatus::Expired, Some(reason))
    }

    /// Makes the call final. An attempt under way stays, until its end is known.
    pub(super) fn finish(&mut self, status: CallStatus, reason: Option<Reason>) -> Vec<Output> {
        self.status = status;
        self.reason = reason;
        self.tried.clear();
        if let Phase::Waiting { .. } = self.phase {
            self.phase = Phase::Over;
        }
        vec![]
    }
}

fn growing_pause(times: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << times.min(8)).min(LONGEST_PAUSE)
}
