//! A real Asterisk: the host's own, or one in a Debian root of our making.
//!
//! Debian 12 and 13 have no Asterisk; forky has 22. The root is made once with mmdebstrap
//! (345 MB, about 20 s) and shared by every PBX host of every run.

use crate::{
    packages,
    roots::{self, Distribution, Recipe},
};
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest Asterisk whose ARI the agent is written for.
const OLDEST: u32 = 18;
const ROOT: Recipe = Recipe {
    name: "asterisk-root",
    distribution: Distribution::Debian,
    suite: "forky",
    packages: &["asterisk"],
    why: "this machine has no Asterisk 18 or newer (Asterisk 22, 345 MB)",
};

/// Where Asterisk is run from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asterisk {
    /// Root to chroot into; `None` is the host itself.
    pub root: Option<PathBuf>,
    /// As `asterisk -V` says it.
    pub version: String,
}

impl Asterisk {
    /// Finds or makes one, from whatever thread; takes a minute the first time.
    pub async fn prepare() -> Result<Self> {
        tokio::task::spawn_blocking(Self::prepare_here).await.context("prepare Asterisk")?
    }

    /// As [`Asterisk::prepare`], blocking.
    pub fn prepare_here() -> Result<Self> {
        if let Some(version) = version_of(None)
            && major(&version).is_some_and(|major| major >= OLDEST)
        {
            return Ok(Self { root: None, version });
        }
        let root = roots::prepare(&ROOT)?;
        let version = version_of(Some(&root))
            .with_context(|| format!("`chroot {} asterisk -V` does not run", root.display()))?;
        Ok(Self { root: Some(root), version })
    }

    /// Starts it with this configuration, in the foreground. It sees `dir` at the same path, wherever its root is:
    /// in its own mount namespace, so that the binds vanish with it, however it ends.
    ///
    /// # Errors
    /// `dir` is not absolute, or its root cannot be written.
    pub fn command(&self, dir: &Path, config: &Path) -> Result<Command> {
        let Some(root) = &self.root else {
            let mut command = Command::new("asterisk");
            command.arg("-C").arg(config).arg("-f");
            return Ok(command);
        };
        let inside = root.join(dir.strip_prefix("/").context("the directory is absolute")?);
        fs::create_dir_all(&inside).with_context(|| format!("create {}", inside.display()))?;
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-ec"])
            .arg(
                r#"mount --bind "$1" "$2"; mount -t proc proc "$3/proc"; exec chroot "$3" /usr/sbin/asterisk -C "$4" -f"#,
            )
            .arg("sh")
            .args([dir, &inside, root, config]);
        Ok(command)
    }
}

fn version_of(root: Option<&Path>) -> Option<String> {
    let mut command = match root {
        Some(root) => {
            let mut command = Command::new("chroot");
            command.arg(root).arg("/usr/sbin/asterisk");
            command
        }
        None if packages::on_path("asterisk") => Command::new("asterisk"),
        None => return None,
    };
    let output = command.arg("-V").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// 22 of `Asterisk 22.10.1~dfsg`.
fn major(version: &str) -> Option<u32> {
    version.split_whitespace().nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_asterisk_prints() {
        assert_eq!(major("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1"), Some(22));
        assert_eq!(major("Asterisk certified/20.7"), None);
    }
}
