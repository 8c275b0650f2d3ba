//! The lab's own certificate authority, one for each run.

use crate::{packages, process::output};
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const OPENSSL_CONFIG: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = CallPing lab
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1,DNS:";

/// An authority and the certificate that it signed for `localhost`, 127.0.0.1 and perhaps another name, valid
/// for two days.
#[derive(Clone, Debug)]
pub struct Authority {
    dir: PathBuf,
}

impl Authority {
    /// Makes both below `dir`.
    pub async fn make(dir: &Path) -> Result<Self> {
        Self::make_for(dir, "control-plane.lab.test").await
    }

    /// The same, for this name too.
    pub async fn make_for(dir: &Path, name: &str) -> Result<Self> {
        let (dir, name) = (dir.to_owned(), name.to_owned());
        tokio::task::spawn_blocking(move || Self::make_here(dir, &name)).await.context("make an authority")?
    }

    /// PEM of the authority.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// PEM of the server's certificate.
    pub fn certificate_file(&self) -> PathBuf {
        self.dir.join("server.pem")
    }

    /// PEM of the server's private key, mode 0600.
    pub fn key_file(&self) -> PathBuf {
        self.dir.join("server.key")
    }

    /// For a client that trusts this authority alone.
    pub fn certificate(&self) -> Result<reqwest::Certificate> {
        let pem = fs::read(self.ca_file()).context("read the authority")?;
        reqwest::Certificate::from_pem(&pem).context("the authority is no PEM")
    }

    fn make_here(dir: PathBuf, name: &str) -> Result<Self> {
        packages::ensure_openssl()?;
        fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
        fs::write(dir.join("openssl.cnf"), format!("{OPENSSL_CONFIG}{name}\n"))
            .context("write openssl.cnf")?;
        certify(&dir, "authority", "ca", &[])?;
        certify(&dir, "server", "server", &["-CA", "ca.pem", "-CAkey", "ca.key"])?;
        Ok(Self { dir })
    }
}

/// Makes `NAME.key` and a certificate for it, `NAME.pem`.
fn certify(dir: &Path, extensions: &str, name: &str, signer: &[&str]) -> Result<()> {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    output(
        Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-config", "openssl.cnf", "-extensions", extensions])
            .args(["-subj", &format!("/CN=CallPing lab {name}"), "-keyout", &key, "-out", &certificate])
            .args(signer)
            .current_dir(dir),
    )
    .map(drop)
}
