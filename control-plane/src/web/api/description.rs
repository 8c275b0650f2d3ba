//! What the description of the API says of these routes: what stands beside the handlers, and what the table of routes
//! makes true of each.

use super::{
    ROUTES, alerts, audit,
    call::Call,
    calls, endpoints, fleet, invites, keys, members, organizations, passwords, phones, profile, projects,
    scenarios, second_factor, session, sessions, sign_up,
    table::{Access, Route},
    verifications,
};
use crate::web::{Response, openapi, problem::Problem, routes::json};
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document, PathItem, RefOr, Required, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
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
    members::change,
    members::remove,
    invites::list,
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
    endpoints::change,
    endpoints::delete,
    scenarios::list,
    scenarios::read,
    scenarios::write,
    scenarios::delete,
    keys::list,
    keys::create,
    keys::delete,
    alerts::alerts,
    alerts::alert,
    alerts::acknowledge,
    alerts::close,
    calls::calls,
    fleet::pbxs,
    fleet::whole,
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
    let csrf = ApiKeyValue::with_description("X-CSRF-Token", "The session's csrf_token");
    components.add_security_scheme("csrf", SecurityScheme::ApiKey(ApiKey::Header(csrf)));
    document
}

fn for_operators(mut item: PathItem) -> PathItem {
    for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
        operation.operation_id = operation.operation_id.take().map(|id| format!("{id}_admin"));
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

fn complete(operation: &mut Operation, route: &Route) {
    let mut says = |status: &str, description: &str| {
        let response = || RefOr::T(ResponseBuilder::new().description(description).build());
        operation.responses.responses.entry(status.to_owned()).or_insert_with(response);
    };
    says("503", "The database does not answer, or could not make it durable; again after Retry-After");
    if route.changes() {
        says("400", "A header cannot be used, or the body cannot be read");
        says("408", "The body did not arrive in time");
        says("413", "The body is over 64 KiB");
        says("415", "The body is not JSON");
    }
    if route.changes() && !matches!(route.access, Access::Open(_)) {
        says("429", "Changes come too fast; again after Retry-After");
    }
    match route.access {
        Access::Open(_) => return,
        Access::Person(_) => {
            says("401", "Nobody is signed in");
            if route.changes() {
                says("403", "The CSRF token is wrong, another site sends this, or a fresh proof is needed");
            }
        }
        Access::Member(..) => {
            says("400", "A parameter cannot be used, or it is not said which organization is meant");
            says("401", "Nobody is signed in, or the API key is wrong");
            says(
                "403",
                "The role or the API key may not; or the CSRF token is wrong, or a fresh proof is needed",
            );
            says("404", "You belong to no such organization");
            let org = ParameterBuilder::new()
                .name("org")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some("Slug or id of the organization, where you belong to several"))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build();
            operation.parameters.get_or_insert_default().push(RefOr::T(org));
        }
    }
    operation.security = Some(security(route));
}

fn security(route: &Route) -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    let session = if route.path.starts_with("/api/admin/") { "admin_session" } else { "session" };
    let mut signed_in = SecurityRequirement::new(session, none);
    if route.changes() {
        signed_in = signed_in.add("csrf", none);
    }
    let mut any = vec![signed_in];
    if let Access::Member(_, Some(scope), _) = route.access {
        any.push(SecurityRequirement::new("api_key", [scope.as_str()]));
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
