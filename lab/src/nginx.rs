//! A real nginx as one of our processes: no system service, its own directory, ports of ours.

use crate::{
    packages,
    process::{Process, tail},
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::{self, File},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

const START_LIMIT: Duration = Duration::from_secs(20);
const PROGRAM: &str = "usr/sbin/nginx";
const STREAM_MODULE: &str = "usr/lib/nginx/modules/ngx_stream_module.so";
/// Since Debian 12 and Ubuntu 23.04 the program is in `nginx`, before that in `nginx-core`.
const PACKAGES: [&str; 2] = ["nginx", "nginx-core"];

/// One nginx on one port of loopback. Dropped, it is killed.
#[derive(Debug)]
pub struct Nginx {
    root: PathBuf,
    dir: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Nginx {
    /// Starts it with its files in `dir` and waits until it listens on `port`. `servers` is what a
    /// person would write into nginx.conf: an `http` or a `stream` block.
    pub async fn start(dir: &Path, port: u16, servers: &str) -> Result<Self> {
        let root = tokio::task::spawn_blocking(prepare).await.context("prepare nginx")??;
        fs::create_dir_all(dir).with_context(|| format!("create {}", dir.display()))?;
        let config = dir.join("nginx.conf");
        fs::write(&config, whole(&root, servers)).with_context(|| format!("write {}", config.display()))?;
        let mut nginx = Self { root, dir: dir.to_owned(), port, process: None };
        nginx.boot().await?;
        Ok(nginx)
    }

    /// The port it was told to listen on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// kill -9 where it still runs, so that every connection through it breaks, then a fresh start.
    pub async fn restart(&mut self) -> Result<()> {
        self.process = None;
        self.boot().await
    }

    /// The last lines it said.
    pub fn log_tail(&self) -> String {
        tail(&self.log(), 30)
    }

    fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    async fn boot(&mut self) -> Result<()> {
        let mut command = Command::new(self.root.join(PROGRAM));
        command.arg("-p").arg(&self.dir).arg("-c").arg(self.dir.join("nginx.conf"));
        let mut process = Process::start("nginx", &command, &self.log())?;
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            if let Some(status) = process.exited() {
                bail!("nginx ended with {status}:\n{}", self.log_tail());
            }
            if begun.elapsed() > START_LIMIT {
                bail!("nginx does not listen on {} after {START_LIMIT:?}:\n{}", self.port, self.log_tail());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.process = Some(process);
        Ok(())
    }
}

/// The directory below which nginx and its stream module lie: the host's own `/`, or packages that
/// are unpacked into ours. Installed, they would start a web server on port 80, now and at every boot.
fn prepare() -> Result<PathBuf> {
    let has_it = |root: &Path| root.join(PROGRAM).is_file() && root.join(STREAM_MODULE).is_file();
    if has_it(Path::new("/")) {
        return Ok("/".into());
    }
    let home = crate::dirs::home()?;
    let root = home.join("nginx-root");
    let lock = File::create(home.join("nginx-root.lock")).context("create the lock of nginx' root")?;
    lock.lock().context("wait for another run that prepares nginx")?;
    if has_it(&root) {
        return Ok(root);
    }
    // Whoever is killed half-way leaves no half of a program.
    let making = home.join("nginx-root.making");
    for leftover in [&making, &root].into_iter().filter(|leftover| leftover.exists()) {
        fs::remove_dir_all(leftover).with_context(|| format!("remove {}", leftover.display()))?;
    }
    for package in PACKAGES {
        if !making.join(PROGRAM).is_file() {
            packages::unpack(package, &making, "it is the reverse proxy of a story")?;
        }
    }
    packages::unpack("libnginx-mod-stream", &making, "with it nginx passes TCP through")?;
    ensure!(
        has_it(&making),
        "{} hold no {PROGRAM}, or libnginx-mod-stream no {STREAM_MODULE}",
        PACKAGES.join(" and ")
    );
    fs::rename(&making, &root).context("put nginx in its place")?;
    Ok(root)
}

/// A single process: workers would outlive a lab that is killed with -9. Relative paths lie below `-p`.
fn whole(root: &Path, servers: &str) -> String {
    let module = root.join(STREAM_MODULE);
    let mut text = format!(
        "load_module {};\ndaemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\nevents {{}}\n",
        module.display()
    );
    text.push_str(servers);
    text
}

/// An `http` block around servers as a distribution's nginx.conf would include them.
pub fn http(servers: &str) -> String {
    let mut text = "http {\naccess_log off;\n".to_owned();
    for purpose in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        text.push_str(&format!("{purpose}_temp_path {purpose};\n"));
    }
    text.push_str(servers);
    text.push_str("}\n");
    text
}
