use super::{ONCE, PHONE, Stage};
use crate::scene::secs;
use anyhow::{Result, ensure};
use std::fs::{self, File};

#[tokio::test]
async fn a_control_plane_killed_after_202_still_rings_the_phone() -> Result<()> {
    let mut stage = Stage::simple().await?;
    let _ = stage.carrier().when_called(PHONE).answer().press('1');
    let request = stage.webhook().await?;
    stage.installation.control_plane_mut().kill();
    stage.installation.control_plane_mut().restart().await?;
    stage.carrier().expect_call(PHONE).within(secs(60)).await?;
    let log = stage.call_at_rest(&request).await?;
    assert_eq!(log["status"], "acknowledged", "{log:#}");
    let said = fs::read_to_string(stage.installation.control_plane().log())?;
    ensure!(!said.contains("THE DATABASE IS OLDER"), "{said}");
    stage.end().await
}

#[tokio::test]
async fn a_dead_pbx_host_is_passed_over() -> Result<()> {
    let mut stage = Stage::with(2, &["a"], ONCE, &["+380"]).await?;
    let _ = stage.carrier().when_called(PHONE).answer().press('1');
    stage.lab.pbx_mut(0).kill();
    let alive = stage.lab.pbx(1).sip_port();
    for _ in 0..2 {
        let request = stage.webhook().await?;
        let call = stage.carrier().expect_call(PHONE).within(secs(60)).await?;
        assert_eq!(call.pbx_port(), alive);
        assert_eq!(stage.call_at_rest(&request).await?["status"], "acknowledged");
    }
    stage.end().await
}

#[tokio::test]
async fn an_agent_killed_while_the_phone_rings_leaves_one_ring_or_a_second_that_is_labelled() -> Result<()> {
    let mut stage = Stage::simple().await?;
    let _ = stage.carrier().when_called(PHONE).ringing(secs(4)).answer().hang_up_after(secs(5));
    let request = stage.webhook().await?;
    stage.carrier().expect_call(PHONE).within(secs(60)).await?;
    stage.installation.agents_mut()[0].kill();
    stage.installation.agents_mut()[0].restart()?;
    let log = stage.call_at_rest(&request).await?;
    let rings = stage.carrier().calls().len();
    assert!(rings <= 2, "{}", stage.carrier().story());
    if rings == 2 {
        let labelled =
            log["attempts"].as_array().into_iter().flatten().any(|one| one["possible_duplicate"] == true);
        assert!(labelled, "{log:#}");
    }
    stage.end().await
}

#[tokio::test]
async fn an_agent_whose_journal_was_cut_in_half_during_a_call_rings_again_only_with_a_label() -> Result<()> {
    let mut stage = Stage::simple().await?;
    let carrier = stage.carrier();
    let _ = carrier.when_called(PHONE).once().ring_out();
    let _ = carrier.when_called(PHONE).answer().press('1');
    let request = stage.webhook().await?;
    let first = carrier.expect_call(PHONE).await?;
    stage.installation.agents_mut()[0].kill();
    let journal = stage.lab.pbx(0).dir().join("agent/journal.db");
    // Closed in order, so that everything is in the one file.
    rusqlite::Connection::open(&journal)?.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    let file = File::options().write(true).open(journal)?;
    file.set_len(file.metadata()?.len() / 2)?;
    stage.installation.agents_mut()[0].restart()?;
    first.expect_cancelled(secs(30)).await?;
    let call = stage.call_at_rest(&request).await?;
    let attempts = call["attempts"].as_array().map_or(&[][..], Vec::as_slice);
    ensure!(attempts.len() == carrier.calls().len(), "{call:#}\n{}", carrier.story());
    ensure!(attempts.len() < 3, "{}", carrier.story());
    ensure!(attempts[1..].iter().all(|again| again["possible_duplicate"] == true), "{call:#}");
    let said = stage.installation.log_tails();
    ensure!(said.contains("THE JOURNAL IS BROKEN"), "{said}");
    stage.end().await
}
