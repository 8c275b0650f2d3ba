//! `GET /api/v1/events`: what changes in an organization, as it happens (server-sent events, HTML Living Standard §9.2).

use super::{call::Call, caller::Member};
use crate::{
    accounts::audit::Who,
    store::{Change, Changed, Changes, Store},
    web::{
        App, Limits, Response,
        connection::Lasting,
        problem::{Kind, Problem},
    },
};
use futures_util::stream::poll_fn;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;
use shared::{
    ids::{AlertId, OrgId, ProjectId},
    time::Timestamp,
};
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    sync::{broadcast, mpsc},
    time::{Instant, interval_at},
};
use uuid::Uuid;
use warp::Reply;

/// Pieces that wait for a slow reader. What it misses meanwhile it is told to read anew.
const WAITING: usize = 16;
/// After so many seconds somebody who was turned away may ask again.
const RETRY: u32 = 30;
/// nginx would hold events back until it has a bufferful.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Who watches, in numbers.
pub(crate) struct Streams {
    of_one: u32,
    of_all: u32,
    /// Open ones, by account or key.
    open: Arc<Mutex<HashMap<Uuid, u32>>>,
}

/// A stream that counts for as long as this is held.
struct Counted {
    whose: Uuid,
    open: Arc<Mutex<HashMap<Uuid, u32>>>,
}

impl Streams {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { of_one: limits.streams_of_one, of_all: limits.streams, open: Arc::default() }
    }

    fn admit(&self, who: Who) -> Result<Counted, Problem> {
        let whose = match who {
            Who::Account(id) | Who::Operator(id) => id.uuid(),
            Who::ApiKey(id) => id.uuid(),
            Who::Nobody => Uuid::nil(),
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let detail = if open.get(&whose).is_some_and(|count| *count >= self.of_one) {
            format!("{} streams of yours are open already: close one", self.of_one)
        } else if open.values().sum::<u32>() >= self.of_all {
            "too many people watch at this moment".to_owned()
        } else {
            *open.entry(whose).or_default() += 1;
            return Ok(Counted { whose, open: Arc::clone(&self.open) });
        };
        Err(Problem::new(Kind::TooManyStreams, detail).retry_after(RETRY))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.whose);
            }
        }
    }
}

/// Watch what changes in the organization
///
/// Server-sent events: `hello` at once; `change` with `{"kind": "alert"|"call"|"request", "id", "project_id", "alert_id"}`
/// for what is new or different, which is to be read anew; `resync` where some were missed, and everything is to be; `bye`
/// with `{"why": "stopping"|"over"}` at the end: the server stops, or the session or membership is over. A comment every 15 s
/// tells that the connection is alive. At most 8 streams of one person or key.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "events",
    responses(
        (status = 200, description = "Events, until either side ends it", body = String, content_type = "text/event-stream"),
        (status = 429, description = "Too many streams; again after Retry-After")
    )
)]
pub(super) async fn watch(call: Call, member: Member) -> Result<Response, Problem> {
    let counted = call.app.streams.admit(member.who)?;
    // From here on nothing is missed: whoever reads after the `hello` has it all.
    let changes = call.app.store.watch();
    let (pieces, mut written) = mpsc::channel(WAITING);
    let lasting = Lasting::default();
    let watching = Watching { app: Arc::clone(&call.app), member, changes, pieces, _counted: counted };
    call.app.tasks.spawn(watching.go_on());
    let until = lasting.clone();
    let body = poll_fn(move |cx| {
        // Held until nobody reads any more.
        let _ = &until;
        written.poll_recv(cx).map(|piece| piece.map(Ok::<String, Infallible>))
    });
    let mut response = warp::reply::stream(body).into_response();
    response.extensions_mut().insert(lasting);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    Ok(response)
}

/// A stream in progress.
struct Watching {
    app: Arc<App>,
    member: Member,
    changes: broadcast::Receiver<Changes>,
    pieces: mpsc::Sender<String>,
    _counted: Counted,
}

/// The reader is gone.
struct Gone;

impl Watching {
    /// Ends when the reader is gone, may read no more, or the server stops.
    async fn go_on(mut self) {
        let _: Result<(), Gone> = self.tell().await;
    }

    async fn tell(&mut self) -> Result<(), Gone> {
        let pulse = self.app.limits.stream_pulse;
        let mut pulse = interval_at(Instant::now() + pulse, pulse);
        let stop = self.app.stop.clone();
        self.send(event("hello", &Empty {})).await?;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.send(event("bye", &Bye { why: "stopping" })).await,
                () = self.pieces.closed() => return Err(Gone),
                _ = pulse.tick() => {
                    if !may_look(&self.app.store, self.member).await {
                        return self.send(event("bye", &Bye { why: "over" })).await;
                    }
                    self.send(": still here\n\n".to_owned()).await?;
                }
                changes = self.changes.recv() => match changes {
                    Ok(changes) => {
                        let told = told(&changes, self.member.org);
                        if !told.is_empty() {
                            self.send(told).await?;
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => self.send(event("resync", &Empty {})).await?,
                    Err(broadcast::error::RecvError::Closed) => return Err(Gone),
                },
            }
        }
    }

    /// A reader that takes nothing holds up nobody: neither the end of the server nor its own.
    async fn send(&self, piece: String) -> Result<(), Gone> {
        let stop = &self.app.stop;
        tokio::select! {
            biased;
            sent = self.pieces.send(piece) => sent.map_err(|_| Gone),
            () = stop.cancelled() => Err(Gone),
        }
    }
}

/// Where the database does not answer nobody is sent away.
async fn may_look(store: &Store, member: Member) -> bool {
    let asked = store.read(move |tx| Ok::<_, Problem>(member.still_looks(tx, Timestamp::now())));
    !matches!(asked.await, Ok(Err(problem)) if problem.is_refusal())
}

/// What of a commit is an organization's.
fn told(changes: &Changes, org: OrgId) -> String {
    changes
        .iter()
        .filter(|change| change.org == org)
        .map(|change| event("change", &Told::from(change)))
        .collect()
}

/// One event. No JSON of ours holds a line break.
fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Bye {
    why: &'static str,
}

#[derive(Serialize)]
struct Told {
    kind: &'static str,
    id: Uuid,
    project_id: ProjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<AlertId>,
}

impl From<&Change> for Told {
    fn from(change: &Change) -> Self {
        let (kind, id, alert_id) = match change.what {
            Changed::Alert(id) => ("alert", id.uuid(), None),
            Changed::Call(id, alert) => ("call", id.uuid(), Some(alert)),
            Changed::Request(id, alert) => ("request", id.uuid(), alert),
        };
        Self { kind, id, project_id: change.project, alert_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ids::AccountId;

    #[test]
    fn an_organization_hears_of_its_own_changes_alone() {
        let of = |number| {
            let id = Uuid::from_u128(number);
            Change {
                org: OrgId::new(id),
                project: ProjectId::new(id),
                what: Changed::Alert(AlertId::new(id)),
            }
        };
        let changes: Changes = Arc::from([of(1), of(2)]);
        let told = told(&changes, OrgId::new(Uuid::from_u128(2)));
        let id = Uuid::from_u128(2);
        assert_eq!(
            told,
            format!(
                "event: change\ndata: {{\"kind\":\"alert\",\"id\":\"{id}\",\"project_id\":\"{id}\"}}\n\n"
            )
        );
    }

    #[test]
    fn streams_are_counted_for_each_and_for_all_and_no_longer_than_they_last() {
        let limits = Limits { streams_of_one: 2, streams: 3, ..Limits::default() };
        let streams = Streams::new(&limits);
        let whose = |number| Who::Account(AccountId::new(Uuid::from_u128(number)));
        let ann = [streams.admit(whose(1)).ok(), streams.admit(whose(1)).ok()];
        assert!(ann.iter().all(Option::is_some) && streams.admit(whose(1)).is_err());
        let bob = streams.admit(whose(2)).ok();
        assert!(bob.is_some() && streams.admit(whose(3)).is_err());
        drop(ann);
        assert!(streams.admit(whose(3)).is_ok() && streams.admit(whose(1)).is_ok());
        drop(bob);
        assert!(streams.open.lock().unwrap().is_empty());
    }
}
