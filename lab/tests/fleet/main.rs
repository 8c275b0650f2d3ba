//! From bare hosts to a fleet that rings people: the playbooks, over real SSH, on booted hosts.
//!
//! One story, in the order in which an operator lives it: each part needs the hosts as the one before left
//! them, and to boot and furnish them takes minutes.

mod field;
mod handover;
mod inside;
mod keys;
mod mistakes;
mod outside;
mod releases;
mod secured;
mod stream;
mod upgrades;

use anyhow::{Context, Result, ensure};
use field::Field;

#[tokio::test(flavor = "multi_thread")]
async fn from_bare_hosts_to_a_fleet_that_rings_survives_and_is_upgraded() -> Result<()> {
    let mut field = Field::boot().await?;
    let told = the_story(&mut field).await;
    if told.is_err() {
        field.keep_journals().await;
    }
    told
}

async fn the_story(field: &mut Field) -> Result<()> {
    mistakes::what_is_missing_is_named_before_anything_is_changed(field).await?;
    one_run_makes_bare_hosts_ring_people(field).await.context("the first run")?;
    a_second_run_changes_nothing(field).await.context("the second run")?;
    inside::the_programs_can_do_their_work_and_nothing_else(field).await.context("from inside")?;
    inside::systemd_has_nothing_to_say_against_the_units(field).await.context("the units")?;
    outside::a_stranger_finds_what_is_documented_and_nothing_else(field).await.context("from outside")?;
    mistakes::each_stops_with_what_to_do(field).await.context("mistakes")?;
    handover::port_and_certificate_change_hands(field).await.context("the handover")?;
    upgrades::an_upgrade_under_calls_loses_none(field).await.context("the upgrade")?;
    upgrades::a_broken_version_is_taken_back(field).await.context("the broken version")?;
    upgrades::a_way_back_that_fails_is_mended_by_a_version_that_works(field).await.context("no way back")?;
    upgrades::a_version_comes_from_a_repository(field).await.context("the repository")?;
    keys::new_secrets_under_calls_lose_none(field).await.context("new secrets")?;
    hosts_that_reboot_come_back_by_themselves(field).await.context("the reboot")?;
    secured::a_provider_is_called_over_tls_and_srtp(field).await.context("TLS and SRTP")?;
    a_host_leaves_without_a_trace(field).await.context("the last host's farewell")
}

async fn one_run_makes_bare_hosts_ring_people(field: &Field) -> Result<()> {
    // As verbose as can be: what is printed is searched for secrets later on.
    field.succeeds("site.yml", &["--diff", "-vvv"]).await?;
    field.rings_through_each().await
}

async fn a_second_run_changes_nothing(field: &Field) -> Result<()> {
    let again = field.succeeds("site.yml", &[]).await?;
    ensure!(again.changed.values().all(|changes| *changes == 0), "{:?}\n{}", again.changed, again.changes());
    let looked = field.succeeds("site.yml", &["--check", "--diff"]).await?;
    ensure!(looked.changed.values().all(|changes| *changes == 0), "--check: {}", looked.changes());
    Ok(())
}

async fn hosts_that_reboot_come_back_by_themselves(field: &mut Field) -> Result<()> {
    field.pbxs[0].reboot().await?;
    field.alerts.reboot().await?;
    field.pbxs[1].reboot().await?;
    field.is_ready().await?;
    field.rings_through_each().await
}

async fn a_host_leaves_without_a_trace(field: &Field) -> Result<()> {
    let (stays, goes) = (&field.pbxs[..1], &field.pbxs[1]);
    let unsaid = field.run("decommission.yml", &["--limit", "pbx-2"]).await?;
    ensure!(!unsaid.succeeded && unsaid.output.contains("would leave the fleet"), "{}", unsaid.tail());
    field
        .succeeds("decommission.yml", &["--limit", "pbx-2", "--extra-vars", "decommission_confirm=pbx-2"])
        .await?;
    let left = goes
        .shell(
            "ls -d /etc/pbx-agent /var/lib/pbx-agent /usr/bin/pbx-agent /etc/asterisk/pjsip.conf* \
             /etc/asterisk/ari.conf* 2>/dev/null; ss --no-header --listening --numeric 'sport = :5060 or sport = :8088'",
        )
        .await?;
    ensure!(left.trim().is_empty(), "this is left: {left}");
    field.rings_through(stays).await
}
