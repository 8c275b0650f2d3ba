//! What operators get wrong: each stops with what to do, and what ran goes on running.

use crate::field::Field;
use anyhow::{Context, Result, ensure};
use lab::booted::Machine;
use std::future::Future;

/// A release that is not supported, as it says of itself.
const BULLSEYE: &str =
    "PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\nNAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"11\"";

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
        &["--limit", "pbx-1", "--extra-vars", "preflight_clock_tolerance_seconds=-1"],
        &["The clock of pbx-1", "timedatectl set-ntp true"],
    )
    .await?;
    let pbx = &field.pbxs[0];
    let no_room = told(&["--limit", "pbx-1"], &["has 1 MB free", "are needed", "Make room"]);
    amid(pbx, "mount -t tmpfs -o size=1m tmpfs /var/cache", no_room, "umount /var/cache")
        .await
        .context("a disk that is full")?;
    let squats = "systemd-run --quiet --unit=squatter python3 -m http.server --bind 127.0.0.1 8089";
    let taken = told(
        &["--limit", "pbx-1", "--extra-vars", "asterisk_ari_port=8089"],
        &["Another program listens on port 8089", "asterisk_ari_port"],
    );
    amid(pbx, squats, taken, "systemctl stop squatter").await.context("a port that is taken")?;
    let is_old = format!("mv /etc/os-release /etc/os-release.kept && echo '{BULLSEYE}' > /etc/os-release");
    let unsupported = told(&["--limit", "pbx-1"], &["which is not supported", "Debian 12 or newer"]);
    amid(pbx, &is_old, unsupported, "mv /etc/os-release.kept /etc/os-release")
        .await
        .context("a release that is not supported")?;

    // An installation that was interrupted is finished, and the rest that a run began is ended.
    pbx.shell("touch /etc/pbx-agent/resting && runuser -u pbx-agent -- pbx-agent drain").await?;
    pbx.shell("dpkg --unpack /var/cache/callping/pbx-agent_*.deb").await?;
    field.succeeds("site.yml", &["--limit", "pbx-1"]).await.context("half installed")?;
    let state = pbx.shell("dpkg-query --show --showformat='${db:Status-Abbrev}' pbx-agent").await?;
    ensure!(state.trim() == "ii", "the package is {state}");

    // Not enrolled any more, and with a token that opens nothing.
    let leaves = "cp -p /var/lib/pbx-agent/enrolment.json /root/ && rm /var/lib/pbx-agent/enrolment.json";
    let token = told(
        &["--limit", "pbx-2", "--extra-vars", "pbx_agent_enrolment_token=never-given"],
        &["could not be enrolled", "fetch another"],
    );
    let comes_back = "cp -p /root/enrolment.json /var/lib/pbx-agent/ && systemctl restart pbx-agent";
    amid(&field.pbxs[1], leaves, token, comes_back).await.context("a token that opens nothing")?;

    let unreachable = told(
        &["--limit", "pbx-1", "--extra-vars", "pbx_agent_health_wait_seconds=4"],
        &["cannot place calls", "control"],
    );
    amid(
        &field.alerts,
        "systemctl stop control-plane.socket control-plane",
        unreachable,
        "systemctl start control-plane.socket control-plane",
    )
    .await
    .context("a control plane that is away")?;

    field.is_ready().await?;
    field.rings_through_each().await
}

/// Looks while something is wrong with a host; mended in any case.
async fn amid(
    machine: &Machine,
    harm: &str,
    look: impl Future<Output = Result<()>>,
    mend: &str,
) -> Result<()> {
    machine.shell(harm).await?;
    let seen = look.await;
    machine.shell(mend).await?;
    seen
}
