//! A real mail server (aiosmtpd) as one of our processes, on loopback.

use crate::{
    authority::Authority,
    packages,
    process::{Process, tail},
};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

const START_LIMIT: Duration = Duration::from_secs(30);
/// The system's own: another one on the path has not its packages.
const PYTHON: &str = "/usr/bin/python3";
const SERVER: &str = include_str!("postoffice/server.py");

/// Whom it lets in, and with which password.
pub const USER: &str = "ops@example.com";
/// That password.
pub const PASSWORD: &str = "open sesame";

/// How its connections become secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// After the client has asked for it, `smtp:`.
    Starttls,
    /// From the first byte, `smtps:`.
    Implicit,
}

/// A mail server that takes TLS and a password. Dropped, it is killed. What stands before the @ of a
/// recipient says what happens: `defer-once` (451 at first), `refuse` (550), `cut-once` (it takes the letter and
/// breaks the connection), `hold-once` (it takes the letter and never answers); any other is taken.
#[derive(Debug)]
pub struct PostOffice {
    port: u16,
    taken: PathBuf,
    _process: Process,
}

impl PostOffice {
    /// Starts it with its files in `dir` and waits until it listens on `port`.
    pub async fn start(dir: &Path, port: u16, authority: &Authority, tls: Tls) -> Result<Self> {
        tokio::task::spawn_blocking(packages::ensure_aiosmtpd).await.context("prepare aiosmtpd")??;
        fs::create_dir_all(dir).with_context(|| format!("create {}", dir.display()))?;
        let (script, taken, log) = (dir.join("server.py"), dir.join("taken"), dir.join("log"));
        fs::write(&script, SERVER).with_context(|| format!("write {}", script.display()))?;
        let mut command = Command::new(PYTHON);
        command.arg(&script).arg(port.to_string());
        command.arg(authority.certificate_file()).arg(authority.key_file());
        command.args([USER, PASSWORD]).arg(&taken).arg(match tls {
            Tls::Starttls => "starttls",
            Tls::Implicit => "implicit",
        });
        let mut process = Process::start("postoffice", &command, &log)?;
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Some(status) = process.exited() {
                bail!("the mail server ended with {status}:\n{}", tail(&log, 30));
            }
            if begun.elapsed() > START_LIMIT {
                bail!("the mail server does not listen after {START_LIMIT:?}:\n{}", tail(&log, 30));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { port, taken, _process: process })
    }

    /// Where it listens on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every letter that it took, in order: `sender`, `recipients`, `user`, `encrypted`, `headers` by their names
    /// in lower case, `text` and `html`.
    pub fn taken(&self) -> Result<Vec<Value>> {
        let Ok(text) = fs::read_to_string(&self.taken) else { return Ok(Vec::new()) };
        // A line that is being written is not there yet.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).context("a letter")).collect()
    }
}
