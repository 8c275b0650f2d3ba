//! Everything that passed the carrier, and what it was told to do about calls.

use super::{behaviour::Behaviour, sip};
use std::{
    collections::{HashMap, VecDeque},
    net::{SocketAddr, SocketAddrV4},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From a PBX to the carrier.
    FromPbx,
    /// From the carrier to a PBX.
    ToPbx,
}

/// One SIP message as it passed.
#[derive(Clone, Debug)]
pub struct Passed {
    /// When the relay held it in its hands.
    pub at: Instant,
    /// Which way.
    pub direction: Direction,
    /// The whole message.
    pub message: String,
}

/// One dialog, from its first INVITE.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// Call-ID.
    pub call_id: String,
    /// The trunk it came over.
    pub trunk: String,
    /// Called digits, as they stood in the INVITE.
    pub to: String,
    /// Where the PBX sent it from.
    pub pbx: SocketAddr,
    /// The port that hears the PBX's audio comes from here.
    pub audio_port: Option<u16>,
    /// What it gets.
    pub behaviour: Behaviour,
    /// Every message, in order.
    pub passed: Vec<Passed>,
    /// The sipp that plays it, once one does.
    pub player: Option<SocketAddrV4>,
    /// An expectation took it: the next one gets another call.
    pub taken: bool,
}

impl CallRecord {
    /// The first message that fits.
    pub fn first(&self, direction: Direction, fits: impl Fn(&str) -> bool) -> Option<&Passed> {
        self.passed.iter().find(|passed| passed.direction == direction && fits(&passed.message))
    }

    /// The request of this method from the PBX.
    pub fn request(&self, method: &str) -> Option<&Passed> {
        self.first(Direction::FromPbx, |message| sip::method(message) == Some(method))
    }

    /// The final response to the INVITE that stands at the end; challenges are not final.
    pub fn final_response(&self) -> Option<(Instant, u16)> {
        self.passed.iter().rev().find_map(|passed| {
            let status = sip::status(&passed.message)?;
            let of_invite = sip::cseq(&passed.message)?.1 == "INVITE";
            (passed.direction == Direction::ToPbx
                && of_invite
                && status >= 200
                && status != 401
                && status != 407)
                .then_some((passed.at, status))
        })
    }

    /// Keys that were pressed and that the PBX confirmed.
    pub fn keys(&self) -> Vec<char> {
        let confirmed: Vec<u32> = self
            .passed
            .iter()
            .filter(|passed| {
                passed.direction == Direction::FromPbx && sip::status(&passed.message) == Some(200)
            })
            .filter_map(|passed| sip::cseq(&passed.message))
            .filter_map(|(number, method)| (method == "INFO").then_some(number))
            .collect();
        let mut pressed: Vec<(u32, char)> = self
            .passed
            .iter()
            .filter(|passed| sip::method(&passed.message) == Some("INFO"))
            .filter_map(|passed| Some((sip::cseq(&passed.message)?.0, sip::key(&passed.message)?)))
            .filter(|(number, _)| confirmed.contains(number))
            .collect();
        pressed.dedup();
        pressed.into_iter().map(|(_, key)| key).collect()
    }
}

/// A behaviour for some calls.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: u64,
    pub(super) number: String,
    pub(super) trunk: Option<String>,
    /// Only for the next call that fits.
    pub(super) once: bool,
    pub(super) behaviour: Behaviour,
}

/// What a trunk does to everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) dead: bool,
    pub(super) delay: Duration,
    /// Refuses every new call with this code.
    pub(super) refusing: Option<u16>,
}

/// The state behind a mutex, and a bell that rings at every change.
#[derive(Debug)]
pub(super) struct Book {
    inner: Mutex<Inner>,
    bell: watch::Sender<u64>,
    /// Times in stories count from here.
    pub(super) opened: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) calls: Vec<CallRecord>,
    pub(super) by_call_id: HashMap<String, usize>,
    /// Every message in the order it passed: its call and its place there.
    pub(super) order: Vec<(usize, usize)>,
    pub(super) rules: VecDeque<Rule>,
    pub(super) default: Option<Behaviour>,
    pub(super) lines: HashMap<String, Line>,
    /// OPTIONS seen, by trunk.
    pub(super) options: HashMap<String, u64>,
    /// Audio heard, by the PBX's RTP port.
    pub(super) heard: HashMap<u16, Heard>,
    /// What the relay itself could not do.
    pub(super) faults: Vec<String>,
    next_rule: u64,
}

/// Audio that a PBX sent to the callee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// RTP packets, 20 ms each.
    pub packets: u64,
    /// Those that held anything but silence.
    pub voiced: u64,
}

impl Book {
    pub(super) fn new() -> Self {
        Self { inner: Mutex::default(), bell: watch::Sender::new(0), opened: Instant::now() }
    }

    /// Reads or changes without ringing the bell.
    pub(super) fn read(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes and wakes everybody who waits.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let result = change(&mut self.read());
        self.bell.send_modify(|count| *count += 1);
        result
    }

    /// Waits until `look` finds something, until the deadline, or until the carrier itself has failed.
    pub(super) async fn wait_for<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&mut Inner) -> Option<T>,
    ) -> Option<T> {
        let mut bell = self.bell.subscribe();
        let deadline = tokio::time::Instant::now() + within;
        loop {
            bell.mark_unchanged();
            if let Some(found) = look(&mut self.read()) {
                return Some(found);
            }
            if !self.read().faults.is_empty() {
                return None;
            }
            let Ok(Ok(())) = tokio::time::timeout_at(deadline, bell.changed()).await else {
                return look(&mut self.read());
            };
        }
    }

    /// Everything so far, for a person.
    pub(super) fn story(&self) -> String {
        let inner = self.read();
        let mut out = if inner.calls.is_empty() {
            "no INVITE has reached the carrier".to_owned()
        } else {
            let stories: Vec<String> = inner.calls.iter().map(|call| self.story_of(call)).collect();
            format!("what reached the carrier so far (seconds since it opened):\n{}", stories.join("\n"))
        };
        for fault in &inner.faults {
            out.push_str("\nthe lab's carrier itself failed: ");
            out.push_str(fault);
        }
        out
    }

    pub(super) fn story_of(&self, call: &CallRecord) -> String {
        let mut out =
            format!("call to {} on trunk {} from {} [{}]", call.to, call.trunk, call.pbx, call.call_id);
        for passed in &call.passed {
            let arrow = match passed.direction {
                Direction::FromPbx => "PBX -> carrier",
                Direction::ToPbx => "PBX <- carrier",
            };
            let at = passed.at.duration_since(self.opened).as_secs_f64();
            out.push_str(&format!("\n  {at:>11.6}  {arrow}  {}", sip::summary(&passed.message)));
        }
        out
    }
}

impl Inner {
    /// Number, trunk -> behaviour: a trunk that refuses everything, then the first one-off rule that
    /// fits, then the newest standing one.
    pub(super) fn behaviour_for(&mut self, number: &str, trunk: &str) -> Behaviour {
        if let Some(code) = self.lines.get(trunk).and_then(|line| line.refusing) {
            return Behaviour::refuse(code);
        }
        let fits =
            |rule: &Rule| rule.number == number && rule.trunk.as_deref().is_none_or(|wanted| wanted == trunk);
        if let Some(index) = self.rules.iter().position(|rule| rule.once && fits(rule))
            && let Some(rule) = self.rules.remove(index)
        {
            return rule.behaviour;
        }
        let standing = self.rules.iter().rev().find(|rule| !rule.once && fits(rule));
        standing
            .map(|rule| rule.behaviour.clone())
            .or_else(|| self.default.clone())
            .unwrap_or_else(Behaviour::answer)
    }

    /// Enters a message of a known call.
    pub(super) fn enter(&mut self, call: usize, passed: Passed) {
        self.order.push((call, self.calls[call].passed.len()));
        self.calls[call].passed.push(passed);
    }

    pub(super) fn add_rule(&mut self, mut rule: Rule) -> u64 {
        self.next_rule += 1;
        rule.id = self.next_rule;
        self.rules.push_back(rule);
        self.next_rule
    }

    pub(super) fn rule(&mut self, id: u64) -> Option<&mut Rule> {
        self.rules.iter_mut().find(|rule| rule.id == id)
    }
}

/// Digits only: `+380 50…` and `38050…` name the same phone.
pub(super) fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
