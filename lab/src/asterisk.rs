//! A real Asterisk: the host's own, or one in a Debian root of our making.
//!
//! Debian 12 and 13 have no Asterisk; forky has 22. The root is made once with mmdebstrap
//! (345 MB, about 20 s) and shared by every PBX host of every run.

use crate::{packages, say::preparing};
use anyhow::{Context, Result, ensure};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// The oldest Asterisk whose ARI the agent is written for.
const OLDEST: u32 = 18;
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const SUITE: &str = "forky";
/// Written last, so that a root without it is known to be half made.
const STAMP: &str = ".callping-lab-ready";

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
        let home = crate::dirs::home()?;
        let root = home.join("asterisk-root");
        let lock =
            File::create(home.join("asterisk-root.lock")).context("create the lock of the Asterisk root")?;
        lock.lock().context("wait for another run that prepares Asterisk")?;
        if let Ok(version) = fs::read_to_string(root.join(STAMP)) {
            return Ok(Self { root: Some(root), version });
        }
        let version = make(&home, &root)?;
        Ok(Self { root: Some(root), version })
    }
}

fn make(home: &Path, root: &Path) -> Result<String> {
    packages::ensure_mmdebstrap()?;
    for leftover in fs::read_dir(home).context("read the lab's directory")?.flatten() {
        if leftover.file_name().to_string_lossy().starts_with("asterisk-root.making-") {
            fs::remove_dir_all(leftover.path()).context("remove a half-made Asterisk root")?;
        }
    }
    let mirror = debian_mirror(Path::new("/etc/apt"));
    let making = home.join(format!("asterisk-root.making-{}", std::process::id()));
    preparing(format!(
        "this machine has no Asterisk {OLDEST} or newer: making a Debian {SUITE} root with Asterisk 22 from {} in {} (345 MB, once)",
        mirror.as_deref().unwrap_or("mmdebstrap's own mirror"),
        root.display()
    ));
    let begun = Instant::now();
    let output = Command::new("mmdebstrap")
        .args(["--variant=apt", "--include=asterisk", "--aptopt=Acquire::Check-Valid-Until \"false\"", SUITE])
        .arg(&making)
        .args(mirror.map(|mirror| format!("deb [signed-by={KEYRING}] {mirror} {SUITE} main")))
        .output()
        .context("run mmdebstrap")?;
    ensure!(
        output.status.success(),
        "mmdebstrap could not make the Asterisk root (it must be run by root):\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let version = version_of(Some(&making))
        .with_context(|| format!("`chroot {} asterisk -V` does not run", making.display()))?;
    fs::write(making.join(STAMP), &version).context("stamp the Asterisk root")?;
    if root.exists() {
        fs::remove_dir_all(root).context("remove an unfinished Asterisk root")?;
    }
    fs::rename(&making, root).context("put the Asterisk root in its place")?;
    preparing(format!("{version} is ready after {:.0} s", begun.elapsed().as_secs_f64()));
    Ok(version)
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

/// The Debian mirror this host installs from; `None` where it is no Debian, and mmdebstrap knows one.
fn debian_mirror(apt: &Path) -> Option<String> {
    source_files(apt)
        .iter()
        .filter_map(|path| Some((path, fs::read_to_string(path).ok()?)))
        .flat_map(|(path, text)| {
            if path.extension().is_some_and(|extension| extension == "sources") {
                uris_of_stanzas(&text)
            } else {
                uris_of_lines(&text)
            }
        })
        .filter_map(|uri| match uri.strip_prefix("mirror+file:") {
            Some(list) => {
                let list = fs::read_to_string(list.trim_start_matches("//")).ok()?;
                list.split_whitespace().next().map(str::to_owned)
            }
            None => Some(uri),
        })
        .find(|uri| uri.starts_with("http") && uri.trim_end_matches('/').ends_with("/debian"))
}

fn source_files(apt: &Path) -> Vec<PathBuf> {
    let mut files = vec![apt.join("sources.list")];
    if let Ok(entries) = fs::read_dir(apt.join("sources.list.d")) {
        let mut more: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        more.sort();
        files.extend(more.into_iter().filter(|path| {
            path.extension().is_some_and(|extension| extension == "sources" || extension == "list")
        }));
    }
    files
}

/// `deb [options] URI suite component…`, one a line (sources.list(5)).
fn uris_of_lines(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let rest = line.trim().strip_prefix("deb ")?.trim_start();
            let rest = match rest.strip_prefix('[') {
                Some(options) => options.split_once(']')?.1,
                None => rest,
            };
            rest.split_whitespace().next().map(str::to_owned)
        })
        .collect()
}

/// Stanzas of `Key: value` (deb822); one that says `Enabled: no` is skipped.
fn uris_of_stanzas(text: &str) -> Vec<String> {
    let fields = |stanza: &str, name: &str| -> Vec<String> {
        stanza
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    text.split("\n\n")
        .filter(|stanza| !fields(stanza, "Enabled").iter().any(|value| value == "no"))
        .flat_map(|stanza| fields(stanza, "URIs"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_read_from_both_forms_of_apt_sources() {
        let apt = std::env::temp_dir().join(format!("callping-apt-{:08x}", rand::random::<u32>()));
        fs::create_dir_all(apt.join("sources.list.d")).unwrap();
        assert_eq!(debian_mirror(&apt), None);
        fs::write(
            apt.join("sources.list.d/debian.sources"),
            "Types: deb\nURIs: http://off.example/debian\nEnabled: no\n\nTypes: deb\n# why\nURIs: http://sec.example/debian-security http://here.example/debian\nSuites: bookworm\n",
        )
        .unwrap();
        assert_eq!(debian_mirror(&apt).as_deref(), Some("http://here.example/debian"));
        fs::write(
            apt.join("sources.list"),
            "# deb http://no.example/debian x main\ndeb-src http://no.example/debian x\ndeb [arch=amd64 signed-by=/k] http://line.example/debian/ bookworm main\n",
        )
        .unwrap();
        assert_eq!(debian_mirror(&apt).as_deref(), Some("http://line.example/debian/"));
        fs::remove_dir_all(apt).unwrap();
    }

    #[test]
    fn the_version_is_read_from_what_asterisk_prints() {
        assert_eq!(major("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1"), Some(22));
        assert_eq!(major("Asterisk certified/20.7"), None);
    }
}
