//! `operator`: who runs the installation, and who does no more.

use super::{Stop, existing, open_or_make};
use crate::{
    accounts::{
        account,
        audit::{self, Actor, Deed, Entry, Who},
        email::{Email, NotAnEmail},
        links,
        password::{Hasher, Password},
        people, second_factor,
        sessions::{self, End},
    },
    config::{Data, DataOptions},
    say,
    store::StoreError,
};
use shared::{ids::AccountId, time::Timestamp};
use std::{io::Read, net::Ipv4Addr};
use zeroize::Zeroizing;

/// Longest input that is read, bytes.
const LONGEST: u64 = 4096;

/// Makes somebody an operator, with an account where they have none, and sets the password that stands on standard input.
pub(super) async fn make(email: &str, data: DataOptions) -> Result<(), Stop> {
    let email = read(email)?;
    let text = password_on_stdin()?;
    let password = Password::chosen(&text).map_err(|error| Stop::Wrong(error.to_string()))?;
    let store = open_or_make(&Data::resolve(data)?).await?;
    let hash = Hasher::default().choose(password, vec![email.as_str().to_owned()]).await;
    let hash = hash.map_err(|error| Stop::Wrong(error.to_string()))?;
    let (now, shown) = (Timestamp::now(), email.clone());
    let made = store.write(move |tx| {
        let id = people::apply_account(tx, &email, now)?;
        account::reset_password(tx, id, &hash, now)?;
        sessions::end_others(tx, id, None, End::PasswordChanged, now)?;
        links::void_all(tx, id, now)?;
        account::make_operator(tx, id, now)?;
        audit::record(tx, &by_command(&id, Deed::OperatorMade), now)?;
        second_factor::is_on(tx, id)
    });
    let has_second_factor = made.await.map_err(|error: StoreError| Stop::failed(error))?;
    say::say(format!("{shown} is an operator, with the password that was given"));
    if !has_second_factor {
        say::say(
            "before they can sign in as one they set up a second factor: sign in to the portal, Security",
        );
    }
    Ok(())
}

/// Makes an operator somebody like all others. Their account stays; they sign in again.
pub(super) async fn unmake(email: &str, data: DataOptions) -> Result<(), Stop> {
    let email = read(email)?;
    let store = existing(&Data::resolve(data)?).await.map_err(Stop::Failed)?;
    let (now, shown) = (Timestamp::now(), email.clone());
    let unmade = store.write(move |tx| {
        let Some(account) = account::by_email(tx, &email)? else { return Ok(false) };
        if !account::unmake_operator(tx, account.id)? {
            return Ok(false);
        }
        sessions::end_others(tx, account.id, None, End::Revoked, now)?;
        audit::record(tx, &by_command(&account.id, Deed::OperatorRemoved), now)?;
        Ok(true)
    });
    if !unmade.await.map_err(|error: StoreError| Stop::failed(error))? {
        return Err(Stop::Failed(format!("{shown} is no operator")));
    }
    say::say(format!("{shown} is an operator no more, and signed out everywhere"));
    Ok(())
}

fn read(email: &str) -> Result<Email, Stop> {
    email.parse().map_err(|error: NotAnEmail| Stop::Wrong(format!("EMAIL {error}")))
}

/// Whoever may run this command may do anything here.
fn by_command(account: &AccountId, deed: Deed) -> Entry<'_> {
    Entry {
        actor: Actor { who: Who::Nobody, remote: Ipv4Addr::LOCALHOST.into() },
        org: None,
        account: Some(*account),
        deed,
        subject: account,
        before: None,
        after: None,
    }
}

fn password_on_stdin() -> Result<Zeroizing<String>, Stop> {
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    let read = std::io::stdin().lock().take(LONGEST).read_to_string(&mut text);
    read.map_err(|error| Stop::Wrong(format!("the password cannot be read from standard input: {error}")))?;
    let text = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if text.is_empty() {
        return Err(Stop::Wrong(
            "give the password on standard input, as in `… operator EMAIL < FILE`".into(),
        ));
    }
    Ok(text)
}
