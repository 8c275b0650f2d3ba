//! Debian and Ubuntu roots of our making: made once with mmdebstrap, below the lab's home, and shared by every run.

use crate::{packages, process::output, say::preparing};
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

const DEBIAN_KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const UBUNTU: &str = "http://archive.ubuntu.com/ubuntu";
/// Debian has no package with Ubuntu's keys. This one holds F6ECB3762474EDA9D21B7022871920D1991BC93C, which signs every
/// release since 2018; it is known by its SHA-256.
const UBUNTU_KEYS: [&str; 2] = [
    "pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb",
    "0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f",
];
/// Written last, so that a root without it is known to be half made.
const STAMP: &str = ".callping-lab-ready";

/// Whose root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// From the mirror that this machine installs from.
    Debian,
    /// From Ubuntu's own archive.
    Ubuntu,
}

/// What a root is made of.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Name of its directory.
    pub name: &'static str,
    /// Whose.
    pub distribution: Distribution,
    /// The release's code name.
    pub suite: &'static str,
    /// Packages beside the essential ones and apt.
    pub packages: &'static [&'static str],
    /// What it is for, to be told to whoever waits.
    pub why: &'static str,
}

/// Finds or makes it; takes half a minute the first time.
///
/// # Errors
/// mmdebstrap could not make it: it must be run by root, and needs a network.
pub fn prepare(recipe: &Recipe) -> Result<PathBuf> {
    let home = crate::dirs::home()?;
    let root = home.join(recipe.name);
    let lock =
        File::create(home.join(format!("{}.lock", recipe.name))).context("create the lock of a root")?;
    lock.lock().context("wait for another run that makes the root")?;
    // Whoever asks for other packages gets another root.
    let contents = recipe.packages.join(",");
    if fs::read_to_string(root.join(STAMP)).is_ok_and(|made_of| made_of == contents) {
        return Ok(root);
    }
    make(recipe, &home, &root)?;
    Ok(root)
}

fn make(recipe: &Recipe, home: &Path, root: &Path) -> Result<()> {
    let Recipe { name, distribution, suite, packages, why } = recipe;
    packages::ensure_mmdebstrap()?;
    let half_made = format!("{name}.making-");
    for leftover in fs::read_dir(home).context("read the lab's directory")?.flatten() {
        if leftover.file_name().to_string_lossy().starts_with(&half_made) {
            fs::remove_dir_all(leftover.path()).context("remove a half-made root")?;
        }
    }
    let source = source(*distribution, suite, home)?;
    let making = home.join(format!("{half_made}{}", std::process::id()));
    preparing(format!(
        "{why}: making a {distribution:?} {suite} root from {} in {} (once)",
        source.as_deref().unwrap_or("mmdebstrap's own mirror"),
        root.display()
    ));
    let begun = Instant::now();
    let contents = packages.join(",");
    output(
        Command::new("mmdebstrap")
            .args(["--variant=apt", &format!("--include={contents}")])
            .args(["--aptopt=Acquire::Check-Valid-Until \"false\"", OWN_KEYRING, suite])
            .arg(&making)
            .args(source),
    )
    .with_context(|| format!("mmdebstrap could not make the root {name} (it must be run by root)"))?;
    fs::write(making.join(STAMP), &contents).context("stamp the root")?;
    if root.exists() {
        fs::remove_dir_all(root).context("remove an unfinished root")?;
    }
    fs::rename(&making, root).context("put the root in its place")?;
    preparing(format!("{name} is ready after {:.0} s", begun.elapsed().as_secs_f64()));
    Ok(())
}

/// A root verifies with the keys in it, wherever those were that it was made with.
const OWN_KEYRING: &str = r##"--customize-hook=sed -i 's#signed-by=[^]]*/usr/share/#signed-by=/usr/share/#' "$1"/etc/apt/sources.list"##;

/// The line of sources.list(5); `None` where mmdebstrap knows better.
fn source(distribution: Distribution, suite: &str, home: &Path) -> Result<Option<String>> {
    if distribution == Distribution::Ubuntu {
        let keyring = ubuntu_keyring(home)?;
        return Ok(Some(format!("deb [signed-by={}] {UBUNTU} {suite} main universe", keyring.display())));
    }
    let mirror = debian_mirror(Path::new("/etc/apt"));
    Ok(mirror.map(|mirror| format!("deb [signed-by={DEBIAN_KEYRING}] {mirror} {suite} main")))
}

fn ubuntu_keyring(home: &Path) -> Result<PathBuf> {
    packages::ensure_curl()?;
    let dir = home.join("ubuntu-keyring");
    fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
    let [path, digest] = UBUNTU_KEYS;
    let script = "curl --fail --silent --show-error --output keyring.deb \"$1\" \
                  && echo \"$2 keyring.deb\" | sha256sum --check --quiet && dpkg-deb -x keyring.deb .";
    let url = format!("{UBUNTU}/{path}");
    output(Command::new("sh").args(["-c", script, "sh", &url, digest]).current_dir(&dir))
        .context("Ubuntu's keys could not be fetched")?;
    Ok(dir.join("usr/share/keyrings/ubuntu-archive-keyring.gpg"))
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
        let dir = tempfile::tempdir().unwrap();
        let apt = dir.path();
        fs::create_dir_all(apt.join("sources.list.d")).unwrap();
        assert_eq!(debian_mirror(apt), None);
        fs::write(
            apt.join("sources.list.d/debian.sources"),
            "Types: deb\nURIs: http://off.example/debian\nEnabled: no\n\nTypes: deb\n# why\nURIs: http://sec.example/debian-security http://here.example/debian\nSuites: bookworm\n",
        )
        .unwrap();
        assert_eq!(debian_mirror(apt).as_deref(), Some("http://here.example/debian"));
        fs::write(
            apt.join("sources.list"),
            "# deb http://no.example/debian x main\ndeb-src http://no.example/debian x\ndeb [arch=amd64 signed-by=/k] http://line.example/debian/ bookworm main\n",
        )
        .unwrap();
        assert_eq!(debian_mirror(apt).as_deref(), Some("http://line.example/debian/"));
    }
}
