mod any_order;
mod codes;
mod departures;
mod restarts;

use super::*;
use crate::{
    ari::{Channel, Event, EventKind},
    journal::JournalFile,
};
use ed25519_dalek::SigningKey;
use shared::{
    ids::{CallId, JournalId},
    order::{ORDER_VERSION, Order, Prompt, SignedOrder},
    outcome::{AttemptStatus, Reason},
    protocol::Standing,
    severity::Severity,
};
use std::path::Path;
use uuid::Uuid;

const NOON: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const CONFIG: &str = r#"
name = "pbx-1"
state_dir = "/nowhere"
max_calls_per_number = 3
[control_plane]
url = "ws://127.0.0.1"
[ari]
username = "agent"
password_file = "/nowhere/password"
[[trunk]]
name = "a"
dial = "PJSIP/{digits}@a"
route_countries = ["+380"]
max_concurrent = 2
"#;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn attempt(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(number))
}

/// An order to ring within ten seconds of [`NOON`].
fn order(number: u128) -> Order {
    Order {
        version: ORDER_VERSION,
        attempt_id: attempt(number),
        call_id: CallId::new(Uuid::from_u128(99)),
        pbx: "pbx-1".into(),
        trunk: "a".into(),
        to: "+380501234567".parse().unwrap(),
        ring_seconds: 30,
        talk_seconds: 60,
        issued_at: NOON,
        expires_at: NOON + Duration::from_secs(10),
        prompt: Prompt {
            severity: Severity::Major,
            project: "Shop".into(),
            language: "en".into(),
            message: None,
            code: None,
        },
    }
}

/// A host whose board is told what happens, and whose journal is in memory.
struct Host {
    config: Arc<Config>,
    board: Board,
    now: Moment,
    journal: JournalFile,
    /// Everything that was wanted, in order.
    wanted: Vec<Effect>,
}

impl Host {
    fn off() -> Self {
        Self::configured(CONFIG)
    }

    fn configured(config: &str) -> Self {
        let config = Arc::new(Config::parse(Path::new("agent.toml"), config).unwrap());
        let journal = JournalFile::open_in_memory(JournalId::new(Uuid::from_u128(5))).unwrap();
        let now = Moment { local: NOON, corrected: NOON };
        let (board, wanted) = begun(&config, &journal, 1, now);
        Self { config, board, now, journal, wanted }
    }

    /// With an Asterisk on which nothing lives.
    fn up() -> Self {
        let mut host = Self::off();
        host.asterisk_has(&[]);
        host
    }

    /// With a phone that rings: attempt 1.
    fn ringing() -> Self {
        let mut host = Self::up();
        host.is_told(&order(1));
        host.hears(Input::Journalled(attempt(1)));
        host.hears(Input::Originated(attempt(1), Originated::Status { status: 200, body: String::new() }));
        host.happens(1, EventKind::Ringing);
        host
    }

    /// The agent was killed and is started again.
    fn restarted(&mut self) {
        let run = self.board.run + 1;
        (self.board, self.wanted) = begun(&self.config, &self.journal, run, self.now);
    }

    /// What is wanted in answer. What is for the journal is written at once.
    fn hears(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.board.handle(self.now, input);
        for effect in &effects {
            self.journals(effect);
        }
        self.wanted.extend(effects.clone());
        effects
    }

    fn journals(&mut self, effect: &Effect) {
        let written = self.journal.commit(|journal| match effect {
            Effect::Enter(row) => journal.enter(row),
            Effect::Remember { attempt, fingerprint, came } => {
                journal.remember(*attempt, Some(*fingerprint), *came)
            }
            Effect::Append(report) => journal.append(report),
            Effect::Burn { attempts, came, .. } => {
                attempts.iter().try_for_each(|attempt| journal.remember(*attempt, None, *came))
            }
            Effect::Prune(now) => journal.prune(*now),
            Effect::Answer { .. }
            | Effect::LeaveUnanswered { .. }
            | Effect::Originate(_)
            | Effect::Play(_)
            | Effect::Stop { .. }
            | Effect::HangUp(_)
            | Effect::Look(_)
            | Effect::HangUpStray { .. }
            | Effect::ResendReports
            | Effect::PublishHealth(_) => Ok(()),
        });
        written.unwrap();
    }

    fn is_told(&mut self, order: &Order) -> Vec<Effect> {
        let signed: Box<SignedOrder> = Box::new(order.sign(&key()));
        self.hears(Input::Order { signed, pinned: vec![key().verifying_key()] })
    }

    fn asterisk_has(&mut self, channels: &[(&str, &str)]) -> Vec<Effect> {
        let channel = |(id, state): &(&str, &str)| Channel { id: (*id).into(), state: (*state).into() };
        let channels = channels.iter().map(channel).collect();
        self.hears(Input::AsteriskUp { version: "22".into(), channels, ours: Vec::new() })
    }

    fn happens(&mut self, number: u128, kind: EventKind) -> Vec<Effect> {
        self.hears(Input::Event(Event { channel: attempt(number).to_string(), kind }))
    }

    fn passes(&mut self, time: Duration) -> Vec<Effect> {
        self.now = Moment { local: self.now.local + time, corrected: self.now.corrected + time };
        self.hears(Input::Due)
    }

    /// The dial strings of everything that was ever originated.
    fn dialled(&self) -> Vec<&str> {
        self.wanted.iter().filter_map(dial_string).collect()
    }

    /// Everything that was reported of an attempt.
    fn reports(&self, number: u128) -> Vec<&AttemptEvent> {
        self.wanted
            .iter()
            .filter_map(report)
            .filter(|(of, _)| *of == attempt(number))
            .map(|(_, e)| e)
            .collect()
    }

    fn refusal(&self, number: u128) -> Reason {
        let reports = self.reports(number);
        let Some(AttemptEvent::Refused { reason, .. }) = reports.last() else { panic!("{reports:?}") };
        *reason
    }
}

fn begun(config: &Arc<Config>, journal: &JournalFile, run: u32, now: Moment) -> (Board, Vec<Effect>) {
    Board::new(Arc::clone(config), run, journal.contents().unwrap(), now)
}

fn dial_string(effect: &Effect) -> Option<&str> {
    if let Effect::Originate(dial) = effect { Some(&dial.endpoint) } else { None }
}

fn report(effect: &Effect) -> Option<(AttemptId, &AttemptEvent)> {
    if let Effect::Append(report) = effect { Some((report.attempt, &report.event)) } else { None }
}

fn answer(effects: &[Effect]) -> Option<Vec<Standing>> {
    effects.iter().find_map(|effect| {
        let Effect::Answer { standings, .. } = effect else { return None };
        Some(standings.iter().map(|standing| standing.standing).collect())
    })
}

#[test]
fn an_order_is_entered_before_it_is_originated() {
    let mut host = Host::up();
    let effects = host.is_told(&order(1));
    let Effect::Enter(row) = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(row.attempt, attempt(1));
    assert!(host.dialled().is_empty(), "it is not on disk yet");
    assert_eq!((host.board.active(), host.board.health().active), (1, 1), "and holds its place already");
    host.passes(Duration::from_secs(5));
    assert!(host.dialled().is_empty());
    host.hears(Input::Journalled(attempt(1)));
    assert_eq!(host.dialled(), ["PJSIP/380501234567@a"]);
    host.hears(Input::Journalled(attempt(1)));
    assert_eq!(host.dialled().len(), 1);
}

#[test]
fn a_disk_that_refuses_means_refused_and_never_dialled() {
    let mut host = Host::up();
    host.is_told(&order(1));
    host.hears(Input::NotJournalled { attempt: attempt(1), why: "disk full".into() });
    assert_eq!(host.refusal(1), Reason::AriUnavailable);
    host.hears(Input::Journalled(attempt(1)));
    host.passes(Duration::from_secs(60));
    assert!(host.dialled().is_empty());
    assert_eq!(host.board.active(), 0);
}

#[test]
fn an_order_that_expired_while_the_disk_took_it_is_not_dialled() {
    let mut host = Host::up();
    host.is_told(&order(1));
    host.passes(Duration::from_secs(10));
    host.hears(Input::Journalled(attempt(1)));
    assert_eq!(host.refusal(1), Reason::Expired);
    assert!(host.dialled().is_empty());
    assert_eq!(host.board.active(), 0);
}

#[test]
fn an_order_that_comes_again_makes_its_reports_come_again_and_nothing_ring() {
    let mut host = Host::up();
    host.is_told(&order(1));
    for _ in 0..2 {
        let effects = host.is_told(&order(1));
        assert!(matches!(effects[..], [Effect::ResendReports]), "{effects:?}");
        host.hears(Input::Journalled(attempt(1)));
    }
    assert_eq!(host.dialled().len(), 1);
}

#[test]
fn an_order_that_is_cancelled_while_the_disk_takes_it_never_rings() {
    let mut host = Host::up();
    host.is_told(&order(1));
    host.hears(Input::Cancel(attempt(1)));
    host.hears(Input::Journalled(attempt(1)));
    assert!(host.dialled().is_empty());
    let reports = host.reports(1);
    let [AttemptEvent::Ended(ending)] = reports[..] else { panic!("{reports:?}") };
    assert_eq!((ending.status, ending.ari_status), (AttemptStatus::Cancelled, None));
    assert_eq!((host.board.active(), host.board.health().active), (0, 0));
    host.is_told(&order(1));
    assert!(host.dialled().is_empty(), "nor when it comes again");
}

#[test]
fn a_question_about_an_unknown_attempt_is_on_disk_before_it_is_answered() {
    let mut host = Host::ringing();
    let ask = |ticket, attempts: &[AttemptId]| Input::Query { ticket, attempts: attempts.to_vec() };
    assert_eq!(answer(&host.hears(ask(1, &[attempt(1)]))), Some(vec![Standing::Live]));
    let effects = host.hears(ask(2, &[attempt(2), attempt(1)]));
    assert!(
        matches!(&effects[..], [Effect::Burn { attempts, ticket: Some(2), .. }] if *attempts == [attempt(2)]),
        "{effects:?}"
    );
    host.is_told(&order(2));
    assert_eq!(host.refusal(2), Reason::Expired, "it came after the question");
    let effects = host.hears(Input::Burned { ticket: 2 });
    assert_eq!(answer(&effects), Some(vec![Standing::NeverSeen, Standing::Live]));
}

#[test]
fn questions_and_cancellations_without_end_do_not_fill_the_host() {
    let mut host = Host::up();
    let ask = |ticket, attempts| Input::Query { ticket, attempts };
    // By a board whose journal nobody keeps.
    for ticket in 0u64..1000 {
        let begin = 1000 + u128::from(ticket) * 1000;
        host.board.handle(host.now, ask(ticket, (begin..begin + 1000).map(attempt).collect()));
    }
    let effects = host.hears(ask(1000, vec![attempt(1000)]));
    assert!(matches!(effects[..], [Effect::LeaveUnanswered { ticket: 1000 }]), "{effects:?}");
    for ticket in 0..1000 {
        host.hears(Input::Burned { ticket });
    }
    let effects = host.hears(ask(1000, vec![attempt(1)]));
    assert!(matches!(effects[..], [Effect::LeaveUnanswered { ticket: 1000 }]), "{effects:?}");
    assert!(host.hears(Input::Cancel(attempt(2))).is_empty());
    host.is_told(&order(2));
    assert!(host.dialled().is_empty() && host.reports(2).is_empty());
    host.hears(ask(1001, vec![attempt(1000)]));
    let effects = host.hears(Input::Burned { ticket: 1001 });
    assert_eq!(answer(&effects), Some(vec![Standing::NeverSeen]), "it is known already");
}

#[test]
fn a_call_is_told_from_ring_to_key_1_and_the_words_are_played() {
    let mut host = Host::ringing();
    host.happens(1, EventKind::Up);
    let effects = host.happens(1, EventKind::StasisStart);
    let Some(Effect::Play(playback)) = effects.last() else { panic!("{effects:?}") };
    let other_run = format!("{}.{:08x}.1", attempt(1), 77);
    for (playback, ok) in [(other_run, false), (playback.playback.clone(), true)] {
        host.happens(1, EventKind::PlaybackFinished { playback, ok });
    }
    host.happens(1, EventKind::Key('1'));
    host.happens(1, EventKind::Destroyed { cause: Some(16), tech_cause: None });
    let told = host.reports(1);
    let [AttemptEvent::Originated { .. }, AttemptEvent::Ringing, AttemptEvent::Answered, key, ended] =
        told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(*key, AttemptEvent::Key { digit: '1' });
    assert!(matches!(ended, AttemptEvent::Ended(ending) if ending.status == AttemptStatus::Acknowledged));
    assert_eq!(host.board.active(), 0);
}

#[test]
fn a_host_that_drains_takes_no_more() {
    let mut host = Host::up();
    host.hears(Input::Drain);
    host.is_told(&order(1));
    assert_eq!(host.refusal(1), Reason::Draining);
    assert!(host.board.health().draining && host.dialled().is_empty());
}
