//! Ctrl-C, SIGTERM and a closed terminal.

use crate::say::preparing;
use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Runs to the end, or until somebody asks to stop. The work is then dropped, and every process
/// it started with it.
///
/// # Errors
/// Those of the work; being asked to stop is none.
pub async fn unless_stopped(work: impl Future<Output = Result<()>>) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut hangup = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
    let name = tokio::select! {
        result = work => return result,
        _ = interrupt.recv() => "Ctrl-C",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    };
    preparing(format!("{name}: stopping everything"));
    Ok(())
}
