//! A fuzzer that is driven by the API's description, against a live server: nothing fails, and no answer has a status or a
//! shape that is not described.

use anyhow::{Context, Result, bail, ensure};
use lab::{dirs, dirs::RunDir, ports::Ports, product::ControlPlane};
use serde_json::{Value, json};
use std::{
    process::{Command, Stdio},
    time::Duration,
};

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "violet tractor hums quietly";
/// Longest time of one run.
const PATIENCE: Duration = Duration::from_secs(600);

const ORGANIZATION: &str = r#"
[[org]]
slug = "acme"
  [[org.member]]
  email = "owner@example.com"
  role = "owner"
  phones = ["+380501234567"]
  [[org.project]]
  slug = "shop"
  primary = "owner@example.com"
    [[org.project.endpoint]]
    id = "6c1f6f1e-0000-4000-8000-000000000001"
    [[org.project.scenario]]
    name = "default"
      [[org.project.scenario.rule]]
      action = { do = "call_primary" }
"#;

/// What would end the session, or what it may do, in the middle of the run.
const ENDS_THE_RUN: &str =
    "^/api/v1/(session|sessions|account$|account/password|account/second-factor|organization)";

struct Field {
    plane: ControlPlane,
    dir: RunDir,
}

impl Field {
    async fn start() -> Result<Self> {
        let dir = RunDir::create()?;
        let plane = ControlPlane::start(dir.path(), Ports::default().one()?).await?;
        plane.apply(ORGANIZATION).await?;
        Ok(Self { plane, dir })
    }

    /// Runs the fuzzer with these headers and further arguments.
    fn fuzz(&self, name: &str, headers: &[String], arguments: &[&str]) -> Result<()> {
        let fuzzer = dirs::target()?.join("tools/schemathesis/bin/schemathesis");
        ensure!(
            fuzzer.is_file(),
            "{} is missing: `make test` installs it, and `make target/tools/schemathesis/installed` it alone",
            fuzzer.display()
        );
        let checks =
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
        let mut command = Command::new("timeout");
        command
            .arg(PATIENCE.as_secs().to_string())
            .arg(fuzzer)
            .current_dir(self.dir.path())
            .args(["run", &format!("{}/api/v1/openapi.json", self.plane.url())])
            .args(["--checks", checks, "--phases", "examples,coverage,fuzzing"])
            // The same requests in each run.
            .args(["--seed", "7", "--max-examples", "20", "--generation-deterministic"])
            .args(["--suppress-health-check", "all", "--no-color"])
            .args(headers.iter().flat_map(|header| ["--header", header]))
            .args(arguments)
            .env("HYPOTHESIS_STORAGE_DIRECTORY", self.dir.path().join("hypothesis"))
            .stdin(Stdio::null());
        let output = command.output().context("run schemathesis")?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let lines: Vec<&str> = said.lines().collect();
            let tail = lines[lines.len().saturating_sub(150)..].join("\n");
            bail!("{name}: {}\n{tail}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        ensure!(said.contains("passed"), "{name}: nothing was tested:\n{said}");
        Ok(())
    }

    /// Signs in; the headers of a browser.
    async fn sign_in(&self) -> Result<Vec<String>> {
        self.plane.set_operator(EMAIL, PASSWORD).await?;
        let answer = self
            .plane
            .http()
            .post(format!("{}/api/v1/session", self.plane.url()))
            .json(&json!({"email": EMAIL, "password": PASSWORD}))
            .send()
            .await?;
        ensure!(answer.status() == 201, "signing in was answered {}", answer.status());
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies: Vec<&str> =
            cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()).collect();
        let cookies = cookies.join("; ");
        let document: Value = serde_json::from_slice(&answer.bytes().await?)?;
        let csrf = document["csrf_token"].as_str().context("a CSRF token")?;
        Ok(vec![format!("Cookie: {cookies}"), format!("X-CSRF-Token: {csrf}")])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_as_the_description_says() -> Result<()> {
    let mut field = Field::start().await?;
    field.fuzz("nobody", &[], &[])?;
    let key = field.plane.api_key_for("acme", "fuzz", "projects:write").await?;
    field.fuzz("a key", &[format!("Authorization: Bearer {key}")], &["--include-path-regex", "^/api/v1/"])?;
    let person = field.sign_in().await?;
    let only = ["--include-path-regex", "^/api/v1/", "--exclude-path-regex", ENDS_THE_RUN];
    field.fuzz("a person", &person, &only)?;
    field.plane.stop().await
}
