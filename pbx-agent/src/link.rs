//! The one WebSocket to the control plane: connect, prove who we are, serve, back off, resume.

mod connect;
mod handshake;
mod outbox;
mod session;

pub use outbox::{Batch, Outbox};

use connect::{Socket, connect};
use handshake::{Welcome, shake_hands};

use crate::{
    clock::Clock, config::Config, identity::Identity, journal::Journal, retry::Retry, tls::TlsError,
};
use rustls::ClientConfig;
use shared::{
    complaint::fit_for_log,
    ids::{AttemptId, JournalId},
    order::SignedOrder,
    protocol::{AttemptStanding, FrameError, Health},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// What the control plane asks of this host.
#[derive(Debug)]
pub enum Ask {
    /// Ring a phone.
    Order(Box<SignedOrder>),
    /// Hang up.
    Cancel(AttemptId),
    /// What became of these?
    Query(Vec<AttemptId>, oneshot::Sender<Vec<AttemptStanding>>),
}

/// How the link is, for `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkState {
    /// Whether the control plane accepts us at this moment.
    pub connected: bool,
    /// Why not.
    pub trouble: Option<String>,
}

/// Why a connection ended or did not come about.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nobody to trust.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No connection.
    #[error("no connection to {url}: {why}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// The control plane does not take us for who we say we are.
    #[error("the control plane rejects this host ({code}): {detail}")]
    Rejected {
        /// Stable word.
        code: String,
        /// What it said.
        detail: String,
    },
    /// It said something that cannot be used, and the connection was ended.
    #[error("the control plane sent a frame that cannot be used: {0}")]
    Frame(FrameError),
    /// It ended the connection, or the network did.
    #[error("the link broke: {0}")]
    Broken(String),
    /// Nothing was heard for three heartbeats.
    #[error("nothing was heard from the control plane for {} s", .0.as_secs())]
    Silent(Duration),
    /// Its journal of us is ahead of ours; ours was numbered anew.
    #[error(
        "the control plane has applied report {applied} of a journal that has handed over {offered}: it was restored from a backup; it now has a new id"
    )]
    JournalBehind {
        /// Theirs.
        applied: u64,
        /// Ours.
        offered: u64,
    },
    /// This host is another PBX now.
    #[error(transparent)]
    EnrolledAnew(#[from] EnrolledAnew),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
}

/// `pbx-agent enroll` has made this host another PBX. What runs is still the old one, and must not link:
/// with the new control plane its reports would count as those of the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this host was enrolled as another PBX meanwhile; the agent ends, to be started as that one")]
pub struct EnrolledAnew;

impl LinkError {
    fn rejected(code: &str, detail: &str) -> Self {
        Self::Rejected { code: fit_for_log(code), detail: fit_for_log(detail) }
    }
}

/// Everything a link needs.
#[derive(Debug)]
pub struct Link {
    /// Configuration.
    pub config: Arc<Config>,
    /// Who we are.
    pub identity: Arc<Identity>,
    /// TLS towards the control plane.
    pub tls: Arc<ClientConfig>,
    /// Learns the control plane's time.
    pub clock: Clock,
    /// Reports wait in it.
    pub journal: Journal,
    /// Where orders go.
    pub asks: mpsc::Sender<Ask>,
    /// How the host is.
    pub health: watch::Receiver<Health>,
    /// Asks to send what is unacknowledged again: an order came twice.
    pub resend: watch::Receiver<u64>,
    /// How the link is.
    pub state: watch::Sender<LinkState>,
    /// Turns true when the link is to be closed, after every report is out.
    pub closing: watch::Receiver<bool>,
}

/// Keeps the link up until it is told to close.
///
/// # Errors
/// [`EnrolledAnew`].
pub async fn keep(mut link: Link) -> Result<(), EnrolledAnew> {
    let mut retry = Retry::new();
    while !*link.closing.borrow() {
        let error = match link_up(&link).await {
            Ok((mut socket, welcome, journal)) => {
                let begun = Instant::now();
                link.journal.offer();
                let served = session::serve(&link, &mut socket, &welcome, journal).await;
                link.journal.withhold();
                let Err(error) = served else { return Ok(()) };
                retry.lived(begun.elapsed());
                error
            }
            Err(LinkError::EnrolledAnew(anew)) => return Err(anew),
            Err(error) => error,
        };
        let pause = pause(&error, &mut retry);
        tracing::warn!(%error, pause_ms = pause.as_millis(), "no link to the control plane");
        link.state.send_replace(LinkState { connected: false, trouble: Some(error.to_string()) });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = turns_true(&mut link.closing) => return Ok(()),
        }
    }
    Ok(())
}

/// A connection over which the control plane knows us, and the journal it knows.
async fn link_up(link: &Link) -> Result<(Socket, Welcome, JournalId), LinkError> {
    if link.identity.is_replaced(&link.config.state_dir) {
        return Err(EnrolledAnew.into());
    }
    let control_plane = &link.config.control_plane;
    let mut socket = connect(&control_plane.url, &link.tls).await?;
    if control_plane.behind_proxy {
        socket.binding = None;
    }
    let journal = link.journal.state().borrow().clone();
    let welcome = shake_hands(&mut socket, &link.identity, &link.config.name, &journal, &link.clock).await?;
    if welcome.applied > journal.offered {
        let id = link.journal.start_anew().await?;
        tracing::error!(%id, "the journal was restored from a backup; its reports are numbered anew");
        return Err(LinkError::JournalBehind { applied: welcome.applied, offered: journal.offered });
    }
    if welcome.pbx_id != link.identity.pbx_id {
        tracing::warn!(
            enrolled = %link.identity.pbx_id, told = %welcome.pbx_id,
            "the control plane knows this host under another id than it was enrolled with"
        );
    }
    tracing::info!(pbx_id = %welcome.pbx_id, applied = welcome.applied, "linked to the control plane");
    link.state.send_replace(LinkState { connected: true, trouble: None });
    Ok((socket, welcome, journal.id))
}

/// How long to leave the control plane alone.
fn pause(error: &LinkError, retry: &mut Retry) -> Duration {
    match error {
        // It was understood and answered: asking again soon changes nothing, an operator must.
        LinkError::Rejected { code, detail } => {
            tracing::error!(code, detail, advice = advice(code), "the control plane rejects this host");
            crate::retry::REJECTED.mul_f64(0.5 + rand::random::<f64>() / 2.0)
        }
        LinkError::JournalBehind { .. }
        | LinkError::EnrolledAnew(_)
        | LinkError::Tls(_)
        | LinkError::Unreachable { .. }
        | LinkError::Frame(_)
        | LinkError::Broken(_)
        | LinkError::Silent(_)
        | LinkError::Journal(_) => retry.pause(rand::random()),
    }
}

/// Waits for a switch to be thrown; whoever holds it may also be gone, which is as good.
pub(crate) async fn turns_true(switch: &mut watch::Receiver<bool>) {
    let _ = switch.wait_for(|thrown| *thrown).await;
}

fn advice(code: &str) -> &'static str {
    match code {
        "revoked" => "the key of this host was revoked: enrol again with a new token and --new-key",
        "unknown_pbx" => "no PBX of this name is enrolled: compare `name` in agent.toml, or enrol this host",
        "bad_signature" => "the key of this host is not the one it was enrolled with: enrol again",
        _ => {
            "do what the detail says; if it says nothing, compare the versions of pbx-agent and control-plane"
        }
    }
}
