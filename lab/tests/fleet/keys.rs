//! New keys and passwords.

use crate::{field::Field, stream};
use anyhow::{Result, ensure};

pub async fn new_secrets_under_calls_lose_none(field: &Field) -> Result<()> {
    let before = secrets(field).await?;
    let (_, sent) = stream::loses_none(field, field.succeeds("rotate_keys.yml", &[])).await?;
    lab::say::say(format!(
        "new keys and passwords under calls: {} alerts accepted, all reached somebody",
        sent.accepted.len()
    ));
    for (old, new) in before.iter().zip(secrets(field).await?) {
        ensure!(*old != new, "a secret is as before");
    }
    field.is_ready().await?;
    field.rings_through_each().await
}

/// Digests of every secret there is.
async fn secrets(field: &Field) -> Result<Vec<String>> {
    let mut digests = Vec::new();
    for pbx in &field.pbxs {
        for file in ["/etc/pbx-agent/ari.password", "/var/lib/pbx-agent/identity.key"] {
            digests.push(pbx.shell(&format!("sha256sum {file}")).await?);
        }
    }
    digests.push(field.alerts.shell("sha256sum /var/lib/control-plane/*.key").await?);
    Ok(digests)
}
