//! From bare hosts to a fleet that rings people: the playbooks, over real SSH, on booted hosts.
//!
//! One story, in the order in which an operator lives it: each part needs the hosts as the one before left
//! them, and to boot and furnish them takes minutes.

mod field;
mod inside;
mod mistakes;
mod outside;
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
    inside::the_agent_can_do_its_work_and_nothing_else(field).await.context("from inside")?;
    outside::a_stranger_finds_what_is_documented_and_nothing_else(field).await.context("from outside")?;
    mistakes::each_stops_with_what_to_do(field).await.context("mistakes")?;
    upgrades::an_upgrade_under_calls_loses_none(field).await.context("the upgrade")?;
    upgrades::a_broken_version_is_taken_back(field).await.context("the broken version")?;
    hosts_that_reboot_come_back_by_themselves(field).await.context("the reboot")
}

async fn one_run_makes_bare_hosts_ring_people(field: &Field) -> Result<()> {
    field.succeeds("site.yml", &[]).await?;
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
