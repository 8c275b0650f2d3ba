//! What operators get wrong: each stops with what to do, and what ran goes on running.

use crate::field::Field;
use anyhow::{Context, Result, ensure};

/// On bare hosts.
pub async fn what_is_missing_is_named_before_anything_is_changed(field: &Field) -> Result<()> {
    let recap = field.run("site.yml", &["--limit", "pbx", "--extra-vars", "{\"trunks_list\": null}"]).await?;
    ensure!(!recap.succeeded && recap.output.contains("trunks_list"), "{}", recap.tail());
    let programs = field.pbxs[0].shell("ls /etc/callping /etc/pbx-agent 2>/dev/null | wc -l").await?;
    ensure!(programs.trim() == "0", "something was installed before the mistake was said");
    Ok(())
}

/// On hosts that ring.
pub async fn each_stops_with_what_to_do(field: &Field) -> Result<()> {
    let told = |arguments: &'static [&'static str], words: &'static [&'static str]| async move {
        let recap = field.run("site.yml", arguments).await?;
        ensure!(!recap.succeeded, "{arguments:?} was taken:\n{}", recap.tail());
        // Long lines are folded where they are printed.
        let said = recap.output.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            ensure!(said.contains(word), "{arguments:?} does not say {word:?}:\n{}", recap.tail());
        }
        anyhow::Ok(())
    };
    told(
        &["--limit", "pbx-1", "--extra-vars", "pbx_agent_control_plane_url=alerts"],
        &["scheme and host alone"],
    )
    .await?;
    told(
        &["--limit", "pbx-1", "--extra-vars", "preflight_free_megabytes=99999999"],
        &["are needed", "Make room"],
    )
    .await?;

    told(
        &["--limit", "pbx-1", "--extra-vars", "preflight_clock_tolerance_seconds=-1"],
        &["The clock of pbx-1", "timedatectl set-ntp true"],
    )
    .await?;
    let pbx = &field.pbxs[0];
    pbx.shell("systemd-run --quiet --unit=squatter python3 -m http.server --bind 127.0.0.1 8089").await?;
    let taken = told(
        &["--limit", "pbx-1", "--extra-vars", "asterisk_ari_port=8089"],
        &["Another program listens on port 8089", "asterisk_ari_port"],
    )
    .await;
    pbx.shell("systemctl stop squatter").await?;
    taken.context("a port that is taken")?;
    pbx.shell("mv /etc/os-release /etc/os-release.kept").await?;
    let old = "PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\nNAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"11\"\n";
    pbx.write("/etc/os-release", old).await?;
    let unsupported = told(&["--limit", "pbx-1"], &["which is not supported", "Debian 12 or newer"]).await;
    pbx.shell("mv /etc/os-release.kept /etc/os-release").await?;
    unsupported.context("a release that is not supported")?;

    // An installation that was interrupted is finished, and the rest that a run began is ended.
    pbx.shell("touch /etc/pbx-agent/resting && runuser -u pbx-agent -- pbx-agent drain").await?;
    pbx.shell("dpkg --unpack /var/cache/callping/pbx-agent_*.deb").await?;
    field.succeeds("site.yml", &["--limit", "pbx-1"]).await.context("half installed")?;
    let state = pbx.shell("dpkg-query --show --showformat='${db:Status-Abbrev}' pbx-agent").await?;
    ensure!(state.trim() == "ii", "the package is {state}");

    // Not enrolled any more, and with a token that opens nothing.
    let pbx = &field.pbxs[1];
    pbx.shell("cp -p /var/lib/pbx-agent/enrolment.json /root/ && rm /var/lib/pbx-agent/enrolment.json")
        .await?;
    let token = told(
        &["--limit", "pbx-2", "--extra-vars", "pbx_agent_enrolment_token=never-given"],
        &["could not be enrolled", "fetch another"],
    )
    .await;
    pbx.shell("cp -p /root/enrolment.json /var/lib/pbx-agent/ && systemctl restart pbx-agent").await?;
    token.context("a token that opens nothing")?;

    field.alerts.shell("systemctl stop control-plane").await?;
    let unreachable = told(
        &["--limit", "pbx-1", "--extra-vars", "pbx_agent_health_wait_seconds=4"],
        &["cannot place calls", "control"],
    )
    .await;
    field.alerts.shell("systemctl start control-plane").await?;
    unreachable.context("a control plane that is away")?;

    field.is_ready().await?;
    field.rings_through_each().await
}
