//! An agent's connection, told from the agent's end.

pub(in crate::fleet) mod agent;
mod fuzz;
mod proof;
mod rules;

use super::AgentEvent;
use crate::{
    fleet::{
        NotSent, PbxHealth,
        choice::{Share, Wish},
    },
    store::StoreError,
};
use agent::{Field, health, journal};
use shared::{
    ids::AttemptId,
    phone,
    protocol::{AgentFrame, AttemptEvent, AttemptStanding, ControlFrame, Hello, Report, Standing},
    time::Timestamp,
};
use std::time::Duration;
use tokio::time::{Instant, pause};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use uuid::Uuid;

fn attempt(id: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(id))
}

fn report(seq: u64) -> Report {
    Report {
        journal: journal(1),
        seq,
        attempt_id: attempt(7),
        at: Timestamp::from_micros(1),
        event: AttemptEvent::Ringing,
    }
}

fn is_offered(field: &Field) -> bool {
    let number = phone::judge("+380501234567").unwrap();
    field
        .fleet
        .choose(&Wish {
            number: &number,
            avoid: &[],
            busy: &Default::default(),
            silent: &Default::default(),
            critical: false,
            speaks_code: false,
            now: Timestamp::now(),
            share: Share::Whole,
        })
        .is_ok()
}

async fn health_of(field: &Field) -> PbxHealth {
    field.fleet.summary().await.unwrap().items[0].health
}

#[tokio::test]
async fn a_host_takes_calls_once_it_has_proved_itself_and_told_its_health() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let mut agent = field.connect(None).await;
    agent.send(agent.hello("pbx-1", 1)).await;
    let welcome = ControlFrame::Welcome { pbx_id: pbx, heartbeat_seconds: 10, applied: 0 };
    assert_eq!(agent.hear().await, welcome);
    assert!(matches!(field.event().await, AgentEvent::Connected(link) if link.pbx_name() == "pbx-1"));
    assert!(!is_offered(&field));

    agent.send(AgentFrame::Health(health(0))).await;
    assert!(matches!(field.event().await, AgentEvent::Freed(freed) if freed == pbx));
    assert!(is_offered(&field));
    assert_eq!(health_of(&field).await, PbxHealth::Healthy);

    agent.close().await;
    assert!(matches!(field.event().await, AgentEvent::Disconnected(gone) if gone == pbx));
    assert!(!is_offered(&field));
    assert_eq!(health_of(&field).await, PbxHealth::Offline);
    assert_eq!(field.fleet.send_cancel(pbx, attempt(7)), Err(NotSent));
}

#[tokio::test]
async fn a_report_goes_up_and_its_ack_comes_down() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    for seq in [1, 2, 1, 2, 3] {
        agent.send(AgentFrame::Report(report(seq))).await;
        let AgentEvent::Report(link, heard) = field.event().await else { panic!("no report") };
        assert_eq!(heard, report(seq));
        let ack = ControlFrame::Ack { journal: heard.journal, seq };
        link.send(ack.clone()).unwrap();
        assert_eq!(agent.hear().await, ack);
    }
    agent.close().await;
}

#[tokio::test]
async fn a_welcome_says_how_far_the_journal_is_applied() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let applied =
        move |tx: &mut crate::store::Tx<'_>| crate::fleet::journals::advance(tx, journal(1), pbx, 41);
    field.store.write::<_, StoreError>(applied).await.unwrap();
    let mut agent = field.connect(None).await;
    agent.send(agent.hello("pbx-1", 1)).await;
    assert!(matches!(agent.hear().await, ControlFrame::Welcome { applied: 41, .. }));
    assert!(matches!(field.event().await, AgentEvent::Connected(_)));
    agent.send(AgentFrame::Report(report(42))).await;
    assert!(matches!(field.event().await, AgentEvent::Report(_, Report { seq: 42, .. })));
    agent.close().await;
}

#[tokio::test]
async fn a_host_that_was_put_back_counts_from_1_under_its_new_journal_and_nothing_is_forgotten() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let applied =
        move |tx: &mut crate::store::Tx<'_>| crate::fleet::journals::advance(tx, journal(1), pbx, 41);
    field.store.write::<_, StoreError>(applied).await.unwrap();
    let mut agent = field.connect(None).await;
    agent.journal = journal(2);
    let AgentFrame::Hello(hello) = agent.hello("pbx-1", 1) else { panic!("no hello") };
    agent.send(AgentFrame::Hello(Hello { oldest: Some(1), ..hello })).await;
    assert!(matches!(agent.hear().await, ControlFrame::Welcome { applied: 0, .. }));
    assert!(matches!(field.event().await, AgentEvent::Connected(_)));
    agent.send(AgentFrame::Report(Report { journal: journal(2), ..report(1) })).await;
    assert!(matches!(field.event().await, AgentEvent::Report(_, Report { seq: 1, .. })));
    agent.close().await;
}

#[tokio::test]
async fn what_was_asked_is_answered() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.connect(None).await;
    agent.send(agent.hello("pbx-1", 1)).await;
    agent.hear().await;
    let AgentEvent::Connected(link) = field.event().await else { panic!("not connected") };
    link.send(ControlFrame::Query { attempts: vec![attempt(7)] }).unwrap();
    assert!(matches!(agent.hear().await, ControlFrame::Query { .. }));
    let answer = vec![AttemptStanding { attempt_id: attempt(7), standing: Standing::Live }];
    agent.send(AgentFrame::Standing { attempts: answer.clone() }).await;
    assert!(matches!(field.event().await, AgentEvent::Standing(_, heard) if heard == answer));
    agent.close().await;
}

#[tokio::test]
async fn those_who_wait_are_told_when_there_is_more_room_and_only_then() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    let mut down = health(1);
    down.asterisk = None;
    for (health, frees) in
        [(health(2), true), (health(2), false), (health(1), true), (down, false), (health(1), true)]
    {
        agent.send(AgentFrame::Health(health)).await;
        agent.send(AgentFrame::Report(report(1))).await;
        if frees {
            assert!(matches!(field.event().await, AgentEvent::Freed(_)));
        }
        assert!(matches!(field.event().await, AgentEvent::Report(..)));
    }
    agent.close().await;
}

#[tokio::test]
async fn a_newer_connection_replaces_the_older_one() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let older = field.welcome().await;
    let mut newer = field.welcome().await;
    older.expect_close(CloseCode::Library(4001)).await;
    field.expect_no_event();
    let cancel = ControlFrame::Cancel { attempt_id: attempt(7) };
    field.fleet.send_cancel(pbx, attempt(7)).unwrap();
    assert_eq!(newer.hear().await, cancel);
    newer.close().await;
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
}

#[tokio::test]
async fn a_connection_ends_when_its_host_is_enrolled_anew() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let agent = field.welcome().await;
    field.enrol("pbx-1", 2).await;
    agent.expect_close(CloseCode::Library(4001)).await;
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
    let mut again = field.connect(None).await;
    again.send(again.hello("pbx-1", 1)).await;
    again.expect_reject("bad_signature").await;
}

#[tokio::test]
async fn draining_hands_over_what_waits_and_closes() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    let stranger = field.connect(None).await;
    for id in 0..50 {
        field.fleet.send_cancel(pbx, attempt(id)).unwrap();
    }
    field.fleet.drain();
    for id in 0..50 {
        assert_eq!(agent.hear().await, ControlFrame::Cancel { attempt_id: attempt(id) });
    }
    agent.expect_close(CloseCode::Away).await;
    stranger.expect_close(CloseCode::Away).await;
    assert_eq!(field.fleet.send_cancel(pbx, attempt(7)), Err(NotSent));
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
}

#[tokio::test]
async fn an_agent_that_falls_silent_is_lost_after_three_heartbeats() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    pause();
    agent.send(AgentFrame::Health(health(0))).await;
    field.event().await;
    let begun = Instant::now();
    // Not even pings are answered: nobody reads at the agent's end.
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert!(!is_offered(&field));
    agent.expect_close(CloseCode::Policy).await;
}

#[tokio::test]
async fn an_agent_that_does_not_read_is_lost() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let agent = field.welcome().await;
    pause();
    let begun = Instant::now();
    for id in 0..200 {
        field.fleet.send_cancel(pbx, attempt(id)).unwrap();
    }
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
    assert_eq!(begun.elapsed().as_secs(), 10);
    agent.expect_over().await;
}

#[tokio::test]
async fn a_host_whose_link_is_choked_is_not_chosen_again() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    agent.send(AgentFrame::Health(health(0))).await;
    field.event().await;
    assert!(is_offered(&field));
    // All at once, so that its session has had no chance to notice.
    while field.fleet.send_cancel(pbx, attempt(7)).is_ok() {}
    assert!(!is_offered(&field));
    agent.expect_over().await;
}

#[tokio::test]
async fn while_followers_are_slow_the_agent_still_hears_from_us() {
    let mut field = Field::new().await;
    let pbx = field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    // One fits into the channel, the next one waits.
    for seq in 1..=3 {
        agent.send(AgentFrame::Report(report(seq))).await;
    }
    pause();
    tokio::time::sleep(Duration::from_secs(25)).await;
    field.fleet.send_cancel(pbx, attempt(7)).unwrap();
    assert_eq!(agent.hear().await, ControlFrame::Cancel { attempt_id: attempt(7) });
    for seq in 1..=3 {
        assert!(matches!(field.event().await, AgentEvent::Report(_, heard) if heard.seq == seq));
    }
    agent.close().await;
}

#[tokio::test]
async fn followers_that_stand_still_cost_the_connection_and_not_the_memory() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    agent.send(AgentFrame::Report(report(1))).await;
    agent.send(AgentFrame::Report(report(2))).await;
    pause();
    assert!(matches!(agent.hear_message().await, tokio_tungstenite::tungstenite::Message::Close(_)));
    assert!(!is_offered(&field));
    assert!(matches!(field.event().await, AgentEvent::Report(_, Report { seq: 1, .. })));
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
    agent.expect_over().await;
}

#[tokio::test]
async fn without_followers_there_are_no_connections() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    field.stop_following();
    agent.send(AgentFrame::Report(report(1))).await;
    agent.expect_close(CloseCode::Away).await;
}
