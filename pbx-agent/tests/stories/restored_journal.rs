//! A host that is put back to an older copy of its disk, while the control plane remembers what came since.

use crate::{
    control_plane::{Line, PBX_ID, attempt},
    host::Field,
};
use anyhow::{Result, ensure};
use serde_json::Value;
use shared::{
    ids::AttemptId,
    protocol::{AttemptEvent, ControlFrame, Report},
    time::Timestamp,
};
use std::{fs, path::Path};

const FILES: [&str; 3] = ["journal.db", "journal.db-wal", "journal.db-shm"];

/// Copies what belongs to the journal; what is not there is not there afterwards.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in FILES {
        if to.join(file).exists() {
            fs::remove_file(to.join(file))?;
        }
        if from.join(file).exists() {
            fs::copy(from.join(file), to.join(file))?;
        }
    }
    Ok(())
}

/// The running agent has so many reports on disk.
async fn journals(field: &Field, last: u64) -> Result<()> {
    let written = |status: &Value| status["running"] == true && status["last_report"] == last;
    field.host.until_status(written).await.map(drop)
}

/// An order for a country that the host may not reach: refused, which is one report.
async fn refused(field: &Field, line: &mut Line) -> Result<Report> {
    let mut order = field.control_plane.order("pbx-1", attempt());
    order.to = "+447400123456".parse().expect("a number");
    line.say(&field.control_plane.sign(&order)).await?;
    line.report().await
}

/// A host whose disk is as it was when its only call had just been placed, which was report 1. Since then
/// the call has ended, which was report 2, and the control plane has applied both.
async fn restored() -> Result<(Field, AttemptId)> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    line.acknowledge(1).await?;
    line.query(&[]).await?;
    field.host.kill().await?;
    let (state, kept) = (field.host.state_dir(), field.host.path("copy"));
    copy(&state, &kept)?;
    field.host.start()?;
    drop(line);
    let mut line = field.control_plane.links_at(Timestamp::now(), 1).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    field.asterisk.ends(&order.attempt_id.to_string(), 17, 486);
    ensure!(line.report().await?.seq == 2);
    line.acknowledge(2).await?;
    line.query(&[]).await?;
    field.host.kill().await?;
    copy(&kept, &state)?;
    Ok((field, order.attempt_id))
}

#[tokio::test]
async fn what_it_reports_under_numbers_that_others_had_is_told_under_a_new_journal() -> Result<()> {
    let (mut field, call) = restored().await?;
    field.host.start()?;
    // Before anybody links it has found its call gone: another report 2.
    journals(&field, 2).await?;
    let (mut line, hello) = field.control_plane.greeted(Timestamp::now()).await?;
    let old = hello.journal;
    line.say(&ControlFrame::Welcome { pbx_id: PBX_ID, heartbeat_seconds: 10, applied: 2 }).await?;
    line.expect_close().await?;
    let mut line = field.control_plane.links().await?;
    ensure!(line.journal != old, "its report 2 would have been taken for the one that is applied");
    let report = line.report().await?;
    ensure!((report.attempt_id, report.seq) == (call, 1), "{report:?}");
    ensure!(matches!(&report.event, AttemptEvent::Ended(ending) if ending.unwitnessed), "{report:?}");
    ensure!(refused(&field, &mut line).await?.seq == 2);
    Ok(())
}

#[tokio::test]
async fn a_start_in_between_makes_it_no_newer() -> Result<()> {
    let (mut field, _) = restored().await?;
    for _ in 0..2 {
        field.host.start()?;
        // It gets no further than this.
        let _line = field.control_plane.tcp().await?;
        journals(&field, 2).await?;
        field.host.kill().await?;
    }
    field.host.start()?;
    let mut line = field.control_plane.links_at(Timestamp::now(), 2).await?;
    line.expect_close().await?;
    Ok(())
}

#[tokio::test]
async fn reports_of_an_outage_make_no_journal_old() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let first = refused(&field, &mut line).await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    let journal = line.journal;
    drop(line);
    let _line = field.control_plane.tcp().await?;
    field.asterisk.ends(&order.attempt_id.to_string(), 17, 486);
    journals(&field, 3).await?;
    field.host.restart().await?;
    let mut line = field.control_plane.links_at(Timestamp::now(), first.seq + 1).await?;
    ensure!(line.journal == journal && line.report().await?.seq == 3);
    Ok(())
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_lost_alone_and_the_others_come_without_a_gap() -> Result<()> {
    let mut field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let first = refused(&field, &mut line).await?;
    line.acknowledge(first.seq).await?;
    for seq in 2..=4 {
        ensure!(refused(&field, &mut line).await?.seq == seq);
    }
    let old = line.journal;
    field.host.kill().await?;
    let journal = rusqlite::Connection::open(field.host.state_dir().join("journal.db"))?;
    ensure!(journal.execute("UPDATE reports SET event = '{' WHERE seq = 3", [])? == 1);
    drop(journal);
    field.host.start()?;
    drop(line);
    let mut line = field.control_plane.links_at(Timestamp::now(), 1).await?;
    line.expect_close().await?;
    let mut line = field.control_plane.links().await?;
    ensure!(line.journal != old, "a gap under the old one would be taken for a lost report");
    ensure!(line.report().await?.seq == 1);
    ensure!(line.report().await?.seq == 2);
    ensure!(refused(&field, &mut line).await?.seq == 3);
    Ok(())
}
