//! A call that speaks a code.

use super::*;

/// One round: what is said, in order.
fn round() -> Vec<Part> {
    [Part::Greeting].into_iter().chain((0..6).map(Part::Digit)).collect()
}

impl Story {
    /// Somebody has picked up and hears who calls.
    fn telling() -> Self {
        let mut story = Self::ringing_about(Subject::Code);
        story.hears(Input::Answered).hears(Input::EnteredStasis);
        assert_eq!(story.playing(), Some((1, Part::Greeting, Sound::Spoken)));
        story
    }

    /// So many pieces are heard to their end, with the pauses after them.
    fn hears_pieces(&mut self, pieces: usize) -> &mut Self {
        for _ in 0..pieces {
            self.finishes_playing().fast_forward(Duration::from_millis(400));
            if !self.call.speech.is_playing() {
                self.fast_forward(Duration::from_millis(2_600));
            }
        }
        self
    }

    fn said_parts(&self) -> Vec<Part> {
        let part = |output: &Output| if let Output::Play { part, .. } = output { Some(*part) } else { None };
        self.said.iter().filter_map(part).collect()
    }

    fn hung_up(&self) -> bool {
        self.count(&Output::Hangup) > 0
    }
}

#[test]
fn a_code_is_said_three_times_digit_by_digit_with_pauses_and_then_the_call_ends() {
    let mut story = Story::telling();
    story.finishes_playing();
    assert_eq!(story.said_parts(), [Part::Greeting], "a pause comes first");
    story.fast_forward(Duration::from_millis(400)).hears_pieces(19);
    assert!(!story.hung_up());
    story.hears_pieces(1);
    assert_eq!(story.said_parts(), [round(), round(), round()].concat());
    assert!(story.hung_up());
    let ending = story.ends(16, 0);
    assert!(ending.status == Answered && ending.spoken && !ending.unwitnessed, "{ending:?}");
}

#[test]
fn somebody_who_hangs_up_after_the_last_digit_has_heard_it_and_before_it_has_not() {
    for (pieces, spoken) in [(0, false), (6, false), (7, true), (9, true)] {
        let mut story = Story::telling();
        story.hears_pieces(pieces);
        let ending = story.ends(16, 0);
        assert_eq!((ending.status, ending.spoken), (Answered, spoken), "{pieces} pieces");
    }
}

#[test]
fn no_key_takes_a_code_and_key_3_says_it_again() {
    let mut story = Story::telling();
    story.hears_pieces(3);
    let said = story.said.len();
    for key in ['1', '9', '#', '0'] {
        story.hears(Input::Key(key));
    }
    assert_eq!(story.said.len(), said, "they do nothing");
    story.hears(Input::Key('3'));
    assert_eq!(story.count(&Output::Stop { play: 4 }), 1);
    story.hears_pieces(7);
    assert_eq!(story.said_parts()[4..11], round());
    assert!(!story.reports.iter().any(|event| matches!(event, AttemptEvent::Key { .. })));
    assert!(story.ends(16, 0).spoken);
}

#[test]
fn a_digit_that_cannot_be_played_ends_the_call_for_a_tone_is_none() {
    for silent in [false, true] {
        let mut story = Story::telling();
        story.hears_pieces(4);
        if silent {
            // Nobody says that it was played to its end.
            story.fast_forward(Duration::from_secs(15));
        } else {
            story.cannot_play();
        }
        assert!(story.hung_up());
        story.hears(Input::Key('3'));
        assert!(!story.said.iter().any(|output| matches!(output, Output::Play { sound: Sound::Tone, .. })));
        let ending = story.ends(16, 0);
        assert_eq!((ending.status, ending.spoken), (Answered, false));
    }
}

#[test]
fn after_a_restart_there_is_no_code_and_nobody_is_kept_on_the_line_for_nothing() {
    let lost = Plan { subject: Subject::LostCode, ..PLAN };
    let mut story = Story::new(Call::resumed(lost, Progress::Ringing));
    story.hears(Input::Resume).hears(Input::Present { up: false });
    assert!(story.hung_up());
    assert_eq!(story.ends(16, 487).status, Cancelled);

    for found in [Input::Present { up: true }, Input::EnteredStasis] {
        let mut story = Story::new(Call::resumed(lost, Progress::Answered));
        story.hears(Input::Resume).hears(found);
        assert!(story.hung_up() && story.said_parts().is_empty());
        let ending = story.ends(16, 0);
        assert!(ending.status == Answered && ending.unwitnessed && !ending.spoken, "{ending:?}");
    }
}

/// What happens while a code is said; mostly, what is played comes to its end.
fn happening() -> impl Strategy<Value = Option<Input>> {
    prop_oneof![
        12 => Just(None),
        1 => any::<bool>().prop_map(|ok| Some(Input::PlaybackFinished { play: 3, ok })),
        1 => "[0-9*#]".prop_map(|key| key.chars().next().map(Input::Key)),
        1 => any::<bool>().prop_map(|up| Some(Input::Present { up })),
        1 => Just(Some(Input::Answered)),
        1 => Just(Some(Input::Cancel)),
    ]
}

proptest! {
    #[test]
    fn a_code_counts_as_spoken_if_and_only_if_all_of_it_was_heard_in_order(
        happenings in proptest::collection::vec((happening(), 0u64..4_000), 0..60),
    ) {
        let mut story = Story::telling();
        let (mut heard, mut spoken) = (Vec::new(), false);
        for (input, millis) in happenings {
            let playing = story.playing().filter(|_| story.call.speech.is_playing());
            let input = match (input, playing) {
                (Some(input), _) => input,
                (None, Some((play, ..))) => Input::PlaybackFinished { play, ok: true },
                (None, None) => Input::Ringing,
            };
            if let (Input::PlaybackFinished { play, ok: true }, Some((number, part, _))) = (&input, playing)
                && *play == number
            {
                if part == Part::Greeting {
                    heard.clear();
                }
                heard.push(part);
                spoken |= heard == round();
            }
            story.hears(input).fast_forward(Duration::from_millis(millis));
        }
        prop_assert_eq!(story.ends(16, 0).spoken, spoken);
    }
}
