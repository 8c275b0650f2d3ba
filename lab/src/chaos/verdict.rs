//! What the three witnesses together say: delivered, lost, rung twice. A pure function.

use super::witness::{Accepted, Dialog, LoggedAttempt, LoggedCall, Sent};
use shared::outcome::CallStatus;
use std::{collections::HashMap, fmt::Write, time::Duration};

/// The log is written when the order leaves; clocks are read at slightly different moments.
const SLACK: Duration = Duration::from_millis(50);

/// Everything that was witnessed.
#[derive(Clone, Debug, Default)]
pub struct Witnessed {
    /// By the sender.
    pub sent: Vec<Sent>,
    /// By the call log: the calls of each accepted request, by its id.
    pub logged: HashMap<String, Vec<LoggedCall>>,
    /// By the carrier, in order.
    pub dialogs: Vec<Dialog>,
}

/// The verdict on one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Webhooks answered 202.
    pub accepted: usize,
    /// Of these: key 1 at the carrier, and acknowledged in the log.
    pub delivered: usize,
    /// Of these: over in vain and said so, as their phone never presses a key.
    pub unheard: usize,
    /// The rest, each with its story.
    pub lost: Vec<String>,
    /// Rings that no answer of the callee's explains, and labelled as such.
    pub labelled: usize,
    /// Such rings without the label, each with its story.
    pub unlabelled: Vec<String>,
    /// INVITEs without an attempt of their own: an order originated twice, or by nobody.
    pub originated_twice: Vec<String>,
    /// Labels on attempts whose phone had not been rung: too careful, and no harm.
    pub needless_labels: usize,
    /// Answers other than 202.
    pub refused: usize,
    /// Tries without an answer.
    pub unanswered: usize,
    /// Webhooks that no try got accepted.
    pub not_accepted: usize,
    /// Of these, phones that rang all the same: stored, and the answer lost.
    pub rang_unaccepted: usize,
    /// From the 202 to the first ring; the longest.
    pub longest_outage: Duration,
}

/// Judges a run.
pub fn judge(witnessed: &Witnessed) -> Verdict {
    let mut verdict = Verdict::default();
    for sent in &witnessed.sent {
        verdict.refused += sent.refused.len();
        verdict.unanswered += usize::try_from(sent.unanswered).unwrap_or(usize::MAX);
        let dialogs: Vec<&Dialog> =
            witnessed.dialogs.iter().filter(|dialog| dialog.phone == sent.phone).collect();
        let Some(accepted) = &sent.accepted else {
            verdict.not_accepted += 1;
            verdict.rang_unaccepted += usize::from(!dialogs.is_empty());
            continue;
        };
        let calls = witnessed.logged.get(&accepted.request).map_or(&[][..], Vec::as_slice);
        verdict.case(&Case { sent, accepted, calls, dialogs });
    }
    verdict
}

/// One accepted webhook and all that is known of it.
struct Case<'a> {
    sent: &'a Sent,
    accepted: &'a Accepted,
    calls: &'a [LoggedCall],
    dialogs: Vec<&'a Dialog>,
}

impl Verdict {
    /// Whether every promise was kept.
    pub fn is_sound(&self) -> bool {
        self.lost.is_empty() && self.unlabelled.is_empty() && self.originated_twice.is_empty()
    }

    /// Second rings, labelled or not.
    pub fn rung_twice(&self) -> usize {
        self.labelled + self.unlabelled.len()
    }

    fn case(&mut self, case: &Case<'_>) {
        self.accepted += 1;
        match case.fate() {
            Fate::Delivered => self.delivered += 1,
            Fate::Unheard => self.unheard += 1,
            Fate::Lost(why) => self.lost.push(case.story(&why)),
        }
        self.rings(case);
        let reached = case.dialogs.iter().find_map(|dialog| dialog.reached_at);
        if let Some(reached) = reached {
            self.longest_outage = self.longest_outage.max(reached.saturating_sub(case.accepted.at));
        }
    }

    fn rings(&mut self, case: &Case<'_>) {
        let matched = case.matched();
        let mut before: Option<(&Dialog, Option<&LoggedAttempt>)> = None;
        for (dialog, attempt) in &matched {
            if attempt.is_none() {
                let why = format!("an INVITE at {} that no attempt explains", seconds(dialog.at));
                self.originated_twice.push(case.story(&why));
            }
            if dialog.rang_at.is_none() {
                continue;
            }
            let expected = before
                .is_none_or(|(rung, of)| !rung.key && of.is_some_and(LoggedAttempt::was_answered_by_callee));
            let labelled = attempt.is_some_and(|attempt| attempt.possible_duplicate);
            match (expected, labelled) {
                (true, false) => {}
                (true, true) => self.needless_labels += 1,
                (false, true) => self.labelled += 1,
                (false, false) => {
                    let why = format!("a second ring at {} without a label", seconds(dialog.at));
                    self.unlabelled.push(case.story(&why));
                }
            }
            before = Some((dialog, *attempt));
        }
    }
}

/// What became of an accepted webhook.
enum Fate {
    Delivered,
    Unheard,
    Lost(String),
}

impl Case<'_> {
    fn fate(&self) -> Fate {
        let [call] = self.calls else {
            return Fate::Lost(format!("the log has {} calls of the request, not 1", self.calls.len()));
        };
        let pressed = self.dialogs.iter().any(|dialog| dialog.key);
        match (call.status, pressed) {
            (CallStatus::Acknowledged, true) => Fate::Delivered,
            (CallStatus::Acknowledged, false) => Fate::Lost("acknowledged in the log, by nobody".to_owned()),
            (CallStatus::Exhausted, _) if !self.sent.callee.can_be_reached() && self.was_tried(call) => {
                Fate::Unheard
            }
            (status, _) => {
                let because = call.reason.as_deref().unwrap_or("no reason given");
                let state = if status.is_final() { "ended" } else { "never ended" };
                Fate::Lost(format!("{state}: {status} ({because}), although a PBX was healthy"))
            }
        }
    }

    /// The log shows an answer of the callee's, and the carrier saw the phone ring.
    fn was_tried(&self, call: &LoggedCall) -> bool {
        call.attempts.iter().any(LoggedAttempt::was_answered_by_callee)
            && self.dialogs.iter().any(|dialog| dialog.rang_at.is_some())
    }

    /// Every INVITE with the attempt that it was made for: the newest on its route that was ordered
    /// before it, and that no earlier INVITE was made for.
    fn matched(&self) -> Vec<(&Dialog, Option<&LoggedAttempt>)> {
        let mut free: Vec<&LoggedAttempt> = self.calls.iter().flat_map(|call| &call.attempts).collect();
        free.sort_by_key(|attempt| attempt.initiated_at);
        let mut matched = Vec::new();
        for dialog in &self.dialogs {
            let found = free.iter().rposition(|attempt| {
                attempt.pbx == dialog.pbx
                    && attempt.trunk == dialog.trunk
                    && attempt.initiated_at <= dialog.at + SLACK
            });
            matched.push((*dialog, found.map(|place| free.remove(place))));
        }
        matched
    }

    /// For a person who must find out why.
    fn story(&self, why: &str) -> String {
        let Sent { phone, callee, refused, unanswered, .. } = self.sent;
        let mut out = format!(
            "{why}\n    {phone} ({callee:?}), request {} accepted at {}, {unanswered} tries unanswered, refused {refused:?}",
            self.accepted.request,
            seconds(self.accepted.at)
        );
        for call in self.calls {
            let _ = write!(out, "\n    log: {} {}", call.status, call.reason.as_deref().unwrap_or(""));
            for attempt in &call.attempts {
                let LoggedAttempt { id, pbx, trunk, status, initiated_at, ended, possible_duplicate } =
                    attempt;
                let label = if *possible_duplicate { ", possible duplicate" } else { "" };
                let open = if *ended { "" } else { ", still open" };
                let at = seconds(*initiated_at);
                let _ = write!(out, "\n      {at} {pbx}/{trunk} {status}{label}{open} [{id}]");
            }
        }
        for Dialog { pbx, trunk, at, rang_at, key, .. } in &self.dialogs {
            let rang =
                rang_at.map_or_else(|| "did not ring".to_owned(), |at| format!("rang at {}", seconds(at)));
            let key = if *key { ", key 1" } else { "" };
            let _ = write!(out, "\n    carrier: {} INVITE from {pbx}/{trunk}, {rang}{key}", seconds(*at));
        }
        out
    }
}

fn seconds(at: Duration) -> String {
    format!("{:.2} s", at.as_secs_f64())
}

#[cfg(test)]
mod tests;
