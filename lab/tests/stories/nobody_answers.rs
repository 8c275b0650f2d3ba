use crate::scene::{Scene, secs};
use anyhow::Result;

const PHONE: &str = "+380501234567";

#[tokio::test]
async fn a_phone_that_rings_out_is_cancelled() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).ring_out();
    let channel = scene.dial(PHONE, 2).await?;
    let call = carrier.expect_call(PHONE).await?;
    let cancelled = call.expect_cancelled(secs(20)).await?;
    assert!(cancelled.duration_since(call.invited_at()) >= secs(1), "{}", call.story());
    call.expect_refused(487, secs(20)).await?;
    assert_eq!(scene.end_of(&channel).await?.0, 19);
    Ok(())
}

#[tokio::test]
async fn a_carrier_that_says_nothing_at_all_gets_the_invite_again_and_the_call_ends() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).no_answer_at_all();
    let channel = scene.dial(PHONE, 3).await?;
    let call = carrier.expect_call(PHONE).await?;
    assert_eq!(scene.end_of(&channel).await?.0, 19);
    let record = call.record();
    let invites = record.passed.iter().filter(|passed| passed.message.starts_with("INVITE")).count();
    assert!(invites > 1, "{}", call.story());
    assert!(record.final_response().is_none(), "{}", call.story());
    Ok(())
}
