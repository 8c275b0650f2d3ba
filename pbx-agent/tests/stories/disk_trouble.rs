//! A journal that is damaged, of a newer program, or on a full disk.

use crate::{
    control_plane::attempt,
    host::{Field, mode, stderr},
};
use anyhow::{Context, Result, ensure};
use shared::{
    outcome::Reason,
    protocol::{AttemptEvent, Standing},
};
use std::fs;

#[tokio::test]
async fn an_order_that_a_full_disk_does_not_take_is_not_dialled_and_this_is_said() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    field.host.limit_files(Some(0))?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    let health =
        line.until_healthy(|health| health.trouble.is_some()).await.with_context(|| field.host.log())?;
    ensure!(health.draining, "{health:?}");
    ensure!(
        health.trouble.as_ref().is_some_and(|why| why.contains("the journal cannot be written")),
        "{health:?}"
    );
    field.host.limit_files(None)?;
    let report = line.report().await?;
    ensure!(report.attempt_id == order.attempt_id);
    let AttemptEvent::Refused { reason: Reason::AriUnavailable, detail } = report.event else {
        anyhow::bail!("{:?}", report.event);
    };
    ensure!(detail.contains("nothing was dialled"), "{detail}");
    line.until_healthy(|health| health.trouble.is_none() && !health.draining).await?;
    ensure!(field.asterisk.state().originates.is_empty());
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    Ok(())
}

#[tokio::test]
async fn a_call_that_is_under_way_when_the_disk_fills_up_is_told_to_its_end_later() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let order = field.control_plane.order("pbx-1", attempt());
    line.say(&field.control_plane.sign(&order)).await?;
    line.expect(order.attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    field.host.limit_files(Some(0))?;
    let channel = order.attempt_id.to_string();
    field.asterisk.rings(&channel);
    field.asterisk.answers(&channel);
    field.asterisk.presses(&channel, "1");
    line.until_healthy(|health| health.trouble.is_some()).await?;
    field.asterisk.ends(&channel, 16, 0);
    line.until_healthy(|health| health.active == 0).await?;
    field.host.limit_files(None)?;
    line.expect(order.attempt_id, &AttemptEvent::Ringing).await?;
    line.expect(order.attempt_id, &AttemptEvent::Answered).await?;
    line.expect(order.attempt_id, &AttemptEvent::Key { digit: '1' }).await?;
    Ok(())
}

#[tokio::test]
async fn a_journal_of_a_newer_program_is_not_touched() -> Result<()> {
    let mut field = Field::running().await?;
    field.control_plane.links().await?;
    field.host.kill().await?;
    let path = field.host.state_dir().join("journal.db");
    rusqlite::Connection::open(&path)?.pragma_update(None, "user_version", 99)?;
    let output = field.host.command(&["run"]).await?;
    let said = stderr(&output);
    ensure!(output.status.code() == Some(1), "{said}");
    for part in ["journal.db", "version 99", "install the newer pbx-agent"] {
        ensure!(said.contains(part), "{said}");
    }
    let version: i64 =
        rusqlite::Connection::open(&path)?.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    ensure!(version == 99);
    Ok(())
}

#[tokio::test]
async fn a_damaged_journal_is_put_aside_loudly_and_a_new_one_has_another_id() -> Result<()> {
    let mut field = Field::running().await?;
    let before = field.control_plane.links().await?.journal;
    field.host.kill().await?;
    let path = field.host.state_dir().join("journal.db");
    for name in ["journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(field.host.state_dir().join(name));
    }
    fs::write(&path, vec![0x5a; 8192])?;
    field.host.start()?;
    let mut line = field.control_plane.links().await?;
    ensure!(line.journal != before);
    ensure!(line.query(&[attempt()]).await? == [Standing::NeverSeen]);
    let log = field.host.log();
    ensure!(log.contains("THE JOURNAL IS BROKEN"), "{log}");
    let aside = fs::read_dir(field.host.state_dir())?
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("journal.db.broken-"));
    ensure!(aside, "the damaged file is kept for whoever wants to look at it");
    Ok(())
}

#[tokio::test]
async fn nobody_else_can_read_the_journal() -> Result<()> {
    let field = Field::running().await?;
    field.control_plane.links_ready().await?.query(&[attempt()]).await?;
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let mode = mode(&field.host.state_dir().join(name))?;
        ensure!(mode == 0o600, "{name}: {mode:o}");
    }
    Ok(())
}

#[tokio::test]
async fn a_journal_that_cannot_be_opened_is_named() -> Result<()> {
    let field = Field::enrolled().await?;
    fs::create_dir(field.host.state_dir().join("journal.db"))?;
    let output = field.host.command(&["run"]).await?;
    ensure!(
        output.status.code() == Some(1) && stderr(&output).contains("journal.db: "),
        "{}",
        stderr(&output)
    );
    Ok(())
}
