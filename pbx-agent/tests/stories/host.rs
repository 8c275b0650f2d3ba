//! A PBX host: its configuration, its state and the agent's program on it.

use crate::{
    asterisk::Asterisk,
    control_plane::{ControlPlane, PATIENCE},
    service::ServiceManager,
};
use anyhow::{Context, Result, ensure};
use ed25519_dalek::VerifyingKey;
use rustix::process::{Pid, Resource, Rlimit, Signal};
use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

/// Name of the host.
pub const NAME: &str = "pbx-1";

/// One host. Dropped, its agent is killed and its directory removed.
#[derive(Debug)]
pub struct Host {
    dir: tempfile::TempDir,
    process: Option<Child>,
    /// Added to that of `run`.
    environment: Vec<(String, String)>,
}

/// A control plane, an Asterisk and a host whose agent is enrolled and does not run yet.
pub struct Field {
    pub control_plane: ControlPlane,
    pub asterisk: Asterisk,
    pub host: Host,
    /// The host's, as it was enrolled.
    pub key: VerifyingKey,
}

impl Field {
    pub async fn enrolled() -> Result<Self> {
        let control_plane = ControlPlane::open().await?;
        let asterisk = Asterisk::open().await?;
        let host = Host::new(&control_plane.url()?, asterisk.port())?;
        let (enrolled, key) = tokio::join!(host.enroll("token", &[]), control_plane.enrols());
        let (enrolled, key) = (enrolled?, key?);
        ensure!(enrolled.status.success(), "{enrolled:?}");
        Ok(Self { control_plane, asterisk, host, key })
    }

    /// The same, with the agent running.
    pub async fn running() -> Result<Self> {
        let mut field = Self::enrolled().await?;
        field.host.start()?;
        Ok(field)
    }

    /// `check`, while the control plane says that it is there.
    pub async fn check(&self) -> Result<Output> {
        let (checked, asked) =
            tokio::join!(self.host.command(&["check"]), self.control_plane.answer("200 OK", "ok"));
        let (head, _) = asked?;
        ensure!(head.starts_with("get /healthz "), "{head}");
        checked
    }
}

impl Host {
    pub fn new(control_plane: &str, ari_port: u16) -> Result<Self> {
        let host = Self { dir: tempfile::tempdir()?, process: None, environment: Vec::new() };
        host.configure(&format!(
            r#"
name = "{NAME}"
state_dir = "{state}"
[control_plane]
url = "{control_plane}"
[ari]
url = "http://127.0.0.1:{ari_port}"
username = "agent"
password_file = "{password}"
[[trunk]]
name = "a"
dial = "PJSIP/{{digits}}@a"
route_countries = ["+380"]
max_concurrent = 2
[voice]
command = ""
"#,
            state = host.state_dir().display(),
            password = host.password_file().display(),
        ))?;
        host.set_password("secret")?;
        Ok(host)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("agent.toml")
    }

    pub fn state_dir(&self) -> PathBuf {
        self.path("state")
    }

    pub fn password_file(&self) -> PathBuf {
        self.path("ari.password")
    }

    pub fn configure(&self, text: &str) -> Result<()> {
        fs::write(self.config(), text)?;
        chmod(&self.config(), 0o600)
    }

    /// Changes one line of the configuration.
    pub fn reconfigure(&self, line: &str, other: &str) -> Result<()> {
        let text = fs::read_to_string(self.config())?;
        ensure!(text.contains(line), "{line} is not in\n{text}");
        self.configure(&text.replacen(line, other, 1))
    }

    pub fn set_password(&self, password: &str) -> Result<()> {
        fs::write(self.password_file(), format!("{password}\n"))?;
        chmod(&self.password_file(), 0o600)
    }

    /// Runs a command of the agent to its end.
    pub async fn command(&self, arguments: &[&str]) -> Result<Output> {
        self.command_into(arguments, Stdio::piped()).await
    }

    /// The same, with its standard output going elsewhere.
    pub async fn command_into(&self, arguments: &[&str], out: Stdio) -> Result<Output> {
        let run = Command::new(env!("CARGO_BIN_EXE_pbx-agent"))
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?
            .wait_with_output();
        Ok(timeout(PATIENCE * 2, run).await.context("a command does not end")??)
    }

    pub async fn enroll(&self, token: &str, more: &[&str]) -> Result<Output> {
        let file = self.path("token");
        fs::write(&file, format!("{token}\n"))?;
        let file = file.display().to_string();
        let arguments = [&["enroll", "--token-file", &file], more].concat();
        self.command(&arguments).await
    }

    /// `pbx-agent run`, with its output in a log.
    pub fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.path("log"))?;
        // A file that may not grow is an error to the agent and not its end, as on a full disk.
        let child = Command::new("sh")
            .args(["-c", r#"trap "" XFSZ; exec "$0" run --config "$1""#, env!("CARGO_BIN_EXE_pbx-agent")])
            .arg(self.config())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        self.process = Some(child);
        Ok(())
    }

    /// From its next start on it is a service that is watched.
    pub fn under_a_service_manager(&mut self) -> Result<ServiceManager> {
        let (manager, environment) = ServiceManager::open(&self.path("notify"))?;
        self.environment.extend(environment);
        Ok(manager)
    }

    /// For its next start.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// kill -9.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.process.take() {
            child.kill().await?;
        }
        Ok(())
    }

    pub async fn restart(&mut self) -> Result<()> {
        self.kill().await?;
        self.start()
    }

    pub fn terminate(&self) -> Result<()> {
        Ok(rustix::process::kill_process(self.pid()?, Signal::TERM)?)
    }

    /// How it ended.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let child = self.process.as_mut().context("it does not run")?;
        Ok(timeout(within, child.wait()).await.with_context(|| format!("it runs on after {within:?}"))??)
    }

    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.process.as_mut().context("it was not started")?.try_wait()?.is_none())
    }

    /// From now on no file of the agent may grow beyond this size; `None` lifts it.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let limit = Rlimit { current: bytes, maximum: None };
        rustix::process::prlimit(Some(self.pid()?), Resource::Fsize, limit)?;
        Ok(())
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What `status --json` says, once it is as described.
    pub async fn until_status(&self, good: impl Fn(&serde_json::Value) -> bool) -> Result<serde_json::Value> {
        let mut last = serde_json::Value::Null;
        for _ in 0..200 {
            let output = self.command(&["status", "--json"]).await?;
            last = serde_json::from_slice(&output.stdout).unwrap_or_default();
            if good(&last) {
                return Ok(last);
            }
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("status stays {last:#}\n{}", self.log())
    }

    fn pid(&self) -> Result<Pid> {
        let id = self.process.as_ref().and_then(Child::id).context("it does not run")?;
        Pid::from_raw(i32::try_from(id)?).context("a process id")
    }
}

pub fn chmod(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode)).with_context(|| path.display().to_string())
}

pub fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path).with_context(|| path.display().to_string())?.permissions().mode() & 0o777)
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
