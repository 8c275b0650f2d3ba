//! The table of routes: which method on which path takes whose request, and who answers it.
//!
//! A path is written as the description of the API writes it. A test holds that each stands in both.

use super::{
    call::Call,
    caller::{self, Credentials, Member, Person},
    creation,
    params::{self, ORG, Parameters},
    query::Query,
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
use utoipa::openapi::path::Parameter;

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
    /// What its query string may say, `org` aside.
    pub(super) query: Parameters,
    /// Whether it makes something, once for each `Idempotency-Key`.
    pub(super) once: bool,
    /// Whether it may be asked only so often.
    pub(super) limited: bool,
    /// Whether the refresh token is enough, where the token that goes along with every request has expired.
    pub(super) or_refresh: bool,
}

impl Route {
    /// The same, for those alone who have just proved who they are.
    pub(super) const fn proved(self) -> Self {
        Self { proof: true, ..self }
    }

    /// The same, with these parameters of the query string.
    pub(super) const fn query(self, query: Parameters) -> Self {
        Self { query, ..self }
    }

    /// The same, which makes something once for each `Idempotency-Key`.
    pub(super) const fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// The same, which may be asked only so often: 429 says when again.
    pub(super) const fn limited(self) -> Self {
        Self { limited: true, ..self }
    }

    /// The same, for those too whose token has expired, with the refresh token.
    pub(super) const fn or_refresh(self) -> Self {
        Self { or_refresh: true, ..self }
    }

    /// Whether it changes something.
    pub(super) fn changes(&self) -> bool {
        self.method != "GET"
    }

    /// Every parameter that its query string may have.
    pub(super) fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = (self.query)();
        if matches!(self.access, Access::Member(..)) {
            parameters.push(params::org());
        }
        parameters
    }

    /// Whether it is for operators.
    pub(super) fn is_admin(&self) -> bool {
        self.path.starts_with(ADMIN)
    }

    fn audience(&self) -> Audience {
        if self.is_admin() { Audience::Admin } else { Audience::Portal }
    }
}

const fn route(method: &'static str, path: &'static str, access: Access) -> Route {
    let (proof, once, limited, or_refresh) = (false, false, false, false);
    Route { method, path, access, proof, query: params::none, once, limited, or_refresh }
}

pub(super) const fn open(method: &'static str, path: &'static str, run: fn(Call) -> Answer) -> Route {
    route(method, path, Access::Open(run))
}

pub(super) const fn person(
    method: &'static str,
    path: &'static str,
    run: fn(Call, Person) -> Answer,
) -> Route {
    route(method, path, Access::Person(run))
}

pub(super) const fn member(
    method: &'static str,
    path: &'static str,
    act: Act,
    scope: Option<Scope>,
    run: fn(Call, Member) -> Answer,
) -> Route {
    route(method, path, Access::Member(act, scope, run))
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

/// A route, with what is asked of every request to it.
struct Served {
    route: Route,
    /// Names of the parameters that it knows.
    known: Vec<String>,
}

/// The routes, by path.
pub(super) struct Table(Router<Vec<Served>>);

impl Table {
    /// From a list. Two of one path and method are a mistake of the list, which a test finds.
    pub(super) fn new(routes: &[Route]) -> Self {
        let mut router: Router<Vec<Served>> = Router::new();
        for route in routes {
            let known = route.parameters().into_iter().map(|parameter| parameter.name).collect();
            let served = Served { route: *route, known };
            match router.at_mut(route.path) {
                // What the path itself matches is its own entry: variable parts are written like none else.
                Ok(found) if found.value.iter().any(|it| it.route.path == route.path) => {
                    found.value.push(served);
                }
                Ok(_) | Err(_) => {
                    if let Err(error) = router.insert(route.path, vec![served]) {
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
        let served = found.value.iter().find(|served| served.route.method == wanted);
        let Served { route, known } = served.ok_or_else(|| Problem::wrong_method(&allowed(found.value)))?;
        let query = Query::read(&query, known)?;
        let params = found.params.iter().map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let changes = route.changes();
        let credentials = Credentials {
            headers: &headers,
            org: query.text(ORG),
            changes,
            proof: route.proof,
            or_refresh: route.or_refresh,
        };
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
        let audience = route.audience();
        let once = if route.once { creation::key(&headers)? } else { None };
        let call = Call { app, remote, audience, path, headers, query, params, once, body: bytes };
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

fn allowed(routes: &[Served]) -> String {
    let mut methods: Vec<&str> = routes.iter().map(|served| served.route.method).collect();
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
