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

use crate::process::output;
use anyhow::{Context, Result};
use std::{path::PathBuf, process::Command};

/// The project's own directory.
pub fn project() -> Result<PathBuf> {
    let lab = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Ok(lab.parent().context("the lab lies in the project")?.to_owned())
}

/// Runs `ip` with these words.
fn ip(words: &str) -> Result<String> {
    output(Command::new("ip").args(words.split_whitespace()))
}
