//! The portal's pages, as a browser gets them. `make dashboard` builds them.

use crate::plane::Plane;
use control_plane::web::Limits;
use reqwest::header::HeaderMap;

/// What a page names that begins so, the first of it.
fn named<'h>(html: &'h str, begin: &str) -> &'h str {
    let start = html.find(begin).unwrap_or_else(|| panic!("no {begin:?} in {html}"));
    html[start..].split('"').next().unwrap()
}

/// What a browser is given, with its headers.
struct Given {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Given {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }
}

async fn given(plane: &Plane, path: &str, encoding: &str) -> Given {
    let asked = plane.request("GET", path).header("accept-encoding", encoding);
    let answer = asked.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Given { status, headers, bytes: answer.bytes().await.unwrap().to_vec() }
}

#[tokio::test]
async fn a_page_runs_what_is_ours_and_nothing_else() {
    let plane = Plane::empty().await;
    let pages = [
        ("/", "/assets/index-"),
        ("/o/acme/alerts?state=open", "/assets/index-"),
        ("/admin", "/assets/admin-"),
        ("/admin/fleet/1", "/assets/admin-"),
    ];
    for (path, script) in pages {
        let page = given(&plane, path, "identity").await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{path}"
        );
        let policy = page.header("content-security-policy").unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        let html = page.text();
        assert!(nonce.len() >= 43 && html.contains(&format!("nonce=\"{nonce}\"")), "{policy}");
        assert!(!html.contains("%NONCE%") && !html.contains("://"), "{html}");
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let script = named(html, script);
        assert_eq!(given(&plane, script, "identity").await.status, 200, "{script}");
        let again = given(&plane, path, "identity").await;
        assert_ne!(again.header("content-security-policy"), Some(policy), "a nonce is of one answer");
    }
}

#[tokio::test]
async fn what_a_page_loads_is_kept_for_a_year_and_comes_compressed() {
    let plane = Plane::empty().await;
    let page = given(&plane, "/", "identity").await;
    let script = named(page.text(), "/assets/index-");
    let (whole, packed) = (given(&plane, script, "gzip").await, given(&plane, script, "gzip, br").await);
    for file in [&whole, &packed] {
        assert_eq!(file.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(file.header("vary"), Some("Accept-Encoding"));
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    }
    assert_eq!((whole.header("content-encoding"), packed.header("content-encoding")), (None, Some("br")));
    assert!(packed.bytes.len() * 2 < whole.bytes.len());
}

#[tokio::test]
async fn where_people_come_over_tls_their_browsers_come_no_other_way() {
    let plane = Plane::with(Limits::default(), |settings| {
        settings.public_url = Some("https://alerts.example.com".parse().unwrap());
    })
    .await;
    for path in ["/", "/status", "/nowhere"] {
        let said = given(&plane, path, "identity").await;
        assert_eq!(said.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
    }
    assert_eq!(given(&Plane::empty().await, "/", "identity").await.header("strict-transport-security"), None);
}

#[tokio::test]
async fn what_is_no_page_is_a_problem_document() {
    let plane = Plane::empty().await;
    for path in ["/assets/nothing.js", "/assets/index.html", "/index.html", "/o", "/nowhere", "/sign-in/else"]
    {
        plane.get(path).await.is_problem(404, "not_found");
    }
    plane.send("POST", "/", "").await.is_problem(405, "method_not_allowed");
    plane.send("POST", "/assets/x.js", "").await.is_problem(405, "method_not_allowed");
}
