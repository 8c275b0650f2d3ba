//! A service manager that listens.

use crate::{
    control_plane::{PATIENCE, attempt},
    host::Field,
};
use anyhow::{Context, Result, ensure};
use shared::protocol::AttemptEvent;
use std::{path::Path, time::Duration};
use tokio::{net::UnixDatagram, time::timeout};

/// Silence that this manager bears; the agent is heard of three times as often.
const WATCHDOG: Duration = Duration::from_millis(300);

/// The socket that systemd would give to a service of `Type=notify`.
#[derive(Debug)]
pub struct ServiceManager(UnixDatagram);

impl ServiceManager {
    /// With what the service finds in its environment.
    pub fn open(socket: &Path) -> Result<(Self, Vec<(String, String)>)> {
        let environment = vec![
            ("NOTIFY_SOCKET".to_owned(), socket.display().to_string()),
            ("WATCHDOG_USEC".to_owned(), WATCHDOG.as_micros().to_string()),
        ];
        Ok((Self(UnixDatagram::bind(socket)?), environment))
    }

    /// Listens until it is told something like this.
    pub async fn hears(&self, wanted: impl Fn(&str) -> bool) -> Result<String> {
        let mut heard = Vec::new();
        let listening = async {
            let mut word = [0; 4096];
            loop {
                let length = self.0.recv(&mut word).await?;
                let word = String::from_utf8_lossy(&word[..length]).trim_end().to_owned();
                if wanted(&word) {
                    return Ok::<_, anyhow::Error>(word);
                }
                heard.push(word);
            }
        };
        timeout(PATIENCE, listening).await.with_context(|| format!("it was told only {heard:?}"))?
    }
}

fn is_status_with(parts: &'static [&'static str]) -> impl Fn(&str) -> bool {
    move |word| word.starts_with("STATUS=") && parts.iter().all(|part| word.contains(part))
}

#[tokio::test]
async fn an_agent_is_ready_though_nobody_answers_it() -> Result<()> {
    let mut field = Field::enrolled().await?;
    let manager = field.host.under_a_service_manager()?;
    field.host.reconfigure(&field.control_plane.url()?, "ws://127.0.0.1:1")?;
    field.host.start()?;
    manager.hears(|word| word == "READY=1").await?;
    manager
        .hears(is_status_with(&["control plane not reachable: ", "127.0.0.1:1", "no call under way"]))
        .await?;
    for _ in 0..5 {
        manager.hears(|word| word == "WATCHDOG=1").await?;
    }
    field.host.terminate()?;
    manager.hears(|word| word == "STOPPING=1").await?;
    ensure!(field.host.ended(PATIENCE).await?.success(), "{}", field.host.log());
    Ok(())
}

#[tokio::test]
async fn a_line_tells_of_the_link_and_of_the_calls_under_way() -> Result<()> {
    let mut field = Field::enrolled().await?;
    let manager = field.host.under_a_service_manager()?;
    field.host.start()?;
    let mut line = field.control_plane.links_ready().await?;
    manager.hears(is_status_with(&["=linked to ws://127.0.0.1:", "no call under way"])).await?;
    let attempt_id = attempt();
    line.say(&field.control_plane.sign(&field.control_plane.order("pbx-1", attempt_id))).await?;
    line.expect(attempt_id, &AttemptEvent::Originated { ari_status: 200 }).await?;
    manager.hears(is_status_with(&["1 call under way"])).await?;
    Ok(())
}

#[tokio::test]
async fn an_agent_that_never_begins_to_work_is_never_ready() -> Result<()> {
    let mut field = Field::enrolled().await?;
    let manager = field.host.under_a_service_manager()?;
    std::fs::remove_file(field.host.state_dir().join("enrolment.json"))?;
    field.host.start()?;
    ensure!(field.host.ended(PATIENCE).await?.code() == Some(2), "{}", field.host.log());
    let heard = timeout(Duration::from_millis(100), manager.hears(|word| word == "READY=1")).await;
    ensure!(heard.is_err(), "{heard:?}");
    Ok(())
}

#[tokio::test]
async fn the_password_of_ari_comes_as_a_credential_of_the_service() -> Result<()> {
    let mut field = Field::enrolled().await?;
    let handed_over = field.host.path("credentials");
    std::fs::create_dir(&handed_over)?;
    std::fs::rename(field.host.password_file(), handed_over.join("ari.password"))?;
    let named = field.host.password_file().display().to_string();
    field.host.reconfigure(&named, "ari.password")?;
    field.host.set_environment("CREDENTIALS_DIRECTORY", &handed_over.display().to_string());
    field.host.start()?;
    let mut line = field.control_plane.links().await?;
    line.until_healthy(|health| health.asterisk.is_some()).await?;
    Ok(())
}
