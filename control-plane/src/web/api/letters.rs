//! Letters that answers speak of, and the links in them.

use super::call::with_status;
use crate::{
    accounts::email::Email,
    mail::{self, Language, Letter, Queued, Template},
    store::{StoreError, Tx},
    web::{
        App, Response,
        problem::{Kind, Problem},
    },
};
use serde::Serialize;
use shared::time::Timestamp;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;
use warp::http::StatusCode;

/// That a letter is on its way, if it is to be.
#[derive(Serialize, ToSchema)]
pub(super) struct LetterDocument {
    /// For a person.
    detail: &'static str,
}

impl LetterDocument {
    /// 202: what comes of it is in the mail.
    pub(super) fn answer() -> Result<Response, Problem> {
        with_status(StatusCode::ACCEPTED, &Self { detail: "look into your mail and open the link" })
    }
}

pub(super) fn link_void() -> Problem {
    Problem::new(Kind::LinkVoid, "this link opens nothing any more: ask for a new one")
}

/// Puts a letter to one person into the outbox; whether the sender is to be woken.
pub(super) fn send(
    tx: &mut Tx<'_>,
    to: &Email,
    language: Language,
    template: Template,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let key = format!("{}/{}", template.name(), Uuid::now_v7());
    send_as(tx, to, language, template, key, now)
}

/// The same, once for each key.
pub(super) fn send_as(
    tx: &mut Tx<'_>,
    to: &Email,
    language: Language,
    template: Template,
    key: String,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let letter = Letter { to: to.clone(), language, template, key };
    Ok(matches!(mail::queue(tx, &letter, now)?, Queued::Waiting(_)))
}

/// A page of the portal. The token stands after `#`: browsers send it to no server, so it is in nobody's log.
pub(super) fn page(public_url: &Url, name: &str, token: Option<&str>) -> Url {
    let mut page = public_url.clone();
    page.set_path(name);
    page.set_fragment(token);
    page
}

impl App {
    /// Wakes the sender of letters where there is a letter to send.
    pub(super) fn nudge_mail(&self, queued: bool) {
        if queued {
            self.mail.nudge();
        }
    }
}
