//! Passwords: PBKDF2-HMAC-SHA256, kept in PHC format with their count of rounds.
//!
//! A hash takes a tenth of a second on purpose, so it never runs on a thread that serves requests, and only as many run
//! at once as leave the machine a core. A hash of fewer rounds than today's is made anew when its password is next given.

use pbkdf2::{
    Algorithm, Params, Pbkdf2,
    password_hash::{CustomizedPasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// OWASP's count for PBKDF2-HMAC-SHA256 (Password Storage Cheat Sheet).
const ROUNDS: u32 = 600_000;
/// Shortest, in characters: NIST SP 800-63B-4 §3.1.1.2 asks for 15 where nothing else is asked and for 8 beside a
/// second factor, which not everybody has.
const SHORTEST: usize = 12;
/// Longest, in bytes. Longer ones cost time to read and protect nothing more.
const LONGEST: usize = 1024;
/// Passwords that may wait for each that is hashed: some seconds, on a slow machine.
const WAITING: usize = 30;
/// Of zxcvbn's five grades, 0 to 4: "somewhat guessable" is not good enough.
const WORST_GRADE: zxcvbn::Score = zxcvbn::Score::Three;

/// A password as somebody typed it, in the one form that text has which looks the same (NFKC). Gone from memory when
/// dropped, and never shown.
pub struct Password(Zeroizing<String>);

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("a password has at least {SHORTEST} characters")]
    Short,
    /// Too long.
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// It would be guessed.
    #[error("this password is easily guessed; take several words that have nothing to do with each other")]
    Guessable,
}

/// What became of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another one.
    Wrong,
    /// It is this one.
    Right,
    /// It is this one, and this hash of more rounds should take the place of the stored one.
    Outdated(String),
}

impl Password {
    /// As it is typed at sign-in; nothing is asked of it but a length that can be read.
    ///
    /// # Errors
    /// [`WeakPassword::Long`]
    pub fn given(text: &str) -> Result<Self, WeakPassword> {
        if text.len() > LONGEST {
            return Err(WeakPassword::Long);
        }
        Ok(Self(Zeroizing::new(text.nfkc().collect())))
    }

    /// As it is chosen, as far as its length tells; the rest [`Hasher::choose`] judges.
    ///
    /// # Errors
    /// [`WeakPassword::Short`], [`WeakPassword::Long`]
    pub fn chosen(text: &str) -> Result<Self, WeakPassword> {
        let password = Self::given(text)?;
        if password.0.chars().count() < SHORTEST {
            return Err(WeakPassword::Short);
        }
        Ok(password)
    }

    fn is_guessable(&self, about: &[String]) -> bool {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        zxcvbn::zxcvbn(&self.0, &about).score() < WORST_GRADE
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Hashes and compares, a few at once; some more may wait for their turn. Clones share the bounds.
#[derive(Clone, Debug)]
pub struct Hasher {
    at_once: Arc<Semaphore>,
    places: Arc<Semaphore>,
    rounds: u32,
}

/// So many passwords wait to be hashed that one more would wait for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed")]
pub struct Busy;

/// Why a password that is chosen has no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChosen {
    /// It is not taken.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// Later.
    #[error(transparent)]
    Busy(#[from] Busy),
}

impl Default for Hasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = cores.saturating_sub(1).max(1);
        let places = at_once + at_once * WAITING;
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(places)),
            rounds: ROUNDS,
        }
    }
}

impl Hasher {
    /// The PHC text of a password.
    ///
    /// # Errors
    /// [`Busy`]
    pub async fn hash(&self, password: Password) -> Result<String, Busy> {
        let rounds = self.rounds;
        self.run(move || hash(&password, rounds)).await
    }

    /// The PHC text of a password that somebody chooses, unless it would be guessed, which takes a while to judge. `about`
    /// is what others know of the person: address, name, organization.
    ///
    /// # Errors
    /// [`NotChosen`]
    pub async fn choose(&self, password: Password, about: Vec<String>) -> Result<String, NotChosen> {
        let rounds = self.rounds;
        let chosen = self.run(move || match password.is_guessable(&about) {
            true => Err(WeakPassword::Guessable),
            false => Ok(hash(&password, rounds)),
        });
        Ok(chosen.await??)
    }

    /// Compares with a stored PHC text. Without one it takes as long and is [`Verdict::Wrong`], so that nobody learns
    /// from the time whether an account exists.
    ///
    /// # Errors
    /// [`Busy`]
    pub async fn compare(&self, password: Password, stored: Option<String>) -> Result<Verdict, Busy> {
        let rounds = self.rounds;
        self.run(move || compare(&password, stored.as_deref(), rounds)).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Busy)?;
        // Never closed, so it always comes.
        let turn = Arc::clone(&self.at_once).acquire_owned().await.ok();
        // They are given back when the work is done, also where nobody waits for it any more.
        let work = move || {
            let done = work();
            drop((place, turn));
            done
        };
        #[expect(clippy::expect_used, reason = "the work does not panic, and nobody aborts it")]
        Ok(tokio::task::spawn_blocking(work).await.expect("a password is hashed"))
    }
}

#[expect(clippy::expect_used, reason = "rounds and salt are of a size that PHC allows")]
fn hash(password: &Password, rounds: u32) -> String {
    let salt: [u8; 16] = rand::random();
    let params = Params::new(rounds).expect("at least a thousand rounds");
    let hasher = Pbkdf2::new(Algorithm::Pbkdf2Sha256, params);
    let hashed: PasswordHash =
        hasher.hash_password_with_params(password.0.as_bytes(), &salt, params).expect("a password is hashed");
    hashed.to_string()
}

fn compare(password: &Password, stored: Option<&str>, rounds: u32) -> Verdict {
    /// Of a password that nobody has.
    static NOBODY: LazyLock<String> = LazyLock::new(|| {
        let text: [u8; 16] = rand::random();
        hash(&Password(Zeroizing::new(hex::encode(text))), ROUNDS)
    });
    let Some(parsed) = stored.and_then(|stored| PasswordHash::new(stored).ok()) else {
        if let Ok(nobody) = PasswordHash::new(&NOBODY) {
            let _ = Pbkdf2::default().verify_password(password.0.as_bytes(), &nobody);
        }
        return Verdict::Wrong;
    };
    if Pbkdf2::default().verify_password(password.0.as_bytes(), &parsed).is_err() {
        return Verdict::Wrong;
    }
    let made_with = parsed.params.get_decimal("i").unwrap_or(0);
    if made_with < rounds { Verdict::Outdated(hash(password, rounds)) } else { Verdict::Right }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Password {
        Password::given(text).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_told_from_every_other_and_its_hash_says_how_it_was_made() {
        let hasher = Hasher { rounds: 1000, ..Hasher::default() };
        let stored = hasher.hash(given("correct horse battery")).await.unwrap();
        assert!(stored.starts_with("$pbkdf2-sha256$i=1000,l=32$"), "{stored}");
        assert_ne!(stored, hasher.hash(given("correct horse battery")).await.unwrap(), "salted");
        let compare = async |text| hasher.compare(given(text), Some(stored.clone())).await.unwrap();
        assert_eq!(compare("correct horse battery").await, Verdict::Right);
        assert_eq!(compare("correct horse batterY").await, Verdict::Wrong);
        for damaged in ["", "$pbkdf2-sha256$", "plain"] {
            let verdict = hasher.compare(given("correct horse battery"), Some(damaged.to_owned())).await;
            assert_eq!(verdict, Ok(Verdict::Wrong), "{damaged:?}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_too_few_rounds_is_made_anew() {
        let old = Hasher { rounds: 1000, ..Hasher::default() };
        let new = Hasher { rounds: 2000, ..Hasher::default() };
        let stored = old.hash(given("correct horse battery")).await.unwrap();
        let compared = new.compare(given("correct horse battery"), Some(stored)).await;
        let Ok(Verdict::Outdated(renewed)) = compared else { panic!("kept") };
        assert_eq!(new.compare(given("correct horse battery"), Some(renewed)).await, Ok(Verdict::Right));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_crowd_is_told_that_it_is_one_and_takes_no_more_than_its_places() {
        let hasher = Hasher { rounds: 1000, ..Hasher::default() };
        let places = hasher.places.available_permits();
        // All are taken by somebody who waits.
        let held = hasher.places.clone().try_acquire_many_owned(u32::try_from(places).unwrap()).unwrap();
        assert_eq!(hasher.hash(given("correct horse battery")).await, Err(Busy));
        drop(held);
        assert!(hasher.hash(given("correct horse battery")).await.is_ok());
        assert_eq!(hasher.places.available_permits(), places);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_hangs_up_frees_no_place_before_the_work_is_done() {
        let hasher = Hasher { rounds: 3_000_000, ..Hasher::default() };
        let places = hasher.places.available_permits();
        let asked = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.hash(given("correct horse battery")).await }
        });
        while hasher.at_once.available_permits() > 0 && hasher.places.available_permits() == places {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        asked.abort();
        assert!(asked.await.is_err());
        assert_eq!(hasher.places.available_permits(), places - 1, "it still computes");
    }

    #[test]
    fn the_count_is_that_of_owasp() {
        assert_eq!(ROUNDS, Params::RECOMMENDED_ROUNDS);
    }

    #[tokio::test]
    async fn what_would_be_guessed_is_not_taken() {
        let hasher = Hasher { rounds: 1000, ..Hasher::default() };
        let refused = async |text: &str| {
            let about = ["ann.smith@example.com", "Acme"].map(str::to_owned).to_vec();
            match Password::chosen(text) {
                Ok(password) => hasher.choose(password, about).await.err(),
                Err(weak) => Some(NotChosen::Weak(weak)),
            }
        };
        assert_eq!(refused("short").await, Some(NotChosen::Weak(WeakPassword::Short)));
        assert_eq!(refused("password1234").await, Some(NotChosen::Weak(WeakPassword::Guessable)));
        assert_eq!(refused("ann.smith@example.com").await, Some(NotChosen::Weak(WeakPassword::Guessable)));
        assert_eq!(refused(&"x".repeat(1025)).await, Some(NotChosen::Weak(WeakPassword::Long)));
        assert_eq!(refused("violet tractor hums quietly").await, None);
    }

    #[tokio::test]
    async fn whether_it_would_be_guessed_is_judged_in_its_turn_and_one_account_takes_not_every_place() {
        let hasher = Hasher { rounds: 1000, ..Hasher::default() };
        let places = hasher.places.available_permits();
        let held = hasher.places.clone().try_acquire_many_owned(u32::try_from(places).unwrap()).unwrap();
        let weak = Password::chosen("password1234").unwrap();
        assert_eq!(hasher.choose(weak, vec![]).await, Err(NotChosen::Busy(Busy)));
        drop(held);
        assert!(usize::try_from(super::super::tries::PASSWORDS.most).unwrap() < places);
    }

    #[test]
    fn text_that_looks_the_same_is_the_same_password() {
        // A letter with its accent, in one character and in two.
        assert_eq!(*given("caf\u{e9} au lait").0, *given("cafe\u{301} au lait").0);
    }
}
