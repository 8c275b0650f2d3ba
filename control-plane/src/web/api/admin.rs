//! `/api/admin/v1/`: what operators see and decide, one file for each subject.

pub(super) mod abuse;
pub(super) mod accounts;
pub(super) mod calls;
pub(super) mod do_not_call;
pub(super) mod letters;
pub(super) mod organizations;
pub(super) mod pbxs;

use super::call::Call;
use crate::{
    accounts::audit::{Actor, Deed, Entry},
    web::problem::Problem,
};
use std::{fmt::Display, str::FromStr};
use utoipa::IntoParams;
use uuid::Uuid;

/// What an operator did, which belongs to no organization.
fn deed<'a>(actor: Actor, deed: Deed, subject: &'a dyn Display) -> Entry<'a> {
    Entry { actor, org: None, account: None, deed, subject, before: None, after: None }
}

/// Which part of a list.
#[derive(IntoParams)]
#[expect(dead_code, reason = "describes what a query string may say")]
pub(super) struct SearchFilter {
    /// Only what begins with this
    #[param(value_type = String, required = false)]
    q: Option<String>,
    /// `next` of the page before: what comes after it
    #[param(value_type = String, required = false, format = "uuid")]
    after: Option<Uuid>,
    /// At most so many; 50 where it is left out
    #[param(value_type = u16, required = false, minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// What a [`SearchFilter`] said.
struct Search<K> {
    prefix: String,
    after: Option<K>,
    limit: u16,
}

impl<K: FromStr> Search<K> {
    fn read(call: &Call) -> Result<Self, Problem> {
        let prefix = call.query.text("q").unwrap_or_default().to_owned();
        Ok(Self { prefix, after: call.query.after()?, limit: call.query.limit()? })
    }
}
