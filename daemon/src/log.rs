//! Where the log goes: into the journal as fields, where standard error leads there, and otherwise to
//! standard error as lines.

mod journal;

use journal::Journal;
use rustix::fs::fstat;
use std::{
    env,
    io::{self, IsTerminal},
};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, registry, util::SubscriberInitExt};

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";

/// Begins to log for this process, as `program`.
pub fn log(program: &str, filter: EnvFilter) {
    if is_journal(env::var("JOURNAL_STREAM").ok().as_deref())
        && let Ok(journal) = Journal::at(SOCKET.into(), program)
    {
        registry().with(filter).with(journal).init();
        return;
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        // It would be said on the same standard error, whose failure is a panic: a log on a full disk must
        // not end the program.
        .log_internal_errors(false)
        .init();
}

/// Whether standard error is the stream that systemd says it is (systemd.exec(5)): the variable is
/// inherited by programs whose standard error leads elsewhere.
fn is_journal(stream: Option<&str>) -> bool {
    let Some((device, inode)) = stream.and_then(|stream| stream.split_once(':')) else { return false };
    match (device.parse::<u64>(), inode.parse::<u64>(), fstat(io::stderr())) {
        (Ok(device), Ok(inode), Ok(file)) => (device, inode) == (file.st_dev, file.st_ino),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_error_is_the_journal_only_where_it_is_that_stream() {
        let file = fstat(io::stderr()).expect("standard error");
        assert!(is_journal(Some(&format!("{}:{}", file.st_dev, file.st_ino))));
        for other in [None, Some(""), Some("1"), Some("x:y")] {
            assert!(!is_journal(other), "{other:?}");
        }
        assert!(!is_journal(Some(&format!("{}:{}", file.st_dev, file.st_ino + 1))));
    }
}
