//! Orders that speak a code: said while the process lives that took them, and kept by nothing else.

use super::*;
use crate::call::Part;
use shared::code::Code;

const CODE: &str = "481516";

fn verifying(number: u128) -> Order {
    let code = Code::try_from(CODE.to_owned()).ok();
    let order = order(number);
    Order { prompt: Prompt { code, ..order.prompt }, ..order }
}

impl Host {
    /// With a voice that has every digit.
    fn eloquent() -> Self {
        let mut host = Self::up();
        host.hears(Input::Voice { speaks_codes: true });
        host
    }

    /// Somebody has picked up and is being told: attempt 1.
    fn telling() -> (Self, Vec<Effect>) {
        let mut host = Self::eloquent();
        host.is_told(&verifying(1));
        host.hears(Input::Journalled(attempt(1)));
        host.hears(Input::Originated(attempt(1), Originated::Status { status: 200, body: String::new() }));
        host.happens(1, EventKind::Up);
        let effects = host.happens(1, EventKind::StasisStart);
        (host, effects)
    }

    /// What its journal keeps for going on with calls.
    fn on_disk(&self) -> String {
        let contents = self.journal.contents().unwrap();
        let resumes: Vec<_> = contents.orders.iter().map(|order| &order.resume).collect();
        serde_json::to_string(&resumes).unwrap()
    }
}

fn played(effects: &[Effect]) -> Option<(Part, Option<String>, String)> {
    effects.iter().find_map(|effect| {
        let Effect::Play(playback) = effect else { return None };
        let code = playback.prompt.code.as_ref().map(|code| code.as_str().to_owned());
        Some((playback.part, code, playback.playback.clone()))
    })
}

fn hangs_up(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::HangUp(_)))
}

#[test]
fn the_code_is_known_to_whoever_plays_it_and_not_to_the_journal_nor_to_any_log() {
    let (mut host, mut effects) = Host::telling();
    let mut parts = Vec::new();
    for _ in 0..7 {
        let (part, code, playback) = played(&effects).expect("the next piece");
        assert_eq!(code.as_deref(), Some(CODE));
        parts.push(part);
        host.happens(1, EventKind::PlaybackFinished { playback, ok: true });
        effects = host.passes(Duration::from_secs(3));
    }
    assert_eq!((parts[0], parts[6]), (Part::Greeting, Part::Digit(5)));
    assert!(host.on_disk().contains(r#""speaks_code":true"#), "{}", host.on_disk());
    assert!(!host.on_disk().contains(CODE));
    assert!(!format!("{:?} {:?}", host.wanted, host.board).contains(CODE));
    host.happens(1, EventKind::Destroyed { cause: Some(16), tech_cause: None });
    let told = host.reports(1);
    let Some(AttemptEvent::Ended(ending)) = told.last() else { panic!("{told:?}") };
    assert!(ending.spoken && ending.status == AttemptStatus::Answered, "{ending:?}");
}

#[test]
fn an_agent_that_is_killed_at_any_moment_says_nothing_when_it_is_back_and_dials_nothing() {
    // As soon as it is journalled, while Asterisk is asked, while it rings, and while the code is said.
    for steps in 0..4 {
        let mut host = Host::eloquent();
        host.is_told(&verifying(1));
        if steps > 0 {
            host.hears(Input::Journalled(attempt(1)));
        }
        if steps > 1 {
            let made = Originated::Status { status: 200, body: String::new() };
            host.hears(Input::Originated(attempt(1), made));
        }
        if steps > 2 {
            host.happens(1, EventKind::Up);
            host.happens(1, EventKind::StasisStart);
        }
        host.restarted();
        host.hears(Input::Voice { speaks_codes: true });
        let state = if steps > 2 { "Up" } else { "Ringing" };
        let mut effects = host.asterisk_has(&[(&attempt(1).to_string(), state)]);
        assert!(hangs_up(&effects), "step {steps}: {effects:?}");
        effects.extend(host.happens(1, EventKind::Up));
        effects.extend(host.happens(1, EventKind::StasisStart));
        effects.extend(host.happens(1, EventKind::Key('3')));
        effects.extend(host.is_told(&verifying(1)));
        assert_eq!(played(&effects), None, "step {steps}");
        assert!(host.dialled().is_empty(), "step {steps}");
        host.happens(1, EventKind::Destroyed { cause: Some(16), tech_cause: None });
        assert_eq!(host.board.active(), 0);
        assert!(!host.on_disk().contains("speaks_code"), "nothing of it is left: {}", host.on_disk());
    }
}

#[test]
fn a_host_whose_voice_has_no_digits_says_so_and_refuses_before_anything_rings() {
    let mut host = Host::up();
    assert!(!host.board.health().speaks_codes);
    host.is_told(&verifying(1));
    assert_eq!(host.refusal(1), Reason::AriUnavailable);
    host.hears(Input::Voice { speaks_codes: true });
    assert!(host.board.health().speaks_codes);
    host.hears(Input::Voice { speaks_codes: false });
    host.is_told(&verifying(2));
    assert_eq!(host.refusal(2), Reason::AriUnavailable);
    assert!(host.dialled().is_empty());
    host.is_told(&order(3));
    host.hears(Input::Journalled(attempt(3)));
    assert_eq!(host.dialled().len(), 1, "an alert has its tone");
}
