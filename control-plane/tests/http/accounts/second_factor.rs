//! A second factor, its codes, and operators, who must have one.

use super::{Browser, PASSWORD, have_account, somebody, sql, templates};
use crate::{
    commands::{run_with_input, text},
    plane::{Answer, Plane},
};
use control_plane::accounts::totp::Secret;
use serde_json::json;
use shared::time::Timestamp;
use std::time::Duration;

const ANN: &str = "ann@example.com";

/// An authenticator app.
struct App(Secret);

impl App {
    /// From the text that somebody types in (RFC 4648, base32).
    fn typed_in(base32: &str) -> Self {
        let mut bits = String::new();
        for letter in base32.trim_end_matches('=').bytes() {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|it| *it == letter).unwrap();
            bits.push_str(&format!("{value:05b}"));
        }
        let bytes = bits.as_bytes().chunks_exact(8);
        let bytes = bytes.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
        Self(Secret::from_bytes(bytes.collect()))
    }

    /// The code of now; `later` is some steps of 30 seconds ahead.
    fn code(&self, later: u32) -> String {
        self.0.code(Timestamp::now() + Duration::from_secs(30) * later)
    }
}

/// Sets one up: the app, and the recovery codes.
async fn set_up(ann: &Browser<'_>) -> (App, Vec<String>) {
    let begun = ann.post("/api/v1/account/second-factor", json!({})).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let url = begun.body["url"].as_str().unwrap();
    assert!(url.starts_with("otpauth://totp/CallPing:ann%40example.com?secret="), "{url}");
    let app = App::typed_in(begun.body["secret"].as_str().unwrap());
    let wrong = ann.post("/api/v1/account/second-factor/confirm", json!({"code": "000000"})).await;
    wrong.is_problem(422, "wrong_code");
    let confirmed = ann.post("/api/v1/account/second-factor/confirm", json!({"code": app.code(0)})).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let codes = confirmed.body["recovery_codes"].as_array().unwrap();
    (app, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

/// Somebody who runs the installation, in the admin panel.
pub(crate) async fn operator(plane: &Plane) -> Browser<'_> {
    have_account(plane, ANN).await;
    let made = run_with_input(&["operator", ANN, "--data-dir", text(plane.data_dir())], PASSWORD.as_bytes());
    assert_eq!(made.code, 0, "{}", made.err);
    let mut ann = Browser::new(plane);
    ann.sign_in(ANN, PASSWORD).await;
    let (app, _) = set_up(&ann).await;
    half_a_minute_passes(plane).await;
    let mut operator = Browser::new(plane);
    let body = json!({"email": ANN, "password": PASSWORD, "code": app.code(0)});
    let entered = operator.visit("POST", "/api/admin/v1/session", body).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    operator
}

async fn enter(plane: &Plane, path: &str, code: Option<&str>) -> Answer {
    let body = json!({"email": ANN, "password": PASSWORD, "code": code});
    Browser::new(plane).post(path, body).await
}

/// Forgets which code was used last, as half a minute does.
async fn half_a_minute_passes(plane: &Plane) {
    sql(plane, "UPDATE second_factors SET last_step = last_step - 1").await;
}

#[tokio::test]
async fn once_confirmed_it_is_asked_for_and_each_code_opens_once() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let (app, _) = set_up(&ann).await;
    assert_eq!(ann.get("/api/v1/account").await.body["second_factor"], true);
    let path = "/api/v1/session";
    enter(&plane, path, None).await.is_problem(401, "code_needed");
    half_a_minute_passes(&plane).await;
    let code = app.code(0);
    assert_eq!(enter(&plane, path, Some(&code)).await.status, 201);
    enter(&plane, path, Some(&code)).await.is_problem(401, "wrong_code");
    // The clock of the phone may be half a minute ahead, and no more.
    assert_eq!(enter(&plane, path, Some(&app.code(1))).await.status, 201);
    enter(&plane, path, Some(&app.code(3))).await.is_problem(401, "wrong_code");
    assert_eq!(templates(&plane, ANN).await, ["second_factor_changed"]);
    ann.post("/api/v1/account/second-factor", json!({})).await.is_problem(409, "second_factor_on");
}

#[tokio::test]
async fn a_lost_phone_is_helped_by_recovery_codes_each_of_which_opens_once() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let (_, codes) = set_up(&ann).await;
    assert_eq!(codes.len(), 10);
    let path = "/api/v1/session";
    assert_eq!(enter(&plane, path, Some(&codes[0].to_uppercase())).await.status, 201);
    enter(&plane, path, Some(&codes[0])).await.is_problem(401, "wrong_code");
    let made = ann.post("/api/v1/account/second-factor/recovery-codes", json!({})).await;
    assert_eq!(made.status, 200);
    enter(&plane, path, Some(&codes[1])).await.is_problem(401, "wrong_code");
    let new = made.body["recovery_codes"][0].as_str().unwrap();
    assert_eq!(enter(&plane, path, Some(new)).await.status, 201);
    assert_eq!(ann.ask("DELETE", "/api/v1/account/second-factor", json!({})).await.status, 204);
    assert_eq!(enter(&plane, path, None).await.status, 201);
}

#[tokio::test]
async fn five_wrong_codes_lock_and_the_lock_grows_and_survives_a_restart() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let (app, codes) = set_up(&ann).await;
    let path = "/api/v1/session";
    for _ in 0..4 {
        enter(&plane, path, Some("000000")).await.is_problem(401, "wrong_code");
    }
    enter(&plane, path, Some("000000")).await.is_problem(401, "wrong_code");
    let locked = enter(&plane, path, Some(&app.code(1))).await;
    locked.is_problem(429, "too_many_tries");
    let wait: u64 = locked.header("retry-after").parse().unwrap();
    assert!((50..=61).contains(&wait), "{wait} s");
    // Not even a recovery code goes around it.
    enter(&plane, path, Some(&codes[0])).await.is_problem(429, "too_many_tries");
    sql(&plane, "UPDATE second_factors SET paused_until = paused_until - 61000000").await;
    for _ in 0..5 {
        enter(&plane, path, Some("000000")).await.is_problem(401, "wrong_code");
    }
    let locked = enter(&plane, path, Some("000000")).await;
    let wait: u64 = locked.header("retry-after").parse().unwrap();
    assert!((110..=121).contains(&wait), "{wait} s");
}

#[tokio::test]
async fn a_proof_takes_the_code_too() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let (app, _) = set_up(&ann).await;
    sql(&plane, "UPDATE sessions SET proved_at = 0").await;
    ann.ask("DELETE", "/api/v1/account/second-factor", json!({})).await.is_problem(403, "proof_needed");
    let prove = async |body| ann.post("/api/v1/session/proof", body).await;
    prove(json!({"password": "not this one"})).await.is_problem(422, "wrong_credentials");
    prove(json!({"password": PASSWORD})).await.is_problem(422, "code_needed");
    prove(json!({"password": PASSWORD, "code": "000000"})).await.is_problem(422, "wrong_code");
    assert_eq!(prove(json!({"password": PASSWORD, "code": app.code(1)})).await.status, 200);
    assert_eq!(ann.ask("DELETE", "/api/v1/account/second-factor", json!({})).await.status, 204);
}

#[tokio::test]
async fn operators_are_made_by_a_command_and_get_in_with_a_second_factor_alone() {
    let plane = Plane::empty().await;
    let path = "/api/admin/v1/session";
    have_account(&plane, ANN).await;
    enter(&plane, path, None).await.is_problem(403, "not_an_operator");
    let operator = ["operator", ANN, "--data-dir", text(plane.data_dir())];
    assert_eq!(run_with_input(&operator, b"").code, 2, "without a password");
    let made = run_with_input(&operator, format!("{PASSWORD}\n").as_bytes());
    assert_eq!(made.code, 0, "{}", made.err);
    enter(&plane, path, None).await.is_problem(403, "not_an_operator");
    let mut ann = Browser::new(&plane);
    ann.sign_in(ANN, PASSWORD).await;
    let (app, _) = set_up(&ann).await;
    half_a_minute_passes(&plane).await;
    let mut operator = Browser::new(&plane);
    let body = json!({"email": ANN, "password": PASSWORD, "code": app.code(0)});
    let entered = operator.visit("POST", path, body).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    assert!(operator.cookies.contains_key("__Host-cp_admin_session"));
    assert_eq!(operator.get("/api/admin/v1/fleet").await.status, 200);
    let log = operator.get("/api/admin/v1/audit?action=operator.made").await;
    assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.body);
    // What opens the one opens not the other.
    assert_eq!(entered.body["audience"], "admin");
    operator.get("/api/v1/session").await.is_problem(401, "not_signed_in");
    ann.get("/api/admin/v1/fleet").await.is_problem(401, "not_signed_in");
    // Without a second factor nobody stays in.
    assert_eq!(ann.ask("DELETE", "/api/v1/account/second-factor", json!({})).await.status, 204);
    operator.get("/api/admin/v1/fleet").await.is_problem(401, "not_signed_in");
}

#[tokio::test]
async fn an_operator_is_unmade_by_the_command_and_is_out_at_once() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let operator = ["operator", ANN, "--data-dir", text(plane.data_dir())];
    let unmade = ["operator", ANN, "--remove", "--data-dir", text(plane.data_dir())];
    let none = run_with_input(&unmade, b"");
    assert_eq!(none.code, 1, "{}", none.err);
    assert!(none.err.contains("is no operator"), "{}", none.err);
    assert_eq!(run_with_input(&operator, format!("{PASSWORD}\n").as_bytes()).code, 0);
    let mut ann = Browser::new(&plane);
    ann.sign_in(ANN, PASSWORD).await;
    let (app, _) = set_up(&ann).await;
    half_a_minute_passes(&plane).await;
    let mut admin = Browser::new(&plane);
    let body = json!({"email": ANN, "password": PASSWORD, "code": app.code(0)});
    assert_eq!(admin.visit("POST", "/api/admin/v1/session", body).await.status, 201);
    assert_eq!(run_with_input(&unmade, b"").code, 0);
    admin.get("/api/admin/v1/fleet").await.is_problem(401, "not_signed_in");
    assert!(!ann.is_signed_in().await);
    // The account stays, and made an operator again it does not get its old sessions back.
    half_a_minute_passes(&plane).await;
    let body = json!({"email": ANN, "password": PASSWORD, "code": app.code(1)});
    let signed_in = ann.visit("POST", "/api/v1/session", body).await;
    assert_eq!((signed_in.status, &signed_in.body["account"]["operator"]), (201, &json!(false)));
    let log = ann.get("/api/v1/account/audit?action=operator.removed").await;
    assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.body);
    assert_eq!(run_with_input(&operator, format!("{PASSWORD}\n").as_bytes()).code, 0);
    admin.get("/api/admin/v1/fleet").await.is_problem(401, "not_signed_in");
}
