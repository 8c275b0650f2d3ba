//! The portal and the admin panel: pages and what they load, built into this program.
//!
//! What has a hash in its name never changes and is kept by browsers for a year; a page is asked for anew each time. A page
//! comes with a nonce of its own: nothing that somebody else has written into it runs.

use super::{
    Response, Routes,
    problem::{Kind, Problem},
    routes::{READ, only},
};
use crate::secret;
use hyper::{
    HeaderMap,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
        HeaderValue, VARY,
    },
};
use rust_embed::RustEmbed;
use std::borrow::Cow;
use warp::{Filter, Reply, path::FullPath};

#[derive(RustEmbed)]
#[folder = "dashboard/dist"]
struct Files;

/// Where the build writes the page's nonce.
const NONCE: &str = "%NONCE%";
const PORTAL: &str = "index.html";
const ADMIN: &str = "admin.html";
/// First parts of the portal's paths; `dashboard/src/portal/routes.tsx` has the pages.
const PORTAL_PATHS: [&str; 10] = [
    "",
    "sign-in",
    "sign-up",
    "verify",
    "forgotten",
    "reset-password",
    "confirm-address",
    "invite",
    "welcome",
    "account",
];
/// An organization's pages.
const ORGANIZATION_PATH: &str = "o";
/// No feature of a device is any of our pages' business.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()";

pub(super) fn routes() -> Routes {
    let files = warp::path("assets")
        .and(only(READ))
        .and(warp::path::full())
        .and(warp::header::headers_cloned())
        .map(|path: FullPath, headers: HeaderMap| file(path.as_str(), &headers));
    let pages = warp::path::full()
        .and_then(|path: FullPath| async move { page_at(path.as_str()).ok_or_else(warp::reject::not_found) })
        .and(only(READ))
        .map(page);
    files.or(pages).unify().boxed()
}

/// Which page is at a path.
fn page_at(path: &str) -> Option<&'static str> {
    let mut parts = path.strip_prefix('/')?.split('/');
    match (parts.next()?, parts.next()) {
        ("admin", _) => Some(ADMIN),
        (ORGANIZATION_PATH, Some(_)) | ("account", Some(_)) => Some(PORTAL),
        (first, None) if PORTAL_PATHS.contains(&first) => Some(PORTAL),
        (_, _) => None,
    }
}

fn page(name: &'static str) -> Response {
    let Some(file) = Files::get(name) else {
        let detail = "this program was built without its portal: run `make dashboard` and build it again";
        return Problem::new(Kind::NotFound, detail).into_response();
    };
    let nonce = secret::make();
    let nonce = nonce.as_str();
    let html = String::from_utf8_lossy(&file.data).replace(NONCE, nonce);
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let mut response = Response::new(html.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Text of ours and letters of a secret.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    response
}

/// What a page loads.
fn file(path: &str, headers: &HeaderMap) -> Response {
    let name = path.strip_prefix('/').unwrap_or(path);
    let packed = takes_brotli(headers).then(|| Files::get(&format!("{name}.br"))).flatten();
    let is_packed = packed.is_some();
    let Some(file) = packed.or_else(|| Files::get(name)) else { return Problem::not_found().into_response() };
    let bytes = match file.data {
        Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind_of(name)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|wish| {
        let mut parts = wish.split(';').map(str::trim);
        let refused = |weight: &str| weight.strip_prefix("q=").and_then(|it| it.parse().ok()) == Some(0.0);
        parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("br")) && !parts.any(refused)
    })
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some(_) | None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_where_letters_and_people_look_for_them() {
        for path in
            ["/", "/sign-in", "/verify", "/reset-password", "/o/acme/alerts/1", "/account", "/account/phones"]
        {
            assert_eq!(page_at(path), Some(PORTAL), "{path}");
        }
        for path in ["/admin", "/admin/", "/admin/fleet/1"] {
            assert_eq!(page_at(path), Some(ADMIN), "{path}");
        }
        for path in ["/o", "/nowhere", "/sign-in/else", "/index.html", "/administrator", "/.env", "//", ""] {
            assert_eq!(page_at(path), None, "{path}");
        }
    }

    #[test]
    fn brotli_goes_to_whoever_takes_it() {
        for (wish, takes) in [
            ("gzip, deflate, br, zstd", true),
            ("BR", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("br;q=0.000", false),
            ("gzip", false),
            ("brand", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(wish))]);
            assert_eq!(takes_brotli(&headers), takes, "{wish}");
        }
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
