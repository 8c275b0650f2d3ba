use super::*;
use crate::chaos::plan::Callee;
use shared::outcome::AttemptStatus;

const REQUEST: &str = "request-1";
const PHONE: &str = "+14155550100";

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn attempt(pbx: &str, initiated: u64, status: AttemptStatus) -> LoggedAttempt {
    LoggedAttempt {
        id: format!("{pbx}-{initiated}"),
        pbx: pbx.to_owned(),
        trunk: "a".to_owned(),
        status,
        initiated_at: at(initiated),
        ended: true,
        possible_duplicate: false,
    }
}

fn labelled(attempt: LoggedAttempt) -> LoggedAttempt {
    LoggedAttempt { possible_duplicate: true, ..attempt }
}

fn rings(pbx: &str, seconds: u64) -> Dialog {
    Dialog {
        phone: PHONE.to_owned(),
        pbx: pbx.to_owned(),
        trunk: "a".to_owned(),
        at: at(seconds),
        rang_at: Some(at(seconds)),
        reached_at: Some(at(seconds)),
        key: false,
    }
}

fn pressed(dialog: Dialog) -> Dialog {
    Dialog { key: true, ..dialog }
}

fn refused(dialog: Dialog) -> Dialog {
    Dialog { rang_at: None, reached_at: None, ..dialog }
}

/// A webhook accepted at 1 s to a phone that can be reached.
fn run(status: CallStatus, attempts: Vec<LoggedAttempt>, dialogs: Vec<Dialog>) -> Witnessed {
    let accepted = Some(Accepted { at: at(1), request: REQUEST.to_owned() });
    let sent = Sent { accepted, ..Sent::new(PHONE, 0, Callee::Takes) };
    let call = LoggedCall { status, reason: None, attempts };
    Witnessed { sent: vec![sent], logged: HashMap::from([(REQUEST.to_owned(), vec![call])]), dialogs }
}

/// Everything as it should be.
fn good() -> Witnessed {
    let attempts = vec![attempt("pbx-1", 2, AttemptStatus::Acknowledged)];
    run(CallStatus::Acknowledged, attempts, vec![pressed(rings("pbx-1", 4))])
}

fn lost_because(witnessed: &Witnessed) -> String {
    let verdict = judge(witnessed);
    assert_eq!((verdict.accepted, verdict.lost.len(), verdict.is_sound()), (1, 1, false), "{verdict:#?}");
    verdict.lost[0].clone()
}

#[test]
fn an_acknowledged_call_is_delivered_and_its_wait_is_measured() {
    let verdict = judge(&good());
    let expected = Verdict { accepted: 1, delivered: 1, longest_outage: at(3), ..Verdict::default() };
    assert_eq!(verdict, expected);
    assert!(verdict.is_sound());
}

#[test]
fn a_request_that_the_log_does_not_know_is_lost() {
    let mut witnessed = good();
    witnessed.logged.clear();
    assert!(lost_because(&witnessed).starts_with("the log has 0 calls"));
}

#[test]
fn a_call_that_never_ended_or_ended_in_vain_is_lost() {
    for (status, says) in [
        (CallStatus::Queued, "never ended: queued"),
        (CallStatus::Calling, "never ended: calling"),
        (CallStatus::Exhausted, "ended: exhausted"),
        (CallStatus::Expired, "ended: expired"),
        (CallStatus::Blocked, "ended: blocked"),
    ] {
        let witnessed = run(status, vec![], vec![]);
        assert!(lost_because(&witnessed).starts_with(says), "{}", lost_because(&witnessed));
    }
}

#[test]
fn an_acknowledgement_that_nobody_pressed_and_a_key_that_the_log_misses_are_losses() {
    let mut witnessed = good();
    witnessed.dialogs[0].key = false;
    assert!(lost_because(&witnessed).starts_with("acknowledged in the log, by nobody"));
    let attempts = vec![attempt("pbx-1", 2, AttemptStatus::Answered)];
    let witnessed = run(CallStatus::Exhausted, attempts, vec![pressed(rings("pbx-1", 2))]);
    assert!(lost_because(&witnessed).starts_with("ended: exhausted"));
}

#[test]
fn a_machine_that_never_presses_a_key_ends_unheard_if_it_was_tried() {
    let attempts = vec![attempt("pbx-1", 2, AttemptStatus::Answered)];
    let mut witnessed = run(CallStatus::Exhausted, attempts, vec![rings("pbx-1", 2)]);
    witnessed.sent[0].callee = Callee::Machine;
    let verdict = judge(&witnessed);
    assert_eq!((verdict.unheard, verdict.lost.len()), (1, 0));
    witnessed.dialogs.clear();
    assert!(lost_because(&witnessed).starts_with("ended: exhausted"));
}

#[test]
fn a_redial_after_the_callees_own_answer_is_no_second_ring() {
    for answer in [AttemptStatus::NoAnswer, AttemptStatus::Answered, AttemptStatus::Rejected] {
        let attempts = vec![attempt("pbx-1", 2, answer), attempt("pbx-2", 9, AttemptStatus::Acknowledged)];
        let dialogs = vec![rings("pbx-1", 2), pressed(rings("pbx-2", 9))];
        let verdict = judge(&run(CallStatus::Acknowledged, attempts, dialogs));
        assert_eq!((verdict.rung_twice(), verdict.delivered), (0, 1), "{verdict:#?}");
    }
}

#[test]
fn a_second_ring_after_a_failure_must_be_labelled() {
    let first = attempt("pbx-1", 2, AttemptStatus::Failed);
    let second = attempt("pbx-2", 9, AttemptStatus::Acknowledged);
    let dialogs = vec![rings("pbx-1", 2), pressed(rings("pbx-2", 9))];
    let with = run(CallStatus::Acknowledged, vec![first.clone(), labelled(second.clone())], dialogs.clone());
    let verdict = judge(&with);
    assert_eq!((verdict.labelled, verdict.unlabelled.len(), verdict.is_sound()), (1, 0, true));
    let verdict = judge(&run(CallStatus::Acknowledged, vec![first, second], dialogs));
    assert_eq!((verdict.labelled, verdict.unlabelled.len(), verdict.is_sound()), (0, 1, false));
    assert!(verdict.unlabelled[0].starts_with("a second ring at 9.00 s without a label"));
}

#[test]
fn a_ring_after_key_1_is_a_second_ring_whatever_the_log_says_of_the_first() {
    let attempts =
        vec![attempt("pbx-1", 2, AttemptStatus::Answered), attempt("pbx-2", 9, AttemptStatus::Acknowledged)];
    let dialogs = vec![pressed(rings("pbx-1", 2)), pressed(rings("pbx-2", 9))];
    assert_eq!(judge(&run(CallStatus::Acknowledged, attempts, dialogs)).unlabelled.len(), 1);
}

#[test]
fn a_trunk_that_refuses_rings_nobody() {
    let attempts =
        vec![attempt("pbx-1", 2, AttemptStatus::Failed), attempt("pbx-2", 3, AttemptStatus::Acknowledged)];
    let dialogs = vec![refused(rings("pbx-1", 2)), pressed(rings("pbx-2", 5))];
    let verdict = judge(&run(CallStatus::Acknowledged, attempts, dialogs));
    assert!(verdict.is_sound() && verdict.rung_twice() == 0, "{verdict:#?}");
    assert_eq!(verdict.longest_outage, at(4));
}

#[test]
fn one_attempt_with_two_invites_is_an_order_originated_twice() {
    let mut witnessed = good();
    witnessed.dialogs.push(rings("pbx-1", 6));
    let verdict = judge(&witnessed);
    assert_eq!(verdict.originated_twice.len(), 1);
    assert_eq!(verdict.unlabelled.len(), 1);
    // The same from a host that was given no order, and before any order.
    for stray in [refused(rings("pbx-3", 6)), refused(rings("pbx-1", 1))] {
        let mut witnessed = good();
        witnessed.dialogs.insert(0, stray);
        let verdict = judge(&witnessed);
        assert_eq!((verdict.originated_twice.len(), verdict.is_sound()), (1, false), "{verdict:#?}");
    }
}

#[test]
fn an_invite_belongs_to_the_newest_order_of_its_route() {
    // The first order was never obeyed; the second was, and may have been a repetition.
    let attempts = vec![
        attempt("pbx-1", 2, AttemptStatus::Refused),
        labelled(attempt("pbx-1", 5, AttemptStatus::Acknowledged)),
    ];
    let verdict = judge(&run(CallStatus::Acknowledged, attempts, vec![pressed(rings("pbx-1", 5))]));
    assert!(verdict.is_sound());
    assert_eq!((verdict.needless_labels, verdict.labelled), (1, 0));
}

#[test]
fn what_was_never_accepted_is_counted_and_not_lost() {
    let mut sent = Sent::new(PHONE, 0, Callee::Takes);
    (sent.refused, sent.unanswered) = (vec![503, 503], 1);
    let witnessed = Witnessed { sent: vec![sent], dialogs: vec![rings("pbx-1", 3)], ..Witnessed::default() };
    let expected =
        Verdict { refused: 2, unanswered: 1, not_accepted: 1, rang_unaccepted: 1, ..Verdict::default() };
    assert_eq!(judge(&witnessed), expected);
}
