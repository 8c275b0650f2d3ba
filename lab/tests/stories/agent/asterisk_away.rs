//! An Asterisk that is killed, hangs, refuses the password, or listens to another program.

use super::{
    Scene,
    control_plane::{PATIENCE, PHONE},
    said, until,
};
use anyhow::{Context, Result, bail, ensure};
use shared::{outcome::Reason, protocol::AttemptEvent};
use std::{
    fs,
    time::{Duration, Instant},
};
use tokio::time::sleep;

#[tokio::test]
async fn a_killed_asterisk_is_said_at_once_and_used_again_when_it_is_back() -> Result<()> {
    let mut scene = Scene::start().await?;
    scene.lab.carrier().when_called(PHONE).ring_out();
    let mut line = scene.ready().await?;
    let attempt = scene.order(&mut line).await?;
    until(&mut line, attempt, |event| *event == AttemptEvent::Ringing).await?;
    scene.lab.pbx_mut(0).kill();
    line.until_healthy(|health| health.asterisk.is_none() && !health.trunks[0].online).await?;
    let says =
        |text: &str| text.contains("does not answer at http://127.0.0.1:") && text.contains("is it running");
    line.until_healthy(|health| health.trouble.as_deref().is_some_and(says)).await?;
    let checked = scene.check().await?;
    ensure!(checked.status.code() == Some(1) && says(&said(&checked)), "{}", said(&checked));
    scene.lab.pbx_mut(0).restart().await?;
    let ended = until(&mut line, attempt, |event| matches!(event, AttemptEvent::Ended(_))).await?;
    let AttemptEvent::Ended(ending) = ended else { bail!("{ended:?}") };
    ensure!(ending.unwitnessed, "{ending:?}");
    line.until_healthy(|health| health.asterisk.is_some() && health.trouble.is_none()).await?;
    let expected = scene.lab.carrier().expect_call(PHONE);
    let again = scene.order(&mut line).await?;
    until(&mut line, again, |event| *event == AttemptEvent::Ringing).await?;
    expected.await?;
    Ok(())
}

#[tokio::test]
async fn an_asterisk_that_hangs_is_noticed_and_one_that_goes_on_is_used_again() -> Result<()> {
    let scene = Scene::start().await?;
    let mut line = scene.ready().await?;
    scene.lab.pbx(0).freeze();
    line.until_healthy(|health| health.asterisk.is_none()).await?;
    scene.lab.pbx(0).thaw();
    line.until_healthy(|health| health.asterisk.is_some() && health.trouble.is_none()).await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_said_and_a_corrected_one_needs_no_restart() -> Result<()> {
    let scene = Scene::start().await?;
    let file = scene.lab.pbx(0).password_file();
    let right = fs::read_to_string(&file)?;
    fs::write(&file, "wrong")?;
    let mut scene = scene;
    scene.agent.restart()?;
    let mut line = scene.control_plane.links().await?;
    let says = |text: &str| text.contains("Asterisk refuses the user pbx-agent (401): compare ");
    line.until_healthy(|health| health.trouble.as_deref().is_some_and(says))
        .await
        .with_context(|| scene.agent.log_tail())?;
    let checked = scene.check().await?;
    ensure!(checked.status.code() == Some(1) && says(&said(&checked)), "{}", said(&checked));
    fs::write(&file, &right)?;
    line.until_healthy(|health| health.asterisk.is_some() && health.trouble.is_none()).await?;
    ensure!(!scene.agent.log_tail().contains(&right), "the password stands in the log");
    Ok(())
}

#[tokio::test]
async fn another_program_that_takes_the_applications_name_is_noticed() -> Result<()> {
    let scene = Scene::start().await?;
    let mut line = scene.ready().await?;
    let thief = scene.lab.pbx(0).ari()?.events("pbx-agent", false).await?;
    // It may be over before the next health is told. Asterisk says it; that the agent's own events
    // do not come back is noticed after 5 s at the earliest.
    let begun = Instant::now();
    while !scene.agent.log_tail().contains("the application pbx-agent was deactivated") {
        ensure!(begun.elapsed() < Duration::from_millis(4500), "{}", scene.agent.log_tail());
        sleep(Duration::from_millis(50)).await;
    }
    drop(thief);
    let expected = scene.lab.carrier().expect_call(PHONE).press('1');
    // Orders are refused until the name is taken back.
    let attempt = loop {
        let attempt = scene.order(&mut line).await?;
        let told = until(&mut line, attempt, |_| true).await?;
        if !matches!(told, AttemptEvent::Refused { reason: Reason::AriUnavailable, .. }) {
            break attempt;
        }
        ensure!(begun.elapsed() < PATIENCE, "{told:?}");
        sleep(Duration::from_millis(50)).await;
    };
    expected.await?;
    until(&mut line, attempt, |event| *event == AttemptEvent::Key { digit: '1' }).await?;
    Ok(())
}
