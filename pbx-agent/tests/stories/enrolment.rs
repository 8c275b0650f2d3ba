//! Enrolment: a token for a place in the fleet, and every way in which that fails.

use crate::{
    control_plane::ControlPlane,
    host::{Host, chmod, mode, stderr},
};
use anyhow::{Result, ensure};
use std::{fs, os::unix::fs::symlink};

async fn scene() -> Result<(ControlPlane, Host)> {
    let control_plane = ControlPlane::open().await?;
    let host = Host::new(&control_plane.url()?, 1)?;
    Ok((control_plane, host))
}

/// Enrols while the control plane answers so; exit code and complaint.
async fn answered(
    control_plane: &ControlPlane,
    host: &Host,
    status: &str,
    body: &str,
) -> Result<(Option<i32>, String)> {
    let (output, asked) = tokio::join!(host.enroll("token", &[]), control_plane.answer(status, body));
    asked?;
    let output = output?;
    Ok((output.status.code(), stderr(&output)))
}

#[tokio::test]
async fn a_key_is_made_once_is_for_the_agents_eyes_only_and_is_used_again() -> Result<()> {
    let (control_plane, host) = scene().await?;
    let (output, first) = tokio::join!(host.enroll("token", &[]), control_plane.enrols());
    ensure!(output?.status.success());
    ensure!(mode(&host.state_dir().join("identity.key"))? == 0o600);
    ensure!(mode(&host.state_dir())? == 0o711);
    let (output, second) = tokio::join!(host.enroll("another", &[]), control_plane.enrols());
    ensure!(output?.status.success());
    ensure!(first? == second?);
    Ok(())
}

#[tokio::test]
async fn a_new_key_replaces_the_old_one_only_when_the_control_plane_has_accepted_it() -> Result<()> {
    let (control_plane, host) = scene().await?;
    let (output, _) = tokio::join!(host.enroll("token", &[]), control_plane.enrols());
    ensure!(output?.status.success());
    let key = host.state_dir().join("identity.key");
    let before = fs::read(&key)?;
    let (output, _) = tokio::join!(
        host.enroll("spent", &["--new-key"]),
        control_plane.answer("401 Unauthorized", r#"{"title":"the token was used"}"#)
    );
    ensure!(!output?.status.success());
    ensure!(fs::read(&key)? == before, "a refused enrolment locked the host out");
    let (output, _) = tokio::join!(host.enroll("fresh", &["--new-key"]), control_plane.enrols());
    ensure!(output?.status.success());
    ensure!(fs::read(&key)? != before);
    ensure!(mode(&key)? == 0o600);
    Ok(())
}

#[tokio::test]
async fn what_the_control_plane_has_against_it_is_shown_with_the_way_out() -> Result<()> {
    let (control_plane, host) = scene().await?;
    let problem =
        r#"{"type":"about:blank","title":"Unauthorized","detail":"the token was used\u001b[2J already"}"#;
    let (code, said) = answered(&control_plane, &host, "401 Unauthorized", problem).await?;
    ensure!(code == Some(1), "{said}");
    for part in ["401", "the token was used[2J already", "control-plane enroll-token pbx-1"] {
        ensure!(said.contains(part), "{said}");
    }
    ensure!(!said.contains('\u{1b}'), "{said:?}");
    let (code, said) = answered(&control_plane, &host, "404 Not Found", "<html>nginx</html>").await?;
    ensure!(code == Some(1) && said.contains("is this the control plane's URL?"), "{said}");
    let (code, said) = answered(&control_plane, &host, "503 Service Unavailable", "{}").await?;
    ensure!(code == Some(1) && said.contains("try again later"), "{said}");
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_no_enrolment_changes_nothing_on_the_host() -> Result<()> {
    let (control_plane, host) = scene().await?;
    let endless = format!("\"{}\"", "x".repeat(300_000));
    let no_key = r#"{"pbx_id":"00000000-0000-0000-0000-000000000001","order_keys":[]}"#;
    let bad_key = r#"{"pbx_id":"00000000-0000-0000-0000-000000000001","order_keys":["AAAA"]}"#;
    let number = r#"{"pbx_id":"+380501234567\u001b[2J","order_keys":[]}"#;
    for body in ["<html>welcome</html>", "", "{}", no_key, bad_key, number, &endless] {
        let (code, said) = answered(&control_plane, &host, "200 OK", body).await?;
        ensure!(code == Some(1) && said.contains("answered what is no enrolment"), "{said}");
        ensure!(said.len() < 1000 && !said.contains("380501234567"), "{said}");
        ensure!(!said.contains('\u{1b}'), "{said:?}");
    }
    ensure!(!host.state_dir().join("enrolment.json").exists());
    Ok(())
}

#[tokio::test]
async fn nobody_at_the_url_is_said() -> Result<()> {
    let host = Host::new("ws://127.0.0.1:1", 1)?;
    let output = host.enroll("token", &[]).await?;
    ensure!(output.status.code() == Some(1));
    ensure!(stderr(&output).contains("http://127.0.0.1:1/agent/v1/enroll: "), "{}", stderr(&output));
    Ok(())
}

#[tokio::test]
async fn a_token_file_that_is_missing_or_empty_is_wrong_use() -> Result<()> {
    let (_control_plane, host) = scene().await?;
    let output = host.enroll("", &[]).await?;
    ensure!(output.status.code() == Some(2) && stderr(&output).contains("is empty"), "{}", stderr(&output));
    let output = host.command(&["enroll", "--token-file", "/nowhere"]).await?;
    ensure!(output.status.code() == Some(2) && stderr(&output).contains("/nowhere"), "{}", stderr(&output));
    Ok(())
}

#[tokio::test]
async fn a_key_or_a_directory_that_others_may_touch_is_refused() -> Result<()> {
    let (control_plane, mut host) = scene().await?;
    let (output, _) = tokio::join!(host.enroll("token", &[]), control_plane.enrols());
    ensure!(output?.status.success());
    let state = host.state_dir();
    for (path, bad, good, expected) in [
        (state.clone(), 0o777, 0o711, "is writable by everybody"),
        (state.clone(), 0o775, 0o711, "is writable by its group"),
        (state.join("identity.key"), 0o644, 0o600, "is open to everybody"),
        (state.join("enrolment.json"), 0o666, 0o644, "is writable by everybody"),
        (host.config(), 0o666, 0o600, "is writable by everybody"),
    ] {
        chmod(&path, bad)?;
        let output = host.command(&["run"]).await?;
        let said = stderr(&output);
        ensure!(output.status.code() == Some(2), "{said}");
        ensure!(said.contains(&path.display().to_string()) && said.contains(expected), "{said}");
        chmod(&path, good)?;
    }
    // A link to it is judged by what it leads to.
    let link = host.path("link");
    symlink(&state, &link)?;
    chmod(&state, 0o777)?;
    host.reconfigure(&state.display().to_string(), &link.display().to_string())?;
    ensure!(host.command(&["run"]).await?.status.code() == Some(2));
    chmod(&state, 0o711)?;
    host.start()?;
    control_plane.links().await?;
    host.kill().await
}

#[tokio::test]
async fn a_host_that_was_never_enrolled_or_is_called_otherwise_now_is_told_what_to_do() -> Result<()> {
    let (control_plane, host) = scene().await?;
    let output = host.command(&["run"]).await?;
    let said = stderr(&output);
    ensure!(output.status.code() == Some(2) && said.contains("control-plane enroll-token pbx-1"), "{said}");
    let (output, _) = tokio::join!(host.enroll("token", &[]), control_plane.enrols());
    ensure!(output?.status.success());
    host.reconfigure("name = \"pbx-1\"", "name = \"pbx-2\"")?;
    let output = host.command(&["run"]).await?;
    let said = stderr(&output);
    ensure!(output.status.code() == Some(2) && said.contains("was enrolled as pbx-1"), "{said}");
    Ok(())
}
