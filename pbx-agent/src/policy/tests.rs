mod lying_clock;

use super::*;
use crate::{
    config::{self, DialTemplate},
    ledger::Came,
};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use shared::{
    fence::RouteCountries,
    ids::CallId,
    order::{ORDER_VERSION, Prompt},
    severity::Severity,
};
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(86_400);
const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const UP: Host = Host { draining: false, ari_up: true, speaks_codes: true };

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn trunk(name: &str, countries: &[&str]) -> Trunk {
    Trunk {
        name: name.to_owned(),
        dial: format!("PJSIP/{{digits}}@{name}").parse::<DialTemplate>().unwrap(),
        route_countries: RouteCountries::try_from(
            countries.iter().map(ToString::to_string).collect::<Vec<_>>(),
        )
        .unwrap(),
        caller_id: None,
        max_concurrent: 2,
        max_calls_per_second: 2,
        max_minutes_per_day: 10,
    }
}

fn config() -> Config {
    Config {
        path: "agent.toml".into(),
        name: "pbx-1".into(),
        state_dir: "/nowhere".into(),
        control_plane: config::ControlPlane {
            url: "ws://127.0.0.1".parse().unwrap(),
            ca_file: None,
            behind_proxy: false,
        },
        ari: config::Ari {
            url: "http://127.0.0.1".parse().unwrap(),
            username: "u".into(),
            password_file: "p".into(),
            app: "a".into(),
        },
        max_calls_per_number: 3,
        trunks: vec![trunk("a", &["UA"]), trunk("b", &["US"])],
        voice: config::Voice { command: Vec::new(), allow_message_text: false },
    }
}

fn order(attempt: u128) -> Order {
    Order {
        version: ORDER_VERSION,
        attempt_id: AttemptId::new(Uuid::from_u128(attempt)),
        call_id: CallId::new(Uuid::from_u128(99)),
        pbx: "pbx-1".into(),
        trunk: "a".into(),
        to: "+380501234567".parse().unwrap(),
        ring_seconds: 30,
        talk_seconds: 120,
        issued_at: NOW - Duration::from_secs(1),
        expires_at: NOW + Duration::from_secs(10),
        prompt: Prompt {
            severity: Severity::Major,
            project: "Shop".into(),
            language: "en".into(),
            message: None,
            code: None,
        },
    }
}

/// Clocks that agree.
fn agreed(at: Timestamp) -> Moment {
    Moment { local: at, corrected: at }
}

fn came(at: Timestamp) -> Came {
    Came { at, issued: at }
}

struct Given {
    config: Config,
    ledger: Ledger,
    host: Host,
    now: Moment,
}

impl Given {
    fn a_quiet_host() -> Self {
        Self { config: config(), ledger: Ledger::default(), host: UP, now: agreed(NOW) }
    }

    fn judges(&self, signed: &SignedOrder) -> Verdict<'_> {
        judge(&self.config, &[key().verifying_key()], &self.ledger, self.host, self.now, signed)
    }

    fn refuses(&self, order: &Order) -> Refusal {
        self.refuses_signed(&order.sign(&key()))
    }

    fn refuses_signed(&self, signed: &SignedOrder) -> Refusal {
        let verdict = self.judges(signed);
        let Verdict::Refuse(refusal) = verdict else { panic!("{verdict:?}") };
        refusal
    }

    fn obeys(&self, order: &Order) -> Permit<'_> {
        let verdict = self.judges(&order.sign(&key()));
        let Verdict::Obey(permit) = verdict else { panic!("{verdict:?}") };
        *permit
    }

    /// A call on trunk a that began so long ago and may still talk so long.
    fn with_a_call(mut self, attempt: u128, ago: Duration, talk: Duration) -> Self {
        let id = AttemptId::new(Uuid::from_u128(attempt));
        self.ledger.start(id, Fingerprint([0; 32]), "a", None, talk, came(self.now.local - ago));
        self
    }
}

/// What a control plane with a valid key but hostile intent can sign.
fn sign_raw(json: &serde_json::Value) -> SignedOrder {
    use ed25519_dalek::Signer;
    let bytes = serde_json::to_vec(json).unwrap();
    let signature = key().sign(&[&b"callping order v1\0"[..], &bytes].concat());
    SignedOrder {
        key_id: shared::order::key_id(&key().verifying_key()),
        order: BASE64_STANDARD.encode(bytes),
        signature: BASE64_STANDARD.encode(signature.to_bytes()),
    }
}

#[test]
fn an_ordinary_order_is_obeyed_within_its_own_limits() {
    let given = Given::a_quiet_host();
    let permit = given.obeys(&order(1));
    assert_eq!(
        (permit.trunk.name.as_str(), permit.ring, permit.talk),
        ("a", Duration::from_secs(30), Duration::from_secs(120))
    );
}

#[test]
fn limits_of_a_hostile_order_are_cut_to_what_is_sane() {
    let given = Given::a_quiet_host();
    let permit = given.obeys(&Order { ring_seconds: u16::MAX, talk_seconds: u16::MAX, ..order(1) });
    assert_eq!((permit.ring, permit.talk), (LONGEST_RING, LONGEST_TALK));
    let permit = given.obeys(&Order { ring_seconds: 0, talk_seconds: 0, ..order(1) });
    assert_eq!((permit.ring, permit.talk), (Duration::from_secs(1), Duration::from_secs(1)));
}

#[test]
fn a_strangers_order_is_refused_and_its_id_is_not_used_any_more() {
    let given = Given::a_quiet_host();
    let refusal = given.refuses_signed(&order(1).sign(&SigningKey::from_bytes(&[9; 32])));
    assert_eq!(refusal.reason, Reason::BadSignature);
    assert_eq!(refusal.attempt, Some(order(1).attempt_id));
    let mut garbage = order(1).sign(&key());
    garbage.order = "rubbish".into();
    assert_eq!(given.refuses_signed(&garbage).attempt, None);
}

#[test]
fn a_stranger_cannot_end_an_attempt_that_is_under_way() {
    let given = Given::a_quiet_host().with_a_call(1, Duration::from_secs(5), Duration::from_secs(60));
    let refusal = given.refuses_signed(&order(1).sign(&SigningKey::from_bytes(&[9; 32])));
    assert_eq!((refusal.reason, refusal.attempt), (Reason::BadSignature, None));
}

#[test]
fn the_same_order_again_is_a_repetition_and_another_one_under_its_id_a_duplicate() {
    let mut given = Given::a_quiet_host();
    let signed = order(1).sign(&key());
    given.ledger.start(
        order(1).attempt_id,
        Fingerprint::of(&signed),
        "a",
        None,
        Duration::from_secs(60),
        came(NOW),
    );
    assert!(matches!(given.judges(&signed), Verdict::Repeated));
    let refusal = given.refuses(&Order { ring_seconds: 31, ..order(1) });
    assert_eq!((refusal.reason, refusal.attempt), (Reason::Duplicate, None));
}

#[test]
fn a_host_that_remembers_all_it_can_obeys_nothing_new_and_remembers_no_more() {
    let mut given = Given::a_quiet_host();
    let signed = order(0).sign(&key());
    let (id, fingerprint) = (order(0).attempt_id, Fingerprint::of(&signed));
    given.ledger.remember(id, Seen::Order { fingerprint, live: false }, came(NOW));
    for number in 2.. {
        if given.ledger.is_full() {
            break;
        }
        given.ledger.remember(AttemptId::new(Uuid::from_u128(number)), Seen::NeverCame, came(NOW));
    }
    let refusal = given.refuses(&order(1));
    assert_eq!((refusal.reason, refusal.attempt), (Reason::Capacity, None));
    assert_eq!(given.refuses_signed(&order(1).sign(&SigningKey::from_bytes(&[9; 32]))).attempt, None);
    assert!(matches!(given.judges(&signed), Verdict::Repeated));
    given.now = agreed(NOW + MEMORY);
    given.ledger.prune(given.now);
    let (issued_at, expires_at) = (given.now.corrected, given.now.corrected + Duration::from_secs(10));
    given.obeys(&Order { issued_at, expires_at, ..order(1) });
}

#[test]
fn a_trunk_that_is_not_there_is_named_without_a_number_in_its_name() {
    let refusal =
        Given::a_quiet_host().refuses(&Order { trunk: "+380501234567\u{1b}[2J".into(), ..order(1) });
    assert_eq!(refusal.reason, Reason::Capacity);
    assert!(
        refusal.detail.starts_with("no trunk \"+…4567[2J\" on this host; it has a, b"),
        "{}",
        refusal.detail
    );
}

#[test]
fn an_order_that_was_declared_lost_must_not_ring_when_it_comes_after_all() {
    let mut given = Given::a_quiet_host();
    given.ledger.remember(order(1).attempt_id, Seen::NeverCame, came(NOW));
    assert_eq!(given.refuses(&order(1)).reason, Reason::Expired);
}

#[test]
fn an_order_for_another_pbx_is_refused() {
    assert_eq!(
        Given::a_quiet_host().refuses(&Order { pbx: "pbx-2".into(), ..order(1) }).reason,
        Reason::WrongPbx
    );
}

#[test]
fn an_expired_order_is_refused_from_the_very_moment() {
    let mut given = Given::a_quiet_host();
    given.now = agreed(order(1).expires_at);
    assert_eq!(given.refuses(&order(1)).reason, Reason::Expired);
    let old = Order { issued_at: NOW - MEMORY, expires_at: NOW + MEMORY, ..order(1) };
    assert_eq!(Given::a_quiet_host().refuses(&old).reason, Reason::Expired);
}

#[test]
fn a_trunk_that_is_not_here_is_named() {
    let refusal = Given::a_quiet_host().refuses(&Order { trunk: "c".into(), ..order(1) });
    assert_eq!(refusal.reason, Reason::Capacity);
    assert!(refusal.detail.contains("\"c\"") && refusal.detail.contains("a, b"), "{}", refusal.detail);
}

#[test]
fn a_forbidden_number_is_refused_by_its_own_reason_though_the_order_is_well_signed() {
    let given = Given::a_quiet_host();
    for (number, reason) in [
        ("112", Reason::NumberEmergency),
        ("+4918012345", Reason::NumberPremium),
        ("+82801234567", Reason::NumberTollFree),
        ("+881612345678", Reason::NumberType),
        ("+380501234568@evil.example", Reason::NumberInvalid),
        ("+380501234568&PJSIP/1@a", Reason::NumberInvalid),
        ("+380 50 123 4568", Reason::NumberInvalid),
        ("${EXTEN}", Reason::NumberInvalid),
    ] {
        let mut json = serde_json::to_value(order(1)).unwrap();
        json["to"] = number.into();
        let refusal = given.refuses_signed(&sign_raw(&json));
        assert_eq!((refusal.reason, refusal.attempt), (reason, Some(order(1).attempt_id)), "{number}");
        assert!(!refusal.detail.contains("4568"), "{}", refusal.detail);
    }
}

#[test]
fn an_order_of_another_version_or_with_unknown_fields_is_not_half_obeyed() {
    let given = Given::a_quiet_host();
    let mut json = serde_json::to_value(order(1)).unwrap();
    json["version"] = 2.into();
    assert!(given.refuses_signed(&sign_raw(&json)).detail.contains("version 2"));
    let mut json = serde_json::to_value(order(1)).unwrap();
    json["also_ring"] = "+380501234568".into();
    assert!(given.refuses_signed(&sign_raw(&json)).detail.contains("unknown field"));
}

#[test]
fn the_fence_of_each_trunk_holds() {
    let given = Given::a_quiet_host();
    let refusal = given.refuses(&Order { trunk: "b".into(), ..order(1) });
    assert_eq!(refusal.reason, Reason::CountryNotAllowed);
    assert!(refusal.detail.contains("UA"), "{}", refusal.detail);
}

#[test]
fn a_draining_host_and_one_without_asterisk_take_nothing() {
    let mut given = Given::a_quiet_host();
    given.host = Host { draining: true, ..UP };
    assert_eq!(given.refuses(&order(1)).reason, Reason::Draining);
    given.host = Host { ari_up: false, ..UP };
    assert_eq!(given.refuses(&order(1)).reason, Reason::AriUnavailable);
}

#[test]
fn a_full_trunk_takes_no_more_and_its_neighbour_does() {
    let minute = Duration::from_secs(60);
    let given = Given::a_quiet_host().with_a_call(10, minute, minute).with_a_call(11, minute, minute);
    assert_eq!(given.refuses(&order(1)).reason, Reason::Capacity);
    given.obeys(&Order { trunk: "b".into(), to: "+12015550123".parse().unwrap(), ..order(1) });
}

#[test]
fn calls_per_second_are_counted_within_any_one_second() {
    let mut given = Given::a_quiet_host()
        .with_a_call(10, Duration::from_millis(900), Duration::ZERO)
        .with_a_call(11, Duration::from_millis(100), Duration::ZERO);
    given.config.trunks[0].max_concurrent = 10;
    assert_eq!(given.refuses(&order(1)).reason, Reason::RateLimited);
    given.now = agreed(NOW + Duration::from_millis(100));
    given.obeys(&Order { expires_at: NOW + Duration::from_secs(10), ..order(1) });
}

#[test]
fn a_number_is_not_rung_without_end_over_whichever_trunk() {
    let mut given = Given::a_quiet_host();
    let called = |number: &str| NumberMark::of(&number.parse().unwrap());
    for minutes in [9, 5, 1] {
        let ago = Duration::from_secs(60 * minutes);
        given.ledger.count_start("b", Some(called("+380501234567")), NOW - ago);
    }
    let refusal = given.refuses(&order(1));
    assert_eq!(refusal.reason, Reason::Cooldown);
    assert!(refusal.detail.contains("max_calls_per_number"), "{}", refusal.detail);
    given.obeys(&Order { to: "+380671234567".parse().unwrap(), ..order(1) });
    given.now = agreed(NOW + Duration::from_secs(60));
    given.obeys(&Order { expires_at: NOW + Duration::from_secs(90), ..order(1) });
}

#[test]
fn minutes_of_the_day_count_what_was_talked_and_what_live_calls_may_still_talk() {
    let mut given = Given::a_quiet_host().with_a_call(10, Duration::from_secs(60), Duration::from_secs(120));
    given.ledger.finish(AttemptId::new(Uuid::from_u128(12)), "a", Duration::from_secs(420), NOW);
    let permit = given.obeys(&order(1));
    assert_eq!(permit.talk, Duration::from_secs(60), "the rest of ten minutes");
    given.ledger.finish(AttemptId::new(Uuid::from_u128(13)), "a", Duration::from_secs(40), NOW);
    assert_eq!(given.refuses(&order(1)).reason, Reason::Quota);
    given.now = agreed(NOW + DAY);
    let tomorrow = Order { issued_at: NOW + DAY, expires_at: NOW + DAY + Duration::from_secs(9), ..order(1) };
    assert_eq!(given.obeys(&tomorrow).talk, Duration::from_secs(120), "a new day");
}

#[test]
fn a_captured_order_that_was_forgotten_is_refused_though_the_clock_says_that_it_is_new() {
    let mut given = Given::a_quiet_host();
    let signed = order(1).sign(&key());
    let seen = Seen::Order { fingerprint: Fingerprint::of(&signed), live: false };
    given.ledger.remember(order(1).attempt_id, seen, Came { at: NOW, issued: order(1).issued_at });
    given.ledger.prune(agreed(NOW + MEMORY));
    assert_eq!(given.ledger.seen(order(1).attempt_id), None);
    given.now = Moment { local: NOW + MEMORY, corrected: NOW };
    let refusal = given.refuses_signed(&signed);
    assert_eq!(refusal.reason, Reason::Expired);
    assert!(refusal.detail.contains("remembers"), "{}", refusal.detail);
}

/// What a hostile control plane may put where it likes.
fn hostile() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        "\\PC{0,40}",
        "[+0-9]{0,17}",
        Just("+380501234567@evil.example".to_owned()),
        Just("+380501234567;ext=1".to_owned()),
        Just("${EXTEN}&PJSIP/1@a".to_owned()),
        Just("a\r\nX-Evil: 1".to_owned()),
        Just("\0".to_owned()),
    ];
    prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        text.prop_map(Into::into),
        Just(serde_json::json!([])),
        Just(serde_json::json!({"severity": "critical"})),
    ]
}

proptest! {
    #[test]
    fn whatever_stands_in_any_field_of_a_well_signed_order_only_what_is_allowed_is_obeyed(
        field in proptest::sample::select(vec![
            "version", "attempt_id", "call_id", "pbx", "trunk", "to", "ring_seconds", "talk_seconds",
            "issued_at", "expires_at", "prompt", "prompt.severity", "prompt.project", "prompt.language",
            "prompt.message", "surprise",
        ]),
        value in hostile(),
    ) {
        let mut json = serde_json::to_value(order(1)).unwrap();
        match field.split_once('.') {
            Some((outer, inner)) => json[outer][inner] = value,
            None => json[field] = value,
        }
        let given = Given::a_quiet_host();
        if let Verdict::Obey(permit) = given.judges(&sign_raw(&json)) {
            let number = phone::judge(permit.order.to.as_str()).unwrap();
            prop_assert!(permit.trunk.route_countries.allows(&number));
            prop_assert_eq!(&permit.order.pbx, "pbx-1");
            prop_assert!(permit.ring <= LONGEST_RING && permit.talk <= LONGEST_TALK);
            prop_assert!(given.now.corrected < permit.order.expires_at);
        }
    }
}
