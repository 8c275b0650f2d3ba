//! The stylesheet, at a path that names what it holds: it may be kept for ever.

use super::FOREVER;
use crate::{secret::hash_of, web::Response};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");
static NAME: LazyLock<String> =
    LazyLock::new(|| format!("style-{}.css", hash_of(STYLE).get(..16).unwrap_or_default()));

/// Its name below `/status/`.
pub(super) fn name() -> &'static str {
    &NAME
}

pub(super) fn path() -> String {
    format!("/status/{}", name())
}

pub(super) fn answer() -> Response {
    let mut response = Response::new(STYLE.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    headers.insert(CACHE_CONTROL, FOREVER);
    response
}
