//! The README's chapter "From curl alone", followed to the letter on the whole product.

use super::{ONCE, PHONE};
use crate::scene::secs;
use anyhow::{Context, Result, ensure};
use lab::{
    Behaviour, Lab, LabOptions, Trunk,
    booted::project,
    ear::Ear,
    packages,
    product::{ControlPlane, Installation, Settings},
    setup::{Project, organization},
};
use std::{fs, process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};

/// The commands of a chapter, in order.
fn commands(readme: &str, chapter: &str) -> Result<String> {
    let (_, after) =
        readme.split_once(&format!("### {chapter}\n")).with_context(|| format!("no {chapter}"))?;
    let text = after.split("\n### ").next().unwrap_or(after);
    let blocks = text.split("```sh\n").skip(1).filter_map(|block| block.split_once("```"));
    Ok(blocks.map(|(commands, _)| commands).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn from_curl_alone_somebody_signs_up_and_is_rung() -> Result<()> {
    packages::ensure_curl()?;
    packages::ensure_oathtool()?;
    let trunks = vec![Trunk::named("a")];
    let lab = Lab::start(LabOptions { pbxs: 1, trunks, ..LabOptions::default() }).await?;
    lab.carrier().by_default(Behaviour::press('1').ringing(secs(1)).listening(Duration::from_millis(1500)));
    let mail = lab.dir().join("mail");
    let file = format!("mail = \"file:{}\"\nmail_from = \"alerts@example.com\"\n", mail.display());
    let settings = Settings { file: Some(file), ..Settings::default() };
    let control_plane = ControlPlane::configured(lab.dir(), lab.ports().one()?, settings).await?;
    let (url, ws_url) = (control_plane.url(), control_plane.ws_url());
    let setup = organization("acme", &[Project::new("other", PHONE)], ONCE);
    let mut installation = Installation::around(control_plane, &lab, &setup, "acme", &url, |pbx| {
        pbx.agent_config(&ws_url, &["+380"])
    })
    .await?;
    let mut ear = Ear::at(lab.pbx(0)).await?;
    let readme = fs::read_to_string(project()?.join("README.md"))?;
    let script = commands(&readme, "From curl alone")?
        .replace("http://127.0.0.1:8080", &url)
        .replace("target/by-hand/mail", &mail.display().to_string())
        .replace("target/by-hand/cookies", &lab.dir().join("cookies").display().to_string());
    ensure!(script.contains("/verification/code"), "the chapter is another one:\n{script}");
    let mut curl = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut keyboard = curl.stdin.take().context("a keyboard")?;
    let person = async {
        let code = ear.hears(6).await?;
        keyboard.write_all(format!("{code}\n").as_bytes()).await?;
        anyhow::Ok(code)
    };
    let running = tokio::time::timeout(secs(180), curl.wait_with_output());
    let (heard, ended) = tokio::join!(tokio::time::timeout(secs(120), person), running);
    let ended = ended.context("the commands did not come to their end")??;
    let (said, complained) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    ensure!(ended.status.success(), "{}:\n{said}\n{complained}\n{}", ended.status, installation.log_tails());
    let code = heard.context("silence")??;
    for part in ["recovery_codes", "\"verified\":true", "\"action\":\"call_primary\"", "\"acknowledged\""] {
        ensure!(said.contains(part), "{part} is missing:\n{said}\n{complained}");
    }
    ensure!(!said.contains(&format!("\"{code}\"")), "the code was told:\n{said}");
    ensure!(!fs::read_to_string(installation.control_plane().log())?.contains(&code), "the code was logged");
    installation.stop().await
}
