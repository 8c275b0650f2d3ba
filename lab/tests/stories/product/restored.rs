//! A database that is put back from a backup: nobody is rung for what it still takes for open.

use super::{PHONE, Stage};
use crate::scene::secs;
use anyhow::{Context, Result, ensure};
use lab::setup::Patience;
use std::{fs, path::PathBuf, time::Instant};

/// Nobody picks up within the first try, and the next is soon.
const PATIENT: Patience = Patience { redials: 3, redial_pause_seconds: 3, ring_seconds: 10 };
const OLDER: &str = "THE DATABASE IS OLDER";

impl Stage {
    /// The database and the file beside it that holds its latest changes.
    fn files(&self) -> [PathBuf; 2] {
        let database = self.installation.control_plane().database();
        let wal = database.with_extension("db-wal");
        [database, wal]
    }

    /// Copies the database while nobody writes it.
    fn back_up(&self) -> Result<Vec<(PathBuf, Option<Vec<u8>>)>> {
        Ok(self.files().into_iter().map(|file| (file.clone(), fs::read(file).ok())).collect())
    }

    fn put_back(&self, backup: &[(PathBuf, Option<Vec<u8>>)]) -> Result<()> {
        let _ = fs::remove_file(self.installation.control_plane().database().with_extension("db-shm"));
        for (file, content) in backup {
            match content {
                Some(content) => fs::write(file, content)?,
                None => drop(fs::remove_file(file)),
            }
        }
        Ok(())
    }

    fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.installation.control_plane().log())?)
    }

    /// Until the host has told the end of the only attempt, and has seen that acknowledged: what it still
    /// holds of the truth it would tell again.
    async fn until_the_host_has_told_all(&self, request: &str) -> Result<()> {
        let begun = Instant::now();
        while self.call_at_rest(request).await?["attempts"][0]["ended_at"].is_null() {
            ensure!(
                begun.elapsed() < secs(30),
                "the attempt does not end\n{}",
                self.installation.log_tails()
            );
            tokio::time::sleep(secs(1) / 20).await;
        }
        tokio::time::sleep(secs(1)).await;
        Ok(())
    }

    async fn until_log_says(&self, words: &str) -> Result<()> {
        let begun = Instant::now();
        while !self.log()?.contains(words) {
            ensure!(begun.elapsed() < secs(30), "no {words:?} in the log\n{}", self.installation.log_tails());
            tokio::time::sleep(secs(1) / 20).await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_call_that_was_acknowledged_after_the_backup_is_not_made_again_and_this_is_said() -> Result<()> {
    let mut stage = Stage::with(1, &["a"], PATIENT, &["+380"]).await?;
    let carrier = stage.carrier();
    let _ = carrier.when_called(PHONE).once().ringing(secs(2)).answer().press_after(secs(1), '1');
    let request = stage.webhook().await?;
    carrier.expect_call(PHONE).await?;
    stage.installation.control_plane_mut().kill();
    let backup = stage.back_up()?;
    stage.installation.control_plane_mut().restart().await?;
    let call = stage.call_at_rest(&request).await?;
    ensure!(call["status"] == "acknowledged", "{call:#}");
    ensure!(!stage.log()?.contains(OLDER), "an ordinary restart\n{}", stage.installation.log_tails());

    stage.until_the_host_has_told_all(&request).await?;
    stage.installation.control_plane_mut().stop().await?;
    stage.put_back(&backup)?;
    stage.installation.control_plane_mut().restart().await?;
    stage.until_log_says(OLDER).await?;
    let call = stage.call_at_rest(&request).await?;
    ensure!(call["status"] == "expired" && call["reason"] == "duplicate", "{call:#}");
    let (plane, key) = (stage.installation.control_plane(), stage.installation.api_key());
    let alerts = plane.get("/api/v1/alerts", key).await?;
    let id = alerts["items"][0]["id"].as_str().context("an alert")?;
    let alert = plane.get(&format!("/api/v1/alerts/{id}"), key).await?;
    let timeline = alert["timeline"]["items"].as_array().context("its timeline")?;
    for kind in ["call_ended", "nobody_reached"] {
        ensure!(timeline.iter().any(|event| event["kind"] == kind), "no {kind} in {alert:#}");
    }
    // Longer than the pause before a redial.
    carrier.expect_silence(secs(5)).await?;

    let _ = carrier.when_called(PHONE).answer().press('1');
    let fresh = stage.webhook().await?;
    ensure!(stage.call_at_rest(&fresh).await?["status"] == "acknowledged");
    ensure!(carrier.calls().len() == 2, "{}", carrier.story());
    stage.end().await
}
