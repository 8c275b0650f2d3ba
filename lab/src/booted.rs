//! Hosts that are booted as an operator's are: systemd, sshd, a network of their own; and what Ansible does to
//! them. Needs root.

pub mod deb;
pub mod machine;
pub mod playbook;
pub mod provider;
pub mod repository;
pub mod segment;

pub use machine::Machine;
pub use playbook::{Inventory, Recap};
pub use provider::Provider;
pub use repository::Repository;
pub use segment::{Namespace, Segment};

use anyhow::{Context, Result, ensure};
use std::{path::PathBuf, process::Command};

/// The project's own directory.
pub fn project() -> Result<PathBuf> {
    let lab = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Ok(lab.parent().context("the lab lies in the project")?.to_owned())
}

/// Runs it to its end; what it printed.
fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `ip` with these words.
fn ip(words: &str) -> Result<String> {
    output(Command::new("ip").args(words.split_whitespace()))
}
