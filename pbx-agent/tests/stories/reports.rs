//! Reports are journalled, numbered, and resent until they are acknowledged.

use crate::{
    control_plane::{Line, attempt},
    host::Field,
};
use anyhow::{Result, bail, ensure};
use shared::{
    ids::{AttemptId, JournalId},
    protocol::{AttemptEvent, ControlFrame, Report},
    time::Timestamp,
};
use std::time::Duration;
use uuid::Uuid;

const QUIET: Duration = Duration::from_millis(300);

/// An order for a country that the host may not reach: refused, which is one report.
async fn refused(field: &Field, line: &mut Line) -> Result<Report> {
    let mut order = field.control_plane.order("pbx-1", attempt());
    order.to = "+447400123456".parse().expect("a number");
    line.say(&field.control_plane.sign(&order)).await?;
    line.report().await
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again_after_a_reconnect_and_after_a_restart() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let sent = [
        refused(&field, &mut line).await?,
        refused(&field, &mut line).await?,
        refused(&field, &mut line).await?,
    ];
    ensure!(sent.iter().map(|report| report.seq).eq(1..=3), "{sent:?}");
    drop(line);
    let mut line = field.control_plane.links().await?;
    for report in &sent {
        ensure!(line.report().await? == *report, "after a reconnect");
    }
    line.acknowledge(1).await?;
    // The agent reads in order: when it answers, it has read the acknowledgement.
    line.query(&[]).await?;
    field.host.restart().await?;
    let mut line = field.control_plane.links_at(Timestamp::now(), 1).await?;
    for report in &sent[1..] {
        ensure!(line.report().await? == *report, "after a restart");
    }
    line.acknowledge(3).await?;
    line.query(&[]).await?;
    field.host.restart().await?;
    let mut line = field.control_plane.links_at(Timestamp::now(), 3).await?;
    line.expect_no_report(QUIET).await?;
    ensure!(refused(&field, &mut line).await?.seq == 4, "numbers go on after a restart");
    Ok(())
}

#[tokio::test]
async fn what_the_control_plane_has_applied_meanwhile_is_not_sent_again() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    refused(&field, &mut line).await?;
    let second = refused(&field, &mut line).await?;
    drop(line);
    let mut line = field.control_plane.links_at(Timestamp::now(), 1).await?;
    ensure!(line.report().await? == second);
    Ok(())
}

#[tokio::test]
async fn an_acknowledgement_of_what_was_not_sent_forgets_nothing() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let first = refused(&field, &mut line).await?;
    line.say(&ControlFrame::Ack { journal: JournalId::new(Uuid::nil()), seq: 1 }).await?;
    line.query(&[]).await?;
    for seq in [99, u64::MAX] {
        // Whoever says so may know a newer copy of this journal: the handshake shows.
        line.acknowledge(seq).await?;
        line.expect_close().await?;
        line = field.control_plane.links().await?;
        ensure!(line.report().await? == first);
    }
    Ok(())
}

#[tokio::test]
async fn a_journal_that_is_behind_the_control_plane_gets_a_new_id_and_counts_anew() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let sent = [refused(&field, &mut line).await?, refused(&field, &mut line).await?];
    line.acknowledge(1).await?;
    line.query(&[]).await?;
    let old = line.journal;
    drop(line);
    let mut line = field.control_plane.links_at(Timestamp::now(), 50).await?;
    line.expect_close().await?;
    let mut line = field.control_plane.links().await?;
    ensure!(line.journal != old);
    let again = line.report().await?;
    ensure!(again == Report { journal: line.journal, seq: 1, ..sent[1].clone() }, "{again:?}");
    ensure!(refused(&field, &mut line).await?.seq == 2);
    let new = line.journal;
    field.host.restart().await?;
    ensure!(field.control_plane.links().await?.journal == new);
    Ok(())
}

#[tokio::test]
async fn a_control_plane_that_is_always_ahead_is_not_hammered() -> Result<()> {
    let field = Field::running().await?;
    let mut times = 0;
    let patience = tokio::time::sleep(Duration::from_secs(4));
    tokio::pin!(patience);
    loop {
        tokio::select! {
            line = field.control_plane.links_at(Timestamp::now(), 50) => { line?; times += 1; }
            () = &mut patience => break,
        }
    }
    // Pauses of up to 250, 500, 1000 ... ms, half of that on average.
    ensure!((1..40).contains(&times), "{times} connections in 4 s");
    Ok(())
}

#[tokio::test]
async fn two_thousand_reports_of_an_outage_arrive_once_each_and_in_order() -> Result<()> {
    const MANY: u64 = 2_000;
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let attempts: Vec<AttemptId> = (0..MANY).map(|_| attempt()).collect();
    for attempt in &attempts {
        let mut order = field.control_plane.order("pbx-1", *attempt);
        order.to = "+447400123456".parse().expect("a number");
        line.say(&field.control_plane.sign(&order)).await?;
    }
    // None is acknowledged, so only a window of them is on its way.
    while line.report().await?.seq < 200 {}
    field.host.until_status(|status| status["last_report"] == MANY).await?;
    drop(line);
    let mut line = field.control_plane.links().await?;
    for (seq, attempt) in (1..).zip(&attempts) {
        let report = line.report().await?;
        ensure!(report.seq == seq && report.attempt_id == *attempt, "{report:?} is not {seq}");
        if let AttemptEvent::Refused { .. } = report.event {
            line.acknowledge(seq).await?;
        } else {
            bail!("{report:?}");
        }
    }
    line.expect_no_report(QUIET).await
}
