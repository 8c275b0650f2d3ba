//! `/status`: how everything is, open incidents, the last 90 days, and what has happened.

use super::{
    Language, Seen,
    document::total,
    html::{Document, incident, name, time},
    words::Words,
};
use crate::status::{
    Component, PAST_DAYS, State,
    days::{Day, DayState, Tally},
    incidents::Incident,
};
use std::fmt::Write;

pub(super) fn render(seen: &Seen, language: Language) -> String {
    let words = language.words();
    let state = seen.overall();
    let headline = words.headline(state);
    let checked = match &seen.batch {
        Some(batch) => format!("{} {}", words.checked, time(words, batch.at)),
        None => words.never_checked.to_owned(),
    };
    let mut body = format!(
        "<section class=\"banner {}\"><h1>{}{headline}</h1><p>{checked}</p></section>\n",
        state.as_str(),
        sign(Some(state))
    );
    if !seen.overview.open.is_empty() {
        let _ = writeln!(body, "<section aria-labelledby=\"open\"><h2 id=\"open\">{}</h2>", words.open);
        for open in &seen.overview.open {
            body += &incident(open, "h3", words);
        }
        body.push_str("</section>\n");
    }
    body += &components(seen, words);
    body += &past(seen, words, language);
    Document { language, title: headline, path: "/status", body: &body }.written()
}

fn components(seen: &Seen, words: &Words) -> String {
    let mut list = String::new();
    let mut rows = String::new();
    for component in seen.components() {
        let (state, days) = (seen.state(component), seen.overview.days_of(component));
        let uptime = uptime(&days, words);
        list += &shown(component, state, &days, &uptime, words);
        let count = |wanted| days.iter().filter(|(_, tally)| tally.state() == wanted).count();
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{uptime}</td><td>{}</td><td>{}</td></tr>",
            name(words, component),
            words.state(state),
            count(DayState::Outage),
            count(DayState::Degraded)
        );
    }
    let Words {
        summary, column_component, column_state, column_uptime, column_outages, column_troubles, ..
    } = words;
    format!(
        "<section aria-labelledby=\"components\"><h2 id=\"components\">{}</h2>\n\
         <ul class=\"components\">\n{list}</ul>\n\
         <div class=\"unseen\"><table><caption>{summary}</caption>\n\
         <thead><tr><th scope=\"col\">{column_component}</th><th scope=\"col\">{column_state}</th>\
         <th scope=\"col\">{column_uptime}</th><th scope=\"col\">{column_outages}</th>\
         <th scope=\"col\">{column_troubles}</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div></section>\n",
        words.components
    )
}

fn shown(
    component: &Component,
    state: Option<State>,
    days: &[(Day, Tally)],
    uptime: &str,
    words: &Words,
) -> String {
    let name = name(words, component);
    let kind = state.map_or("unknown", State::as_str);
    let label = words.days.replace("{}", &name);
    let mut bars = String::new();
    for (day, tally) in days {
        let kind = match tally.state() {
            DayState::NoData => "n",
            DayState::Operational => "o",
            DayState::Degraded => "d",
            DayState::Outage => "x",
        };
        let text = told(*day, tally, words);
        let _ = write!(bars, "<li class=\"{kind}\" title=\"{text}\"><span>{text}</span></li>");
    }
    format!(
        "<li><div class=\"name\"><h3>{name}</h3><p class=\"state {kind}\">{}{}</p></div>\n\
         <ol class=\"days\" aria-label=\"{label}\">{bars}</ol>\n\
         <p class=\"scale\"><span class=\"long\">{}</span><span class=\"short\">{}</span>\
         <span class=\"uptime\">{uptime}</span><span>{}</span></p></li>\n",
        sign(state),
        words.state(state),
        words.days_ago_90,
        words.days_ago_30,
        words.today
    )
}

/// A day in words: colour and height say the same.
fn told(day: Day, tally: &Tally, words: &Words) -> String {
    let mut text = format!("{}: {}", words.date(day), words.day_state(tally.state()));
    for (words_of, duration) in [(words.day_down, tally.down), (words.day_degraded, tally.degraded)] {
        if duration.as_secs() > 0 {
            let _ = write!(text, ", {}", words_of.replace("{}", &words.duration(duration)));
        }
    }
    text
}

fn uptime(days: &[(Day, Tally)], words: &Words) -> String {
    match total(days).uptime() {
        Some(100_000) => words.uptime.replace("{}", "100"),
        // Two places, and never more than it was.
        Some(parts) => {
            let (whole, rest) = (parts / 1000, parts % 1000 / 10);
            words.uptime.replace("{}", &format!("{whole}{}{rest:02}", words.decimal))
        }
        None => words.no_uptime.to_owned(),
    }
}

/// For eyes that tell no colours apart; what it stands for is said beside it.
fn sign(state: Option<State>) -> String {
    let sign = match state {
        Some(State::Operational) => "✓",
        Some(State::Degraded) => "!",
        Some(State::Outage) => "✕",
        None => "?",
    };
    format!("<span class=\"sign\" aria-hidden=\"true\">{sign}</span>")
}

/// The last days, each with what was over on it.
fn past(seen: &Seen, words: &Words, language: Language) -> String {
    let mut html =
        format!("<section class=\"past\" aria-labelledby=\"past\"><h2 id=\"past\">{}</h2>\n", words.past);
    for back in 0..PAST_DAYS {
        let day = seen.overview.today.before(back);
        let was_on = |incident: &&Incident| incident.resolved_at.is_some_and(|at| Day::of(at) == day);
        let over: Vec<&Incident> = seen.overview.past.iter().filter(was_on).collect();
        let _ = writeln!(html, "<h3><time datetime=\"{day}\">{}</time></h3>", words.date(day));
        if over.is_empty() {
            let _ = writeln!(html, "<p class=\"nothing\">{}</p>", words.nothing);
        }
        for over in over {
            html += &incident(over, "h4", words);
        }
    }
    let (tag, history) = (language.as_str(), words.history);
    let _ = writeln!(
        html,
        "<p class=\"more\"><a href=\"/status/history?lang={tag}\">{history}</a></p></section>"
    );
    html
}
