//! What the description of the API says of these routes: what stands beside the handlers, and what the table of routes
//! makes true of each.

use super::{
    ROUTES, admin, alerts, audit,
    call::Call,
    calls, creation, dry_run, endpoints, events, figures, fleet, incidents, invites, keys, members,
    organizations, params, passwords, phones, profile, projects, requests, scenarios, second_factor, session,
    sessions, sign_up,
    table::{Access, Route},
    verifications,
};
use crate::web::{Response, openapi, problem::Problem, routes::json};
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document, PathItem, RefOr, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};
use warp::http::StatusCode;

/// Paths of the admin panel that are answered as those of the portal are.
const TWINS: [(&str, &str); 3] = [
    ("/api/v1/session", "/api/admin/v1/session"),
    ("/api/v1/session/refresh", "/api/admin/v1/session/refresh"),
    ("/api/v1/session/proof", "/api/admin/v1/session/proof"),
];

/// This description
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "description",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(super) async fn read(_call: Call) -> Result<Response, Problem> {
    Ok(json(StatusCode::OK, openapi::document()))
}

#[derive(OpenApi)]
#[openapi(paths(
    read,
    sign_up::sign_up,
    sign_up::verify,
    passwords::forgotten,
    passwords::reset,
    passwords::change,
    session::sign_in,
    session::read,
    session::sign_out,
    session::refresh,
    session::prove,
    sessions::list,
    sessions::revoke_others,
    sessions::revoke,
    profile::read,
    profile::change,
    profile::close,
    profile::change_address,
    profile::confirm_address,
    second_factor::begin,
    second_factor::remove,
    second_factor::confirm,
    second_factor::recovery_codes,
    phones::list,
    phones::read,
    phones::add,
    phones::change,
    phones::remove,
    verifications::request,
    verifications::read,
    verifications::confirm,
    audit::own,
    audit::of_organization,
    audit::of_everybody,
    organizations::list,
    organizations::create,
    organizations::read,
    organizations::change,
    organizations::delete,
    organizations::transfer,
    organizations::leave,
    members::list,
    members::read,
    members::change,
    members::remove,
    invites::list,
    invites::read,
    invites::create,
    invites::resend,
    invites::revoke,
    invites::preview,
    invites::accept,
    projects::list,
    projects::create,
    projects::read,
    projects::change,
    projects::delete,
    endpoints::list,
    endpoints::create,
    endpoints::read,
    endpoints::change,
    endpoints::delete,
    endpoints::rotate,
    scenarios::list,
    scenarios::read,
    scenarios::read_by_id,
    dry_run::run,
    requests::of_endpoint,
    requests::of_alert,
    requests::read,
    requests::replay,
    scenarios::write,
    scenarios::delete,
    keys::list,
    keys::read,
    keys::create,
    keys::delete,
    alerts::alerts,
    alerts::alert,
    alerts::acknowledge,
    alerts::close,
    alerts::call_again,
    calls::calls,
    calls::one,
    events::watch,
    figures::read,
    fleet::pbxs,
    incidents::list,
    incidents::create,
    incidents::read,
    incidents::change,
    incidents::delete,
    incidents::tell,
    admin::pbxs::fleet,
    admin::pbxs::create,
    admin::pbxs::drain,
    admin::pbxs::rest,
    admin::pbxs::revoke,
    admin::pbxs::enrolment_token,
    admin::calls::live,
    admin::calls::queue,
    admin::organizations::list,
    admin::organizations::read,
    admin::accounts::list,
    admin::accounts::read,
    admin::accounts::end_sessions,
    admin::do_not_call::list,
    admin::do_not_call::add,
    admin::do_not_call::remove,
    admin::letters::list,
    admin::letters::retry,
    admin::letters::suppressed,
    admin::letters::release,
    admin::abuse::signals,
))]
struct Handlers;

/// The routes of this room.
pub(in crate::web) fn describe() -> Document {
    let mut document = Handlers::openapi();
    for (portal, admin) in TWINS {
        if let Some(item) = document.paths.paths.get(portal).cloned() {
            document.paths.paths.insert(admin.to_owned(), for_operators(item));
        }
    }
    for route in ROUTES {
        if let Some(operation) = operation(&mut document, route) {
            complete(operation, route);
        }
    }
    let components = document.components.get_or_insert_default();
    let cookie = |name| SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(name)));
    components.add_security_scheme("session", cookie("__Host-cp_session"));
    components.add_security_scheme("admin_session", cookie("__Host-cp_admin_session"));
    components.add_security_scheme("refresh", cookie("__Host-cp_refresh"));
    components.add_security_scheme("admin_refresh", cookie("__Host-cp_admin_refresh"));
    let csrf = ApiKeyValue::with_description("X-CSRF-Token", "The session's csrf_token");
    components.add_security_scheme("csrf", SecurityScheme::ApiKey(ApiKey::Header(csrf)));
    document
}

fn for_operators(mut item: PathItem) -> PathItem {
    for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
        operation.tags = Some(vec!["admin".to_owned()]);
    }
    item
}

/// Where the description speaks of a route.
pub(super) fn operation<'d>(document: &'d mut Document, route: &Route) -> Option<&'d mut Operation> {
    let item = document.paths.paths.get_mut(route.path)?;
    match route.method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// Adds what the table of routes makes true of an operation.
fn complete(operation: &mut Operation, route: &Route) {
    operation.operation_id = Some(name_of(route));
    let parameters = operation.parameters.get_or_insert_default();
    let mut asked = params::of_path(route.path);
    asked.extend(route.parameters());
    if route.once {
        let description = "What is made twice with one key is made once, for a day: the repeat is answered as the \
                           first was, without a secret that is told once. A UUID, for example";
        asked.push(params::header(creation::HEADER_NAME, description, creation::LONGEST));
    }
    parameters.splice(..0, asked.into_iter().map(RefOr::T));
    let mut says = |status: &str, description: &str| {
        let response = || ResponseBuilder::new().description(description).build();
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response().into());
    };
    says("400", bad_request(route));
    says("503", "The database does not answer, or could not make it durable");
    if route.changes() {
        says("408", "The body did not arrive in time");
        says("413", "The body is over 64 KiB");
        says("415", "The body is not JSON");
    }
    if route.once {
        says("422", "The idempotency key was used for another request");
    }
    if route.limited {
        says("429", "Too often");
    } else if route.changes() && !matches!(route.access, Access::Open(_)) {
        says("429", "Changes come too fast");
    }
    match route.access {
        Access::Open(_) if route.changes() => says("403", "Another site sends this"),
        Access::Open(_) => {}
        Access::Person(_) => {
            says("401", "Nobody is signed in");
            if route.changes() {
                says("403", &forbidden(route, "The CSRF token is wrong, or another site sends this"));
            }
        }
        Access::Member(..) => {
            says("401", "Nobody is signed in, or the API key is wrong");
            let cause = if route.changes() {
                "The role or the API key may not, the CSRF token is wrong, or another site sends this"
            } else {
                "The role or the API key may not"
            };
            says("403", &forbidden(route, cause));
            says("404", "You belong to no such organization");
        }
    }
    if !matches!(route.access, Access::Open(_)) {
        operation.security = Some(security(route));
    }
}

/// What each operation is called: its method and its path, such as `get_projects_by_id`.
fn name_of(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/").replace("v1/", "");
    let path = path.replace("/{", "_by_").replace('}', "").replace(['/', '-', '.'], "_");
    format!("{}_{path}", route.method.to_ascii_lowercase())
}

fn bad_request(route: &Route) -> &'static str {
    match (route.changes(), &route.access) {
        (true, Access::Member(..)) => {
            "A header or parameter cannot be used, the body cannot be read, or it is not said which organization is meant"
        }
        (false, Access::Member(..)) => {
            "A parameter cannot be used, or it is not said which organization is meant"
        }
        (true, _) => "A header or parameter cannot be used, or the body cannot be read",
        (false, _) => "A parameter cannot be used",
    }
}

/// Where a fresh proof is needed the description says so.
fn forbidden(route: &Route, otherwise: &'static str) -> String {
    match route.proof {
        true => format!("{otherwise}; or a fresh proof is needed"),
        false => otherwise.to_owned(),
    }
}

fn security(route: &Route) -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    let session = if route.is_admin() { "admin_session" } else { "session" };
    let mut signed_in = SecurityRequirement::new(session, none);
    if route.changes() {
        signed_in = signed_in.add("csrf", none);
    }
    let mut any = vec![signed_in];
    if route.or_refresh {
        any.push(SecurityRequirement::new(if route.is_admin() { "admin_refresh" } else { "refresh" }, none));
    }
    if let Access::Member(_, Some(scope), _) = route.access {
        any.push(SecurityRequirement::new("api_key", [scope.as_str()]));
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document = describe();
        let mut described = BTreeSet::new();
        for (path, item) in &document.paths.paths {
            let operations = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ];
            for (method, operation) in operations {
                if operation.is_some() {
                    described.insert((path.as_str(), method));
                }
            }
        }
        let served: BTreeSet<(&str, &str)> = ROUTES.iter().map(|route| (route.path, route.method)).collect();
        assert_eq!(served.len(), ROUTES.len(), "a route is listed twice");
        assert_eq!(described, served);
    }

    /// Every operation with its route.
    fn operations() -> Vec<(&'static Route, serde_json::Value)> {
        let mut document = describe();
        let of = |route| operation(&mut document, route).map(|operation| (route, json!(operation)));
        ROUTES.iter().filter_map(of).collect()
    }

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let names: BTreeSet<String> = ROUTES.iter().map(name_of).collect();
        assert_eq!(names.len(), ROUTES.len());
        assert!(names.contains("get_projects_by_id_scenarios_by_name"), "{names:?}");
        assert!(names.contains("post_admin_session_refresh"), "{names:?}");
    }

    #[test]
    fn no_parameter_is_told_twice_and_every_part_of_a_path_is_told() {
        for (route, operation) in operations() {
            let parameters = operation["parameters"].as_array().unwrap();
            let told: BTreeSet<(&str, &str)> = parameters
                .iter()
                .map(|it| (it["in"].as_str().unwrap(), it["name"].as_str().unwrap()))
                .collect();
            assert_eq!(told.len(), parameters.len(), "{}", route.path);
            let parts = route.path.split('/').filter(|part| part.starts_with('{'));
            for part in parts {
                assert!(told.contains(&("path", part.trim_matches(['{', '}']))), "{}", route.path);
            }
            assert_eq!(told.contains(&("header", "Idempotency-Key")), route.once, "{}", route.path);
        }
    }

    /// Every list is read page by page: `after` and `limit` ask, `items` and `next` answer. The fleet is looked at as a
    /// whole.
    #[test]
    fn every_list_has_pages() {
        let schemas = serde_json::to_value(Handlers::openapi().components.unwrap().schemas).unwrap();
        let mut lists = 0;
        for (route, operation) in operations() {
            let body = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = body.as_str().and_then(|name| name.rsplit('/').next()) else { continue };
            let properties = &schemas[name]["properties"];
            if properties["items"].is_null() || ["FleetSummary", "FleetView"].contains(&name) {
                continue;
            }
            lists += 1;
            let told: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|it| it["name"].as_str())
                .collect();
            assert!(told.contains("after") && told.contains("limit"), "{}", route.path);
            assert!(!properties["next"].is_null(), "{name}");
        }
        assert_eq!(lists, 23);
    }
}
