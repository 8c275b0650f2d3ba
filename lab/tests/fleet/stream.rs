//! Alerts that do not stop while something is done to the hosts.

use crate::field::Field;
use anyhow::{Result, ensure};
use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Between two alerts; with four phones, none is rung while it still rings.
const PAUSE: Duration = Duration::from_millis(700);

/// What came of a stream.
pub struct Stream {
    /// Requests that were answered 202.
    pub accepted: Vec<String>,
    /// The longest that one sender had to wait for its 202.
    pub longest_wait: Duration,
}

/// Sends alerts for as long as this takes; each must reach somebody.
pub async fn loses_none<T>(field: &Field, work: impl Future<Output = Result<T>>) -> Result<(T, Stream)> {
    let api_key = field.api_key().await?;
    let (done, stream) = during(field, work).await?;
    let unreached = field.unreached(&stream.accepted, &api_key).await?;
    ensure!(unreached.is_empty(), "{} of {} alerts: {unreached:#?}", unreached.len(), stream.accepted.len());
    Ok((done, stream))
}

/// Sends alerts for as long as this takes, and a few after it.
async fn during<T>(field: &Field, work: impl Future<Output = Result<T>>) -> Result<(T, Stream)> {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let alerts = async {
        let (mut accepted, mut longest_wait) = (Vec::new(), Duration::ZERO);
        let mut after = 4;
        while after > 0 {
            if *stopped.borrow() {
                after -= 1;
            }
            let begun = Instant::now();
            let number = accepted.len();
            let message = format!("alert {number} {:08x}", rand::random::<u32>());
            accepted.push(field.alert(number, &message).await?);
            longest_wait = longest_wait.max(begun.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::Ok(Stream { accepted, longest_wait })
    };
    let work = async {
        let done = work.await;
        let _ = stop.send(true);
        done
    };
    let (done, stream) = tokio::join!(work, alerts);
    Ok((done?, stream?))
}
