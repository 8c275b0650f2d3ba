use crate::scene::{APP, secs};
use anyhow::{Context, Result};
use lab::{Lab, LabOptions};
use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

const PHONE: &str = "+380501234567";

#[tokio::test]
async fn several_pbx_hosts_share_the_carriers_trunks() -> Result<()> {
    let lab =
        Lab::start(LabOptions { pbxs: 3, trunks: vec!["a".into(), "b".into()], ..LabOptions::default() })
            .await?;
    let carrier = lab.carrier();
    let _ = carrier.when_called(PHONE).on_trunk("b").busy();
    let _ = carrier.when_called(PHONE).on_trunk("a").refuse(503);
    for pbx in lab.pbxs() {
        let ari = pbx.ari()?;
        let mut events = ari.events(APP, false).await?;
        for (trunk, code) in [("a", 503), ("b", 486)] {
            let id = format!("{}-{trunk}", pbx.name());
            ari.originate(&id, PHONE, trunk, APP, 10).await?.expect("originate")?;
            let call = carrier.expect_call(PHONE).on_trunk(trunk).from_pbx(pbx.sip_port()).await?;
            assert_eq!(call.trunk(), trunk);
            assert_eq!(events.expect("ChannelDestroyed", &id, secs(20)).await?["tech_cause"], code);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_killed_host_leaves_the_other_alone_and_comes_back_as_it_was() -> Result<()> {
    let mut lab = Lab::start(LabOptions { pbxs: 2, ..LabOptions::default() }).await?;
    let (first, second) = (lab.pbx(0).ari()?, lab.pbx(1).ari()?);
    lab.pbx_mut(0).kill();
    assert!(first.get("asterisk/info").await.is_err());
    second.get("asterisk/info").await?.expect("the other host")?;
    lab.pbx_mut(0).restart().await?;
    first.get("asterisk/info").await?.expect("with the same port and password")?;
    Ok(())
}

#[tokio::test]
async fn the_ari_password_is_for_its_owner_alone_and_the_agents_configuration_points_to_it() -> Result<()> {
    let lab = Lab::start(LabOptions::default()).await?;
    let pbx = lab.pbx(0);
    let mode = std::fs::metadata(pbx.password_file())?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let config: toml::Table = pbx.agent_config("ws://127.0.0.1:8080", &["+380"])?.parse()?;
    assert_eq!(config["name"].as_str(), Some("pbx-1"));
    assert_eq!(config["ari"]["password_file"].as_str(), pbx.password_file().to_str());
    assert_eq!(config["trunk"][0]["dial"].as_str(), Some("PJSIP/{digits}@a"));
    assert_eq!(config["trunk"][0]["route_countries"][0].as_str(), Some("+380"));
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_when_the_lab_is_dropped() -> Result<()> {
    let lab = Lab::start(LabOptions { pbxs: 2, ..LabOptions::default() }).await?;
    let carrier = lab.carrier();
    carrier.prepare(lab::Behaviour::answer()).await?;
    let dir = lab.dir().to_owned();
    assert!(processes_of(&dir) >= 3, "two Asterisks and a sipp");
    drop((lab, carrier));
    assert_eq!(processes_of(&dir), 0);
    assert!(!dir.exists());
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_when_the_lab_is_killed_with_9() -> Result<()> {
    let mut up = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["up", "--pbxs", "2"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(up.stdout.take().context("its output")?).lines();
    let mut config = None;
    while let Some(line) = tokio::time::timeout(secs(120), lines.next_line()).await?? {
        if let Some((_, path)) = line.split_once("agent configuration ") {
            config = Some(PathBuf::from(path));
        }
        if line.starts_with("Every phone") {
            break;
        }
    }
    let dir = config.as_deref().and_then(|file| file.ancestors().nth(2)).context("the run's directory")?;
    assert!(processes_of(dir) >= 3, "two Asterisks and a sipp");
    up.kill().await?;
    let begun = Instant::now();
    while processes_of(dir) > 0 {
        anyhow::ensure!(begun.elapsed() < secs(20), "{} processes are left", processes_of(dir));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

/// Processes whose command line names the directory.
fn processes_of(dir: &std::path::Path) -> usize {
    let dir = dir.to_string_lossy();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(dir.as_ref())).count()
}
