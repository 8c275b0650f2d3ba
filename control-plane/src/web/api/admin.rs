//! `/api/admin/v1/`: what operators see and decide, one file for each subject.

pub(super) mod pbxs;

use crate::accounts::audit::{Actor, Deed, Entry};
use std::fmt::Display;

/// What an operator did, which belongs to no organization.
fn deed<'a>(actor: Actor, deed: Deed, subject: &'a dyn Display) -> Entry<'a> {
    Entry { actor, org: None, account: None, deed, subject, before: None, after: None }
}
