//! The description of the API, generated from what stands beside the handlers.

use super::{api, health, mail, problem::ProblemDocument, status, webhook};
use std::sync::LazyLock;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Header, HeaderBuilder, PathItem, Ref, RefOr,
        path::Operation,
        schema::{ObjectBuilder, Type},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(title = "CallPing", description = "Rings a phone when a machine says something is wrong."),
    paths(webhook::take, health::lives, health::ready, mail::resend, status::read),
    components(schemas(ProblemDocument))
)]
struct Description;

/// What holds of every path: how a key is sent, that every error is a problem document, and when to come again.
struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        description.components.get_or_insert_default().add_security_scheme("api_key", scheme);
        for path in description.paths.paths.values_mut() {
            let PathItem { get, post, put, patch, delete, .. } = path;
            [get, post, put, patch, delete].into_iter().flatten().for_each(describe_errors);
        }
    }
}

fn describe_errors(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if status.starts_with(['4', '5'])
            && let RefOr::T(response) = response
        {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
            if matches!(status.as_str(), "429" | "503") {
                response.headers.insert("Retry-After".to_owned(), RefOr::T(retry_after()));
            }
        }
    }
}

fn retry_after() -> Header {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    HeaderBuilder::new()
        .schema(Some(seconds))
        .description(Some("Seconds to wait before it is sent again"))
        .build()
}

/// The OpenAPI document, JSON: what `/api/v1/openapi.json` and `control-plane openapi` give.
pub fn document() -> String {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let mut description = Description::openapi().merge_from(api::describe());
        Everywhere.modify(&mut description);
        let mut text = description.to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    });
    DOCUMENT.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_description_is_the_generated_one() {
        let checked_in = include_str!("../../openapi.json");
        assert!(
            checked_in == document(),
            "control-plane/openapi.json is out of date; from the repository's root run: \
             cargo run -p control-plane -- openapi > control-plane/openapi.json"
        );
    }

    #[test]
    fn whoever_is_to_come_again_is_told_when() {
        let described: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let mut told = 0;
        for operation in
            described["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap())
        {
            for (status, response) in operation.1["responses"].as_object().unwrap() {
                if matches!(status.as_str(), "429" | "503") {
                    assert!(response["headers"]["Retry-After"].is_object(), "{operation:?}");
                    told += 1;
                }
            }
        }
        assert!(told > 50, "{told}");
    }

    #[test]
    fn what_is_one_of_some_words_is_described_as_one() {
        let described: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let schemas = &described["components"]["schemas"];
        for (name, word) in [
            ("Role", "owner"),
            ("Scope", "projects:write"),
            ("AuditAction", "operator.removed"),
            ("Audience", "admin"),
            ("AlertState", "acknowledged"),
            ("CallStatus", "exhausted"),
            ("AttemptStatus", "no_answer"),
            ("Reason", "do_not_call"),
            ("Severity", "critical"),
            ("TimelineKind", "nobody_reached"),
            ("Operator", "not_contains"),
            ("ActionWord", "call_member"),
            ("ActorKind", "api_key"),
            ("DeliveredWhen", "answered"),
            ("InviteState", "expired"),
            ("VerificationState", "replaced"),
            ("ComponentState", "unknown"),
            ("Impact", "critical"),
            ("IncidentState", "monitoring"),
        ] {
            let words =
                schemas[name]["enum"].as_array().unwrap_or_else(|| panic!("{name}: {}", schemas[name]));
            assert!(words.contains(&word.into()), "{name}: {words:?}");
        }
    }
}
