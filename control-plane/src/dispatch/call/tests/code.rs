//! A call that speaks a code: what reaches its person is the code, and nothing else.

use super::*;

impl Story {
    fn verifying() -> Self {
        let mut story = Self::with(Policy { redials: 1, ..Policy::default() });
        story.call = story.call.speaking_code();
        story
    }

    /// Somebody picks up, and the conversation ends.
    fn talks(&mut self, send: &Send, spoken: bool) {
        self.rings(send);
        self.report(send, Event::Answered);
        self.is(CallStatus::Calling);
        let Event::Ended(ending) = ending(AttemptStatus::Answered, None) else { unreachable!() };
        self.report(send, Event::Ended(Ending { spoken, ..ending }));
    }
}

#[test]
fn a_code_that_was_spoken_ends_the_call_as_answered() {
    let mut story = Story::verifying();
    let send = story.dial(1, "a");
    story.talks(&send, true);
    story.is_over(CallStatus::Answered);
}

#[test]
fn whoever_hangs_up_before_the_last_digit_is_rung_once_more_and_then_it_is_over() {
    let mut story = Story::verifying();
    let first = story.dial(1, "a");
    story.talks(&first, false);
    story.is(CallStatus::Queued);
    let second = story.dial(1, "a");
    story.talks(&second, false);
    story.is_over(CallStatus::Exhausted);
}

#[test]
fn no_key_and_no_picking_up_counts_as_the_code() {
    let mut story = Story::verifying();
    let send = story.dial(1, "a");
    story.rings(&send);
    story.report(&send, Event::Answered);
    story.report(&send, key_1());
    story.report(&send, ending(AttemptStatus::Acknowledged, None));
    story.is(CallStatus::Queued);
}

#[test]
fn a_code_that_is_known_late_to_have_been_spoken_counts() {
    let mut story = Story::verifying();
    let send = story.dial(1, "a");
    story.rings(&send);
    story.pass(seconds(60));
    story.wake();
    story.is(CallStatus::Queued);
    let Event::Ended(ending) = ending(AttemptStatus::Answered, None) else { unreachable!() };
    story.report(&send, Event::Ended(Ending { spoken: true, ..ending }));
    story.is_over(CallStatus::Answered);
}
