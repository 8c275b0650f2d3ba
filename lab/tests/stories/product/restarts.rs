use super::{ONCE, PHONE, Stage};
use crate::scene::secs;
use anyhow::Result;

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
