//! `check`: every dependency one by one, each with what to do about it. Makes nothing.

use super::{WRONG, existing};
use crate::{
    config::{Data, ServeOptions, Settings},
    fleet,
    mail::{self, MailSettings, State},
    say,
    store::Store,
};
use serde::Serialize;
use std::process::ExitCode;

/// How a probe came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// As it should be.
    Good,
    /// It works, but somebody should look.
    Worth,
    /// It does not work now.
    Bad,
    /// It does not work until the configuration is changed.
    Misconfigured,
}

/// One probe.
#[derive(Debug, Serialize)]
struct Finding {
    probe: &'static str,
    verdict: Verdict,
    /// What was found, and what to do.
    detail: String,
}

#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

pub(super) async fn run(options: ServeOptions, json: bool) -> ExitCode {
    let findings = findings(options).await;
    findings.tell(json);
    match findings.worst() {
        Verdict::Good | Verdict::Worth => ExitCode::SUCCESS,
        Verdict::Bad => ExitCode::FAILURE,
        Verdict::Misconfigured => ExitCode::from(WRONG),
    }
}

/// Probes everything; without a configuration that can be used there is nothing else to probe.
pub(super) async fn findings(options: ServeOptions) -> Findings {
    let mut findings = Findings::default();
    match Settings::resolve(options) {
        Err(error) => findings.add("configuration", Verdict::Misconfigured, error),
        Ok(settings) => probe(&mut findings, &settings).await,
    }
    findings
}

async fn probe(findings: &mut Findings, settings: &Settings) {
    let Settings { data, listen, tls, mail, .. } = settings;
    findings.add("configuration", Verdict::Good, format!("to listen on {listen}"));
    match tls {
        Some(files) => match files.load() {
            Ok(_) => findings.add("certificate", Verdict::Good, files.cert.display()),
            Err(error) => findings.add("certificate", Verdict::Misconfigured, error),
        },
        None if listen.ip().is_loopback() => {
            findings.add("certificate", Verdict::Good, "none is needed on loopback");
        }
        None => findings.add("certificate", Verdict::Worth, "none: keys travel unencrypted; see --tls-cert"),
    }
    data_dir(findings, data);
    match fleet::order_key_file(&data.dir) {
        Ok(Some(path)) => findings.add("order-signing key", Verdict::Good, path.display()),
        Ok(None) => {
            findings.add("order-signing key", Verdict::Worth, "not made yet: the first `serve` makes it")
        }
        Err(error) => findings.add("order-signing key", Verdict::Bad, error),
    }
    letters(findings, mail.as_ref()).await;
    match existing(data).await {
        Ok(store) => database(findings, &store, data).await,
        Err(error) => findings.add("database", Verdict::Bad, error),
    }
}

fn data_dir(findings: &mut Findings, data: &Data) {
    let dir = data.dir.display();
    match tempfile::NamedTempFile::new_in(&data.dir) {
        Ok(_) => findings.add("data directory", Verdict::Good, dir),
        Err(error) => {
            findings.add("data directory", Verdict::Bad, format!("{dir}: cannot be written: {error}"))
        }
    }
}

async fn letters(findings: &mut Findings, mail: Option<&MailSettings>) {
    match mail {
        None => findings.add("mail", Verdict::Worth, "not configured: letters stay queued; see --mail"),
        Some(settings) => match mail::probe(settings).await {
            Ok(found) => findings.add("mail", Verdict::Good, found),
            Err(error) => {
                let verdict = if error.is_configuration() { Verdict::Misconfigured } else { Verdict::Bad };
                findings.add("mail", verdict, error);
            }
        },
    }
}

/// Letters that nobody takes are seen here before anybody misses one.
async fn outbox(findings: &mut Findings, store: &Store) {
    match mail::figures(store).await {
        Ok(figures) => {
            let told: Vec<String> =
                figures.letters.iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
            let waits = figures.letters.iter().any(|(state, count)| *state == State::Waiting && *count > 0);
            let verdict = if waits { Verdict::Worth } else { Verdict::Good };
            findings.add("letters", verdict, told.join(", "));
        }
        Err(error) => findings.add("letters", Verdict::Bad, error),
    }
}

async fn database(findings: &mut Findings, store: &Store, data: &Data) {
    findings.add("database", Verdict::Good, data.database_file().display());
    match store.verify().await {
        Ok(()) => findings.add("integrity", Verdict::Good, "whole, by the engine's own check"),
        Err(error) => findings.add("integrity", Verdict::Bad, error),
    }
    outbox(findings, store).await;
    match fleet::enrolled(store).await {
        Ok(names) if names.is_empty() => {
            let detail = "none is enrolled, so nobody can be called: `control-plane enroll-token PBX`, then \
                          `pbx-agent enroll` on its host";
            findings.add("PBXs", Verdict::Worth, detail);
        }
        Ok(names) => {
            findings.add("PBXs", Verdict::Good, format!("{} enrolled: {}", names.len(), names.join(", ")))
        }
        Err(error) => findings.add("PBXs", Verdict::Bad, error),
    }
}

impl Findings {
    fn add(&mut self, probe: &'static str, verdict: Verdict, detail: impl ToString) {
        self.0.push(Finding { probe, verdict, detail: detail.to_string() });
    }

    fn worst(&self) -> Verdict {
        self.0.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Good)
    }

    /// For programs.
    pub(super) fn document(&self) -> serde_json::Value {
        let ok = self.worst() <= Verdict::Worth;
        serde_json::json!({ "ok": ok, "findings": self.0 })
    }

    fn tell(&self, json: bool) {
        if json {
            return say::json(&self.document());
        }
        for Finding { probe, verdict, detail } in &self.0 {
            let word = match verdict {
                Verdict::Good => "ok     ",
                Verdict::Worth => "warning",
                Verdict::Bad | Verdict::Misconfigured => "FAILED ",
            };
            say::say(format!("{word}  {probe}: {detail}"));
        }
    }
}
