//! An order that reaches a phone, and one that cannot.

use super::{
    Scene,
    control_plane::{PHONE, attempt},
    said, until,
};
use anyhow::{Result, bail, ensure};
use shared::{
    outcome::AttemptStatus,
    protocol::{AttemptEvent, ControlFrame, Standing},
};
use std::time::Duration;

#[tokio::test]
async fn an_order_rings_the_phone_once_and_its_key_1_is_told() -> Result<()> {
    let mut scene = Scene::start().await?;
    let carrier = scene.lab.carrier();
    let mut line = scene.ready().await?;
    let expected = carrier.expect_call(PHONE).on_trunk("a").press('1');
    let order = scene.control_plane.order(scene.lab.pbx(0).name(), attempt());
    for _ in 0..2 {
        line.say(&scene.control_plane.sign(&order)).await?;
    }
    expected.await?;
    let ended = until(&mut line, order.attempt_id, |event| matches!(event, AttemptEvent::Ended(_))).await?;
    let AttemptEvent::Ended(ending) = ended else { bail!("{ended:?}") };
    ensure!(ending.status == AttemptStatus::Acknowledged && !ending.unwitnessed, "{ending:?}");
    ensure!(ending.ari_status == Some(200) && ending.hangup_cause == Some(16), "{ending:?}");
    ensure!(carrier.calls().len() == 1, "{}", carrier.story());
    scene.agent.stop().await
}

#[tokio::test]
async fn check_of_a_working_host_is_good_and_does_not_disturb_a_call() -> Result<()> {
    let scene = Scene::start().await?;
    let carrier = scene.lab.carrier();
    let mut line = scene.ready().await?;
    let _ = carrier.when_called(PHONE).once().ringing(Duration::from_secs(2)).answer().press('1');
    let attempt = scene.order(&mut line).await?;
    until(&mut line, attempt, |event| *event == AttemptEvent::Ringing).await?;
    let checked = scene.check().await?;
    ensure!(checked.status.code() == Some(0), "{}\n{}", said(&checked), scene.agent.log_tail());
    ensure!(said(&checked).contains("ok       voice: speaks"), "{}", said(&checked));
    until(&mut line, attempt, |event| *event == AttemptEvent::Key { digit: '1' }).await?;
    ensure!(line.query(&[attempt]).await? != [Standing::NeverSeen]);
    Ok(())
}

#[tokio::test]
async fn a_phone_that_rings_stops_when_the_call_is_cancelled() -> Result<()> {
    let scene = Scene::start().await?;
    let carrier = scene.lab.carrier();
    carrier.when_called(PHONE).ring_out();
    let mut line = scene.ready().await?;
    let attempt = scene.order(&mut line).await?;
    until(&mut line, attempt, |event| *event == AttemptEvent::Ringing).await?;
    line.say(&ControlFrame::Cancel { attempt_id: attempt }).await?;
    let ended = until(&mut line, attempt, |event| matches!(event, AttemptEvent::Ended(_))).await?;
    let AttemptEvent::Ended(ending) = ended else { bail!("{ended:?}") };
    ensure!(ending.status == AttemptStatus::Cancelled, "{ending:?}");
    Ok(())
}

#[tokio::test]
async fn a_trunk_that_asterisk_does_not_have_fails_the_attempt_and_check_names_it() -> Result<()> {
    let scene = Scene::configured(|config| config.replace("{digits}@a", "{digits}@ghost")).await?;
    let mut line = scene.ready().await?;
    let says = |text: &str| text.contains("Asterisk has no endpoint for trunk a");
    line.until_healthy(|health| health.trouble.as_deref().is_some_and(says)).await?;
    let attempt = scene.order(&mut line).await?;
    let ended = until(&mut line, attempt, |event| matches!(event, AttemptEvent::Ended(_))).await?;
    let AttemptEvent::Ended(ending) = ended else { bail!("{ended:?}") };
    ensure!(ending.status == AttemptStatus::Failed && ending.ari_status == Some(500), "{ending:?}");
    let checked = scene.check().await?;
    ensure!(checked.status.code() == Some(1), "{}", said(&checked));
    ensure!(said(&checked).contains("trunk a: Asterisk has no such endpoint"), "{}", said(&checked));
    let log = scene.agent.log_tail();
    ensure!(!log.contains(&PHONE[1..]), "the number stands in the log:\n{log}");
    Ok(())
}
