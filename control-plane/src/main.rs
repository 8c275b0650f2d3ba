//! The program; everything it does is in the library.

use clap::Parser;
use control_plane::{
    cli::{self, Arguments},
    say,
};
use daemon::HandedOver;
use std::{process::ExitCode, time::Duration};
use tracing_subscriber::EnvFilter;

/// How long a reading of the database may still hold up the end of the process.
const LAST_WORK: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = match std::env::var("CP_LOG") {
        Ok(filter) => match EnvFilter::try_new(&filter) {
            Ok(filter) => filter,
            Err(error) => {
                say::complain(format!("CP_LOG: {filter:?}: {error}; write `info` or `debug`"));
                return ExitCode::from(2);
            }
        },
        Err(_) => EnvFilter::new("info"),
    };
    daemon::log("control-plane", filter);
    // Before there is a second thread: it changes the environment.
    let sockets = match HandedOver::to_this_process() {
        Ok(sockets) => sockets,
        Err(error) => {
            say::complain(error);
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say::complain(error);
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::execute(arguments, sockets));
    runtime.shutdown_timeout(LAST_WORK);
    code
}
