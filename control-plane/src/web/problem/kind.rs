//! Every kind of error there is: its stable word, its status, and what its page says.

use warp::http::StatusCode;

macro_rules! codes {
    ($($name:ident = $word:literal, $status:ident, $title:literal, $meaning:literal;)*) => {
        /// Which error. Its word is in `code` and at the end of `type`, and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $(#[doc = $meaning] $name,)*
        }

        impl Kind {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word that programs go by.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// In a few words, always the same.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and what to do.
            pub(crate) const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    // What holds of any request.
    NotFound = "not_found", NOT_FOUND, "Nothing here",
        "There is nothing at this path. The paths there are stand in /api/v1/openapi.json.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Another method",
        "The path is right and the method is not; the header Allow lists those there are.";
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many or too long header fields",
        "The request's header fields are over the limit that the detail names. Cookies of other programs on the same host are a common reason.";
    UriTooLong = "uri_too_long", URI_TOO_LONG, "Path and query are too long",
        "Path and query are over the limit that the detail names; send a body instead.";
    BadHeader = "bad_header", BAD_REQUEST, "A header cannot be used",
        "The detail names the header and what it must be.";
    BadQuery = "bad_query", BAD_REQUEST, "A parameter cannot be used",
        "The query string has a parameter that is not known, is given twice, or has a value that cannot be read; the detail names it.";
    BadBody = "bad_body", BAD_REQUEST, "The body cannot be read",
        "The body is no JSON of the shape that /api/v1/openapi.json describes; the detail says where it stopped making sense.";
    WrongContentType = "wrong_content_type", UNSUPPORTED_MEDIA_TYPE, "The body is not JSON",
        "Send the body as JSON, with the header Content-Type: application/json.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large",
        "The body is over the limit that the detail names. Nothing was stored.";
    BodyTooSlow = "body_too_slow", REQUEST_TIMEOUT, "The body came too slowly",
        "The body did not arrive in time. Nothing was stored: send it again.";
    BodyBroken = "body_broken", BAD_REQUEST, "The body broke off",
        "The connection or the transfer coding broke within the body. Nothing was stored: send it again.";
    TooManyBodies = "too_many_bodies", SERVICE_UNAVAILABLE, "Too much at once",
        "So many requests arrive at once that there is no memory for one more. Nothing was stored: send it again after Retry-After.";
    NotDurable = "not_durable", SERVICE_UNAVAILABLE, "It could not be stored",
        "The database could not make it durable: its disk is full or failing, or too much waits for it. Nothing was kept: send it again after Retry-After. The operator finds the reason in the log.";
    NotReady = "not_ready", SERVICE_UNAVAILABLE, "Not ready",
        "The control plane cannot accept and dispatch now; the detail says why.";
    ShuttingDown = "shutting_down", SERVICE_UNAVAILABLE, "Shutting down",
        "The control plane is being stopped or upgraded; connect again after Retry-After.";
    TooBusy = "too_busy", SERVICE_UNAVAILABLE, "Too much at once",
        "So many people sign in at once that one more would wait for too long. Send it again after Retry-After.";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Our fault",
        "A defect of the control plane. What it was stands in its log.";

    // Webhooks.
    UnknownEndpoint = "unknown_endpoint", NOT_FOUND, "No such endpoint",
        "No endpoint has the id that is named or that the URL ends in, or it was deleted, or given another URL. Copy the URL from the portal again.";
    WrongAlertKey = "wrong_alert_key", UNAUTHORIZED, "The alert key is wrong",
        "This endpoint has a second secret: send it in the header X-Alert-Key.";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The idempotency key was used for something else",
        "A request with this Idempotency-Key was taken before, and it said something else. Use a new key for each new request.";
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests",
        "The sender is over its rate. Send it again after Retry-After.";

    // Agents.
    BadEnrolment = "bad_enrolment", BAD_REQUEST, "Not an enrolment",
        "The body is no enrolment of a version that this control plane reads; upgrade the older of the two programs.";
    TooManyFailures = "too_many_failures", TOO_MANY_REQUESTS, "Too many enrolments failed",
        "From this address too many enrolments failed within a minute. Try again after Retry-After.";
    TooManyHandshakes = "too_many_handshakes", SERVICE_UNAVAILABLE, "Too many agents connect at once",
        "The agent tries again by itself.";
    UnknownToken = "unknown_token", UNAUTHORIZED, "The enrolment token is not known",
        "Make a new one: control-plane enroll-token PBX.";
    ExpiredToken = "expired_token", GONE, "The enrolment token has expired",
        "A token is good for an hour. Make a new one: control-plane enroll-token PBX.";
    UsedToken = "used_token", CONFLICT, "The enrolment token was used",
        "A token enrols once. Make a new one: control-plane enroll-token PBX. If you did not use it, revoke the PBX's key.";
    WrongPbx = "wrong_pbx", FORBIDDEN, "The token is for another PBX",
        "The name in the agent's configuration is not the one that the token was made for.";
    RevokedKey = "revoked_key", FORBIDDEN, "The key was revoked",
        "This agent's key was revoked and is not taken again. Delete it on the host and enrol with a new token.";
    BadProof = "bad_proof", FORBIDDEN, "The proof is wrong",
        "The agent did not prove that it holds the key that it enrols.";
    NotAWebSocket = "not_a_websocket", UPGRADE_REQUIRED, "This is a WebSocket",
        "Connect with an upgrade over HTTP/1.1. Where a proxy stands before the control plane, let it pass upgrades.";
    WebSocketVersion = "websocket_version", UPGRADE_REQUIRED, "Another version of WebSocket",
        "The version is 13 (RFC 6455).";
    Subprotocol = "subprotocol", BAD_REQUEST, "Another subprotocol",
        "Offer the subprotocol that the detail names; a newer or older program speaks another.";
    WebSocketKey = "websocket_key", BAD_REQUEST, "The WebSocket key is damaged",
        "Sec-WebSocket-Key is missing or is not 16 bytes in base64.";

    // The mail provider.
    NoMailEvents = "no_mail_events", NOT_FOUND, "No mail events are taken",
        "Events are taken where mail_webhook_secret_file is configured.";
    WrongSignature = "wrong_signature", UNAUTHORIZED, "The signature is wrong",
        "The event is not signed with the configured secret, or its signature is more than five minutes off.";
    BadEvent = "bad_event", BAD_REQUEST, "Not an event",
        "The body is no event of the mail provider.";

    // Who asks.
    NoApiKey = "no_api_key", UNAUTHORIZED, "Nobody is signed in and no API key is sent",
        "Sign in, or send an API key as Authorization: Bearer KEY.";
    WrongApiKey = "wrong_api_key", UNAUTHORIZED, "The API key is not known",
        "The key is mistyped, was deleted, or has expired. Make a new one.";
    ScopeMissing = "scope_missing", FORBIDDEN, "The API key may not do that",
        "The key lacks the scope that the detail names, or no key at all may do it. Make one with the scope, or sign in.";
    NotSignedIn = "not_signed_in", UNAUTHORIZED, "Nobody is signed in",
        "The session is missing, has ended, or its token has expired: refresh it, or sign in.";
    WrongCsrfToken = "wrong_csrf_token", FORBIDDEN, "The CSRF token is missing or wrong",
        "A request that changes something carries the session's csrf_token in the header X-CSRF-Token. GET /api/v1/session tells it.";
    WrongOrigin = "wrong_origin", FORBIDDEN, "From another site",
        "The browser says that another site sends this request. If it was the portal, its address is not the configured public_url.";
    ProofNeeded = "proof_needed", FORBIDDEN, "Prove who you are",
        "What was asked for takes a fresh proof: POST /api/v1/session/proof with password, and code where there is a second factor; then ask again within five minutes.";
    NotPermitted = "not_permitted", FORBIDDEN, "Your role may not do that",
        "What each role may do stands in docs/permissions.md. Ask an owner or admin of the organization.";
    NotAnOperator = "not_an_operator", FORBIDDEN, "Not an operator",
        "This account does not run the installation, or has no second factor yet, which operators must have: set one up in the portal.";
    WrongCredentials = "wrong_credentials", UNAUTHORIZED, "Address or password is wrong",
        "No account with this address has this password. If you forgot it, ask for a reset. Whoever is signed in and gives a wrong one gets 422.";
    CodeNeeded = "code_needed", UNAUTHORIZED, "The second factor's code is needed",
        "The password is right. Send it again with code: six digits of the authenticator app, or a recovery code. Whoever is signed in gets 422.";
    WrongCode = "wrong_code", UNAUTHORIZED, "The code is wrong",
        "The code is wrong, was used before, or is of another minute. Look at the clock of the phone. Whoever is signed in gets 422.";
    TooManyTries = "too_many_tries", TOO_MANY_REQUESTS, "Too many tries",
        "This was tried too often. Try again after Retry-After.";

    // Accounts.
    BadValue = "bad_value", UNPROCESSABLE_ENTITY, "A value cannot be used",
        "The body has the right shape, and a value in it cannot be used; the detail names it and says what it must be.";
    WeakPassword = "weak_password", UNPROCESSABLE_ENTITY, "The password is too weak",
        "It is too short, too long, or easily guessed. Several words that have nothing to do with each other make a good one.";
    LinkVoid = "link_void", GONE, "The link opens nothing any more",
        "A link of a mail works once and for a limited time. Ask for a new one.";
    SecondFactorOn = "second_factor_on", CONFLICT, "There is a second factor already",
        "Remove the one that is set up first.";
    SecondFactorOff = "second_factor_off", CONFLICT, "There is no second factor",
        "Set one up first.";
    AddressTaken = "address_taken", CONFLICT, "The address belongs to an account",
        "Meanwhile another account has this address.";
    UnknownSession = "unknown_session", NOT_FOUND, "No such session",
        "No session of this account has this id, or it has ended.";
    UnknownPhone = "unknown_phone", NOT_FOUND, "No such phone",
        "No phone of this account has this id.";
    PhoneTaken = "phone_taken", CONFLICT, "The phone is there already",
        "This account has a phone with this number.";
    NumberForbidden = "number_forbidden", UNPROCESSABLE_ENTITY, "This number is never called",
        "Emergency, premium-rate, shared-cost, satellite and other special numbers are never called; the detail says what this one is.";
    TooMany = "too_many", CONFLICT, "There are as many as there may be",
        "The detail names the limit. Delete what is not needed.";
    LastOwner = "last_owner", CONFLICT, "An organization would be left without an owner",
        "Make somebody else an owner first, or delete the organization.";
    IsPrimary = "is_primary", CONFLICT, "Somebody's alerts would ring nobody",
        "This person is the primary of the projects that the detail names. Choose another primary there first.";

    // Organizations.
    OrganizationNeeded = "organization_needed", BAD_REQUEST, "Say which organization",
        "You belong to several: name one with ?org=SLUG.";
    UnknownOrganization = "unknown_organization", NOT_FOUND, "No such organization",
        "You belong to no organization of this name or id.";
    SlugTaken = "slug_taken", CONFLICT, "The short name is taken",
        "Another one has this slug. Choose another.";
    UnknownMember = "unknown_member", NOT_FOUND, "No such member",
        "The organization has no member with this id.";
    AlreadyMember = "already_member", CONFLICT, "A member already",
        "This person belongs to the organization.";
    UnknownInvite = "unknown_invite", NOT_FOUND, "No such invitation",
        "The organization has no open invitation with this id.";
    AlreadyInvited = "already_invited", CONFLICT, "Invited already",
        "There is an open invitation to this address: resend or revoke it.";
    AddressSuppressed = "address_suppressed", UNPROCESSABLE_ENTITY, "Letters to this address come back",
        "A letter to this address came back for good, or somebody there called one spam, so none is sent to it any more. Name another address, or have the operator take it off the list: control-plane suppressed remove ADDRESS.";
    OtherAddress = "other_address", FORBIDDEN, "The invitation is for another address",
        "The invitation was sent to an address that is not your account's. Sign in with the account of that address, or ask for another invitation.";
    UnknownProject = "unknown_project", NOT_FOUND, "No such project",
        "The organization has no project with this id.";
    UnknownScenario = "unknown_scenario", NOT_FOUND, "No such scenario",
        "The project has no scenario of this name, or the organization none with this id.";
    ScenarioInUse = "scenario_in_use", CONFLICT, "Endpoints use the scenario",
        "Point the endpoints that the detail counts at another scenario first.";
    BadScenario = "bad_scenario", UNPROCESSABLE_ENTITY, "The scenario cannot be used",
        "The detail says which rule cannot be read or does nothing sensible.";
    UnknownKey = "unknown_key", NOT_FOUND, "No such API key",
        "The organization has no API key with this id.";
    LiveAlerts = "live_alerts", CONFLICT, "Alerts are open",
        "Somebody may be rung about them at this moment. Close them first.";
    VersionNeeded = "version_needed", PRECONDITION_REQUIRED, "Say which version you change",
        "Send the ETag of the version that you have read in If-Match, so that nobody's change is lost; If-None-Match: * for a new one.";
    Stale = "stale", PRECONDITION_FAILED, "It was changed meanwhile",
        "Somebody has changed it since you read it. Read it again, and change that.";

    // Alerts.
    UnknownAlert = "unknown_alert", NOT_FOUND, "No such alert",
        "The organization has no alert with this id.";
    UnknownRequest = "unknown_request", NOT_FOUND, "No such request",
        "The organization has no stored request with this id.";
    UnknownCall = "unknown_call", NOT_FOUND, "No such call",
        "The organization has no call with this id.";
    TooManyStreams = "too_many_streams", TOO_MANY_REQUESTS, "Too many streams of events",
        "You watch from too many places at once, or too many people watch. Close a window, or ask again after Retry-After.";
    AlertClosed = "alert_closed", CONFLICT, "The alert is closed",
        "Nobody can take it any more; the next request opens a new one.";

    // The status page.
    UnknownIncident = "unknown_incident", NOT_FOUND, "No such incident",
        "No incident has this id, or it was deleted.";
    // The admin panel.
    UnknownPbx = "unknown_pbx", NOT_FOUND, "No such PBX",
        "No PBX has this id.";
    PbxExists = "pbx_exists", CONFLICT, "A PBX of this name is there",
        "Names of PBXs are unique. Choose another, or use the one that is there.";
    UnknownTrunk = "unknown_trunk", NOT_FOUND, "No such trunk",
        "The PBX has told of no trunk of this name since the control plane was started.";

    UnknownAccount = "unknown_account", NOT_FOUND, "No such account",
        "No account has this id.";
    UnknownNumber = "unknown_number", NOT_FOUND, "No such number",
        "The number is not on the do-not-call list.";
    UnknownLetter = "unknown_letter", NOT_FOUND, "No such letter",
        "No letter has this id, or it ended more than 90 days ago.";
    LetterOver = "letter_over", CONFLICT, "The letter is over",
        "A letter is tried once more that failed within a day; the detail says what became of this one.";
    UnknownSuppression = "unknown_suppression", NOT_FOUND, "No such address",
        "The address is not on the list of those that get no letter any more.";

    // Verification of phones.
    NoCode = "no_code", CONFLICT, "No code is awaited",
        "No call has spoken a code for this phone, or it has expired or was tried too often. Ask for another call.";
    UnknownVerification = "unknown_verification", NOT_FOUND, "No such verification",
        "No call that speaks a code of this account has this id.";
    AlreadyVerified = "already_verified", CONFLICT, "The phone is verified",
        "There is nothing to verify.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_are_unique_and_every_page_has_something_to_say() {
        let mut words = HashSet::new();
        for code in Kind::ALL {
            assert!(words.insert(code.word()), "{}", code.word());
            assert!(code.word().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            assert!(code.meaning().ends_with('.') && !code.title().ends_with('.'), "{}", code.word());
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }
}
