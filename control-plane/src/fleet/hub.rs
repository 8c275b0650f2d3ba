//! The agents that are connected to this process, and what they last said of their hosts.
//!
//! In memory only: after a restart the agents connect again and say it again. A std mutex, since
//! it is held for a few microseconds and never across an await.

use super::{
    choice::{self, Candidate, Host, NoRoute, Route, Wish},
    decisions::{Decided, Decisions},
    link::{Closing, Link, REPLACED_KEY, SHUTTING_DOWN},
    rating::{Evidence, Ratings},
};
use ed25519_dalek::VerifyingKey;
use shared::{ids::PbxId, protocol::Health, time::Timestamp};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

pub(super) struct Hub {
    seats: Mutex<BTreeMap<PbxId, Seat>>,
    /// What operators have decided, for hosts too that have no place yet.
    decisions: Mutex<Decisions>,
    /// How many challenges were issued.
    challenges: AtomicU64,
    /// Whose turn it is.
    turn: AtomicUsize,
    draining: CancellationToken,
}

/// The place of one enrolled PBX.
pub(super) struct Seat {
    pub(super) host: Host,
    pub(super) connection: Option<Connection>,
    /// Whoever follows the sessions knows that it has connected since the start, and what it said first.
    greeted: bool,
}

/// An agent's connection.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) link: Link,
    /// With which it has proved itself.
    pub(super) key: VerifyingKey,
    /// Number of the challenge that the proof answers.
    pub(super) challenge: u64,
    pub(super) version: String,
    pub(super) since: Timestamp,
}

impl Hub {
    pub(super) fn new(enrolled: Vec<(PbxId, String)>) -> Self {
        let empty = |(id, name)| (id, Seat::empty(id, name, Decided::default()));
        Self {
            seats: Mutex::new(enrolled.into_iter().map(empty).collect()),
            decisions: Mutex::default(),
            challenges: AtomicU64::new(0),
            turn: AtomicUsize::new(0),
            draining: CancellationToken::new(),
        }
    }

    pub(super) fn choose(&self, wish: &Wish<'_>) -> Result<Candidate, NoRoute> {
        self.look(|hosts| choice::choose(hosts, self.turn.load(Ordering::Relaxed), wish))
    }

    /// Every trunk, as a call would find it.
    pub(super) fn routes(&self, wish: &Wish<'_>) -> Vec<Route> {
        self.look(|hosts| choice::routes(hosts, wish))
    }

    fn look<T>(&self, at: impl FnOnce(&[&Host]) -> T) -> T {
        let mut seats = self.seats();
        for seat in seats.values_mut() {
            // Its session has not come round to saying so.
            seat.host.connected &=
                seat.connection.as_ref().is_some_and(|connection| !connection.link.is_closed());
        }
        let hosts: Vec<&Host> = seats.values().map(|seat| &seat.host).collect();
        at(&hosts)
    }

    /// The next call starts with the host after this one.
    pub(super) fn took(&self, pbx: PbxId) {
        if let Some(place) = self.seats().keys().position(|id| *id == pbx) {
            self.turn.store(place + 1, Ordering::Relaxed);
        }
    }

    pub(super) fn rate(&self, pbx: PbxId, trunk: &str, evidence: Evidence, now: Timestamp) {
        if let Some(seat) = self.seats().get_mut(&pbx) {
            let before = seat.host.ratings.standing(trunk, now);
            seat.host.ratings.note(trunk, evidence, now);
            let after = seat.host.ratings.standing(trunk, now);
            if before != after {
                tracing::warn!(pbx = seat.host.name, trunk, ?before, ?after, "the rating of a trunk changes");
            }
        }
    }

    pub(super) fn link(&self, pbx: PbxId) -> Option<Link> {
        self.seats().get(&pbx)?.connection.as_ref().map(|connection| connection.link.clone())
    }

    /// A PBX has enrolled: it gets its place, and whoever holds an older key loses the connection.
    pub(super) fn enrolled(&self, pbx: PbxId, name: String) {
        let mut seats = self.seats();
        let seat = seats.entry(pbx).or_insert_with(|| Seat::empty(pbx, name, self.decided(pbx)));
        seat.replace(None, REPLACED_KEY);
    }

    /// A challenge is issued: its number, higher than that of every one before.
    pub(super) fn challenge(&self) -> u64 {
        self.challenges.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// An agent has proved itself. Its newer connection replaces an older one; a slow handshake that
    /// was begun before the one of the connection that is there does not.
    pub(super) fn connected(&self, connection: Connection) {
        let link = connection.link.clone();
        {
            let mut seats = self.seats();
            let seat = seats.entry(link.pbx()).or_insert_with(|| {
                Seat::empty(link.pbx(), link.pbx_name().to_owned(), self.decided(link.pbx()))
            });
            let newer = |held: &Connection| held.challenge > connection.challenge && !held.link.is_closed();
            if seat.connection.as_ref().is_some_and(newer) {
                link.close(REPLACED);
                return;
            }
            seat.replace(Some(connection), REPLACED);
        }
        if self.draining.is_cancelled() {
            link.close(SHUTTING_DOWN);
        }
    }

    /// A connection has ended: whether its place is empty now. Nothing changes when a newer one has
    /// taken it.
    pub(super) fn disconnected(&self, link: &Link) -> bool {
        let mut seats = self.seats();
        let Some(seat) = seats.get_mut(&link.pbx()) else { return false };
        if seat.is_held_by(link) {
            seat.replace(None, REPLACED);
        }
        seat.connection.is_none()
    }

    pub(super) fn healthy_as(&self, link: &Link, health: Health) {
        if let Some(seat) = self.seats().get_mut(&link.pbx())
            && seat.is_held_by(link)
        {
            seat.host.health = Some(health);
            seat.host.connected = true;
        }
    }

    pub(super) fn drain(&self) {
        self.draining.cancel();
        for seat in self.seats().values() {
            if let Some(connection) = &seat.connection {
                connection.link.close(SHUTTING_DOWN);
            }
        }
    }

    /// This machine's clock was set: every agent must learn the time anew, and until then takes no orders.
    pub(super) fn tell_the_time(&self) {
        for seat in self.seats().values() {
            if let Some(connection) = &seat.connection {
                connection.link.ask_for_the_time();
            }
        }
    }

    pub(super) fn greet(&self, pbx: PbxId) {
        if let Some(seat) = self.seats().get_mut(&pbx) {
            seat.greeted = true;
        }
    }

    /// Whether every host was greeted since the start.
    pub(super) fn is_complete(&self) -> bool {
        self.seats().values().all(|seat| seat.greeted)
    }

    /// Completes once no new connection is taken.
    pub(super) async fn draining(&self) {
        self.draining.cancelled().await;
    }

    /// Every place, and who holds it with which key.
    pub(super) fn seated(&self) -> Vec<(PbxId, Option<(Link, VerifyingKey)>)> {
        let held = |seat: &Seat| seat.connection.as_ref().map(|held| (held.link.clone(), held.key));
        self.seats().iter().map(|(pbx, seat)| (*pbx, held(seat))).collect()
    }

    /// A PBX may not connect any more: nobody waits for it.
    pub(super) fn forget(&self, pbx: PbxId) {
        let mut seats = self.seats();
        if seats.get(&pbx).is_some_and(|seat| seat.connection.is_none()) {
            seats.remove(&pbx);
        }
    }

    /// What operators have decided by now.
    pub(super) fn decide(&self, decisions: Decisions) {
        let mut seats = self.seats();
        for (pbx, seat) in seats.iter_mut() {
            let decided = decisions.get(pbx).cloned().unwrap_or_default();
            if decided != seat.host.decided {
                tracing::info!(pbx = seat.host.name, ?decided, "an operator has decided");
                seat.host.decided = decided;
            }
        }
        *self.decisions() = decisions;
    }

    fn decided(&self, pbx: PbxId) -> Decided {
        self.decisions().get(&pbx).cloned().unwrap_or_default()
    }

    fn decisions(&self) -> MutexGuard<'_, Decisions> {
        // Replaced whole. Held within the seats' lock alone, so that no new seat misses what is decided.
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of one PBX, if it has a place here.
    pub(super) fn snapshot(&self, pbx: PbxId) -> Option<(Host, Option<Connection>)> {
        self.seats().get(&pbx).map(|seat| (seat.host.clone(), seat.connection.clone()))
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<PbxId, Seat>> {
        // Whoever panicked held it for single assignments: what is there is whole.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const REPLACED: Closing =
    Closing::new(CloseCode::Library(4001), "replaced by a newer connection of this PBX");

impl Seat {
    fn empty(id: PbxId, name: String, decided: Decided) -> Self {
        Self {
            host: Host { id, name, connected: false, health: None, ratings: Ratings::default(), decided },
            connection: None,
            greeted: false,
        }
    }

    fn is_held_by(&self, link: &Link) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.link.is(link))
    }

    /// The health of the connection before stays known: it says which countries are reachable.
    fn replace(&mut self, connection: Option<Connection>, closing: Closing) {
        if let Some(older) = self.connection.take() {
            older.link.close(closing);
        }
        // Until the new connection has told its health, the host takes no work.
        self.host.connected = false;
        self.connection = connection;
    }
}
