//! Lines in the order things happened, with milliseconds, although they are learnt out of order.

use std::time::{Duration, Instant};

/// A line is held so long before it is printed: what is learnt later may have happened earlier.
const HOLD: Duration = Duration::from_millis(250);
/// What begins a call begins a new story at 0 ms when it was quiet for so long before.
const PAUSE: Duration = Duration::from_secs(1);
/// So long after the last line, more of them may follow soon.
const ECHO: Duration = Duration::from_secs(6);

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    You,
    ControlPlane,
    Agent,
    Asterisk,
    Carrier,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::ControlPlane => "control plane",
            Self::Agent => "agent",
            Self::Asterisk => "Asterisk",
            Self::Carrier => "carrier",
        }
    }

    /// ANSI colour.
    fn colour(self) -> u8 {
        match self {
            Self::You => 37,
            Self::ControlPlane => 36,
            Self::Agent => 34,
            Self::Asterisk => 33,
            Self::Carrier => 32,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) at: Instant,
    pub(crate) who: Who,
    pub(crate) what: String,
    /// It is the first thing known of a call.
    pub(crate) begins: bool,
}

/// Holds, sorts and formats; printing is somebody else's.
#[derive(Debug)]
pub(crate) struct Timeline {
    zero: Option<Instant>,
    last: Option<Instant>,
    held: Vec<(Instant, Step)>,
    coloured: bool,
}

impl Timeline {
    pub(crate) fn new(coloured: bool) -> Self {
        Self { zero: None, last: None, held: Vec::new(), coloured }
    }

    /// Something happened; `now` is when it was learnt.
    pub(crate) fn add(&mut self, now: Instant, step: Step) {
        self.held.push((now, step));
    }

    /// Lines that are due, in order.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<String> {
        let ready = self.held.iter().filter(|(learnt, _)| now.duration_since(*learnt) >= HOLD);
        let Some(until) = ready.map(|(_, step)| step.at).max() else { return Vec::new() };
        self.take(|step| step.at <= until)
    }

    /// Every line, due or not.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        self.take(|_| true)
    }

    /// Whether something happened lately.
    pub(crate) fn busy(&self, now: Instant) -> bool {
        !self.held.is_empty() || self.last.is_some_and(|last| now.duration_since(last) < ECHO)
    }

    fn take(&mut self, wanted: impl Fn(&Step) -> bool) -> Vec<String> {
        let (mut out, held): (Vec<_>, Vec<_>) = self.held.drain(..).partition(|(_, step)| wanted(step));
        self.held = held;
        out.sort_by_key(|(_, step)| step.at);
        out.into_iter().flat_map(|(_, step)| self.lines(&step)).collect()
    }

    fn lines(&mut self, step: &Step) -> Vec<String> {
        let mut lines = Vec::new();
        let quiet = |last| step.at.saturating_duration_since(last) >= PAUSE;
        let fresh = self.last.is_none_or(|last| step.begins && quiet(last));
        if fresh {
            self.zero = Some(step.at);
            self.last = None;
            lines.push(format!("\n{:>10} {:>9}  {:<13}  what happened", "ms", "step", "who says so"));
        }
        let zero = self.zero.unwrap_or(step.at);
        let since_zero = signed_ms(zero, step.at);
        let since_last =
            self.last.map(|last| format!("{:+.1}", signed_ms(last, step.at))).unwrap_or_default();
        self.last = Some(self.last.map_or(step.at, |last| last.max(step.at)));
        let who = format!("{:<13}", step.who.name());
        let who = if self.coloured { format!("\x1b[{}m{who}\x1b[0m", step.who.colour()) } else { who };
        lines.push(format!("{since_zero:>10.1} {since_last:>9}  {who}  {}", step.what));
        lines
    }
}

fn signed_ms(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(later) => later.as_secs_f64() * 1000.0,
        None => -(from.duration_since(to).as_secs_f64() * 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: Instant, who: Who, what: &str) -> Step {
        Step { at, who, what: what.to_owned(), begins: who == Who::You }
    }

    #[test]
    fn what_is_learnt_late_is_told_where_it_happened() {
        let t0 = Instant::now();
        let ms = |n| t0 + Duration::from_millis(n);
        let mut timeline = Timeline::new(false);
        timeline.add(ms(0), step(ms(0), Who::You, "send"));
        timeline.add(ms(10), step(ms(10), Who::Carrier, "INVITE"));
        assert!(timeline.due(ms(100)).is_empty());
        timeline.add(ms(120), step(ms(5), Who::ControlPlane, "order"));
        let lines = timeline.due(ms(300)).join("\n");
        let places: Vec<_> = ["send", "order", "INVITE"].iter().map(|word| lines.find(word)).collect();
        assert!(places.is_sorted() && places[0].is_some(), "{lines}");
        assert!(lines.contains("10.0      +5.0  carrier"), "{lines}");
    }

    #[test]
    fn after_a_pause_a_new_story_begins_at_nought() {
        let t0 = Instant::now();
        let mut timeline = Timeline::new(false);
        timeline.add(t0, step(t0, Who::You, "one"));
        let later = t0 + PAUSE;
        timeline.add(later, step(later, Who::You, "two"));
        let lines = timeline.rest();
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[3].starts_with("       0.0"), "{lines:?}");
        let much_later = later + PAUSE * 30;
        timeline.add(much_later, step(much_later, Who::Carrier, "still the same call"));
        assert!(timeline.rest()[0].starts_with("   30000.0"));
    }
}
