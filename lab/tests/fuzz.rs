//! A fuzzer that is driven by the API's description, against a live server: nothing fails, no answer has a status or a
//! shape that is not described, and what is asked for well is answered well.

use anyhow::{Context, Result, bail, ensure};
use lab::{
    dirs,
    dirs::RunDir,
    ports::Ports,
    product::{ControlPlane, Person},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    process::{Command, Stdio},
    time::Duration,
};

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "violet tractor hums quietly";
/// Longest time of one run.
const PATIENCE: Duration = Duration::from_secs(600);
const ENDPOINT: &str = "6c1f6f1e-0000-4000-8000-000000000001";

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
    "^/api/v1/(session|sessions|account$|account/password|account/second-factor|organization|events$)";

/// What is read only by an id that the fuzzer does not come upon; stories over HTTP read these. Of what changes something
/// nothing is asked but that its answers are described: whoever changes so much so fast is told to wait.
const BY_OTHER_IDS: [&str; 3] =
    [WITHOUT_END, "GET /api/v1/account/phones/{id}", "GET /api/v1/account/verifications/{id}"];

/// What goes on until somebody ends it: nobody would learn what the fuzzer makes of it.
const WITHOUT_END: &str = "GET /api/v1/events";
const NOT_EVENTS: &str = "^/api/v1/events$";

/// What is there under a path, which else is hardly ever asked for.
struct There {
    /// Regular expression of paths.
    path: &'static str,
    /// Regular expression of methods.
    methods: &'static str,
    /// Parameters, as `path.id`, and their values.
    parameters: Vec<(&'static str, String)>,
}

struct Field {
    plane: ControlPlane,
    dir: RunDir,
    /// Operations of the description, as `GET /api/v1/projects/{id}`.
    described: BTreeSet<String>,
    /// Those that were answered well.
    well: BTreeSet<String>,
}

impl Field {
    async fn start() -> Result<Self> {
        let dir = RunDir::create()?;
        let plane = ControlPlane::start(dir.path(), Ports::default().one()?).await?;
        plane.apply(ORGANIZATION).await?;
        plane.set_operator(EMAIL, PASSWORD).await?;
        let description: Value =
            plane.http().get(format!("{}/api/v1/openapi.json", plane.url())).send().await?.json().await?;
        let paths = description["paths"].as_object().context("paths")?;
        let operations = |(path, methods): (&String, &Value)| -> Vec<String> {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(|(method, _)| format!("{} {path}", method.to_uppercase())).collect()
        };
        let described = paths.iter().flat_map(operations).collect();
        Ok(Self { plane, dir, described, well: BTreeSet::new() })
    }

    /// Runs the fuzzer with these headers and further arguments.
    fn fuzz(&mut self, name: &str, headers: &[String], arguments: &[&str]) -> Result<()> {
        let fuzzer = dirs::target()?.join("tools/schemathesis/bin/schemathesis");
        ensure!(
            fuzzer.is_file(),
            "{} is missing: `make test` installs it, and `make target/tools/schemathesis/installed` it alone",
            fuzzer.display()
        );
        let checks =
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
        let archive = self.dir.path().join(format!("{}.har", name.replace(' ', "-")));
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
            .arg("--report-har-path")
            .arg(&archive)
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
        self.note(&serde_json::from_slice(&fs::read(&archive)?)?)
    }

    /// Which operations came out well, by an HTTP archive.
    fn note(&mut self, archive: &Value) -> Result<()> {
        for entry in archive["log"]["entries"].as_array().context("entries")? {
            let status = entry["response"]["status"].as_u64().unwrap_or_default();
            if !(200..300).contains(&status) {
                continue;
            }
            let (method, url) = (entry["request"]["method"].as_str(), entry["request"]["url"].as_str());
            let path = url.and_then(|url| url.strip_prefix(&self.plane.url())?.split('?').next());
            let (method, path) = method.zip(path).context("a request")?;
            self.well
                .extend(self.described.iter().find(|described| is_one_of(described, method, path)).cloned());
        }
        Ok(())
    }

    /// Tells the fuzzer what there is; a key that may do everything. What is read by an id is asked for once: whether the
    /// fuzzer, too, comes upon the right one is a matter of chance.
    async fn furnish(&mut self) -> Result<String> {
        let person = Person::sign_in(&self.plane, EMAIL, PASSWORD).await?;
        let first = async |path: &str| -> Result<String> {
            let page = person.gets(Method::GET, path, &Value::Null).await?;
            Ok(page["items"][0]["id"].as_str().with_context(|| format!("nothing in {path}"))?.to_owned())
        };
        let account = person.gets(Method::GET, "account", &Value::Null).await?;
        let account = account["id"].as_str().context("an account")?.to_owned();
        ensure!(self.plane.webhook(ENDPOINT, r#"{"message": "db down"}"#).await?.0 == 202, "no alert");
        let body = json!({"email": "bob@example.com", "role": "viewer"});
        person.gets(Method::POST, "invites", &body).await?;
        let body = json!({"name": "fuzz", "scopes": ["read", "alerts:write", "projects:write"]});
        let key = person.gets(Method::POST, "keys", &body).await?;
        let (call, alert) = (first("calls").await?, first("alerts").await?);
        let request = first(&format!("endpoints/{ENDPOINT}/requests")).await?;
        let known = [
            ("calls/{id}", format!("calls/{call}")),
            ("alerts/{id}", format!("alerts/{alert}")),
            ("alerts/{id}/requests", format!("alerts/{alert}/requests")),
            ("requests/{id}", format!("requests/{request}")),
            ("endpoints/{id}", format!("endpoints/{ENDPOINT}")),
            ("endpoints/{id}/requests", format!("endpoints/{ENDPOINT}/requests")),
            ("keys/{id}", format!("keys/{}", first("keys").await?)),
            ("members/{account_id}", format!("members/{account}")),
        ];
        let mut well = BTreeSet::new();
        for (operation, path) in known {
            person.gets(Method::GET, &path, &Value::Null).await.with_context(|| path)?;
            well.insert(format!("GET /api/v1/{operation}"));
        }
        ensure!(well.is_subset(&self.described), "not described: {well:?}");
        let in_path = |id: String| vec![("path.id", id)];
        let project = first("projects").await?;
        let scenario = first(&format!("projects/{project}/scenarios")).await?;
        let mut in_project = in_path(project);
        in_project.extend([("path.name", "default".to_owned()), ("header.If-None-Match", "*".to_owned())]);
        let there = [
            There {
                path: "^/api/v1/projects$",
                methods: "^POST$",
                parameters: vec![("body.primary_account_id", account)],
            },
            There {
                path: "^/api/v1/projects/",
                methods: "^(GET|PATCH|POST)$",
                parameters: in_project.clone(),
            },
            There {
                path: "^/api/v1/projects/.*/scenarios/",
                methods: "^PUT$",
                parameters: in_project.into_iter().filter(|(name, _)| *name != "path.name").collect(),
            },
            There {
                path: "^/api/v1/endpoints/",
                methods: "^(GET|PATCH)$",
                parameters: in_path(ENDPOINT.to_owned()),
            },
            There { path: "^/api/v1/requests/", methods: "^GET$", parameters: in_path(request) },
            There { path: "^/api/v1/calls/", methods: "^GET$", parameters: in_path(call) },
            There { path: "^/api/v1/scenarios/", methods: ".", parameters: in_path(scenario) },
            There { path: "^/api/v1/alerts/", methods: ".", parameters: in_path(alert) },
            There {
                path: "^/api/v1/invites/",
                methods: "^(GET|POST)$",
                parameters: in_path(first("invites").await?),
            },
        ];
        fs::write(self.dir.path().join("schemathesis.toml"), configuration(&there)?)?;
        self.well.extend(well);
        Ok(key["key"].as_str().context("a key")?.to_owned())
    }
}

/// The fuzzer's configuration: mostly what is there, and else whatever it comes upon.
fn configuration(there: &[There]) -> Result<String> {
    let (mut dictionaries, mut operations) = (String::new(), String::new());
    for (number, There { path, methods, parameters }) in there.iter().enumerate() {
        write!(
            operations,
            "[[operations]]\ninclude-path-regex = '{path}'\ninclude-method-regex = '{methods}'\n[operations.parameters]\n"
        )?;
        for (place, (name, value)) in parameters.iter().enumerate() {
            writeln!(dictionaries, "[dictionaries.d{number}-{place}]\nvalues = [\"{value}\"]")?;
            writeln!(operations, "\"{name}\" = {{ dictionary = \"d{number}-{place}\", probability = 0.8 }}")?;
        }
    }
    Ok(format!("{dictionaries}{operations}"))
}

/// Whether a request is one of this operation.
fn is_one_of(operation: &str, method: &str, path: &str) -> bool {
    let Some((of_method, template)) = operation.split_once(' ') else { return false };
    let (mut parts, mut wanted) = (path.split('/'), template.split('/'));
    method == of_method
        && loop {
            match (parts.next(), wanted.next()) {
                (None, None) => break true,
                (Some(part), Some(wanted)) if part == wanted || wanted.starts_with('{') => {}
                _ => break false,
            }
        }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_as_the_description_says() -> Result<()> {
    let mut field = Field::start().await?;
    field.fuzz("nobody", &[], &[])?;
    let key = field.furnish().await?;
    field.fuzz(
        "a key",
        &[format!("Authorization: Bearer {key}")],
        &["--include-path-regex", "^/api/v1/", "--exclude-path-regex", NOT_EVENTS],
    )?;
    let person = Person::sign_in(&field.plane, EMAIL, PASSWORD).await?;
    let person = person.headers().map(|(name, value)| format!("{name}: {value}"));
    let only = ["--include-path-regex", "^/api/v1/", "--exclude-path-regex", ENDS_THE_RUN];
    field.fuzz("a person", &person, &only)?;
    let Field { described, well, .. } = &field;
    for known in BY_OTHER_IDS {
        assert!(described.contains(known), "{known} is not described");
    }
    let is_tried = |operation: &&String| {
        let ends = ["session", "sessions", "account", "organization", "organizations"];
        operation.starts_with("GET /api/v1/")
            && !BY_OTHER_IDS.contains(&operation.as_str())
            && !ends.iter().any(|end| operation.ends_with(&format!(" /api/v1/{end}")))
    };
    let never: Vec<&String> = described.difference(well).filter(is_tried).collect();
    assert!(never.is_empty(), "never answered well: {never:#?}");
    field.plane.stop().await
}
