//! `control-plane serve`: puts the rooms together, and takes them apart in order when asked to end.

mod data;
mod error;
#[cfg(test)]
mod tests;

use crate::{
    accounts::{password::Hasher, session_keys::SessionKeys, sessions},
    config::{Data, Settings},
    dispatch::{self, Nudge, Turns},
    fleet::Fleet,
    intake::Intake,
    mail,
    service::{Listeners, Service},
    status::{self, Probe},
    store::{Store, StoreError},
    web::{self, App, Limits, Listening, Pace, Streams},
};
use daemon::{Manager, Word};
pub use data::prepare;
pub(crate) use data::take;
pub use error::ServeError;
use std::{
    fs::File,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::timeout_at,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

/// Reports of agents that may wait for the dispatcher before their sockets have to.
const WAITING_EVENTS: usize = 1024;
/// Longest migration that the service manager is asked to wait for.
const LONGEST_MIGRATION: Duration = Duration::from_secs(3600);

/// Serves until SIGTERM or SIGINT, then ends in order; a second signal ends it at once. The service
/// manager is told of both.
///
/// # Errors
/// [`ServeError`]
pub async fn serve(settings: &Settings, service: Service) -> Result<(), ServeError> {
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let manager = service.manager.clone();
    let mut server = Server::start_as(settings, Limits::default(), service).await?;
    manager.status(&format!("accepts at {} and dispatches", server.address()));
    manager.tell(Word::Ready);
    let asked = tokio::select! {
        () = signals.next() => Ok(()),
        error = server.broken() => Err(error),
    };
    tracing::info!("draining; a second signal ends at once");
    manager.tell(Word::Stopping);
    manager.status("finishes the requests under way");
    let ended = tokio::select! {
        () = server.stop() => asked,
        () = signals.next() => Err(ServeError::Interrupted),
    };
    manager.last_words();
    ended
}

/// A control plane that serves.
pub struct Server {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    app: Arc<App>,
    dispatcher: JoinHandle<()>,
    /// Sends letters, where mail is configured.
    sender: Option<JoinHandle<()>>,
    /// Lets go of the database when the server is gone.
    _lock: File,
}

impl Server {
    /// Opens everything and begins to serve.
    ///
    /// # Errors
    /// [`ServeError`]; then nothing is left running.
    pub async fn start(settings: &Settings, limits: Limits) -> Result<Self, ServeError> {
        Self::start_as(settings, limits, Service::none()).await
    }

    /// [`start`](Self::start) as the service that a service manager takes it for.
    ///
    /// # Errors
    /// [`ServeError`]; then nothing is left running.
    pub async fn start_as(settings: &Settings, limits: Limits, service: Service) -> Result<Self, ServeError> {
        let Service { manager, sockets } = service;
        let tls = settings.tls.as_ref().map(web::Renewal::begin).transpose()?;
        // Before the database is touched: a second start with the same port must change nothing.
        let Listeners { everybody, metrics } = Listeners::open(settings, sockets).await?;
        let lock = take(&settings.data)?;
        let store = open_patiently(&settings.data, &manager).await?;
        let mail = mail::Nudge::default();
        let (sender, mail_secret) = match &settings.mail {
            Some(given) => {
                let sender = mail::Sender::new(store.clone(), given, mail.clone())?;
                (Some(sender), mail::webhook_secret(given)?)
            }
            None => (None, None),
        };
        let fleet = Fleet::open(store.clone(), &settings.data.dir).await?;
        let session_keys = SessionKeys::open(&settings.data.dir)?;
        let nudge = Nudge::default();
        let (events, reported) = mpsc::channel(WAITING_EVENTS);
        let stop = CancellationToken::new();
        let (turns, ended) = (Turns::default(), stop.clone());
        let watched = (manager.pulse(), turns.clone());
        let dispatcher =
            dispatch::start(store.clone(), fleet.clone(), reported, nudge.clone(), watched, ended).await?;
        let (address, metrics_address) = (everybody.address(), metrics.as_ref().map(Listening::address));
        let app = Arc::new(App {
            hasher: Hasher::default(),
            session_keys,
            public_url: settings.public_url.clone().unwrap_or_else(|| own_url(settings, address)),
            intake: Intake::new(store.clone(), nudge.clone(), limits.endpoint_rate),
            nudge,
            mail,
            mail_secret,
            store,
            fleet,
            events,
            dispatcher: dispatcher.abort_handle(),
            started: Instant::now(),
            body_memory: Semaphore::new(limits.body_memory),
            pace: Pace::new(&limits),
            streams: Streams::new(&limits),
            limits,
            proxies: Arc::new(settings.trusted_proxies.clone()),
            board: status::Board::default(),
            status_pages: web::StatusPages::default(),
            tasks: TaskTracker::new(),
            stop,
        });
        let probe = Probe {
            store: app.store.clone(),
            fleet: app.fleet.clone(),
            turns,
            dispatcher: app.dispatcher.clone(),
            mail: settings.mail.clone(),
            address,
            is_tls: tls.is_some(),
            every: limits.status_pause,
            board: app.board.clone(),
        };
        app.tasks.spawn(everybody.serve(tls.as_ref().map(web::Renewal::current), app.public_site()));
        app.tasks.spawn(app.fleet.clone().watch(app.stop.clone()));
        app.tasks.spawn(app.session_keys.clone().follow(app.stop.clone()));
        app.tasks.spawn(sessions::tidy(app.store.clone(), app.stop.clone()));
        app.tasks.spawn(probe.run(app.stop.clone()));
        if let Some(renewal) = tls {
            app.tasks.spawn(renewal.follow(app.stop.clone()));
        }
        if let Some(metrics) = metrics {
            app.tasks.spawn(metrics.serve(None, app.metrics_site()));
        }
        let sender = sender.map(|sender| app.tasks.spawn(sender.run(app.stop.clone())));
        if sender.is_none() {
            tracing::warn!("no mail is configured: letters stay queued until there is --mail");
        }
        announce(settings, address, metrics_address);
        Ok(Self { address, metrics_address, app, dispatcher, sender, _lock: lock })
    }

    /// Where everybody is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Wakes the sender of letters after one was queued.
    pub fn mail(&self) -> mail::Nudge {
        self.app.mail.clone()
    }

    /// What its surfaces work with.
    #[cfg(test)]
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Completes only where it can no longer do its work, so that whoever watches the process starts it
    /// again: a request that is accepted must ring somebody.
    async fn broken(&mut self) -> ServeError {
        let sender = async {
            match &mut self.sender {
                Some(sender) => drop(sender.await),
                None => std::future::pending().await,
            }
        };
        // However it ended, it has.
        tokio::select! {
            _ = &mut self.dispatcher => ServeError::DispatcherEnded,
            () = sender => ServeError::SenderEnded,
        }
    }

    /// Takes no new work, finishes the requests in flight, and lets what is queued for the agents
    /// leave. What is not done within the limit is cut off: it is on disk, or was never answered.
    pub async fn stop(self) {
        let Self { app, dispatcher, .. } = self;
        let deadline = tokio::time::Instant::now() + app.limits.shutdown_time;
        app.stop.cancel();
        app.tasks.close();
        // The dispatcher first: what it still sends must find its links open.
        if !dispatcher.is_finished() && timeout_at(deadline, dispatcher).await.is_err() {
            tracing::warn!("the dispatcher did not end in time");
            app.dispatcher.abort();
        }
        app.fleet.drain();
        if timeout_at(deadline, app.tasks.wait()).await.is_err() {
            tracing::warn!(left = app.tasks.len(), "connections did not end in time and are cut off");
        }
        tracing::info!("stopped");
    }
}

/// Where the database has to be brought up to date first, the service manager is asked for patience.
async fn open_patiently(data: &Data, manager: &Manager) -> Result<Store, StoreError> {
    manager.status("opens the database and brings its tables up to date");
    manager.be_patient(LONGEST_MIGRATION, Store::open(&data.database)).await
}

/// Where this process itself is reached.
fn own_url(settings: &Settings, address: SocketAddr) -> Url {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    #[expect(clippy::expect_used, reason = "an address and a port are a URL's host and port")]
    format!("{scheme}://{address}").parse().expect("a URL")
}

fn announce(settings: &Settings, address: SocketAddr, metrics_address: Option<SocketAddr>) {
    let url = own_url(settings, address);
    let url = url.as_str().trim_end_matches('/');
    let public_url = settings.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/'));
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(url, public_url, version, data_dir = %settings.data.dir.display(), "listening");
    if settings.tls.is_none() && !address.ip().is_loopback() {
        tracing::warn!(
            "endpoint ids and API keys travel unencrypted: serve TLS with --tls-cert and --tls-key, \
             or listen on loopback behind a proxy that does"
        );
    }
    if let Some(address) = metrics_address {
        tracing::info!(url = format!("http://{address}/metrics"), "metrics");
        if !address.ip().is_loopback() {
            tracing::warn!("metrics are open to whoever reaches {address}: they have no key");
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
