//! A real nginx before the product, configured by the blocks of docs/reverse-proxy.md.

mod document;
mod front;

use crate::scene::secs;
use anyhow::{Result, ensure};
use front::{CLIENT, Front};
use std::time::Instant;

/// Is stored, and calls nobody.
const RESOLVED: &str = r#"{"status":"resolved","message":"db down"}"#;

#[tokio::test]
async fn a_webhook_over_https_rings_a_phone_and_its_client_is_known_whatever_it_claims() -> Result<()> {
    let front = Front::ends_tls().await?;
    let request = front.webhook_is_acknowledged().await?;
    ensure!(front.client_of(&request)? == CLIENT.to_string());
    let forged = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "203.0.113.9"),
        ("Forwarded", "for=203.0.113.9"),
    ];
    let request = front.webhook(RESOLVED, &forged).await?;
    ensure!(front.client_of(&request)? == CLIENT.to_string());
    let log = front.stage.installation.control_plane().log_tail();
    ensure!(log.matches(&format!("{CLIENT}:")).count() == 2 && !log.contains("203.0.113.9"), "{log}");
    front.stage.end().await
}

#[tokio::test]
async fn an_agent_that_does_not_know_of_the_proxy_is_told_what_to_write() -> Result<()> {
    let mut front = Front::ends_tls().await?;
    front.reconfigure_agent("[control_plane]")?;
    let advice = "agent.toml says behind_proxy = true under [control_plane]";
    let said = front.until_check_says(advice).await?;
    ensure!(said.contains("FAILED   link"), "{said}");
    let installation = &mut front.stage.installation;
    for log in [installation.control_plane().log_tail(), installation.agents_mut()[0].log_tail()] {
        ensure!(log.contains(advice), "{log}");
    }
    front.reconfigure_agent("[control_plane]\nbehind_proxy = true")?;
    front.until_check_says("the control plane accepts this host").await?;
    front.webhook_is_acknowledged().await?;
    front.stage.end().await
}

#[tokio::test]
async fn an_agent_is_back_within_seconds_of_a_restart_of_nginx() -> Result<()> {
    let mut front = Front::ends_tls().await?;
    front.webhook_is_acknowledged().await?;
    front.nginx.restart().await?;
    let begun = Instant::now();
    front.webhook_is_acknowledged().await?;
    ensure!(begun.elapsed() < secs(15), "{:?}\n{}", begun.elapsed(), front.log_tails());
    front.stage.end().await
}

#[tokio::test]
async fn an_agent_proves_its_own_tls_session_where_nginx_passes_tcp_through() -> Result<()> {
    let mut front = Front::passes_tcp_through().await?;
    let request = front.webhook_is_acknowledged().await?;
    ensure!(front.client_of(&request)? == "127.0.0.1", "nginx tells nobody who its client is");
    front.reconfigure_agent("[control_plane]\nbehind_proxy = true")?;
    front.until_check_says("over TLS the proof must be bound to the session").await?;
    front.stage.end().await
}
