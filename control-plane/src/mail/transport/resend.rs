//! Resend's HTTP API. A letter has its own id as idempotency key: Resend takes it once within a day.

use super::{MailError, message::AUTOMATIC};
use crate::mail::{decision::Outcome, event::LETTER_TAG, outbox::Claimed, shown};
use lettre::message::Mailbox;
use reqwest::{StatusCode, header::RETRY_AFTER, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use serde::Deserialize;
use shared::time::Timestamp;
use std::{sync::Arc, time::Duration};
use url::{Host, Url};
use zeroize::Zeroizing;

/// Time for a connection, and for a whole request.
const CONNECT: Duration = Duration::from_secs(15);
const REQUEST: Duration = Duration::from_secs(60);
/// Most bytes of an answer that are read.
const MOST_BYTES: usize = 64 * 1024;

/// An account at Resend.
pub(crate) struct Resend {
    http: reqwest::Client,
    emails: Url,
    key: Zeroizing<String>,
    from: Mailbox,
}

#[derive(Deserialize)]
struct Taken {
    id: String,
}

/// What Resend says when it does not take a letter.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    name: String,
    #[serde(default)]
    message: String,
}

impl Resend {
    pub(super) fn new(base: &Url, key: Zeroizing<String>, from: Mailbox) -> Result<Self, MailError> {
        let failed = |error: &dyn std::error::Error| MailError::Tls(error.to_string());
        let emails = base.join("emails").map_err(|error| failed(&error))?;
        let loopback = match base.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let mut http = reqwest::Client::builder()
            .redirect(Policy::none())
            .tls_backend_preconfigured(tls()?)
            .user_agent(concat!("CallPing/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(REQUEST);
        if loopback {
            http = http.no_proxy();
        }
        Ok(Self { http: http.build().map_err(|error| failed(&error))?, emails, key, from })
    }

    /// Without asking it: a key that may only send may not ask.
    pub(super) fn describe(&self) -> String {
        let host = self.emails.host_str().unwrap_or_default();
        format!("letters go to {host}; whether the key is right shows with the first one")
    }

    pub(super) async fn send(&self, letter: &Claimed) -> Outcome {
        let trouble =
            |reason: &str| Outcome::Trouble { reason: shown::reason(reason, &letter.to), retry_after: None };
        let (name, value) = AUTOMATIC;
        let document = serde_json::json!({
            "from": self.from.to_string(),
            "to": [letter.to.as_str()],
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "headers": { name: value },
            "tags": [{ "name": LETTER_TAG, "value": letter.id.to_string() }],
        });
        let request = self
            .http
            .post(self.emails.clone())
            .bearer_auth(&*self.key)
            .header("Idempotency-Key", letter.id.to_string())
            .json(&document);
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return trouble(&cause(&error)),
        };
        let status = response.status();
        let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wish.and_then(|text| wait(text, Timestamp::now()));
        match beginning(&mut response).await {
            Ok(body) => judge(status, retry_after, &body, letter),
            // It may be taken: the key keeps the repeat from being a second letter.
            Err(error) => trouble(&cause(&error)),
        }
    }
}

/// What an answer means for the letter.
fn judge(status: StatusCode, retry_after: Option<Duration>, body: &[u8], letter: &Claimed) -> Outcome {
    if status.is_success() {
        let provider_id = serde_json::from_slice::<Taken>(body).ok().map(|taken| taken.id);
        return Outcome::Accepted { provider_id };
    }
    let Refusal { name, message } = serde_json::from_slice(body).unwrap_or_default();
    let said = format!("{} {name}: {message}", status.as_u16());
    let reason = shown::reason(&said, &letter.to);
    match (status, name.as_str()) {
        // The key was used, and only for a letter that was taken: since then the sender's address was changed.
        (StatusCode::CONFLICT, "invalid_idempotent_request") => Outcome::Accepted { provider_id: None },
        // About the letter: it will be the same the next time.
        (StatusCode::BAD_REQUEST, "validation_error") if is_about_the_key(&message) => {
            Outcome::Trouble { reason, retry_after }
        }
        (
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            _,
        ) => Outcome::Refused { reason },
        // A wrong key, a domain that is not verified, a quota, a server that is busy: somebody mends it.
        _ => Outcome::Trouble { reason, retry_after },
    }
}

/// Some endpoints answer a key that does not exist with 400.
fn is_about_the_key(message: &str) -> bool {
    message.to_ascii_lowercase().contains("api key")
}

/// `Retry-After`: seconds or a date.
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(Timestamp::from_micros(date.timestamp().as_microsecond()).since(now))
}

async fn beginning(response: &mut reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < MOST_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The innermost cause: what is around it names the URL and says little.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Trusts whom this host trusts.
fn tls() -> Result<ClientConfig, MailError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| MailError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests;
