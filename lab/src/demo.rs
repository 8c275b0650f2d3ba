//! `lab demo`: everything on one machine, one real webhook, and its call told as it happens.

mod narrator;
mod people;
mod tell;
pub(crate) mod timeline;

use crate::{
    Lab, LabOptions, PbxHost, Trunk,
    product::{ControlPlane, Installation, Settings},
    say::say,
    setup::{Patience, Project, organization},
    stop::unless_stopped,
    up::{RING, be_a_friendly_carrier},
};
use anyhow::{Context, Result, ensure};
use narrator::Narrator;
use people::Login;
use serde_json::Value;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use timeline::Who;

/// How long the demonstration's own call may take to be acknowledged.
const CALL_LIMIT: Duration = Duration::from_secs(90);
const ORG: &str = "demo";
const WEBHOOK: &str = r#"{"status":"critical","message":"db down"}"#;

/// What to demonstrate.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// How many PBX hosts.
    pub pbxs: usize,
    /// Names of the trunks of each.
    pub trunks: Vec<String>,
    /// The control plane's port; 0 takes a free one.
    pub port: u16,
    /// The phone that rings, E.164.
    pub phone: String,
    /// Ends after the first call.
    pub once: bool,
}

/// Runs until the call is acknowledged (`once`), or until somebody asks it to stop.
///
/// # Errors
/// With the reason and the tails of the logs, when the first call is not acknowledged.
pub async fn run(options: DemoOptions) -> Result<()> {
    let mut scene = None;
    let project = Project::new("shop", &options.phone);
    unless_stopped(async {
        scene = Some(start(&options, &project).await?);
        Ok(())
    })
    .await?;
    let Some((lab, mut installation)) = scene else { return Ok(()) };
    let told = unless_stopped(tell(&lab, &mut installation, &project, &options)).await;
    let told = told.with_context(|| format!("{}\n{}", lab.carrier().story(), logs(&lab, &installation)));
    let stopped = installation.stop().await;
    told.and(stopped)
}

/// How people sign in.
struct Doors {
    person: Login,
    operator: Login,
    /// Of the operator's second factor, in base32.
    secret: String,
}

async fn start(options: &DemoOptions, project: &Project) -> Result<(Lab, Installation)> {
    let begun = Instant::now();
    let trunks = options.trunks.iter().map(|name| Trunk::named(name)).collect();
    let lab = Lab::start(LabOptions { pbxs: options.pbxs, trunks, ..LabOptions::default() }).await?;
    be_a_friendly_carrier(&lab).await?;
    say(format!(
        "{:>5.1} s  {} Asterisk host(s) with the trunks {} and a SIP carrier run; all is below {}",
        begun.elapsed().as_secs_f64(),
        options.pbxs,
        options.trunks.join(", "),
        lab.dir().display()
    ));
    let patience = Patience { redials: 2, redial_pause_seconds: 5, ring_seconds: 30 };
    let setup = organization(ORG, std::slice::from_ref(project), patience);
    let port = if options.port == 0 { lab.ports().one()? } else { options.port };
    let mail = mail_of(&lab);
    let settings = Settings {
        file: Some(format!("mail = \"file:{}\"\nmail_from = \"alerts@example.com\"\n", mail.display())),
        ..Settings::default()
    };
    let control_plane = ControlPlane::configured(lab.dir(), port, settings).await?;
    let (url, ws_url) = (control_plane.url(), control_plane.ws_url());
    let configuration = |pbx: &PbxHost| pbx.agent_config(&ws_url, &["+380"]);
    let installation = Installation::around(control_plane, &lab, &setup, ORG, &url, configuration).await?;
    say(format!(
        "{:>5.1} s  the control plane, organization \"{ORG}\" and {} agent(s) are ready",
        begun.elapsed().as_secs_f64(),
        options.pbxs
    ));
    Ok((lab, installation))
}

async fn tell(
    lab: &Lab,
    installation: &mut Installation,
    project: &Project,
    options: &DemoOptions,
) -> Result<()> {
    let mut narrator = Narrator::listen(lab).await?;
    let request = webhook(&mut narrator, installation, project).await?;
    let control_plane = installation.control_plane();
    let key = installation.api_key();
    let path = format!("/api/v1/calls?request_id={request}");
    let narrated = narrator.narrate(Some((control_plane, &path, key)), |body| ended(body).is_some());
    let in_time = tokio::time::timeout(CALL_LIMIT, narrated).await.is_ok();
    narrator.finish(Duration::from_millis(600)).await;
    ensure!(in_time, "the call was not acknowledged within {CALL_LIMIT:?}");
    let log = control_plane.get(&path, key).await?;
    ensure!(
        ended(&log) == Some("acknowledged"),
        "the call should have been acknowledged; the call log says {log:#}"
    );
    if options.once {
        say("\nThe webhook rang a phone, key 1 was pressed, and the call log says acknowledged.");
        return Ok(());
    }
    let doors = open_doors(lab, control_plane, project).await?;
    invitation(installation, project, &doors);
    say(format!("Letters are files below {}. Ctrl-C ends everything.", mail_of(lab).display()));
    narrator.narrate(Some((control_plane, "/api/v1/calls", key)), |_| false).await;
    Ok(())
}

/// Sends the webhook; the id of the stored request.
async fn webhook(narrator: &mut Narrator, installation: &Installation, project: &Project) -> Result<String> {
    let sent = Instant::now();
    let (status, answer) =
        installation.control_plane().webhook(&project.endpoint.to_string(), WEBHOOK).await?;
    let accepted = Instant::now();
    ensure!(status == 202, "the webhook was answered {status}: {answer:#}");
    narrator.tell(sent, Who::You, format!("webhook sent: {WEBHOOK}"));
    narrator.tell(
        accepted,
        Who::ControlPlane,
        format!(
            "202: stored, {} \"{}\", {}",
            answer["severity"].as_str().unwrap_or("?"),
            answer["message"].as_str().unwrap_or("?"),
            answer["action"].as_str().unwrap_or("?")
        ),
    );
    let request = answer["request_id"].as_str().with_context(|| format!("no request_id in {answer:#}"))?;
    Ok(request.to_owned())
}

/// The status at which the call came to rest.
fn ended(body: &Value) -> Option<&str> {
    let status = body["items"][0]["status"].as_str()?;
    let moving = ["queued", "calling", "answered"];
    (!moving.contains(&status)).then_some(status)
}

fn mail_of(lab: &Lab) -> PathBuf {
    lab.dir().join("letters")
}

async fn open_doors(lab: &Lab, control_plane: &ControlPlane, project: &Project) -> Result<Doors> {
    let email = format!("{}@example.com", project.slug);
    let person = people::with_a_password(control_plane, &mail_of(lab), &email).await?;
    let (operator, secret) = people::operator(control_plane).await?;
    Ok(Doors { person, operator, secret })
}

fn invitation(installation: &Installation, project: &Project, doors: &Doors) {
    let url = installation.control_plane().url();
    let Doors { person, operator, secret } = doors;
    say(format!(
        "\nThe portal, where this call is:  {url}/\n  sign in as {} with {}\n\
         The admin panel:  {url}/admin\n  sign in as {} with {}\n  and the code of: oathtool --totp --base32 {secret}\n\
         The status page:  {url}/status",
        person.email, person.password, operator.email, operator.password
    ));
    say(format!(
        "\nRing it again (the phone rings {:.0} s, answers and presses 1):\n  \
         curl -d '{WEBHOOK}' {url}/api/wh/{}\n\
         The call log, with the organization's key:\n  \
         curl -H 'Authorization: Bearer {}' {url}/api/v1/calls\n\
         The API is described at {url}/api/v1/openapi.json",
        RING.as_secs_f64(),
        project.endpoint,
        installation.api_key(),
    ));
}

fn logs(lab: &Lab, installation: &Installation) -> String {
    let asterisks: Vec<String> = lab.pbxs().iter().map(crate::PbxHost::log_tail).collect();
    format!("{}\n{}", installation.log_tails(), asterisks.join("\n"))
}
