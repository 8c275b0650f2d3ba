//! What the control plane's host keeps instead of us: the port and the certificate.

use crate::{field::Field, stream};
use anyhow::{Context, Result, ensure};
use lab::booted::project;
use serde_json::json;
use std::fs;

/// As certbot leaves a pair.
const LINEAGE: &str = "/etc/letsencrypt/live/alerts";

/// The port goes from systemd to the program and back; the certificate from the inventory to the host.
pub async fn port_and_certificate_change_hands(field: &Field) -> Result<()> {
    holder_of_the_port(field, false).await?;
    let plane = &field.alerts;
    plane
        .shell(&format!(
            "mkdir -p {LINEAGE} && cd /etc/control-plane/tls && mv certificate.pem {LINEAGE}/fullchain.pem \
             && mv key.pem {LINEAGE}/privkey.pem"
        ))
        .await?;
    plane.write("/usr/local/sbin/hand-certificate-over", &documented_hook()?).await?;
    plane.shell(&format!("RENEWED_LINEAGE={LINEAGE} sh -e /usr/local/sbin/hand-certificate-over")).await?;
    field.keep_the_certificate_on_its_host()?;
    holder_of_the_port(field, true).await?;
    field.is_ready().await
}

async fn holder_of_the_port(field: &Field, systemd: bool) -> Result<()> {
    let variables = json!({"control_plane_socket_activation": systemd}).to_string();
    let arguments = ["--limit", "control_plane", "--extra-vars", &variables];
    stream::loses_none(field, field.succeeds("site.yml", &arguments)).await?;
    let listeners = "ss --no-header --listening --numeric --tcp --processes 'sport = :443'";
    let holds = field.alerts.shell(listeners).await?;
    ensure!(holds.contains("\"systemd\"") == systemd, "the port is held by {holds}");
    Ok(())
}

/// The hook that the README has certbot run.
fn documented_hook() -> Result<String> {
    let readme = fs::read_to_string(project()?.join("README.md")).context("read the README")?;
    let hook = readme.split_once("<<'HOOK'\n").and_then(|(_, rest)| rest.split_once("HOOK\n"));
    Ok(hook.context("no hook in the README")?.0.to_owned())
}
