//! `/problems/{code}`: a page for each kind of error, where the `type` of a problem document points.

use super::{
    Response, Routes,
    problem::{Kind, PAGES, Problem},
    routes::{READ, only},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use warp::{Filter, Reply};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;\
    color:#1b1f24;background:#fff}code{background:#eef1f4;padding:.1em .3em;border-radius:.2em}\
    a{color:#0b57d0}@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#16191d}\
    code{background:#2a2f36}a{color:#8ab4f8}}";

pub(super) fn routes() -> Routes {
    let all = warp::path!("problems").and(only(READ)).map(|| page("Problems", &list()));
    let one = warp::path!("problems" / String).and(only(READ)).map(|word: String| {
        let code = Kind::ALL.iter().find(|code| code.word() == word);
        code.map_or_else(|| Problem::not_found().into_response(), |code| page(code.title(), &text(*code)))
    });
    all.or(one).unify().boxed()
}

fn list() -> String {
    let mut list = "<p>What the API answers when something is wrong.</p><ul>".to_owned();
    for code in Kind::ALL {
        // Writing to a string does not fail.
        let _ = write!(
            list,
            "<li><a href=\"{PAGES}{0}\"><code>{0}</code></a> {1}</li>",
            code.word(),
            code.title()
        );
    }
    list + "</ul>"
}

fn text(code: Kind) -> String {
    let Some(reason) = code.status().canonical_reason() else { return String::new() };
    format!(
        "<p><code>{}</code>, HTTP status {} {reason}</p><p>{}</p><p><a href=\"/problems\">All problems</a></p>",
        code.word(),
        code.status().as_u16(),
        escaped(code.meaning())
    )
}

/// Our own words, which speak of addresses and may hold any character.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn page(title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · CallPing</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    let mut response = Response::new(html.into());
    let fixed = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // No style but this one.
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'");
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}
