//! What becomes of an order.

use crate::{
    control_plane::{PHONE, attempt},
    host::Field,
};
use anyhow::{Result, bail, ensure};
use shared::{
    ids::AttemptId,
    outcome::{AttemptStatus, Reason},
    protocol::{AttemptEvent, ControlFrame, Ending, Report, Standing},
};
use std::time::Duration;

const QUIET: Duration = Duration::from_millis(300);

fn refusal(report: &Report) -> Result<Reason> {
    let AttemptEvent::Refused { reason, .. } = &report.event else {
        bail!("a refusal was awaited: {report:?}")
    };
    Ok(*reason)
}

async fn ending(line: &mut crate::control_plane::Line, attempt: AttemptId) -> Result<Ending> {
    loop {
        let report = line.report().await?;
        if let (true, AttemptEvent::Ended(ending)) = (report.attempt_id == attempt, report.event) {
            return Ok(ending);
        }
    }
}

#[tokio::test]
async fn an_order_rings_a_phone_and_key_1_is_told() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    let (attempt, channel) = (order.attempt_id, order.attempt_id.to_string());
    let asked = field.asterisk.expect_originate(&channel).await?;
    ensure!(asked["endpoint"] == "PJSIP/380501234567@a" && asked["timeout"] == "20", "{asked:?}");
    line.expect(attempt, &AttemptEvent::Originated { ari_status: 200 }).await?;
    field.asterisk.rings(&channel);
    line.expect(attempt, &AttemptEvent::Ringing).await?;
    field.asterisk.answers(&channel);
    line.expect(attempt, &AttemptEvent::Answered).await?;
    line.until_healthy(|health| health.active == 1 && health.trunks[0].active == 1).await?;
    field.asterisk.presses(&channel, "1");
    line.expect(attempt, &AttemptEvent::Key { digit: '1' }).await?;
    field.asterisk.ends(&channel, 16, 0);
    ensure!(ending(&mut line, attempt).await?.status == AttemptStatus::Acknowledged);
    line.until_healthy(|health| health.active == 0).await?;
    let log = field.host.log();
    ensure!(!log.contains(&PHONE[1..]), "the number stands in the log:\n{log}");
    ensure!(log.contains("4567"), "its end does not:\n{log}");
    Ok(())
}

#[tokio::test]
async fn an_order_that_comes_again_gets_its_first_answer_and_rings_once() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.sign(&field.control_plane.order("pbx-1", attempt()));
    line.say(&order).await?;
    let first = line.report().await?;
    line.say(&order).await?;
    ensure!(line.report().await? == first);
    field.host.restart().await?;
    let mut line = field.control_plane.links_ready().await?;
    line.say(&order).await?;
    ensure!(line.query(&[first.attempt_id]).await? == [Standing::Live]);
    ensure!(field.asterisk.state().originates.len() == 1);
    Ok(())
}

#[tokio::test]
async fn another_order_under_a_used_id_is_not_obeyed_and_does_not_end_the_first() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let mut order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    order.to = "+380671234567".parse().expect("a number");
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect_no_report(QUIET).await?;
    ensure!(line.query(&[order.attempt_id]).await? == [Standing::Live]);
    ensure!(field.asterisk.state().originates.len() == 1);
    Ok(())
}

#[tokio::test]
async fn an_order_that_was_asked_for_before_it_came_is_refused_also_after_a_restart() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let (late, later) =
        (field.control_plane.order("pbx-1", attempt()), field.control_plane.order("pbx-1", attempt()));
    let asked = [late.attempt_id, later.attempt_id];
    ensure!(line.query(&asked).await? == [Standing::NeverSeen; 2]);
    line.say(&field.control_plane.sign(&late)).await?;
    let report = line.report().await?;
    ensure!(report.attempt_id == late.attempt_id && refusal(&report)? == Reason::Expired, "{report:?}");
    ensure!(line.query(&asked).await? == [Standing::Over, Standing::NeverSeen]);
    line.acknowledge(report.seq).await?;
    line.query(&[]).await?;
    field.host.restart().await?;
    let mut line = field.control_plane.links_at(shared::time::Timestamp::now(), report.seq).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    line.say(&field.control_plane.sign(&later)).await?;
    ensure!(refusal(&line.report().await?)? == Reason::Expired);
    ensure!(field.asterisk.state().originates.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_order_that_comes_after_its_cancellation_is_refused() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&ControlFrame::Cancel { attempt_id: order.attempt_id }).await?;
    line.say(&field.control_plane.sign(&order)).await?;
    ensure!(refusal(&line.report().await?)? == Reason::Expired);
    ensure!(field.asterisk.state().originates.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_phone_that_rings_is_hung_up_when_its_call_is_cancelled() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    let attempt = order.attempt_id;
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(attempt, &AttemptEvent::Originated { ari_status: 200 }).await?;
    field.asterisk.rings(&attempt.to_string());
    line.expect(attempt, &AttemptEvent::Ringing).await?;
    line.say(&ControlFrame::Cancel { attempt_id: attempt }).await?;
    ensure!(ending(&mut line, attempt).await?.status == AttemptStatus::Cancelled);
    field.asterisk.expect_request(&format!("DELETE channels/{attempt}")).await?;
    ensure!(line.query(&[attempt]).await? == [Standing::Over]);
    Ok(())
}

#[tokio::test]
async fn nothing_that_the_host_does_not_allow_is_dialled() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let with = |change: fn(&mut shared::order::Order)| {
        let mut order = field.control_plane.order("pbx-1", attempt());
        change(&mut order);
        order
    };
    for (order, reason) in [
        (with(|order| order.pbx = "pbx-2".into()), Reason::WrongPbx),
        (with(|order| order.trunk = "b".into()), Reason::Capacity),
        (with(|order| order.to = "+447400123456".parse().expect("a number")), Reason::CountryNotAllowed),
        (with(|order| order.expires_at = order.issued_at - Duration::from_secs(1)), Reason::Expired),
    ] {
        line.say(&field.control_plane.sign(&order)).await?;
        ensure!(refusal(&line.report().await?)? == reason, "{order:?}");
    }
    let ControlFrame::Order(mut forged) = field.control_plane.sign(&with(|_| {})) else { bail!("no order") };
    forged.signature = forged.signature.chars().rev().collect();
    line.say(&ControlFrame::Order(forged)).await?;
    ensure!(refusal(&line.report().await?)? == Reason::BadSignature);
    ensure!(field.asterisk.state().originates.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_caps_of_a_trunk_count_what_an_earlier_run_began() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    for _ in 0..2 {
        let order = field.control_plane.order("pbx-1", attempt());
        line.say(&field.control_plane.sign(&order)).await?;
        line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    }
    field.host.restart().await?;
    let mut line = field.control_plane.links_at(shared::time::Timestamp::now(), 2).await?;
    line.until_healthy(|health| health.asterisk.is_some() && health.active == 2).await?;
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt()))).await?;
    let report = line.report().await?;
    ensure!(refusal(&report)? == Reason::Capacity, "{report:?}");
    Ok(())
}

#[tokio::test]
async fn the_cap_of_calls_to_a_number_survives_a_restart_and_another_number_may_be_called() -> Result<()> {
    let mut field = Field::running().await?;
    field.host.reconfigure("[control_plane]", "max_calls_per_number = 1\n[control_plane]")?;
    field.host.restart().await?;
    let mut line = field.control_plane.links_ready().await?;
    let first = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&first)).await?;
    line.expect(first.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    field.asterisk.ends(&first.attempt_id.to_string(), 17, 0);
    ending(&mut line, first.attempt_id).await?;
    field.host.restart().await?;
    let mut line = field.control_plane.links_at(shared::time::Timestamp::now(), 2).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    let mut order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    let report = line.report().await?;
    ensure!(refusal(&report)? == Reason::Cooldown, "{report:?}");
    (order.attempt_id, order.to) = (attempt(), "+380671234567".parse().expect("a number"));
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    Ok(())
}

#[tokio::test]
async fn an_attempt_that_a_killed_agent_left_behind_goes_on_where_asterisk_has_it() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let (kept, lost) = (attempt(), attempt());
    for attempt in [kept, lost] {
        line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt))).await?;
        line.expect(attempt, &AttemptEvent::Originated { ari_status: 200 }).await?;
    }
    field.host.kill().await?;
    field.asterisk.state().channels.remove(&lost.to_string());
    field.host.start()?;
    let mut line = field.control_plane.links_at(shared::time::Timestamp::now(), 2).await?;
    let gone = ending(&mut line, lost).await?;
    ensure!(gone.status == AttemptStatus::Failed && gone.unwitnessed, "{gone:?}");
    field.asterisk.answers(&kept.to_string());
    line.expect(kept, &AttemptEvent::Answered).await?;
    field.asterisk.presses(&kept.to_string(), "1");
    field.asterisk.ends(&kept.to_string(), 16, 0);
    ensure!(ending(&mut line, kept).await?.status == AttemptStatus::Acknowledged);
    ensure!(field.asterisk.state().originates.len() == 2);
    Ok(())
}

#[tokio::test]
async fn a_trunk_that_asterisk_does_not_have_fails_the_attempt() -> Result<()> {
    let field = Field::running().await?;
    field.asterisk.state().originate = Some(500);
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    let ended = ending(&mut line, order.attempt_id).await?;
    ensure!(ended.status == AttemptStatus::Failed && ended.ari_status == Some(500), "{ended:?}");
    Ok(())
}

#[tokio::test]
async fn an_originate_that_is_never_answered_is_looked_for_and_given_up() -> Result<()> {
    let field = Field::running().await?;
    field.asterisk.state().originate = None;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    let ended = ending(&mut line, order.attempt_id).await?;
    ensure!(ended.status == AttemptStatus::Failed && ended.unwitnessed, "{ended:?}");
    let log = field.host.log();
    ensure!(!log.contains(&PHONE[1..]), "the number stands in the log:\n{log}");
    Ok(())
}
