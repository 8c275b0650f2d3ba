use crate::scene::{Scene, secs};
use anyhow::Result;
use std::time::Duration;

const PHONE: &str = "+380501234567";

#[tokio::test]
async fn silence_is_kept_and_broken() -> Result<()> {
    let scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    carrier.expect_silence(Duration::from_millis(300)).await?;
    let _ = carrier.when_called(PHONE).busy();
    let (broken, dialled) = tokio::join!(carrier.expect_silence(secs(20)), scene.dial(PHONE, 5));
    dialled?;
    let error = broken.expect_err("a phone rang").to_string();
    assert!(error.contains("a phone rang") && error.contains("INVITE sip:380501234567@"), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_unmet_expectation_tells_the_whole_story() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).busy();
    let channel = scene.dial(PHONE, 5).await?;
    scene.end_of(&channel).await?;
    let error = carrier
        .expect_call("+380507654321")
        .within(Duration::from_millis(50))
        .await
        .expect_err("nobody called that number")
        .to_string();
    assert!(error.contains("expected a call to 380507654321"), "{error}");
    assert!(
        error.contains("PBX -> carrier  INVITE") && error.contains("PBX <- carrier  486 Busy Here"),
        "{error}"
    );
    let call = carrier.expect_call(PHONE).await?;
    let error = call.expect_cancelled(Duration::from_millis(50)).await.expect_err("it was busy").to_string();
    assert!(error.contains("for the PBX to cancel it"), "{error}");
    Ok(())
}

#[tokio::test]
async fn one_off_behaviours_are_used_up_in_order_and_then_the_standing_one_holds() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).refuse(404);
    let _ = carrier.when_called(PHONE).once().busy();
    let _ = carrier.when_called(PHONE).once().refuse(503);
    for code in [486, 503, 404, 404] {
        let channel = scene.dial(PHONE, 5).await?;
        assert_eq!(scene.end_of(&channel).await?.1, Some(code));
    }
    assert_eq!(carrier.calls().len(), 4);
    Ok(())
}
