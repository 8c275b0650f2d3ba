//! `/status` and `/api/status`: how the service is, for everybody, without a script and without a cookie.

mod document;
mod feed;
mod history;
mod html;
mod language;
mod page;
mod pages;
mod style;
mod words;

pub(super) use document::IncidentDocument;
pub(crate) use pages::Pages;

use super::{
    App, Response, Routes,
    api::query::Query,
    problem::{Kind, Problem},
    routes::{READ, only, raw_query, with},
};
use crate::status::{Batch, Component, Overview, State, overall};
use document::StatusDocument;
use hyper::{
    HeaderMap,
    header::{
        CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue,
        IF_NONE_MATCH, VARY,
    },
};
use language::Language;
use pages::{Made, Page};
use shared::{ids::IncidentId, time::Timestamp};
use std::{collections::BTreeSet, sync::Arc};
use warp::{Filter, Reply, http::StatusCode, path::Tail};

/// Shorter than the pause between two looks.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=15");
/// What the path names never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    Json,
    Page,
    Feed,
    History,
    Style,
}

impl Surface {
    /// Below `/status`.
    fn at(path: &str) -> Option<Self> {
        match path {
            "" => Some(Self::Page),
            "feed.atom" => Some(Self::Feed),
            "history" => Some(Self::History),
            other => (other == style::name()).then_some(Self::Style),
        }
    }
}

pub(super) fn routes(app: &Arc<App>) -> Routes {
    let json = warp::path!("api" / "status").map(|| Surface::Json);
    let below = warp::path!("status" / ..)
        .and(warp::path::tail())
        .and_then(async |tail: Tail| Surface::at(tail.as_str()).ok_or_else(warp::reject::not_found));
    json.or(below)
        .unify()
        .and(only(READ))
        .and(with(app))
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .then(async |surface, app: Arc<App>, query: String, headers: HeaderMap| {
            let answered = match surface {
                Surface::Json => read(&app, &query, &headers).await,
                Surface::Page => whole(&app, &query, &headers).await,
                Surface::Feed => feed(&app, &query, &headers).await,
                Surface::History => past(&app, &query, &headers).await,
                Surface::Style => Ok(style::answer()),
            };
            answered.unwrap_or_else(Reply::into_response)
        })
        .boxed()
}

/// How the service is
///
/// For everybody: nobody has to sign in. It is made anew every ten seconds at most; who asks again sends the `ETag` in
/// `If-None-Match`.
#[utoipa::path(
    get,
    path = "/api/status",
    operation_id = "get_status",
    tag = "status",
    security(()),
    responses(
        (
            status = 200, description = "How everything is, and what operators tell of", body = StatusDocument,
            headers(("ETag" = String, description = "Names what is told"))
        ),
        (status = 304, description = "Nothing has changed"),
        (status = 400, description = "A parameter is given, and there is none")
    )
)]
async fn read(app: &App, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let none: [&str; 0] = [];
    Query::read(query, &none)?;
    Ok(answer(app.status_pages.get(app, Page::Json).await?, headers, "application/json", None))
}

async fn whole(app: &App, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let language = Language::asked(&Query::read(query, &["lang"])?, headers)?;
    let made = app.status_pages.get(app, Page::Whole(language)).await?;
    Ok(answer(made, headers, "text/html; charset=utf-8", Some(language)))
}

async fn feed(app: &App, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let none: [&str; 0] = [];
    Query::read(query, &none)?;
    let made = app.status_pages.get(app, Page::Feed).await?;
    Ok(answer(made, headers, "application/atom+xml; charset=utf-8", None))
}

async fn past(app: &App, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let query = Query::read(query, &["lang", "before"])?;
    let language = Language::asked(&query, headers)?;
    let before: Option<IncidentId> = query.get("before", "the id of an incident")?;
    let made = app.status_pages.get(app, Page::History(language, before)).await?;
    Ok(answer(made, headers, "text/html; charset=utf-8", Some(language)))
}

/// 304 to whoever has it already.
fn answer(made: Made, asked: &HeaderMap, kind: &'static str, language: Option<Language>) -> Response {
    let is_known = asked.get_all(IF_NONE_MATCH).iter().any(|tags| names(tags, &made.tag));
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(made.body.into()),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, FRESH);
    headers.insert(ETAG, made.tag);
    if let Some(language) = language {
        headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    }
    if !is_known {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

/// Whether a list of tags names this one (RFC 9110, section 13.1.2: weakly).
fn names(tags: &HeaderValue, tag: &HeaderValue) -> bool {
    let Ok(tags) = tags.to_str() else { return false };
    let given = tags.split(',').map(str::trim);
    given.map(|given| given.strip_prefix("W/").unwrap_or(given)).any(|given| given == "*" || tag == given)
}

/// Everything that is shown, as it was at one moment.
struct Seen {
    now: Timestamp,
    batch: Option<Arc<Batch>>,
    overview: Overview,
}

impl Seen {
    /// Every component that is there, in the order of the page.
    fn components(&self) -> BTreeSet<&Component> {
        self.batch.iter().flat_map(|batch| batch.states.keys()).collect()
    }

    /// How one is; `None` where nobody knows.
    fn state(&self, component: &Component) -> Option<State> {
        self.batch.as_ref()?.state(component, self.now)
    }

    /// How the whole is.
    fn overall(&self) -> State {
        let components = self.components().into_iter().map(|component| (component, self.state(component)));
        overall(components, self.overview.open.iter().map(|incident| incident.impact))
    }
}

fn no_such_page() -> Problem {
    Problem::new(Kind::UnknownIncident, "no incident of this id is over: begin anew without `before`")
}

#[cfg(test)]
mod tests;
