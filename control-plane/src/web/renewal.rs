//! A certificate that is renewed while the server runs.

use super::{TlsError, TlsFiles};
use rustls::ServerConfig;
use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// How often the two files are looked at.
const PAUSE: Duration = Duration::from_secs(1);

/// What new connections are served with.
pub(crate) type CurrentTls = watch::Receiver<Arc<ServerConfig>>;

/// Looks at the files, and has new ones served.
pub(crate) struct Renewal {
    files: TlsFiles,
    stamp: Stamp,
    current: watch::Sender<Arc<ServerConfig>>,
}

/// Inode, size and time of change of both files: renamed, rewritten or behind another link, one of
/// these differs.
type Stamp = [Option<(u64, u64, Option<SystemTime>)>; 2];

impl Renewal {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// [`TlsError`]
    pub(crate) fn begin(files: &TlsFiles) -> Result<Self, TlsError> {
        // Before they are read: what changes meanwhile is read again.
        let stamp = stamp(files);
        let current = watch::Sender::new(files.load()?);
        Ok(Self { files: files.clone(), stamp, current })
    }

    /// For the listener.
    pub(crate) fn current(&self) -> CurrentTls {
        self.current.subscribe()
    }

    /// Has new files served once they have stayed the same for a moment: chain and key are not
    /// replaced in one step. Files that cannot be used leave what is served as it is.
    pub(crate) async fn follow(mut self, stop: CancellationToken) {
        let mut pause = interval(PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = self.stamp;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = pause.tick() => {}
            }
            let now = stamp(&self.files);
            if now == before && now != self.stamp {
                self.stamp = now;
                self.renew();
            }
            before = now;
        }
    }

    fn renew(&self) {
        match self.files.load() {
            Ok(config) => {
                self.current.send_replace(config);
                tracing::info!(cert = %self.files.cert.display(), "a new certificate is served");
            }
            Err(error) => {
                tracing::error!(%error, "the new certificate cannot be used; the one before it is still served");
            }
        }
    }
}

fn stamp(files: &TlsFiles) -> Stamp {
    let of = |path: &Path| {
        let seen = |file: Metadata| (file.ino(), file.len(), file.modified().ok());
        fs::metadata(path).ok().map(seen)
    };
    [of(&files.cert), of(&files.key)]
}
