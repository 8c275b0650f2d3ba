//! `/api/v1/` for people and programs, `/api/admin/v1/` for operators: every route, and whose requests it takes.

mod admin;
mod alerts;
mod audit;
mod call;
mod caller;
mod calls;
mod cookies;
mod creation;
mod description;
mod documents;
mod dry_run;
mod endpoints;
mod events;
mod fields;
mod figures;
mod fleet;
mod incidents;
mod invites;
mod keys;
mod letters;
mod members;
mod organizations;
mod pace;
mod params;
mod passwords;
mod phones;
mod profile;
mod projects;
pub(super) mod query;
mod reckoning;
mod requests;
mod scenarios;
mod second_factor;
mod session;
mod sessions;
mod sign_up;
mod table;
mod tried;
mod verifications;

pub(super) use description::describe;
pub(crate) use events::Streams;
pub(crate) use pace::Pace;

use super::{
    App, Routes,
    connection::Peer,
    problem::Problem,
    routes::{raw_query, with},
};
use crate::accounts::{
    keys::Scope::{AlertsWrite, ProjectsWrite, Read},
    permissions::Act,
};
use hyper::{HeaderMap, Method};
use params::{Paging, of};
use std::sync::Arc;
use table::{Asked, Route, Table, member, open, person, run};
use tracing::Instrument;
use warp::{Filter, Reply, path::FullPath};

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    open("GET", "/api/v1/openapi.json", run!(description::read)),
    open("POST", "/api/v1/accounts", run!(sign_up::sign_up)).limited(),
    open("POST", "/api/v1/accounts/verify", run!(sign_up::verify)).limited(),
    open("POST", "/api/v1/password-resets", run!(passwords::forgotten)).limited(),
    open("POST", "/api/v1/password-resets/complete", run!(passwords::reset)).limited(),
    open("POST", "/api/v1/session", run!(session::sign_in)).limited(),
    person("GET", "/api/v1/session", run!(session::read, who)),
    person("DELETE", "/api/v1/session", run!(session::sign_out, who)).or_refresh(),
    open("POST", "/api/v1/session/refresh", run!(session::refresh)).limited(),
    person("POST", "/api/v1/session/proof", run!(session::prove, who)).limited(),
    person("GET", "/api/v1/sessions", run!(sessions::list, who)).query(of::<Paging>),
    person("DELETE", "/api/v1/sessions", run!(sessions::revoke_others, who)),
    person("DELETE", "/api/v1/sessions/{id}", run!(sessions::revoke, who)),
    person("GET", "/api/v1/account", run!(profile::read, who)),
    person("PATCH", "/api/v1/account", run!(profile::change, who)),
    person("DELETE", "/api/v1/account", run!(profile::close, who)).proved(),
    person("PUT", "/api/v1/account/password", run!(passwords::change, who)).proved(),
    person("POST", "/api/v1/account/email", run!(profile::change_address, who)).proved().limited(),
    open("POST", "/api/v1/account/email/confirm", run!(profile::confirm_address)).limited(),
    person("POST", "/api/v1/account/second-factor", run!(second_factor::begin, who)).proved(),
    person("DELETE", "/api/v1/account/second-factor", run!(second_factor::remove, who)).proved(),
    person("POST", "/api/v1/account/second-factor/confirm", run!(second_factor::confirm, who)).limited(),
    person("POST", "/api/v1/account/second-factor/recovery-codes", run!(second_factor::recovery_codes, who)).proved(),
    person("GET", "/api/v1/account/phones", run!(phones::list, who)).query(of::<Paging>),
    person("POST", "/api/v1/account/phones", run!(phones::add, who)).proved().once(),
    person("GET", "/api/v1/account/phones/{id}", run!(phones::read, who)),
    person("PATCH", "/api/v1/account/phones/{id}", run!(phones::change, who)).proved(),
    person("DELETE", "/api/v1/account/phones/{id}", run!(phones::remove, who)).proved(),
    person("POST", "/api/v1/account/phones/{id}/verification", run!(verifications::request, who)).once().limited(),
    person("POST", "/api/v1/account/phones/{id}/verification/code", run!(verifications::confirm, who)),
    person("GET", "/api/v1/account/verifications/{id}", run!(verifications::read, who)),
    person("GET", "/api/v1/account/audit", run!(audit::own, who)).query(of::<audit::AuditFilter>),
    person("GET", "/api/v1/organizations", run!(organizations::list, who)).query(of::<Paging>),
    person("POST", "/api/v1/organizations", run!(organizations::create, who)).once(),
    member("GET", "/api/v1/organization", Act::Look, None, run!(organizations::read, who)),
    member("PATCH", "/api/v1/organization", Act::ChangeOrganization, None, run!(organizations::change, who)),
    member("DELETE", "/api/v1/organization", Act::DeleteOrganization, None, run!(organizations::delete, who)).proved(),
    member("POST", "/api/v1/organization/transfer", Act::ChangeOwners, None, run!(organizations::transfer, who)).proved(),
    member("POST", "/api/v1/organization/leave", Act::Look, None, run!(organizations::leave, who)),
    member("GET", "/api/v1/members", Act::Look, Some(Read), run!(members::list, who)).query(of::<Paging>),
    member("GET", "/api/v1/members/{account_id}", Act::Look, Some(Read), run!(members::read, who)),
    member("PATCH", "/api/v1/members/{account_id}", Act::ChangeMembers, None, run!(members::change, who)).proved(),
    member("DELETE", "/api/v1/members/{account_id}", Act::ChangeMembers, None, run!(members::remove, who)).proved(),
    member("GET", "/api/v1/invites", Act::ChangeMembers, None, run!(invites::list, who)).query(of::<Paging>),
    member("POST", "/api/v1/invites", Act::ChangeMembers, None, run!(invites::create, who)).proved().once().limited(),
    member("GET", "/api/v1/invites/{id}", Act::ChangeMembers, None, run!(invites::read, who)),
    member("POST", "/api/v1/invites/{id}/resend", Act::ChangeMembers, None, run!(invites::resend, who)).proved().limited(),
    member("DELETE", "/api/v1/invites/{id}", Act::ChangeMembers, None, run!(invites::revoke, who)),
    open("POST", "/api/v1/invites/preview", run!(invites::preview)).limited(),
    person("POST", "/api/v1/invites/accept", run!(invites::accept, who)).limited(),
    member("GET", "/api/v1/projects", Act::Look, Some(Read), run!(projects::list, who)).query(of::<Paging>),
    member("POST", "/api/v1/projects", Act::ChangeProjects, Some(ProjectsWrite), run!(projects::create, who)).once(),
    member("GET", "/api/v1/projects/{id}", Act::Look, Some(Read), run!(projects::read, who)),
    member("PATCH", "/api/v1/projects/{id}", Act::ChangeProjects, Some(ProjectsWrite), run!(projects::change, who)),
    member("DELETE", "/api/v1/projects/{id}", Act::DeleteProjects, None, run!(projects::delete, who)).proved(),
    member("GET", "/api/v1/projects/{id}/endpoints", Act::ChangeEndpoints, Some(ProjectsWrite), run!(endpoints::list, who)).query(of::<Paging>),
    member("POST", "/api/v1/projects/{id}/endpoints", Act::ChangeEndpoints, Some(ProjectsWrite), run!(endpoints::create, who)).once(),
    member("GET", "/api/v1/endpoints/{id}", Act::ChangeEndpoints, Some(ProjectsWrite), run!(endpoints::read, who)),
    member("PATCH", "/api/v1/endpoints/{id}", Act::ChangeEndpoints, Some(ProjectsWrite), run!(endpoints::change, who)),
    member("DELETE", "/api/v1/endpoints/{id}", Act::ChangeEndpoints, None, run!(endpoints::delete, who)).proved(),
    member("POST", "/api/v1/endpoints/{id}/rotate", Act::ChangeEndpoints, None, run!(endpoints::rotate, who)).proved().once().limited(),
    member("GET", "/api/v1/projects/{id}/scenarios", Act::Look, Some(Read), run!(scenarios::list, who)).query(of::<Paging>),
    member("GET", "/api/v1/projects/{id}/scenarios/{name}", Act::Look, Some(Read), run!(scenarios::read, who)),
    member("PUT", "/api/v1/projects/{id}/scenarios/{name}", Act::ChangeProjects, Some(ProjectsWrite), run!(scenarios::write, who)),
    member("DELETE", "/api/v1/projects/{id}/scenarios/{name}", Act::ChangeProjects, Some(ProjectsWrite), run!(scenarios::delete, who)),
    member("GET", "/api/v1/scenarios/{id}", Act::Look, Some(Read), run!(scenarios::read_by_id, who)),
    member("POST", "/api/v1/scenarios/{id}/dry-run", Act::Look, Some(Read), run!(dry_run::run, who)),
    member("GET", "/api/v1/endpoints/{id}/requests", Act::ChangeEndpoints, Some(ProjectsWrite), run!(requests::of_endpoint, who)).query(of::<Paging>),
    member("GET", "/api/v1/alerts/{id}/requests", Act::Look, Some(Read), run!(requests::of_alert, who)).query(of::<Paging>),
    member("GET", "/api/v1/requests/{id}", Act::Look, Some(Read), run!(requests::read, who)),
    member("POST", "/api/v1/requests/{id}/replay", Act::ChangeEndpoints, Some(ProjectsWrite), run!(requests::replay, who)).once().limited(),
    member("GET", "/api/v1/keys", Act::ChangeKeys, None, run!(keys::list, who)).query(of::<Paging>),
    member("POST", "/api/v1/keys", Act::ChangeKeys, None, run!(keys::create, who)).proved().once(),
    member("GET", "/api/v1/keys/{id}", Act::ChangeKeys, None, run!(keys::read, who)),
    member("DELETE", "/api/v1/keys/{id}", Act::ChangeKeys, None, run!(keys::delete, who)),
    member("GET", "/api/v1/audit", Act::ReadAudit, None, run!(audit::of_organization, who)).query(of::<audit::AuditFilter>),
    member("GET", "/api/v1/alerts", Act::Look, Some(Read), run!(alerts::alerts, who)).query(of::<alerts::AlertFilter>),
    member("GET", "/api/v1/alerts/{id}", Act::Look, Some(Read), run!(alerts::alert, who)).query(of::<alerts::TimelinePaging>),
    member("POST", "/api/v1/alerts/{id}/acknowledge", Act::HandleAlerts, Some(AlertsWrite), run!(alerts::acknowledge, who)),
    member("POST", "/api/v1/alerts/{id}/close", Act::HandleAlerts, Some(AlertsWrite), run!(alerts::close, who)),
    member("POST", "/api/v1/alerts/{id}/call-again", Act::HandleAlerts, Some(AlertsWrite), run!(alerts::call_again, who)).once().limited(),
    member("GET", "/api/v1/calls", Act::Look, Some(Read), run!(calls::calls, who)).query(of::<calls::CallFilter>),
    member("GET", "/api/v1/calls/{id}", Act::Look, Some(Read), run!(calls::one, who)),
    member("GET", "/api/v1/figures", Act::Look, Some(Read), run!(figures::read, who)).query(of::<figures::FiguresFilter>),
    member("GET", "/api/v1/events", Act::Look, Some(Read), run!(events::watch, who)).limited(),
    member("GET", "/api/v1/fleet", Act::Look, Some(Read), run!(fleet::pbxs, who)),
    open("POST", "/api/admin/v1/session", run!(session::sign_in)).limited(),
    person("GET", "/api/admin/v1/session", run!(session::read, who)),
    person("DELETE", "/api/admin/v1/session", run!(session::sign_out, who)).or_refresh(),
    open("POST", "/api/admin/v1/session/refresh", run!(session::refresh)).limited(),
    person("POST", "/api/admin/v1/session/proof", run!(session::prove, who)).limited(),
    person("GET", "/api/admin/v1/incidents", run!(incidents::list, who)).query(of::<Paging>),
    person("POST", "/api/admin/v1/incidents", run!(incidents::create, who)).once(),
    person("GET", "/api/admin/v1/incidents/{id}", run!(incidents::read, who)),
    person("PATCH", "/api/admin/v1/incidents/{id}", run!(incidents::change, who)),
    person("DELETE", "/api/admin/v1/incidents/{id}", run!(incidents::delete, who)).proved(),
    person("POST", "/api/admin/v1/incidents/{id}/updates", run!(incidents::tell, who)).once(),
    person("GET", "/api/admin/v1/fleet", run!(admin::pbxs::fleet, who)),
    person("POST", "/api/admin/v1/pbxs", run!(admin::pbxs::create, who)),
    person("POST", "/api/admin/v1/pbxs/{id}/drain", run!(admin::pbxs::drain, who)).proved(),
    person("POST", "/api/admin/v1/pbxs/{id}/trunks/{name}/rest", run!(admin::pbxs::rest, who)),
    person("POST", "/api/admin/v1/pbxs/{id}/revoke", run!(admin::pbxs::revoke, who)).proved(),
    person("POST", "/api/admin/v1/pbxs/{id}/enrolment-token", run!(admin::pbxs::enrolment_token, who)).proved(),
    person("GET", "/api/admin/v1/calls", run!(admin::calls::live, who)).query(of::<Paging>),
    person("GET", "/api/admin/v1/queue", run!(admin::calls::queue, who)),
    person("GET", "/api/admin/v1/organizations", run!(admin::organizations::list, who)).query(of::<admin::SearchFilter>),
    person("GET", "/api/admin/v1/organizations/{id}", run!(admin::organizations::read, who)),
    person("GET", "/api/admin/v1/accounts", run!(admin::accounts::list, who)).query(of::<admin::SearchFilter>),
    person("GET", "/api/admin/v1/accounts/{id}", run!(admin::accounts::read, who)),
    person("DELETE", "/api/admin/v1/accounts/{id}/sessions", run!(admin::accounts::end_sessions, who)).proved(),
    person("GET", "/api/admin/v1/do-not-call", run!(admin::do_not_call::list, who)).query(of::<admin::do_not_call::NumberFilter>),
    person("POST", "/api/admin/v1/do-not-call", run!(admin::do_not_call::add, who)),
    person("DELETE", "/api/admin/v1/do-not-call/{number}", run!(admin::do_not_call::remove, who)).proved(),
    person("GET", "/api/admin/v1/letters", run!(admin::letters::list, who)).query(of::<admin::letters::LetterFilter>),
    person("POST", "/api/admin/v1/letters/{id}/retry", run!(admin::letters::retry, who)),
    person("GET", "/api/admin/v1/suppressions", run!(admin::letters::suppressed, who)).query(of::<Paging>),
    person("DELETE", "/api/admin/v1/suppressions/{email}", run!(admin::letters::release, who)),
    person("GET", "/api/admin/v1/abuse", run!(admin::abuse::signals, who)),
    person("GET", "/api/admin/v1/audit", run!(audit::of_everybody, who)).query(of::<audit::AuditFilter>),
];

pub(super) fn routes(app: &Arc<App>) -> Routes {
    let table = Arc::new(Table::new(ROUTES));
    let portal = warp::path!("api" / "v1" / ..);
    let admin = warp::path!("api" / "admin" / "v1" / ..);
    portal
        .or(admin)
        .unify()
        .and(with(app))
        .and(warp::method())
        .and(warp::path::full())
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<Peer>())
        .and(warp::body::stream())
        .then(
            move |app: Arc<App>,
                  method: Method,
                  path: FullPath,
                  query: String,
                  headers: HeaderMap,
                  peer: Peer,
                  body| {
                let table = Arc::clone(&table);
                let asked = Asked { method, path: path.as_str().to_owned(), query, headers, peer, body };
                // It goes on where the client hangs up: what was begun is done, and whoever waits for it is woken.
                let tasks = app.tasks.clone();
                let answering =
                    async move { table.answer(app, asked).await.unwrap_or_else(Reply::into_response) };
                let answering = tasks.spawn(answering.in_current_span());
                async move {
                    answering.await.unwrap_or_else(|_| {
                        tracing::error!("a handler panicked");
                        Problem::internal().into_response()
                    })
                }
            },
        )
        .boxed()
}

#[cfg(test)]
mod tests;
