//! A PBX host for tests of whatever follows the fleet: its link ends in the test's hands.

use super::{Fleet, Link, hub::Connection, registry};
use shared::{
    fence::RouteCountries,
    ids::{AttemptId, JournalId, PbxId},
    order::{Order, SignedOrder},
    protocol::{AttemptEvent, ControlFrame, Health, Report, TrunkHealth},
    time::Timestamp,
};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// A connected host.
pub(crate) struct TestHost {
    pub(crate) link: Link,
    fleet: Fleet,
    frames: mpsc::Receiver<ControlFrame>,
    seq: u64,
    /// Told with its next health.
    pub(crate) speaks_codes: bool,
}

impl TestHost {
    /// Applies a PBX and connects its agent, with one trunk `a` to Ukraine for `capacity` calls.
    pub(crate) async fn connect(fleet: &Fleet, name: &'static str, capacity: u32) -> Self {
        let id = fleet
            .0
            .store
            .write(move |tx| {
                registry::apply_pbx(tx, name, "eu")?;
                registry::id_of(tx, name)
            })
            .await
            .expect("a PBX is made")
            .expect("and is there");
        let mut host = Self::plugged(fleet, id, name, JournalId::new(Uuid::now_v7()));
        host.healthy(capacity);
        host
    }

    /// The same agent on a new connection.
    pub(crate) fn reconnect(self, capacity: u32) -> Self {
        let name = self.link.pbx_name().to_owned();
        let mut host = Self::plugged(&self.fleet, self.link.pbx(), &name, self.link.journal());
        host.seq = self.seq;
        host.healthy(capacity);
        host
    }

    /// Its link goes down.
    pub(crate) fn disconnect(&self) {
        self.fleet.0.hub.disconnected(&self.link);
    }

    pub(crate) fn healthy(&mut self, capacity: u32) {
        let trunk = TrunkHealth {
            name: "a".into(),
            online: true,
            route_countries: RouteCountries::try_from(vec!["UA".to_owned()]).expect("a country"),
            caller_id: None,
            active: 0,
            max_concurrent: capacity,
        };
        let health = Health {
            asterisk: Some("22.10.1".into()),
            trouble: None,
            draining: false,
            active: 0,
            trunks: vec![trunk],
            speaks_codes: self.speaks_codes,
        };
        self.fleet.0.hub.healthy_as(&self.link, health);
    }

    /// The next frame, which must be an order.
    pub(crate) async fn expect_order(&mut self) -> Order {
        let frame = self.next().await;
        let ControlFrame::Order(signed) = frame else { panic!("an order was expected, not {frame:?}") };
        self.opened(&signed)
    }

    /// What a signed order says.
    pub(crate) fn opened(&self, signed: &SignedOrder) -> Order {
        signed.open(&self.fleet.keyring().public().keys).expect("it is signed")
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> ControlFrame {
        tokio::time::timeout(Duration::from_secs(10), self.frames.recv())
            .await
            .expect("a frame within 10 s")
            .expect("the link is up")
    }

    /// Nothing is sent for a moment.
    pub(crate) async fn expect_silence(&mut self) {
        let heard = tokio::time::timeout(Duration::from_millis(200), self.frames.recv()).await;
        assert!(heard.is_err(), "silence was expected, not {heard:?}");
    }

    /// The next report of its journal.
    pub(crate) fn report(&mut self, attempt_id: AttemptId, event: AttemptEvent) -> Report {
        self.seq += 1;
        Report { journal: self.link.journal(), seq: self.seq, attempt_id, at: Timestamp::now(), event }
    }

    fn plugged(fleet: &Fleet, id: PbxId, name: &str, journal: JournalId) -> Self {
        let (link, frames) = Link::new(id, name.to_owned(), journal);
        fleet.0.hub.connected(Connection {
            link: link.clone(),
            key: Default::default(),
            challenge: fleet.0.hub.challenge(),
            version: "0.1.0".into(),
            since: Timestamp::now(),
        });
        Self { link, fleet: fleet.clone(), frames, seq: 0, speaks_codes: true }
    }
}
