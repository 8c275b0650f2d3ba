//! PBX hosts and their agents: who is enrolled, who is connected, how each is, and which takes a
//! call.
//!
//! The hub knows the connected agents of this process; the database knows who may connect. What
//! agents report goes up through a channel ([`session::AgentEvent`]) to whoever follows the
//! session, so that nothing here needs to know of calls.

pub mod choice;
mod decisions;
pub mod enrolment;
mod hub;
pub mod journals;
mod keys;
mod link;
pub mod rating;
mod regions;
mod registry;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
mod view;
mod watch;

pub use decisions::{Decided, drain, rest};
pub use enrolment::{EnrolError, enrol_token, make_token};
pub use keys::{KeyChange, KeyError, order_key_file, retire_order_key, rotate_order_key};
pub use link::{Link, NotSent};
pub use registry::{Pbx, apply_pbx, by_id as pbx, create as create_pbx, id_of as pbx_id};
pub use view::{
    FleetSummary, FleetView, PbxDetails, PbxHealth, PbxSummary, PbxView, TrunkCounts, TrunkFigures, TrunkView,
};
pub use watch::{revoke_agent, revoke_within};

use crate::{
    key_file::Stamp,
    store::{Store, StoreError},
};
use choice::{Candidate, NoRoute, Route, Wish};
use hub::Hub;
use keys::Keyring;
use rating::Evidence;
use shared::{
    ids::{AttemptId, PbxId},
    order::Order,
    protocol::ControlFrame,
    time::Timestamp,
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

/// Agents that run come back within this time after a start: their pauses between attempts are no longer
/// than 4 s.
const GATHERING: Duration = Duration::from_secs(5);

/// The fleet, as one running control plane sees it. Cheap to clone.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

struct Inner {
    store: Store,
    hub: Hub,
    /// Microseconds; moves with the clock.
    opened_at: AtomicI64,
    /// Calls from before the start wait for nobody any more, and this was said.
    gathered: AtomicBool,
    data_dir: PathBuf,
    /// Held for a look or an exchange, never across an await.
    signing: Mutex<Signing>,
}

/// The keys that sign orders, and the file they are from.
struct Signing {
    keyring: Arc<Keyring>,
    stamp: Option<Stamp>,
    /// What is wrong with the file since, said once.
    complaint: Option<String>,
}

/// What can go wrong with the fleet as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The key that signs orders.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A command named a PBX that the apply file does not.
    #[error("no PBX is called {0:?}: add it to the apply file as [[pbx]] and run `control-plane apply`")]
    UnknownPbx(String),
}

/// Names of the PBXs that hold a key.
///
/// # Errors
/// [`StoreError`]
pub async fn enrolled(store: &Store) -> Result<Vec<String>, StoreError> {
    let enrolled = store.read(registry::enrolled).await?;
    Ok(enrolled.into_iter().map(|(_, name)| name).collect())
}

impl Fleet {
    /// Reads who is enrolled, and the key that signs orders; makes the key at the first start.
    ///
    /// # Errors
    /// [`FleetError`]; a key file that others may read is refused.
    pub async fn open(store: Store, data_dir: &Path) -> Result<Self, FleetError> {
        let known = store.read(|tx| Ok::<_, StoreError>((registry::enrolled(tx)?, decisions::read(tx)?)));
        let (enrolled, decisions) = known.await?;
        let fleet = Self::of(enrolled, store, data_dir, Timestamp::now())?;
        fleet.0.hub.decide(decisions);
        Ok(fleet)
    }

    /// [`open`](Self::open) for those who know who is enrolled.
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn of(
        enrolled: Vec<(PbxId, String)>,
        store: Store,
        data_dir: &Path,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let (keyring, stamp) = Keyring::open(data_dir)?;
        let signing = Mutex::new(Signing { keyring: Arc::new(keyring), stamp, complaint: None });
        let hub = Hub::new(enrolled);
        let opened_at = AtomicI64::new(now.as_micros());
        Ok(Self(Arc::new(Inner {
            store,
            hub,
            opened_at,
            gathered: AtomicBool::new(false),
            data_dir: data_dir.to_owned(),
            signing,
        })))
    }

    /// Chooses a PBX and a trunk for a call. Hosts take turns, once they have [taken](Self::took) one.
    ///
    /// # Errors
    /// [`NoRoute`] says why there is none.
    pub fn choose(&self, wish: &Wish<'_>) -> Result<Candidate, NoRoute> {
        self.0.hub.choose(wish)
    }

    /// Every trunk that is known, as a call would find it; nothing changes.
    pub fn routes(&self, wish: &Wish<'_>) -> Vec<Route> {
        self.0.hub.routes(wish)
    }

    /// This machine's clock was set by so many microseconds: agents connect again and learn the time.
    pub fn clock_was_set(&self, by: i64) {
        self.0.opened_at.fetch_add(by, Ordering::Relaxed);
        self.0.hub.tell_the_time();
    }

    /// A PBX takes a call: it is another's turn.
    pub fn took(&self, pbx: PbxId) {
        self.0.hub.took(pbx);
    }

    /// Takes what an attempt has shown of its route, so that later calls prefer what works.
    pub fn rate(&self, pbx: PbxId, trunk: &str, evidence: Evidence, now: Timestamp) {
        self.0.hub.rate(pbx, trunk, evidence, now);
    }

    /// Signs an order and puts it on its host's link.
    ///
    /// # Errors
    /// [`NotSent`]: the order certainly did not leave.
    pub fn send_order(&self, pbx: PbxId, order: &Order) -> Result<(), NotSent> {
        let link = self.0.hub.link(pbx).ok_or(NotSent)?;
        let keyring = self.keyring();
        let key = keyring.signer(|id| link.pins(id));
        link.send(ControlFrame::Order(order.sign(key)))
    }

    /// When this control plane began to know its fleet, on the clock as it is set now.
    fn opened_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.opened_at.load(Ordering::Relaxed))
    }

    /// Until when that lasts at the longest, if it does.
    pub fn gathers_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.is_gathering(now).then(|| self.opened_at() + GATHERING)
    }

    /// Whether that is over, and nobody has [noted](Self::note_gathered) it yet.
    pub fn has_gathered(&self, now: Timestamp) -> bool {
        !self.is_gathering(now) && !self.0.gathered.load(Ordering::Relaxed)
    }

    /// Whoever waited for it was woken.
    pub fn note_gathered(&self) {
        self.0.gathered.store(true, Ordering::Relaxed);
    }

    /// This host has connected, and what it knows of the time before the start was followed.
    pub fn greet(&self, pbx: PbxId) {
        self.0.hub.greet(pbx);
    }

    /// Whether a host that has not connected since the start may still do so any moment. Until then nobody
    /// knows whether the database is older than what the hosts were told.
    pub fn is_gathering(&self, now: Timestamp) -> bool {
        now < self.opened_at() + GATHERING && !self.0.hub.is_complete()
    }

    /// The link to a host, while it is up.
    pub fn link(&self, pbx: PbxId) -> Option<Link> {
        self.0.hub.link(pbx)
    }

    /// Tells a host to hang up an attempt. When its link is down the host is told after it has come
    /// back and was asked for its attempts.
    ///
    /// # Errors
    /// [`NotSent`]
    pub fn send_cancel(&self, pbx: PbxId, attempt_id: AttemptId) -> Result<(), NotSent> {
        self.0.hub.link(pbx).ok_or(NotSent)?.send(ControlFrame::Cancel { attempt_id })
    }

    fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.signing().keyring)
    }

    fn stamp(&self) -> Option<Stamp> {
        self.signing().stamp
    }

    /// Whether this was not the last that was wrong with the key file.
    fn complains_anew(&self, error: &KeyError) -> bool {
        let complaint = Some(error.to_string());
        let mut signing = self.signing();
        let anew = signing.complaint != complaint;
        signing.complaint = complaint;
        anew
    }

    fn signing(&self) -> MutexGuard<'_, Signing> {
        // Whoever panicked held it for single assignments: what is there is whole.
        self.0.signing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no new connection and closes those there are, once what is queued on them is sent.
    pub fn drain(&self) {
        self.0.hub.drain();
    }
}
