//! A browser: it keeps cookies and sends the CSRF token along.

use crate::plane::{Answer, Plane, answer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) struct Browser<'p> {
    pub(crate) plane: &'p Plane,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: String,
    pub(crate) agent: &'static str,
}

impl<'p> Browser<'p> {
    pub(crate) fn new(plane: &'p Plane) -> Self {
        Self { plane, cookies: BTreeMap::new(), csrf: String::new(), agent: "Firefox" }
    }

    /// Another window with the same cookies.
    pub(crate) fn twin(&self) -> Self {
        Self { cookies: self.cookies.clone(), csrf: self.csrf.clone(), ..*self }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        self.ask_with(method, path, body, &[]).await
    }

    pub(crate) async fn ask_with(
        &self,
        method: &str,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .plane
            .request(method, path)
            .header("cookie", cookies.join("; "))
            .header("user-agent", self.agent);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method != "GET" {
            request = request.header("x-csrf-token", &self.csrf).json(&body);
        }
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, body).await
    }

    /// Asks for something that sets or takes cookies.
    pub(crate) async fn visit(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let answer = self.ask(method, path, body).await;
        self.keep(&answer);
        answer
    }

    pub(crate) fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(csrf) = answer.body["csrf_token"].as_str() {
            self.csrf = csrf.to_owned();
        }
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) {
        let answer =
            self.visit("POST", "/api/v1/session", json!({"email": email, "password": password})).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    pub(crate) async fn is_signed_in(&self) -> bool {
        self.get("/api/v1/session").await.status == 200
    }
}
