//! Secrets that a configuration names by their file.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Why the file of a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read, or holds something else.
    #[error("{what} {}: {detail}", path.display())]
    Unusable {
        /// Which key of the configuration: `mail_password_file` or `mail_webhook_secret_file`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Everybody on this host may read it.
    #[error("{what} {}: everybody on this host may read it (mode {mode:o}): run `chmod 600` on it", path.display())]
    Exposed {
        /// Which key of the configuration.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// The one line of a file, without the line's end.
pub(super) fn read(what: &'static str, path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let unusable = |detail: String| SecretError::Unusable { what, path: path.into(), detail };
    let metadata = fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(SecretError::Exposed { what, path: path.into(), mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?);
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(char::is_control) {
        return Err(unusable("holds not exactly one line".to_owned()));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content: &[u8], mode: u32) -> Result<String, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        read("mail_password_file", &path).map(|secret| secret.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_the_one_line_of_its_file() {
        assert_eq!(told(b"open sesame \r\n", 0o600).unwrap(), "open sesame ");
        assert_eq!(told(b"open sesame", 0o440).unwrap(), "open sesame");
        for (content, mode, expected) in [
            (&b""[..], 0o600, "one line"),
            (b"\n", 0o600, "one line"),
            (b"a\nb\n", 0o600, "one line"),
            (b"caf\xe9", 0o600, "UTF-8"),
            (b"s3cret", 0o604, "chmod 600"),
        ] {
            let problem = told(content, mode).unwrap_err();
            assert!(problem.starts_with("mail_password_file ") && problem.contains(expected), "{problem}");
            assert!(!problem.contains("s3cret"), "{problem}");
        }
        let absent = read("mail_password_file", Path::new("/nowhere/password")).unwrap_err().to_string();
        assert!(absent.starts_with("mail_password_file /nowhere/password: "), "{absent}");
    }
}
