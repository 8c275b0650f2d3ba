//! `pbx-agent run`: starts every task, and ends them in order.

use crate::{
    ari::{self, AriClient, AriError},
    clock::Clock,
    config::Config,
    drain,
    health::{self, Asterisk},
    identity::{Identity, IdentityError, make_state_dir},
    journal::{Journal, JournalError, Owner},
    ledger::Ledger,
    link::{self, EnrolledAnew, Link, LinkState},
    service, status,
    switchboard::{Broken, Parts, Switchboard},
    tls::{self, TlsError},
    voice::Voice,
};
use daemon::{Manager, Word};
use std::{
    fs::{File, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
    time::timeout,
};

/// Orders that wait for the switchboard; more make the link wait.
const ASKS: usize = 256;
/// Events of Asterisk that wait for the switchboard.
const SIGNALS: usize = 1024;
/// How long a disk may take to store the last reports. With the switchboard's patience and the
/// link's, an agent that is told to stop is gone within ten seconds.
const FLUSH: Duration = Duration::from_secs(1);
/// How long the link may take to hand over the last reports.
const FAREWELL: Duration = Duration::from_millis(2500);

/// Why the agent does not run, or ran and broke.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Who we are.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Whom we trust.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// How Asterisk is reached.
    #[error(transparent)]
    Ari(#[from] AriError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Two agents would dial the same orders.
    #[error("{path}: another pbx-agent runs on this state_dir; stop it first")]
    AlreadyRunning {
        /// The lock.
        path: PathBuf,
    },
    /// The lock file or the signals.
    #[error("{what}: {source}")]
    System {
        /// What.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// A part of the agent ended although nobody told it to.
    #[error("the {0} ended; the agent stops rather than go on without it")]
    Ended(&'static str),
    /// `pbx-agent enroll` has made it another.
    #[error(transparent)]
    EnrolledAnew(#[from] EnrolledAnew),
    /// A part of the agent panicked.
    #[error("a part of the agent broke: {0}")]
    Panicked(#[from] JoinError),
    /// The same inside the switchboard.
    #[error(transparent)]
    Switchboard(#[from] Broken),
}

impl RunError {
    /// Whether the operator must change something first: exit code 2.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Identity(_) | Self::Tls(_) | Self::Ari(_) => true,
            Self::Journal(_)
            | Self::AlreadyRunning { .. }
            | Self::System { .. }
            | Self::Ended(_)
            | Self::EnrolledAnew(_)
            | Self::Panicked(_)
            | Self::Switchboard(_) => false,
        }
    }
}

/// Runs until SIGTERM or SIGINT, and tells the service manager how it is.
///
/// # Errors
/// [`RunError`]. Whatever breaks inside ends the whole process: half an agent looks alive and
/// rings nobody.
pub async fn run(config: Config, manager: &Manager) -> Result<(), RunError> {
    let config = Arc::new(config);
    let mut stop = Stop::listen()?;
    make_state_dir(&config.state_dir)?;
    let _lock = lock(&config.state_dir)?;
    let identity = Arc::new(Identity::load(&config.state_dir, &config.name)?);
    let tls = Arc::new(tls_for(&config)?);
    let ari = AriClient::new(&config.ari)?;
    let owner = Owner { pbx: identity.pbx_id, of_old: identity.of_old };
    let (journal, contents) = Journal::open(&config.state_dir, owner)?;
    let clock = Clock::start(contents.latest());
    let nothing = Asterisk::Down { why: "Asterisk was not asked yet".to_owned() };
    let (health, told) =
        watch::channel(health::health(&config, &Ledger::default(), &nothing, &[], None, false));
    let (asks, asked) = mpsc::channel(ASKS);
    let (signals, signalled) = mpsc::channel(SIGNALS);
    let (resend, resends) = watch::channel(0);
    let (link_state, link_seen) = watch::channel(LinkState::default());
    let (stops, draining) = watch::channel(false);
    let system = |source| RunError::System { what: config.state_dir.display().to_string(), source };
    // Before the first order can come.
    let (drain, drained) = watch::channel(drain::since(&config.state_dir).map_err(system)?);
    let (close, closing) = watch::channel(false);
    tracing::info!(
        name = config.name,
        trunks = config.trunks.len(),
        remembered = contents.orders.len(),
        version = env!("CARGO_PKG_VERSION"),
        "pbx-agent"
    );

    let switchboard = Switchboard::new(
        Parts {
            config: Arc::clone(&config),
            identity: Arc::clone(&identity),
            ari: ari.clone(),
            journal: journal.clone(),
            voice: Voice::new(&config.voice, &config.state_dir),
            clock: clock.clone(),
            asks: asked,
            signals: signalled,
            health,
            resend,
            draining,
            drained: drained.clone(),
            pulse: manager.pulse(),
        },
        contents,
    );
    let link = Link {
        config: Arc::clone(&config),
        identity,
        tls,
        clock: clock.clone(),
        journal: journal.clone(),
        asks,
        health: told.clone(),
        resend: resends,
        state: link_state,
        closing,
    };
    let line = service::Sources {
        config: Arc::clone(&config),
        health: told.clone(),
        link: link_seen.clone(),
        stopping: stops.subscribe(),
    };
    let state_dir = config.state_dir.clone();
    let journal_seen = journal.state();
    let sources =
        status::Sources { config, clock, health: told, link: link_seen, journal: journal_seen, drained };

    let mut switchboard = tokio::spawn(switchboard.run());
    let mut link = tokio::spawn(link::keep(link));
    let mut others = JoinSet::new();
    others.spawn(named("watch over Asterisk", ari::watch(ari, signals)));
    others.spawn(named("status", status::keep(sources)));
    others.spawn(named("look for the operator's wish", drain::follow(state_dir, drain)));
    others.spawn(named("line for the service manager", service::tell(manager.clone(), line)));
    // Whether or not anybody answers: a host is started before its control plane as well as after it.
    manager.tell(Word::Ready);
    tokio::select! {
        () = stop.told() => {}
        ended = &mut switchboard => { ended??; return Err(RunError::Ended("switchboard")); }
        ended = &mut link => { ended??; return Err(RunError::Ended("link")); }
        Some(ended) = others.join_next() => return Err(RunError::Ended(ended?)),
    }

    tracing::info!("stopping");
    manager.tell(Word::Stopping);
    stops.send_replace(true);
    tokio::select! {
        // With it ends whatever serves it, some of that a moment earlier.
        ended = &mut switchboard => ended??,
        () = stop.told() => tracing::warn!("told twice: calls are left to Asterisk at once"),
    }
    if timeout(FLUSH, journal.flush()).await.is_err() {
        tracing::warn!("the disk does not take the last reports");
    }
    close.send_replace(true);
    if timeout(FAREWELL, link).await.is_err() {
        tracing::warn!("the last reports were not acknowledged; the next start sends them");
    }
    manager.last_words();
    Ok(())
}

async fn named(name: &'static str, task: impl Future<Output = ()>) -> &'static str {
    task.await;
    name
}

/// SIGTERM and SIGINT. Listened to before anything is begun, so that none is missed.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> Result<Self, RunError> {
        let system = |source| RunError::System { what: "signals".to_owned(), source };
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(system)?,
            interrupt: signal(SignalKind::interrupt()).map_err(system)?,
        })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn tls_for(config: &Config) -> Result<rustls::ClientConfig, TlsError> {
    if config.control_plane.url.scheme() == "ws" {
        return tls::trusting_nobody();
    }
    tls::client_config(config.control_plane.ca_file.as_deref())
}

/// Released when the file is closed, also by kill -9.
fn lock(state_dir: &Path) -> Result<File, RunError> {
    let path = state_dir.join("lock");
    let system = |source| RunError::System { what: path.display().to_string(), source };
    // Whoever may open it could hold the lock, and with it the agent.
    let file =
        File::options().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(system)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunError::AlreadyRunning { path }),
        Err(TryLockError::Error(source)) => Err(system(source)),
    }
}
