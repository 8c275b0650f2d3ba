//! What the service manager is told (sd_notify(3)).

use crate::Pulse;
use sd_notify::NotifyState;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};

/// By how much a start is prolonged at a time.
const EXTENSION: Duration = Duration::from_secs(30);
/// How often that is asked for while something takes its time.
const ASKING: Duration = Duration::from_secs(10);
/// How long the end of the process waits for the last word to be said.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Longest line of a status, characters.
const LONGEST: usize = 300;

/// Something to tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The program does its work.
    Ready,
    /// It ends, as it was asked to.
    Stopping,
    /// How it is, for a person; one line.
    Status(String),
    /// The loop that is guarded has turned.
    Alive,
    /// The start, or the end, takes this much longer from now.
    Longer(Duration),
}

/// Tells the service manager. Cheap to clone. Never waits: a thread of its own does the talking, so
/// that a manager that is busy holds up no call.
#[derive(Clone, Debug)]
pub struct Manager {
    words: Option<Sender<Word>>,
    watchdog: Option<Duration>,
    /// Words that were told and are not said yet, where there is a thread that says them.
    unsaid: Option<Arc<AtomicUsize>>,
}

impl Manager {
    /// The one that started this process, if it wants to be told.
    pub fn of_this_process() -> Self {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return Self::nobody();
        }
        let mut complained = false;
        let spoken = Self::spoken(sd_notify::watchdog_enabled(), move |word| say(word, &mut complained));
        spoken.unwrap_or_else(|error| {
            tracing::error!(%error, "the service manager cannot be told anything");
            Self::nobody()
        })
    }

    fn spoken(
        watchdog: Option<Duration>,
        mut say: impl FnMut(&Word) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (manager, words) = Self::heard(watchdog);
        let unsaid = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&unsaid);
        std::thread::Builder::new().name("service-manager".into()).spawn(move || {
            while let Ok(word) = words.recv() {
                say(&word);
                counted.fetch_sub(1, Ordering::Release);
            }
        })?;
        Ok(Self { unsaid: Some(unsaid), ..manager })
    }

    /// There is none.
    pub fn nobody() -> Self {
        Self { words: None, watchdog: None, unsaid: None }
    }

    /// One that is played by whoever holds the receiver; `watchdog` is the longest silence that it bears.
    pub fn heard(watchdog: Option<Duration>) -> (Self, Receiver<Word>) {
        let (words, heard) = mpsc::channel();
        (Self { words: Some(words), watchdog, unsaid: None }, heard)
    }

    /// Tells it something.
    pub fn tell(&self, word: Word) {
        if let Some(words) = &self.words {
            if let Some(unsaid) = &self.unsaid {
                unsaid.fetch_add(1, Ordering::Relaxed);
            }
            // The thread that talks ends with the process alone.
            let _ = words.send(word);
        }
    }

    /// Waits until everything is said, a second at most: the thread that talks ends with the process. For the
    /// very end of it.
    pub fn last_words(&self) {
        let begun = Instant::now();
        while self.unsaid.as_ref().is_some_and(|unsaid| unsaid.load(Ordering::Acquire) > 0)
            && begun.elapsed() < LAST_WORDS
        {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How the program is, for a person.
    pub fn status(&self, line: &str) {
        self.tell(Word::Status(line.chars().map(printable).take(LONGEST).collect()));
    }

    /// Whether there is anybody to tell.
    pub fn is_there(&self) -> bool {
        self.words.is_some()
    }

    /// For the loop that its watchdog guards.
    pub fn pulse(&self) -> Pulse {
        Pulse::new(self.clone(), self.watchdog)
    }

    /// Waits for something that may take longer than a start may, and says so for as long as it takes,
    /// but for no longer than `most`: what hangs for ever must not be waited for for ever.
    pub async fn be_patient<T>(&self, most: Duration, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        if !self.is_there() {
            return work.await;
        }
        let mut asking = interval(ASKING);
        asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begun = tokio::time::Instant::now();
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = asking.tick() => if begun.elapsed() < most {
                    self.tell(Word::Longer(EXTENSION));
                },
            }
        }
    }
}

fn printable(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

fn say(word: &Word, complained: &mut bool) {
    let state = match word {
        Word::Ready => NotifyState::Ready,
        Word::Stopping => NotifyState::Stopping,
        Word::Status(line) => NotifyState::Status(line),
        Word::Alive => NotifyState::Watchdog,
        Word::Longer(by) => NotifyState::ExtendTimeoutUsec(u32::try_from(by.as_micros()).unwrap_or(u32::MAX)),
    };
    match sd_notify::notify(&[state]) {
        Ok(()) => *complained = false,
        Err(error) if !*complained => {
            *complained = true;
            tracing::warn!(%error, "the service manager does not hear");
        }
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_migration_asks_for_patience_for_as_long_as_it_takes() {
        let (manager, heard) = Manager::heard(None);
        let migration = tokio::time::sleep(Duration::from_secs(95));
        manager.be_patient(Duration::from_secs(3600), migration).await;
        let asked: Vec<Word> = heard.try_iter().collect();
        // At once and every ten seconds: no gap is longer than what was asked for.
        assert_eq!(asked, vec![Word::Longer(EXTENSION); 10]);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end() {
        let (manager, heard) = Manager::heard(None);
        manager.be_patient(Duration::from_secs(60), tokio::time::sleep(Duration::from_secs(7200))).await;
        assert_eq!(heard.try_iter().count(), 6);
    }

    #[test]
    fn what_was_told_last_is_said_before_the_process_ends() {
        let (say, said) = mpsc::channel();
        let manager = Manager::spoken(None, move |word| {
            std::thread::sleep(Duration::from_millis(20));
            let _ = say.send(word.clone());
        });
        let manager = manager.unwrap();
        manager.tell(Word::Ready);
        manager.tell(Word::Stopping);
        manager.last_words();
        assert_eq!(said.try_iter().collect::<Vec<_>>(), [Word::Ready, Word::Stopping]);
    }

    #[test]
    fn a_status_is_one_line_whatever_is_in_it() {
        let (manager, heard) = Manager::heard(None);
        manager.status("not reachable:\nREADY=1");
        assert_eq!(heard.try_recv(), Ok(Word::Status("not reachable: READY=1".to_owned())));
    }
}
