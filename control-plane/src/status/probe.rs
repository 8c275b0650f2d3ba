//! Looks at everything, again and again, and writes down what it has seen.

use super::{
    Batch, Board, Component, State, checks,
    knock::Door,
    verdict::{self, Dispatching, Mailing},
};
use crate::{
    dispatch::{Turns, figures::oldest_due},
    fleet::Fleet,
    mail::{self, MailSettings},
    store::{Store, StoreError},
};
use shared::time::Timestamp;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    task::AbortHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Time for anything to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What tells that the API can work, and what people open first.
const READY: &str = "/readyz";
const PORTAL: &str = "/";
/// A server of mail is knocked at with every so many looks: others would call it an attack.
const MAIL_EVERY: u32 = 10;
/// How often it is looked whether agents have come back after a start.
const GATHERING_PAUSE: Duration = Duration::from_millis(100);

/// What is looked at.
pub(crate) struct Probe {
    pub(crate) store: Store,
    pub(crate) fleet: Fleet,
    pub(crate) turns: Turns,
    pub(crate) dispatcher: AbortHandle,
    pub(crate) mail: Option<MailSettings>,
    /// Where everybody is served.
    pub(crate) address: SocketAddr,
    pub(crate) is_tls: bool,
    pub(crate) every: Duration,
    pub(crate) board: Board,
}

/// What is remembered from look to look.
#[derive(Default)]
struct Before {
    /// When the last look was written down.
    written: Option<Instant>,
    looks: u32,
    is_mail_reachable: bool,
}

impl Probe {
    /// Looks until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.look_on() => {}
        }
    }

    async fn look_on(self) {
        let Some(door) = Door::new(self.address, self.is_tls, PATIENCE) else { return };
        self.wait_for_agents().await;
        let mut before = Before::default();
        loop {
            let begun = Instant::now();
            let states = self.look(&door, &mut before).await;
            self.write_down(states, &mut before).await;
            sleep(self.every.saturating_sub(begun.elapsed())).await;
        }
    }

    /// For as long as they may take after a start: no region is out because this program was started again. Until then
    /// the board shows what was seen before.
    async fn wait_for_agents(&self) {
        match self.store.read(checks::latest).await {
            Ok(Some(batch)) if batch.at <= Timestamp::now() => self.board.pin(batch),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what was seen before cannot be read"),
        }
        while self.fleet.is_gathering(Timestamp::now()) {
            sleep(GATHERING_PAUSE).await;
        }
    }

    async fn look(&self, door: &Door, before: &mut Before) -> BTreeMap<Component, State> {
        let (stored, ready, portal, overdue, regions, mail) = tokio::join!(
            self.store_something(),
            door.knock(READY),
            door.knock(PORTAL),
            self.overdue(),
            self.regions(),
            self.mail(before),
        );
        let dispatching =
            Dispatching { is_over: self.dispatcher.is_finished(), idle: self.turns.idle(), overdue };
        let mut states = BTreeMap::from([
            (Component::Intake, verdict::intake(stored, ready)),
            (Component::Dispatch, verdict::dispatch(dispatching)),
            (Component::Portal, verdict::portal(portal)),
        ]);
        states.extend(regions);
        states.extend(mail.map(|mail| (Component::Mail, verdict::mail(mail))));
        states
    }

    /// The way of every request: on disk before it is answered, and there when it is asked for. How long it took.
    async fn store_something(&self) -> Option<Duration> {
        let (begun, now) = (Instant::now(), Timestamp::now());
        let storing = async {
            let written = self.store.write(move |tx| {
                tx.execute(
                    "INSERT INTO status_probe (id, written_at) VALUES (1, $1)
                     ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at",
                    &[&now],
                )
            });
            written.await?;
            let sql = "SELECT written_at FROM status_probe WHERE id = 1";
            self.store.read(move |tx| tx.row(sql, &[], |row| row.get::<Timestamp>(0))).await
        };
        match timeout(PATIENCE, storing).await {
            Ok(Ok(found)) => (found == Some(now)).then(|| begun.elapsed()),
            Ok(Err(error)) => {
                let error: StoreError = error;
                tracing::warn!(%error, "nothing can be stored");
                None
            }
            Err(_) => None,
        }
    }

    /// For how long the oldest call has been due.
    async fn overdue(&self) -> Option<Duration> {
        let due = timeout(PATIENCE, oldest_due(&self.store)).await.ok()?.ok()?;
        Some(due.map_or(Duration::ZERO, |due| Timestamp::now().since(due)))
    }

    /// Regions as their hosts are; where the database does not say which there are, as they were.
    async fn regions(&self) -> BTreeMap<Component, State> {
        match timeout(PATIENCE, self.fleet.regions()).await {
            Ok(Ok(regions)) => {
                let judged = regions.into_iter();
                judged.map(|(region, hosts)| (Component::Pbx(region), verdict::region(&hosts))).collect()
            }
            Ok(Err(_)) | Err(_) => {
                let before = self.board.newest();
                let before = before.iter().flat_map(|batch| &batch.states);
                let regions = before.filter(|(component, _)| matches!(component, Component::Pbx(_)));
                regions.map(|(component, state)| (component.clone(), *state)).collect()
            }
        }
    }

    async fn mail(&self, before: &mut Before) -> Option<Mailing> {
        let settings = self.mail.as_ref()?;
        if before.looks.is_multiple_of(MAIL_EVERY) {
            before.is_mail_reachable = matches!(timeout(PATIENCE, mail::probe(settings)).await, Ok(Ok(_)));
        }
        before.looks = before.looks.wrapping_add(1);
        let oldest = timeout(PATIENCE, mail::figures(&self.store)).await.ok().and_then(Result::ok);
        let oldest = oldest.and_then(|figures| figures.oldest_waiting);
        let oldest = oldest.map_or(Duration::ZERO, |queued| Timestamp::now().since(queued));
        Some(Mailing { is_reachable: before.is_mail_reachable, oldest })
    }

    async fn write_down(&self, states: BTreeMap<Component, State>, before: &mut Before) {
        let (every, taken) = (self.every, Instant::now());
        let elapsed = before.written.map(|at| taken.duration_since(at));
        let batch = Batch { at: Timestamp::now(), holds: every, states };
        self.tell_of_changes(&batch);
        self.board.pin(batch.clone());
        let written =
            timeout(PATIENCE, self.store.write(move |tx| checks::record(tx, &batch, elapsed))).await;
        match written {
            Ok(Ok(())) => before.written = Some(taken),
            Ok(Err(error)) => tracing::warn!(%error, "how everything is cannot be written down"),
            Err(_) => tracing::warn!("how everything is could not be written down in time"),
        }
    }

    fn tell_of_changes(&self, batch: &Batch) {
        let before = self.board.newest();
        for (component, state) in &batch.states {
            let was = before.as_ref().and_then(|before| before.states.get(component));
            if was.is_some_and(|was| was != state) {
                let (was, is) = (was.map(|was| was.as_str()), state.as_str());
                tracing::warn!(%component, was, is, "the status of a component changes");
            }
        }
    }
}
