//! A request to the API as handlers see it, and their answers.

use super::query::Query;
use crate::{
    accounts::{
        audit::{Actor, Who},
        sessions::Origin,
        token::Audience,
        tries::{self, Limit},
    },
    store::{StoreError, Tx},
    web::{
        App, Response,
        problem::{Kind, Problem},
        routes::json,
    },
};
use bytes::Bytes;
use hyper::{
    HeaderMap,
    header::{HeaderName, USER_AGENT},
};
use serde::{Serialize, de::DeserializeOwned};
use shared::{complaint::complaint, time::Timestamp};
use std::{net::IpAddr, str::FromStr, sync::Arc, time::Duration};
use utoipa::ToSchema;
use warp::http::StatusCode;

/// A request whose body was read and whose sender may ask it.
pub(super) struct Call {
    pub(super) app: Arc<App>,
    /// The client's address.
    pub(super) remote: IpAddr,
    /// Whose surface it is on.
    pub(super) audience: Audience,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    /// What its query string says, each parameter known and given once.
    pub(super) query: Query,
    /// What stands in the path's variable parts.
    pub(super) params: Vec<(String, String)>,
    /// Its `Idempotency-Key`, hashed, where something is made once for each.
    pub(super) once: Option<String>,
    pub(super) body: Bytes,
}

impl Call {
    /// A variable part of the path, where it can be an id; the error is that nothing is there.
    pub(super) fn id<T: FromStr>(&self, name: &str, unknown: Kind) -> Result<T, Problem> {
        self.param(name).parse().map_err(|_| missing(unknown))
    }

    /// A variable part of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    /// Where a page begins and how long it is: `after`, which is one of these, and `limit`.
    pub(super) fn page<K: FromStr + ToString>(&self) -> Result<(String, u16), Problem> {
        let after = self.query.after::<K>()?;
        Ok((after.map_or_else(String::new, |key| key.to_string()), self.query.limit()?))
    }

    /// The body, read strictly: a misspelt key must not look like one that was left out.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // It may hold a password, so what stands there is not repeated.
            let (line, column) = (error.line(), error.column());
            let detail = format!("line {line}, column {column}: {}", complaint(&error));
            Problem::new(Kind::BadBody, detail)
        })
    }

    /// A header that is text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where it comes from, for the list of sessions.
    pub(super) fn origin(&self) -> Origin {
        let user_agent = self.headers.get(USER_AGENT);
        let user_agent = user_agent
            .map_or_else(String::new, |agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
        Origin { remote: self.remote.to_string(), user_agent }
    }

    /// Who acts, for the audit log.
    pub(super) fn actor(&self, who: Who) -> Actor {
        Actor { who, remote: self.remote }
    }

    /// Counts one more try against each of these limits; 429 where one is reached.
    pub(super) async fn admit<const N: usize>(&self, limits: [(Limit, String); N]) -> Result<(), Problem> {
        let now = Timestamp::now();
        let counted = self.app.store.write(move |tx| {
            for (limit, whose) in &limits {
                if let Err(wait) = tries::count(tx, *limit, whose, now)? {
                    return Ok(Err(wait));
                }
            }
            Ok::<_, StoreError>(Ok(()))
        });
        counted.await?.map_err(too_many_tries)
    }
}

/// The same in the transaction of a deed: where that fails nothing is counted.
pub(super) fn count<const N: usize>(
    tx: &mut Tx<'_>,
    limits: [(Limit, String); N],
    now: Timestamp,
) -> Result<(), Problem> {
    for (limit, whose) in &limits {
        tries::count(tx, *limit, whose, now)?.map_err(too_many_tries)?;
    }
    Ok(())
}

/// 429, with the time to wait.
pub(super) fn too_many_tries(wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs().saturating_add(1)).unwrap_or(u32::MAX);
    Problem::new(Kind::TooManyTries, format!("try again in {seconds} s")).retry_after(seconds)
}

/// That there is none such, in the words of its page.
pub(super) fn missing(code: Kind) -> Problem {
    Problem::new(code, code.meaning())
}

/// 200 with this document.
pub(super) fn ok(document: &impl Serialize) -> Result<Response, Problem> {
    with_status(StatusCode::OK, document)
}

/// A document with this status.
pub(super) fn with_status(status: StatusCode, document: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_string(document).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::internal()
    })?;
    Ok(json(status, body))
}

/// 204: it is done and there is nothing to say.
pub(super) fn done() -> Result<Response, Problem> {
    let mut response = Response::new("".into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The items.
    items: Vec<T>,
    /// `after` of the next page; null on the last one.
    next: Option<String>,
}

impl<T> Page<T> {
    /// From what a room gives.
    pub(super) fn of<R>((rows, next): (Vec<R>, Option<String>), show: impl Fn(R) -> T) -> Self {
        Self { items: rows.into_iter().map(show).collect(), next }
    }

    /// Of a list that is short enough to be read whole: what comes after the item with this key.
    ///
    /// # Errors
    /// That there is no such item any more.
    pub(super) fn within(
        mut items: Vec<T>,
        key: impl Fn(&T) -> String,
        (after, limit): (String, u16),
    ) -> Result<Self, Problem> {
        if !after.is_empty() {
            let gone = || {
                Problem::new(Kind::BadQuery, "after names what is not there any more: begin anew without it")
            };
            let place = items.iter().position(|item| key(item) == after).ok_or_else(gone)?;
            items.drain(..=place);
        }
        let more = items.len() > usize::from(limit);
        items.truncate(limit.into());
        let next = items.last().map(key).filter(|_| more);
        Ok(Self { items, next })
    }
}
