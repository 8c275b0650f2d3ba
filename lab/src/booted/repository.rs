//! An APT repository of packages, signed, as an operator would publish one.

use crate::{
    packages,
    process::{Process, output},
};
use anyhow::{Context, Result};
use std::{
    fs,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// A repository that is served while this lives.
#[derive(Debug)]
pub struct Repository {
    /// What sources name.
    pub uri: String,
    /// ASCII-armoured public key.
    pub key: String,
    _server: Process,
}

/// The one suite there is.
pub const SUITE: &str = "stable";

impl Repository {
    /// Publishes these packages from below `dir`, at this address of this machine.
    pub fn publish(packages: &[PathBuf], dir: &Path, address: Ipv4Addr, port: u16) -> Result<Self> {
        packages::ensure_repository_tools()?;
        let (root, home) = (dir.join("repository"), dir.join("gnupg"));
        let index = format!("dists/{SUITE}/main/binary-{}", architecture()?);
        for place in [&root.join("pool"), &root.join(&index), &home] {
            fs::create_dir_all(place).with_context(|| format!("create {}", place.display()))?;
        }
        for package in packages {
            let name = package.file_name().context("a package has a name")?;
            fs::copy(package, root.join("pool").join(name)).context("publish a package")?;
        }
        let archive = |words: &[&str]| output(Command::new("apt-ftparchive").args(words).current_dir(&root));
        fs::write(root.join(&index).join("Packages"), archive(&["packages", "pool"])?)
            .context("write Packages")?;
        let option = |name: &str, value: &str| format!("APT::FTPArchive::Release::{name}={value}");
        let options = [option("Suite", SUITE), option("Codename", SUITE), option("Components", "main")];
        let architectures = option("Architectures", &architecture()?);
        let mut words = vec!["-o", &architectures];
        options.iter().for_each(|option| words.extend(["-o", option]));
        let dist = format!("dists/{SUITE}");
        words.extend(["release", &dist]);
        let release = root.join(&dist).join("Release");
        fs::write(&release, archive(&words)?).context("write Release")?;

        let gpg = |words: &[&str]| {
            let mut command = Command::new("gpg");
            output(command.args(["--batch", "--quiet", "--homedir"]).arg(&home).args(words))
        };
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).context("close the keys off")?;
        let who = "lab@example.com";
        gpg(&["--passphrase", "", "--quick-generate-key", who, "ed25519", "sign", "2d"])?;
        let (signed, release) = (release.with_file_name("InRelease"), release.display().to_string());
        gpg(&["--output", &signed.display().to_string(), "--clearsign", &release])?;
        let key = gpg(&["--armor", "--export", who])?;
        // It waits in the background for more to sign.
        output(Command::new("gpgconf").arg("--homedir").arg(&home).args(["--kill", "all"]))?;

        let mut server = Command::new("python3");
        server.args(["-m", "http.server", "--bind", &address.to_string(), &port.to_string()]);
        server.current_dir(&root);
        let _server = Process::start("the repository", &server, &dir.join("repository.log"))?;
        Ok(Self { uri: format!("http://{address}:{port}"), key, _server })
    }
}

/// Debian's name of this machine's architecture.
fn architecture() -> Result<String> {
    Ok(output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned())
}
