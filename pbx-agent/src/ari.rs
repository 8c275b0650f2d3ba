//! Asterisk on loopback: its REST interface, its event stream, and whether both work.

mod event;
mod rest;
mod stream;

pub use event::{Event, EventKind};
pub use rest::{AriClient, Channel, Endpoint, Originate, Originated};
pub use stream::{Signal, watch};

use std::path::PathBuf;

/// Why Asterisk could not be asked, or what it answered instead.
#[derive(Debug, thiserror::Error)]
pub enum AriError {
    /// The password file cannot be read.
    #[error("{path}: cannot be read: {source}; it holds the password of the ARI user, one line")]
    Password {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] crate::tls::TlsError),
    /// Nobody listens, or the connection broke before the request was out.
    #[error(
        "Asterisk does not answer at {url}: {why}; is it running, with enabled=yes in http.conf and ari.conf?"
    )]
    Absent {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// The request went out and no answer came; what became of it is unknown.
    #[error("Asterisk took a request and did not answer it: {why}")]
    Unanswered {
        /// Why.
        why: String,
    },
    /// 401 or 403.
    #[error("Asterisk refuses the user {username} ({status}): compare {path} with ari.conf")]
    WrongPassword {
        /// The user.
        username: String,
        /// The password file.
        path: PathBuf,
        /// HTTP status.
        status: u16,
    },
    /// Any other status that was not expected.
    #[error("Asterisk answered {what} with {status}: {body}")]
    Unexpected {
        /// What was asked.
        what: &'static str,
        /// HTTP status.
        status: u16,
        /// The beginning of the body.
        body: String,
    },
    /// The event stream broke or said something unreadable.
    #[error("the event stream of Asterisk: {0}")]
    Stream(String),
    /// The socket stands, but events do not come through it any more.
    #[error("the application {app} was deactivated in Asterisk; does another program use the same name?")]
    AppVanished {
        /// Name of the application.
        app: String,
    },
}
