//! `support-bundle`: what helps whoever is to help.

use super::{Stop, check};
use crate::{
    config::{ServeOptions, Settings},
    say, store,
};
use daemon::Bundle;
use std::path::PathBuf;

/// Gathers what can be gathered: a configuration that cannot be used is one more thing to look at.
pub(super) async fn write(file: PathBuf, options: ServeOptions) -> Result<(), Stop> {
    let mut bundle = Bundle::of("control-plane", env!("CARGO_PKG_VERSION"));
    if let Some(path) = options.config() {
        bundle.add_configuration(path);
    }
    match Settings::resolve(options.clone()) {
        Ok(settings) => {
            bundle.add("settings", &format!("{settings:#?}\n"));
            let database = settings.data.database;
            let counted = tokio::task::spawn_blocking(move || store::census(&database)).await;
            let counts = match counted {
                Ok(Ok(counts)) => counts.iter().map(|(table, rows)| format!("{rows} {table}\n")).collect(),
                Ok(Err(error)) => format!("{error}\n"),
                Err(error) => format!("{error}\n"),
            };
            bundle.add("rows", &counts);
            bundle.add_listing(&settings.data.dir);
        }
        Err(error) => bundle.add("settings", &format!("{error}\n")),
    }
    bundle.add("check.json", &format!("{:#}\n", check::findings(options).await.document()));
    bundle.write(&file).map_err(|error| Stop::Failed(format!("{}: {error}", file.display())))?;
    say::say(format!("{}: without secrets and numbers; look through it before you send it", file.display()));
    Ok(())
}
