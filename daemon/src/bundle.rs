//! What an operator sends to whoever helps: one archive, without secrets and phone numbers.
//!
//! Everything that goes in passes through [`redact`]; files that hold secrets never go in at all.

mod redact;

use redact::{configuration, redact};

use flate2::{Compression, write::GzEncoder};
use std::{
    fmt::Write as _,
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// Directories are listed so deep.
const DEEP: usize = 2;
/// So many names of one directory are listed; the others are counted.
const LISTED: usize = 50;

/// What goes in, by name.
#[derive(Debug)]
pub struct Bundle {
    /// The directory in the archive.
    name: String,
    texts: Vec<(String, String)>,
}

impl Bundle {
    /// Begins with what every one of them holds: the program, its version, the system.
    pub fn of(program: &str, version: &str) -> Self {
        let mut this = Self { name: format!("{program}-support"), texts: Vec::new() };
        let read = |path: &str| fs::read_to_string(path).unwrap_or_else(|error| error.to_string());
        let release = read("/etc/os-release");
        let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("unknown");
        this.add(
            "README",
            "For whoever helps. It holds versions, the configuration, findings of `check`, figures and names of\n\
             files. Secrets were left out and phone numbers replaced; look through it before you send it.\n\
             The log is not in it: journalctl --unit SERVICE --since '1 hour ago'\n",
        );
        this.add(
            "version",
            &format!(
                "{program} {version}\nsystem: {}\nkernel: {}machine: {}\n",
                system.trim_matches('"'),
                read("/proc/sys/kernel/osrelease"),
                std::env::consts::ARCH,
            ),
        );
        this
    }

    /// Takes a text in, without its numbers and whatever looks like a secret.
    pub fn add(&mut self, name: &str, text: &str) {
        self.texts.push((name.to_owned(), redact(text)));
    }

    /// Takes a configuration file in, or says why it cannot be read.
    pub fn add_configuration(&mut self, path: &Path) {
        let text = match fs::read_to_string(path) {
            Ok(text) => format!("# {}\n{}", path.display(), configuration(&text)),
            Err(error) => format!("{}: {error}\n", path.display()),
        };
        self.add("configuration.toml", &text);
    }

    /// Takes the names of the files of a directory in, with owner, mode and size; not what they hold.
    pub fn add_listing(&mut self, dir: &Path) {
        let mut text = String::from("mode owner kilobytes name\n");
        list(dir, DEEP, &mut text);
        self.add("files", &text);
    }

    /// Writes a new file that this user alone may read: the whole archive or no file.
    ///
    /// # Errors
    /// What the system said; [`io::ErrorKind::AlreadyExists`] where a file of that name is there.
    pub fn write(self, file: &Path) -> io::Result<()> {
        let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut whole = tempfile::NamedTempFile::new_in(dir)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut archive = tar::Builder::new(GzEncoder::new(whole.as_file_mut(), Compression::default()));
        for (name, text) in &self.texts {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(now);
            archive.append_data(&mut header, format!("{}/{name}", self.name), text.as_bytes())?;
        }
        archive.into_inner()?.finish()?;
        whole.as_file().sync_all()?;
        whole.persist_noclobber(file)?;
        File::open(dir)?.sync_all()
    }
}

fn list(dir: &Path, deep: usize, text: &mut String) {
    let mut paths: Vec<_> = match fs::read_dir(dir) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) => {
            let _ = writeln!(text, "{}: {error}", dir.display());
            return;
        }
    };
    paths.sort();
    for path in paths.iter().take(LISTED) {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        let (mode, kilobytes) = (metadata.permissions().mode() & 0o7777, metadata.len().div_ceil(1024));
        let _ =
            writeln!(text, "{mode:04o} {}:{} {kilobytes} {}", metadata.uid(), metadata.gid(), path.display());
        if metadata.is_dir() && deep > 1 {
            list(path, deep - 1, text);
        }
    }
    if paths.len() > LISTED {
        let _ = writeln!(text, "{}: {} more", dir.display(), paths.len() - LISTED);
    }
}
