//! What the callee hears, and when: the alert or the code up to three times with pauses, a word after a
//! key, and a tone where the words of an alert cannot be played. A tone is no code: there the call ends.

use shared::code::Code;
use std::time::Duration;

/// How often it is said to somebody who presses nothing.
const ROUNDS: u8 = 3;
/// Silence after each, in which a key is awaited.
const PAUSE: Duration = Duration::from_secs(3);
/// Silence after each piece of a code, in which a digit is written down.
const GAP: Duration = Duration::from_millis(400);
/// No prompt is longer.
const LONGEST: Duration = Duration::from_secs(90);
/// Nor is any piece of a code.
const LONGEST_PIECE: Duration = Duration::from_secs(15);
/// Asterisk repeats a tone until it is stopped.
const TONE: Duration = Duration::from_secs(2);
/// Place of a code's last digit.
const LAST: u8 = Code::LENGTH as u8 - 1;

/// What a call is about. The code itself stays with whoever plays: the machine counts its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An alert, which a key takes.
    Alert,
    /// A code, for which no key means anything but to say it again.
    Code,
    /// A code that an earlier run of this program knew: there is nothing to say.
    LostCode,
}

/// Pieces of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// What happened, and which keys there are.
    Alert,
    /// Which keys there are.
    Instructions,
    /// Key 1 was understood.
    Thanks,
    /// Who calls, and that a code follows.
    Greeting,
    /// The digit of the code at this place, from 0.
    Digit(u8),
}

impl Part {
    /// What follows within a round; `None` where it ends.
    fn following(self) -> Option<Self> {
        match self {
            Self::Greeting => Some(Self::Digit(0)),
            Self::Digit(place) if place < LAST => Some(Self::Digit(place + 1)),
            Self::Digit(_) | Self::Alert | Self::Instructions | Self::Thanks => None,
        }
    }

    fn is_of_code(self) -> bool {
        matches!(self, Self::Greeting | Self::Digit(_))
    }
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
    Playing {
        play: u32,
        part: Part,
        sound: Sound,
    },
    Played(Part),
    /// Before this part.
    Pausing(Part),
    /// Nothing more can be said.
    Done,
}

#[derive(Clone, Debug)]
pub(super) struct Speech {
    subject: Subject,
    state: State,
    plays: u32,
    rounds: u8,
    tone_only: bool,
    spoken: bool,
}

impl Speech {
    pub fn about(subject: Subject) -> Self {
        Self { subject, state: State::Silent, plays: 0, rounds: 0, tone_only: false, spoken: false }
    }

    /// Whether a code was said to its last digit.
    pub fn is_spoken(&self) -> bool {
        self.spoken
    }

    /// The channel can be played to; false when it is being played to already.
    pub fn begin(&mut self) -> bool {
        let silent = matches!(self.state, State::Silent);
        if silent {
            self.state = match self.subject {
                Subject::Alert | Subject::Code => State::ToPlay(self.first()),
                Subject::LostCode => State::Done,
            };
        }
        silent
    }

    /// A key asks to hear it all again; the playback to stop, if one runs.
    pub fn again(&mut self) -> Option<u32> {
        self.rounds = 0;
        self.interrupt(self.first())
    }

    /// A key asks for another part; the playback to stop, if one runs.
    pub fn interrupt(&mut self, part: Part) -> Option<u32> {
        let running = self.running();
        if !matches!(self.state, State::Done) {
            self.state = State::ToPlay(part);
        }
        running
    }

    /// Whether this was the playback that runs, so that something comes next.
    pub fn finished(&mut self, number: u32, ok: bool) -> bool {
        match self.state {
            State::Playing { play, part, sound } if play == number => {
                if ok || sound == Sound::Tone {
                    self.played(part);
                } else {
                    self.cannot_play(part);
                }
                true
            }
            State::Silent
            | State::ToPlay(_)
            | State::Playing { .. }
            | State::Played(_)
            | State::Pausing(_)
            | State::Done => false,
        }
    }

    /// The pause is over, or a playback has lasted long enough; the latter's number.
    pub fn timer(&mut self) -> Option<u32> {
        let running = self.running();
        match self.state {
            // Whether a digit was heard is not known.
            State::Playing { part, .. } if part.is_of_code() => self.state = State::Done,
            State::Playing { part, .. } => self.played(part),
            State::Pausing(next) => self.state = State::ToPlay(next),
            State::Silent | State::ToPlay(_) | State::Played(_) | State::Done => {}
        }
        running
    }

    /// Moves on.
    pub fn next(&mut self) -> Next {
        match self.state {
            State::Done | State::Played(Part::Thanks) => Next::HangUp,
            State::ToPlay(part) if part == self.first() && self.rounds >= ROUNDS => Next::HangUp,
            State::ToPlay(part) => self.play(part),
            State::Played(part) => match part.following() {
                Some(next) => self.pause(next, GAP),
                None => self.pause(self.first(), PAUSE),
            },
            State::Pausing(next) => self.pause(next, PAUSE),
            State::Silent | State::Playing { .. } => self.pause(self.first(), PAUSE),
        }
    }

    fn first(&self) -> Part {
        match self.subject {
            Subject::Alert => Part::Alert,
            Subject::Code | Subject::LostCode => Part::Greeting,
        }
    }

    fn pause(&mut self, before: Part, pause: Duration) -> Next {
        self.state = State::Pausing(before);
        Next::Pause(pause)
    }

    fn play(&mut self, part: Part) -> Next {
        let (sound, limit) = match self.tone_only {
            true => (Sound::Tone, TONE),
            false if part.is_of_code() => (Sound::Spoken, LONGEST_PIECE),
            false => (Sound::Spoken, LONGEST),
        };
        self.plays += 1;
        self.state = State::Playing { play: self.plays, part, sound };
        Next::Play { play: self.plays, part, sound, limit }
    }

    fn played(&mut self, part: Part) {
        self.spoken |= part == Part::Digit(LAST);
        self.rounds += u8::from(matches!(part, Part::Alert | Part::Digit(LAST)));
        self.state = State::Played(part);
    }

    fn cannot_play(&mut self, part: Part) {
        if part.is_of_code() {
            self.state = State::Done;
        } else {
            self.tone_only = true;
            self.state = State::ToPlay(part);
        }
    }

    #[cfg(test)]
    pub fn is_playing(&self) -> bool {
        self.running().is_some()
    }

    fn running(&self) -> Option<u32> {
        match self.state {
            State::Playing { play, .. } => Some(play),
            State::Silent | State::ToPlay(_) | State::Played(_) | State::Pausing(_) | State::Done => None,
        }
    }
}
