//! Spoken prompts: rendered once per sentence and language, while the phone rings. What codes are made of is
//! rendered before any is to be spoken, all of it, so that no file tells which digits were needed.

mod render;
mod words;

pub use words::sentence;

use crate::config;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::{OnceCell, Semaphore};

/// Programs that may render at once.
const RENDERERS: usize = 2;
/// A prompt that nobody heard for this long is removed.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Why a sentence cannot be spoken. The callee hears a tone instead.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VoiceError {
    /// `[voice] command` is empty.
    #[error("voice.command is empty")]
    Silent,
    /// The program did not do it.
    #[error("{program}: {why}")]
    Program {
        /// First word of the command.
        program: String,
        /// What happened.
        why: String,
    },
    /// What it wrote is no usable WAV.
    #[error("{program} wrote no WAV that can be used: {why}")]
    Wav {
        /// First word of the command.
        program: String,
        /// What was wrong.
        why: String,
    },
    /// The prompts' directory.
    #[error("{path}: {why}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

type Rendering = Arc<OnceCell<Result<(), VoiceError>>>;

/// Renders prompts and keeps them. Clones share the work.
#[derive(Clone, Debug)]
pub struct Voice(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    command: Vec<String>,
    allow_message_text: bool,
    dir: PathBuf,
    programs: Semaphore,
    /// Sentences being rendered, so that none is rendered twice. Held for a look-up only, never
    /// across an await.
    under_way: Mutex<HashMap<PathBuf, Rendering>>,
}

impl Voice {
    /// Prompts go to `state_dir/prompts`.
    pub fn new(config: &config::Voice, state_dir: &Path) -> Self {
        Self(Arc::new(Inner {
            command: config.command.clone(),
            allow_message_text: config.allow_message_text,
            dir: state_dir.join("prompts"),
            programs: Semaphore::new(RENDERERS),
            under_way: Mutex::default(),
        }))
    }

    /// Whether this host allows the alert's own words to be spoken.
    pub fn allows_message_text(&self) -> bool {
        self.0.allow_message_text
    }

    /// The file of a sentence, rendered now if it was not before.
    ///
    /// # Errors
    /// [`VoiceError`].
    pub async fn file(&self, text: &str, language: &str) -> Result<PathBuf, VoiceError> {
        let inner = &self.0;
        if inner.command.is_empty() {
            return Err(VoiceError::Silent);
        }
        let path = inner.dir.join(format!("{}.wav", self.fingerprint(text, language)));
        if tokio::fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(path);
        }
        let rendering = {
            let mut under_way = inner.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(under_way.entry(path.clone()).or_default())
        };
        let rendered = rendering.get_or_init(|| self.render(text, language, &path)).await.clone();
        inner.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
        rendered.map(|()| path)
    }

    /// Renders whatever is not there yet of what codes are made of: a greeting and ten digits in every language.
    ///
    /// # Errors
    /// [`VoiceError`]: no code can be spoken.
    pub async fn prepare_codes(&self) -> Result<(), VoiceError> {
        for (text, language) in words::pieces_of_codes() {
            self.file(text, language).await?;
        }
        Ok(())
    }

    /// Renders a word without keeping it; how long it lasts, seconds.
    ///
    /// # Errors
    /// [`VoiceError`].
    pub async fn try_out(&self) -> Result<f64, VoiceError> {
        let wav = render::run(&self.0.command, "Test", "en").await?;
        let program = self.0.command.first().cloned().unwrap_or_default();
        let samples = render::telephone_quality(&wav).map_err(|why| VoiceError::Wav { program, why })?;
        Ok(samples.len() as f64 / f64::from(render::RATE))
    }

    /// Removes prompts that were not used for 30 days; how many.
    ///
    /// # Errors
    /// [`VoiceError::File`].
    pub fn tidy(&self, now: SystemTime) -> Result<usize, VoiceError> {
        let dir = &self.0.dir;
        let mut removed = 0;
        for entry in std::fs::read_dir(dir).map_err(|error| file_error(dir, &error))?.flatten() {
            let path = entry.path();
            let ours = path.extension().is_some_and(|extension| extension == "wav");
            let used =
                entry.metadata().and_then(|metadata| Ok(metadata.accessed()?.max(metadata.modified()?)));
            let old = used.is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age > KEPT));
            if ours && old && std::fs::remove_file(&path).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn render(&self, text: &str, language: &str, path: &Path) -> Result<(), VoiceError> {
        // Never closed, so it always comes.
        let _slot = self.0.programs.acquire().await.ok();
        let wav = render::run(&self.0.command, text, language).await?;
        let program = self.0.command.first().cloned().unwrap_or_default();
        let (dir, path) = (self.0.dir.clone(), path.to_owned());
        let written = tokio::task::spawn_blocking(move || {
            let samples = render::telephone_quality(&wav).map_err(|why| VoiceError::Wav { program, why })?;
            make_dir(&dir)?;
            render::write(&path, &samples).map_err(|why| VoiceError::File { path, why })
        });
        written.await.unwrap_or_else(|error| {
            Err(VoiceError::File { path: self.0.dir.clone(), why: error.to_string() })
        })
    }

    /// Another command, text or language is another file.
    fn fingerprint(&self, text: &str, language: &str) -> String {
        let mut hasher = Sha256::new();
        for part in self.0.command.iter().map(String::as_str).chain([language, text]) {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Asterisk runs as another user and must be able to read the prompts, whose names it is told.
fn make_dir(dir: &Path) -> Result<(), VoiceError> {
    std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711)))
        .map_err(|error| file_error(dir, &error))
}

fn file_error(path: &Path, error: &std::io::Error) -> VoiceError {
    VoiceError::File { path: path.to_owned(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speaks a tenth of a second of silence, and counts how often it was asked.
    fn voice(dir: &Path) -> Voice {
        let wav = dir.join("silence.wav");
        render::write(&wav, &[0; 800]).unwrap();
        let command = format!("cat > /dev/null; echo asked >> {0}/asked; cat {0}/silence.wav", dir.display());
        let config = config::Voice {
            command: ["sh", "-c", &command].map(str::to_owned).to_vec(),
            allow_message_text: false,
        };
        Voice::new(&config, dir)
    }

    fn times_asked(dir: &Path) -> usize {
        std::fs::read_to_string(dir.join("asked")).map_or(0, |text| text.lines().count())
    }

    #[tokio::test]
    async fn a_sentence_is_rendered_once_also_when_two_calls_want_it_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let voice = voice(dir.path());
        let (one, other) = tokio::join!(voice.file("Hello", "en"), voice.file("Hello", "en"));
        assert_eq!(one.unwrap(), other.unwrap());
        let path = voice.file("Hello", "en").await.unwrap();
        assert_eq!(times_asked(dir.path()), 1);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644, "Asterisk reads it");
        assert_ne!(voice.file("Hello", "uk").await.unwrap(), path);
        assert!(voice.0.under_way.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn prompts_that_nobody_heard_for_30_days_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let voice = voice(dir.path());
        let path = voice.file("Hello", "en").await.unwrap();
        let day = Duration::from_secs(86_400);
        assert_eq!(voice.tidy(SystemTime::now() + 29 * day).unwrap(), 0);
        assert_eq!(voice.tidy(SystemTime::now() + 31 * day).unwrap(), 1);
        assert!(!path.exists());
        voice.file("Hello", "en").await.unwrap();
        assert_eq!(times_asked(dir.path()), 2);
    }

    #[tokio::test]
    async fn codes_are_made_of_files_that_are_there_before_and_are_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let voice = voice(dir.path());
        voice.prepare_codes().await.unwrap();
        let pieces = words::pieces_of_codes().count();
        assert_eq!((times_asked(dir.path()), pieces), (pieces, 22));
        voice.prepare_codes().await.unwrap();
        assert_eq!(times_asked(dir.path()), pieces);
    }

    #[tokio::test]
    async fn a_host_without_a_voice_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let config = config::Voice { command: Vec::new(), allow_message_text: false };
        assert!(matches!(Voice::new(&config, dir.path()).file("Hello", "en").await, Err(VoiceError::Silent)));
        assert!(matches!(Voice::new(&config, dir.path()).try_out().await, Err(VoiceError::Silent)));
        assert!(matches!(Voice::new(&config, dir.path()).prepare_codes().await, Err(VoiceError::Silent)));
    }
}
