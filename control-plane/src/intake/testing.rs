//! Requests for tests.

use super::Arrival;
use std::net::{IpAddr, Ipv4Addr};

/// A POST at moment 1, from a documentation address; no content type where it is empty.
pub(super) fn request(content_type: &str, query: &str, body: &str) -> Arrival {
    let mut headers = vec![("user-agent".to_owned(), "curl/8".to_owned())];
    if !content_type.is_empty() {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    Arrival {
        remote: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        method: "POST".to_owned(),
        query: query.to_owned(),
        headers,
        body: body.to_owned().into(),
    }
}
