//! `/status/feed.atom`: incidents for programs that read feeds (RFC 4287), in English.

use super::{
    Language, Seen,
    html::{escaped, rfc3339},
};
use crate::status::incidents::{Incident, Update};
use shared::time::Timestamp;
use std::fmt::Write;
use url::Url;

/// One entry for each incident, which is new again with each update.
pub(super) fn render(seen: &Seen, public_url: &Url) -> String {
    let mut page = public_url.clone();
    page.set_path("/status");
    page.set_query(None);
    page.set_fragment(None);
    let page = escaped(page.as_str());
    let title = Language::English.words().title;
    let mut incidents: Vec<&Incident> = seen.overview.open.iter().chain(&seen.overview.past).collect();
    incidents.sort_by_key(|incident| std::cmp::Reverse(incident.told_at()));
    // The same for as long as nothing is told, and so is the tag.
    let updated = incidents.first().map_or(Timestamp::from_micros(0), |newest| newest.told_at());
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n\
         <id>{page}/feed.atom</id>\n<title>{title}</title>\n<updated>{}</updated>\n\
         <author><name>CallPing</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{page}/feed.atom\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{page}\"/>\n",
        rfc3339(updated)
    );
    for incident in incidents {
        feed += &entry(incident, &page);
    }
    feed + "</feed>\n"
}

fn entry(incident: &Incident, page: &str) -> String {
    let words = Language::English.words();
    let Incident { id, title, stage, impact, started_at, updates, .. } = incident;
    let mut content = format!("<p>{}</p>", words.impact(*impact));
    for Update { at, stage, text, .. } in updates {
        let lines = escaped(text).replace('\n', "<br>");
        let (stage, at) = (words.stage(*stage), words.moment(*at));
        let _ = write!(content, "<p><strong>{stage}</strong> ({at})<br>{lines}</p>");
    }
    format!(
        "<entry>\n<id>urn:uuid:{id}</id>\n<title>{}: {}</title>\n<published>{}</published>\n\
         <updated>{}</updated>\n<link rel=\"alternate\" type=\"text/html\" href=\"{page}#incident-{id}\"/>\n\
         <content type=\"html\">{}</content>\n</entry>\n",
        words.stage(*stage),
        escaped(title),
        rfc3339(*started_at),
        rfc3339(incident.told_at()),
        // HTML within XML: what was text of HTML is told as text of XML.
        escaped(&content)
    )
}
