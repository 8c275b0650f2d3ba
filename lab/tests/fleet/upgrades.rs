//! Other versions: under calls, and broken.

use crate::{
    field::Field,
    stream::{self, Stream},
};
use anyhow::{Result, ensure};
use lab::booted::{Machine, Repository, deb, repository::SUITE};
use serde_json::json;

const NEXT: &str = "0.1.1-1";
const BROKEN: &str = "0.1.2-1";
const PUBLISHED: &str = "0.1.3-1";
/// The broken control plane has changed the database by then, so that an earlier one refuses it.
const MIGRATES: &str = r#"python3 - <<'END'
import sqlite3
database = sqlite3.connect('/var/lib/control-plane/control-plane.db')
database.execute("INSERT OR IGNORE INTO schema_migrations (version, name, applied_at) VALUES (999, 'later', 0)")
database.commit()
END"#;
/// Where it is served.
const REPOSITORY_PORT: u16 = 8080;

pub async fn an_upgrade_under_calls_loses_none(field: &Field) -> Result<()> {
    let same = |_: &std::path::Path| Ok(());
    let agent = deb::as_version(&deb::built("pbx-agent")?, NEXT, field.dir(), same)?;
    let plane = deb::as_version(&deb::built("control-plane")?, NEXT, field.dir(), same)?;
    let files = [
        format!("pbx_agent_package_file={}", agent.display()),
        format!("control_plane_package_file={}", plane.display()),
    ];
    let arguments = ["--extra-vars", &files[0], "--extra-vars", &files[1]];
    let (_, Stream { accepted, longest_wait }) =
        stream::loses_none(field, field.succeeds("upgrade.yml", &arguments)).await?;
    lab::say::say(format!(
        "upgrade under calls: {} alerts accepted, all reached somebody; a sender waited {longest_wait:?} at most",
        accepted.len()
    ));
    for machine in field.pbxs.iter() {
        version_is(machine, "pbx-agent", NEXT).await?;
    }
    version_is(&field.alerts, "control-plane", NEXT).await?;
    // The inventory still names the old one.
    let (pbx, plane) = (&field.pbxs[0], &field.alerts);
    for (machine, limit, package) in [(pbx, "pbx-1", "pbx-agent"), (plane, "control_plane", "control-plane")]
    {
        let recap = field.run("site.yml", &["--limit", limit]).await?;
        ensure!(!recap.succeeded && recap.output.contains("playbooks/upgrade.yml"), "{}", recap.tail());
        version_is(machine, package, NEXT).await?;
    }
    Ok(())
}

pub async fn a_broken_version_is_taken_back(field: &Field) -> Result<()> {
    let breaks = |tree: &std::path::Path| deb::break_program(tree, "pbx-agent", "");
    let broken = deb::as_version(&deb::built("pbx-agent")?, BROKEN, field.dir(), breaks)?;
    let file = format!("pbx_agent_package_file={}", broken.display());
    let arguments =
        ["--limit", "pbx", "--extra-vars", &file, "--extra-vars", "pbx_agent_health_wait_seconds=10"];
    let (recap, _) = stream::loses_none(field, field.run("upgrade.yml", &arguments)).await?;
    ensure!(!recap.succeeded, "a broken version was installed:\n{}", recap.tail());
    ensure!(recap.output.contains("was taken back"), "{}", recap.tail());
    for machine in field.pbxs.iter() {
        version_is(machine, "pbx-agent", NEXT).await?;
    }

    let breaks = |tree: &std::path::Path| deb::break_program(tree, "control-plane", MIGRATES);
    let broken = deb::as_version(&deb::built("control-plane")?, BROKEN, field.dir(), breaks)?;
    let file = format!("control_plane_package_file={}", broken.display());
    let wait = "control_plane_health_wait_seconds=10";
    let arguments = ["--limit", "control_plane", "--extra-vars", &file, "--extra-vars", wait];
    let recap = field.run("upgrade.yml", &arguments).await?;
    ensure!(!recap.succeeded && recap.output.contains("was taken back"), "{}", recap.tail());
    field.alerts.shell("ls /var/lib/control-plane/control-plane.db.before-restore-*").await?;
    version_is(&field.alerts, "control-plane", NEXT).await?;
    field.is_ready().await?;
    field.rings_through_each().await
}

/// The package that was kept for the way back has been damaged.
pub async fn a_way_back_that_fails_is_mended_by_a_version_that_works(field: &Field) -> Result<()> {
    let pbx = &field.pbxs[0];
    pbx.shell(&format!("truncate --size=1000 /var/cache/callping/pbx-agent_{NEXT}_*.deb")).await?;
    let broken = deb::as_version(&deb::built("pbx-agent")?, BROKEN, field.dir(), |_| Ok(()))?;
    let file = format!("pbx_agent_package_file={}", broken.display());
    let wait = "pbx_agent_health_wait_seconds=10";
    let arguments = ["--limit", "pbx-1", "--extra-vars", &file, "--extra-vars", wait];
    let (recap, _) = stream::loses_none(field, field.run("upgrade.yml", &arguments)).await?;
    ensure!(!recap.succeeded && recap.output.contains("so did the way back"), "{}", recap.tail());

    let works = deb::as_version(&deb::built("pbx-agent")?, NEXT, field.dir(), |_| Ok(()))?;
    let file = format!("pbx_agent_package_file={}", works.display());
    let arguments = ["--limit", "pbx-1", "--extra-vars", &file];
    let recap = field.run("upgrade.yml", &arguments).await?;
    ensure!(!recap.succeeded && recap.output.contains("pbx_agent_upgrade_anyway=true"), "{}", recap.tail());
    let anyway = [&arguments[..], &["--extra-vars", "pbx_agent_upgrade_anyway=true"]].concat();
    field.succeeds("upgrade.yml", &anyway).await?;
    version_is(pbx, "pbx-agent", NEXT).await?;
    // Nothing is left at rest.
    field.rings_through_each().await
}

pub async fn a_version_comes_from_a_repository(field: &Field) -> Result<()> {
    let agent = deb::as_version(&deb::built("pbx-agent")?, PUBLISHED, field.dir(), |_| Ok(()))?;
    let repository = Repository::publish(&[agent], field.dir(), field.segment.ours(), REPOSITORY_PORT)?;
    let variables = json!({
        "pbx_agent_package_file": "",
        "pbx_agent_version": PUBLISHED,
        "pbx_agent_repository": {"uris": repository.uri, "suites": SUITE, "signed_by": repository.key},
    });
    field.succeeds("upgrade.yml", &["--limit", "pbx-2", "--extra-vars", &variables.to_string()]).await?;
    version_is(&field.pbxs[1], "pbx-agent", PUBLISHED).await?;
    field.rings_through_each().await
}

async fn version_is(machine: &Machine, package: &str, version: &str) -> Result<()> {
    let installed = deb::version(machine, package).await?;
    ensure!(installed == version, "{} has {package} {installed}, not {version}", machine.name());
    Ok(())
}
