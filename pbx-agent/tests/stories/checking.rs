//! `check`, `status` and `check-route`: exit codes, and a running agent that is left alone.

use crate::{
    control_plane::attempt,
    host::{Field, stderr, stdout},
};
use anyhow::{Result, ensure};
use shared::protocol::Standing;
use std::{fs, time::Duration};

#[tokio::test]
async fn check_says_that_calls_could_be_placed_and_disturbs_nothing() -> Result<()> {
    let field = Field::running().await?;
    let mut line = field.control_plane.links_ready().await?;
    let ready =
        |status: &serde_json::Value| status["health"]["asterisk"].is_string() && status["linked"] == true;
    field.host.until_status(ready).await?;
    for _ in 0..3 {
        let checked = field.check().await?;
        ensure!(checked.status.code() == Some(0), "{}", stdout(&checked));
    }
    ensure!(field.asterisk.state().streams == 1, "check opened an event stream");
    ensure!(field.asterisk.state().originates.is_empty());
    field.control_plane.expect_nobody(Duration::from_millis(200)).await?;
    ensure!(line.query(&[attempt()]).await? == [Standing::NeverSeen], "the line stands");
    let (checked, _) =
        tokio::join!(field.host.command(&["check", "--json"]), field.control_plane.answer("200 OK", "ok"));
    let told: serde_json::Value = serde_json::from_slice(&checked?.stdout)?;
    ensure!(told["ok"] == true && told["findings"].as_array().is_some_and(|found| found.len() > 8), "{told}");
    Ok(())
}

#[tokio::test]
async fn check_of_a_host_whose_agent_does_not_run_names_what_is_missing() -> Result<()> {
    let field = Field::enrolled().await?;
    let (checked, _) = tokio::join!(
        field.host.command(&["check"]),
        field.control_plane.answer("503 Service Unavailable", "")
    );
    let checked = checked?;
    let told = stdout(&checked);
    ensure!(checked.status.code() == Some(1), "{told}");
    for part in [
        "FAILED   control plane: ",
        "FAILED   agent: does not run: start `pbx-agent run`",
        "FAILED   application: pbx-agent is not registered",
        "ok       identity: ",
        "ok       trunk a: ",
        "warning  voice: ",
    ] {
        ensure!(told.contains(part), "{part} is not in\n{told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_exit_code_2_for_every_command() -> Result<()> {
    let field = Field::enrolled().await?;
    field.host.reconfigure("route_countries", "route_country")?;
    for command in [&["check"][..], &["run"], &["status"], &["check-route", "+380501234567"]] {
        let output = field.host.command(command).await?;
        let said = stdout(&output) + &stderr(&output);
        ensure!(output.status.code() == Some(2), "{command:?}: {said}");
        ensure!(
            said.contains("agent.toml:13: route_country: no such key; did you mean `route_countries`?"),
            "{said}"
        );
    }
    ensure!(field.host.command(&["dance"]).await?.status.code() == Some(2));
    Ok(())
}

#[tokio::test]
async fn status_tells_a_running_agent_from_one_that_is_gone() -> Result<()> {
    let mut field = Field::enrolled().await?;
    let output = field.host.command(&["status"]).await?;
    ensure!(
        output.status.code() == Some(1) && stderr(&output).contains("is not running"),
        "{}",
        stderr(&output)
    );
    field.host.start()?;
    let _line = field.control_plane.links_ready().await?;
    field.host.until_status(|status| status["running"] == true && status["linked"] == true).await?;
    ensure!(field.host.command(&["status"]).await?.status.code() == Some(0));
    field.host.kill().await?;
    let output = field.host.command(&["status"]).await?;
    ensure!(
        output.status.code() == Some(1) && stdout(&output).contains("NOT RUNNING"),
        "{}",
        stdout(&output)
    );
    fs::write(field.host.state_dir().join("status.json"), "{")?;
    ensure!(field.host.command(&["status"]).await?.status.code() == Some(1));
    Ok(())
}

#[tokio::test]
async fn check_route_names_the_trunk_or_the_reason_and_what_each_trunk_reaches() -> Result<()> {
    let field = Field::enrolled().await?;
    for (number, code, expected) in [
        ("+380501234567", 0, "+380501234567 (UA): a\ntrunk a reaches +380\n"),
        (
            "+447400123456",
            1,
            "no trunk: country_not_allowed: none of 1 trunks may reach GB\ntrunk a reaches +380\n",
        ),
        ("112", 1, "no trunk: "),
        ("+380501234567;ext=1", 1, "no trunk: "),
    ] {
        let output = field.host.command(&["check-route", number]).await?;
        let told = stdout(&output);
        ensure!(output.status.code() == Some(code) && told.contains(expected), "{number}: {told}");
    }
    let more = "[[trunk]]\nname = \"b\"\ndial = \"PJSIP/{digits}@b\"\nroute_countries = [\"GB\", \"US\"]\n\
                [[trunk]]\nname = \"c\"\ndial = \"PJSIP/{digits}@c\"\nroute_countries = []\n[voice]";
    field.host.reconfigure("[voice]", more)?;
    for (number, expected) in [
        ("+447400123456", "+447400123456 (GB): b\ntrunk b reaches GB US\n"),
        (
            "+33612345678",
            "no trunk: country_not_allowed: none of 3 trunks may reach FR\n\
             trunk a reaches +380\ntrunk b reaches GB US\ntrunk c reaches nothing\n",
        ),
    ] {
        let told = stdout(&field.host.command(&["check-route", number]).await?);
        ensure!(told == expected, "{number}: {told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_a_command_without_a_panic() -> Result<()> {
    let field = Field::enrolled().await?;
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let output = field.host.command_into(&["check-route", "+380501234567"], writer.into()).await?;
    ensure!(output.status.code() == Some(1) && stderr(&output).is_empty(), "{output:?}");
    Ok(())
}
