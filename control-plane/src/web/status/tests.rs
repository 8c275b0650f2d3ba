use super::{pages::INCIDENTS, *};
use crate::{
    config::{Data, Settings},
    serve::Server,
    status::{
        days::{Day, Tally},
        incidents::{Impact, Incident, Stage, Update},
    },
    store::{Database, StoreError},
    web::{Limits, TrustedProxies},
};
use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// A script, what turns writing around, what is no character, and what is many bytes.
const HOSTILE: &str =
    "</p><script>alert('x')</script>\" onload=\u{202e}gnp.\u{2066}evil &amp; 🔥🇺🇦\u{0}\u{1b}[31m";

fn noon() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

fn incident(title: &str, impact: Impact, stage: Stage) -> Incident {
    let update = |stage, hours| Update {
        id: Uuid::from_u128(7).to_string(),
        at: noon() - HOUR * hours,
        stage,
        text: format!("{title}\nsecond line"),
    };
    Incident {
        id: IncidentId::new(Uuid::from_u128(1)),
        title: title.to_owned(),
        impact,
        stage,
        components: vec![Component::Intake, Component::Pbx("<eu>".into())],
        started_at: noon() - HOUR * 5,
        resolved_at: (stage == Stage::Resolved).then(|| noon() - HOUR),
        updates: vec![update(stage, 1), update(Stage::Investigating, 5)],
    }
}

fn seen(states: &[(Component, State)], open: Vec<Incident>, past: Vec<Incident>) -> Seen {
    let batch =
        Batch { at: noon() - SECOND * 5, holds: SECOND * 30, states: states.iter().cloned().collect() };
    let today = Day::of(noon());
    let tally = |down, degraded| Tally { known: DAY, down, degraded };
    let days = BTreeMap::from([
        (today, tally(Duration::ZERO, Duration::ZERO)),
        (today.before(1), tally(HOUR * 2 + SECOND * 60, Duration::ZERO)),
        (today.before(2), tally(Duration::ZERO, HOUR)),
    ]);
    let days = states.iter().map(|(component, _)| (component.clone(), days.clone())).collect();
    Seen { now: noon(), batch: Some(Arc::new(batch)), overview: Overview { today, days, open, past } }
}

fn usual() -> Seen {
    let eu = (Component::Pbx("eu".into()), State::Operational);
    seen(&[(Component::Intake, State::Operational), eu], vec![], vec![])
}

async fn server(dir: &Path) -> Server {
    let settings = Settings {
        data: Data { dir: dir.into(), database: Database::Sqlite(dir.join("control-plane.db")) },
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        tls: None,
        metrics_listen: None,
        trusted_proxies: TrustedProxies::default(),
        mail: None,
    };
    Server::start(&settings, Limits::default()).await.unwrap()
}

/// Every tag that is opened is closed in its order, but for those that are empty by nature.
fn is_well_formed(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("an open tag: {tag}"));
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{html}");
        } else if !tag.ends_with('/') && !["meta", "link", "!doctype", "?xml", "br"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn every_day_is_told_in_words_and_so_is_every_state() {
    let html = page::render(&usual(), Language::English);
    is_well_formed(&html);
    assert!(html.contains("<title>All systems are working · CallPing status</title>"), "{html}");
    assert_eq!(html.matches("<li class=\"n\"").count(), 2 * 87);
    for told in [
        "<span>29 November 2026: Working</span>",
        "<span>28 November 2026: Outage, out for 2 h 1 min</span>",
        "<span>27 November 2026: Degraded, degraded for 1 h</span>",
        "<span>26 November 2026: No data</span>",
        "97.19 % uptime",
        "<th scope=\"row\">Phone calls from region eu</th><td>Working</td><td>97.19 % uptime</td><td>1</td><td>1</td>",
        "<time datetime=\"2026-11-29T11:59:55Z\">29 November 2026, 11:59 UTC</time>",
    ] {
        assert!(html.contains(told), "{told} is not in {html}");
    }
    assert_eq!(html.matches("No incidents.").count(), 14);
    let ukrainian = page::render(&usual(), Language::Ukrainian);
    assert!(ukrainian.contains("<html lang=\"uk\">") && ukrainian.contains("28 листопада 2026: Збій"));
}

#[test]
fn a_page_runs_no_script_has_no_style_of_its_own_and_asks_nobody_else() {
    let hostile = vec![incident(HOSTILE, Impact::Major, Stage::Identified)];
    for language in Language::ALL {
        let html =
            page::render(&seen(&[(Component::Intake, State::Outage)], hostile.clone(), vec![]), language);
        for forbidden in ["<script", "style=", "<style", "//", "javascript:", "<img", "<iframe"] {
            assert!(!html.contains(forbidden), "{forbidden} is in {html}");
        }
    }
}

#[test]
fn whatever_operators_write_stays_text() {
    let (open, past) = (
        incident(HOSTILE, Impact::Critical, Stage::Monitoring),
        incident(HOSTILE, Impact::Minor, Stage::Resolved),
    );
    let eu = [(Component::Pbx(HOSTILE.replace(|c: char| c.is_control(), "")), State::Operational)];
    let seen = seen(&eu, vec![open.clone()], vec![past.clone()]);
    let pages = [
        page::render(&seen, Language::English),
        history::render(&[past], None, Some(open.id), Language::Ukrainian),
        feed::render(&seen, &"https://callping.example/".parse().unwrap()),
    ];
    for html in pages {
        is_well_formed(&html);
        assert!(!html.contains("<script") && !html.contains("\" onload"), "{html}");
        assert!(html.contains("🔥🇺🇦") && html.contains("evil"), "{html}");
        let turning = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!html.contains(turning), "writing is turned around");
        assert!(!html.contains(|c: char| c.is_control() && c != '\n'), "{html}");
    }
}

#[test]
fn what_is_open_stands_on_top_and_its_newest_update_first() {
    let open = vec![incident("calls are late", Impact::Minor, Stage::Identified)];
    let html =
        page::render(&seen(&[(Component::Intake, State::Operational)], open, vec![]), Language::English);
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is not in {html}"));
    assert!(place("Open incidents") < place("<h2 id=\"components\">"));
    assert!(place("<strong>Identified</strong>") < place("<strong>Investigating</strong>"));
    assert!(html.contains("Some systems have trouble"), "operators are believed");
    assert!(html.contains("Affects: Taking alerts in, Phone calls from region &lt;eu&gt;"), "{html}");
}

#[test]
fn what_is_over_stands_on_its_day_with_how_long_it_took() {
    let past = vec![incident("calls were late", Impact::Major, Stage::Resolved)];
    let html =
        page::render(&seen(&[(Component::Intake, State::Operational)], vec![], past), Language::English);
    let (_, today) = html.split_once("<time datetime=\"2026-11-29\">").unwrap();
    let (today, before) = today.split_once("<time datetime=\"2026-11-28\">").unwrap();
    assert!(today.contains("calls were late") && today.contains("over after 4 h"), "{today}");
    assert!(!before.contains("calls were late"));
    assert_eq!(html.matches("No incidents.").count(), 13);
}

#[test]
fn what_nobody_has_looked_at_for_too_long_is_not_known() {
    let mut seen = usual();
    seen.now = noon() + SECOND * 90;
    let document = serde_json::to_value(StatusDocument::from(&seen)).unwrap();
    assert_eq!(
        (&document["state"], &document["components"][0]["state"]),
        (&"degraded".into(), &"unknown".into())
    );
    assert!(page::render(&seen, Language::English).contains("Not known"));
    seen.batch = None;
    let document = serde_json::to_value(StatusDocument::from(&seen)).unwrap();
    assert_eq!((&document["state"], &document["checked_at"]), (&"degraded".into(), &serde_json::Value::Null));
}

#[test]
fn the_document_tells_ninety_days_and_never_more_uptime_than_there_was() {
    let document = serde_json::to_value(StatusDocument::from(&usual())).unwrap();
    let intake = &document["components"][0];
    assert_eq!((&intake["id"], &intake["name"]), (&"intake".into(), &"Taking alerts in".into()));
    assert_eq!(intake["uptime_90d"], 97.199);
    let days = intake["days"].as_array().unwrap();
    assert_eq!(
        (days.len(), &days[0]["date"], &days[89]["date"]),
        (90, &"2026-09-01".into(), &"2026-11-29".into())
    );
    assert_eq!((&days[0]["state"], &days[88]["state"]), (&"no_data".into(), &"outage".into()));
    assert_eq!((&days[88]["down_seconds"], &days[87]["degraded_seconds"]), (&7260.into(), &3600.into()));
}

#[test]
fn a_feed_that_has_nothing_new_stays_as_it_is() {
    let url = "https://callping.example/".parse().unwrap();
    let open = vec![incident("calls are late", Impact::Minor, Stage::Identified)];
    let mut seen = seen(&[(Component::Intake, State::Operational)], open, vec![]);
    let first = feed::render(&seen, &url);
    is_well_formed(&first);
    assert!(first.contains("<id>urn:uuid:00000000-0000-0000-0000-000000000001</id>"), "{first}");
    assert!(first.contains("<updated>2026-11-29T11:00:00Z</updated>"), "{first}");
    assert!(first.contains("href=\"https://callping.example/status/feed.atom\""), "{first}");
    seen.now = noon() + HOUR;
    seen.batch = None;
    assert_eq!(feed::render(&seen, &url), first);
}

#[test]
fn a_tag_is_found_among_others_weak_or_strong() {
    let tag = HeaderValue::from_static("\"abc\"");
    for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
        assert!(names(&HeaderValue::from_static(known), &tag), "{known}");
    }
    for other in ["\"ab\"", "abc", "", "W/\"x\""] {
        assert!(!names(&HeaderValue::from_static(other), &tag), "{other}");
    }
}

#[tokio::test]
async fn a_flood_makes_each_page_once_and_pages_that_are_not_there_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path()).await;
    let app = server.app();
    let asked = (0..200).map(|_| app.status_pages.get(app, Page::Whole(Language::English)));
    let made = futures_util::future::join_all(asked).await;
    let tags: BTreeSet<_> = made.into_iter().map(|made| made.unwrap().tag).collect();
    assert_eq!((tags.len(), app.status_pages.count().await), (1, 1));
    for id in 0..100 {
        let nobody = Some(IncidentId::new(Uuid::from_u128(id)));
        assert!(app.status_pages.get(app, Page::History(Language::English, nobody)).await.is_err());
    }
    assert_eq!(app.status_pages.count().await, 1);
    server.stop().await;
}

#[tokio::test]
async fn the_history_is_read_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path()).await;
    let app = server.app();
    let made = app.store.write(|tx| {
        use crate::status::incidents::{Outline, create, tell};
        for number in 0..=INCIDENTS {
            let outline =
                Outline { title: format!("late {number}."), impact: Impact::None, components: vec![] };
            let at = noon() + SECOND * u32::from(number);
            let id = create(tx, &outline, at)?;
            tell(tx, id, Stage::Resolved, "over", at)?;
        }
        Ok::<_, StoreError>(())
    });
    made.await.unwrap();
    let first = app.status_pages.get(app, Page::History(Language::English, None)).await.unwrap();
    let first = String::from_utf8(first.body.to_vec()).unwrap();
    is_well_formed(&first);
    assert_eq!(first.matches("<article").count(), usize::from(INCIDENTS));
    let (_, next) = first.split_once("?before=").unwrap();
    let before = Some(next[..36].parse().unwrap());
    let second = app.status_pages.get(app, Page::History(Language::English, before)).await.unwrap();
    let second = String::from_utf8(second.body.to_vec()).unwrap();
    assert!(second.contains("late 0.") && second.matches("<article").count() == 1, "{second}");
    server.stop().await;
}
