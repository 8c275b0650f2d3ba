//! Secrets that the service manager hands over (`LoadCredential=`): files that only this service can
//! read and that never reach a disk.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Where the manager lays down those of each service that runs.
const RUNNING: &str = "/run/credentials";

/// Where the credentials of a service are.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Told to the service itself.
    own: Option<PathBuf>,
    /// Where they are while it runs, for commands beside it.
    beside: PathBuf,
}

impl Credentials {
    /// Of the service of this name, as this process finds them: inside the service or beside it.
    pub fn of(service: &str) -> Self {
        let own = env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self { own, beside: Path::new(RUNNING).join(service) }
    }

    /// Where a secret is whose file a configuration names. A bare name, without a `/`, is that of a
    /// credential; every other path is what it says. Where there are no credentials, a bare name is
    /// what it always was: a file in the current directory.
    pub fn find(&self, named: &Path) -> PathBuf {
        let is_bare = named.file_name() == Some(named.as_os_str()) && named.as_os_str() != OsStr::new("..");
        match &self.own {
            _ if !is_bare => named.to_owned(),
            // No second place to look: a credential that was not handed over must be missed.
            Some(own) => own.join(named),
            None => {
                let beside = self.beside.join(named);
                if beside.exists() { beside } else { named.to_owned() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_a_credential_and_a_path_is_a_path() {
        let own = PathBuf::from("/run/credentials/pbx-agent.service");
        let credentials = Credentials { own: Some(own), beside: PathBuf::from("/nowhere") };
        let find = |named: &str| credentials.find(Path::new(named)).display().to_string();
        assert_eq!(find("ari.password"), "/run/credentials/pbx-agent.service/ari.password");
        for path in ["/etc/pbx-agent/ari.password", "./ari.password", "secrets/ari.password", "..", "../x"] {
            assert_eq!(find(path), path);
        }
    }

    #[test]
    fn a_command_beside_the_service_finds_what_was_handed_to_it() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("ari.password"), "secret").expect("a credential");
        let credentials = Credentials { own: None, beside: dir.path().to_owned() };
        assert_eq!(credentials.find(Path::new("ari.password")), dir.path().join("ari.password"));
        assert_eq!(credentials.find(Path::new("other")), Path::new("other"));
    }
}
