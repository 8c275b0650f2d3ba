//! When a letter is tried again, and when no more.

use super::*;
use proptest::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0) + Duration::from_secs(seconds)
}

fn trouble(retry_after: Option<u64>) -> Outcome {
    Outcome::Trouble { reason: "451 later".into(), retry_after: retry_after.map(Duration::from_secs) }
}

fn tried(attempts: u32) -> Tried {
    Tried { attempts, first_at: at(0) }
}

/// How long until the next attempt.
fn wait(next: &Next, now: Timestamp) -> Duration {
    let Next::Again { at, .. } = next else { panic!("not again: {next:?}") };
    at.since(now)
}

#[test]
fn what_was_taken_or_refused_is_over() {
    let accepted = Outcome::Accepted { provider_id: Some("x".into()) };
    assert_eq!(next(accepted, tried(1), at(0), 0), Next::Sent { provider_id: Some("x".into()) });
    let refused = Outcome::Refused { reason: "550 no".into() };
    assert_eq!(next(refused, tried(1), at(0), 0), Next::Failed { reason: "550 no".into() });
}

#[test]
fn the_pause_doubles_from_two_seconds_to_an_hour() {
    for (attempts, seconds) in [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (40, 3600), (u32::MAX, 3600)]
    {
        let next = next(trouble(None), tried(attempts), at(0), u32::MAX);
        assert_eq!(wait(&next, at(0)), Duration::from_secs(seconds), "after {attempts}");
    }
}

#[test]
fn a_server_that_asks_for_time_gets_it() {
    assert_eq!(wait(&next(trouble(Some(90)), tried(1), at(5), u32::MAX), at(5)), Duration::from_secs(90));
    let more = next(trouble(Some(1)), tried(5), at(5), u32::MAX);
    assert_eq!(wait(&more, at(5)), Duration::from_secs(32), "its wish is the least, not the most");
    let confused = next(trouble(Some(u64::MAX)), tried(1), at(5), 0);
    assert_eq!(wait(&confused, at(5)), 24 * HOUR);
}

#[test]
fn after_two_days_it_is_given_up_with_the_last_reason() {
    let now = at(0) + PATIENCE;
    assert!(matches!(next(trouble(None), tried(60), now - Duration::from_micros(1), 0), Next::Again { .. }));
    let Next::Failed { reason } = next(trouble(None), tried(60), now, 0) else { panic!("not given up") };
    assert_eq!(reason, "given up after 48 hours and 60 attempts; the last: 451 later");
}

proptest! {
    #[test]
    fn whatever_comes_it_is_tried_later_within_bounds_or_over(
        attempts in 1..=u32::MAX,
        age in 0..=4 * 48 * 3600_u64,
        retry_after in proptest::option::of(any::<u64>()),
        chance in any::<u32>(),
    ) {
        let now = at(age);
        match next(trouble(retry_after), tried(attempts), now, chance) {
            Next::Again { at, reason } => {
                prop_assert!(age < PATIENCE.as_secs());
                prop_assert_eq!(reason, "451 later");
                let wait = at.since(now);
                let wish = Duration::from_secs(retry_after.unwrap_or(0)).min(LONGEST_WISH);
                prop_assert!(wait >= SHORTEST_PAUSE && wait >= wish, "{wait:?}");
                prop_assert!(wait <= LONGEST_PAUSE.max(wish), "{wait:?}");
            }
            Next::Failed { .. } => prop_assert!(age >= PATIENCE.as_secs()),
            Next::Sent { .. } => prop_assert!(false, "nobody took it"),
        }
    }

    /// A server that is down for ever: the letter ends, after so many attempts and not many more.
    #[test]
    fn a_letter_that_nobody_takes_ends_in_time(chances in proptest::collection::vec(any::<u32>(), 400)) {
        let (mut now, mut attempts) = (at(0), 0);
        loop {
            let Some(chance) = chances.get(attempts as usize) else {
                // Chance would have to be small again and again.
                prop_assume!(false);
                return Ok(());
            };
            attempts += 1;
            match next(trouble(None), tried(attempts), now, *chance) {
                Next::Again { at, .. } => now = at,
                Next::Failed { .. } => break,
                Next::Sent { .. } => prop_assert!(false, "nobody took it"),
            }
        }
        prop_assert!(now.since(at(0)) < PATIENCE + HOUR);
        prop_assert!(attempts > 40, "{attempts}");
    }
}
