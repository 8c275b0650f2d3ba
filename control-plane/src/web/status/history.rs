//! `/status/history`: incidents that are over, page by page.

use super::{
    Language,
    html::{Document, incident},
};
use crate::status::incidents::Incident;
use shared::ids::IncidentId;
use std::fmt::Write;

/// The page that begins after `before`; `next` is its last incident where more follow.
pub(super) fn render(
    past: &[Incident],
    before: Option<IncidentId>,
    next: Option<IncidentId>,
    language: Language,
) -> String {
    let (words, tag) = (language.words(), language.as_str());
    let path = before
        .map_or_else(|| "/status/history".to_owned(), |before| format!("/status/history?before={before}"));
    let mut body = format!("<h1>{}</h1>\n", words.history_title);
    for over in past {
        body += &incident(over, "h2", words);
    }
    if past.is_empty() {
        let _ = writeln!(body, "<p class=\"nothing\">{}</p>", words.history_none);
    }
    body.push_str("<p class=\"more\">");
    if before.is_some() {
        let _ = write!(body, "<a href=\"/status/history?lang={tag}\">{}</a> ", words.newest);
    }
    if let Some(next) = next {
        let older = words.older;
        let _ = write!(
            body,
            "<a href=\"/status/history?before={next}&amp;lang={tag}\" rel=\"next\">{older}</a> "
        );
    }
    let _ = writeln!(body, "<a href=\"/status?lang={tag}\">{}</a></p>", words.back);
    Document { language, title: words.history_title, path: &path, body: &body }.written()
}
