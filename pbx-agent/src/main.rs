//! The program; everything it does is in the library.

use clap::Parser;
use pbx_agent::{
    cli::{self, Arguments},
    say,
};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("PBX_AGENT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    daemon::log("pbx-agent", filter);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            say::complain(error);
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::execute(arguments));
    // A name that is being looked up, or a disk that hangs, would hold the process.
    runtime.shutdown_background();
    code
}
