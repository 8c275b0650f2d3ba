//! Of a trunk no more INVITEs leave together than its `max_calls_per_second`, whatever held them up.

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

/// Two calls a second, to whomever.
fn host() -> Host {
    let caps = "max_calls_per_second = 2\nmax_concurrent = 100";
    let config = CONFIG.replace("max_concurrent = 2", caps);
    let mut host =
        Host::configured(&config.replace("max_calls_per_number = 3", "max_calls_per_number = 100"));
    host.asterisk_has(&[]);
    host
}

/// Issued and to be started from now on.
fn fresh(host: &Host, number: u128) -> Order {
    let now = host.now.corrected;
    Order { issued_at: now, expires_at: now + Duration::from_secs(10), ..order(number) }
}

impl Host {
    /// An order comes, a second after the last; the disk does not take it yet.
    fn is_told_in_time(&mut self, number: u128) {
        self.passes(Duration::from_secs(1));
        self.is_told(&fresh(self, number));
        assert!(self.reports(number).is_empty(), "within every cap as it comes");
    }

    fn answers(&mut self, number: u128, status: u16) {
        self.hears(Input::Originated(attempt(number), Originated::Status { status, body: String::new() }));
    }
}

#[test]
fn orders_that_a_slow_disk_takes_at_once_do_not_leave_at_once() {
    let mut host = host();
    for number in 1..=4 {
        host.is_told_in_time(number);
    }
    for number in 1..=4 {
        host.hears(Input::Journalled(attempt(number)));
    }
    assert_eq!(host.dialled().len(), 2);
    for number in 3..=4 {
        assert_eq!(host.refusal(number), Reason::RateLimited, "never dialled, and another route takes it");
    }
    assert_eq!(host.board.active(), 2);
    (1..=2).for_each(|number| host.answers(number, 200));
    host.is_told_in_time(5);
    host.hears(Input::Journalled(attempt(5)));
    assert_eq!(host.dialled().len(), 3, "a second later there is room again");
}

#[test]
fn what_a_frozen_asterisk_has_not_answered_may_all_leave_when_it_wakes() {
    let mut host = host();
    for number in 1..=4 {
        host.is_told_in_time(number);
        host.hears(Input::Journalled(attempt(number)));
    }
    assert_eq!(host.dialled().len(), 2);
    assert_eq!(host.refusal(3), Reason::RateLimited);
    let lost = Originated::Lost { maybe_sent: true, why: "nothing within 10 s".into() };
    host.hears(Input::Originated(attempt(1), lost));
    host.answers(2, 500);
    for number in 5..=6 {
        host.is_told_in_time(number);
        host.hears(Input::Journalled(attempt(number)));
    }
    assert_eq!(host.dialled().len(), 3, "a refused one has not left, a lost one still may");
    host.happens(1, EventKind::Ringing);
    host.is_told_in_time(7);
    host.hears(Input::Journalled(attempt(7)));
    assert_eq!(host.dialled().len(), 4, "it has left, and a second has passed");
}

#[test]
fn a_trunk_that_is_full_for_a_moment_holds_up_no_other() {
    let trunk = "\n[[trunk]]\nname = \"b\"\ndial = \"PJSIP/{digits}@b\"\nroute_countries = [\"+380\"]\n";
    let mut host = Host::configured(&format!("{CONFIG}max_calls_per_second = 1{trunk}"));
    host.asterisk_has(&[]);
    for number in 1..=2 {
        host.is_told_in_time(number);
    }
    host.is_told(&Order { trunk: "b".into(), ..fresh(&host, 3) });
    for number in 1..=3 {
        host.hears(Input::Journalled(attempt(number)));
    }
    assert_eq!(host.dialled(), ["PJSIP/380501234567@a", "PJSIP/380501234567@b"]);
}

#[test]
fn a_restart_begins_no_new_second() {
    let mut host = host();
    for number in 1..=3 {
        host.is_told_in_time(number);
    }
    for number in 1..=2 {
        host.hears(Input::Journalled(attempt(number)));
    }
    host.passes(Duration::from_secs(1));
    host.restarted();
    host.asterisk_has(&[]);
    host.is_told_in_time(4);
    host.hears(Input::Journalled(attempt(4)));
    assert_eq!(host.refusal(4), Reason::RateLimited, "nobody knows yet whether two have left");
    for _ in 0..2 {
        for number in 1..=3 {
            host.hears(Input::Looked(attempt(number), None));
        }
        host.passes(Duration::from_secs(1));
    }
    host.is_told_in_time(5);
    host.hears(Input::Journalled(attempt(5)));
    assert_eq!(host.dialled().len(), 1, "they are gone");
}

proptest! {
    /// Asterisk makes each channel some time between request and answer: at the worst moment.
    #[test]
    fn whatever_the_disk_and_asterisk_do_no_carrier_sees_more_than_the_cap(
        steps in prop::collection::vec((0u8..4, 0u64..700), 1..120),
    ) {
        let mut host = host();
        let (mut entering, mut unanswered) = (VecDeque::new(), VecDeque::new());
        let mut left: Vec<Timestamp> = Vec::new();
        let mut next = 0;
        for (what, after) in steps {
            host.passes(Duration::from_millis(after));
            match what {
                0 | 1 => {
                    next += 1;
                    host.is_told(&fresh(&host, next));
                    if host.board.is_live(attempt(next)) {
                        entering.push_back(next);
                    }
                }
                // The disk takes all that has gathered.
                2 => for number in entering.drain(..) {
                    if host.hears(Input::Journalled(attempt(number))).iter().any(|e| dial_string(e).is_some()) {
                        unanswered.push_back(number);
                    }
                },
                _ => for number in unanswered.drain(..) {
                    left.push(host.now.local);
                    host.answers(number, 200);
                },
            }
        }
        for at in &left {
            let together = left.iter().filter(|other| **other >= *at && other.since(*at) < DEPARTURES_WINDOW);
            prop_assert!(together.count() <= 2, "{left:?}");
        }
    }
}
