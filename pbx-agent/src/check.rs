//! `pbx-agent check`: every dependency one by one, each with what to do about it.
//!
//! Nothing here disturbs a running agent: no second WebSocket, no second event stream, no order.

mod probes;

use crate::{config::Config, say, status::Status};
use serde::Serialize;
use std::path::Path;

/// How a probe came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Calls can be placed, but somebody should look.
    Worth,
    /// Calls cannot be placed now.
    Bad,
    /// Calls cannot be placed until the configuration is changed.
    Misconfigured,
}

/// One probe.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was tested.
    pub probe: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was found, and what to do.
    pub detail: String,
}

/// All probes, in order.
#[derive(Clone, Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The worst of them.
    pub fn verdict(&self) -> Verdict {
        self.0.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Good)
    }

    /// For programs.
    pub fn document(&self) -> serde_json::Value {
        let ok = self.verdict() <= Verdict::Worth;
        serde_json::json!({ "ok": ok, "findings": self.0 })
    }

    fn add(&mut self, probe: impl Into<String>, verdict: Verdict, detail: impl Into<String>) {
        self.0.push(Finding { probe: probe.into(), verdict, detail: detail.into() });
    }

    /// An error is bad, and its text says what to do.
    fn judge<T, E: std::fmt::Display>(
        &mut self,
        probe: impl Into<String>,
        found: Result<T, E>,
        good: impl FnOnce(T) -> String,
    ) {
        match found {
            Ok(found) => self.add(probe, Verdict::Good, good(found)),
            Err(error) => self.add(probe, Verdict::Bad, error.to_string()),
        }
    }
}

/// Probes everything; without a readable configuration there is nothing else to probe.
pub async fn check(path: &Path) -> Findings {
    let mut findings = Findings::default();
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            findings.add("configuration", Verdict::Misconfigured, error.to_string());
            return findings;
        }
    };
    findings.add(
        "configuration",
        Verdict::Good,
        format!("{}, {} trunks", path.display(), config.trunks.len()),
    );
    probes::fences(&mut findings, &config);
    probes::permissions(&mut findings, &config);
    probes::state_dir(&mut findings, &config);
    probes::identity(&mut findings, &config);
    probes::control_plane(&mut findings, &config).await;
    probes::agent(&mut findings, &config);
    probes::asterisk(&mut findings, &config).await;
    probes::voice(&mut findings, &config).await;
    findings
}

/// Prints the findings.
pub fn tell(findings: &Findings, json: bool) {
    if json {
        return say::json(&findings.document());
    }
    for Finding { probe, verdict, detail } in &findings.0 {
        let word = match verdict {
            Verdict::Good => "ok     ",
            Verdict::Worth => "warning",
            Verdict::Bad | Verdict::Misconfigured => "FAILED ",
        };
        say::say(format!("{word}  {probe}: {detail}"));
    }
}

/// Prints a running agent's status.
pub fn tell_status(status: &Status, running: bool) {
    let Status {
        name,
        pid,
        version,
        linked,
        link_trouble,
        clock_offset_seconds,
        last_report,
        drained_since,
        health,
        written_at,
    } = status;
    let state = match (running, drained_since, health.draining) {
        (false, ..) => format!("NOT RUNNING; last heard of at {written_at}"),
        (true, Some(at), _) => format!("takes no new work since {at}; `pbx-agent undrain` ends that"),
        (true, None, true) => "takes no new work".to_owned(),
        (true, None, false) => "running".to_owned(),
    };
    say::say(format!("{name}: {state} (pid {pid}, version {version})"));
    let link = match (linked, link_trouble) {
        (true, _) => "linked".to_owned(),
        (false, Some(trouble)) => format!("NOT LINKED: {trouble}"),
        (false, None) => "connecting".to_owned(),
    };
    say::say(format!("control plane: {link}; its clock is {clock_offset_seconds:+.3} s from ours"));
    let asterisk = health.asterisk.as_deref().unwrap_or("NOT REACHED");
    say::say(format!("Asterisk: {asterisk}"));
    if let Some(trouble) = &health.trouble {
        say::say(format!("trouble: {trouble}"));
    }
    say::say(format!("attempts under way: {}; last report: {last_report}", health.active));
    for trunk in &health.trunks {
        let online = if trunk.online { "online" } else { "OFFLINE" };
        say::say(format!(
            "trunk {}: {online}, {} of {} calls",
            trunk.name, trunk.active, trunk.max_concurrent
        ));
    }
}
