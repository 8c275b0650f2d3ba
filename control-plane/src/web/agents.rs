//! `/agent/v1/`: enrolment and the WebSocket of the agents.

mod enrol;
mod failures;
mod socket;

use super::{App, Response, problem::Problem};
use failures::Failures;
use hyper::{Request, body::Incoming};
use std::sync::Arc;
use tokio::sync::Semaphore;
use warp::Reply;

/// Serves the agents. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Agents {
    app: Arc<App>,
    failures: Arc<Failures>,
    /// Places for sockets whose agent has not yet proved itself.
    unproven: Arc<Semaphore>,
}

impl Agents {
    pub(super) fn new(app: &Arc<App>) -> Self {
        Self {
            app: Arc::clone(app),
            failures: Arc::new(Failures::new(app.limits.failed_enrolments)),
            unproven: Arc::new(Semaphore::new(app.limits.unproven_agents)),
        }
    }

    /// Answers a request below `/agent/v1/`.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response {
        let answer = match request.uri().path() {
            "/agent/v1/enroll" => self.enrol(request).await,
            "/agent/v1/ws" => self.upgrade(request),
            _ => Err(Problem::not_found()),
        };
        answer.unwrap_or_else(Reply::into_response)
    }
}
