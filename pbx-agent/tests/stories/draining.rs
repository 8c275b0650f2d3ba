//! `drain` and `undrain`: a host that is to be upgraded takes no new work.

use crate::{
    control_plane::attempt,
    host::{Field, mode, stderr, stdout},
};
use anyhow::{Result, bail, ensure};
use shared::{outcome::Reason, protocol::AttemptEvent};
use std::process::Output;

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[tokio::test]
async fn a_drained_host_refuses_orders_and_goes_on_with_its_call_until_it_is_undrained() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let call = attempt();
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", call))).await?;
    line.expect(call, &AttemptEvent::Originated { ari_status: 200 }).await?;
    let drained = field.host.command(&["drain"]).await?;
    ensure!(code(&drained) == Some(0), "{}", stderr(&drained));
    ensure!(stdout(&drained).contains("takes no new work") && stdout(&drained).contains("under way: 1"));
    ensure!(mode(&field.host.state_dir().join("drained"))? == 0o600);

    // The command has waited until it is so: no order slips in between.
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt()))).await?;
    let report = line.report().await?;
    let AttemptEvent::Refused { reason: Reason::Draining, .. } = report.event else { bail!("{report:?}") };
    let busy = field.host.command(&["drain", "--wait", "0"]).await?;
    ensure!(code(&busy) == Some(3), "{}", stderr(&busy));
    ensure!(stderr(&busy).contains("calls under way after 0 s: 1"), "{}", stderr(&busy));

    let (idle, _) = tokio::join!(field.host.command(&["drain", "--wait"]), async {
        field.asterisk.ends(&call.to_string(), 17, 486);
    });
    let idle = idle?;
    ensure!(code(&idle) == Some(0) && stdout(&idle).contains("no call is under way"), "{}", stderr(&idle));

    let undrained = field.host.command(&["undrain"]).await?;
    ensure!(stdout(&undrained).contains("takes new work again"), "{}", stderr(&undrained));
    line.until_healthy(|health| !health.draining).await?;
    let again = attempt();
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", again))).await?;
    loop {
        let report = line.report().await?;
        if report.attempt_id == again {
            ensure!(report.event == AttemptEvent::Originated { ari_status: 200 }, "{report:?}");
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_host_stays_drained_over_a_restart_and_says_so_to_whoever_looks() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    ensure!(code(&field.host.command(&["drain", "--wait"]).await?) == Some(0));
    line.until_healthy(|health| health.draining).await?;
    field.host.restart().await?;
    let mut line = field.control_plane.links().await?;
    // From its first word on: there is no moment in which it takes an order.
    line.until_healthy(|health| health.draining).await?;
    field
        .host
        .until_status(|status| status["drained_since"].is_i64() || status["drained_since"].is_string())
        .await?;
    let status = field.host.command(&["status"]).await?;
    ensure!(stdout(&status).contains("takes no new work since "), "{}", stdout(&status));
    let checked = field.check().await?;
    ensure!(code(&checked) == Some(1), "{}", stdout(&checked));
    ensure!(stdout(&checked).contains("`pbx-agent undrain`"), "{}", stdout(&checked));
    Ok(())
}

#[tokio::test]
async fn a_host_whose_agent_does_not_run_can_be_drained_for_its_next_start() -> Result<()> {
    let mut field = Field::enrolled().await?;
    let drained = field.host.command(&["drain"]).await?;
    ensure!(code(&drained) == Some(0) && stdout(&drained).contains("does not run"), "{}", stderr(&drained));
    let waited = field.host.command(&["drain", "--wait"]).await?;
    ensure!(code(&waited) == Some(1) && stderr(&waited).contains("nobody knows"), "{}", stderr(&waited));
    field.host.start()?;
    let mut line = field.control_plane.links().await?;
    line.until_healthy(|health| health.draining).await?;
    let undrained = field.host.command(&["undrain"]).await?;
    ensure!(code(&undrained) == Some(0), "{}", stderr(&undrained));
    line.until_healthy(|health| !health.draining).await?;
    let twice = field.host.command(&["undrain"]).await?;
    ensure!(code(&twice) == Some(0) && stdout(&twice).contains("was not drained"), "{}", stdout(&twice));
    Ok(())
}

#[tokio::test]
async fn undraining_does_not_revive_an_agent_that_is_being_stopped() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let call = attempt();
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", call))).await?;
    line.expect(call, &AttemptEvent::Originated { ari_status: 200 }).await?;
    ensure!(code(&field.host.command(&["drain"]).await?) == Some(0));
    field.host.terminate()?;
    std::fs::remove_file(field.host.state_dir().join("drained"))?;
    field.host.until_status(|status| status["drained_since"].is_null()).await?;
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt()))).await?;
    loop {
        let report = line.report().await?;
        if let AttemptEvent::Refused { reason, .. } = report.event {
            ensure!(reason == Reason::Draining, "{reason:?}");
            return Ok(());
        }
    }
}
