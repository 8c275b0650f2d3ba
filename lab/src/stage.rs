//! `lab stage`: the whole product for the portal's stories in a browser, and cues by which a story says what happens
//! around it: what a phone does, which letter came, which agent dies.

mod cue;
mod hearing;
mod past;

use crate::{
    Lab, LabOptions, Trunk,
    product::{ControlPlane, Installation, Settings},
    say::say,
    setup::{Patience, Project, organization},
    stop::unless_stopped,
    up::be_a_friendly_carrier,
};
use anyhow::{Context, Result};
use hearing::Hearing;
use serde_json::json;
use std::{future::pending, io::Read, net::Ipv4Addr, path::PathBuf, sync::Arc};
use tokio::sync::{Mutex, oneshot};

/// One PBX host each, in this order.
const REGIONS: [&str; 2] = ["eu", "us"];
const TRUNKS: [&str; 2] = ["trunk-a", "trunk-b"];
/// Where the agents may call.
const COUNTRIES: [&str; 1] = ["+380"];

/// Where everything is reached.
#[derive(Clone, Copy, Debug)]
pub struct StageOptions {
    /// The control plane's port; 0 takes a free one.
    pub port: u16,
    /// The port that takes cues; 0 takes a free one.
    pub stage_port: u16,
}

struct Stage {
    installation: Mutex<Installation>,
    url: String,
    hearing: Hearing,
    letters: PathBuf,
    lab: Lab,
}

/// Prints where everything is as one line of JSON, then takes cues until somebody asks it to stop or closes its input.
///
/// # Errors
/// When something does not start, or does not end in time.
pub async fn run(options: StageOptions) -> Result<()> {
    let audience = audience();
    let mut set = None;
    unless_stopped(async {
        set = Some(Arc::new(Stage::set(options.port).await?));
        Ok(())
    })
    .await?;
    let Some(stage) = set else { return Ok(()) };
    let played = unless_stopped(async {
        tokio::select! {
            played = play(&stage, options.stage_port) => played,
            _ = audience => Ok(()),
        }
    })
    .await;
    let stopped = stage.installation.lock().await.stop().await;
    played.and(stopped)
}

async fn play(stage: &Arc<Stage>, port: u16) -> Result<()> {
    let port = if port == 0 { stage.lab.ports().one()? } else { port };
    let server = warp::serve(cue::route(stage)).bind((Ipv4Addr::LOCALHOST, port)).await;
    let place = json!({
        "url": stage.url,
        "stage": format!("http://127.0.0.1:{port}"),
        "dir": stage.lab.dir(),
    });
    say(place.to_string());
    server.run().await;
    pending().await
}

/// Resolves when nobody holds the other end of standard input any more.
fn audience() -> oneshot::Receiver<()> {
    let (left, gone) = oneshot::channel();
    // Not a task: the runtime would wait for it at its end.
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while input.read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
        let _ = left.send(());
    });
    gone
}

impl Stage {
    async fn set(port: u16) -> Result<Self> {
        let trunks = TRUNKS.map(Trunk::named).to_vec();
        let lab = Lab::start(LabOptions { pbxs: REGIONS.len(), trunks, ..LabOptions::default() }).await?;
        be_a_friendly_carrier(&lab).await?;
        let letters = lab.dir().join("letters");
        let settings = Settings {
            // Browsers say where they come from: from one place alone too many people would sign up.
            file: Some(format!(
                "mail = {:?}\nmail_from = \"CallPing <alerts@example.com>\"\ntrusted_proxies = \"127.0.0.1\"\n",
                file_of(&letters)?
            )),
            ..Settings::default()
        };
        let port = if port == 0 { lab.ports().one()? } else { port };
        let control_plane = ControlPlane::configured(lab.dir(), port, settings).await?;
        let (url, ws_url) = (control_plane.url(), control_plane.ws_url());
        let patience = Patience { redials: 0, redial_pause_seconds: 5, ring_seconds: 30 };
        let setup = organization("lab", &[Project::new("shop", "+380501234500")], patience);
        let config = |pbx: &crate::PbxHost| pbx.agent_config(&ws_url, &COUNTRIES);
        let installation = Installation::around(control_plane, &lab, &setup, "lab", &url, config).await?;
        installation.control_plane().apply(&in_regions(&lab)).await?;
        let hearing = Hearing::on(lab.pbxs()).await?;
        Ok(Self { installation: Mutex::new(installation), url, hearing, letters, lab })
    }
}

fn file_of(dir: &std::path::Path) -> Result<String> {
    Ok(format!("file:{}", dir.to_str().context("the run's directory is not UTF-8")?))
}

fn in_regions(lab: &Lab) -> String {
    let hosts = lab.pbxs().iter().zip(REGIONS);
    hosts
        .map(|(pbx, region)| format!("[[pbx]]\nname = \"{}\"\nregion = \"{region}\"\n", pbx.name()))
        .collect()
}
