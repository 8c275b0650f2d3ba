//! HTTP: one listener serves everything, one file per surface.
//!
//! The server loop takes `/agent/v1/` itself, since a WebSocket needs the raw connection, and gives
//! everything else to warp. Whatever goes wrong is answered with a problem document (RFC 9457).

mod agents;
mod api;
mod assets;
mod body;
mod connection;
mod health;
mod limits;
mod mail;
mod metrics;
mod openapi;
mod pages;
mod problem;
mod proxies;
mod renewal;
mod routes;
mod server;
mod status;
mod tls;
mod webhook;

pub use limits::Limits;
pub use openapi::document as openapi_document;
pub use proxies::TrustedProxies;
pub use tls::{TlsError, TlsFiles};

pub(crate) use api::{Pace, Streams};
pub(crate) use renewal::Renewal;
pub(crate) use server::{Listening, Site, listen};
pub(crate) use status::Pages as StatusPages;

use crate::{
    accounts::{password::Hasher, session_keys::SessionKeys},
    dispatch::Nudge,
    fleet::{Fleet, session::AgentEvent},
    intake::Intake,
    mail::{self as letters, WebhookSecret},
    status::Board,
    store::Store,
};
use std::{sync::Arc, time::Instant};
use tokio::{
    sync::{Semaphore, mpsc},
    task::AbortHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;
use warp::filters::BoxedFilter;

/// What an answer is.
pub(crate) type Response = warp::reply::Response;
/// The routes of one surface.
pub(crate) type Routes = BoxedFilter<(Response,)>;

/// What the surfaces work with.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) fleet: Fleet,
    pub(crate) intake: Intake,
    /// Wakes the dispatcher after an alert was changed.
    pub(crate) nudge: Nudge,
    /// Wakes the sender of letters.
    pub(crate) mail: letters::Nudge,
    /// Hashes and compares passwords.
    pub(crate) hasher: Hasher,
    /// What sessions' tokens are signed with.
    pub(crate) session_keys: SessionKeys,
    /// Where people reach the portal: links in letters begin with it.
    pub(crate) public_url: Url,
    /// What the mail provider signs its events with.
    pub(crate) mail_secret: Option<WebhookSecret>,
    /// Where what agents say goes.
    pub(crate) events: mpsc::Sender<AgentEvent>,
    /// Tells whether the dispatcher still runs.
    pub(crate) dispatcher: AbortHandle,
    pub(crate) started: Instant,
    pub(crate) limits: Limits,
    /// How fast each caller of the API changes things.
    pub(crate) pace: Pace,
    /// Who watches.
    pub(crate) streams: Streams,
    /// Whose word on who a client is counts.
    pub(crate) proxies: Arc<TrustedProxies>,
    /// One permit for each byte of a body that may be held; as many as the limits say.
    pub(crate) body_memory: Semaphore,
    /// How everything was when it was last looked at.
    pub(crate) board: Board,
    /// The status page, as it was last made.
    pub(crate) status_pages: StatusPages,
    /// Every task that the surfaces start.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the process is asked to end.
    pub(crate) stop: CancellationToken,
}

impl App {
    /// The listener for everybody.
    pub(crate) fn public_site(self: &Arc<Self>) -> Site {
        Site {
            routes: routes::public(self),
            agents: Some(agents::Agents::new(self)),
            proxies: Arc::clone(&self.proxies),
            limits: self.limits,
            is_secure: self.public_url.scheme() == "https",
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
        }
    }

    /// The listener for the monitoring system.
    pub(crate) fn metrics_site(self: &Arc<Self>) -> Site {
        Site {
            routes: routes::answered(metrics::routes(self)),
            agents: None,
            proxies: Arc::default(),
            limits: self.limits,
            is_secure: false,
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
        }
    }
}
