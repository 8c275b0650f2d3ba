use crate::scene::{Scene, secs};
use anyhow::Result;
use lab::{
    Trunk,
    carrier::sip::{header, method},
};

const PHONE: &str = "+380501234567";

#[tokio::test]
async fn a_trunk_that_knows_the_password_gets_through() -> Result<()> {
    let mut scene = Scene::with(vec![Trunk::named("a").with_credentials("acme", "s3cret")]).await?;
    let carrier = scene.lab.carrier();
    for (phone, asked, by_proxy) in
        [(PHONE, "Authorization", false), ("+380501234568", "Proxy-Authorization", true)]
    {
        let when = carrier.when_called(phone);
        let when = if by_proxy {
            when.challenge_as_proxy("acme", "s3cret")
        } else {
            when.challenge("acme", "s3cret")
        };
        let _ = when.answer().press('1');
        let channel = scene.dial(phone, 20).await?;
        assert_eq!(scene.event("ChannelDtmfReceived", &channel).await?["digit"], "1");
        let call = carrier.expect_call(phone).await?;
        let asked_twice = call.record().passed.iter().any(|passed| {
            method(&passed.message) == Some("INVITE") && header(&passed.message, asked).is_some()
        });
        assert!(asked_twice, "{}", call.story());
        call.hang_up().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_refused() -> Result<()> {
    let mut scene = Scene::with(vec![Trunk::named("a").with_credentials("acme", "wrong")]).await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).challenge("acme", "s3cret").answer();
    let channel = scene.dial(PHONE, 20).await?;
    carrier.expect_call(PHONE).await?.expect_refused(403, secs(20)).await?;
    assert_eq!(scene.end_of(&channel).await?, (21, Some(403)));
    Ok(())
}

#[tokio::test]
async fn credentials_can_be_given_without_a_restart() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).challenge("acme", "s3cret").answer().press('1');
    let channel = scene.dial(PHONE, 20).await?;
    let refused = scene.end_of(&channel).await?;
    assert_eq!(refused.1, Some(401), "{}", carrier.story());
    scene.lab.set_trunks(0, &[Trunk::named("a").with_credentials("acme", "s3cret")]).await?;
    let channel = scene.dial(PHONE, 20).await?;
    assert_eq!(scene.event("ChannelDtmfReceived", &channel).await?["digit"], "1");
    Ok(())
}
