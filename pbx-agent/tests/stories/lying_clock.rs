//! A stolen control plane says what time it likes. The host's caps count on the host's own clock.

use crate::{
    control_plane::{Line, attempt},
    host::Field,
};
use anyhow::{Result, bail, ensure};
use shared::{
    outcome::Reason,
    protocol::{AttemptEvent, Report},
    time::Timestamp,
};
use std::time::Duration;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// The next order, issued at the time that the control plane claims; the agent's first word about it.
async fn orders(field: &Field, line: &mut Line, offset: i64) -> Result<Report> {
    let mut order = field.control_plane.order("pbx-1", attempt());
    order.issued_at = order.issued_at.shifted(offset);
    order.expires_at = order.expires_at.shifted(offset);
    line.say(&field.control_plane.sign(&order)).await?;
    let report = line.report().await?;
    ensure!(report.attempt_id == order.attempt_id, "{report:?}");
    Ok(report)
}

/// The control plane comes back and claims another time.
async fn claims(field: &Field, offset: i64, applied: u64) -> Result<Line> {
    let mut line = field.control_plane.links_at(Timestamp::now().shifted(offset), applied).await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    Ok(line)
}

fn refused_as(report: &Report, awaited: Reason) -> Result<()> {
    let AttemptEvent::Refused { reason, .. } = &report.event else {
        bail!("a refusal was awaited: {report:?}")
    };
    ensure!(*reason == awaited, "{report:?}");
    Ok(())
}

#[tokio::test]
async fn a_control_plane_that_moves_its_clock_begins_no_new_window_of_calls_to_a_number() -> Result<()> {
    let mut field = Field::enrolled().await?;
    field.host.reconfigure("[control_plane]", "max_calls_per_number = 1\n[control_plane]")?;
    field.host.start()?;
    let mut line = claims(&field, 0, 0).await?;
    let mut last = orders(&field, &mut line, 0).await?;
    ensure!(last.event == AttemptEvent::Originated { ari_status: 200 }, "{last:?}");
    for offset in [25 * HOUR, -25 * HOUR, HOUR / 4, 400 * DAY] {
        drop(line);
        line = claims(&field, offset, last.seq).await?;
        last = orders(&field, &mut line, offset).await?;
        refused_as(&last, Reason::Cooldown)?;
    }
    for offset in [25 * HOUR, -25 * HOUR] {
        drop(line);
        field.host.restart().await?;
        line = claims(&field, offset, last.seq).await?;
        last = orders(&field, &mut line, offset).await?;
        refused_as(&last, Reason::Cooldown)?;
    }
    ensure!(field.asterisk.state().originates.len() == 1);
    Ok(())
}

/// The host's clock was ahead when the minutes were used, and was set back between the runs: what lies
/// in the future counts.
#[tokio::test]
async fn a_day_whose_minutes_are_used_stays_used_whatever_any_clock_says() -> Result<()> {
    let mut field = Field::enrolled().await?;
    field.host.reconfigure("max_concurrent = 2", "max_concurrent = 2\nmax_minutes_per_day = 1")?;
    field.host.start()?;
    let mut line = claims(&field, 0, 0).await?;
    let rung = orders(&field, &mut line, 0).await?;
    ensure!(rung.event == AttemptEvent::Originated { ari_status: 200 }, "{rung:?}");
    field.asterisk.ends(&rung.attempt_id.to_string(), 16, 0);
    let ended = line.report().await?;
    ensure!(matches!(ended.event, AttemptEvent::Ended(_)), "{ended:?}");
    field.host.kill().await?;
    let noon = (Timestamp::now().as_micros() / DAY + 1) * DAY + DAY / 2;
    rusqlite::Connection::open(field.host.state_dir().join("journal.db"))?
        .execute("UPDATE orders SET ended_at = ?1, talked_ms = 60000", [noon])?;
    field.host.start()?;
    let mut seq = ended.seq;
    for offset in [0, 25 * HOUR, -25 * HOUR, 3 * DAY] {
        let mut line = claims(&field, offset, seq).await?;
        let report = orders(&field, &mut line, offset).await?;
        refused_as(&report, Reason::Quota)?;
        ensure!(report.at.since(Timestamp::now().shifted(offset)) < Duration::from_secs(60), "{report:?}");
        seq = report.seq;
    }
    let status = field.host.until_status(|status| status["linked"] == false).await?;
    ensure!(status["clock_offset_seconds"].as_f64().is_some_and(|seconds| seconds > 259_000.0), "{status}");
    Ok(())
}
