//! The server loop: accepts a bounded number of connections and serves each in its own task.

use super::{Limits, Routes, agents::Agents, connection, proxies::TrustedProxies, renewal::CurrentTls};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Pause after the system could not give a connection: file descriptors or memory ran out.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(200);
/// Not more often than this is the same trouble logged.
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// What is served to one listener's connections.
#[derive(Clone)]
pub(crate) struct Site {
    pub(super) routes: Routes,
    /// Who takes `/agent/v1/`, if anybody.
    pub(super) agents: Option<Agents>,
    /// Whose word on who a client is counts.
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) limits: Limits,
    /// People reach it over TLS: their browsers are to come no other way.
    pub(super) is_secure: bool,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

/// A place among the connections; held by whatever keeps the socket open.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

/// An open listener.
pub(crate) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Opens a listener. Connections wait in the system's queue until they are served.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<Listening> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok(Listening { listener, address })
}

impl Listening {
    /// One that was opened by whoever started this program, and stays open when it ends.
    pub(crate) fn handed_over(socket: std::net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens; the port that the system chose where 0 was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the site is stopped. Connections live on in the site's tasks.
    pub(crate) async fn serve(self, tls: Option<CurrentTls>, site: Site) {
        let places = Arc::new(Semaphore::new(site.limits.connections));
        let stop = site.stop.clone();
        let accepting = async {
            // The semaphore is never closed.
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                let (stream, peer) = accept(&self.listener).await;
                // Its own for each connection: the certificate may have been renewed.
                let tls = tls.as_ref().map(|current| TlsAcceptor::from(Arc::clone(&current.borrow())));
                let serving = connection::serve(stream, peer, tls, site.clone(), Arc::new(place));
                site.tasks.spawn(serving);
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = accepting => {}
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut logged: Option<Instant> = None;
    loop {
        let error = match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => error,
        };
        if is_of_one_connection(&error) {
            continue;
        }
        if logged.is_none_or(|at| at.elapsed() > LOG_PAUSE) {
            logged = Some(Instant::now());
            tracing::error!(%error, "no connection can be accepted; raise the limit of open files if it is that");
        }
        sleep(EXHAUSTED_PAUSE).await;
    }
}

/// The client went away before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
