//! The sender: posts every webhook when it is due, and again, with the same idempotency key, while it
//! is not told that it was taken.

use super::{
    plan::Planned,
    witness::{Accepted, Sent},
};
use crate::ari::http_client;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until, timeout},
};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Before it is sent again.
const PAUSE: Duration = Duration::from_millis(700);
/// How often it is sent before the sender gives up.
const TRIES: u32 = 8;

/// What became of one try.
enum Answer {
    Taken(String),
    /// Answered with another status than 202.
    Refused(u16),
    /// No connection, or none that lasted until the answer.
    Nothing,
}

/// Sends the whole stream, which begins at `begun`; what the sender was told, in the plan's order.
///
/// # Errors
/// Only where the lab itself fails.
pub async fn send(url: &str, planned: &[Planned], begun: Instant) -> Result<Vec<Sent>> {
    let http = http_client()?;
    let mut tasks = JoinSet::new();
    for (place, one) in planned.iter().enumerate() {
        let http = http.clone();
        let hook: Arc<str> = format!("{url}/api/wh/{}", one.project.endpoint).into();
        let status = if one.critical { "critical" } else { "major" };
        let body = json!({"status": status, "message": format!("{} is down", one.project.slug)}).to_string();
        let (at, key) = (begun + one.at, one.project.endpoint.to_string());
        let mut sent = Sent::new(&one.project.phone, one.org, one.callee);
        tasks.spawn(async move {
            sleep_until(at.into()).await;
            for attempt in 0..TRIES {
                if attempt > 0 {
                    sleep(PAUSE).await;
                }
                match post(&http, &hook, &key, &body).await {
                    Answer::Taken(request) => {
                        sent.accepted = Some(Accepted { at: begun.elapsed(), request });
                        break;
                    }
                    Answer::Refused(status) => sent.refused.push(status),
                    Answer::Nothing => sent.unanswered += 1,
                }
            }
            (place, sent)
        });
    }
    let mut told = Vec::new();
    while let Some(done) = tasks.join_next().await {
        told.push(done.context("a sender")?);
    }
    told.sort_by_key(|(place, _)| *place);
    Ok(told.into_iter().map(|(_, sent)| sent).collect())
}

async fn post(http: &reqwest::Client, hook: &str, key: &str, body: &str) -> Answer {
    let asked = async {
        let response = http
            .post(hook)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .body(body.to_owned())
            .send()
            .await?;
        let status = response.status().as_u16();
        Ok::<_, reqwest::Error>((status, response.bytes().await?))
    };
    match timeout(PATIENCE, asked).await {
        Ok(Ok((202, body))) => {
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            // A 202 that names no request is held against the product: its call is looked for in vain.
            Answer::Taken(body["request_id"].as_str().unwrap_or_default().to_owned())
        }
        Ok(Ok((status, _))) => Answer::Refused(status),
        Ok(Err(_)) | Err(_) => Answer::Nothing,
    }
}
