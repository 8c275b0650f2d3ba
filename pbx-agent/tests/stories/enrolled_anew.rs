//! A host that has served is enrolled as another PBX, or with another control plane.

use crate::{
    control_plane::{Line, PATIENCE, PBX_ID, attempt, prove},
    host::Field,
};
use anyhow::{Result, bail, ensure};
use shared::{
    ids::PbxId,
    outcome::Reason,
    protocol::{AttemptEvent, ControlFrame, Hello},
    time::Timestamp,
};
use std::time::Duration;
use uuid::Uuid;

const OTHER: PbxId = PbxId::new(Uuid::from_u128(0x07));

async fn enrol(field: &Field, pbx_id: PbxId) -> Result<()> {
    let (output, key) =
        tokio::join!(field.host.enroll("another", &[]), field.control_plane.enrols_as(pbx_id));
    ensure!(output?.status.success() && key? == field.key);
    Ok(())
}

async fn links_as(field: &Field, pbx_id: PbxId) -> Result<(Line, Hello)> {
    let (mut line, hello) = field.control_plane.greeted(Timestamp::now()).await?;
    line.say(&ControlFrame::Welcome { pbx_id, heartbeat_seconds: 10, applied: 0 }).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    Ok((line, hello))
}

/// A host with one call under way, which was reported and heard, and one refusal that was not.
async fn served() -> Result<(Field, String)> {
    let mut field = Field::enrolled().await?;
    field.host.reconfigure("[control_plane]", "max_calls_per_number = 1\n[control_plane]")?;
    field.host.start()?;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    line.acknowledge(1).await?;
    let again = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&again)).await?;
    ensure!(line.report().await?.seq == 2);
    line.query(&[]).await?;
    field.host.kill().await?;
    Ok((field, order.attempt_id.to_string()))
}

#[tokio::test]
async fn as_another_pbx_it_has_nothing_to_tell_of_the_old_one_and_no_fresh_caps() -> Result<()> {
    let (mut field, channel) = served().await?;
    enrol(&field, OTHER).await?;
    field.host.start()?;
    let (mut line, hello) = links_as(&field, OTHER).await?;
    ensure!(hello.oldest == Some(1), "as if it had been told of reports that this database lost: {hello:?}");
    field.asterisk.expect_request(&format!("DELETE channels/{channel}")).await?;
    line.expect_no_report(Duration::from_millis(300)).await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    let report = line.report().await?;
    let AttemptEvent::Refused { reason: Reason::Cooldown, .. } = report.event else { bail!("{report:?}") };
    ensure!((report.attempt_id, report.seq) == (order.attempt_id, 1), "{report:?}");
    Ok(())
}

#[tokio::test]
async fn as_the_same_pbx_it_goes_on_with_everything() -> Result<()> {
    let (mut field, channel) = served().await?;
    enrol(&field, PBX_ID).await?;
    field.host.start()?;
    let (mut line, hello) = links_as(&field, PBX_ID).await?;
    ensure!(hello.oldest == Some(2), "{hello:?}");
    ensure!(line.report().await?.seq == 2, "what was not heard comes again");
    field.asterisk.ends(&channel, 17, 486);
    let report = line.report().await?;
    ensure!(report.seq == 3 && report.attempt_id.to_string() == channel, "{report:?}");
    Ok(())
}

#[tokio::test]
async fn an_agent_that_still_runs_as_the_old_one_ends_rather_than_link_again() -> Result<()> {
    let mut field = Field::running().await?;
    let line = field.control_plane.links_ready().await?;
    enrol(&field, OTHER).await?;
    drop(line);
    let ended = field.host.ended(PATIENCE).await?;
    ensure!(!ended.success() && field.host.log().contains("enrolled as another PBX"), "{}", field.host.log());
    field.host.start()?;
    let (_, hello) = links_as(&field, OTHER).await?;
    prove(&hello, None, &field.key)
}
