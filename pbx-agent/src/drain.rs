//! A host that takes no new work until somebody says otherwise: a file in `state_dir`.
//!
//! A file and no signal or socket: it is there after a restart, whoever may write the state directory
//! may make and remove it and nobody else, and a person sees it. A running agent looks once a second.

use shared::time::Timestamp;
use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// In `state_dir`; what it holds does not matter.
const FILE: &str = "drained";
/// How often it is looked for.
const PAUSE: Duration = Duration::from_secs(1);

/// Since when the host takes no new work; `None` where it does.
///
/// # Errors
/// What kept it from looking.
pub fn since(state_dir: &Path) -> io::Result<Option<Timestamp>> {
    match fs::metadata(file(state_dir)).and_then(|file| file.modified()) {
        Ok(at) => {
            let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
            Ok(Some(Timestamp::from_micros(i64::try_from(at).unwrap_or(i64::MAX))))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// From now on it takes none, also after a crash of the host. Where that was so before, nothing changes.
///
/// # Errors
/// What the disk said.
pub fn begin(state_dir: &Path) -> io::Result<()> {
    match File::options().write(true).create_new(true).mode(0o600).open(file(state_dir)) {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    File::open(state_dir)?.sync_all()
}

/// It takes work again; whether it had not.
///
/// # Errors
/// What the disk said.
pub fn end(state_dir: &Path) -> io::Result<bool> {
    match fs::remove_file(file(state_dir)) {
        Ok(()) => File::open(state_dir)?.sync_all().map(|()| true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Tells a running agent, for as long as it runs. What cannot be looked at stays as it was.
pub(crate) async fn follow(state_dir: PathBuf, drained: watch::Sender<Option<Timestamp>>) {
    let mut pause = interval(PAUSE);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pause.tick().await;
        let dir = state_dir.clone();
        // A disk that hangs must not hold up calls.
        if let Ok(Ok(now)) = tokio::task::spawn_blocking(move || since(&dir)).await {
            drained.send_if_modified(|known| std::mem::replace(known, now) != now);
        }
    }
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_holds_until_it_is_ended_and_nothing_is_begun_twice() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(since(dir.path()).expect("looks"), None);
        begin(dir.path()).expect("begins");
        let began = since(dir.path()).expect("looks");
        assert!(began.is_some());
        begin(dir.path()).expect("is begun already");
        assert_eq!(since(dir.path()).expect("looks"), began);
        assert!(end(dir.path()).expect("ends"));
        assert!(!end(dir.path()).expect("was ended"));
        assert_eq!(since(dir.path()).expect("looks"), None);
    }
}
