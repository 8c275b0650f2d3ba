//! `lab bench`: how long from a webhook to the INVITE, beside raw ARI on the same Asterisk.

mod numbers;

use crate::{
    Behaviour, Lab, LabOptions, Trunk,
    ari::{Ari, Events},
    dirs,
    product::Installation,
    say::say,
    setup::{Patience, Project, organization},
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    fs,
    time::{Duration, Instant},
};

/// Calls before the measurement: caches, pools and code are warm after them.
const WARM_UP: usize = 20;
const LIMIT: Duration = Duration::from_secs(30);
const ORG: &str = "bench";
const TRUNK: &str = "a";
const APP: &str = "bench";

/// Times from the start of a request to the arrival of its INVITE.
#[derive(Debug)]
struct Figures {
    product: Vec<Duration>,
    raw: Vec<Duration>,
}

/// Measures `calls` calls each way, prints a table and writes `target/bench.json`.
///
/// # Errors
/// Also when a webhook rang a phone twice or not at all: a figure of a wrong run is worth nothing.
pub async fn run(calls: usize) -> Result<()> {
    let trunks = vec![Trunk::named(TRUNK).capped(1_000, 1_000)];
    let lab = Lab::start(LabOptions { trunks, rtp_ports: 200, ..LabOptions::default() }).await?;
    // Busy: the shortest life of a call that no policy redials or fails over here.
    lab.carrier().by_default(Behaviour::refuse(486));
    lab.carrier().prepare(Behaviour::refuse(486)).await?;
    let projects: Vec<Project> =
        (0..calls + WARM_UP).map(|n| Project::new(&format!("p{n}"), &format!("+3805012{n:05}"))).collect();
    let patience = Patience { redials: 0, redial_pause_seconds: 1, ring_seconds: 20 };
    let setup = organization(ORG, &projects, patience);
    let mut installation = Installation::start(&lab, 0, &setup, ORG, &["+380"]).await?;
    let measured = measure(&lab, &installation, &projects).await;
    let measured = measured.with_context(|| installation.log_tails());
    let stopped = installation.stop().await;
    let figures = measured?;
    stopped?;
    report(&figures, numbers::measure()?)
}

/// Product, raw, product, raw …: whatever drifts on this machine hits both.
async fn measure(lab: &Lab, installation: &Installation, projects: &[Project]) -> Result<Figures> {
    let ari = lab.pbx(0).ari()?;
    let mut events = ari.events(APP, false).await?;
    let mut figures = Figures { product: Vec::new(), raw: Vec::new() };
    for (number, project) in projects.iter().enumerate() {
        let product = product_call(lab, installation, project).await?;
        let raw = raw_call(lab, &ari, &mut events, number).await?;
        if number >= WARM_UP {
            figures.product.push(product);
            figures.raw.push(raw);
        }
    }
    let calls = lab.carrier().calls();
    for project in projects {
        let digits = project.phone.trim_start_matches('+');
        let rung = calls.iter().filter(|call| call.to == digits).count();
        ensure!(rung == 1, "one webhook rang {} {rung} times", project.phone);
    }
    Ok(figures)
}

async fn product_call(lab: &Lab, installation: &Installation, project: &Project) -> Result<Duration> {
    let body = json!({"status": "critical", "message": format!("{} is down", project.slug)});
    let begun = Instant::now();
    let (status, answer) =
        installation.control_plane().webhook(&project.endpoint.to_string(), &body.to_string()).await?;
    ensure!(status == 202, "the webhook was answered {status}: {answer}");
    let invited = lab.carrier().expect_invite(&project.phone, LIMIT).await?;
    let call = lab.carrier().expect_call(&project.phone).await?;
    call.expect_refused(486, LIMIT).await?;
    settled(installation, &answer).await?;
    Ok(invited.duration_since(begun))
}

/// Waits until the call log has the end of the call, so that its writing disturbs nobody.
async fn settled(installation: &Installation, answer: &Value) -> Result<()> {
    let request = answer["request_id"].as_str().with_context(|| format!("no request_id in {answer}"))?;
    let path = format!("/api/v1/calls?request_id={request}");
    let begun = Instant::now();
    loop {
        let body = installation.control_plane().get(&path, installation.api_key()).await?;
        let status = body["items"][0]["status"].as_str().unwrap_or("queued");
        if !["queued", "calling", "answered"].contains(&status) {
            return Ok(());
        }
        ensure!(begun.elapsed() < LIMIT, "the call did not come to rest: {body:#}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn raw_call(lab: &Lab, ari: &Ari, events: &mut Events, number: usize) -> Result<Duration> {
    let (phone, id) = (format!("+3805019{number:05}"), format!("raw-{number}"));
    let begun = Instant::now();
    ari.originate(&id, &phone, TRUNK, APP, 20).await?.expect("originate")?;
    let invited = lab.carrier().expect_invite(&phone, LIMIT).await?;
    events.expect("ChannelDestroyed", &id, LIMIT).await?;
    Ok(invited.duration_since(begun))
}

fn report(figures: &Figures, numbers: Value) -> Result<()> {
    let (product, raw) = (Summary::of(&figures.product), Summary::of(&figures.raw));
    say(format!("{:<12} {:>20} {:>24} {:>12}", "ms", "webhook to INVITE", "raw ARI to INVITE", "difference"));
    for (name, of) in
        [("median", Summary::median as fn(&Summary) -> f64), ("p99", Summary::p99), ("least", Summary::least)]
    {
        let (one, other) = (of(&product), of(&raw));
        say(format!("{name:<12} {one:>20.2} {other:>24.2} {:>12.2}", one - other));
    }
    say(format!(
        "{} calls each way, interleaved, on one Asterisk; warm; times by the carrier's clock",
        figures.product.len()
    ));
    let file = dirs::target()?.join("bench.json");
    let document = json!({
        "measured_at": jiff::Timestamp::now().to_string(),
        "figures": [{
            "name": "webhook_to_invite",
            "unit": "ms",
            "calls": figures.product.len(),
            "value": product.json(),
            "baseline": {"name": "raw_ari_originate_to_invite", "value": raw.json()},
            "difference_of_medians": product.median() - raw.median(),
        }, numbers],
    });
    fs::write(&file, format!("{document:#}\n")).with_context(|| format!("write {}", file.display()))?;
    say(format!("written to {}", file.display()));
    Ok(())
}

/// Sorted milliseconds.
#[derive(Debug)]
struct Summary(Vec<f64>);

impl Summary {
    fn of(times: &[Duration]) -> Self {
        let mut sorted: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        sorted.sort_by(f64::total_cmp);
        Self(sorted)
    }

    /// The value below which a share of the calls lies (nearest rank).
    fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    fn p99(&self) -> f64 {
        self.quantile(0.99)
    }

    fn least(&self) -> f64 {
        self.quantile(0.0)
    }

    fn json(&self) -> Value {
        json!({"median": self.median(), "p99": self.p99(), "least": self.least()})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_rank() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        let summary = Summary::of(&times);
        assert_eq!((summary.median(), summary.p99(), summary.least()), (100.0, 198.0, 1.0));
    }
}
