//! An Asterisk that is away, refuses the password or stops telling.

use crate::{
    control_plane::attempt,
    host::{Field, stdout},
};
use anyhow::{Result, bail, ensure};
use serde_json::json;
use shared::{
    outcome::Reason,
    protocol::{AttemptEvent, Standing},
};

#[tokio::test]
async fn a_wrong_password_is_said_and_a_corrected_one_needs_no_restart() -> Result<()> {
    let field = Field::running().await?;
    field.host.set_password("wrong")?;
    let mut field = field;
    field.host.restart().await?;
    let mut line = field.control_plane.links().await?;
    let says = |text: &str| text.contains("refuses the user agent (401)") && text.contains("ari.password");
    let health = line.until_healthy(|health| health.trouble.as_deref().is_some_and(says)).await?;
    ensure!(health.asterisk.is_none() && !health.trunks[0].online, "{health:?}");
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    let report = line.report().await?;
    let AttemptEvent::Refused { reason: Reason::AriUnavailable, .. } = report.event else {
        bail!("{report:?}")
    };
    let checked = field.check().await?;
    let told = stdout(&checked);
    ensure!(checked.status.code() == Some(1), "{told}");
    ensure!(told.contains("FAILED   Asterisk: ") && says(&told) && told.contains("compare"), "{told}");
    field.host.set_password("secret")?;
    line.until_healthy(|health| health.asterisk.is_some() && health.trouble.is_none()).await?;
    ensure!(!field.host.log().contains("secret") && !field.host.log().contains("wrong\n"));
    Ok(())
}

#[tokio::test]
async fn an_absent_asterisk_is_said_and_waited_for() -> Result<()> {
    let field = Field::enrolled().await?;
    field.host.reconfigure(
        &format!("url = \"http://127.0.0.1:{}\"", field.asterisk.port()),
        "url = \"http://127.0.0.1:1\"",
    )?;
    let mut field = field;
    field.host.start()?;
    let mut line = field.control_plane.links().await?;
    let says =
        |text: &str| text.contains("does not answer at http://127.0.0.1:1") && text.contains("is it running");
    line.until_healthy(|health| health.trouble.as_deref().is_some_and(says)).await?;
    let told = stdout(&field.check().await?);
    ensure!(says(&told), "{told}");
    ensure!(field.host.is_running()?);
    Ok(())
}

#[tokio::test]
async fn what_ends_while_the_event_stream_is_cut_is_told_when_it_is_back() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let (stays, goes) = (attempt(), attempt());
    for attempt in [stays, goes] {
        line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt))).await?;
        line.expect(attempt, &AttemptEvent::Originated { ari_status: 200 }).await?;
    }
    field.asterisk.state().channels.remove(&goes.to_string());
    field.asterisk.state().channels.insert(stays.to_string(), "Up");
    field.asterisk.cut_stream();
    field.asterisk.expect_streams(2).await?;
    let (mut answered, mut ended) = (false, false);
    while !(answered && ended) {
        let report = line.report().await?;
        if report.attempt_id == stays {
            ensure!(report.event == AttemptEvent::Answered, "{report:?}");
            answered = true;
        } else {
            ensure!(matches!(&report.event, AttemptEvent::Ended(ending) if ending.unwitnessed), "{report:?}");
            ended = true;
        }
    }
    ensure!(line.query(&[stays, goes]).await? == [Standing::Live, Standing::Over]);
    Ok(())
}

#[tokio::test]
async fn a_stray_channel_of_an_attempt_that_is_over_is_hung_up() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let (ours, foreign) = (attempt(), attempt());
    ensure!(line.query(&[ours]).await? == [Standing::NeverSeen]);
    field.asterisk.state().channels.insert(ours.to_string(), "Ringing");
    field.asterisk.state().channels.insert(foreign.to_string(), "Up");
    field.asterisk.cut_stream();
    field.asterisk.expect_request(&format!("DELETE channels/{ours}")).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    ensure!(field.asterisk.state().channels.contains_key(&foreign.to_string()), "another program's channel");
    Ok(())
}

#[tokio::test]
async fn another_program_under_the_same_name_is_noticed() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    field.asterisk.event(json!({"type": "ApplicationReplaced", "application": "pbx-agent"}));
    field.asterisk.expect_streams(2).await?;
    line.until_healthy(|health| health.trouble.is_none()).await?;
    let log = field.host.log();
    ensure!(log.contains("does another program use the same name?"), "{log}");
    Ok(())
}

#[tokio::test]
async fn an_event_that_cannot_be_read_ends_the_stream_and_not_the_agent() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    field.asterisk.event(json!({"no": "type"}));
    field.asterisk.expect_streams(2).await?;
    line.until_healthy(|health| health.trouble.is_none()).await?;
    ensure!(field.host.is_running()?);
    Ok(())
}

#[tokio::test]
async fn a_trunk_that_asterisk_does_not_know_is_named_by_health_and_by_check() -> Result<()> {
    let field = Field::running().await?;
    field.asterisk.state().endpoints.clear();
    let mut line = field.control_plane.links_ready().await?;
    let says = |text: &str| text.contains("Asterisk has no endpoint for trunk a");
    line.until_healthy(|health| health.trouble.as_deref().is_some_and(says)).await?;
    let checked = field.check().await?;
    let told = stdout(&checked);
    ensure!(checked.status.code() == Some(1), "{told}");
    ensure!(
        told.contains("trunk a: Asterisk has no such endpoint: compare `dial` with pjsip.conf"),
        "{told}"
    );
    Ok(())
}
