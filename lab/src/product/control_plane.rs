//! `control-plane serve` and the commands beside it.

use super::{output_of, text, until};
use crate::{ari::http_client_builder, authority::Authority, dirs::product_binary, process::Process};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// How long it may take to accept and dispatch.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The contract promises 10 s; a busy machine gets some more before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// What an operator says beyond where it listens and keeps its data.
#[derive(Debug, Default)]
pub struct Settings {
    /// A configuration file, TOML.
    pub file: Option<String>,
    /// Serve TLS with the certificate of this authority.
    pub tls: Option<Authority>,
    /// Trust this authority, PEM, and not those of the host.
    pub trusts: Option<PathBuf>,
}

/// A control plane on embedded SQLite below the run directory.
#[derive(Debug)]
pub struct ControlPlane {
    binary: PathBuf,
    dir: PathBuf,
    data_dir: PathBuf,
    port: u16,
    options: Vec<OsString>,
    trusts: Option<PathBuf>,
    scheme: &'static str,
    http: reqwest::Client,
    process: Option<Process>,
}

impl ControlPlane {
    /// Starts `serve` and waits for `/readyz`.
    pub async fn start(run_dir: &Path, port: u16) -> Result<Self> {
        Self::configured(run_dir, port, Settings::default()).await
    }

    /// The same, with settings of its own.
    pub async fn configured(run_dir: &Path, port: u16, settings: Settings) -> Result<Self> {
        let dir = run_dir.join("control-plane");
        let data_dir = dir.join("data");
        fs::create_dir_all(&data_dir).with_context(|| format!("create {}", data_dir.display()))?;
        let binary = product_binary("control-plane")?;
        let mut options = Vec::new();
        if let Some(text) = settings.file {
            let file = dir.join("control-plane.toml");
            fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
            options.extend(["--config".into(), file.into()]);
        }
        let (mut scheme, mut http) = ("http", http_client_builder());
        if let Some(authority) = settings.tls {
            options.extend(["--tls-cert".into(), authority.certificate_file().into()]);
            options.extend(["--tls-key".into(), authority.key_file().into()]);
            (scheme, http) = ("https", http.tls_certs_only([authority.certificate()?]));
        }
        let http = http.build().context("make an HTTP client")?;
        let mut this = Self {
            binary,
            dir,
            data_dir,
            port,
            options,
            trusts: settings.trusts,
            scheme,
            http,
            process: None,
        };
        this.boot().await?;
        Ok(this)
    }

    /// `http://127.0.0.1:PORT`, or `https://` where it serves TLS.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// `ws://127.0.0.1:PORT`, or `wss://`.
    pub fn ws_url(&self) -> String {
        self.url().replacen("http", "ws", 1)
    }

    /// A client that keeps its connections.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Runs `apply` with this document; what it printed.
    pub async fn apply(&self, document: &str) -> Result<Value> {
        let file = self.dir.join("apply.toml");
        fs::write(&file, document).with_context(|| format!("write {}", file.display()))?;
        let printed = output_of(&self.binary, &["apply", text(&file)?, "--data-dir", self.data()?]).await?;
        serde_json::from_str(&printed).with_context(|| format!("`apply` printed no JSON: {printed}"))
    }

    /// A one-time token for a PBX.
    pub async fn enroll_token(&self, pbx: &str) -> Result<String> {
        self.printed(&["enroll-token", pbx, "--data-dir", self.data()?]).await
    }

    /// A key of an organization.
    pub async fn api_key(&self, org: &str, name: &str) -> Result<String> {
        self.printed(&["api-key", org, name, "--data-dir", self.data()?]).await
    }

    /// A key of an organization that may do this, such as `alerts:write`.
    pub async fn api_key_for(&self, org: &str, name: &str, scope: &str) -> Result<String> {
        self.printed(&["api-key", org, name, "--scope", scope, "--data-dir", self.data()?]).await
    }

    /// Makes somebody an operator with this password, which is also that of their account.
    pub async fn set_operator(&self, email: &str, password: &str) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.args(["operator", email, "--data-dir", self.data()?]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("run `control-plane operator`")?;
        child.stdin.take().context("its input")?.write_all(password.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "operator: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Posts JSON to an endpoint; status and body of the answer.
    pub async fn webhook(&self, endpoint: &str, json: &str) -> Result<(u16, Value)> {
        let response = self
            .http
            .post(format!("{}/api/wh/{endpoint}", self.url()))
            .header("Content-Type", "application/json")
            .body(json.to_owned())
            .send()
            .await
            .context("send the webhook")?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.context("read the webhook's answer")?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// `GET` of the API with a key; the body of a 200.
    pub async fn get(&self, path: &str, api_key: &str) -> Result<Value> {
        let response = self
            .http
            .get(format!("{}{path}", self.url()))
            .bearer_auth(api_key)
            .send()
            .await
            .with_context(|| format!("GET {path}"))?;
        body_of(response, &format!("GET {path}")).await
    }

    /// `POST` to the API with a key and nothing else; the body of a 200.
    pub async fn post(&self, path: &str, api_key: &str) -> Result<Value> {
        let response = self
            .http
            .post(format!("{}{path}", self.url()))
            .bearer_auth(api_key)
            .send()
            .await
            .with_context(|| format!("POST {path}"))?;
        body_of(response, &format!("POST {path}")).await
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// kill -9 where it still runs, then a fresh start on the same data.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill();
        self.boot().await
    }

    /// A fresh start after [`ControlPlane::kill`], without waiting until it accepts.
    pub fn launch(&mut self) -> Result<()> {
        let mut command = Command::new("env");
        command.arg("--ignore-signal=XFSZ").arg(&self.binary);
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        command.arg("--data-dir").arg(&self.data_dir).args(&self.options);
        if let Some(authority) = &self.trusts {
            command.env("SSL_CERT_FILE", authority);
        }
        self.process = Some(Process::start("control-plane", &command, &self.log())?);
        Ok(())
    }

    /// The process, while it has not been killed.
    pub fn process_mut(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// SIGTERM; it must end by itself.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let status = process.stop(STOP_LIMIT).await?;
        ensure!(status.success(), "control-plane ended with {status} on SIGTERM");
        Ok(())
    }

    /// Its embedded database, which only it writes.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("control-plane.db")
    }

    /// Where its log is.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The last lines of its log.
    pub fn log_tail(&self) -> String {
        crate::process::tail(&self.log(), 30)
    }

    async fn boot(&mut self) -> Result<()> {
        self.launch()?;
        let (http, ready) = (self.http.clone(), format!("{}/readyz", self.url()));
        let waiting = until("control-plane", START_LIMIT, || async {
            http.get(&ready).send().await?.error_for_status()?;
            Ok(())
        });
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                done = &mut waiting => break done.with_context(|| self.log_tail()),
                () = tokio::time::sleep(Duration::from_millis(100)) => {
                    if let Some(status) = self.process.as_mut().and_then(Process::exited) {
                        bail!("`control-plane serve` ended with {status}:\n{}", crate::process::tail(&self.dir.join("log"), 30));
                    }
                }
            }
        }
    }

    fn data(&self) -> Result<&str> {
        text(&self.data_dir)
    }

    async fn printed(&self, arguments: &[&str]) -> Result<String> {
        let printed = output_of(&self.binary, arguments).await?;
        let word = printed.trim();
        ensure!(
            !word.is_empty() && !word.contains(char::is_whitespace),
            "`{}` should print one word and printed {printed:?}",
            arguments[0]
        );
        Ok(word.to_owned())
    }
}

async fn body_of(response: reqwest::Response, asked: &str) -> Result<Value> {
    let status = response.status();
    let body = response.bytes().await.with_context(|| format!("read the answer to {asked}"))?;
    ensure!(status.is_success(), "{asked}: {status} {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).with_context(|| format!("{asked}: not JSON"))
}
