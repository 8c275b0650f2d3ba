//! Who besides root and the agent may read or write a file.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

/// The permission bits of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure(u32);

/// Reads them; `None` where there is no such file.
pub fn exposure(path: &Path) -> Option<Exposure> {
    fs::metadata(path).ok().map(|metadata| Exposure(metadata.permissions().mode() & 0o1777))
}

/// Whether a file belongs to somebody who is neither root nor the user of this process.
pub fn is_strangers(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::metadata(path).is_ok_and(|metadata| ![0, user].contains(&metadata.uid()))
}

impl Exposure {
    /// Who besides the owner may write it.
    pub fn writer(self) -> Option<&'static str> {
        self.who(0o002, 0o020)
    }

    /// Who besides the owner may read it.
    pub fn reader(self) -> Option<&'static str> {
        self.who(0o004, 0o040)
    }

    /// Of a directory: whether everybody may put another file in the place of one in it. Where it is sticky,
    /// as /tmp is, nobody can.
    pub fn lets_everybody_replace(self) -> bool {
        self.0 & 0o1002 == 0o002
    }

    fn who(self, everybody: u32, group: u32) -> Option<&'static str> {
        if self.0 & everybody != 0 {
            Some("everybody")
        } else if self.0 & group != 0 {
            Some("its group")
        } else {
            None
        }
    }
}
