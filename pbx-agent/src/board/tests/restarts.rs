//! What an agent that was killed finds in its journal, and what Asterisk says to it.

use super::*;

#[test]
fn an_attempt_in_the_journal_that_asterisk_does_not_know_ends_and_is_not_dialled_again() {
    let mut host = Host::up();
    host.is_told(&order(1));
    host.restarted();
    assert_eq!(host.board.health().active, 1);
    let effects = host.asterisk_has(&[]);
    assert!(matches!(effects[0], Effect::Look(of) if of == attempt(1)), "{effects:?}");
    // It may be made after the look.
    for _ in 0..2 {
        host.hears(Input::Looked(attempt(1), None));
        host.passes(Duration::from_secs(1));
    }
    let reports = host.reports(1);
    let [AttemptEvent::Ended(ending)] = reports[..] else { panic!("{reports:?}") };
    assert!(ending.status == AttemptStatus::Failed && ending.unwitnessed, "{ending:?}");
    host.is_told(&order(1));
    host.hears(Input::Journalled(attempt(1)));
    assert!(host.dialled().is_empty());
}

#[test]
fn a_phone_that_rang_on_while_the_agent_was_gone_is_told_to_its_end() {
    let mut host = Host::ringing();
    host.restarted();
    host.asterisk_has(&[(&attempt(1).to_string(), "Up")]);
    host.happens(1, EventKind::Key('1'));
    host.happens(1, EventKind::Destroyed { cause: Some(16), tech_cause: None });
    let told = host.reports(1);
    let [AttemptEvent::Answered, AttemptEvent::Key { .. }, AttemptEvent::Ended(ending)] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(ending.status, AttemptStatus::Acknowledged);
}

#[test]
fn a_conversation_is_no_longer_for_a_restart_in_the_middle_of_it() {
    let mut host = Host::ringing();
    host.happens(1, EventKind::Up);
    host.passes(Duration::from_secs(40));
    host.restarted();
    host.asterisk_has(&[(&attempt(1).to_string(), "Up")]);
    let hung_up = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::HangUp(_)));
    assert!(!hung_up(&host.passes(Duration::from_secs(19))));
    assert!(hung_up(&host.passes(Duration::from_secs(1))), "its 60 s are over");
}

#[test]
fn a_channel_whose_attempt_is_over_is_hung_up_and_a_strangers_is_left_alone() {
    let mut host = Host::ringing();
    host.happens(1, EventKind::Destroyed { cause: Some(17), tech_cause: Some(486) });
    host.restarted();
    let (ours, other) = (attempt(1).to_string(), attempt(2).to_string());
    let effects = host.asterisk_has(&[(&ours, "Ring"), (&other, "Up"), ("1700000000.1", "Up")]);
    let strays: Vec<_> =
        effects.iter().filter(|effect| matches!(effect, Effect::HangUpStray { .. })).collect();
    assert!(matches!(strays[..], [Effect::HangUpStray { channel }] if *channel == ours), "{effects:?}");
    let effects = host.happens(1, EventKind::Ringing);
    assert!(matches!(effects[..], [Effect::HangUpStray { .. }]), "{effects:?}");
}

#[test]
fn caps_repetition_and_burnt_ids_outlive_the_process() {
    let mut host = Host::ringing();
    host.happens(1, EventKind::Destroyed { cause: Some(17), tech_cause: Some(486) });
    host.hears(Input::Query { ticket: 1, attempts: vec![attempt(2)] });
    for number in 3..5 {
        host.is_told(&order(number));
        host.hears(Input::Journalled(attempt(number)));
        host.hears(Input::Cancel(attempt(number)));
    }
    // What was never dialled rang nobody.
    host.is_told(&order(5));
    host.hears(Input::Cancel(attempt(5)));
    host.restarted();
    host.asterisk_has(&[]);
    let effects = host.is_told(&order(1));
    assert!(matches!(effects[..], [Effect::ResendReports]), "{effects:?}");
    host.is_told(&order(2));
    assert_eq!(host.refusal(2), Reason::Expired);
    host.is_told(&order(6));
    assert_eq!(host.refusal(6), Reason::Cooldown, "three calls to this number within ten minutes");
}
