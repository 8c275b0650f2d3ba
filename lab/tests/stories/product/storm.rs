//! Ten thousand webhooks for one person: everybody is answered, the phone is not rung ten thousand times,
//! and another organization's critical call does not wait.

use super::{PHONE, accepted};
use crate::scene::secs;
use anyhow::{Context, Result, ensure};
use lab::{
    Behaviour, Lab, LabOptions,
    product::Installation,
    setup::{Patience, Project, organization},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashSet},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

const WEBHOOKS: usize = 10_000;
const CONNECTIONS: usize = 16;
/// What the promise allows another organization's critical call, here from its sending to the INVITE.
const PROMISED: Duration = Duration::from_secs(1);
const BEFORE: &str = "+380501234568";
const AMIDST: &str = "+380501234569";

/// Organization `acme` with the phone of the storm, and `other` with two quiet ones.
struct Weather {
    installation: Installation,
    lab: Lab,
    acme: Project,
    other: [Project; 2],
}

/// How the webhooks of a storm were answered.
#[derive(Default)]
struct Answers {
    requests: HashSet<String>,
    calls: HashSet<String>,
    /// 429 or 503, with Retry-After.
    put_off: usize,
}

impl Weather {
    async fn fair() -> Result<Self> {
        let lab = Lab::start(LabOptions::default()).await?;
        let acme = Project::new("shop", PHONE);
        let other = [Project::new("before", BEFORE), Project::new("amidst", AMIDST)];
        let patience = Patience { redials: 5, redial_pause_seconds: 30, ring_seconds: 30 };
        let setup = organization("acme", std::slice::from_ref(&acme), patience)
            .replace("cooldown_seconds = 0", "cooldown_seconds = 60")
            + &organization("other", &other, patience);
        let installation = Installation::start(&lab, 0, &setup, "acme", &["+380"]).await?;
        let carrier = lab.carrier();
        carrier.prepare(Behaviour::ring_out()).await?;
        carrier.by_default(Behaviour::ring_out());
        Ok(Self { installation, lab, acme, other })
    }

    /// Sends them as fast as they are taken. Once half of them are answered, organization `other` sends one;
    /// how long its call took is returned too.
    async fn storm(&self, body: impl Fn(usize) -> String) -> Result<(Answers, Duration)> {
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let one_connection = async || {
            let mut answers = Answers::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= WEBHOOKS {
                    return Ok::<_, anyhow::Error>(answers);
                }
                answers.add(self.send(body(number)).await?).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        let half_way = async {
            while done.load(Ordering::Relaxed) < WEBHOOKS / 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.delay(&self.other[1]).await
        };
        let storm = futures_util::future::try_join_all((0..CONNECTIONS).map(|_| one_connection()));
        let (answers, delay) = tokio::try_join!(storm, half_way)?;
        Ok((Answers::together(answers), delay))
    }

    async fn send(&self, body: String) -> Result<reqwest::Response> {
        let plane = self.installation.control_plane();
        let url = format!("{}/api/wh/{}", plane.url(), self.acme.endpoint);
        Ok(plane.http().post(url).header("content-type", "application/json").body(body).send().await?)
    }

    /// From the sending of one critical webhook to its INVITE.
    async fn delay(&self, project: &Project) -> Result<Duration> {
        let (plane, sent) = (self.installation.control_plane(), Instant::now());
        accepted(plane.webhook(&project.endpoint.to_string(), super::CRITICAL).await?)?;
        let invited = self.lab.carrier().expect_invite(&project.phone, secs(30)).await;
        let invited = invited.with_context(|| self.installation.log_tails())?;
        Ok(invited.duration_since(sent))
    }

    /// Every call of `acme`, page by page.
    async fn calls(&self) -> Result<Vec<Value>> {
        let (plane, key) = (self.installation.control_plane(), self.installation.api_key());
        let mut calls = Vec::new();
        let mut path = "/api/v1/calls?limit=200".to_owned();
        loop {
            let page = plane.get(&path, key).await?;
            calls.extend(page["items"].as_array().context("a page")?.iter().cloned());
            let Some(next) = page["next"].as_str() else { return Ok(calls) };
            path = format!("/api/v1/calls?limit=200&before={next}");
        }
    }

    /// A storm without dedup keys passes: everybody is answered, nothing is lost, another organization does
    /// not wait. How many calls there are of each status and reason.
    async fn passes(&mut self, body: impl Fn(usize) -> String) -> Result<BTreeMap<String, usize>> {
        let before = self.delay(&self.other[0]).await?;
        let begun = Instant::now();
        let (answers, during) = self.storm(body).await?;
        let took = begun.elapsed();
        let calls = self.settled_calls().await?;
        let mut kinds = BTreeMap::new();
        for call in &calls {
            let kind = format!("{} {}", text(&call["status"]), text(&call["reason"]));
            *kinds.entry(kind).or_default() += 1;
        }
        let (rings, memory) = (self.rings(), self.memory()?);
        lab::say::say(format!(
            "{} accepted, {} put off, in {took:.1?}: {:.0} a second; {kinds:?}; rung {rings} times; another \
             organization {during:.0?}, before the storm {before:.0?}; {memory} MiB",
            answers.requests.len(),
            answers.put_off,
            WEBHOOKS as f64 / took.as_secs_f64(),
        ));
        ensure!(during < PROMISED, "another organization had to wait: {during:?}, before {before:?}");
        ensure!(answers.requests.len() + answers.put_off == WEBHOOKS, "somebody was not answered");
        let kept: HashSet<&str> = calls.iter().filter_map(|call| call["id"].as_str()).collect();
        let of: HashSet<&str> = calls.iter().filter_map(|call| call["request_id"].as_str()).collect();
        ensure!(kept == strs(&answers.calls), "{} calls told, {} kept", answers.calls.len(), kept.len());
        ensure!(of == strs(&answers.requests), "{} requests told, {} kept", answers.requests.len(), of.len());
        ensure!(memory < 512, "{memory} MiB");
        Ok(kinds)
    }

    /// Once each call that is queued has met the dispatcher.
    async fn settled_calls(&self) -> Result<Vec<Value>> {
        let begun = Instant::now();
        loop {
            let calls = self.calls().await?;
            if calls.iter().all(|call| call["status"] != "queued" || !call["reason"].is_null()) {
                return Ok(calls);
            }
            ensure!(begun.elapsed() < secs(20), "calls are not looked at\n{}", self.installation.log_tails());
        }
    }

    fn rings(&self) -> usize {
        self.lab.carrier().calls().iter().filter(|call| call.to == PHONE.trim_start_matches('+')).count()
    }

    /// Memory of the control plane, MiB.
    fn memory(&mut self) -> Result<u64> {
        let process = self.installation.control_plane_mut().process_mut().context("it runs")?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        Ok(peak.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
    }
}

impl Answers {
    async fn add(&mut self, response: reqwest::Response) -> Result<()> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body: Value = serde_json::from_slice(&response.bytes().await?)?;
        if status == 429 || status == 503 {
            ensure!(headers.contains_key("retry-after"), "{status} without Retry-After: {body}");
            self.put_off += 1;
            return Ok(());
        }
        for call in body["calls"].as_array().into_iter().flatten() {
            self.calls.insert(text(&call["id"]));
        }
        ensure!(self.requests.insert(accepted((status, body))?), "a request id was given twice");
        Ok(())
    }

    fn together(all: Vec<Self>) -> Self {
        let mut sum = Self::default();
        for one in all {
            sum.requests.extend(one.requests);
            sum.calls.extend(one.calls);
            sum.put_off += one.put_off;
        }
        sum
    }
}

fn strs(set: &HashSet<String>) -> HashSet<&str> {
    set.iter().map(String::as_str).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn ten_thousand_webhooks_for_one_phone_ring_it_a_few_times_and_hold_up_nobody_else() -> Result<()> {
    let mut weather = Weather::fair().await?;
    let severity = |number| if number % 2 == 0 { "critical" } else { "major" };
    let body = |number| format!(r#"{{"status":"{}","message":"db {number} down"}}"#, severity(number));
    let kinds = weather.passes(body).await?;
    let visible = ["calling ", "queued cooldown", "blocked cooldown", "blocked rate_limited"];
    ensure!(kinds.keys().all(|kind| visible.contains(&kind.as_str())), "{kinds:?}");
    // At most three at once, and each rings for half a minute.
    ensure!((1..=9).contains(&weather.rings()), "rung {} times", weather.rings());
    weather.installation.stop().await
}

#[tokio::test]
async fn ten_thousand_webhooks_in_the_cooldown_of_a_phone_cost_no_more_than_their_storing() -> Result<()> {
    let mut weather = Weather::fair().await?;
    let body = |number| format!(r#"{{"status":"major","message":"db {number} down"}}"#);
    let kinds = weather.passes(body).await?;
    ensure!(kinds.keys().all(|kind| ["calling ", "blocked cooldown"].contains(&kind.as_str())), "{kinds:?}");
    ensure!(weather.rings() == 1, "rung {} times", weather.rings());
    weather.installation.stop().await
}

#[tokio::test]
async fn ten_thousand_webhooks_about_one_alert_ring_once_and_hold_up_nobody_else() -> Result<()> {
    let body = |number| format!(r#"{{"status":"critical","message":"db {number} down","dedup_key":"db"}}"#);
    rings_once(body).await
}

#[tokio::test]
async fn ten_thousand_webhooks_that_say_the_same_without_a_key_ring_once_and_hold_up_nobody_else()
-> Result<()> {
    rings_once(|_| r#"{"status":"critical","message":"db down"}"#.to_owned()).await
}

async fn rings_once(body: impl Fn(usize) -> String) -> Result<()> {
    let mut weather = Weather::fair().await?;
    let (answers, during) = weather.storm(body).await?;
    ensure!(during < PROMISED, "another organization had to wait: {during:?}");
    let plane = weather.installation.control_plane();
    let page = plane.get("/api/v1/alerts", weather.installation.api_key()).await?;
    ensure!(page["items"].as_array().is_some_and(|alerts| alerts.len() == 1), "{page:#}");
    ensure!(page["items"][0]["requests"] == answers.requests.len(), "{page:#}");
    ensure!(weather.calls().await?.len() == 1 && weather.rings() == 1, "rung {} times", weather.rings());
    weather.installation.stop().await
}
