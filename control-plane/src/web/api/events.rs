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
    of_org: u32,
    of_all: u32,
    open: Arc<Mutex<Open>>,
}

/// Streams that are open, by account or key, and by organization.
type Open = HashMap<Whose, u32>;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Everybodys,
    Organizations(Uuid),
    Ones(Uuid),
}

/// A stream that counts for as long as this is held.
struct Counted {
    whose: [Whose; 3],
    open: Arc<Mutex<Open>>,
}

impl Streams {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            of_one: limits.streams_of_one,
            of_org: limits.streams_of_organization,
            of_all: limits.streams,
            open: Arc::default(),
        }
    }

    fn admit(&self, org: OrgId, who: Who) -> Result<Counted, Problem> {
        let one = match who {
            Who::Account(id) | Who::Operator(id) => id.uuid(),
            Who::ApiKey(id) => id.uuid(),
            Who::Nobody => Uuid::nil(),
        };
        let whose = [Whose::Ones(one), Whose::Organizations(org.uuid()), Whose::Everybodys];
        let most = [self.of_one, self.of_org, self.of_all];
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let full =
            whose.iter().zip(most).find(|(whose, most)| open.get(whose).is_some_and(|count| count >= most));
        let detail = match full {
            None => {
                for whose in whose {
                    *open.entry(whose).or_default() += 1;
                }
                return Ok(Counted { whose, open: Arc::clone(&self.open) });
            }
            Some((Whose::Ones(_), most)) => format!("{most} streams of yours are open already: close one"),
            Some((Whose::Organizations(_), most)) => {
                format!("{most} streams of the organization are open already: close one")
            }
            Some((Whose::Everybodys, _)) => "too many people watch at this moment".to_owned(),
        };
        Err(Problem::new(Kind::TooManyStreams, detail).retry_after(RETRY))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for whose in self.whose {
            if let Some(count) = open.get_mut(&whose) {
                *count -= 1;
                if *count == 0 {
                    open.remove(&whose);
                }
            }
        }
    }
}

/// Watch what changes in the organization
///
/// Server-sent events: `hello` at once; `change` with `{"kind": "alert"|"call"|"request", "id", "project_id", "alert_id"}`
/// for what is new or different, which is to be read anew; `resync` where some were missed, and everything is to be; `bye`
/// with `{"why": "stopping"|"over"}` at the end: the server stops, or the session or membership is over; `pulse` every 15 s:
/// where none comes the connection is dead. At most 8 streams of one person or key, and 50 of an organization.
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
    let counted = call.app.streams.admit(member.org, member.who)?;
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
                    self.send(event("pulse", &Empty {})).await?;
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
        let limits =
            Limits { streams_of_one: 2, streams_of_organization: 3, streams: 4, ..Limits::default() };
        let streams = Streams::new(&limits);
        let admit = |org, number| {
            let who = Who::Account(AccountId::new(Uuid::from_u128(number)));
            streams.admit(OrgId::new(Uuid::from_u128(org)), who).ok()
        };
        let ann = [admit(1, 1), admit(1, 1)];
        assert!(ann.iter().all(Option::is_some) && admit(1, 1).is_none() && admit(2, 1).is_none());
        let bob = admit(1, 2);
        assert!(bob.is_some() && admit(1, 3).is_none(), "the organization has its share");
        let eve = admit(2, 3);
        assert!(eve.is_some() && admit(3, 4).is_none());
        drop(ann);
        assert!(admit(1, 3).is_some() && admit(3, 4).is_some());
        drop((bob, eve));
        assert!(streams.open.lock().unwrap().is_empty());
    }
}
