//! One attempt as a state machine: no I/O, no clock, no randomness.
//!
//! The [`crate::board`] feeds it what Asterisk says and passes on what it asks for. The
//! order of Asterisk's events is measured, not assumed: a call that nobody answers never enters
//! Stasis; a refused one may be destroyed before the originate request is answered; a channel that
//! is answered while the application is not registered is hung up by Asterisk at once.

mod input;
mod output;
mod speech;
#[cfg(test)]
mod tests;

use shared::{
    outcome::{self, AttemptStatus, Reason},
    protocol::{AttemptEvent, Ending},
    time::Timestamp,
};
use speech::Speech;
use std::time::Duration;

pub use input::Input;
pub use output::{Output, Timer};
pub use speech::{Part, Sound, Subject};

/// The originate request is answered or given up within this time.
const ORIGINATE_LIMIT: Duration = Duration::from_secs(15);
/// Asterisk ends a ring by itself; this much later it is asked what became of the channel.
const OVERDUE: Duration = Duration::from_secs(10);
/// A channel that was told to hang up is looked for again after this time.
const HANGUP_LIMIT: Duration = Duration::from_secs(5);
/// The event of a channel's end may still be on its way when a request finds the channel gone.
const LINGER: Duration = Duration::from_millis(500);
/// More key presses than this are noise on the line, not a person.
const MOST_KEYS: u32 = 32;
/// In place of an HTTP status: the request was sent, and what came of it is not known.
const UNKNOWN: u16 = 0;

/// What of an order the machine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How long it may ring.
    pub ring: Duration,
    /// How long the conversation may last.
    pub talk: Duration,
    /// What it is about.
    pub subject: Subject,
}

/// How far an attempt got, in order. Journalled, so that a restarted agent can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Journalled; whether Asterisk made a channel is not known.
    Accepted,
    /// Asterisk made the channel.
    Placed,
    /// The carrier said that it rings.
    Ringing,
    /// Picked up.
    Answered,
    /// Key 1.
    Acknowledged,
    /// Ended.
    Over,
}

const TIMERS: usize = 4;

/// One attempt.
#[derive(Clone, Debug)]
pub struct Call {
    plan: Plan,
    progress: Progress,
    originating: bool,
    /// Events that overtook the answer of the originate request.
    early: Vec<Input>,
    ari_status: Option<u16>,
    cancelled: bool,
    overdue: bool,
    hanging_up: bool,
    keys: u32,
    /// It was not to be found and will be looked for once more.
    looked_again: bool,
    /// For a part of the conversation nobody listened: a key may have been pressed unheard.
    deaf: bool,
    speech: Speech,
    deadlines: [Option<Timestamp>; TIMERS],
}

impl Call {
    /// A new attempt; [`Input::Start`] sets it off.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            progress: Progress::Accepted,
            originating: false,
            early: Vec::new(),
            ari_status: None,
            cancelled: false,
            overdue: false,
            hanging_up: false,
            keys: 0,
            looked_again: false,
            deaf: false,
            speech: Speech::about(plan.subject),
            deadlines: [None; TIMERS],
        }
    }

    /// An attempt found in the journal of an earlier run; [`Input::Resume`] sets it off.
    pub fn resumed(plan: Plan, progress: Progress) -> Self {
        let ari_status = Some(if progress >= Progress::Placed { 200 } else { UNKNOWN });
        Self { progress, ari_status, deaf: true, ..Self::new(plan) }
    }

    /// How far it got.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes one input at this moment; what must be done about it, in order.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.step(now, input, &mut out);
        out
    }

    fn step(&mut self, now: Timestamp, input: Input, out: &mut Vec<Output>) {
        if self.progress == Progress::Over {
            return;
        }
        if self.originating && overtakes(&input) {
            if self.early.len() < 16 {
                self.early.push(input);
            }
            return;
        }
        self.belies(&input, out);
        match input {
            Input::Start => self.start(now, out),
            Input::Resume => self.resume(now, out),
            Input::OriginateAnswered { status } => self.originate_answered(now, status, out),
            Input::OriginateLost { maybe_sent } => self.originate_lost(now, maybe_sent, out),
            Input::Ringing => self.ringing(out),
            Input::Answered => self.answered(now, out),
            Input::EnteredStasis => self.entered_stasis(now, out),
            Input::Key(digit) => self.key(now, digit, out),
            Input::PlaybackFinished { play, ok } => {
                if self.speech.finished(play, ok) {
                    self.speak(now, out);
                }
            }
            Input::Destroyed { cause, tech_cause } => self.destroyed(cause, tech_cause, out),
            Input::Present { up } => self.present(now, up, out),
            Input::Gone => {
                if !self.originating && self.deadlines[Timer::Linger as usize].is_none() {
                    self.set(Timer::Linger, now + LINGER, out);
                }
            }
            Input::Cancel => self.cancel(now, out),
            Input::Timer(timer) => self.timer(now, timer, out),
        }
    }

    /// An event of a channel that was not to be found: Asterisk had not made it yet, or the event is older
    /// than the look. Only another look tells.
    fn belies(&mut self, input: &Input, out: &mut Vec<Output>) {
        let is_life = matches!(
            input,
            Input::Ringing
                | Input::Answered
                | Input::EnteredStasis
                | Input::Key(_)
                | Input::PlaybackFinished { .. }
        );
        if is_life && self.deadlines[Timer::Linger as usize].take().is_some() {
            out.push(Output::Look);
        }
    }

    fn start(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.originating || self.ari_status.is_some() || self.progress != Progress::Accepted {
            return;
        }
        self.originating = true;
        out.push(Output::Originate);
        self.set(Timer::Watchdog, now + ORIGINATE_LIMIT, out);
    }

    /// Whatever the journal says, it was originated at most once, and never is again.
    fn resume(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.originating || self.ari_status.is_none() {
            return;
        }
        let limit =
            if self.progress >= Progress::Answered { self.plan.talk } else { self.plan.ring + OVERDUE };
        self.set(Timer::Watchdog, now + limit, out);
    }

    fn originate_answered(&mut self, now: Timestamp, status: u16, out: &mut Vec<Output>) {
        if !std::mem::take(&mut self.originating) {
            return;
        }
        self.ari_status = Some(status);
        match status {
            200..=299 | 409 => {
                self.placed(out);
                self.set(Timer::Watchdog, now + self.plan.ring + OVERDUE, out);
                if status == 409 {
                    out.push(Output::Look);
                }
                self.replay_early(now, out);
                if self.cancelled && self.progress != Progress::Over {
                    self.hang_up(now, out);
                }
            }
            401 | 403 => self.fail(Some(Reason::AriUnavailable), false, out),
            _ => self.fail(None, false, out),
        }
    }

    fn originate_lost(&mut self, now: Timestamp, maybe_sent: bool, out: &mut Vec<Output>) {
        if !std::mem::take(&mut self.originating) {
            return;
        }
        self.ari_status = Some(UNKNOWN);
        if !self.early.is_empty() {
            // Only a channel that was made has events.
            self.placed(out);
            self.set(Timer::Watchdog, now + self.plan.ring + OVERDUE, out);
            self.replay_early(now, out);
        } else if maybe_sent {
            out.push(Output::Look);
            self.set(Timer::Watchdog, now + HANGUP_LIMIT, out);
        } else {
            self.fail(Some(Reason::AriUnavailable), false, out);
        }
    }

    fn replay_early(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        for input in std::mem::take(&mut self.early) {
            self.step(now, input, out);
        }
    }

    /// Proof that the channel exists, whatever brought it.
    fn placed(&mut self, out: &mut Vec<Output>) {
        if self.progress < Progress::Placed {
            self.progress = Progress::Placed;
            let ari_status = self.ari_status.filter(|status| *status != UNKNOWN).unwrap_or(200);
            out.push(Output::Report(AttemptEvent::Originated { ari_status }));
        }
    }

    fn ringing(&mut self, out: &mut Vec<Output>) {
        self.placed(out);
        if self.progress < Progress::Ringing {
            self.progress = Progress::Ringing;
            out.push(Output::Report(AttemptEvent::Ringing));
        }
    }

    fn answered(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.placed(out);
        if self.progress < Progress::Answered {
            self.progress = Progress::Answered;
            out.push(Output::Report(AttemptEvent::Answered));
            self.set(Timer::Talk, now + self.plan.talk, out);
            self.set(Timer::Watchdog, now + self.plan.talk + OVERDUE, out);
        }
    }

    fn entered_stasis(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.answered(now, out);
        if !self.hanging_up && self.speech.begin() {
            self.speak(now, out);
        }
    }

    fn key(&mut self, now: Timestamp, digit: char, out: &mut Vec<Output>) {
        let valid = digit.is_ascii_digit() || "*#ABCD".contains(digit);
        if self.progress != Progress::Answered || !valid || self.keys >= MOST_KEYS {
            return;
        }
        self.keys += 1;
        if self.plan.subject == Subject::Alert {
            out.push(Output::Report(AttemptEvent::Key { digit }));
            if digit == '1' {
                self.progress = Progress::Acknowledged;
            }
        }
        if self.hanging_up {
            return;
        }
        let interrupted = match (self.plan.subject, digit) {
            (Subject::Alert | Subject::Code, '3') => self.speech.again(),
            (Subject::Alert, '1') => self.speech.interrupt(Part::Thanks),
            (Subject::Alert, _) => self.speech.interrupt(Part::Instructions),
            // Nobody takes a code with a key, and it is not to be missed because of one.
            (Subject::Code | Subject::LostCode, _) => return,
        };
        out.extend(interrupted.map(|play| Output::Stop { play }));
        self.speak(now, out);
    }

    fn destroyed(&mut self, cause: Option<u16>, tech_cause: Option<u16>, out: &mut Vec<Output>) {
        self.placed(out);
        let sip_code = tech_cause.filter(|code| (300..=699).contains(code));
        let cause = cause.filter(|cause| (1..=127).contains(cause));
        let status = match self.progress {
            Progress::Acknowledged => AttemptStatus::Acknowledged,
            Progress::Answered => AttemptStatus::Answered,
            Progress::Accepted | Progress::Placed | Progress::Ringing | Progress::Over => {
                if self.cancelled {
                    AttemptStatus::Cancelled
                } else if self.overdue {
                    AttemptStatus::NoAnswer
                } else {
                    outcome::judge(sip_code, cause).0
                }
            }
        };
        let unwitnessed = self.deaf && status == AttemptStatus::Answered;
        self.end(Ending { sip_code, hangup_cause: cause, unwitnessed, ..self.ending(status) }, out);
    }

    fn present(&mut self, now: Timestamp, up: bool, out: &mut Vec<Output>) {
        self.deadlines[Timer::Linger as usize] = None;
        self.placed(out);
        if self.hanging_up || self.cancelled || self.progress == Progress::Acknowledged {
            self.hang_up(now, out);
        } else if up {
            self.deaf = true;
            // A channel that is up and alive is in Stasis: Asterisk hangs up those it cannot hand over.
            self.entered_stasis(now, out);
            if self.deadlines[Timer::Talk as usize].is_none() {
                self.set(Timer::Talk, now + self.plan.talk, out);
            }
        } else if self.plan.subject == Subject::LostCode {
            // Nobody is to pick up for nothing.
            self.cancel(now, out);
        } else {
            self.set(Timer::Watchdog, now + self.plan.ring + OVERDUE, out);
        }
    }

    fn cancel(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.cancelled = true;
        if !self.originating {
            self.hang_up(now, out);
        }
    }

    fn timer(&mut self, now: Timestamp, timer: Timer, out: &mut Vec<Output>) {
        let deadline = &mut self.deadlines[timer as usize];
        if deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        *deadline = None;
        match timer {
            Timer::Watchdog if self.originating => self.originate_lost(now, true, out),
            Timer::Watchdog if self.ari_status.is_none() => {}
            Timer::Watchdog if self.progress == Progress::Accepted => {
                out.push(Output::Look);
                self.set(Timer::Watchdog, now + HANGUP_LIMIT, out);
            }
            Timer::Watchdog => {
                self.overdue |= self.progress < Progress::Answered && !self.cancelled;
                self.hang_up(now, out);
            }
            Timer::Talk => self.hang_up(now, out),
            Timer::Speech => {
                if let Some(play) = self.speech.timer() {
                    out.push(Output::Stop { play });
                }
                self.speak(now, out);
            }
            // Asterisk does what it is asked on several threads: it may list its channels before it makes
            // this one, of which it was asked first.
            Timer::Linger if self.progress == Progress::Accepted && !self.looked_again => {
                self.looked_again = true;
                out.push(Output::Look);
                self.set(Timer::Watchdog, now + HANGUP_LIMIT, out);
            }
            Timer::Linger => self.vanished(out),
        }
    }

    /// Does what the speech wants next.
    fn speak(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        match self.speech.next() {
            speech::Next::Play { play, part, sound, limit } => {
                out.push(Output::Play { play, part, sound });
                self.set(Timer::Speech, now + limit, out);
            }
            speech::Next::Pause(pause) => self.set(Timer::Speech, now + pause, out),
            speech::Next::HangUp => self.hang_up(now, out),
        }
    }

    fn hang_up(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.hanging_up = true;
        out.push(Output::Hangup);
        self.set(Timer::Watchdog, now + HANGUP_LIMIT, out);
    }

    /// The channel is gone and nobody saw how: the phone may have rung.
    fn vanished(&mut self, out: &mut Vec<Output>) {
        let status = match self.progress {
            Progress::Acknowledged => AttemptStatus::Acknowledged,
            Progress::Answered => AttemptStatus::Answered,
            Progress::Accepted | Progress::Placed | Progress::Ringing | Progress::Over if self.cancelled => {
                AttemptStatus::Cancelled
            }
            Progress::Accepted | Progress::Placed | Progress::Ringing | Progress::Over => {
                AttemptStatus::Failed
            }
        };
        let reason = (self.progress == Progress::Accepted).then_some(Reason::AriUnavailable);
        self.end(Ending { reason, unwitnessed: true, ..self.ending(status) }, out);
    }

    fn fail(&mut self, reason: Option<Reason>, unwitnessed: bool, out: &mut Vec<Output>) {
        self.end(Ending { reason, unwitnessed, ..self.ending(AttemptStatus::Failed) }, out);
    }

    fn ending(&self, status: AttemptStatus) -> Ending {
        Ending {
            status,
            sip_code: None,
            hangup_cause: None,
            ari_status: self.ari_status.filter(|status| *status != UNKNOWN),
            reason: None,
            unwitnessed: false,
            spoken: self.speech.is_spoken(),
        }
    }

    fn end(&mut self, ending: Ending, out: &mut Vec<Output>) {
        self.progress = Progress::Over;
        self.deadlines = [None; TIMERS];
        out.push(Output::Report(AttemptEvent::Ended(ending)));
        out.push(Output::Done);
    }

    fn set(&mut self, timer: Timer, at: Timestamp, out: &mut Vec<Output>) {
        self.deadlines[timer as usize] = Some(at);
        out.push(Output::SetTimer { timer, at });
    }
}

/// Asterisk's event stream and its HTTP answers come over two sockets.
fn overtakes(input: &Input) -> bool {
    match input {
        Input::Ringing
        | Input::Answered
        | Input::EnteredStasis
        | Input::Key(_)
        | Input::PlaybackFinished { .. }
        | Input::Destroyed { .. }
        | Input::Present { .. } => true,
        Input::Start
        | Input::Resume
        | Input::OriginateAnswered { .. }
        | Input::OriginateLost { .. }
        | Input::Gone
        | Input::Cancel
        | Input::Timer(_) => false,
    }
}
