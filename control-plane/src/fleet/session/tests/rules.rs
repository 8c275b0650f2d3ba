//! Frames that break the rules, and what that costs.

use super::{
    agent::{Field, health, journal},
    attempt, report,
};
use crate::fleet::session::AgentEvent;
use shared::protocol::{
    AgentFrame, AttemptStanding, ControlFrame, FrameError, MAX_FRAME, MAX_QUERY, Report, Standing,
};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

/// After the handshake, this message ends the connection with this word and code.
async fn breaks(message: Message, word: &str, code: CloseCode) {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    agent.put(message).await;
    agent.expect_blame(word, code).await;
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
    field.expect_no_event();
}

fn text(text: &str) -> Message {
    Message::text(text)
}

fn frame(frame: &AgentFrame) -> Message {
    text(&shared::protocol::encode(frame))
}

#[tokio::test]
async fn a_binary_frame_ends_the_connection() {
    breaks(Message::binary(vec![1, 2, 3]), "not_text", CloseCode::Unsupported).await;
}

#[tokio::test]
async fn a_frame_beyond_the_limit_ends_the_connection() {
    breaks(text(&"x".repeat(MAX_FRAME + 1)), "too_large", CloseCode::Size).await;
    breaks(text(&"x".repeat(10 * MAX_FRAME)), "too_large", CloseCode::Size).await;
}

#[tokio::test]
async fn broken_json_ends_the_connection() {
    breaks(text("{\"type\":\"health\""), "not_json", CloseCode::Invalid).await;
    breaks(text(""), "not_json", CloseCode::Invalid).await;
    breaks(text("\0"), "not_json", CloseCode::Invalid).await;
}

#[tokio::test]
async fn a_frame_with_a_wrong_field_ends_the_connection() {
    breaks(text(r#"{"type":"health","active":-1}"#), "bad_field", CloseCode::Invalid).await;
    breaks(text(&"[".repeat(10_000)), "bad_field", CloseCode::Invalid).await;
    breaks(text(r#"{"type":"welcome"}"#), "bad_field", CloseCode::Invalid).await;
}

#[tokio::test]
async fn a_report_of_a_foreign_journal_ends_the_connection() {
    let foreign = AgentFrame::Report(Report { journal: journal(2), ..report(1) });
    breaks(frame(&foreign), "bad_field", CloseCode::Invalid).await;
    breaks(frame(&AgentFrame::Report(report(0))), "bad_field", CloseCode::Invalid).await;
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_ends_the_connection() {
    let answer = |count| AgentFrame::Standing {
        attempts: vec![AttemptStanding { attempt_id: attempt(7), standing: Standing::NeverSeen }; count],
    };
    breaks(frame(&answer(1)), "out_of_order", CloseCode::Protocol).await;
    breaks(frame(&answer(MAX_QUERY + 1)), "bad_field", CloseCode::Invalid).await;
}

#[tokio::test]
async fn a_second_hello_ends_the_connection() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    agent.send(agent.hello("pbx-1", 1)).await;
    agent.expect_blame("out_of_order", CloseCode::Protocol).await;
}

#[tokio::test]
async fn a_gap_between_reports_ends_the_connection() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    agent.send(AgentFrame::Report(report(1))).await;
    assert!(matches!(field.event().await, AgentEvent::Report(..)));
    agent.send(AgentFrame::Report(report(3))).await;
    agent.expect_blame("out_of_order", CloseCode::Protocol).await;
}

#[tokio::test]
async fn reports_lost_with_an_older_database_do_not_lock_the_host_out() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    agent.send(AgentFrame::Report(report(100))).await;
    assert!(matches!(field.event().await, AgentEvent::Report(_, Report { seq: 100, .. })));
    agent.close().await;
}

#[tokio::test]
async fn before_the_proof_nothing_but_hello_is_heard() {
    let field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    for (message, word, code) in [
        (frame(&AgentFrame::Health(health(0))), "out_of_order", CloseCode::Protocol),
        (frame(&AgentFrame::Report(report(1))), "out_of_order", CloseCode::Protocol),
        (text(r#"{"type":"sing"}"#), "unknown_type", CloseCode::Protocol),
        (text(r#"{"type":"hello"}"#), "bad_field", CloseCode::Invalid),
        (text("{"), "not_json", CloseCode::Invalid),
        (Message::binary(vec![0; 10]), "not_text", CloseCode::Unsupported),
        (text(&"x".repeat(MAX_FRAME + 1)), "too_large", CloseCode::Size),
    ] {
        let mut agent = field.connect(None).await;
        agent.put(message).await;
        agent.expect_blame(word, code).await;
    }
}

#[tokio::test]
async fn a_frame_of_a_newer_agent_is_answered_and_forgiven() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let mut agent = field.welcome().await;
    agent.put(text(r#"{"type":"sing","song":"x"}"#)).await;
    assert!(matches!(agent.hear().await, ControlFrame::Error(error) if error.code == "unknown_type"));
    agent.send(AgentFrame::Error(FrameError::new("unknown_type", "an order I do not know"))).await;
    agent.send(AgentFrame::Report(report(1))).await;
    assert!(matches!(field.event().await, AgentEvent::Report(..)));
    agent.close().await;
}

#[tokio::test]
async fn a_connection_that_breaks_off_leaves_nothing_behind() {
    let mut field = Field::new().await;
    field.enrol("pbx-1", 1).await;
    let agent = field.welcome().await;
    agent.expect_over().await;
    assert!(matches!(field.event().await, AgentEvent::Disconnected(_)));
    field.connect(None).await.expect_over().await;
}
