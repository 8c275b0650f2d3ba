//! What Resend's answers mean.

use super::*;
use crate::mail::decision::Tried;
use shared::ids::LetterId;
use uuid::Uuid;

fn letter() -> Claimed {
    let queued_at = Timestamp::from_micros(0);
    Claimed {
        id: LetterId::new(Uuid::from_u128(7)),
        to: "oncall@example.com".parse().unwrap(),
        template: "verify_address".into(),
        subject: "Confirm".into(),
        text: "text".into(),
        html: "html".into(),
        queued_at,
        tried: Tried { attempts: 1, first_at: queued_at },
    }
}

fn judged(status: u16, name: &str, message: &str) -> Outcome {
    let body = serde_json::json!({ "statusCode": status, "name": name, "message": message }).to_string();
    judge(StatusCode::from_u16(status).unwrap(), Some(Duration::from_secs(3)), body.as_bytes(), &letter())
}

#[test]
fn a_letter_that_is_taken_is_known_by_the_providers_id() {
    let of = |body: &str| judge(StatusCode::OK, None, body.as_bytes(), &letter());
    let id = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794";
    assert_eq!(of(&format!("{{\"id\":\"{id}\"}}")), Outcome::Accepted { provider_id: Some(id.into()) });
    assert_eq!(of("surprise"), Outcome::Accepted { provider_id: None });
}

#[test]
fn what_is_wrong_with_the_letter_is_for_good_and_everything_else_passes() {
    for (status, name, message) in [
        (400, "validation_error", "Invalid `to` field."),
        (400, "invalid_idempotency_key", "Idempotency keys must have between 1 and 256 characters."),
        (422, "validation_error", "Invalid `to` field. The email address needs to follow the format."),
        (422, "missing_required_field", "Missing `to` field."),
        (451, "security_error", "We may have found a security issue with the request."),
    ] {
        let refused = Outcome::Refused { reason: format!("{status} {name}: {message}") };
        assert_eq!(judged(status, name, message), refused);
    }
    for (status, name, message) in [
        (400, "validation_error", "API key is invalid"),
        (401, "missing_api_key", "Missing API Key"),
        (403, "validation_error", "The example.com domain is not verified."),
        (404, "not_found", "The requested endpoint does not exist."),
        (
            409,
            "concurrent_idempotent_requests",
            "Same idempotency key used while original request is still in progress.",
        ),
        (429, "rate_limit_exceeded", "Too many requests."),
        (429, "daily_quota_exceeded", "You have reached your daily email sending quota."),
        (500, "application_error", "An unexpected error occurred."),
        (503, "service_unavailable", "API is temporarily unavailable"),
    ] {
        let reason = format!("{status} {name}: {message}");
        let trouble = Outcome::Trouble { reason, retry_after: Some(Duration::from_secs(3)) };
        assert_eq!(judged(status, name, message), trouble);
    }
}

#[test]
fn a_key_that_was_used_for_the_same_letter_from_another_sender_means_that_it_was_taken() {
    let said = judged(
        409,
        "invalid_idempotent_request",
        "Same idempotency key used with a different request payload.",
    );
    assert_eq!(said, Outcome::Accepted { provider_id: None });
}

#[test]
fn a_page_of_a_proxy_is_no_reason_to_give_up_and_no_address_is_repeated() {
    let page = judge(StatusCode::BAD_GATEWAY, None, b"<html>502</html>", &letter());
    assert_eq!(page, Outcome::Trouble { reason: "502 :".into(), retry_after: None });
    let Outcome::Refused { reason } = judged(422, "validation_error", "oncall@example.com is invalid") else {
        panic!("not refused");
    };
    assert_eq!(reason, "422 validation_error: o…@example.com is invalid");
}

#[test]
fn a_wish_is_seconds_or_a_date() {
    let now = Timestamp::from_micros(1_795_510_800_000_000);
    for (text, seconds) in [
        ("2", Some(2)),
        (" 120 ", Some(120)),
        ("Tue, 24 Nov 2026 09:00:30 GMT", Some(30)),
        ("Tue, 24 Nov 2026 08:59:30 GMT", Some(0)),
        ("soon", None),
        ("-1", None),
        ("", None),
    ] {
        assert_eq!(wait(text, now), seconds.map(Duration::from_secs), "{text:?}");
    }
}
