//! Whatever happens in whatever order.

use super::*;
use proptest::prelude::*;

/// Something about one of three attempts, and how much time passed before it.
fn something() -> impl Strategy<Value = (u8, u128, u64)> {
    (0u8..19, 1u128..4, prop_oneof![Just(0u64), 0u64..2_000, 0u64..40_000])
}

fn input(what: u8, number: u128, at: Timestamp) -> Input {
    let of = attempt(number);
    let event = |kind| Input::Event(Event { channel: of.to_string(), kind });
    let fresh = Order { issued_at: at, expires_at: at + Duration::from_secs(10), ..order(number) };
    match what {
        0 | 1 => Input::Order {
            // The same order again, or another under its id.
            signed: Box::new(if what == 0 { order(number) } else { fresh }.sign(&key())),
            pinned: vec![key().verifying_key()],
        },
        2 => Input::Journalled(of),
        3 => Input::NotJournalled { attempt: of, why: "disk full".into() },
        4 => Input::Cancel(of),
        5 => Input::Query { ticket: u64::try_from(number).unwrap(), attempts: vec![of] },
        6 => Input::Burned { ticket: u64::try_from(number).unwrap() },
        7 => Input::Originated(of, Originated::Status { status: 200, body: String::new() }),
        8 => Input::Originated(of, Originated::Lost { maybe_sent: true, why: String::new() }),
        9 => event(EventKind::Ringing),
        10 => event(EventKind::Up),
        11 => event(EventKind::StasisStart),
        12 => event(EventKind::Key('1')),
        13 => event(EventKind::Destroyed { cause: Some(16), tech_cause: None }),
        14 => Input::Looked(of, None),
        15 => Input::NoChannel(of),
        16 => Input::AsteriskUp { version: "22".into(), channels: Vec::new(), ours: Vec::new() },
        17 => Input::AsteriskDown { why: "gone".into() },
        _ => Input::Due,
    }
}

/// What a board wants when it is told all this.
fn told(happenings: &[(u8, u128, u64)]) -> Vec<(Moment, Input, Vec<Effect>)> {
    let mut host = Host::up();
    let mut out = Vec::new();
    for (what, number, after) in happenings {
        host.passes(Duration::from_millis(*after));
        let input = input(*what, *number, host.now.corrected);
        let effects = host.board.handle(host.now, input.clone());
        out.push((host.now, input, effects));
    }
    out
}

proptest! {
    #[test]
    fn nothing_is_dialled_twice_nor_late_nor_before_the_journal_has_it(
        happenings in prop::collection::vec(something(), 0..60),
    ) {
        let mut entered = BTreeMap::new();
        let mut dialled = Vec::new();
        for (now, input, effects) in told(&happenings) {
            for effect in effects {
                if let Effect::Enter(row) = &effect {
                    let before = entered.insert(row.attempt, row.came.issued);
                    prop_assert!(before.is_none(), "entered twice");
                }
                if let Effect::Originate(dial) = &effect {
                    prop_assert!(matches!(input, Input::Journalled(of) if of == dial.attempt), "{input:?}");
                    let issued = entered.get(&dial.attempt).copied().unwrap();
                    prop_assert!(now.corrected < issued + Duration::from_secs(10), "it has expired");
                    prop_assert!(!dialled.contains(&dial.attempt), "dialled twice");
                    dialled.push(dial.attempt);
                }
            }
        }
    }

    #[test]
    fn a_board_that_is_told_the_same_wants_the_same(
        happenings in prop::collection::vec(something(), 0..40),
    ) {
        prop_assert_eq!(format!("{:?}", told(&happenings)), format!("{:?}", told(&happenings)));
    }
}
