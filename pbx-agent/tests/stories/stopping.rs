//! SIGTERM, and a second agent on the same state.

use crate::{
    control_plane::attempt,
    host::{Field, stderr},
};
use anyhow::{Result, bail, ensure};
use shared::{
    outcome::{AttemptStatus, Reason},
    protocol::AttemptEvent,
};
use std::time::Duration;

/// SIGTERM to exit, with a little for a busy machine.
const GONE: Duration = Duration::from_millis(10_500);

#[tokio::test]
async fn an_idle_agent_ends_at_once() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    field.host.terminate()?;
    ensure!(field.host.ended(Duration::from_secs(3)).await?.success(), "{}", field.host.log());
    line.expect_close().await?;
    Ok(())
}

#[tokio::test]
async fn an_agent_that_is_told_to_stop_takes_no_order_and_sees_its_call_to_the_end() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let attempt_id = attempt();
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt_id))).await?;
    line.expect(attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    field.host.terminate()?;
    line.until_healthy(|health| health.draining).await?;
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt()))).await?;
    let report = line.report().await?;
    let AttemptEvent::Refused { reason: Reason::Draining, .. } = report.event else { bail!("{report:?}") };
    field.asterisk.ends(&attempt_id.to_string(), 17, 486);
    let report = line.report().await?;
    let AttemptEvent::Ended(ending) = &report.event else { bail!("{report:?}") };
    ensure!(ending.status == AttemptStatus::Busy, "{ending:?}");
    line.acknowledge(report.seq).await?;
    ensure!(field.host.ended(GONE).await?.success(), "{}", field.host.log());
    Ok(())
}

#[tokio::test]
async fn a_call_that_goes_on_and_a_control_plane_that_says_nothing_do_not_hold_the_agent() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let attempt_id = attempt();
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt_id))).await?;
    line.expect(attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    field.host.terminate()?;
    ensure!(field.host.ended(GONE).await?.success(), "{}", field.host.log());
    ensure!(field.asterisk.state().channels.contains_key(&attempt_id.to_string()), "the phone rings on");
    field.host.start()?;
    let mut line = field.control_plane.links().await?;
    line.expect(attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    field.asterisk.expect_streams(2).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    field.asterisk.ends(&attempt_id.to_string(), 17, 486);
    let report = line.report().await?;
    ensure!(matches!(report.event, AttemptEvent::Ended(_)), "{report:?}");
    Ok(())
}

#[tokio::test]
async fn an_agent_without_a_link_ends_as_well() -> Result<()> {
    let mut field = Field::enrolled().await?;
    field.host.start()?;
    // Accepted by the kernel, and nobody answers.
    let _silent = field.control_plane.tcp().await?;
    field.host.terminate()?;
    ensure!(field.host.ended(GONE).await?.success(), "{}", field.host.log());
    Ok(())
}

#[tokio::test]
async fn a_second_agent_on_the_same_state_refuses_and_leaves_the_first_alone() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let output = field.host.command(&["run"]).await?;
    ensure!(output.status.code() == Some(1), "{}", stderr(&output));
    ensure!(stderr(&output).contains("another pbx-agent runs on this state_dir"), "{}", stderr(&output));
    line.query(&[attempt()]).await?;
    ensure!(field.host.is_running()?);
    Ok(())
}
