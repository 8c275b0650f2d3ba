//! A trunk that signs in, over TLS and SRTP: from what operators get wrong to a call.

use crate::field::{ABROAD, Field};
use anyhow::{Context, Result, ensure};
use lab::booted::provider::{NAME, PASSWORD, PORT, USER};
use serde_json::json;
use std::fs;

pub async fn a_provider_is_called_over_tls_and_srtp(field: &Field) -> Result<()> {
    let pbx = &field.pbxs[1];
    let told = |password: &'static str, words: &'static str| async move {
        let trunks = trunks(field, password)?;
        let wait = "asterisk_registration_wait_seconds=6";
        let recap = field
            .run("site.yml", &["--limit", "pbx-2", "--extra-vars", &trunks, "--extra-vars", wait])
            .await?;
        let said = recap.output.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = format!("Trunk abroad of pbx-2 is not registered with {NAME}");
        ensure!(!recap.succeeded && said.contains(&expected) && said.contains(words), "{}", recap.tail());
        ensure!(!recap.output.contains(password), "the password is printed");
        anyhow::Ok(())
    };
    told(PASSWORD, "compare host, port and transport")
        .await
        .context("a certificate that nobody vouches for")?;
    let authority = fs::read_to_string(field.provider.ca_file()).context("read the provider's authority")?;
    pbx.write("/usr/local/share/ca-certificates/provider.crt", &authority).await?;
    pbx.shell("update-ca-certificates && systemctl restart asterisk").await?;
    told("not-this-one", "compare username and password").await.context("a wrong password")?;

    let right = trunks(field, PASSWORD)?;
    let arguments = ["--limit", "pbx-2", "--extra-vars", &right];
    field.succeeds("site.yml", &arguments).await.with_context(|| field.provider.log_tail())?;
    let request = field.alert_abroad("over the border").await?;
    let unreached = field.unreached(&[request], &field.api_key().await?).await?;
    ensure!(unreached.is_empty(), "nobody was reached: {unreached:?}\n{}", field.provider.log_tail());
    let how = field.provider.picked_up(ABROAD);
    ensure!(how.as_deref() == Some("tls=1 srtp=1"), "called as {how:?}\n{}", field.provider.log_tail());
    Ok(())
}

/// The carrier's trunk and the provider's, for `--extra-vars`.
fn trunks(field: &Field, password: &str) -> Result<String> {
    let (carrier, provider) = (field.segment.carrier(), field.segment.provider());
    let trunks = json!({"trunks_list": [
        {"name": "a", "host": carrier, "port": field.carrier_port()?, "authentication": "ip",
         "signalling_networks": [carrier], "media_networks": [carrier],
         "route_countries": ["+380"], "max_calls_per_second": 20},
        {"name": "abroad", "host": NAME, "port": PORT, "transport": "tls", "encrypted_media": true,
         "authentication": "registration", "username": USER, "password": password,
         "signalling_networks": [provider], "media_networks": [provider], "route_countries": ["GB"]},
    ]});
    let file = field.dir().join("trunks.json");
    fs::write(&file, trunks.to_string()).context("write the trunks")?;
    Ok(format!("@{}", file.display()))
}
