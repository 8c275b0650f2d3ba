//! `suppressed`: addresses that get no letter any more.

use super::{Stop, existing};
use crate::{
    accounts::email::{Email, NotAnEmail},
    config::{Data, DataOptions},
    mail::suppressions,
    say,
};
use clap::Subcommand;

/// What is to be done with the list.
#[derive(Subcommand)]
pub(super) enum Suppressed {
    /// Send letters to this address again; those that were held back stay so
    Remove {
        /// As in oncall@example.com
        address: String,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Print the list, one address and its cause (bounce or complaint) a line
    List {
        #[command(flatten)]
        data: DataOptions,
    },
}

/// Does it.
pub(super) async fn run(command: Suppressed) -> Result<(), Stop> {
    match command {
        Suppressed::Remove { address, data } => {
            let address: Email =
                address.parse().map_err(|error: NotAnEmail| Stop::Wrong(format!("ADDRESS {error}")))?;
            let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
            let removed = suppressions::remove(&store, address.clone()).await.map_err(Stop::failed)?;
            if !removed {
                return Err(Stop::Failed(format!("{address} is not on the list of suppressed addresses")));
            }
            say::say(format!("{address} removed"));
        }
        Suppressed::List { data } => {
            let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
            for (address, cause) in suppressions::list(&store).await.map_err(Stop::failed)? {
                say::say(format!("{address} {cause}"));
            }
        }
    }
    Ok(())
}
