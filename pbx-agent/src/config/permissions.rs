//! Who besides its owner may read or write a file.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// The permission bits of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure(u32);

/// Reads them; `None` where there is no such file.
pub fn exposure(path: &Path) -> Option<Exposure> {
    fs::metadata(path).ok().map(|metadata| Exposure(metadata.permissions().mode() & 0o777))
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
