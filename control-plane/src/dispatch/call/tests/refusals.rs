//! What each refusal of a host's policy means for the call.

use super::*;

/// The first host refuses with this reason; what the call does then.
fn refused(reason: Reason) -> (Story, Vec<Output>) {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    let outputs = story.report(&send, Event::Refused { reason, detail: "no".into() });
    (story, outputs)
}

fn avoided(reason: Reason, whole_pbx: bool) -> Vec<Output> {
    choose(&[Tried { pbx: pbx(1), trunk: "a".into(), whole_pbx, reason: Some(reason) }])
}

#[test]
fn a_number_that_must_not_be_dialled_blocks_the_call() {
    for reason in [
        Reason::NumberInvalid,
        Reason::NumberEmergency,
        Reason::NumberPremium,
        Reason::NumberTollFree,
        Reason::NumberShort,
        Reason::NumberType,
        Reason::DoNotCall,
    ] {
        let (story, outputs) = refused(reason);
        assert_eq!(outputs, []);
        story.is_over(CallStatus::Blocked);
        assert_eq!(story.call.reason(), Some(reason));
    }
}

#[test]
fn trouble_of_a_host_tries_another_host() {
    for reason in
        [Reason::BadSignature, Reason::WrongPbx, Reason::NoPbx, Reason::AriUnavailable, Reason::Draining]
    {
        assert_eq!(refused(reason).1, avoided(reason, true), "{reason}");
    }
}

#[test]
fn trouble_of_a_trunk_tries_another_trunk() {
    for reason in [
        Reason::CountryNotAllowed,
        Reason::Cooldown,
        Reason::RateLimited,
        Reason::Quota,
        Reason::Capacity,
        Reason::Expired,
        Reason::Duplicate,
    ] {
        assert_eq!(refused(reason).1, avoided(reason, false), "{reason}");
    }
}

#[test]
fn every_reason_of_the_contract_has_its_answer() {
    for reason in Reason::ALL {
        let (story, outputs) = refused(*reason);
        assert_eq!(outputs.is_empty(), story.call.status() == CallStatus::Blocked, "{reason}");
    }
}

#[test]
fn a_fleet_that_is_full_costs_no_redial() {
    for reason in [Reason::Capacity, Reason::RateLimited, Reason::Draining] {
        let mut story = Story::with(Policy { redials: 0, ..Policy::default() });
        for _ in 0..3 {
            let send = story.dial(1, "a");
            story.report(&send, Event::Refused { reason, detail: "later".into() });
            assert_eq!(story.tell(Input::NoCandidate(NoRoute::AllTried)), []);
            assert_eq!(story.sleeps(), Some(seconds(5)));
            assert_eq!(story.call.reason(), Some(reason));
        }
        story.is(CallStatus::Queued);
    }
}

#[test]
fn while_another_route_is_full_the_one_that_failed_is_left_alone_until_the_pause_is_over() {
    let mut story = Story::with(Policy { redials: 0, ..Policy::default() });
    let send = story.dial(1, "a");
    story.report(&send, trunk_fault());
    assert_eq!(story.tell(Input::NoCandidate(NoRoute::NotNow(Reason::Capacity))), []);
    assert_eq!((story.call.reason(), story.sleeps()), (Some(Reason::Capacity), Some(seconds(5))));
    // A call has ended somewhere, perhaps this one's own attempt.
    assert_eq!(story.tell(Input::Due), choose(&[tried(1, "a")]));
    assert_eq!(story.tell(Input::NoCandidate(NoRoute::NotNow(Reason::Capacity))), []);
    assert_eq!(story.wake(), choose(&[]));
    story.is(CallStatus::Queued);
}

#[test]
fn a_number_that_no_fence_lets_through_is_blocked() {
    let (mut story, _) = refused(Reason::CountryNotAllowed);
    story.tell(Input::NoCandidate(NoRoute::AllTried));
    story.is_over(CallStatus::Blocked);
    assert_eq!(story.call.reason(), Some(Reason::CountryNotAllowed));

    let mut story = Story::new();
    story.wake();
    story.tell(Input::NoCandidate(NoRoute::Never(Reason::CountryNotAllowed)));
    story.is_over(CallStatus::Blocked);
}

#[test]
fn where_some_trunks_may_not_and_others_fail_the_call_goes_on() {
    let (mut story, _) = refused(Reason::CountryNotAllowed);
    let send = story.offer(2, "b");
    story.report(&send, trunk_fault());
    assert_eq!(story.tell(Input::NoCandidate(NoRoute::AllTried)), []);
    story.is(CallStatus::Queued);
    assert_eq!(story.sleeps(), Some(seconds(5)));
}

#[test]
fn asterisk_that_fails_an_originate_puts_its_whole_host_in_doubt() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    let Event::Ended(mut ended) = trunk_fault() else { unreachable!() };
    (ended.sip_code, ended.reason) = (None, Some(Reason::AriUnavailable));
    assert_eq!(story.report(&send, Event::Ended(ended)), avoided(Reason::AriUnavailable, true));
}
