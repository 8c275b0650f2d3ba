//! `support-bundle`: what is sent away holds nothing that must stay.

use crate::host::{Field, mode, stderr};
use anyhow::{Result, ensure};
use std::process::Command;

#[tokio::test]
async fn a_support_bundle_tells_how_the_host_is_and_neither_secrets_nor_numbers() -> Result<()> {
    let field = Field::running().await?;
    field.control_plane.links_ready().await?;
    field.host.set_password("hunter2-ari")?;
    field.host.reconfigure(
        "route_countries = [\"+380\"]",
        "route_countries = [\"+380\"]\ncaller_id = \"+14155550100\"  # hunter2-comment, ring +380 50 123 45 67",
    )?;
    let file = field.host.path("support.tar.gz");
    let named = file.display().to_string();
    let arguments = ["support-bundle", &named];
    let (made, _) = tokio::join!(field.host.command(&arguments), field.control_plane.answer("200 OK", "ok"));
    let made = made?;
    ensure!(made.status.success(), "{}", stderr(&made));
    ensure!(mode(&file)? == 0o600);
    let unpacked =
        Command::new("tar").args(["--extract", "--gzip", "--to-stdout", "--file"]).arg(&file).output()?;
    let told = String::from_utf8(unpacked.stdout)?;
    for part in
        ["name = \"pbx-1\"", "max_concurrent = 2", "\"probe\": \"Asterisk\"", "identity.key", "linked: "]
    {
        ensure!(told.contains(part), "{part} is not in\n{told}");
    }
    let key = std::fs::read_to_string(field.host.state_dir().join("identity.key"))?;
    for secret in [key.trim(), "hunter2", "4155550100", "1234567", "123 45 67"] {
        ensure!(!told.contains(secret), "{secret} is in\n{told}");
    }
    let again = field.host.command(&["support-bundle", &named]).await?;
    ensure!(again.status.code() == Some(1), "no file is written over");
    Ok(())
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_told_and_not_in_the_way() -> Result<()> {
    let field = Field::enrolled().await?;
    field.host.reconfigure("max_concurrent = 2", "max_concurent = 2")?;
    let file = field.host.path("support.tar.gz");
    let made = field.host.command(&["support-bundle", &file.display().to_string()]).await?;
    ensure!(made.status.success(), "{}", stderr(&made));
    let unpacked =
        Command::new("tar").args(["--extract", "--gzip", "--to-stdout", "--file"]).arg(&file).output()?;
    let told = String::from_utf8(unpacked.stdout)?;
    ensure!(told.contains("did you mean `max_concurrent`?"), "{told}");
    Ok(())
}
