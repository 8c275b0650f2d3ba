//! A trunk that signs in, over TLS and SRTP: from what operators get wrong to a call.

use crate::field::{ABROAD, Field};
use anyhow::{Context, Result, ensure};
use lab::booted::{
    deb,
    provider::{NAME, PASSWORD, PORT, USER},
};
use serde_json::json;
use std::{fs, path::Path};

pub async fn a_provider_is_called_over_tls_and_srtp(field: &Field) -> Result<()> {
    let pbx = &field.pbxs[1];
    // What is there stays there.
    let installed = deb::version(pbx, "pbx-agent").await?;
    let installed = &deb::as_version(&deb::built("pbx-agent")?, &installed, field.dir(), |_| Ok(()))?;
    let told = |password: &'static str, words: &'static str, answered: bool| async move {
        let variables = variables(field, installed, password, 6)?;
        let recap =
            field.run("site.yml", &["--limit", "pbx-2", "--diff", "--extra-vars", &variables]).await?;
        let said = recap.output.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = format!("Trunk abroad of pbx-2 is not registered with {NAME}");
        ensure!(!recap.succeeded && said.contains(&expected) && said.contains(words), "{}", recap.tail());
        ensure!(said.contains("No response received") != answered, "{}", recap.tail());
        ensure!(!recap.output.contains(password), "the password is printed");
        anyhow::Ok(())
    };
    told(PASSWORD, "compare host, port and transport", false)
        .await
        .context("a certificate that nobody vouches for")?;
    let authority = fs::read_to_string(field.provider.ca_file()).context("read the provider's authority")?;
    pbx.write("/usr/local/share/ca-certificates/provider.crt", &authority).await?;
    pbx.shell("update-ca-certificates && systemctl restart asterisk").await?;
    told("not-this-one", "compare username and password", true).await.context("a wrong password")?;

    let right = variables(field, installed, PASSWORD, 30)?;
    let arguments = ["--limit", "pbx-2", "--diff", "--extra-vars", &right];
    field.succeeds("site.yml", &arguments).await.with_context(|| field.provider.log_tail())?;
    let request = field.alert_abroad("over the border").await?;
    let unreached = field.unreached(&[request], &field.api_key().await?).await?;
    ensure!(unreached.is_empty(), "nobody was reached: {unreached:?}\n{}", field.provider.log_tail());
    let how = field.provider.picked_up(ABROAD);
    ensure!(how.as_deref() == Some("tls=1 srtp=1"), "called as {how:?}\n{}", field.provider.log_tail());
    Ok(())
}

/// The carrier's trunk and the provider's, and the agent that is there, for `--extra-vars`.
fn variables(field: &Field, installed: &Path, password: &str, wait_seconds: u32) -> Result<String> {
    let (carrier, provider) = (field.segment.carrier(), field.segment.provider());
    let trunks = json!([
        {"name": "a", "host": carrier, "port": field.carrier_port()?, "authentication": "ip",
         "signalling_networks": [carrier], "media_networks": [carrier],
         "route_countries": ["+380"], "max_calls_per_second": 20},
        {"name": "abroad", "host": NAME, "port": PORT, "transport": "tls", "encrypted_media": true,
         "authentication": "registration", "username": USER, "password": password,
         "signalling_networks": [provider], "media_networks": [provider], "route_countries": ["GB"]},
    ]);
    let variables = json!({
        "pbx_agent_package_file": installed,
        "asterisk_registration_wait_seconds": wait_seconds,
        "trunks_list": trunks,
    });
    let file = field.dir().join("variables.json");
    fs::write(&file, variables.to_string()).context("write the variables")?;
    Ok(format!("@{}", file.display()))
}
