//! Waits until everything has come to rest after the harm, and hears the witnesses.

use super::{
    site::Site,
    verdict::Witnessed,
    watch::Watch,
    witness::{Clock, Dialog, LoggedCall, Sent},
};
use anyhow::{Context, Result};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// A call that has not come to rest by then has not ended.
const LIMIT: Duration = Duration::from_secs(100);
const PAUSE: Duration = Duration::from_millis(500);
/// A second ring may come after the first one is over.
const ECHO: Duration = Duration::from_secs(2);

/// Waits until every accepted call is over and every PBX healthy, or for so long and no longer.
///
/// # Errors
/// When the control plane does not answer any more.
pub async fn settle(site: &Site, watch: &Watch, sent: Vec<Sent>, clock: Clock) -> Result<Witnessed> {
    let begun = Instant::now();
    let mut logged: HashMap<String, Vec<LoggedCall>> = HashMap::new();
    while begun.elapsed() < LIMIT {
        read_log(site, &sent, clock, &mut logged).await?;
        let at_rest = sent.iter().filter_map(|sent| sent.accepted.as_ref()).all(|accepted| {
            logged.get(&accepted.request).is_some_and(|calls| calls.iter().all(LoggedCall::at_rest))
        });
        if at_rest && watch.all_healthy() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    tokio::time::sleep(ECHO).await;
    logged.clear();
    read_log(site, &sent, clock, &mut logged).await?;
    let lab = site.lab();
    let name = |port: u16| {
        let found = lab.pbxs().iter().find(|pbx| pbx.sip_port() == port);
        found.map_or_else(|| format!("port {port}"), |pbx| pbx.name().to_owned())
    };
    let dialogs = lab.carrier().calls().iter().map(|call| Dialog::read(call, clock, name)).collect();
    Ok(Witnessed { sent, logged, dialogs })
}

/// Asks for every accepted request whose calls were not at rest yet.
async fn read_log(
    site: &Site,
    sent: &[Sent],
    clock: Clock,
    logged: &mut HashMap<String, Vec<LoggedCall>>,
) -> Result<()> {
    for sent in sent {
        let Some(accepted) = &sent.accepted else { continue };
        let known = logged.get(&accepted.request);
        if known.is_some_and(|calls| !calls.is_empty() && calls.iter().all(LoggedCall::at_rest)) {
            continue;
        }
        let path = format!("/api/v1/calls?request_id={}", accepted.request);
        let body = site.control_plane().get(&path, site.key(sent.org)).await?;
        let items = body["items"].as_array().with_context(|| format!("{path}: no items in {body}"))?;
        let calls: Vec<LoggedCall> =
            items.iter().map(|item| LoggedCall::read(item, clock)).collect::<Result<_>>()?;
        logged.insert(accepted.request.clone(), calls);
    }
    Ok(())
}
