//! News that comes late: what happened, happened.

use super::*;

/// A call whose only attempt was given up, and which then ended in vain.
fn given_up(policy: Policy) -> (Story, Send) {
    let mut story = Story::with(policy);
    let send = story.dial(1, "a");
    story.rings(&send);
    story.wake();
    story.tell(Input::NoCandidate(NoRoute::AllTried));
    (story, send)
}

fn exhausted(delivered_when: DeliveredWhen) -> (Story, Send) {
    let (story, send) = given_up(Policy { redials: 0, delivered_when, ..Policy::default() });
    story.is_over(CallStatus::Exhausted);
    (story, send)
}

#[test]
fn a_key_pressed_before_a_call_was_exhausted_counts() {
    let (mut story, send) = exhausted(DeliveredWhen::Acknowledged);
    assert_eq!(story.report(&send, Event::Answered), []);
    story.is_over(CallStatus::Exhausted);
    assert_eq!(story.report(&send, key_1()), []);
    story.is_over(CallStatus::Acknowledged);
    assert_eq!(story.report(&send, ending(AttemptStatus::Acknowledged, Some(200))), []);
    story.is_over(CallStatus::Acknowledged);
}

#[test]
fn a_key_pressed_before_a_call_expired_counts() {
    let (mut story, send) = given_up(Policy { lifetime_minutes: 1, ..Policy::default() });
    assert_eq!(story.wake(), []);
    story.is_over(CallStatus::Expired);
    story.report(&send, key_1());
    story.is_over(CallStatus::Acknowledged);
    assert_eq!(story.call.reason(), None);
}

#[test]
fn an_answer_counts_late_where_answering_is_enough() {
    let (mut story, send) = exhausted(DeliveredWhen::Answered);
    story.report(&send, ending(AttemptStatus::Answered, Some(200)));
    story.is_over(CallStatus::Answered);
    story.report(&send, key_1());
    story.is_over(CallStatus::Acknowledged);
    story.report(&send, Event::Answered);
    story.is_over(CallStatus::Acknowledged);
}

#[test]
fn a_late_key_ends_the_pause_before_a_redial() {
    let (mut story, send) = given_up(Policy::default());
    story.is(CallStatus::Queued);
    assert_eq!(story.report(&send, key_1()), []);
    story.is_over(CallStatus::Acknowledged);
}

#[test]
fn a_late_key_hangs_up_the_attempt_that_rings_now() {
    let (mut story, first) = given_up(Policy::default());
    let second = story.dial(2, "a");
    story.rings(&second);
    assert_eq!(story.report(&first, key_1()), [hang_up(&second)]);
    story.is(CallStatus::Acknowledged);
    assert_eq!(story.report(&second, ending(AttemptStatus::Cancelled, Some(487))), []);
    story.is_over(CallStatus::Acknowledged);
}

#[test]
fn a_late_end_in_vain_changes_nothing() {
    let (mut story, first) = given_up(Policy::default());
    let second = story.dial(2, "a");
    let woken = story.call.wake_at();
    for event in [Event::Originated { ari_status: 200 }, Event::Ringing, Event::Answered, busy()] {
        assert_eq!(story.report(&first, event), []);
    }
    assert_eq!(story.call.wake_at(), woken);
    story.is(CallStatus::Calling);
    story.rings(&second);
}

#[test]
fn a_clock_that_was_set_back_while_nobody_looked_makes_no_call_live_longer_than_its_life() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.report(&send, busy());
    let (pause, life) = (story.sleeps(), story.call.expires_at().since(story.now));
    story.now = story.now.shifted(-3_600_000_000);
    assert_eq!(story.tell(Input::Started), []);
    assert!(story.sleeps() <= pause, "it does not wait for an hour");
    assert!(story.call.expires_at().since(story.now) >= life, "nor does it die early");
    let expires_at = story.call.expires_at();
    assert_eq!(story.tell(Input::Started), []);
    assert_eq!(story.call.expires_at(), expires_at, "once is enough");
}

#[test]
fn when_the_clock_is_set_what_lies_ahead_lies_as_far_ahead_as_before() {
    for by in [-3_600_000_000, 3_600_000_000] {
        let mut story = Story::new();
        let send = story.dial(1, "a");
        story.rings(&send);
        let before = (story.sleeps(), story.call.expires_at().since(story.now));
        story.now = story.now.shifted(by);
        assert_eq!(story.tell(Input::ClockSet { by }), []);
        assert_eq!((story.sleeps(), story.call.expires_at().since(story.now)), before);
    }
}

#[test]
fn who_is_to_be_rung_at_once_is_rung_at_once_also_where_the_clock_was_set_a_moment_ago() {
    for by in [-3_600_000_000, 3_600_000_000] {
        let mut story = Story::new();
        let send = story.dial(1, "a");
        story.report(&send, busy());
        story.now = story.now.shifted(by);
        assert_eq!(story.tell(Input::Raised), []);
        assert_eq!(story.tell(Input::ClockSet { by }), []);
        assert_eq!(story.sleeps(), Some(Duration::ZERO));
    }
}
