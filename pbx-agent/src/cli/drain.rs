//! `drain` and `undrain`: whether this host takes new work.

use super::{ConfigArgument, failed, wrong};
use crate::{
    config::Config,
    drain, say,
    status::{self, Known, Status},
};
use clap::Args;
use std::{path::Path, process::ExitCode, time::Duration};
use tokio::time::{Instant, sleep};

/// Calls are under way when the time is over.
const BUSY: u8 = 3;
/// Time for a running agent to take notice.
const NOTICE: Duration = Duration::from_secs(10);
/// How often its status is looked at.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(super) struct Drain {
    /// Wait until no call is under way, at most so many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "180")]
    wait: Option<u64>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// The host takes no new work; calls under way go on.
pub(super) async fn begin(Drain { wait, config: ConfigArgument { config } }: Drain) -> ExitCode {
    let Config { state_dir, name, .. } = match Config::load(&config) {
        Ok(config) => config,
        Err(error) => return wrong(error),
    };
    if let Err(error) = drain::begin(&state_dir) {
        return failed(why_not(&state_dir, &error));
    }
    let drained = |status: &Status| status.drained_since.is_some() && status.health.draining;
    let status = match noticed(&state_dir, drained).await {
        Noticed::Yes(status) => status,
        Noticed::Not(why) => return failed(why),
        Noticed::NotRunning if wait.is_some() => {
            return failed(
                "the agent does not run, so nobody knows whether calls are under way; when it is started it takes \
                 no new work until `pbx-agent undrain`",
            );
        }
        Noticed::NotRunning => {
            say::say(format!(
                "{name} takes no new work when it is started, until `pbx-agent undrain`; it does not run now"
            ));
            return ExitCode::SUCCESS;
        }
    };
    say::say(format!(
        "{name} takes no new work until `pbx-agent undrain`; calls under way: {}",
        status.health.active
    ));
    match wait {
        None => ExitCode::SUCCESS,
        Some(seconds) => idle(&state_dir, Duration::from_secs(seconds)).await,
    }
}

/// It takes work again.
pub(super) async fn end(ConfigArgument { config }: ConfigArgument) -> ExitCode {
    let Config { state_dir, name, .. } = match Config::load(&config) {
        Ok(config) => config,
        Err(error) => return wrong(error),
    };
    let was_drained = match drain::end(&state_dir) {
        Ok(was_drained) => was_drained,
        Err(error) => return failed(why_not(&state_dir, &error)),
    };
    match noticed(&state_dir, |status| status.drained_since.is_none()).await {
        Noticed::Not(why) => return failed(why),
        Noticed::Yes(_) if was_drained => say::say(format!("{name} takes new work again")),
        Noticed::NotRunning if was_drained => say::say(format!("{name} takes new work when it is started")),
        Noticed::Yes(_) | Noticed::NotRunning => say::say(format!("{name} was not drained")),
    }
    ExitCode::SUCCESS
}

enum Noticed {
    Yes(Box<Status>),
    NotRunning,
    /// It runs, and says nothing of it.
    Not(String),
}

async fn noticed(state_dir: &Path, good: impl Fn(&Status) -> bool) -> Noticed {
    let limit = Instant::now() + NOTICE;
    loop {
        match status::read(state_dir) {
            Known::Running(status) if good(&status) => return Noticed::Yes(status),
            Known::Running(status) if Instant::now() >= limit => {
                return Noticed::Not(format!(
                    "the running agent (pid {}, version {}) takes no notice; if that is a version that does not know \
                     of it, a restart does: systemctl restart pbx-agent",
                    status.pid, status.version
                ));
            }
            Known::Running(_) => {}
            Known::Stale(_) | Known::Nothing(_) => return Noticed::NotRunning,
        }
        sleep(PAUSE).await;
    }
}

async fn idle(state_dir: &Path, most: Duration) -> ExitCode {
    let limit = Instant::now() + most;
    loop {
        let active = match status::read(state_dir) {
            Known::Running(status) => status.health.active,
            Known::Stale(_) | Known::Nothing(_) => {
                return failed(
                    "the agent has ended meanwhile; calls that were under way are in Asterisk's hands",
                );
            }
        };
        if active == 0 {
            say::say("no call is under way");
            return ExitCode::SUCCESS;
        }
        if Instant::now() >= limit {
            say::complain(format!(
                "calls under way after {} s: {active}; no new work is taken. Wait again, or restart all the same: \
                 the next start goes on with them",
                most.as_secs()
            ));
            return ExitCode::from(BUSY);
        }
        sleep(PAUSE).await;
    }
}

fn why_not(state_dir: &Path, error: &std::io::Error) -> String {
    format!(
        "{}: cannot be written: {error}; run it as root or as the agent's user: runuser -u pbx-agent -- pbx-agent …",
        state_dir.display()
    )
}
