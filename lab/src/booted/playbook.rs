//! `ansible-playbook` over SSH.

use super::{machine::OPTIONS, project};
use crate::dirs;
use anyhow::{Context, Result, bail, ensure};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Start of the names of the runs' logs.
const LOG: &str = "playbook-";

/// An inventory on disk.
#[derive(Debug)]
pub struct Inventory {
    file: PathBuf,
    key: PathBuf,
    runs: AtomicU32,
}

/// How a run ended.
#[derive(Debug)]
pub struct Recap {
    /// Whether every host came to the end.
    pub succeeded: bool,
    /// Changes by host.
    pub changed: BTreeMap<String, u32>,
    /// Everything that was printed.
    pub output: String,
}

impl Inventory {
    /// Writes it below `dir`; hosts let this key in.
    pub fn write(dir: &Path, text: &str, key: &Path) -> Result<Self> {
        let file = dir.join("inventory.yml");
        fs::write(&file, text).context("write the inventory")?;
        Ok(Self { file, key: key.to_owned(), runs: AtomicU32::new(0) })
    }

    /// Writes it anew.
    pub fn replace(&self, text: &str) -> Result<()> {
        fs::write(&self.file, text).context("write the inventory")
    }

    /// Runs a playbook of ours with further arguments.
    ///
    /// # Errors
    /// It could not be run at all; a host that fails is in the [`Recap`].
    pub async fn run(&self, playbook: &str, arguments: &[&str]) -> Result<Recap> {
        let ansible = dirs::target()?.join("tools/ansible/bin/ansible-playbook");
        ensure!(
            ansible.is_file(),
            "{} is missing: `make test` installs it, and `make target/tools/ansible/installed` it alone",
            ansible.display()
        );
        let collection = project()?.join("ansible");
        let mut command = tokio::process::Command::new(ansible);
        command
            .current_dir(&collection)
            .env("ANSIBLE_CONFIG", collection.join("ansible.cfg"))
            .env("ANSIBLE_HOST_KEY_CHECKING", "false")
            .env(
                "ANSIBLE_SSH_ARGS",
                format!("-oControlMaster=auto -oControlPersist=60s {}", OPTIONS.join(" ")),
            )
            .env("ANSIBLE_NOCOLOR", "1")
            .env("ANSIBLE_LOCAL_TEMP", self.file.with_file_name("ansible-tmp"))
            .arg("--inventory")
            .arg(&self.file)
            .arg("--private-key")
            .arg(&self.key)
            .arg(format!("playbooks/{playbook}"))
            .args(arguments)
            .kill_on_drop(true);
        let output = command.output().await.context("run ansible-playbook")?;
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        let log = self.file.with_file_name(format!("{LOG}{run}-{playbook}.log"));
        fs::write(&log, &text).with_context(|| format!("write {}", log.display()))?;
        let changed = recap(&text);
        if changed.is_empty() {
            bail!("{playbook} did not come to its recap:\n{text}");
        }
        Ok(Recap { succeeded: output.status.success(), changed, output: text })
    }

    /// What every run so far has printed.
    pub fn printed(&self) -> Result<String> {
        let dir = self.file.parent().context("the inventory lies in a directory")?;
        let mut printed = String::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(LOG)) {
                printed += &fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            }
        }
        Ok(printed)
    }
}

/// `pbx-1 : ok=80 changed=0 unreachable=0 failed=0 …` after `PLAY RECAP`.
fn recap(output: &str) -> BTreeMap<String, u32> {
    let Some((_, lines)) = output.rsplit_once("PLAY RECAP") else { return BTreeMap::new() };
    lines
        .lines()
        .filter_map(|line| {
            let (host, counts) = line.split_once(" : ")?;
            let changed = counts.split_whitespace().find_map(|count| count.strip_prefix("changed="))?;
            Some((host.trim().to_owned(), changed.parse().ok()?))
        })
        .collect()
}

impl Recap {
    /// The end of what was printed, for a person.
    pub fn tail(&self) -> String {
        let lines: Vec<&str> = self.output.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// The tasks that changed something.
    pub fn changes(&self) -> String {
        let mut task = "";
        let mut changes = Vec::new();
        for line in self.output.lines() {
            if let Some(name) = line.strip_prefix("TASK [") {
                task = name;
            } else if line.starts_with("changed: ") {
                changes.push(format!("{line} {task}"));
            }
        }
        changes.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_from_the_recap() {
        let output = "TASK [x : changed=9] ***\nPLAY RECAP ****\n\
                      alerts                     : ok=40   changed=12   unreachable=0    failed=0\n\
                      pbx-1                      : ok=80   changed=0    unreachable=0    failed=1\n\nmore\n";
        let expected = [("alerts".to_owned(), 12), ("pbx-1".to_owned(), 0)];
        assert_eq!(recap(output), BTreeMap::from(expected));
        assert!(recap("ERROR! no such file").is_empty());
    }
}
