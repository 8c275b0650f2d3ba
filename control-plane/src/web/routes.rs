//! The routes that warp serves, put together.

use super::{
    App, Response, Routes, api, assets, health, mail, pages, problem, problem::Problem, status, webhook,
};
use std::{convert::Infallible, sync::Arc};
use warp::{Filter, Rejection, http::Method};

/// Methods of what can only be read.
pub(super) const READ: &str = "GET, HEAD";
/// Methods of what changes something.
pub(super) const POST: &str = "POST";

/// Everything but the agents' paths.
pub(super) fn public(app: &Arc<App>) -> Routes {
    let (webhooks, health, api, mail) =
        (webhook::routes(app), health::routes(app), api::routes(app), mail::routes(app));
    let (status, pages) = (status::routes(app), pages::routes().or(assets::routes()).unify());
    let machines = webhooks.or(health).unify().or(api).unify().or(mail).unify();
    answered(machines.or(status).unify().or(pages).unify().boxed())
}

/// Routes that answer whatever comes.
pub(super) fn answered(routes: Routes) -> Routes {
    routes.recover(problem::recover).unify().boxed()
}

/// Hands the app to a handler.
pub(super) fn with(app: &Arc<App>) -> impl Filter<Extract = (Arc<App>,), Error = Infallible> + Clone + use<> {
    let app = Arc::clone(app);
    warp::any().map(move || Arc::clone(&app))
}

/// Passes the methods of an `Allow` header, and answers any other with 405.
pub(super) fn only(allowed: &'static str) -> impl Filter<Extract = (), Error = Rejection> + Clone {
    warp::method()
        .and_then(move |method: Method| async move {
            if allowed.split(", ").any(|name| name == method.as_str()) {
                Ok(())
            } else {
                Err(warp::reject::custom(Problem::wrong_method(allowed)))
            }
        })
        .untuple_one()
}

/// The query string, empty where there is none.
pub(super) fn raw_query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// A JSON answer.
pub(super) fn json(status: warp::http::StatusCode, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let json = warp::http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(warp::http::header::CONTENT_TYPE, json);
    response
}
