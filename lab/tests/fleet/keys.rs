//! New keys and passwords; and that nobody reads any of them where they are not.

use crate::{field::Field, stream};
use anyhow::{Result, ensure};
use lab::booted::Machine;
use std::collections::BTreeMap;

pub async fn new_secrets_under_calls_lose_none(field: &Field) -> Result<()> {
    let before = secrets(field).await?;
    // As verbose as somebody makes it who looks for a fault.
    let rotation = field.succeeds("rotate_keys.yml", &["--diff", "-vvv"]);
    let (_, sent) = stream::loses_none(field, rotation).await?;
    lab::say::say(format!(
        "new keys and passwords under calls: {} alerts accepted, all reached somebody",
        sent.accepted.len()
    ));
    let after = secrets(field).await?;
    for (what, old) in &before {
        ensure!(after.get(what) != Some(old), "{what} is as before");
    }
    field.is_ready().await?;
    field.rings_through_each().await?;

    let printed = field.printed()?;
    ensure!(printed.contains("rotate_keys.yml"), "nothing was printed");
    for (what, secret) in before.iter().chain(&after).chain(&lasting(field).await?) {
        ensure!(!printed.contains(secret), "a playbook has printed {what}");
    }
    Ok(())
}

/// Every secret that is renewed.
async fn secrets(field: &Field) -> Result<BTreeMap<String, String>> {
    let mut secrets = BTreeMap::new();
    for pbx in &field.pbxs {
        for file in ["/etc/pbx-agent/ari.password", "/var/lib/pbx-agent/identity.key"] {
            secrets.insert(format!("{file} of {}", pbx.name()), longest_line(pbx, file).await?);
        }
    }
    let orders = longest_line(&field.alerts, "/var/lib/control-plane/order-signing.key").await?;
    secrets.insert("the order-signing key".into(), orders);
    Ok(secrets)
}

/// Those that stay.
async fn lasting(field: &Field) -> Result<BTreeMap<String, String>> {
    let tls = longest_line(&field.alerts, "/etc/control-plane-tls/privkey.pem").await?;
    let endpoints = field
        .projects()
        .map(|project| (format!("the endpoint of {}", project.slug), project.endpoint.to_string()));
    Ok(endpoints.chain([("the TLS key".to_owned(), tls)]).collect())
}

/// Headers of PEM are no secret.
async fn longest_line(machine: &Machine, file: &str) -> Result<String> {
    let text = machine.shell(&format!("cat {file}")).await?;
    let line = text.lines().map(str::trim).max_by_key(|line| line.len()).unwrap_or_default();
    ensure!(line.len() >= 16, "{file} of {} holds no secret", machine.name());
    Ok(line.to_owned())
}
