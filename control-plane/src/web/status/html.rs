//! What both pages are made of. Whatever operators write is text, and stays text.

use super::{language::Language, style, words::Words};
use crate::status::{
    Component,
    incidents::{Incident, Stage, Update},
};
use shared::time::Timestamp;
use std::fmt::Write;

/// A page.
pub(super) struct Document<'a> {
    pub(super) language: Language,
    /// Of the window.
    pub(super) title: &'a str,
    /// Where it is, without the language.
    pub(super) path: &'a str,
    /// What stands between its header and its footer.
    pub(super) body: &'a str,
}

impl Document<'_> {
    pub(super) fn written(&self) -> String {
        let Self { language, title, path, body } = self;
        let words = language.words();
        let (stylesheet, tag) = (style::path(), language.as_str());
        let (name, feed, languages) = (words.title, words.feed, words.languages);
        let mut alternates = String::new();
        let mut choices = String::new();
        for other in Language::ALL {
            let (tag, name) = (other.as_str(), other.words().language);
            let join = if path.contains('?') { "&amp;" } else { "?" };
            let _ = writeln!(
                alternates,
                "<link rel=\"alternate\" hreflang=\"{tag}\" href=\"{path}{join}lang={tag}\">"
            );
            let current = if other == *language { " aria-current=\"true\"" } else { "" };
            let _ = write!(
                choices,
                "<li><a href=\"{path}{join}lang={tag}\" hreflang=\"{tag}\" lang=\"{tag}\"{current}>{name}</a></li>"
            );
        }
        format!(
            "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · {name}</title>\n\
             <link rel=\"stylesheet\" href=\"{stylesheet}\">\n\
             <link rel=\"alternate\" type=\"application/atom+xml\" title=\"{name}\" href=\"/status/feed.atom\">\n\
             {alternates}</head>\n<body>\n\
             <header class=\"top\"><p class=\"brand\"><a href=\"/status?lang={tag}\">{name}</a></p>\
             <nav aria-label=\"{languages}\"><ul>{choices}</ul></nav></header>\n\
             <main>\n{body}</main>\n\
             <footer><a href=\"/status/feed.atom\" type=\"application/atom+xml\">{feed}</a></footer>\n\
             </body>\n</html>\n"
        )
    }
}

/// An incident with everything that was told of it.
pub(super) fn incident(incident: &Incident, heading: &str, words: &Words) -> String {
    let Incident { id, title, impact, stage, components, started_at, resolved_at, updates } = incident;
    let (kind, title) = (impact.as_str(), escaped(title));
    let is_over = if *stage == Stage::Resolved { " over" } else { "" };
    let mut html = format!(
        "<article class=\"incident {kind}{is_over}\" id=\"incident-{id}\">\n\
         <{heading} dir=\"auto\"><a href=\"#incident-{id}\">{title}</a></{heading}>\n\
         <p class=\"facts\"><span class=\"impact\">{}</span> {}",
        words.impact(*impact),
        began(words, *started_at, *resolved_at)
    );
    if !components.is_empty() {
        let names: Vec<String> = components.iter().map(|component| name(words, component)).collect();
        let _ = write!(html, " <span class=\"affects\">{}: {}</span>", words.affects, names.join(", "));
    }
    html.push_str("</p>\n<ol class=\"updates\">\n");
    for Update { at, stage, text, .. } in updates {
        let _ = writeln!(
            html,
            "<li><p class=\"told\"><strong>{}</strong> {}</p><p class=\"text\" dir=\"auto\">{}</p></li>",
            words.stage(*stage),
            time(words, *at),
            escaped(text)
        );
    }
    html.push_str("</ol>\n</article>\n");
    html
}

fn began(words: &Words, started: Timestamp, resolved: Option<Timestamp>) -> String {
    let mut text = format!("<span>{} {}", words.started, time(words, started));
    if let Some(resolved) = resolved {
        let _ = write!(text, ", {}", words.ended.replace("{}", &words.duration(resolved.since(started))));
    }
    text + "</span>"
}

/// The name of a component, as HTML.
pub(super) fn name(words: &Words, component: &Component) -> String {
    escaped(&words.component(component))
}

/// A moment, for people and for programs.
pub(super) fn time(words: &Words, at: Timestamp) -> String {
    format!("<time datetime=\"{}\">{}</time>", rfc3339(at), words.moment(at))
}

/// To the second: what HTML and Atom can read.
pub(super) fn rfc3339(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// As text of HTML and of XML. What would turn the direction of writing, or is no character of XML, is left out: a title
/// must not rearrange what stands beside it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {}
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}
