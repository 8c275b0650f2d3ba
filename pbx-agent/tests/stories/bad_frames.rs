//! What a linked control plane should not say.

use crate::{control_plane::attempt, host::Field};
use anyhow::{Context, Result, ensure};
use shared::{
    protocol::{ControlFrame, MAX_FRAME, MAX_QUERY, Standing, to_base64},
    time::Timestamp,
};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

#[tokio::test]
async fn a_frame_that_cannot_be_used_is_answered_with_its_error_and_the_agent_links_anew() -> Result<()> {
    let second = ControlFrame::Challenge { nonce: to_base64(&[1; 32]), server_time: Timestamp::now() };
    let welcome =
        ControlFrame::Welcome { pbx_id: crate::control_plane::PBX_ID, heartbeat_seconds: 5, applied: 0 };
    let long = ControlFrame::Query { attempts: vec![attempt(); MAX_QUERY + 1] };
    let text = |text: &str| Message::text(text.to_owned());
    let frame = |frame: &ControlFrame| Message::text(shared::protocol::encode(frame));
    let cases = [
        (text("{\"type\":\"ack\""), "not_json", CloseCode::Protocol),
        (text("ring them all"), "not_json", CloseCode::Protocol),
        (text(""), "not_json", CloseCode::Protocol),
        (text("[]"), "bad_field", CloseCode::Protocol),
        (text(&"[".repeat(10_000)), "bad_field", CloseCode::Protocol),
        (text("{\"type\":\"ack\",\"seq\":-1}"), "bad_field", CloseCode::Protocol),
        (text("{\"type\":7}"), "bad_field", CloseCode::Protocol),
        (Message::binary(vec![0; 10]), "not_text", CloseCode::Unsupported),
        (Message::text(" ".repeat(MAX_FRAME + 1)), "too_large", CloseCode::Size),
        (Message::text(" ".repeat(40 * MAX_FRAME)), "too_large", CloseCode::Size),
        (frame(&second), "out_of_order", CloseCode::Protocol),
        (frame(&welcome), "out_of_order", CloseCode::Protocol),
        (frame(&long), "bad_field", CloseCode::Protocol),
    ];
    let told = cases.map(|(message, code, closed)| async move {
        let shown: String = message.to_string().chars().take(60).collect();
        let mut field = Field::running().await?;
        let mut line = field.control_plane.links_ready().await?;
        // The agent may close while it is still being said.
        let _ = line.say_raw(message).await;
        let error = line.expect_error().await.with_context(|| shown.clone())?;
        ensure!(error.code == code, "{shown}: {error:?}");
        ensure!(line.expect_close().await? == Some(closed), "{shown}");
        let mut line = field.control_plane.links().await?;
        ensure!(line.query(&[attempt()]).await? == [Standing::NeverSeen]);
        ensure!(field.host.is_running()?);
        Ok(())
    });
    futures_util::future::try_join_all(told).await?;
    Ok(())
}

#[tokio::test]
async fn a_frame_of_a_newer_control_plane_is_answered_and_otherwise_ignored() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    line.say_raw(Message::text("{\"type\":\"tell_a_joke\",\"length\":3}")).await?;
    ensure!(line.expect_error().await?.code == "unknown_type");
    line.say_raw(Message::text("{\"type\":\"query\",\"attempts\":[],\"hurry\":true}")).await?;
    ensure!(line.query(&[attempt()]).await.is_err(), "the answer to the first query comes first");
    Ok(())
}

#[tokio::test]
async fn a_control_plane_that_closes_or_breaks_off_is_linked_to_again() -> Result<()> {
    let mut field = Field::running().await?;
    field.control_plane.links_ready().await?.close().await?;
    drop(field.control_plane.links_ready().await?);
    let mut line = field.control_plane.links_ready().await?;
    line.say(&ControlFrame::Error(shared::protocol::FrameError::new("bad_field", "\u{1b}[2J"))).await?;
    ensure!(line.query(&[attempt()]).await? == [Standing::NeverSeen]);
    ensure!(field.host.is_running()? && !field.host.log().contains('\u{1b}'));
    Ok(())
}

#[tokio::test]
async fn a_flood_of_frames_neither_stops_the_agent_nor_grows_it_without_end() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    for _ in 0..20_000 {
        line.say(&ControlFrame::Cancel { attempt_id: attempt() }).await?;
    }
    ensure!(line.query(&[attempt()]).await? == [Standing::NeverSeen]);
    ensure!(field.host.is_running()?);
    Ok(())
}
