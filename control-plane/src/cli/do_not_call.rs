//! `do-not-call`: numbers that are never rung.

use super::{Stop, existing};
use crate::{
    config::{Data, DataOptions},
    dispatch::do_not_call,
    say,
};
use clap::Subcommand;
use shared::{phone::E164, time::Timestamp};

/// What is to be done with the list.
#[derive(Subcommand)]
pub(super) enum DoNotCall {
    /// Never ring this number again; stops what is queued, too
    Add {
        /// E.164, as in +380501234567
        number: String,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Let this number be rung again
    Remove {
        /// E.164, as in +380501234567
        number: String,
        #[command(flatten)]
        data: DataOptions,
    },
    /// Print the list, one number a line
    List {
        #[command(flatten)]
        data: DataOptions,
    },
}

/// Does it.
pub(super) async fn run(command: DoNotCall) -> Result<(), Stop> {
    match command {
        DoNotCall::Add { number, data } => {
            let number = canonical(number)?;
            let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
            let added =
                do_not_call::add(&store, number.clone(), Timestamp::now()).await.map_err(Stop::failed)?;
            say::say(if added { format!("{number} added") } else { format!("{number} was there already") });
        }
        DoNotCall::Remove { number, data } => {
            let number = canonical(number)?;
            let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
            if !do_not_call::remove(&store, number.clone()).await.map_err(Stop::failed)? {
                return Err(Stop::Failed(format!(
                    "{number} is not on the list: see `control-plane do-not-call list`"
                )));
            }
            say::say(format!("{number} removed"));
        }
        DoNotCall::List { data } => {
            let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
            for number in do_not_call::list(&store).await.map_err(Stop::failed)? {
                say::say(number);
            }
        }
    }
    Ok(())
}

/// Strictly read: a number that is meant and another that is blocked would be a call too many.
fn canonical(text: String) -> Result<E164, Stop> {
    E164::try_from(text.clone()).map_err(|refusal| {
        Stop::Wrong(format!("{text}: {refusal}: write + and all digits without spaces, as in +380501234567"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_numbers_are_taken() {
        assert!(canonical("+380501234567".to_owned()).is_ok());
        for text in ["380501234567", "+380 50 123 4567", "+380501234567;x", "112", "", "+38050123456"] {
            assert!(matches!(canonical(text.to_owned()), Err(Stop::Wrong(_))), "{text:?}");
        }
    }
}
