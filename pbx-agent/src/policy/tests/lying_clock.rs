//! A stolen control plane says what time it likes; the caps do not listen.

use super::*;
use crate::{call::Progress, journal::Stored};

/// A call to [`order`]'s number on trunk a that is over.
fn over(attempt: u128, ago: Duration, talked: Duration, offset: i64) -> Stored {
    let at = NOW - ago;
    Stored {
        attempt: AttemptId::new(Uuid::from_u128(attempt)),
        seen: Seen::Order { fingerprint: Fingerprint([0; 32]), live: false },
        trunk: "a".into(),
        number: Some(NumberMark::of(&order(1).to)),
        came: Came { at, issued: at.shifted(offset) },
        answered_at: Some(at),
        ended_at: Some(at),
        progress: Progress::Over,
        talked,
        resume: None,
    }
}

/// How a host that was restarted after these calls answers the next order, at the time that the control
/// plane claims.
fn answer(calls: &[(u64, u64)], offset: i64) -> Result<Duration, Reason> {
    let mut given = Given::a_quiet_host();
    given.now = Moment { local: NOW, corrected: NOW.shifted(offset) };
    for (attempt, (ago_ms, talked)) in (1000..).zip(calls) {
        let (ago, talked) = (Duration::from_millis(*ago_ms), Duration::from_secs(*talked));
        given.ledger.recall(&over(attempt, ago, talked, offset));
    }
    let issued_at = given.now.corrected;
    let asked = Order { issued_at, expires_at: issued_at + Duration::from_secs(10), ..order(1) };
    match given.judges(&asked.sign(&key())) {
        Verdict::Obey(permit) => Ok(permit.talk),
        Verdict::Refuse(refusal) => Err(refusal.reason),
        Verdict::Repeated => panic!("it never came before"),
    }
}

fn offsets() -> impl Strategy<Value = i64> {
    let day = DAY.as_micros() as i64;
    prop_oneof![
        Just(day * 25 / 24),
        Just(-day * 25 / 24),
        -400 * day..400 * day,
        -2_000_000i64..2_000_000,
        Just(-NOW.as_micros()),
        Just(i64::MIN),
    ]
}

#[test]
fn a_control_plane_that_is_a_day_ahead_or_behind_opens_no_new_window_of_any_cap() {
    let day = 25 * 3_600_000_000;
    for offset in [0, day, -day, i64::MIN] {
        assert_eq!(answer(&[(900_000, 60)], offset), Ok(Duration::from_secs(120)), "{offset}");
        assert_eq!(answer(&[(900_000, 600)], offset), Err(Reason::Quota), "{offset}");
        assert_eq!(answer(&[(900, 0), (100, 0)], offset), Err(Reason::RateLimited), "{offset}");
        assert_eq!(answer(&[(9000, 0), (8000, 0), (7000, 0)], offset), Err(Reason::Cooldown), "{offset}");
    }
}

proptest! {
    #[test]
    fn whatever_the_time_is_said_to_be_caps_answer_as_if_it_were_the_hosts(
        mut calls in prop::collection::vec((0u64..700_000, 0u64..300), 0..5),
        offset in offsets(),
    ) {
        // As the journal gives them: in the order of time.
        calls.sort_by_key(|(ago, _)| std::cmp::Reverse(*ago));
        prop_assert_eq!(answer(&calls, offset), answer(&calls, 0));
    }
}
