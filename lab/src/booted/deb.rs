//! Packages of ours under another version: to upgrade to, or broken on purpose.

use super::Machine;
use crate::process::output;
use anyhow::{Context, Result};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// The package that `make deb` built.
///
/// # Errors
/// There is none.
pub fn built(name: &str) -> Result<PathBuf> {
    let dir = crate::dirs::target()?.join("debian");
    let found = fs::read_dir(&dir).into_iter().flatten().flatten().map(|entry| entry.path()).find(|path| {
        path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&format!("{name}_")))
    });
    found.with_context(|| format!("no package of {name} in {}: `make deb` builds it", dir.display()))
}

/// Its version on a host.
pub async fn version(machine: &Machine, package: &str) -> Result<String> {
    machine.shell(&format!("dpkg-query --show --showformat='${{Version}}' {package}")).await
}

/// The same package as this version, below `dir`, with what `change` does to its unpacked tree;
/// or the one that was made before.
pub fn as_version(
    package: &Path,
    version: &str,
    dir: &Path,
    change: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let file = package.file_name().context("a package has a name")?.to_string_lossy().into_owned();
    let mut parts = file.splitn(3, '_');
    let (name, architecture) = (parts.next().context("a name")?, parts.nth(1).context("an architecture")?);
    let tree = dir.join(format!("{name}-{version}"));
    let made = dir.join(format!("{name}_{version}_{architecture}"));
    if made.exists() {
        return Ok(made);
    }
    output(Command::new("dpkg-deb").arg("-R").arg(package).arg(&tree))?;
    let control = tree.join("DEBIAN/control");
    let text = fs::read_to_string(&control).context("read the control file")?;
    let text: String = text
        .lines()
        .map(|line| {
            if line.starts_with("Version: ") { format!("Version: {version}\n") } else { format!("{line}\n") }
        })
        .collect();
    fs::write(&control, text).context("write the control file")?;
    change(&tree)?;
    output(Command::new("dpkg-deb").args(["--root-owner-group", "-b"]).arg(&tree).arg(&made))?;
    Ok(made)
}

/// Puts a program into the tree that says its version and can do nothing; after it has done this in a shell.
pub fn break_program(tree: &Path, program: &str, harm: &str) -> Result<()> {
    let path = tree.join("usr/bin").join(program);
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo '{program} broken'; exit 0; }}\n{harm}\necho 'this version is broken' >&2\nexit 1\n"
    );
    fs::write(&path, script).with_context(|| format!("write {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
