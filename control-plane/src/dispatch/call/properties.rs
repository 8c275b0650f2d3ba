//! What holds for every call, whatever comes in, in whatever order.

use super::{next::MOST_FAILOVERS, *};
use crate::fleet::choice::NoRoute;
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::collections::HashSet;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
/// Few, so that reports about unknown, given up and live attempts all happen.
const ATTEMPTS: u128 = 6;

fn attempt(id: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(id))
}

fn pbx(id: u128) -> PbxId {
    PbxId::new(Uuid::from_u128(id))
}

fn policies() -> impl Strategy<Value = Policy> {
    let delivered = select(vec![DeliveredWhen::Acknowledged, DeliveredWhen::Answered]);
    (5..=120u16, 0..=6u16, 1..=90u32, 1..=10u32, delivered).prop_map(
        |(ring_seconds, redials, redial_pause_seconds, lifetime_minutes, delivered_when)| Policy {
            ring_seconds,
            redials,
            redial_pause_seconds,
            lifetime_minutes,
            delivered_when,
            ..Policy::default()
        },
    )
}

fn reasons() -> impl Strategy<Value = Reason> {
    select(Reason::ALL)
}

fn no_routes() -> impl Strategy<Value = NoRoute> {
    prop_oneof![
        2 => Just(NoRoute::AllTried),
        1 => reasons().prop_map(NoRoute::Never),
        4 => select(vec![Reason::NoPbx, Reason::Capacity, Reason::Draining]).prop_map(NoRoute::NotNow),
    ]
}

fn endings() -> impl Strategy<Value = Ending> {
    let codes = option::of(select(vec![200u16, 404, 480, 486, 487, 503, 603, 604]));
    let causes = option::of(select(vec![1u16, 16, 17, 19, 21, 34]));
    let (unwitnessed, spoken) = (prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (select(AttemptStatus::ALL), codes, causes, option::of(reasons()), unwitnessed, spoken).prop_map(
        |(status, sip_code, hangup_cause, reason, unwitnessed, spoken)| Ending {
            status,
            sip_code,
            hangup_cause,
            ari_status: None,
            reason,
            unwitnessed,
            spoken,
        },
    )
}

fn events() -> impl Strategy<Value = AttemptEvent> {
    prop_oneof![
        1 => reasons().prop_map(|reason| AttemptEvent::Refused { reason, detail: String::new() }),
        2 => Just(AttemptEvent::Originated { ari_status: 200 }),
        1 => Just(AttemptEvent::Ringing),
        1 => Just(AttemptEvent::Answered),
        1 => select(vec!['1', '2', '#']).prop_map(|digit| AttemptEvent::Key { digit }),
        4 => endings().prop_map(AttemptEvent::Ended),
    ]
}

/// Any input at all, about any attempt.
fn inputs() -> impl Strategy<Value = Input> {
    let ids = || (1..=ATTEMPTS).prop_map(attempt);
    prop_oneof![
        6 => Just(Input::Due),
        6 => candidates().prop_map(|candidate| Input::Offered { attempt: attempt(0), candidate }),
        2 => no_routes().prop_map(Input::NoCandidate),
        10 => (ids(), events()).prop_map(|(attempt, event)| Input::Report { attempt, event }),
        2 => ids().prop_map(|attempt| Input::NeverStarted { attempt }),
        2 => (ids(), 1..=3u128).prop_map(|(attempt, host)| Input::StillLive { attempt, pbx: pbx(host) }),
        1 => Just(Input::Cancel),
        1 => Just(Input::Raised),
        1 => Just(Input::Readdressed),
        1 => Just(Input::Started),
        1 => (-4_000_000_000..4_000_000_000i64).prop_map(|by| Input::ClockSet { by }),
    ]
}

fn candidates() -> impl Strategy<Value = Candidate> {
    (1..=3u128, select(vec!["a", "b"])).prop_map(|(id, trunk)| Candidate {
        pbx: pbx(id),
        pbx_name: format!("pbx-{id}"),
        trunk: trunk.into(),
    })
}

/// Seconds until the next input; clocks may be set back.
fn steps() -> impl Strategy<Value = (i64, Input)> {
    let waits = prop_oneof![8 => 0..40i64, 1 => -60..0i64, 1 => 40..700i64];
    (waits, inputs())
}

/// A call and what an observer of its outputs knows of it.
struct Watched {
    call: Call,
    live: Option<AttemptId>,
    sent: u128,
    /// An attempt was given up since the last order.
    in_doubt: bool,
}

impl Watched {
    fn new(policy: Policy) -> Self {
        Self::of(Call::new(policy, START))
    }

    fn of(call: Call) -> Self {
        Self { call, live: None, sent: 0, in_doubt: false }
    }

    /// Tells the call something and checks what must hold of every answer.
    fn tell(&mut self, now: Timestamp, mut input: Input) -> Result<Vec<Output>, TestCaseError> {
        if let Input::Offered { attempt: fresh, .. } = &mut input {
            *fresh = attempt(self.sent + 1);
        }
        if input == Input::Readdressed {
            // Whatever rang has not rung this phone.
            self.in_doubt = false;
        }
        let before = self.call.status();
        let ends = ends_of(&input);
        let outputs = self.call.handle(now, input);
        let after = self.call.status();
        prop_assert!(may_follow(before, after), "{before} -> {after}");
        if ends.is_some() && ends == self.live {
            self.live = None;
        }
        for output in &outputs {
            match output {
                Output::Choose { .. } => {
                    prop_assert!(!after.is_final(), "a final call looks for no route");
                    prop_assert!(now < self.call.expires_at());
                }
                Output::Send(send) => {
                    prop_assert!(!before.is_final(), "a final call sends nothing");
                    prop_assert_eq!(self.live, None, "one attempt at a time");
                    prop_assert!(now < send.expires_at && send.expires_at <= self.call.expires_at());
                    prop_assert!(send.expires_at <= now + ORDER_LIFETIME);
                    prop_assert!(send.possible_duplicate || !self.in_doubt, "not labelled");
                    self.in_doubt = false;
                    self.sent += 1;
                    self.live = Some(send.attempt);
                }
                Output::GiveUp { attempt } => {
                    prop_assert_eq!(self.live, Some(*attempt));
                    self.live = None;
                    self.in_doubt = true;
                }
                Output::CancelAttempt { .. } | Output::CloseUnstarted { .. } => {}
            }
        }
        if self.live.is_some() {
            prop_assert!(self.call.wake_at().is_some(), "somebody must look after a live attempt");
        } else {
            prop_assert_eq!(self.call.wake_at().is_none(), after.is_final(), "{}", after);
        }
        let stored = serde_json::to_string(&self.call).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Call>(&stored).unwrap(), &self.call);
        Ok(outputs)
    }
}

/// The attempt that is over after this input, if it was the live one.
fn ends_of(input: &Input) -> Option<AttemptId> {
    match input {
        Input::Report { attempt, event: AttemptEvent::Refused { .. } | AttemptEvent::Ended(_) }
        | Input::NeverStarted { attempt } => Some(*attempt),
        Input::Due
        | Input::Offered { .. }
        | Input::NoCandidate(_)
        | Input::Report { .. }
        | Input::StillLive { .. }
        | Input::Cancel
        | Input::Raised
        | Input::Readdressed
        | Input::Started
        | Input::ClockSet { .. }
        | Input::Forgotten => None,
    }
}

/// A final status stays, unless it becomes known that somebody was reached.
fn may_follow(before: CallStatus, after: CallStatus) -> bool {
    before == after
        || match before {
            CallStatus::Queued | CallStatus::Calling => true,
            CallStatus::Exhausted | CallStatus::Expired | CallStatus::Blocked => {
                matches!(after, CallStatus::Answered | CallStatus::Acknowledged)
            }
            CallStatus::Answered => after == CallStatus::Acknowledged,
            CallStatus::Acknowledged | CallStatus::Cancelled => false,
        }
}

/// How the world treats an attempt, or a question for a route.
#[derive(Clone, Debug)]
enum Fate {
    NobodyFree(NoRoute),
    NeverStarted,
    Silence,
    RingsAndIsSilent,
    Ends(u64, Ending),
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => no_routes().prop_filter("turned away for good", |why| !matches!(why, NoRoute::Never(_)))
            .prop_map(Fate::NobodyFree),
        1 => Just(Fate::NeverStarted),
        1 => Just(Fate::Silence),
        1 => Just(Fate::RingsAndIsSilent),
        5 => (0..30u64, endings()).prop_map(|(after, ending)| Fate::Ends(after, ending)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_code_has_reached_somebody_if_and_only_if_it_was_spoken(
        policy in policies(),
        steps in vec(steps(), 0..60),
    ) {
        let mut watched = Watched::of(Call::new(policy, START).speaking_code());
        let (mut now, mut spoken) = (START, false);
        for (wait, input) in steps {
            now = now.shifted(wait * 1_000_000);
            let withdrawn = watched.call.status() == CallStatus::Cancelled;
            if let Input::Report { event: AttemptEvent::Ended(ending), .. } = &input {
                spoken |= ending.spoken && !withdrawn;
            }
            watched.tell(now, input)?;
            prop_assert_eq!(watched.call.status() == CallStatus::Answered, spoken);
            prop_assert_ne!(watched.call.status(), CallStatus::Acknowledged);
        }
    }

    #[test]
    fn no_input_breaks_a_call(
        policy in policies(),
        steps in vec(steps(), 0..60),
        speaks_code in any::<bool>(),
    ) {
        let call = Call::new(policy, START);
        let mut watched = Watched::of(if speaks_code { call.speaking_code() } else { call });
        let mut now = START;
        for (wait, input) in steps {
            now = now.shifted(wait * 1_000_000);
            watched.tell(now, input)?;
        }
    }

    #[test]
    fn every_call_ends_in_time_and_rings_no_more_often_than_agreed(
        policy in policies(),
        fates in vec(fates(), 1..40),
    ) {
        let (redials, ring) = (u128::from(policy.redials), policy.ring());
        // Pauses after every route has failed grow to a minute, and begin anew after the callee's answer.
        let rests = u128::from(policy.lifetime_minutes) + 4 * (redials + 1);
        let mut watched = Watched::new(policy);
        let mut fates = fates.into_iter().cycle();
        let mut now = START;
        let mut turned_away = 0;
        let mut steps = 0;
        while let Some(at) = watched.call.wake_at() {
            now = now.max(at);
            let mut outputs = watched.tell(now, Input::Due)?;
            while matches!(outputs.last(), Some(Output::Choose { .. })) {
                steps += 1;
                prop_assert!(steps < 10_000, "it goes round in circles");
                let fate = fates.next().unwrap();
                if let Fate::NobodyFree(why) = fate {
                    turned_away += 1;
                    outputs = watched.tell(now, Input::NoCandidate(why))?;
                    continue;
                }
                let candidate = Candidate { pbx: pbx(1), pbx_name: "pbx-1".into(), trunk: "a".into() };
                outputs = watched.tell(now, Input::Offered { attempt: attempt(0), candidate })?;
                let Some(Output::Send(send)) = outputs.last() else { break };
                let attempt = send.attempt;
                let report = |event| Input::Report { attempt, event };
                match fate {
                    Fate::NobodyFree(_) | Fate::Silence => {}
                    Fate::NeverStarted => outputs = watched.tell(now, Input::NeverStarted { attempt })?,
                    Fate::RingsAndIsSilent => {
                        watched.tell(now, report(AttemptEvent::Originated { ari_status: 200 }))?;
                    }
                    Fate::Ends(after, ending) => {
                        watched.tell(now, report(AttemptEvent::Originated { ari_status: 200 }))?;
                        now = now + Duration::from_secs(after).min(ring);
                        outputs = watched.tell(now, report(AttemptEvent::Ended(ending)))?;
                    }
                }
            }
        }
        prop_assert!(watched.call.status().is_final());
        let latest = watched.call.expires_at() + ORDER_LIFETIME + ring + END_GRACE;
        prop_assert!(now <= latest, "{now} is after {latest}");
        let rounds = redials + 1 + turned_away + rests;
        prop_assert!(watched.sent <= rounds * (u128::from(MOST_FAILOVERS) + 1));
    }

    #[test]
    fn a_pressed_key_is_never_lost(
        policy in policies(),
        steps in vec(steps(), 0..40),
        after in vec(steps(), 0..20),
    ) {
        let mut watched = Watched::new(policy);
        let mut sent = HashSet::new();
        let mut now = START;
        for (wait, input) in steps {
            now = now.shifted(wait * 1_000_000);
            for output in watched.tell(now, input)? {
                if let Output::Send(send) = output {
                    sent.insert(send.attempt);
                }
            }
        }
        let withdrawn = watched.call.status() == CallStatus::Cancelled;
        for attempt in sent {
            let key = AttemptEvent::Key { digit: '1' };
            watched.tell(now, Input::Report { attempt, event: key })?;
            prop_assert!(withdrawn || watched.call.status() == CallStatus::Acknowledged);
        }
        let status = watched.call.status();
        for (wait, input) in after {
            now = now.shifted(wait * 1_000_000);
            watched.tell(now, input)?;
            prop_assert!(status != CallStatus::Acknowledged || watched.call.status() == status);
        }
    }
}
