use crate::scene::{Scene, secs};
use anyhow::Result;

/// SIP code, Q.850 cause that Asterisk makes of it.
const REFUSALS: [(u16, i64); 6] = [(486, 17), (503, 34), (404, 1), (603, 21), (480, 19), (403, 21)];

#[tokio::test]
async fn the_carriers_code_reaches_ari() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    for (index, (code, cause)) in REFUSALS.into_iter().enumerate() {
        let phone = format!("+38050123450{index}");
        let _ = carrier.when_called(&phone).refuse(code);
        let channel = scene.dial(&phone, 20).await?;
        carrier.expect_call(&phone).await?.expect_refused(code, secs(20)).await?;
        assert_eq!(scene.end_of(&channel).await?, (cause, Some(i64::from(code))), "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn a_reason_header_does_not_change_what_asterisk_makes_of_the_code() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called("+380501234500").refuse_because(503, 41);
    let channel = scene.dial("+380501234500", 20).await?;
    let call = carrier.expect_call("+380501234500").await?;
    call.expect_refused(503, secs(20)).await?;
    assert!(
        call.record().passed.iter().any(|passed| passed.message.contains("Reason: Q.850;cause=41")),
        "{}",
        call.story()
    );
    assert_eq!(scene.end_of(&channel).await?, (34, Some(503)));
    Ok(())
}

#[tokio::test]
async fn busy_after_ringing_is_still_busy() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called("+380501234500").ringing(secs(1)).busy();
    let channel = scene.dial("+380501234500", 20).await?;
    assert_eq!(scene.end_of(&channel).await?, (17, Some(486)));
    Ok(())
}
