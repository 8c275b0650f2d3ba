//! The table of routes: which method on which path takes whose request, and who answers it.
//!
//! A path is written as the description of the API writes it. A test holds that each stands in both.

use super::{
    call::Call,
    caller::{self, Credentials, Member, Person},
};
use crate::{
    accounts::{keys::Scope, permissions::Act, token::Audience},
    web::{
        App, Response, body,
        connection::Peer,
        problem::{Kind, Problem},
    },
};
use bytes::Buf;
use futures_util::{Stream, future::BoxFuture};
use hyper::{HeaderMap, Method, header::CONTENT_TYPE};
use matchit::Router;
use std::sync::Arc;

/// Most bytes of a body.
const MOST_BYTES: usize = 64 * 1024;
/// The admin panel's part.
const ADMIN: &str = "/api/admin/";

/// What a handler gives.
pub(super) type Answer = BoxFuture<'static, Result<Response, Problem>>;

/// Whose requests a route takes.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// Anybody's.
    Open(fn(Call) -> Answer),
    /// Those of somebody who is signed in: in the portal, or below `/api/admin/` in the admin panel.
    Person(fn(Call, Person) -> Answer),
    /// Those of members who may do this, and of keys with this scope.
    Member(Act, Option<Scope>, fn(Call, Member) -> Answer),
}

/// One route.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) access: Access,
    /// Whether it takes a fresh proof of who somebody is.
    pub(super) proof: bool,
}

impl Route {
    /// The same, for those alone who have just proved who they are.
    pub(super) const fn proved(self) -> Self {
        Self { proof: true, ..self }
    }

    /// Whether it changes something.
    pub(super) fn changes(&self) -> bool {
        self.method != "GET"
    }

    fn audience(&self) -> Audience {
        if self.path.starts_with(ADMIN) { Audience::Admin } else { Audience::Portal }
    }
}

pub(super) const fn open(method: &'static str, path: &'static str, run: fn(Call) -> Answer) -> Route {
    Route { method, path, access: Access::Open(run), proof: false }
}

pub(super) const fn person(
    method: &'static str,
    path: &'static str,
    run: fn(Call, Person) -> Answer,
) -> Route {
    Route { method, path, access: Access::Person(run), proof: false }
}

pub(super) const fn member(
    method: &'static str,
    path: &'static str,
    act: Act,
    scope: Option<Scope>,
    run: fn(Call, Member) -> Answer,
) -> Route {
    Route { method, path, access: Access::Member(act, scope, run), proof: false }
}

/// Makes a handler of an async function that takes the request, and whose it is where that matters.
macro_rules! run {
    ($handler:path) => {
        |call| Box::pin($handler(call))
    };
    ($handler:path, who) => {
        |call, who| Box::pin($handler(call, who))
    };
}
pub(super) use run;

/// A request before anything of it is judged.
pub(super) struct Asked<B> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) peer: Peer,
    pub(super) body: B,
}

/// The routes, by path.
pub(super) struct Table(Router<Vec<Route>>);

impl Table {
    /// From a list. Two of one path and method are a mistake of the list, which a test finds.
    pub(super) fn new(routes: &[Route]) -> Self {
        let mut router: Router<Vec<Route>> = Router::new();
        for route in routes {
            match router.at_mut(route.path) {
                // What the path itself matches is its own entry: variable parts are written like none else.
                Ok(found) if found.value.iter().any(|it| it.path == route.path) => found.value.push(*route),
                Ok(_) | Err(_) => {
                    if let Err(error) = router.insert(route.path, vec![*route]) {
                        tracing::error!(path = route.path, %error, "a route cannot be served");
                    }
                }
            }
        }
        Self(router)
    }

    /// Answers a request, whatever it is.
    pub(super) async fn answer<B: Buf, E>(
        &self,
        app: Arc<App>,
        asked: Asked<impl Stream<Item = Result<B, E>>>,
    ) -> Result<Response, Problem> {
        let Asked { method, path, query, headers, peer, body } = asked;
        let found = self.0.at(&path).map_err(|_| Problem::not_found())?;
        // Whoever may read may ask how long it is.
        let wanted = if method == Method::HEAD { "GET" } else { method.as_str() };
        let route = found.value.iter().find(|route| route.method == wanted);
        let route = *route.ok_or_else(|| Problem::wrong_method(&allowed(found.value)))?;
        let params = found.params.iter().map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let changes = route.changes();
        let credentials = Credentials { headers: &headers, query: &query, changes, proof: route.proof };
        let caller = match route.access {
            Access::Open(_) if changes => caller::is_ours(&app, &headers).map(|()| Caller::Anybody)?,
            Access::Open(_) => Caller::Anybody,
            Access::Person(_) => Caller::Person(caller::person(&app, credentials, route.audience()).await?),
            Access::Member(act, scope, _) => {
                Caller::Member(caller::member(&app, credentials, act, scope).await?)
            }
        };
        if changes {
            app.pace.admit(&caller)?;
        }
        let time = app.limits.body_time;
        let memory = Arc::clone(&app);
        let whole = match changes {
            true => Some(body::read(&headers, body, MOST_BYTES, time, &memory.body_memory).await?),
            false => None,
        };
        let bytes = whole.as_ref().map(|whole| whole.bytes.clone()).unwrap_or_default();
        // A form can be sent by any site without asking; JSON cannot.
        if !bytes.is_empty() && !is_json(&headers) {
            let detail = "send the body as JSON, with Content-Type: application/json";
            return Err(Problem::new(Kind::WrongContentType, detail));
        }
        let remote = peer.address.ip();
        let (audience, in_org) = (route.audience(), matches!(route.access, Access::Member(..)));
        let call = Call { app, remote, audience, in_org, path, headers, query, params, body: bytes };
        match (route.access, caller) {
            (Access::Open(run), _) => run(call).await,
            (Access::Person(run), Caller::Person(person)) => run(call, person).await,
            (Access::Member(.., run), Caller::Member(member)) => run(call, member).await,
            (Access::Person(_) | Access::Member(..), _) => Err(Problem::internal()),
        }
    }
}

/// Whose request it is.
pub(super) enum Caller {
    Anybody,
    Person(Person),
    Member(Member),
}

fn allowed(routes: &[Route]) -> String {
    let mut methods: Vec<&str> = routes.iter().map(|route| route.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.join(", ")
}

/// What stands in a path is encoded as in forms, but for the plus sign.
fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.and_then(|text| text.parse::<mime::Mime>().ok()).is_some_and(|mime| {
        mime.type_() == mime::APPLICATION
            && (mime.subtype() == mime::JSON || mime.suffix() == Some(mime::JSON))
    })
}
