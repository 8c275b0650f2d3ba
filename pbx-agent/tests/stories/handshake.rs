//! Challenge, hello, welcome; and a control plane that says something else.

use crate::{
    control_plane::{PATIENCE, PBX_ID, attempt, prove},
    host::Field,
};
use anyhow::{Result, ensure};
use shared::{
    outcome::Reason,
    protocol::{AttemptEvent, ControlFrame, to_base64},
    time::Timestamp,
};
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

#[tokio::test]
async fn the_agent_proves_its_key_and_says_that_nothing_binds_it_on_loopback() -> Result<()> {
    let field = Field::running().await?;
    let (_line, hello) = field.control_plane.greeted(Timestamp::now()).await?;
    ensure!(hello.pbx == "pbx-1" && !hello.bound, "{hello:?}");
    prove(&hello, None, &field.key)?;
    ensure!(prove(&hello, Some(&[0; 32]), &field.key).is_err());
    Ok(())
}

#[tokio::test]
async fn what_does_not_belong_before_the_welcome_ends_the_connection_and_the_next_one_works() -> Result<()> {
    let order = |field: &Field| field.control_plane.sign(&field.control_plane.order("pbx-1", attempt()));
    let challenge =
        |nonce: &[u8]| ControlFrame::Challenge { nonce: to_base64(nonce), server_time: Timestamp::now() };
    let welcome = |heartbeat_seconds| ControlFrame::Welcome { pbx_id: PBX_ID, heartbeat_seconds, applied: 0 };
    let field = Field::running().await?;
    for (frame, code) in [
        (order(&field), "out_of_order"),
        (welcome(10), "out_of_order"),
        (challenge(&[1; 31]), "bad_field"),
        (challenge(&[]), "bad_field"),
    ] {
        let mut line = field.control_plane.line().await?;
        line.say(&frame).await?;
        ensure!(line.expect_error().await?.code == code, "{frame:?}");
        ensure!(line.expect_close().await? == Some(CloseCode::Protocol), "{frame:?}");
    }
    for (frame, code) in [
        (order(&field), "out_of_order"),
        (challenge(&[1; 32]), "out_of_order"),
        (ControlFrame::Query { attempts: vec![attempt()] }, "out_of_order"),
        (welcome(0), "bad_field"),
        (welcome(601), "bad_field"),
    ] {
        let field = Field::running().await?;
        let (mut line, _) = field.control_plane.greeted(Timestamp::now()).await?;
        line.say(&frame).await?;
        ensure!(line.expect_error().await?.code == code, "{frame:?}");
        ensure!(line.expect_close().await? == Some(CloseCode::Protocol), "{frame:?}");
        ensure!(field.asterisk.state().originates.is_empty());
        field.control_plane.links().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_rejected_host_says_why_and_does_not_knock_again_soon() -> Result<()> {
    let field = Field::running().await?;
    let (mut line, _) = field.control_plane.greeted(Timestamp::now()).await?;
    let detail = format!("the key of pbx-1 was revoked\u{1b}[2J\n{}", "!".repeat(10_000));
    line.say(&ControlFrame::Reject { code: "revoked".into(), detail }).await?;
    line.expect_close().await?;
    let status = field.host.until_status(|status| !status["link_trouble"].is_null()).await?;
    let trouble = status["link_trouble"].as_str().unwrap_or_default();
    ensure!(trouble.contains("(revoked): the key of pbx-1 was revoked"), "{trouble}");
    ensure!(trouble.len() < 500 && !trouble.contains(char::is_control), "{trouble:?}");
    ensure!(field.host.log().contains("enrol again with a new token and --new-key"), "{}", field.host.log());
    field.control_plane.expect_nobody(Duration::from_secs(3)).await
}

#[tokio::test]
async fn a_web_server_that_is_no_control_plane_is_named() -> Result<()> {
    let field = Field::running().await?;
    field.control_plane.answer("404 Not Found", "<html>").await?;
    let status = field.host.until_status(|status| !status["link_trouble"].is_null()).await?;
    let trouble = status["link_trouble"].as_str().unwrap_or_default();
    ensure!(trouble.contains("answered 404 Not Found instead of a WebSocket"), "{trouble}");
    field.control_plane.links().await?;
    Ok(())
}

#[tokio::test]
async fn a_control_plane_that_falls_silent_is_left_after_three_heartbeats() -> Result<()> {
    let field = Field::running().await?;
    let (mut line, _) = field.control_plane.greeted(Timestamp::now()).await?;
    line.say(&ControlFrame::Welcome { pbx_id: PBX_ID, heartbeat_seconds: 1, applied: 0 }).await?;
    // The line stays open and nobody reads it, so that no ping is answered.
    field.control_plane.links().await?;
    ensure!(
        field.host.log().contains("nothing was heard from the control plane for 3 s"),
        "{}",
        field.host.log()
    );
    drop(line);
    Ok(())
}

#[tokio::test]
async fn orders_expire_by_the_control_planes_clock() -> Result<()> {
    let field = Field::running().await?;
    let ahead = Timestamp::now() + Duration::from_secs(3600);
    let mut line = field.control_plane.links_at(ahead, 0).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    let late = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&late)).await?;
    let report = line.report().await?;
    let AttemptEvent::Refused { reason: Reason::Expired, .. } = report.event else {
        anyhow::bail!("{report:?}");
    };
    ensure!(report.at >= ahead, "reports tell the control plane's time");
    let mut timely = field.control_plane.order("pbx-1", attempt());
    (timely.issued_at, timely.expires_at) = (ahead, ahead + Duration::from_secs(30));
    line.say(&field.control_plane.sign(&timely)).await?;
    line.expect(timely.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    let status = field.host.until_status(|status| status["linked"] == true).await?;
    ensure!(status["clock_offset_seconds"].as_f64().is_some_and(|offset| (3590.0..3610.0).contains(&offset)));
    Ok(())
}

#[tokio::test]
async fn a_server_time_beyond_all_reason_neither_breaks_the_agent_nor_dials() -> Result<()> {
    let mut field = Field::running().await?;
    for micros in [i64::MAX, i64::MIN] {
        let mut line = field.control_plane.links_at(Timestamp::from_micros(micros), 0).await?;
        line.until_healthy(|health| health.asterisk.is_some()).await?;
        let order = field.control_plane.order("pbx-1", attempt());
        line.say(&field.control_plane.sign(&order)).await?;
        line.say(&ControlFrame::Query { attempts: vec![] }).await?;
        tokio::time::timeout(PATIENCE, line.hears()).await??;
        line.say_raw(Message::Close(None)).await?;
    }
    field.control_plane.links().await?;
    ensure!(field.host.is_running()?);
    Ok(())
}
