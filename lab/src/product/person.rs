//! Somebody before the portal: signed in, as a browser is.

use super::ControlPlane;
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

/// A session of the portal.
#[derive(Clone)]
pub struct Person {
    http: reqwest::Client,
    api: String,
    cookies: String,
    csrf: String,
}

/// Without the cookies, which are the session.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("api", &self.api).finish_non_exhaustive()
    }
}

impl Person {
    /// Signs in with a password, without a second factor.
    pub async fn sign_in(control_plane: &ControlPlane, email: &str, password: &str) -> Result<Self> {
        let (http, api) = (control_plane.http().clone(), format!("{}/api/v1/", control_plane.url()));
        let body = json!({"email": email, "password": password});
        let answer = http.post(format!("{api}session")).json(&body).send().await.context("sign in")?;
        ensure!(answer.status() == 201, "signing in was answered {}", answer.status());
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies: Vec<&str> =
            cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()).collect();
        let cookies = cookies.join("; ");
        let document: Value = answer.json().await?;
        let csrf = document["csrf_token"].as_str().context("a CSRF token")?.to_owned();
        Ok(Self { http, api, cookies, csrf })
    }

    /// What a browser sends along.
    pub fn headers(&self) -> [(&'static str, &str); 2] {
        [("Cookie", &self.cookies), ("X-CSRF-Token", &self.csrf)]
    }

    /// Asks `/api/v1/` for this path; status and body of the answer.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<(u16, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.api));
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("ask for {path}"))?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.with_context(|| format!("read {path}"))?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// The body of a good answer.
    pub async fn gets(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let (status, body) = self.ask(method, path, body).await?;
        ensure!((200..300).contains(&status), "{path}: {status} {body}");
        Ok(body)
    }
}
