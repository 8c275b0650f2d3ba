//! What the callee hears, and when: the alert up to three times with pauses, a word after a key,
//! and a tone where words cannot be played.

use std::time::Duration;

/// How often the alert is said to somebody who presses nothing.
const ROUNDS: u8 = 3;
/// Silence after each, in which a key is awaited.
const PAUSE: Duration = Duration::from_secs(3);
/// No prompt is longer.
const LONGEST: Duration = Duration::from_secs(90);
/// Asterisk repeats a tone until it is stopped.
const TONE: Duration = Duration::from_secs(2);

/// Pieces of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// What happened, and which keys there are.
    Alert,
    /// Which keys there are.
    Instructions,
    /// Key 1 was understood.
    Thanks,
}

/// How a part is made audible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sound {
    /// A rendered file.
    Spoken,
    /// Asterisk's own tone generator, which needs no file.
    Tone,
}

/// What comes next.
pub(super) enum Next {
    Play { play: u32, part: Part, sound: Sound, limit: Duration },
    Pause(Duration),
    HangUp,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Silent,
    ToPlay(Part),
    Playing { play: u32, part: Part, sound: Sound },
    Played(Part),
    Pausing,
}

#[derive(Clone, Debug)]
pub(super) struct Speech {
    state: State,
    plays: u32,
    rounds: u8,
    tone_only: bool,
}

impl Default for Speech {
    fn default() -> Self {
        Self { state: State::Silent, plays: 0, rounds: 0, tone_only: false }
    }
}

impl Speech {
    /// The channel can be played to; false when it is being played to already.
    pub fn begin(&mut self) -> bool {
        let silent = matches!(self.state, State::Silent);
        if silent {
            self.state = State::ToPlay(Part::Alert);
        }
        silent
    }

    /// A key asks for another part; the playback to stop, if one runs.
    pub fn interrupt(&mut self, part: Part) -> Option<u32> {
        let running = self.running();
        if part == Part::Alert {
            self.rounds = 0;
        }
        self.state = State::ToPlay(part);
        running
    }

    /// Whether this was the playback that runs, so that something comes next.
    pub fn finished(&mut self, number: u32, ok: bool) -> bool {
        match self.state {
            State::Playing { play, part, sound } if play == number => {
                if ok || sound == Sound::Tone {
                    self.played(part);
                } else {
                    self.tone_only = true;
                    self.state = State::ToPlay(part);
                }
                true
            }
            State::Silent | State::ToPlay(_) | State::Playing { .. } | State::Played(_) | State::Pausing => {
                false
            }
        }
    }

    /// The pause is over, or a playback has lasted long enough; the latter's number.
    pub fn timer(&mut self) -> Option<u32> {
        let running = self.running();
        match self.state {
            State::Playing { part, .. } => self.played(part),
            State::Pausing => self.state = State::ToPlay(Part::Alert),
            State::Silent | State::ToPlay(_) | State::Played(_) => {}
        }
        running
    }

    /// Moves on.
    pub fn next(&mut self) -> Next {
        match self.state {
            State::ToPlay(Part::Alert) if self.rounds >= ROUNDS => Next::HangUp,
            State::ToPlay(part) => self.play(part),
            State::Played(Part::Thanks) => Next::HangUp,
            State::Silent | State::Playing { .. } | State::Played(_) | State::Pausing => {
                self.state = State::Pausing;
                Next::Pause(PAUSE)
            }
        }
    }

    fn play(&mut self, part: Part) -> Next {
        let (sound, limit) = if self.tone_only { (Sound::Tone, TONE) } else { (Sound::Spoken, LONGEST) };
        self.plays += 1;
        self.state = State::Playing { play: self.plays, part, sound };
        Next::Play { play: self.plays, part, sound, limit }
    }

    fn played(&mut self, part: Part) {
        self.rounds += u8::from(part == Part::Alert);
        self.state = State::Played(part);
    }

    fn running(&self) -> Option<u32> {
        match self.state {
            State::Playing { play, .. } => Some(play),
            State::Silent | State::ToPlay(_) | State::Played(_) | State::Pausing => None,
        }
    }
}
