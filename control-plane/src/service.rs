//! This program as a service of its host.

use crate::{
    config::Settings,
    serve::ServeError,
    web::{self, Listening},
};
use daemon::{HandedOver, Manager};
use std::net::{SocketAddr, TcpListener};

/// Names of the sockets that may be handed over: `FileDescriptorName=` of their units.
const PUBLIC_SOCKET: &str = "https";
const METRICS_SOCKET: &str = "metrics";

/// Whom to tell how it is, and what was handed over.
#[derive(Debug)]
pub struct Service {
    /// Told of readiness, of the end, and of every few turns of the dispatcher.
    pub manager: Manager,
    /// Sockets that are open already.
    pub sockets: HandedOver,
}

impl Service {
    /// Started by hand.
    pub fn none() -> Self {
        Self { manager: Manager::nobody(), sockets: HandedOver::default() }
    }
}

/// Where this program is reached.
pub(crate) struct Listeners {
    pub(crate) everybody: Listening,
    pub(crate) metrics: Option<Listening>,
}

impl Listeners {
    /// The sockets that were handed over, and what the configuration says where there are none.
    pub(crate) async fn open(settings: &Settings, mut sockets: HandedOver) -> Result<Self, ServeError> {
        let everybody = listen(settings.listen, "--listen", sockets.take(PUBLIC_SOCKET)).await?;
        let metrics = match (settings.metrics_listen, sockets.take(METRICS_SOCKET)) {
            (None, None) => None,
            (Some(address), socket) => Some(listen(address, "--metrics-listen", socket).await?),
            (None, Some(socket)) => {
                let address = socket.local_addr().unwrap_or(settings.listen);
                Some(listen(address, "--metrics-listen", Some(socket)).await?)
            }
        };
        for name in sockets.left() {
            tracing::warn!(
                name,
                "nobody serves this socket: FileDescriptorName= of its unit is {PUBLIC_SOCKET} or {METRICS_SOCKET}"
            );
        }
        Ok(Self { everybody, metrics })
    }
}

/// The socket that was handed over, else one of our own.
async fn listen(
    address: SocketAddr,
    option: &'static str,
    handed_over: Option<TcpListener>,
) -> Result<Listening, ServeError> {
    let listening = match handed_over {
        Some(socket) => Listening::handed_over(socket),
        None => web::listen(address).await,
    };
    let listening = listening.map_err(|source| ServeError::Listen { address, option, source })?;
    if address.port() != 0 && listening.address() != address {
        tracing::warn!(
            configured = %address, handed_over = %listening.address(),
            "the service manager holds another address than {option} says; its counts"
        );
    }
    Ok(listening)
}
