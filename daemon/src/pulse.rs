//! The watchdog's food, which only the loop that it guards can give.

use crate::{Manager, Word};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Held by one loop, which says with it that it has turned. There is no timer that speaks for it.
#[derive(Debug)]
pub struct Pulse {
    manager: Manager,
    /// A third of the silence that the manager bears; `None` where it bears any.
    every: Option<Duration>,
    next: Instant,
}

impl Pulse {
    pub(crate) fn new(manager: Manager, watchdog: Option<Duration>) -> Self {
        Self { manager, every: watchdog.map(|longest| longest / 3), next: Instant::now() }
    }

    /// Nobody watches.
    pub fn unwatched() -> Self {
        Self::new(Manager::nobody(), None)
    }

    /// The loop has turned. To be called at every turn: what is too often is not said.
    pub fn beat(&mut self) {
        let Some(every) = self.every else { return };
        let now = Instant::now();
        if now >= self.next {
            self.manager.tell(Word::Alive);
            self.next = now + every;
        }
    }

    /// Completes when a loop that has nothing else to do must turn once more. Never where nobody watches.
    pub async fn due(&self) {
        match self.every {
            Some(_) => sleep_until(self.next).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::Receiver;

    const WATCHDOG: Duration = Duration::from_secs(30);

    fn watched() -> (Pulse, Receiver<Word>) {
        let (manager, heard) = Manager::heard(Some(WATCHDOG));
        (manager.pulse(), heard)
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_without_work_is_heard_of_three_times_in_the_time_that_silence_may_last() {
        let (mut pulse, heard) = watched();
        for _ in 0..6 {
            pulse.due().await;
            pulse.beat();
        }
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), vec![Word::Alive; 6]);
        let began = Instant::now();
        pulse.due().await;
        assert_eq!(began.elapsed(), WATCHDOG / 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_turns_a_thousand_times_a_second_does_not_flood_the_manager() {
        let (mut pulse, heard) = watched();
        for _ in 0..1000 {
            pulse.beat();
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(heard.try_iter().count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_hangs_is_not_spoken_for() {
        let (mut pulse, heard) = watched();
        pulse.beat();
        let turning = async {
            loop {
                pulse.due().await;
                // A turn that never ends.
                std::future::pending::<()>().await;
                pulse.beat();
            }
        };
        let hung: Result<(), _> = tokio::time::timeout(WATCHDOG * 10, turning).await;
        assert!(hung.is_err());
        assert_eq!(heard.try_iter().count(), 1, "the beat before it hung");
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_watches_nothing_is_due() {
        let mut pulse = Pulse::unwatched();
        pulse.beat();
        assert!(tokio::time::timeout(WATCHDOG, pulse.due()).await.is_err());
    }
}
