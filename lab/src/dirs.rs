//! Where the lab keeps its things: everything below `target/lab`, one directory a run.

use anyhow::{Context, Result};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Run directories that nobody holds any more are swept when they are older than this.
const STALE: Duration = Duration::from_secs(3600);

/// The lab's home: `LAB_DIR`, or `lab` inside the cargo target directory this program was built in.
pub fn home() -> Result<PathBuf> {
    let home = match std::env::var_os("LAB_DIR") {
        Some(dir) => std::path::absolute(dir).context("LAB_DIR")?,
        None => target()?.join("lab"),
    };
    fs::create_dir_all(&home).with_context(|| format!("create {}", home.display()))?;
    home.canonicalize().with_context(|| format!("resolve {}", home.display()))
}

/// The cargo target directory above the running program.
pub fn target() -> Result<PathBuf> {
    let exe = std::env::current_exe().context("where is this program?")?;
    target_above(&exe).map(Path::to_owned).with_context(|| {
        format!("{} does not lie in a cargo target directory; set LAB_DIR to a directory", exe.display())
    })
}

/// The directory above that of the profile, which is known by its `deps`. Cargo's `CACHEDIR.TAG` will not do: it is
/// missing where something else than cargo has made the directory.
fn target_above(exe: &Path) -> Option<&Path> {
    exe.ancestors().find(|dir| dir.join("deps").is_dir())?.parent()
}

/// A binary of the product: `$CONTROL_PLANE_BIN`, `$PBX_AGENT_BIN`, or the one built beside this program.
pub fn product_binary(name: &str) -> Result<PathBuf> {
    let variable = format!("{}_BIN", name.to_uppercase().replace('-', "_"));
    if let Some(path) = std::env::var_os(&variable) {
        let path = PathBuf::from(path);
        anyhow::ensure!(path.is_file(), "{variable} names {}, which is not a file", path.display());
        return path.canonicalize().with_context(|| format!("resolve {}", path.display()));
    }
    let exe = std::env::current_exe().context("where is this program?")?;
    // A test executable lies in target/debug/deps, the lab itself in target/debug.
    let beside = exe.ancestors().skip(1).take(2).map(|dir| dir.join(name)).find(|path| path.is_file());
    beside.with_context(|| {
        format!(
            "no `{name}` beside {}: build it with `cargo build -p {name}`, or set {variable} to its path",
            exe.display()
        )
    })
}

/// The directory of one run, removed when dropped unless something failed or `LAB_KEEP` is set.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    keep: bool,
    /// Held as long as the run lives, so that a sweep leaves it alone.
    _lock: File,
}

impl RunDir {
    /// Makes `target/lab/run-<id>`.
    pub fn create() -> Result<Self> {
        let home = home()?;
        sweep(&home);
        let path = home.join(format!("run-{:08x}", rand::random::<u32>()));
        fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        let lock = File::create(path.join(".lock")).context("create the run's lock file")?;
        lock.lock().context("lock the run directory")?;
        Ok(Self { path, keep: false, _lock: lock })
    }

    /// Leaves it to be read.
    pub fn keep(&mut self) {
        self.keep = true;
    }

    /// Absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        remove_mount_point(&self.path);
        if self.keep || std::thread::panicking() || std::env::var_os("LAB_KEEP").is_some() {
            crate::say::preparing(format!("left for you to read: {}", self.path.display()));
        } else {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The empty directory inside Asterisk's root where the run directory was mounted. Only when the
/// run is over: removing a mount point takes the mount away from every namespace that has it.
fn remove_mount_point(run: &Path) {
    if let (Some(home), Ok(inside)) = (run.parent(), run.strip_prefix("/")) {
        let _ = fs::remove_dir(home.join("asterisk-root").join(inside));
    }
}

/// Removes run directories whose owner is gone and that are old enough for nobody to be reading them.
fn sweep(home: &Path) {
    let Ok(entries) = fs::read_dir(home) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with("run-") {
            continue;
        }
        let old = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE));
        if !old {
            continue;
        }
        let held = File::open(path.join(".lock"))
            .is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
        if !held {
            remove_mount_point(&path);
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_directory_is_found_though_cargo_did_not_make_it() {
        let target = tempfile::tempdir().unwrap();
        fs::create_dir_all(target.path().join("debug/deps")).unwrap();
        for exe in ["debug/lab", "debug/deps/story"] {
            assert_eq!(target_above(&target.path().join(exe)), Some(target.path()), "{exe}");
        }
        assert_eq!(target_above(&target.path().join("bin/lab")), None);
    }
}
