//! `support-bundle`: what helps whoever is to help.

use super::{ConfigArgument, failed};
use crate::{check, config::Config, say, status};
use clap::Args;
use daemon::Bundle;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub(super) struct SupportBundle {
    /// A new file, such as support.tar.gz
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Gathers what can be gathered: a configuration that cannot be used is one more thing to look at.
pub(super) async fn write(
    SupportBundle { file, config: ConfigArgument { config } }: SupportBundle,
) -> ExitCode {
    let mut bundle = Bundle::of("pbx-agent", env!("CARGO_PKG_VERSION"));
    bundle.add_configuration(&config);
    bundle.add("check.json", &format!("{:#}\n", check::check(&config).await.document()));
    if let Ok(config) = Config::load(&config) {
        bundle.add("status", &format!("{:#?}\n", status::read(&config.state_dir)));
        bundle.add_listing(&config.state_dir);
    }
    match bundle.write(&file) {
        Ok(()) => {
            say::say(format!(
                "{}: without secrets and numbers; look through it before you send it",
                file.display()
            ));
            ExitCode::SUCCESS
        }
        Err(error) => failed(format!("{}: {error}", file.display())),
    }
}
