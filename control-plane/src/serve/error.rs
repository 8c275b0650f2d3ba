//! Why the control plane does not serve, in words that say what helps.

use crate::{
    accounts::session_keys::SessionKeyError, fleet::FleetError, mail::MailError, store::StoreError,
    web::TlsError,
};
use std::{io, net::SocketAddr, path::PathBuf};

/// Why the control plane does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data directory cannot be used.
    #[error("the data directory {}: {source}; name another with --data-dir, or let this user write it", path.display())]
    DataDir {
        /// Which.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Two dispatchers on one queue would ring twice.
    #[error("another control-plane already works on the database {}: stop it first", .0.display())]
    AlreadyServing(PathBuf),
    /// Whoever is accepted now would be called by nobody.
    #[error("the dispatcher has ended, which it never should; its log says why")]
    DispatcherEnded,
    /// Nobody would get a letter any more.
    #[error("the sender of letters has ended, which it never should; its log says why")]
    SenderEnded,
    /// The listener cannot be opened.
    #[error("cannot listen on {address} ({option}): {}", why_not(source))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Which option says so.
        option: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Mail: the file of a secret, or a directory.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fleet; the order-signing key above all.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The keys of sessions.
    #[error(transparent)]
    SessionKey(#[from] SessionKeyError),
    /// The system gives no signals.
    #[error("signals cannot be received: {0}")]
    Signals(io::Error),
    /// Asked twice to end.
    #[error("ended at once, as asked by a second signal; requests in flight were cut off")]
    Interrupted,
}

impl ServeError {
    /// Whether nothing but another configuration helps.
    pub const fn is_configuration(&self) -> bool {
        match self {
            Self::Tls(_) | Self::Mail(_) => true,
            Self::DataDir { .. }
            | Self::AlreadyServing(_)
            | Self::DispatcherEnded
            | Self::SenderEnded
            | Self::Listen { .. }
            | Self::Store(_)
            | Self::Fleet(_)
            | Self::SessionKey(_)
            | Self::Signals(_)
            | Self::Interrupted => false,
        }
    }
}

fn why_not(source: &io::Error) -> String {
    let kind = source.kind();
    if kind == io::ErrorKind::AddrInUse {
        "another program listens there; stop it, or choose another address".to_owned()
    } else if kind == io::ErrorKind::PermissionDenied {
        "this user may not; ports below 1024 take CAP_NET_BIND_SERVICE".to_owned()
    } else if kind == io::ErrorKind::AddrNotAvailable {
        "this host does not have that address".to_owned()
    } else {
        source.to_string()
    }
}
