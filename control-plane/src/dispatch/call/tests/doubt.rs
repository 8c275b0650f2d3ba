//! Hosts and links that die: what is tried elsewhere, and what is labelled.

use super::*;

/// A host took the order, said that the phone rings, and was not heard of again; its call has gone
/// to another host.
fn host_died_while_ringing() -> (Story, Send, Send) {
    let mut story = Story::new();
    let first = story.dial(1, "a");
    story.rings(&first);
    story.pass(seconds(44));
    assert_eq!(story.tell(Input::Due), [], "it may still ring");
    let dead = Tried { pbx: pbx(1), trunk: "a".into(), whole_pbx: true, reason: None };
    assert_eq!(
        story.wake(),
        [hang_up(&first), Output::GiveUp { attempt: first.attempt }, Output::Choose { avoid: vec![dead] }]
    );
    assert_eq!(story.now, START + seconds(45));
    let second = story.offer(2, "a");
    (story, first, second)
}

#[test]
fn a_link_that_dies_before_the_order_leaves_goes_elsewhere_and_labels_nothing() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    let outputs = story.tell(Input::NeverStarted { attempt: send.attempt });
    assert_eq!(outputs, [Output::CloseUnstarted { attempt: send.attempt }, Output::Choose { avoid: vec![] }]);
    assert!(!story.offer(2, "a").possible_duplicate);
}

#[test]
fn a_host_that_dies_while_ringing_is_given_up_and_the_next_ring_is_labelled() {
    let (mut story, _, second) = host_died_while_ringing();
    assert!(second.possible_duplicate);
    story.rings(&second);
    story.report(&second, busy());
    assert!(!story.dial(1, "a").possible_duplicate, "one failure, one label");
}

#[test]
fn an_order_of_which_nothing_was_heard_is_given_up_once_nobody_may_start_it() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    assert_eq!(story.sleeps(), Some(ORDER_LIFETIME + GRACE));
    let outputs = story.wake();
    assert_eq!(outputs[..2], [hang_up(&send), Output::GiveUp { attempt: send.attempt }]);
    assert!(story.offer(2, "a").possible_duplicate, "it may have been started all the same");
}

#[test]
fn the_label_waits_for_an_attempt_that_can_ring() {
    let (mut story, _, second) = host_died_while_ringing();
    story.tell(Input::NeverStarted { attempt: second.attempt });
    let third = story.offer(3, "a");
    assert!(third.possible_duplicate, "the second one rang nobody");
    let refusal = Event::Refused { reason: Reason::Capacity, detail: "full".into() };
    story.report(&third, refusal);
    let fourth = story.offer(4, "a");
    assert!(fourth.possible_duplicate, "nor did the third");
    story.report(&fourth, trunk_fault());
    assert!(story.offer(5, "a").possible_duplicate, "nor the fourth");
}

#[test]
fn the_end_of_a_call_that_nobody_watched_is_a_doubt_too() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.rings(&send);
    let Event::Ended(mut ended) = ending(AttemptStatus::Failed, None) else { unreachable!() };
    ended.unwitnessed = true;
    let outputs = story.report(&send, Event::Ended(ended));
    let dead = Tried { pbx: pbx(1), trunk: "a".into(), whole_pbx: true, reason: None };
    assert_eq!(outputs, choose(&[dead]));
    assert!(story.offer(2, "a").possible_duplicate);
}

#[test]
fn a_host_that_forgot_what_it_had_started_is_a_doubt() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.rings(&send);
    story.tell(Input::NeverStarted { attempt: send.attempt });
    assert!(story.offer(2, "a").possible_duplicate);
}

#[test]
fn a_host_that_comes_back_in_time_goes_on() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.pass(seconds(14));
    let still_live = || Input::StillLive { attempt: send.attempt, pbx: pbx(1) };
    assert_eq!(story.tell(still_live()), []);
    assert_eq!(story.sleeps(), Some(seconds(45)));
    story.pass(seconds(10));
    assert_eq!(story.tell(still_live()), []);
    assert_eq!(story.sleeps(), Some(seconds(35)), "asked twice, it does not ring longer");
    story.report(&send, Event::Answered);
    story.report(&send, key_1());
    story.is(CallStatus::Acknowledged);
}

#[test]
fn a_host_that_comes_back_too_late_is_told_to_hang_up() {
    let (mut story, first, second) = host_died_while_ringing();
    assert_eq!(story.tell(Input::StillLive { attempt: first.attempt, pbx: pbx(1) }), [hang_up(&first)]);
    story.is(CallStatus::Calling);
    assert_eq!(story.tell(Input::StillLive { attempt: second.attempt, pbx: pbx(2) }), []);
}

#[test]
fn a_hang_up_that_did_not_arrive_is_repeated_when_its_host_comes_back() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.rings(&send);
    assert_eq!(story.tell(Input::Cancel), [hang_up(&send)]);
    assert_eq!(story.tell(Input::StillLive { attempt: send.attempt, pbx: pbx(1) }), [hang_up(&send)]);
}

#[test]
fn a_phone_that_rings_on_after_somebody_acknowledged_is_hung_up_when_its_host_comes_back() {
    let (mut story, first, second) = host_died_while_ringing();
    story.rings(&second);
    assert_eq!(story.report(&first, key_1()), [hang_up(&second)]);
    // The link to the second host was down at that moment.
    assert_eq!(story.tell(Input::StillLive { attempt: second.attempt, pbx: pbx(2) }), [hang_up(&second)]);
    story.is(CallStatus::Acknowledged);
}

#[test]
fn whoever_has_acknowledged_hears_the_host_out() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.rings(&send);
    story.report(&send, Event::Answered);
    story.report(&send, key_1());
    assert_eq!(story.tell(Input::StillLive { attempt: send.attempt, pbx: pbx(1) }), []);
}

#[test]
fn the_only_host_in_doubt_costs_a_redial() {
    let mut story = Story::new();
    story.dial(1, "a");
    story.wake();
    story.tell(Input::NoCandidate(NoRoute::AllTried));
    assert_eq!(story.sleeps(), Some(seconds(30)));
    assert!(story.dial(1, "a").possible_duplicate);
}

#[test]
fn a_hung_up_attempt_whose_host_is_gone_is_given_up_without_another() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.tell(Input::Cancel);
    assert_eq!(story.wake(), [hang_up(&send), Output::GiveUp { attempt: send.attempt }]);
    story.is_over(CallStatus::Cancelled);
}

#[test]
fn where_a_phone_may_have_rung_it_is_not_rung_again_and_again_while_another_route_is_full() {
    let mut story = Story::with(Policy { redials: 1, ..Policy::default() });
    for _ in 0..2 {
        let send = story.dial(1, "a");
        story.rings(&send);
        story.wake();
        story.tell(Input::NoCandidate(NoRoute::NotNow(Reason::Capacity)));
        assert_eq!(story.wake(), [], "a redial, after its pause");
    }
    story.is_over(CallStatus::Exhausted);
}
