//! Enrolment: a one-time token is exchanged for the control plane's order keys.

use super::{
    ENROLMENT_FILE, IdentityError, KEY_FILE, NEW_KEY_FILE, StoredEnrolment, make_state_dir, order_keys,
    read_key, stored_enrolment, write_key, write_whole,
};
use crate::{
    config::Config,
    tls::{self, TlsError},
};
use ed25519_dalek::{Signer, SigningKey};
use reqwest::StatusCode;
use shared::{
    complaint::{complaint, fit_for_log},
    order::key_id,
    protocol::{EnrollRequest, EnrollResponse, enroll_bytes, to_base64},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;
use zeroize::Zeroizing;

/// Longest answer that is read, bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What to enrol with.
#[derive(Clone, Debug)]
pub struct Enrolment<'a> {
    /// The host's configuration.
    pub config: &'a Config,
    /// `wss://` or loopback `ws://` URL of the control plane.
    pub control_plane: &'a Url,
    /// File whose first line is the one-time token.
    pub token_file: &'a Path,
    /// Authority to trust instead of the host's own.
    pub ca_file: Option<&'a Path>,
    /// Make a new key where there is one already.
    pub new_key: bool,
}

/// Why a host could not be enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The token cannot be read.
    #[error("{path}: {why}; it holds the token that `control-plane enroll-token` printed, one line")]
    Token {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The key or the state directory.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Nobody to trust.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No answer.
    #[error("{url}: {why}")]
    Unreachable {
        /// Where it was asked.
        url: String,
        /// Why.
        why: String,
    },
    /// The control plane said no.
    #[error("{url}: {status}: {detail}; {advice}")]
    Refused {
        /// Where it was asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
        /// What to do.
        advice: String,
    },
    /// The control plane answered something else.
    #[error("{url}: answered what is no enrolment: {why}")]
    Nonsense {
        /// Where it was asked.
        url: String,
        /// Why.
        why: String,
    },
}

/// Enrols, and stores the key and what came back. The ids of the pinned order keys, for a person
/// to compare.
///
/// # Errors
/// [`EnrolError`]. A first key is kept: the next try uses it again. One that is to replace another
/// does so only when the control plane has accepted it.
pub async fn enrol(enrolment: Enrolment<'_>) -> Result<Vec<String>, EnrolError> {
    let Enrolment { config, control_plane, token_file, ca_file, new_key } = enrolment;
    let token = read_token(token_file)?;
    make_state_dir(&config.state_dir)?;
    let (key, replaces) = key(&config.state_dir, new_key)?;
    let request = EnrollRequest {
        pbx: config.name.clone(),
        public_key: to_base64(key.verifying_key().as_bytes()),
        signature: to_base64(&key.sign(&enroll_bytes(&token, &config.name)).to_bytes()),
        token: token.to_string(),
    };
    let response = ask(control_plane, &request, ca_file).await?;
    let nonsense = |why: &str| EnrolError::Nonsense { url: control_plane.to_string(), why: why.to_owned() };
    let keys = order_keys(&response.order_keys).ok_or_else(|| nonsense("no usable order key"))?;
    let of_old = stored_enrolment(&config.state_dir).map(|stored| stored.of_old());
    let stored = StoredEnrolment {
        pbx: config.name.clone(),
        pbx_id: response.pbx_id,
        control_plane: control_plane.to_string(),
        order_keys: response.order_keys,
        order_keys_generation: response.order_keys_generation,
        of_old: of_old.filter(|of_old| *of_old != response.pbx_id),
    };
    let text = serde_json::to_vec_pretty(&stored).map_err(|error| nonsense(&error.to_string()))?;
    if replaces {
        let path = config.state_dir.join(KEY_FILE);
        std::fs::rename(config.state_dir.join(NEW_KEY_FILE), &path)
            .map_err(|source| IdentityError::Unwritable { path, source })?;
    }
    let path = config.state_dir.join(ENROLMENT_FILE);
    write_whole(&path, &text, 0o644).map_err(|source| IdentityError::Unwritable { path, source })?;
    Ok(keys.iter().map(key_id).collect())
}

/// The key to enrol with, on disk before anybody is told of it; whether it waits to replace another.
fn key(state_dir: &Path, new_key: bool) -> Result<(SigningKey, bool), IdentityError> {
    let path = state_dir.join(KEY_FILE);
    let replaces = new_key && path.exists();
    if !replaces && let Some(key) = read_key(state_dir)? {
        return Ok((key, false));
    }
    let key = SigningKey::from_bytes(&Zeroizing::new(rand::random::<[u8; 32]>()));
    write_key(&if replaces { state_dir.join(NEW_KEY_FILE) } else { path }, &key)?;
    Ok((key, replaces))
}

async fn ask(
    control_plane: &Url,
    request: &EnrollRequest,
    ca_file: Option<&Path>,
) -> Result<EnrollResponse, EnrolError> {
    let url = http_twin(control_plane, "/agent/v1/enroll");
    let unreachable = |error: &(dyn std::error::Error + 'static)| {
        let mut cause = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        EnrolError::Unreachable { url: url.clone(), why: cause.to_string() }
    };
    let tls = if url.starts_with("https") { tls::client_config(ca_file)? } else { tls::trusting_nobody()? };
    let client = reqwest::Client::builder()
        // The link cannot go through one either.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_backend_preconfigured(tls)
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| unreachable(&error))?;
    let response = client.post(&url).json(request).send().await.map_err(|error| unreachable(&error))?;
    let status = response.status();
    let body = beginning(response).await.map_err(|error| unreachable(&error))?;
    if !status.is_success() {
        return Err(EnrolError::Refused {
            url,
            status: status.as_u16(),
            detail: problem(&body),
            advice: advice(status, &request.pbx),
        });
    }
    serde_json::from_str(&body).map_err(|error| EnrolError::Nonsense { url, why: complaint(&error) })
}

/// No more than an answer may hold: whoever listens there is not trusted yet.
async fn beginning(mut response: reqwest::Response) -> Result<String, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < MOST_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(MOST_BYTES);
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// `https://host/path` of a `wss://host` URL.
pub(crate) fn http_twin(url: &Url, path: &str) -> String {
    let scheme = if url.scheme() == "wss" { "https" } else { "http" };
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{scheme}://{}{port}{path}", url.host_str().unwrap_or_default())
}

fn advice(status: StatusCode, name: &str) -> String {
    if status == StatusCode::NOT_FOUND || status.is_redirection() {
        "is this the control plane's URL?".to_owned()
    } else if status.is_client_error() {
        format!(
            "tokens are used once and live for an hour: make a new one with `control-plane enroll-token {name}`"
        )
    } else {
        "the control plane cannot enrol now; try again later".to_owned()
    }
}

/// The `detail` or `title` of a problem document (RFC 9457), or the beginning of whatever it was.
fn problem(body: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let text = document["detail"].as_str().or(document["title"].as_str()).unwrap_or(body);
    fit_for_log(text)
}

fn read_token(path: &Path) -> Result<Zeroizing<String>, EnrolError> {
    let bad = |why: String| EnrolError::Token { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| bad(error.to_string()))?;
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() {
        return Err(bad("is empty".to_owned()));
    }
    Ok(Zeroizing::new(token.to_owned()))
}
