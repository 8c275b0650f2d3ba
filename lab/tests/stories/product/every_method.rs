use super::{PHONE, Stage, accepted};
use anyhow::Result;
use serde_json::Value;

/// Method, query, content type, body.
const REQUESTS: [(&str, &str, &str, &str); 7] = [
    ("GET", "?severity=critical&message=db+down", "", ""),
    ("POST", "", "application/x-www-form-urlencoded", "severity=critical&message=db+down"),
    ("POST", "", "text/plain", "db down"),
    ("PUT", "", "application/json", r#"{"severity":"critical","message":"db down"}"#),
    ("PATCH", "", "application/json", r#"{"severity":"critical","message":"db down"}"#),
    ("DELETE", "?level=critical&message=db+down", "", ""),
    ("POST", "", "application/json", r#"{"broken"#),
];

#[tokio::test]
async fn every_method_and_every_kind_of_body_rings() -> Result<()> {
    let stage = Stage::simple().await?;
    let _ = stage.carrier().when_called(PHONE).answer().press('1');
    for (method, query, kind, body) in REQUESTS {
        let http = stage.installation.control_plane().http();
        let mut request = http.request(method.parse()?, format!("{}{query}", stage.hook())).body(body);
        if !kind.is_empty() {
            request = request.header("Content-Type", kind);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let answer: Value = serde_json::from_slice(&response.bytes().await?)?;
        let id = accepted((status, answer))?;
        stage.carrier().expect_call(PHONE).await?;
        let log = stage.call_at_rest(&id).await?;
        assert_eq!(log["status"], "acknowledged", "{method} {kind} {query}: {log:#}");
    }
    assert_eq!(stage.carrier().calls().len(), REQUESTS.len());
    stage.end().await
}
