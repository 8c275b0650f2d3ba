//! kill -9 of the agent while the phone rings.

use super::{Scene, control_plane::PHONE, until};
use anyhow::{Result, bail, ensure};
use shared::{
    outcome::AttemptStatus,
    protocol::{AttemptEvent, Standing},
};
use std::time::Duration;

#[tokio::test]
async fn a_call_goes_on_without_its_agent_and_the_next_one_hears_the_key() -> Result<()> {
    let mut scene = Scene::start().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).once().ringing(Duration::from_secs(4)).answer().press('1');
    let mut line = scene.ready().await?;
    let attempt = scene.order(&mut line).await?;
    until(&mut line, attempt, |event| *event == AttemptEvent::Ringing).await?;
    scene.agent.restart()?;
    let mut line = scene.ready().await?;
    ensure!(line.query(&[attempt]).await? == [Standing::Live]);
    until(&mut line, attempt, |event| *event == AttemptEvent::Key { digit: '1' }).await?;
    let ended = until(&mut line, attempt, |event| matches!(event, AttemptEvent::Ended(_))).await?;
    let AttemptEvent::Ended(ending) = ended else { bail!("{ended:?}") };
    ensure!(ending.status == AttemptStatus::Acknowledged, "{ending:?}");
    ensure!(carrier.calls().len() == 1, "{}", carrier.story());
    Ok(())
}

#[tokio::test]
async fn a_call_that_ends_while_the_agent_is_dead_is_told_as_unwitnessed() -> Result<()> {
    let mut scene = Scene::start().await?;
    let carrier = scene.lab.carrier();
    carrier.when_called(PHONE).ring_out();
    let mut line = scene.ready().await?;
    let attempt = scene.order(&mut line).await?;
    until(&mut line, attempt, |event| *event == AttemptEvent::Ringing).await?;
    scene.agent.kill();
    scene.lab.pbx(0).ari()?.delete(&format!("channels/{attempt}")).await?.expect("hang up")?;
    scene.agent.restart()?;
    let mut line = scene.control_plane.links().await?;
    let ended = until(&mut line, attempt, |event| matches!(event, AttemptEvent::Ended(_))).await?;
    let AttemptEvent::Ended(ending) = ended else { bail!("{ended:?}") };
    ensure!(ending.status == AttemptStatus::Failed && ending.unwitnessed, "{ending:?}");
    Ok(())
}
