use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn midnight() -> Timestamp {
    "2026-11-29T00:00:00Z".parse().unwrap()
}

fn check(at: Timestamp, state: State) -> Check {
    Check { at, state, holds: SECOND * 30 }
}

fn total(days: &[(Day, Tally)]) -> Tally {
    days.iter().fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally))
}

#[test]
fn a_look_counts_until_the_next() {
    let days = since(check(midnight(), State::Degraded), midnight() + SECOND * 30, None, true);
    assert_eq!(days, [(Day::of(midnight()), Tally::of(State::Degraded, SECOND * 30))]);
}

#[test]
fn a_silence_of_more_than_three_looks_is_an_outage_of_ourselves_and_of_nobody_else() {
    let now = midnight() + HOUR;
    let ours = total(&since(check(midnight(), State::Operational), now, None, true));
    assert_eq!(ours, Tally { known: HOUR, degraded: Duration::ZERO, down: HOUR - SECOND * 30 });
    let theirs = total(&since(check(midnight(), State::Operational), now, None, false));
    assert_eq!(theirs, Tally::of(State::Operational, SECOND * 30));
    let short = total(&since(check(midnight(), State::Operational), midnight() + SECOND * 90, None, true));
    assert_eq!(short, Tally::of(State::Operational, SECOND * 90));
}

#[test]
fn an_outage_over_midnight_is_of_both_days() {
    let days = since(check(midnight() - MINUTE, State::Outage), midnight() + SECOND * 20, None, false);
    let told: Vec<(String, Tally)> = days.iter().map(|(day, tally)| (day.to_string(), *tally)).collect();
    let before = ("2026-11-28".to_owned(), Tally::of(State::Outage, MINUTE));
    assert_eq!(told, [before, ("2026-11-29".to_owned(), Tally::of(State::Outage, SECOND * 20))]);
}

#[test]
fn a_clock_that_is_set_makes_no_outage() {
    let ahead = since(check(midnight(), State::Operational), midnight() + HOUR, Some(SECOND * 30), true);
    assert_eq!(total(&ahead), Tally::of(State::Operational, SECOND * 30));
    assert_eq!(since(check(midnight(), State::Outage), midnight() - HOUR, None, true), []);
}

#[test]
fn a_moment_makes_no_day_of_outage_and_is_not_hidden_either() {
    let day = |down: Duration, degraded: Duration| Tally { known: HOUR, degraded, down }.state();
    assert_eq!(Tally::default().state(), DayState::NoData);
    assert_eq!(day(Duration::ZERO, SECOND * 30), DayState::Operational);
    assert_eq!(day(Duration::ZERO, MINUTE), DayState::Degraded);
    assert_eq!(day(SECOND * 30, Duration::ZERO), DayState::Degraded);
    assert_eq!(day(MINUTE, Duration::ZERO), DayState::Outage);
}

#[test]
fn uptime_is_never_rounded_up() {
    let tally = |down| Tally { known: HOUR * 2160, degraded: Duration::ZERO, down }.uptime();
    assert_eq!(tally(Duration::ZERO), Some(100_000));
    assert_eq!(tally(SECOND), Some(99_999));
    assert_eq!(tally(HOUR * 2160), Some(0));
    assert_eq!(Tally::default().uptime(), None);
}

fn states() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

proptest! {
    /// Whatever the clocks do: nothing is negative, no day is longer than a day, days come in their order, and no more is
    /// counted than has passed.
    #[test]
    fn what_is_counted_has_passed(
        at in 0i64..4_000_000_000_000_000, later in -4_000_000_000_000_000i64..4_000_000_000_000_000,
        holds in 0u64..86_400_000_000, passed in prop::option::of(0u64..100_000_000_000), state in states(),
        is_ourselves: bool,
    ) {
        let now = Timestamp::from_micros(at.saturating_add(later).max(0));
        let check = Check { at: Timestamp::from_micros(at), state, holds: Duration::from_micros(holds) };
        let passed = passed.map(Duration::from_micros);
        let days = since(check, now, passed, is_ourselves);
        let sum = total(&days);
        prop_assert!(sum.known <= now.since(check.at));
        prop_assert!(passed.is_none_or(|passed| sum.known <= passed));
        prop_assert!(days.is_sorted_by_key(|(day, _)| *day));
        let mut by_day: BTreeMap<Day, Tally> = BTreeMap::new();
        for (day, tally) in &days {
            let kept = by_day.entry(*day).or_default();
            *kept = kept.plus(*tally);
        }
        for tally in by_day.values() {
            prop_assert!(tally.known <= DAY && tally.down + tally.degraded <= tally.known);
            prop_assert_eq!(tally.within_a_day(), *tally);
        }
    }

    /// Looks in a row leave no hole: all time between the first and the last is known.
    #[test]
    fn what_is_looked_at_again_and_again_is_known_without_a_hole(
        pauses in prop::collection::vec((1u64..400_000_000, states()), 1..40)
    ) {
        let begun = midnight() - HOUR;
        let (mut last, mut sum) = (check(begun, State::Operational), Tally::default());
        for (pause, state) in pauses {
            let now = last.at + Duration::from_micros(pause);
            sum = sum.plus(total(&since(last, now, None, true)));
            last = check(now, state);
        }
        prop_assert_eq!(sum.known, last.at.since(begun));
    }

    /// More trouble never makes a day look better.
    #[test]
    fn more_outage_is_never_shown_as_less(known in 1u64..86_400, a in 0u64..86_400, b in 0u64..86_400) {
        let day = |down: u64| Tally {
            known: Duration::from_secs(known),
            degraded: Duration::ZERO,
            down: Duration::from_secs(down.min(known)),
        };
        let (less, more) = (day(a.min(b)), day(a.max(b)));
        prop_assert!(less.state() <= more.state());
        prop_assert!(less.uptime() >= more.uptime());
    }
}
