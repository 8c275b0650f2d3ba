//! A model of Asterisk and of what lies behind its trunks, with the measured quirks of the real one.
//!
//! Originate answers at once and the INVITE leaves; a live channel id is answered 409 and may be used
//! again once it is gone; an unreachable trunk is answered 500 without an event; nobody who does not
//! answer ever enters Stasis; a channel that is answered while no application listens is hung up;
//! events are lost while the stream is down, and channels live on.

mod life;

use super::{
    event::{Event, Request},
    world::World,
};
use pbx_agent::{
    ari::{Channel as Listed, Event as AriEvent, EventKind, Originated},
    board::{Dial, Input},
};
use rand::RngExt;
use std::{collections::BTreeMap, time::Duration};

/// One Asterisk.
#[derive(Debug, Default)]
pub struct Asterisk {
    /// Of this process.
    pub life: u64,
    /// Whether it runs.
    pub up: bool,
    /// Harms that keep it from answering.
    pub stalled: u32,
    /// Which life of the agent listens to events.
    pub listener: Option<u64>,
    /// Channels by id.
    pub channels: BTreeMap<String, Channel>,
    /// Harms that refuse calls, by trunk.
    pub refusing: [u32; 2],
    /// Harms that make a trunk unreachable.
    pub offline: [u32; 2],
    /// Harms that make the carrier behind a trunk slow.
    pub slow: [u32; 2],
    /// What waits until it is no longer stalled.
    pub held: Vec<Event>,
}

/// One channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Which of the host's trunks it is on.
    pub trunk: usize,
    /// Whether it was answered.
    pub up: bool,
    /// Whether the phone has rung.
    pub rang: bool,
    /// What the callee does.
    pub callee: Callee,
}

/// What becomes of an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// Rings until somebody gives up.
    RingsOut,
    /// Answers, and presses this key after a while.
    Presses(char),
    /// Answers and says nothing: a machine.
    Answers,
    /// 486.
    Busy,
    /// 603.
    Declines,
    /// The carrier says 503.
    CarrierFails,
    /// The carrier says 404.
    Unallocated,
}

/// What happens next to a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The INVITE arrives.
    Invite,
    /// The phone rings.
    Ring,
    /// It is answered.
    Answer,
    /// A key is pressed.
    Key(char),
    /// It ends.
    End { cause: u16, sip: Option<u16> },
    /// A playback ends.
    Played,
}

const CAUSE_NORMAL: u16 = 16;

impl World<'_> {
    /// A request of the agent arrives.
    pub(super) fn asked(&mut self, host: usize, life: u64, request: Request) {
        let input = match request {
            Request::Originate(dial) => {
                let attempt = dial.attempt;
                Some(Input::Originated(attempt, self.originate(host, &dial)))
            }
            Request::Play { channel, play, playback } => {
                let attempt = channel.parse().expect("channels are named after attempts");
                if self.hosts[host].asterisk.channels.contains_key(&channel) {
                    let wait = self.millis(300..2_000);
                    let kind = EventKind::PlaybackFinished { playback, ok: true };
                    // What happens meanwhile is told meanwhile.
                    if let Some(life) = self.hosts[host].asterisk.listener {
                        let input = Input::Event(AriEvent { channel, kind });
                        self.later(wait, Event::Told { host, life, input });
                    }
                    None
                } else {
                    Some(Input::NotPlayed { attempt, play })
                }
            }
            Request::Stop { channel, playback } => {
                self.emit(host, channel, EventKind::PlaybackFinished { playback, ok: true });
                None
            }
            Request::HangUp { channel, stray } => {
                let attempt = channel.parse().expect("channels are named after attempts");
                let found =
                    self.hosts[host].asterisk.up && self.hosts[host].asterisk.channels.contains_key(&channel);
                if found {
                    self.end_channel(host, &channel, CAUSE_NORMAL, None);
                }
                (!found && !stray && self.hosts[host].asterisk.up).then_some(Input::NoChannel(attempt))
            }
            Request::Look { channel } => {
                let asterisk = &self.hosts[host].asterisk;
                let attempt = channel.parse().expect("channels are named after attempts");
                asterisk.up.then(|| Input::Looked(attempt, asterisk.listed(&channel)))
            }
        };
        if let Some(input) = input {
            let wait = self.micros(100..1_000);
            self.later(wait, Event::Told { host, life, input });
        }
    }

    fn originate(&mut self, host: usize, dial: &Dial) -> Originated {
        let asterisk = &self.hosts[host].asterisk;
        if !asterisk.up {
            return Originated::Lost { maybe_sent: false, why: "nobody listens".to_owned() };
        }
        let channel = dial.attempt.to_string();
        let trunk = usize::from(dial.endpoint.ends_with("-b"));
        if asterisk.channels.contains_key(&channel) {
            self.truth.originated(self.now, dial.attempt, false);
            return Originated::Status { status: 409, body: "exists".to_owned() };
        }
        if asterisk.offline[trunk] > 0 {
            return Originated::Status { status: 500, body: "Allocation failed".to_owned() };
        }
        let callee = match self.rng.random_range(0..12) {
            _ if asterisk.refusing[trunk] > 0 => Callee::CarrierFails,
            0..=4 => Callee::Presses('1'),
            5 => Callee::Presses('3'),
            6 => Callee::Answers,
            7 | 8 => Callee::RingsOut,
            9 => Callee::Busy,
            10 => Callee::Declines,
            _ => Callee::Unallocated,
        };
        let new = Channel { trunk, up: false, rang: false, callee };
        self.hosts[host].asterisk.channels.insert(channel.clone(), new);
        self.truth.originated(self.now, dial.attempt, true);
        self.check_originate(host, trunk, dial);
        let life = self.hosts[host].asterisk.life;
        let wait = self.micros(500..2_000);
        self.later(wait, Event::Channel { host, life, channel: channel.clone(), step: Step::Invite });
        let step = Step::End { cause: 19, sip: Some(480) };
        self.later(dial.ring, Event::Channel { host, life, channel, step });
        Originated::Status { status: 200, body: String::new() }
    }

    /// Something happens to a channel of this life of Asterisk.
    pub(super) fn channel(&mut self, host: usize, life: u64, id: String, step: Step) {
        if self.hosts[host].asterisk.life != life {
            return;
        }
        let Some(channel) = self.hosts[host].asterisk.channels.get_mut(&id) else { return };
        match step {
            Step::Invite => {
                let trunk = channel.trunk;
                let end = |cause, sip| Step::End { cause, sip: Some(sip) };
                let (wait, next) = match channel.callee {
                    Callee::Busy => (30..200, end(17, 486)),
                    Callee::Declines => (200..2_000, end(21, 603)),
                    Callee::CarrierFails => (5..100, end(34, 503)),
                    Callee::Unallocated => (5..100, end(1, 404)),
                    Callee::RingsOut | Callee::Presses(_) | Callee::Answers => (20..400, Step::Ring),
                };
                let is_slow = self.hosts[host].asterisk.slow[trunk] > 0;
                // Past the time for ringing, too: then nothing comes of it.
                let wait = self.millis(if is_slow { 1_000..40_000 } else { wait });
                self.later(wait, Event::Channel { host, life, channel: id, step: next });
            }
            Step::Ring => {
                channel.rang = true;
                let callee = channel.callee;
                self.rings(host, &id);
                self.emit(host, id.clone(), EventKind::Ringing);
                if callee != Callee::RingsOut {
                    let wait = self.millis(200..6_000);
                    self.later(wait, Event::Channel { host, life, channel: id, step: Step::Answer });
                }
            }
            Step::Answer => {
                channel.up = true;
                let callee = channel.callee;
                self.truth.picked_up(&id);
                self.emit(host, id.clone(), EventKind::Up);
                if self.hosts[host].asterisk.listener.is_none() {
                    self.end_channel(host, &id, CAUSE_NORMAL, None);
                    return;
                }
                self.emit(host, id.clone(), EventKind::StasisStart);
                if let Callee::Presses(key) = callee {
                    let wait = self.millis(500..6_000);
                    self.later(
                        wait,
                        Event::Channel { host, life, channel: id.clone(), step: Step::Key(key) },
                    );
                }
                let hangs_up = self.millis(8_000..60_000);
                let step = Step::End { cause: CAUSE_NORMAL, sip: None };
                self.later(hangs_up, Event::Channel { host, life, channel: id, step });
            }
            Step::Key(key) => {
                self.truth.pressed(&id, key);
                self.emit(host, id.clone(), EventKind::Key(key));
                if key == '3' {
                    let wait = self.millis(1_000..4_000);
                    self.later(wait, Event::Channel { host, life, channel: id, step: Step::Key('1') });
                }
            }
            // Rung out: an answered call is not ended by its ring time.
            Step::End { cause: 19, .. } if channel.up => {}
            Step::End { cause, sip } => self.end_channel(host, &id, cause, sip),
            Step::Played => {}
        }
    }

    /// Whatever rings over a trunk is cut off; Asterisk says why: a Q.850 cause, and a SIP code where it was the
    /// carrier that said so.
    pub(super) fn break_trunk(&mut self, host: usize, trunk: usize, cause: u16, sip: Option<u16>) {
        let asterisk = &self.hosts[host].asterisk;
        let (life, stalled) = (asterisk.life, asterisk.stalled > 0);
        let ringing = asterisk.channels.iter().filter(|(_, channel)| channel.trunk == trunk && !channel.up);
        let ringing: Vec<String> = ringing.map(|(id, _)| id.clone()).collect();
        for channel in ringing {
            let step = Step::End { cause, sip };
            if stalled {
                self.hosts[host].asterisk.held.push(Event::Channel { host, life, channel, step });
            } else {
                self.channel(host, life, channel, step);
            }
        }
    }

    fn end_channel(&mut self, host: usize, id: &str, cause: u16, tech_cause: Option<u16>) {
        if self.hosts[host].asterisk.channels.remove(id).is_some() {
            self.truth.ended(self.now, id);
            let kind = EventKind::Destroyed { cause: Some(cause), tech_cause };
            self.emit(host, id.to_owned(), kind);
        }
    }

    /// Tells whoever listens, in the order of what happens.
    fn emit(&mut self, host: usize, channel: String, kind: EventKind) {
        let (wait, event) = (self.micros(100..800), AriEvent { channel, kind });
        let Some(life) = self.hosts[host].asterisk.listener else { return };
        let at = (self.now + wait).max(self.hosts[host].told_at + Duration::from_micros(1));
        self.hosts[host].told_at = at;
        self.at(at, Event::Told { host, life, input: Input::Event(event) });
    }
}

impl Asterisk {
    fn listed(&self, id: &str) -> Option<Listed> {
        let channel = self.channels.get(id)?;
        let state = if channel.up { "Up" } else { "Ringing" };
        Some(Listed { id: id.to_owned(), state: state.to_owned() })
    }

    /// `GET /ari/channels`.
    pub fn list(&self) -> Vec<Listed> {
        self.channels.keys().filter_map(|id| self.listed(id)).collect()
    }
}
