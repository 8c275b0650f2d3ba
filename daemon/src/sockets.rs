//! Listening sockets that the service manager holds and hands over (sd_listen_fds(3)), so that a
//! restart closes no port.

use listenfd::ListenFd;
use std::{collections::BTreeMap, io, net::TcpListener};

/// What was handed over is not what it was taken for.
#[derive(Debug, thiserror::Error)]
#[error(
    "the socket {name:?} that was handed over by the service manager: {source}; compare ListenStream= of its unit"
)]
pub struct NotASocket {
    /// `FileDescriptorName=` of its unit.
    pub name: String,
    /// What the system said.
    pub source: io::Error,
}

/// Listening TCP sockets by the name that their unit gives them (`FileDescriptorName=`).
#[derive(Debug, Default)]
pub struct HandedOver(BTreeMap<String, TcpListener>);

impl HandedOver {
    /// Takes what was handed to this process. To be called once, before any thread is started: the
    /// variables that say so are removed, since they are not meant for programs that we start.
    ///
    /// # Errors
    /// [`NotASocket`]
    pub fn to_this_process() -> Result<Self, NotASocket> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut handed = ListenFd::from_env();
        let mut taken = BTreeMap::new();
        for (index, name) in (0..handed.len()).zip(names.split(':').chain(std::iter::repeat(""))) {
            let bad = |source| NotASocket { name: name.to_owned(), source };
            let Some(socket) = handed.take_tcp_listener(index).map_err(bad)? else { continue };
            socket.set_nonblocking(true).map_err(bad)?;
            taken.insert(name.to_owned(), socket);
        }
        Ok(Self(taken))
    }

    /// The socket of this name, once.
    pub fn take(&mut self, name: &str) -> Option<TcpListener> {
        self.0.remove(name)
    }

    /// Those that nobody has taken.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromIterator<(String, TcpListener)> for HandedOver {
    fn from_iter<T: IntoIterator<Item = (String, TcpListener)>>(sockets: T) -> Self {
        Self(sockets.into_iter().collect())
    }
}
