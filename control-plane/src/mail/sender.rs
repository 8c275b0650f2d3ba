//! Takes letters that are due, sends them, and writes down what became of them.
//!
//! There is no polling: it turns when it is nudged or when the next letter is due. A letter that was sent and not
//! settled when the process died is sent again, as the same letter.

use super::{
    MailError, MailSettings,
    decision::{self, Next, Outcome},
    outbox::{self, Claimed},
    shown::shortened,
    transport::Transport,
};
use crate::store::{Store, StoreError};
use futures_util::{StreamExt, stream::FuturesUnordered};
use shared::{ids::LetterId, time::Timestamp};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Letters that are under way at once: providers count requests a second.
const AT_ONCE: u16 = 4;
/// Longest sleep: another program may have queued a letter, and a wall clock may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// Pause before the database is asked again that did not answer.
const RETRY: Duration = Duration::from_millis(500);
/// Time for letters under way when the process is to end.
const GRACE: Duration = Duration::from_secs(2);

/// Tells the sender that a letter was queued; to be called once the transaction is durable. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Wakes the sender.
    pub fn nudge(&self) {
        self.0.notify_one();
    }
}

/// Sends letters until it is stopped.
pub(crate) struct Sender {
    store: Store,
    transport: Arc<Transport>,
    nudge: Nudge,
    /// A server that asked for time gets it from every letter.
    hold: Option<Timestamp>,
}

impl Sender {
    /// Reads what the way out needs; connects to nobody.
    pub(crate) fn new(store: Store, settings: &MailSettings, nudge: Nudge) -> Result<Self, MailError> {
        let transport = Transport::open(settings)?;
        transport.prepare()?;
        Ok(Self { store, transport: Arc::new(transport), nudge, hold: None })
    }

    /// Sends until `stop` is cancelled, and then finishes what is under way for a few seconds.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        if !self.release(&stop).await {
            return;
        }
        let mut wake = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.nudge.0.notified() => {}
                () = sleep_until(wake) => {}
            }
            wake = match self.turn(&stop).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read or written; trying again");
                    Instant::now() + RETRY
                }
            };
        }
    }

    /// What an earlier process held when it ended; `false` when it is time to stop.
    async fn release(&self, stop: &CancellationToken) -> bool {
        loop {
            match self.store.write(|tx| outbox::release(tx, Timestamp::now())).await {
                Ok(0) => return true,
                Ok(letters) => {
                    tracing::warn!(letters, "were on their way when the program ended and may arrive twice");
                    return true;
                }
                Err(error) => tracing::error!(%error, "the outbox cannot be written; trying again"),
            }
            tokio::select! {
                () = sleep(RETRY) => {}
                () = stop.cancelled() => return false,
            }
        }
    }

    /// Sends a few letters; when to look again.
    async fn turn(&mut self, stop: &CancellationToken) -> Result<Instant, StoreError> {
        let now = Timestamp::now();
        if let Some(until) = self.hold.filter(|until| *until > now) {
            return Ok(Instant::now() + until.since(now).min(LONGEST_SLEEP));
        }
        let claimed = self.store.write(move |tx| outbox::claim(tx, Timestamp::now(), AT_ONCE)).await?;
        if claimed.is_empty() {
            let next = self.store.read(outbox::next_due).await?;
            let pause = next.map_or(LONGEST_SLEEP, |at| at.since(Timestamp::now()).min(LONGEST_SLEEP));
            return Ok(Instant::now() + pause);
        }
        let mut under_way: FuturesUnordered<_> = claimed
            .iter()
            .map(|letter| {
                let transport = Arc::clone(&self.transport);
                async move { (letter, transport.send(letter).await) }
            })
            .collect();
        let mut patience = pin!(after(stop, GRACE));
        loop {
            let ended = tokio::select! {
                ended = under_way.next() => ended,
                () = &mut patience => {
                    let letters = under_way.len();
                    tracing::warn!(letters, "are still on their way and are sent again after the next start");
                    None
                }
            };
            let Some((letter, outcome)) = ended else { return Ok(Instant::now()) };
            let now = Timestamp::now();
            let next = self.judge(letter, outcome, now);
            // Each at once: nobody's slow server makes another letter arrive twice.
            self.settle(letter.id, next, now, stop).await;
        }
    }

    fn judge(&mut self, letter: &Claimed, outcome: Outcome, now: Timestamp) -> Next {
        let asked_for_time = matches!(outcome, Outcome::Trouble { retry_after: Some(_), .. });
        let next = decision::next(outcome, letter.tried, now, rand::random());
        let Claimed { id, template, tried, .. } = letter;
        let (to, attempts) = (shortened(&letter.to), tried.attempts);
        match &next {
            Next::Sent { .. } => tracing::info!(letter = %id, to, template, attempts, "a letter was sent"),
            Next::Again { at, reason } => {
                tracing::warn!(letter = %id, to, template, attempts, reason, %at, "a letter was not taken and is tried again");
                if asked_for_time {
                    self.hold = self.hold.max(Some(*at));
                }
            }
            Next::Failed { reason } => {
                tracing::error!(letter = %id, to, template, attempts, reason, "A LETTER IS GIVEN UP");
            }
        }
        next
    }

    /// Until it is on disk: a letter that is sent and not settled would be sent again.
    async fn settle(&self, id: LetterId, next: Next, now: Timestamp, stop: &CancellationToken) {
        loop {
            let what = next.clone();
            let Err(error) = self.store.write(move |tx| outbox::settle(tx, id, &what, now)).await else {
                return;
            };
            tracing::error!(letter = %id, %error, "what became of a letter cannot be written; trying again");
            tokio::select! {
                () = sleep(RETRY) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

async fn after(stop: &CancellationToken, grace: Duration) {
    stop.cancelled().await;
    sleep(grace).await;
}

#[cfg(test)]
mod tests;
