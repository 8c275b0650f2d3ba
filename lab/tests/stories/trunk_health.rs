use crate::scene::{Scene, secs};
use anyhow::{Context, Result};
use lab::Trunk;
use std::time::{Duration, Instant};

const PHONE: &str = "+380501234567";

#[tokio::test]
async fn a_qualified_trunk_goes_offline_with_its_carrier_and_comes_back() -> Result<()> {
    let scene = Scene::with(vec![Trunk::named("a").qualified_every(1)]).await?;
    let carrier = scene.lab.carrier();
    carrier.expect_options_beyond("a", 0, secs(20)).await?;
    expect_state(&scene, "online").await?;
    carrier.cut("a");
    expect_state(&scene, "offline").await?;
    let refused = scene.ari.originate("offline", PHONE, "a", crate::scene::APP, 5).await?;
    assert_eq!(refused.status, 500, "{}", refused.body);
    carrier.revive("a");
    expect_state(&scene, "online").await
}

#[tokio::test]
async fn a_cut_trunk_carries_nothing_and_a_slow_one_is_slow() -> Result<()> {
    let mut scene = Scene::one_trunk().await?;
    let carrier = scene.lab.carrier();
    let _ = carrier.when_called(PHONE).busy();
    carrier.cut("a");
    let channel = scene.dial(PHONE, 2).await?;
    assert_eq!(scene.end_of(&channel).await?.0, 19);
    carrier.revive("a");
    carrier.delay("a", Duration::from_millis(300));
    let begun = Instant::now();
    let channel = scene.dial(PHONE, 20).await?;
    assert_eq!(scene.end_of(&channel).await?.1, Some(486));
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
    Ok(())
}

async fn expect_state(scene: &Scene, wanted: &str) -> Result<()> {
    let begun = Instant::now();
    loop {
        let endpoint = scene.ari.get("endpoints/PJSIP/a").await?.expect("endpoint")?;
        if endpoint["state"] == wanted {
            return Ok(());
        }
        if begun.elapsed() > secs(40) {
            return Err(anyhow::anyhow!("{endpoint}")).context(format!("trunk a never became {wanted}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
