//! `/metrics`: a handful of figures in Prometheus' text format, on their own listener.

use super::{
    App, Response, Routes, health,
    routes::{READ, only, with},
};
use crate::{
    dispatch::figures::{Figures, figures},
    fleet::PbxHealth,
    mail,
};
use shared::time::Timestamp;
use std::{fmt::Write, sync::Arc};
use warp::{
    Filter,
    http::{HeaderValue, header::CONTENT_TYPE},
};

pub(super) fn routes(app: &Arc<App>) -> Routes {
    warp::path!("metrics")
        .and(only(READ))
        .and(with(app))
        .then(|app: Arc<App>| async move { answer(&app).await })
        .boxed()
}

/// Figures that the database does not give are left out rather than guessed.
async fn answer(app: &App) -> Response {
    let mut page = Page::default();
    page.gauge(
        "callping_build_info",
        "Version of the program.",
        &[(&format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1)],
    );
    page.gauge(
        "callping_uptime_seconds",
        "Since the start of the process.",
        &[("", app.started.elapsed().as_secs())],
    );
    let ready = health::obstacle(app).await.is_none();
    page.gauge(
        "callping_ready",
        "Whether requests can be accepted and calls dispatched.",
        &[("", u64::from(ready))],
    );
    if let Ok(Figures { queued, calling, open_attempts }) = figures(&app.store).await {
        page.gauge(
            "callping_calls",
            "Calls that are not over, by status.",
            &[("status=\"queued\"", queued), ("status=\"calling\"", calling)],
        );
        page.gauge(
            "callping_attempts_open",
            "Orders sent whose end is not known yet.",
            &[("", open_attempts)],
        );
    }
    if let Ok(fleet) = app.fleet.summary().await {
        let connected = fleet.items.iter().filter(|pbx| pbx.health != PbxHealth::Offline).count() as u64;
        page.gauge(
            "callping_agents_connected",
            "Agents that proved themselves and told their health.",
            &[("", connected)],
        );
        page.gauge("callping_pbxs", "PBXs in the apply file.", &[("", fleet.items.len() as u64)]);
    }
    if let Ok(mail::Figures { letters, oldest_waiting }) = mail::figures(&app.store).await {
        let labelled = letters.map(|(state, count)| (format!("state=\"{}\"", state.as_str()), count));
        let samples = labelled.each_ref().map(|(label, count)| (label.as_str(), *count));
        page.gauge("callping_letters", "Letters to people, by where they stand.", &samples);
        let age = oldest_waiting.map_or(0, |queued| Timestamp::now().since(queued).as_secs());
        page.gauge(
            "callping_letters_oldest_waiting_seconds",
            "Age of the oldest letter that waits to be sent; 0 where none does.",
            &[("", age)],
        );
    }
    let mut response = Response::new(page.0.into());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    response
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// One metric, with a sample for each set of labels.
    fn gauge(&mut self, name: &str, help: &str, samples: &[(&str, u64)]) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in samples {
            let _ = if labels.is_empty() {
                writeln!(self.0, "{name} {value}")
            } else {
                writeln!(self.0, "{name}{{{labels}}} {value}")
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_prometheus_text() {
        let mut page = Page::default();
        page.gauge("calls", "How many.", &[("status=\"queued\"", 2), ("status=\"calling\"", 0)]);
        page.gauge("ready", "Whether.", &[("", 1)]);
        let expected = "# HELP calls How many.\n# TYPE calls gauge\ncalls{status=\"queued\"} 2\n\
                        calls{status=\"calling\"} 0\n# HELP ready Whether.\n# TYPE ready gauge\nready 1\n";
        assert_eq!(page.0, expected);
    }
}
