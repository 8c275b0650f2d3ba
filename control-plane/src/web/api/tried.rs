//! Wrong passwords, and what comes of too many.

use super::{
    call::{Call, too_many_tries},
    letters::send_as,
    session::own,
};
use crate::{
    accounts::{
        account::Account,
        audit::{self, Actor, Deed, Who},
        email::Email,
        tries::{self, Limit},
    },
    mail::Template,
    store::{StoreError, Tx},
    web::problem::Problem,
};
use shared::time::Timestamp;
use std::net::IpAddr;

/// Wrong passwords, counted per address of the network, and over all of them where a stranger tries.
#[derive(Clone)]
pub(super) struct Tried {
    whose: String,
    network: String,
    is_stranger: bool,
}

impl Tried {
    /// On the way to this account, from here.
    pub(super) fn new(email: Option<&Email>, remote: IpAddr) -> Self {
        let whose = email.map_or("", Email::as_str).to_owned();
        Self { whose, network: tries::network_of(remote), is_stranger: true }
    }

    /// The same by its owner, as far as that is known: signed in, or on a network of theirs. What strangers try elsewhere
    /// does not keep them out.
    pub(super) fn by_its_owner(self) -> Self {
        Self { is_stranger: false, ..self }
    }

    fn limits(&self) -> impl Iterator<Item = (Limit, String)> {
        let here = (tries::WRONG_PASSWORDS, format!("{} {}", self.whose, self.network));
        let anywhere = (tries::WRONG_PASSWORDS_FROM_ANYWHERE, self.whose.clone());
        [here].into_iter().chain(self.is_stranger.then_some(anywhere))
    }

    pub(super) fn look(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Problem> {
        for (limit, whose) in self.limits() {
            tries::look(tx, limit, &whose, now)?.map_err(too_many_tries)?;
        }
        Ok(())
    }

    /// Only those from here: what others try goes on counting.
    pub(super) fn forgive(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let from_here = self.limits().next();
        from_here.map_or(Ok(()), |(limit, whose)| tries::forgive(tx, limit, &whose))
    }

    /// Counts a wrong password. Its owner hears of it when there are too many. The answer is that it was too many, where
    /// others were faster.
    pub(super) async fn fail(
        self,
        call: &Call,
        account: Option<Account>,
    ) -> Result<Option<Problem>, Problem> {
        let (now, remote) = (Timestamp::now(), call.remote);
        let counted = call.app.store.write(move |tx| {
            let mut problem = None;
            let mut reached = false;
            for (limit, whose) in self.limits() {
                match tries::count(tx, limit, &whose, now)? {
                    Err(wait) => problem = Some(too_many_tries(wait)),
                    Ok(()) => reached |= tries::look(tx, limit, &whose, now)?.is_err(),
                }
            }
            match account.filter(|_| reached) {
                Some(account) => note_failures(tx, &account, remote, now).map(|queued| (problem, queued)),
                None => Ok((problem, false)),
            }
        });
        let (problem, queued) = counted.await?;
        call.app.nudge_mail(queued);
        Ok(problem)
    }
}

/// Its owner hears of it: once an hour is enough to know.
fn note_failures(
    tx: &mut Tx<'_>,
    account: &Account,
    remote: IpAddr,
    now: Timestamp,
) -> Result<bool, Problem> {
    let actor = Actor { who: Who::Nobody, remote };
    audit::record(tx, &own(actor, account.id, Deed::ManyFailures, &account.id), now)?;
    let template = Template::ManyFailures { failures: tries::WRONG_PASSWORDS.most, at: now, ip: remote };
    let key = format!("many-failures/{}/{}", account.id, now.as_micros() / 3_600_000_000);
    Ok(send_as(tx, &account.email, account.language, template, key, now)?)
}
