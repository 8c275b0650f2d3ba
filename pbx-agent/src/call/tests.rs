mod code;

use super::*;
use proptest::prelude::*;
use shared::outcome::AttemptStatus::{Acknowledged, Answered, Busy, Cancelled, Failed, NoAnswer, Rejected};

const RING: Duration = Duration::from_secs(30);
const TALK: Duration = Duration::from_secs(60);
const PLAN: Plan = Plan { ring: RING, talk: TALK, subject: Subject::Alert };

/// A phone, the Asterisk between, and the machine under test.
struct Story {
    call: Call,
    now: Timestamp,
    said: Vec<Output>,
    reports: Vec<AttemptEvent>,
}

impl Story {
    fn new(call: Call) -> Self {
        Self { call, now: Timestamp::from_micros(1_000_000), said: Vec::new(), reports: Vec::new() }
    }

    /// An attempt whose originate request is on its way.
    fn begun() -> Self {
        Self::begun_about(Subject::Alert)
    }

    fn begun_about(subject: Subject) -> Self {
        let mut story = Self::new(Call::new(Plan { subject, ..PLAN }));
        story.hears(Input::Start);
        assert_eq!(story.count(&Output::Originate), 1);
        story
    }

    /// An attempt whose phone rings.
    fn ringing() -> Self {
        Self::ringing_about(Subject::Alert)
    }

    fn ringing_about(subject: Subject) -> Self {
        let mut story = Self::begun_about(subject);
        story.hears(Input::OriginateAnswered { status: 200 });
        story.hears(Input::Ringing);
        story
    }

    /// An attempt that was picked up; the alert is being said.
    fn talking() -> Self {
        let mut story = Self::ringing();
        story.hears(Input::Answered);
        story.hears(Input::EnteredStasis);
        assert_eq!(story.playing(), Some((1, Part::Alert, Sound::Spoken)));
        story
    }

    fn hears(&mut self, input: Input) -> &mut Self {
        for output in self.call.handle(self.now, input) {
            if let Output::Report(event) = &output {
                self.reports.push(event.clone());
            }
            self.said.push(output);
        }
        self
    }

    /// Fires every timer that comes due.
    fn fast_forward(&mut self, time: Duration) -> &mut Self {
        let end = self.now + time;
        for round in 0.. {
            assert!(round < 1000, "timers set each other off without end: {:?}", self.call.deadlines);
            let due = [Timer::Watchdog, Timer::Talk, Timer::Speech, Timer::Linger]
                .into_iter()
                .filter_map(|timer| Some((self.call.deadlines[timer as usize]?, timer)))
                .min();
            match due {
                Some((at, timer)) if at <= end => {
                    self.now = self.now.max(at);
                    self.hears(Input::Timer(timer));
                }
                Some(_) | None => break,
            }
        }
        self.now = end;
        self
    }

    fn playing(&self) -> Option<(u32, Part, Sound)> {
        self.said.iter().rev().find_map(|output| {
            let Output::Play { play, part, sound } = output else { return None };
            Some((*play, *part, *sound))
        })
    }

    fn finishes_playing(&mut self) -> &mut Self {
        let play = self.playing().expect("nothing plays").0;
        self.hears(Input::PlaybackFinished { play, ok: true })
    }

    fn cannot_play(&mut self) -> &mut Self {
        let play = self.playing().expect("nothing plays").0;
        self.hears(Input::PlaybackFinished { play, ok: false })
    }

    fn count(&self, output: &Output) -> usize {
        self.said.iter().filter(|said| *said == output).count()
    }

    fn said_alert(&self) -> usize {
        self.said.iter().filter(|said| matches!(said, Output::Play { part: Part::Alert, .. })).count()
    }

    fn ending(&self) -> &Ending {
        match self.reports.last() {
            Some(AttemptEvent::Ended(ending)) => ending,
            other => panic!("not over: {other:?}"),
        }
    }

    fn ends(&mut self, cause: u16, sip: u16) -> &Ending {
        self.hears(Input::Destroyed { cause: Some(cause), tech_cause: Some(sip) });
        self.ending()
    }
}

#[test]
fn key_1_is_reported_at_once_thanked_and_ends_acknowledged() {
    let mut story = Story::talking();
    story.hears(Input::Key('1'));
    assert_eq!(story.reports.last(), Some(&AttemptEvent::Key { digit: '1' }));
    assert_eq!(story.count(&Output::Stop { play: 1 }), 1);
    assert_eq!(story.playing(), Some((2, Part::Thanks, Sound::Spoken)));
    assert_eq!(story.count(&Output::Hangup), 0);
    story.finishes_playing();
    assert_eq!(story.count(&Output::Hangup), 1);
    assert_eq!(story.ends(16, 0).status, Acknowledged);
    assert_eq!(
        story.reports[..4],
        [
            AttemptEvent::Originated { ari_status: 200 },
            AttemptEvent::Ringing,
            AttemptEvent::Answered,
            AttemptEvent::Key { digit: '1' },
        ]
    );
}

#[test]
fn somebody_who_hangs_up_right_after_key_1_has_acknowledged() {
    assert_eq!(Story::talking().hears(Input::Key('1')).ends(16, 0).status, Acknowledged);
}

#[test]
fn an_answering_machine_hears_the_alert_three_times_and_is_answered_not_acknowledged() {
    let mut story = Story::talking();
    for _ in 0..3 {
        story.finishes_playing().fast_forward(Duration::from_secs(4));
    }
    assert_eq!(story.said_alert(), 3);
    assert_eq!(story.count(&Output::Hangup), 1);
    assert_eq!(story.ends(16, 0).status, Answered);
}

#[test]
fn key_3_says_it_again_from_the_beginning() {
    let mut story = Story::talking();
    story.finishes_playing().fast_forward(Duration::from_secs(1)).hears(Input::Key('3'));
    assert_eq!(story.playing(), Some((2, Part::Alert, Sound::Spoken)));
    assert_eq!(story.count(&Output::Stop { play: 1 }), 0, "it had ended by itself");
}

#[test]
fn another_key_is_reported_and_answered_with_the_instructions() {
    let mut story = Story::talking();
    story.hears(Input::Key('7'));
    assert_eq!(story.reports.last(), Some(&AttemptEvent::Key { digit: '7' }));
    assert_eq!(story.playing(), Some((2, Part::Instructions, Sound::Spoken)));
    story.finishes_playing().fast_forward(Duration::from_secs(4));
    assert_eq!(story.playing(), Some((3, Part::Alert, Sound::Spoken)));
}

#[test]
fn where_words_cannot_be_played_a_tone_is_and_key_1_still_works() {
    let mut story = Story::talking();
    story.cannot_play();
    assert_eq!(story.playing(), Some((2, Part::Alert, Sound::Tone)));
    story.fast_forward(Duration::from_secs(2));
    assert_eq!(story.count(&Output::Stop { play: 2 }), 1, "Asterisk repeats a tone until it is stopped");
    story.fast_forward(Duration::from_secs(3));
    assert_eq!(story.playing(), Some((3, Part::Alert, Sound::Tone)), "it does not try words again");
    story.hears(Input::Key('1')).fast_forward(Duration::from_secs(3));
    assert_eq!(story.ends(16, 0).status, Acknowledged);
}

#[test]
fn an_asterisk_that_can_play_nothing_still_waits_for_the_key() {
    let mut story = Story::talking();
    story.cannot_play().cannot_play();
    assert_eq!(story.count(&Output::Hangup), 0);
    assert_eq!(story.hears(Input::Key('1')).ends(16, 0).status, Acknowledged);
}

#[test]
fn the_conversation_ends_when_its_time_is_up() {
    let mut story = Story::talking();
    for _ in 0..6 {
        story.fast_forward(Duration::from_secs(9)).hears(Input::Key('3'));
    }
    assert_eq!(story.count(&Output::Hangup), 0);
    story.fast_forward(Duration::from_secs(9));
    assert_eq!(story.count(&Output::Hangup), 1);
    assert_eq!(story.ends(16, 0).status, Answered);
}

#[test]
fn unanswered_ends_are_judged_by_what_the_carrier_said() {
    for (cause, sip, status) in
        [(17, 486, Busy), (19, 480, NoAnswer), (21, 603, Rejected), (34, 503, Failed), (1, 404, Failed)]
    {
        let mut story = Story::ringing();
        let ending = story.ends(cause, sip);
        assert_eq!((ending.status, ending.sip_code, ending.hangup_cause), (status, Some(sip), Some(cause)));
        assert_eq!(ending.ari_status, Some(200));
        assert!(!ending.unwitnessed);
    }
}

#[test]
fn a_refusal_that_overtakes_the_answer_of_the_originate_is_told_in_order() {
    let mut story = Story::begun();
    story.hears(Input::Destroyed { cause: Some(17), tech_cause: Some(486) });
    assert_eq!(story.reports, []);
    story.hears(Input::OriginateAnswered { status: 200 });
    assert_eq!(story.reports[0], AttemptEvent::Originated { ari_status: 200 });
    assert_eq!(story.ending().status, Busy);
}

#[test]
fn a_trunk_that_cannot_be_dialled_fails_with_the_status_of_asterisk() {
    let mut story = Story::begun();
    story.hears(Input::OriginateAnswered { status: 500 });
    assert_eq!(story.reports.len(), 1);
    assert_eq!((story.ending().status, story.ending().ari_status), (Failed, Some(500)));
    let mut story = Story::begun();
    story.hears(Input::OriginateAnswered { status: 401 });
    assert_eq!(story.ending().reason, Some(Reason::AriUnavailable));
}

#[test]
fn a_channel_that_already_lives_is_adopted() {
    let mut story = Story::begun();
    story.hears(Input::OriginateAnswered { status: 409 });
    assert_eq!(story.reports, [AttemptEvent::Originated { ari_status: 409 }]);
    assert_eq!(story.count(&Output::Look), 1);
    story.hears(Input::Present { up: true });
    assert_eq!(story.playing(), Some((1, Part::Alert, Sound::Spoken)));
}

#[test]
fn an_originate_that_never_left_fails_and_one_that_may_have_left_is_looked_for() {
    let mut story = Story::begun();
    story.hears(Input::OriginateLost { maybe_sent: false });
    assert_eq!(story.ending().reason, Some(Reason::AriUnavailable));
    assert!(!story.ending().unwitnessed);

    let mut story = Story::begun();
    story.hears(Input::OriginateLost { maybe_sent: true });
    assert_eq!(story.count(&Output::Look), 1);
    story.hears(Input::Gone).fast_forward(Duration::from_secs(1));
    assert_eq!(story.count(&Output::Look), 2, "it may be made after the look");
    story.hears(Input::Gone).fast_forward(Duration::from_secs(1));
    assert!(story.ending().unwitnessed, "the phone may have rung");

    let mut story = Story::begun();
    story.hears(Input::OriginateLost { maybe_sent: true }).hears(Input::Present { up: false });
    assert_eq!(story.reports, [AttemptEvent::Originated { ari_status: 200 }]);
    assert_eq!(story.ends(17, 486).status, Busy);
}

#[test]
fn an_asterisk_that_answers_nothing_is_asked_again_and_again() {
    let mut story = Story::begun();
    story.hears(Input::OriginateLost { maybe_sent: true }).fast_forward(Duration::from_secs(60));
    assert!(story.count(&Output::Look) > 5);
    assert_eq!(story.count(&Output::Originate), 1, "and never dialled again");
}

#[test]
fn a_cancelled_ring_is_hung_up_and_ends_cancelled() {
    let mut story = Story::ringing();
    story.hears(Input::Cancel);
    assert_eq!(story.count(&Output::Hangup), 1);
    assert_eq!(story.ends(16, 0).status, Cancelled);
}

#[test]
fn a_cancel_that_comes_before_the_channel_waits_for_it() {
    let mut story = Story::begun();
    story.hears(Input::Cancel);
    assert_eq!(story.count(&Output::Hangup), 0);
    story.hears(Input::OriginateAnswered { status: 200 });
    assert_eq!(story.count(&Output::Hangup), 1);
}

#[test]
fn a_cancelled_conversation_is_cut_and_stays_answered() {
    assert_eq!(Story::talking().hears(Input::Cancel).ends(16, 0).status, Answered);
}

#[test]
fn a_hangup_that_asterisk_does_not_hear_is_repeated() {
    let mut story = Story::ringing();
    story.hears(Input::Cancel).fast_forward(Duration::from_secs(11));
    assert_eq!(story.count(&Output::Hangup), 3);
}

#[test]
fn a_ring_that_asterisk_forgets_to_end_is_ended() {
    let mut story = Story::ringing();
    story.fast_forward(Duration::from_secs(39));
    assert_eq!(story.count(&Output::Hangup), 0);
    story.fast_forward(Duration::from_secs(2));
    assert_eq!(story.count(&Output::Hangup), 1);
    assert_eq!(story.ends(16, 0).status, NoAnswer);
}

#[test]
fn a_channel_that_is_gone_waits_a_moment_for_the_event_that_says_why() {
    let mut story = Story::ringing();
    story.hears(Input::Gone);
    assert_eq!(story.ends(17, 486).status, Busy);

    let mut story = Story::ringing();
    story.hears(Input::Gone).fast_forward(Duration::from_secs(1));
    assert_eq!(story.ending().status, Failed);
    assert!(story.ending().unwitnessed);
}

#[test]
fn a_channel_that_comes_to_life_after_it_was_not_to_be_found_is_looked_for_again() {
    // Asterisk hung; its answer was given up, and then it listed channels before it made this one.
    let mut story = Story::begun();
    story.hears(Input::Cancel).hears(Input::OriginateLost { maybe_sent: true }).hears(Input::Gone);
    let looks = story.count(&Output::Look);
    story.hears(Input::Ringing);
    assert_eq!(story.count(&Output::Look), looks + 1);
    story.fast_forward(Duration::from_secs(1));
    assert!(!matches!(story.reports.last(), Some(AttemptEvent::Ended(_))), "{:?}", story.reports);
    story.hears(Input::Present { up: false });
    assert!(story.count(&Output::Hangup) >= 1, "nobody needs it any more");
    assert_eq!(story.ends(16, 0).status, Cancelled);
}

#[test]
fn a_restarted_agent_goes_on_where_the_journal_says_and_never_dials_again() {
    let mut story = Story::new(Call::resumed(PLAN, Progress::Ringing));
    story.hears(Input::Resume).hears(Input::Start).hears(Input::Present { up: false }).hears(Input::Ringing);
    assert_eq!(story.reports, [], "what was reported is not reported again");
    story.hears(Input::Answered).hears(Input::EnteredStasis).hears(Input::Key('1'));
    assert_eq!(story.ends(16, 0).status, Acknowledged);
    assert_eq!(story.count(&Output::Originate), 0);

    let mut story = Story::new(Call::resumed(PLAN, Progress::Accepted));
    story.hears(Input::Resume).hears(Input::Gone).fast_forward(Duration::from_secs(1));
    story.hears(Input::Gone).fast_forward(Duration::from_secs(1));
    assert!(story.ending().unwitnessed, "it may have been dialled just before the crash");
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![Just(200), Just(409), Just(500), Just(404), any::<u16>()]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::Start),
        Just(Input::Resume),
        status().prop_map(|status| Input::OriginateAnswered { status }),
        any::<bool>().prop_map(|maybe_sent| Input::OriginateLost { maybe_sent }),
        Just(Input::Ringing),
        Just(Input::Answered),
        Just(Input::EnteredStasis),
        "[0-9*#A-D!x]".prop_map(|key| Input::Key(key.chars().next().expect("one"))),
        (0u32..6, any::<bool>()).prop_map(|(play, ok)| Input::PlaybackFinished { play, ok }),
        (any::<Option<u16>>(), any::<Option<u16>>())
            .prop_map(|(cause, tech_cause)| Input::Destroyed { cause, tech_cause }),
        any::<bool>().prop_map(|up| Input::Present { up }),
        Just(Input::Gone),
        Just(Input::Cancel),
        prop_oneof![Just(Timer::Watchdog), Just(Timer::Talk), Just(Timer::Speech), Just(Timer::Linger)]
            .prop_map(Input::Timer),
    ]
}

/// Where a report stands in the order in which things can happen.
fn rank(event: &AttemptEvent) -> u8 {
    match event {
        AttemptEvent::Originated { .. } => 0,
        AttemptEvent::Ringing => 1,
        AttemptEvent::Answered => 2,
        AttemptEvent::Key { .. } => 3,
        AttemptEvent::Ended(_) | AttemptEvent::Refused { .. } => 4,
    }
}

#[test]
fn a_cancelled_call_that_was_over_before_its_originate_was_answered_is_left_alone() {
    let mut story = Story::begun();
    story.hears(Input::Destroyed { cause: Some(17), tech_cause: Some(486) }).hears(Input::Cancel);
    story.hears(Input::OriginateAnswered { status: 200 });
    assert_eq!(story.ending().status, Cancelled);
    assert_eq!(story.said.last(), Some(&Output::Done), "nothing after the end");
    story.fast_forward(Duration::from_secs(60));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_order_of_events_breaks_what_is_promised(
        resumed in proptest::option::of(0i64..5),
        subject in prop_oneof![Just(Subject::Alert), Just(Subject::Code), Just(Subject::LostCode)],
        inputs in proptest::collection::vec((input(), 0u64..20), 0..40),
    ) {
        let plan = Plan { subject, ..PLAN };
        let call = match resumed {
            Some(row) => Call::resumed(plan, Progress::from_row(row)),
            None => Call::new(plan),
        };
        let mut story = Story::new(call);
        let mut reached = story.call.progress();
        for (input, seconds) in inputs {
            story.hears(input);
            prop_assert!(story.call.progress() >= reached, "progress only goes forward");
            reached = story.call.progress();
            story.fast_forward(Duration::from_secs(seconds));
        }
        let done = story.count(&Output::Done);
        // Whatever happened, an attempt that was begun ends once Asterisk has no channel for it.
        let begun = resumed.is_some() || story.count(&Output::Originate) > 0;
        story.hears(Input::OriginateLost { maybe_sent: true });
        story.hears(Input::Gone).fast_forward(Duration::from_secs(5));
        story.hears(Input::Gone).fast_forward(Duration::from_secs(5));
        prop_assert!(story.count(&Output::Originate) <= usize::from(resumed.is_none()));
        if begun {
            prop_assert_eq!(story.call.progress(), Progress::Over);
        }
        let endings = story.reports.iter().filter(|event| matches!(event, AttemptEvent::Ended(_))).count();
        prop_assert!(endings <= 1);
        prop_assert_eq!(story.count(&Output::Done), endings);
        prop_assert!(done <= endings);
        if endings == 1 {
            prop_assert!(matches!(story.reports.last(), Some(AttemptEvent::Ended(_))), "nothing after the end");
            prop_assert_eq!(story.said.last(), Some(&Output::Done), "nothing after the end");
        }
        prop_assert!(story.reports.is_sorted_by_key(rank), "{:?}", story.reports);
        let keys = story.reports.iter().any(|event| matches!(event, AttemptEvent::Key { .. }));
        prop_assert!(subject == Subject::Alert || !keys, "a code has no keys");
        prop_assert!(subject != Subject::LostCode || story.playing().is_none(), "there is nothing to say");
        let before = story.said.len();
        if endings == 1 {
            story.hears(Input::Start).hears(Input::EnteredStasis).hears(Input::Key('1')).hears(Input::Cancel);
            prop_assert_eq!(story.said.len(), before, "silence after the end");
        }
    }
}
