//! The probes of `check`.

use super::{Findings, Verdict};
use crate::{
    ari::{AriClient, AriError},
    config::{Config, exposure},
    health::{Reach, reach},
    identity::{self, Identity},
    status::{self, Known},
    tls,
    voice::Voice,
};
use std::time::Duration;

/// A clock that is off by more is worth a look.
const NOTABLE_SECONDS: f64 = 2.0;

pub(super) fn fences(findings: &mut Findings, config: &Config) {
    for trunk in &config.trunks {
        let probe = format!("trunk {}: route_countries", trunk.name);
        if trunk.route_countries.is_empty() {
            findings.add(probe, Verdict::Worth, "is empty, so this trunk may call nobody");
            continue;
        }
        let broad = trunk.route_countries.broad_entries();
        if broad.is_empty() {
            findings.add(&probe, Verdict::Good, format!("{:?}", trunk.route_countries));
        }
        for (entry, regions) in broad {
            let detail = format!(
                "{entry} opens {} regions ({}); name the ISO regions that are meant",
                regions.len(),
                regions.join(" ")
            );
            findings.add(&probe, Verdict::Worth, detail);
        }
    }
}

pub(super) fn permissions(findings: &mut Findings, config: &Config) {
    let path = &config.ari.password_file;
    match exposure(path) {
        None if path.file_name() == Some(path.as_os_str()) => findings.add(
            "ARI password",
            Verdict::Bad,
            format!("{}: is a credential, there while pbx-agent.service runs: start it", path.display()),
        ),
        None => findings.add("ARI password", Verdict::Bad, format!("{}: cannot be read", path.display())),
        Some(exposure) => match exposure.writer().or(exposure.reader()) {
            Some(who) => findings.add(
                "ARI password",
                Verdict::Worth,
                format!("{}: is open to {who}: chmod 600 {0}", path.display()),
            ),
            None => findings.add("ARI password", Verdict::Good, path.display().to_string()),
        },
    }
}

pub(super) fn state_dir(findings: &mut Findings, config: &Config) {
    let dir = &config.state_dir;
    let written = tempfile::NamedTempFile::new_in(dir)
        .map_err(|error| format!("{}: cannot be written: {error}", dir.display()));
    findings.judge("state_dir", written, |_| dir.display().to_string());
}

pub(super) fn identity(findings: &mut Findings, config: &Config) {
    let identity = Identity::load(&config.state_dir, &config.name);
    findings.judge("identity", identity, |identity| {
        format!("enrolled as {}, obeys {} key(s)", config.name, identity.pinned.keys().len())
    });
}

/// Its health page over the same TLS; whether it accepts our key is known to the running agent.
pub(super) async fn control_plane(findings: &mut Findings, config: &Config) {
    let url = identity::http_twin(&config.control_plane.url, "/healthz");
    let asked = async {
        let tls = match config.control_plane.url.scheme() {
            "wss" => tls::client_config(config.control_plane.ca_file.as_deref()),
            _ => tls::trusting_nobody(),
        }
        .map_err(|error| error.to_string())?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(tls)
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| error.to_string())?;
        let response = client.get(&url).send().await.map_err(|error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            format!("{url}: {cause}")
        })?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("{url}: answered {status}; is this the control plane?")),
        }
    };
    let asked: Result<(), String> = asked.await;
    findings.judge("control plane", asked, |()| format!("answers at {}", config.control_plane.url));
}

pub(super) fn agent(findings: &mut Findings, config: &Config) {
    let status = match status::read(&config.state_dir) {
        Known::Running(status) => status,
        Known::Stale(status) => {
            let detail =
                format!("does not run; last heard of at {}: start `pbx-agent run`", status.written_at);
            return findings.add("agent", Verdict::Bad, detail);
        }
        Known::Nothing(_) => {
            return findings.add("agent", Verdict::Bad, "does not run: start `pbx-agent run`");
        }
    };
    if let Some(at) = status.drained_since {
        let detail = format!("takes no new work since {at}, as it was told: `pbx-agent undrain`");
        findings.add("agent", Verdict::Bad, detail);
    } else if status.health.draining {
        findings.add("agent", Verdict::Bad, "runs and takes no new work");
    } else {
        findings.add("agent", Verdict::Good, format!("runs as pid {}", status.pid));
    }
    if !status.health.speaks_codes {
        let detail = "cannot be spoken, so that no phone is verified from this host: look at [voice] command";
        findings.add("codes", Verdict::Worth, detail);
    }
    if status.linked {
        findings.add("link", Verdict::Good, "the control plane accepts this host");
    } else {
        let why = status.link_trouble.as_deref().unwrap_or("connecting");
        findings.add("link", Verdict::Bad, why);
    }
    if status.health.asterisk.is_none() {
        let why = status.health.trouble.as_deref().unwrap_or("the agent has no event stream");
        findings.add("event stream", Verdict::Bad, why);
    }
    let offset = status.clock_offset_seconds;
    if offset.abs() > NOTABLE_SECONDS {
        let detail =
            format!("the control plane's clock is {offset:+.1} s from ours: timedatectl set-ntp true");
        findings.add("clock", Verdict::Worth, detail);
    } else {
        findings.add("clock", Verdict::Good, format!("{offset:+.3} s from the control plane's"));
    }
}

pub(super) async fn asterisk(findings: &mut Findings, config: &Config) {
    let asked = async {
        let ari = AriClient::new(&config.ari)?;
        let version = ari.version().await?;
        Ok::<_, AriError>((ari, version))
    };
    let ari = match asked.await {
        Ok((ari, version)) => {
            findings.add("Asterisk", Verdict::Good, version);
            ari
        }
        Err(error) => return findings.add("Asterisk", Verdict::Bad, error.to_string()),
    };
    let registered = match ari.application().await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(format!("{} is not registered in Asterisk; a running agent registers it", ari.app())),
        Err(error) => Err(error.to_string()),
    };
    findings.judge("application", registered, |()| format!("{} is registered", ari.app()));
    match ari.endpoints().await {
        Ok(endpoints) => {
            for trunk in &config.trunks {
                let probe = format!("trunk {}", trunk.name);
                match reach(trunk.dial.carrier(), &endpoints) {
                    Reach::Online => findings.add(probe, Verdict::Good, "Asterisk can use it"),
                    Reach::Offline => findings.add(
                        probe,
                        Verdict::Worth,
                        "Asterisk says it is offline: look at its qualify or registration",
                    ),
                    Reach::Unknown => findings.add(
                        probe,
                        Verdict::Bad,
                        "Asterisk has no such endpoint: compare `dial` with pjsip.conf",
                    ),
                }
            }
            let usable =
                config.trunks.iter().any(|trunk| reach(trunk.dial.carrier(), &endpoints) == Reach::Online);
            if !usable {
                findings.add("trunks", Verdict::Bad, "none can be used now");
            }
        }
        Err(error) => findings.add("trunks", Verdict::Bad, error.to_string()),
    }
}

/// A tone is played where words cannot be, so this never keeps a call from being placed.
pub(super) async fn voice(findings: &mut Findings, config: &Config) {
    match Voice::new(&config.voice, &config.state_dir).try_out().await {
        Ok(seconds) => {
            findings.add("voice", Verdict::Good, format!("speaks; its first words last {seconds:.1} s"))
        }
        Err(error) => {
            findings.add(
                "voice",
                Verdict::Worth,
                format!("{error}; callees hear a tone, and key 1 still works"),
            );
        }
    }
}
