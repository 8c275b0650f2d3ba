//! Calls as stories: what comes in, and what is done about it.

mod code;
mod doubt;
mod late;
mod refusals;

use super::*;
use crate::fleet::choice::NoRoute;
use shared::protocol::AttemptEvent as Event;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// One call, its clock, and the attempts made for it.
struct Story {
    call: Call,
    now: Timestamp,
    attempts: u128,
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn pbx(id: u128) -> PbxId {
    PbxId::new(Uuid::from_u128(id))
}

fn tried(id: u128, trunk: &str) -> Tried {
    Tried { pbx: pbx(id), trunk: trunk.into(), whole_pbx: false, reason: None }
}

fn ending(status: AttemptStatus, sip_code: Option<u16>) -> Event {
    Event::Ended(Ending {
        status,
        sip_code,
        hangup_cause: None,
        ari_status: Some(200),
        reason: None,
        unwitnessed: false,
        spoken: false,
    })
}

fn busy() -> Event {
    ending(AttemptStatus::Busy, Some(486))
}

fn trunk_fault() -> Event {
    ending(AttemptStatus::Failed, Some(503))
}

fn key_1() -> Event {
    Event::Key { digit: '1' }
}

impl Story {
    fn new() -> Self {
        Self::with(Policy::default())
    }

    fn with(policy: Policy) -> Self {
        Self { call: Call::new(policy, START), now: START, attempts: 0 }
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.call.handle(self.now, input)
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// Passes the time until the call wants to be woken, and wakes it.
    fn wake(&mut self) -> Vec<Output> {
        self.now = self.now.max(self.call.wake_at().expect("the call waits for something"));
        self.tell(Input::Due)
    }

    /// How long the call wants to be left alone.
    fn sleeps(&self) -> Option<Duration> {
        self.call.wake_at().map(|at| at.since(self.now))
    }

    /// Gives the call a route that it has asked for.
    fn offer(&mut self, id: u128, trunk: &str) -> Send {
        self.attempts += 1;
        let attempt = AttemptId::new(Uuid::from_u128(self.attempts));
        let candidate = Candidate { pbx: pbx(id), pbx_name: format!("pbx-{id}"), trunk: trunk.into() };
        match self.tell(Input::Offered { attempt, candidate }).as_slice() {
            [Output::Send(send)] => send.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Wakes the call, which must ask for a route, and gives it one.
    fn dial(&mut self, id: u128, trunk: &str) -> Send {
        let outputs = self.wake();
        assert!(matches!(outputs.as_slice(), [Output::Choose { .. }]), "{outputs:?}");
        self.offer(id, trunk)
    }

    fn report(&mut self, send: &Send, event: Event) -> Vec<Output> {
        self.tell(Input::Report { attempt: send.attempt, event })
    }

    /// The phone of this attempt rings.
    fn rings(&mut self, send: &Send) {
        assert_eq!(self.report(send, Event::Originated { ari_status: 200 }), []);
        assert_eq!(self.report(send, Event::Ringing), []);
    }

    fn is(&self, status: CallStatus) {
        assert_eq!(self.call.status(), status);
    }

    /// Nothing more will happen by itself.
    fn is_over(&self, status: CallStatus) {
        self.is(status);
        assert_eq!(self.call.wake_at(), None);
    }
}

fn choose(avoid: &[Tried]) -> Vec<Output> {
    vec![Output::Choose { avoid: avoid.to_vec() }]
}

fn hang_up(send: &Send) -> Output {
    Output::CancelAttempt { attempt: send.attempt, pbx: send.route.pbx }
}

#[test]
fn somebody_presses_1() {
    let mut story = Story::new();
    story.is(CallStatus::Queued);
    assert_eq!(story.sleeps(), Some(Duration::ZERO));
    let send = story.dial(1, "a");
    assert_eq!((send.route.pbx_name.as_str(), send.ring_seconds), ("pbx-1", 30));
    assert_eq!(send.expires_at, story.now + ORDER_LIFETIME);
    assert!(!send.possible_duplicate);
    story.is(CallStatus::Calling);
    story.rings(&send);
    assert_eq!(story.report(&send, Event::Answered), []);
    story.is(CallStatus::Calling);
    assert_eq!(story.report(&send, Event::Key { digit: '5' }), []);
    story.is(CallStatus::Calling);
    assert_eq!(story.report(&send, key_1()), [], "the host says thank you and hangs up by itself");
    story.is(CallStatus::Acknowledged);
    assert_eq!(story.report(&send, ending(AttemptStatus::Acknowledged, Some(200))), []);
    story.is_over(CallStatus::Acknowledged);
}

#[test]
fn a_busy_phone_is_rung_again_after_a_pause() {
    let mut story = Story::new();
    for answer in [
        busy(),
        ending(AttemptStatus::NoAnswer, Some(480)),
        ending(AttemptStatus::Rejected, Some(603)),
        ending(AttemptStatus::Failed, Some(486)),
    ] {
        let send = story.dial(1, "a");
        story.rings(&send);
        assert_eq!(story.report(&send, answer), []);
        story.is(CallStatus::Queued);
        assert_eq!(story.sleeps(), Some(seconds(30)));
        story.pass(seconds(29));
        assert_eq!(story.tell(Input::Due), [], "a PBX that becomes free does not end the pause");
    }
    assert_eq!(story.wake(), choose(&[]));
    assert!(!story.offer(1, "a").possible_duplicate);
}

#[test]
fn an_answering_machine_presses_no_key_and_is_rung_again() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.rings(&send);
    story.report(&send, Event::Answered);
    assert_eq!(story.report(&send, ending(AttemptStatus::Answered, Some(200))), []);
    story.is(CallStatus::Queued);
    assert_eq!(story.sleeps(), Some(seconds(30)));
}

#[test]
fn where_answering_is_enough_picking_up_delivers_and_a_key_still_counts() {
    let mut story = Story::with(Policy { delivered_when: DeliveredWhen::Answered, ..Policy::default() });
    let send = story.dial(1, "a");
    story.rings(&send);
    assert_eq!(story.report(&send, Event::Answered), [], "who has picked up is not cut off");
    story.is(CallStatus::Answered);
    story.report(&send, key_1());
    story.is(CallStatus::Acknowledged);
    story.report(&send, ending(AttemptStatus::Acknowledged, Some(200)));
    story.is_over(CallStatus::Acknowledged);

    let mut story = Story::with(Policy { delivered_when: DeliveredWhen::Answered, ..Policy::default() });
    let send = story.dial(1, "a");
    story.report(&send, ending(AttemptStatus::Answered, Some(200)));
    story.is_over(CallStatus::Answered);
}

#[test]
fn a_fault_of_the_trunk_tries_another_route_at_once() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    assert_eq!(story.report(&send, trunk_fault()), choose(&[tried(1, "a")]));
    let send = story.offer(2, "b");
    assert!(!send.possible_duplicate, "a refused trunk rang nobody");
    assert_eq!(story.report(&send, trunk_fault()), choose(&[tried(1, "a"), tried(2, "b")]));
    assert_eq!(story.tell(Input::NoCandidate(NoRoute::AllTried)), []);
    assert_eq!(story.sleeps(), Some(seconds(5)));
    assert_eq!(story.wake(), choose(&[]), "after a pause every route may be tried again");
}

#[test]
fn routes_that_all_fail_use_up_no_redial_and_the_pauses_grow() {
    let mut story = Story::with(Policy { redials: 0, ..Policy::default() });
    for pause in [5, 10, 20, 40, 60, 60, 60] {
        let send = story.dial(1, "a");
        story.report(&send, trunk_fault());
        story.tell(Input::NoCandidate(NoRoute::AllTried));
        assert_eq!(story.sleeps(), Some(seconds(pause)));
    }
    let send = story.dial(1, "a");
    story.report(&send, key_1());
    story.is(CallStatus::Acknowledged);
}

#[test]
fn routes_that_all_fail_are_not_tried_for_ever_without_a_pause() {
    let mut story = Story::new();
    story.wake();
    let mut failed = 0;
    loop {
        let send = story.offer(failed, "a");
        failed += 1;
        if story.report(&send, trunk_fault()).is_empty() {
            break;
        }
    }
    assert_eq!(failed, 9);
    assert_eq!(story.sleeps(), Some(seconds(5)));
}

#[test]
fn a_call_is_exhausted_after_its_redials() {
    let mut story = Story::with(Policy { redials: 2, ..Policy::default() });
    for _ in 0..3 {
        story.is(CallStatus::Queued);
        let send = story.dial(1, "a");
        story.rings(&send);
        story.report(&send, busy());
    }
    story.is_over(CallStatus::Exhausted);
    assert_eq!(story.call.reason(), None);
}

#[test]
fn a_number_that_does_not_exist_is_tried_once() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    assert_eq!(story.report(&send, ending(AttemptStatus::Failed, Some(604))), []);
    story.is_over(CallStatus::Exhausted);
}

#[test]
fn nobody_is_rung_after_the_lifetime() {
    let mut story = Story::with(Policy { lifetime_minutes: 1, redials: 50, ..Policy::default() });
    let send = story.dial(1, "a");
    story.pass(seconds(24));
    story.report(&send, busy());
    let send = story.dial(1, "a");
    assert_eq!(story.now, START + seconds(54));
    assert_eq!(send.expires_at, START + seconds(60));
    story.pass(seconds(1));
    story.report(&send, busy());
    assert_eq!(story.sleeps(), Some(seconds(5)), "no longer than it lives");
    assert_eq!(story.wake(), []);
    story.is_over(CallStatus::Expired);
    assert_eq!(story.call.reason(), Some(Reason::Expired));
}

#[test]
fn an_order_is_not_good_for_longer_than_its_call() {
    let mut story = Story::with(Policy { lifetime_minutes: 1, ..Policy::default() });
    story.pass(seconds(57));
    let send = story.dial(1, "a");
    assert_eq!(send.expires_at, story.call.expires_at());
    // A route that comes too late is not used any more.
    let mut story = Story::with(Policy { lifetime_minutes: 1, ..Policy::default() });
    story.wake();
    story.pass(seconds(60));
    let candidate = Candidate { pbx: pbx(1), pbx_name: "pbx-1".into(), trunk: "a".into() };
    let offered = Input::Offered { attempt: AttemptId::new(Uuid::from_u128(1)), candidate };
    assert_eq!(story.tell(offered), []);
    story.is_over(CallStatus::Expired);
}

#[test]
fn a_conversation_outlives_the_lifetime() {
    let mut story = Story::with(Policy { lifetime_minutes: 1, ..Policy::default() });
    story.pass(seconds(55));
    let send = story.dial(1, "a");
    story.rings(&send);
    story.pass(seconds(20));
    story.report(&send, Event::Answered);
    story.pass(seconds(60));
    story.report(&send, key_1());
    story.is(CallStatus::Acknowledged);
}

#[test]
fn while_nobody_is_free_the_pauses_grow() {
    let mut story = Story::new();
    let mut pauses = Vec::new();
    for _ in 0..6 {
        assert_eq!(story.wake(), choose(&[]));
        assert_eq!(story.tell(Input::NoCandidate(NoRoute::NotNow(Reason::NoPbx))), []);
        pauses.push(story.sleeps().unwrap().as_secs());
    }
    assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    story.is(CallStatus::Queued);
    assert_eq!(story.call.reason(), Some(Reason::NoPbx));
}

#[test]
fn a_pbx_that_becomes_free_takes_the_call_at_once() {
    let mut story = Story::new();
    story.wake();
    story.tell(Input::NoCandidate(NoRoute::NotNow(Reason::Capacity)));
    story.pass(seconds(1));
    assert_eq!(story.tell(Input::Due), choose(&[]));
    let send = story.offer(1, "a");
    assert_eq!(story.call.reason(), None);
    // The next time nobody is free, the pauses begin anew, and no redial is used up.
    story.report(&send, trunk_fault());
    story.tell(Input::NoCandidate(NoRoute::NotNow(Reason::Capacity)));
    assert_eq!(story.sleeps(), Some(seconds(5)));
}

#[test]
fn a_call_that_nobody_could_take_says_why() {
    let mut story = Story::with(Policy { lifetime_minutes: 1, ..Policy::default() });
    while story.call.wake_at().is_some() {
        if !story.wake().is_empty() {
            story.tell(Input::NoCandidate(NoRoute::NotNow(Reason::NoPbx)));
        }
    }
    story.is_over(CallStatus::Expired);
    assert_eq!(story.call.reason(), Some(Reason::NoPbx));
    assert_eq!(story.now, START + seconds(60));
}

#[test]
fn a_call_that_is_cancelled_hangs_up() {
    let mut story = Story::new();
    let send = story.dial(1, "a");
    story.rings(&send);
    assert_eq!(story.tell(Input::Cancel), [hang_up(&send)]);
    story.is(CallStatus::Cancelled);
    assert_eq!(story.tell(Input::Cancel), []);
    // Somebody was faster than the hang-up; the alert was closed all the same.
    story.report(&send, Event::Answered);
    story.report(&send, key_1());
    assert_eq!(story.report(&send, ending(AttemptStatus::Acknowledged, Some(200))), []);
    story.is_over(CallStatus::Cancelled);
}

#[test]
fn a_call_that_waits_is_cancelled_without_a_word() {
    let mut story = Story::new();
    assert_eq!(story.tell(Input::Cancel), []);
    story.is_over(CallStatus::Cancelled);
    assert_eq!(story.tell(Input::Due), []);
}

#[test]
fn a_call_that_is_held_back_never_starts() {
    let mut call = Call::blocked(Policy::default(), START, Reason::Cooldown);
    assert_eq!((call.status(), call.reason()), (CallStatus::Blocked, Some(Reason::Cooldown)));
    assert_eq!(call.wake_at(), None);
    assert_eq!(call.handle(START, Input::Due), []);
    assert_eq!(call.handle(START, Input::Cancel), []);
    assert_eq!(call.status(), CallStatus::Blocked);
}
