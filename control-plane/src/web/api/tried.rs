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

/// Wrong passwords, counted per address of the network and over all of them.
#[derive(Clone)]
pub(super) struct Tried([(Limit, String); 2]);

impl Tried {
    pub(super) fn new(email: Option<&Email>, remote: IpAddr) -> Self {
        let whose = email.map_or("", Email::as_str);
        let from = format!("{whose} {}", tries::network_of(remote));
        Self([(tries::WRONG_PASSWORDS, from), (tries::WRONG_PASSWORDS_FROM_ANYWHERE, whose.to_owned())])
    }

    pub(super) fn look(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Problem> {
        for (limit, whose) in &self.0 {
            tries::look(tx, *limit, whose, now)?.map_err(too_many_tries)?;
        }
        Ok(())
    }

    /// Only those from here: what others try goes on counting.
    pub(super) fn forgive(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let [(limit, whose), _] = &self.0;
        tries::forgive(tx, *limit, whose)
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
            for (limit, whose) in &self.0 {
                match tries::count(tx, *limit, whose, now)? {
                    Err(wait) => problem = Some(too_many_tries(wait)),
                    Ok(()) => reached |= tries::look(tx, *limit, whose, now)?.is_err(),
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
