use super::*;
use crate::config::Config;
use uuid::Uuid;

const NOON: Timestamp = Timestamp::from_micros(20_000 * DAY_MICROS + DAY_MICROS / 2);
const MINUTE: Duration = Duration::from_secs(60);

/// Of the example: 10 calls at once, 5 a second, 600 minutes a day.
fn trunk() -> Trunk {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agent.toml");
    std::fs::write(&path, include_str!("../../agent.example.toml")).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    Config::load(&path).unwrap().trunks.remove(0)
}

fn attempt(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(number))
}

/// By clocks that agree.
fn came(at: Timestamp) -> Came {
    Came { at, issued: at }
}

fn agreed(at: Timestamp) -> Moment {
    Moment { local: at, corrected: at }
}

fn begin(ledger: &mut Ledger, number: u128, at: Timestamp) {
    ledger.start(attempt(number), Fingerprint([0; 32]), "zadarma", Some(NumberMark(7)), 2 * MINUTE, came(at));
}

#[test]
fn a_live_call_holds_its_place_and_its_promised_minutes() {
    let (mut ledger, trunk) = (Ledger::default(), trunk());
    begin(&mut ledger, 1, NOON);
    let room = ledger.room(&trunk, NOON);
    assert_eq!((room.active, room.last_second, room.talk_left), (1, 1, 598 * MINUTE));
    ledger.finish(attempt(1), "zadarma", MINUTE, NOON + MINUTE);
    let room = ledger.room(&trunk, NOON + MINUTE);
    assert_eq!((room.active, room.last_second, room.talk_left), (0, 0, 599 * MINUTE));
    assert_eq!(ledger.standing(attempt(1)), Standing::Over);
}

#[test]
fn a_call_that_began_within_the_last_second_counts_whoever_began_it() {
    let (mut ledger, trunk) = (Ledger::default(), trunk());
    ledger.count_start("zadarma", None, NOON - Duration::from_secs(3600));
    ledger.count_start("zadarma", None, NOON - Duration::from_millis(900));
    begin(&mut ledger, 1, NOON);
    assert_eq!(ledger.room(&trunk, NOON).last_second, 2);
    assert_eq!(ledger.room(&trunk, NOON + Duration::from_millis(100)).last_second, 1);
    assert_eq!(ledger.trunks["zadarma"].recent.len(), 2, "what is older is forgotten");
}

#[test]
fn minutes_of_yesterday_are_not_counted_in_whatever_order_they_are_read() {
    let (mut ledger, trunk) = (Ledger::default(), trunk());
    let yesterday = NOON - Duration::from_secs(86_400);
    for (number, at) in [(1, NOON), (2, yesterday), (3, NOON)] {
        ledger.remember(attempt(number), Seen::NeverCame, came(at));
        ledger.finish(attempt(number), "zadarma", 10 * MINUTE, at);
    }
    assert_eq!(ledger.room(&trunk, NOON).talk_left, 580 * MINUTE);
    assert_eq!(ledger.room(&trunk, NOON + Duration::from_secs(86_400)).talk_left, 600 * MINUTE);
}

#[test]
fn calls_to_a_number_count_for_ten_minutes_and_are_forgotten_then() {
    let mut ledger = Ledger::default();
    begin(&mut ledger, 1, NOON);
    ledger.count_start("trunk-b", Some(NumberMark(7)), NOON + MINUTE);
    assert_eq!(ledger.calls_to(NumberMark(7), NOON + 2 * MINUTE), 2);
    assert_eq!(ledger.calls_to(NumberMark(8), NOON + 2 * MINUTE), 0);
    assert_eq!(ledger.calls_to(NumberMark(7), NOON + 10 * MINUTE), 1);
    ledger.prune(agreed(NOON + 11 * MINUTE));
    assert!(ledger.numbers.is_empty());
}

#[test]
fn orders_are_remembered_for_two_days_and_longer_while_they_live() {
    let mut ledger = Ledger::default();
    begin(&mut ledger, 1, NOON);
    begin(&mut ledger, 2, NOON);
    ledger.finish(attempt(2), "zadarma", Duration::ZERO, NOON);
    ledger.prune(agreed(NOON + MEMORY - MINUTE));
    assert_eq!(ledger.standing(attempt(2)), Standing::Over);
    ledger.prune(agreed(NOON + MEMORY));
    assert_eq!(ledger.standing(attempt(2)), Standing::NeverSeen);
    assert_eq!(ledger.standing(attempt(1)), Standing::Live);
}

#[test]
fn a_day_that_lies_in_the_future_counts_as_today() {
    let (mut ledger, trunk) = (Ledger::default(), trunk());
    ledger.finish(attempt(1), "zadarma", 10 * MINUTE, NOON + Duration::from_secs(86_400));
    assert_eq!(ledger.room(&trunk, NOON).talk_left, 590 * MINUTE);
}

#[test]
fn a_control_plane_that_lies_about_the_time_makes_nothing_be_forgotten_early() {
    let mut ledger = Ledger::default();
    ledger.remember(attempt(1), Seen::NeverCame, came(NOON));
    let year = Duration::from_secs(366 * 86_400);
    ledger.prune(Moment { local: NOON + MEMORY - MINUTE, corrected: NOON + year });
    assert_eq!(ledger.seen(attempt(1)), Some(Seen::NeverCame));
    ledger.prune(Moment { local: NOON + year, corrected: NOON });
    assert_eq!(ledger.seen(attempt(1)), Some(Seen::NeverCame), "longer does no harm");
}

#[test]
fn an_order_as_old_as_one_that_was_forgotten_may_be_the_same_whatever_any_clock_says() {
    let mut ledger = Ledger::default();
    ledger.remember(attempt(1), Seen::NeverCame, came(NOON));
    assert!(!ledger.may_have_forgotten(NOON));
    ledger.prune(agreed(NOON + MEMORY));
    assert!(ledger.may_have_forgotten(NOON));
    assert!(!ledger.may_have_forgotten(NOON + Duration::from_micros(1)));
}

#[test]
fn orders_that_a_lying_control_plane_dated_into_the_future_do_not_make_later_ones_look_old() {
    let mut ledger = Ledger::default();
    let year = Duration::from_secs(366 * 86_400);
    ledger.remember(attempt(1), Seen::NeverCame, Came { at: NOON, issued: NOON + year });
    ledger.prune(Moment { local: NOON + MEMORY, corrected: NOON + 2 * year });
    assert_eq!(ledger.seen(attempt(1)), Some(Seen::NeverCame));
    assert!(!ledger.may_have_forgotten(NOON + MEMORY));
}

#[test]
fn an_order_that_was_not_dialled_in_the_end_does_not_count_for_its_number() {
    let mut ledger = Ledger::default();
    begin(&mut ledger, 1, NOON);
    begin(&mut ledger, 2, NOON + MINUTE);
    ledger.finish(attempt(2), "zadarma", Duration::ZERO, NOON + MINUTE);
    ledger.take_back(NumberMark(7), NOON + MINUTE);
    assert_eq!(ledger.calls_to(NumberMark(7), NOON + 2 * MINUTE), 1);
    ledger.take_back(NumberMark(8), NOON);
    assert_eq!(ledger.calls_to(NumberMark(7), NOON + 2 * MINUTE), 1);
}
