//! Every limit, gone over.

use super::{Browser, PASSWORD, have_account, owner_of, somebody, sql, templates};
use crate::plane::{Answer, Plane};
use control_plane::{accounts::tries, serve::Server, web::Limits};
use serde_json::{Value, json};

const ANN: &str = "ann@example.com";

/// Asks `most` times, none of which is refused for being one too many; the next one is.
async fn goes_over(most: u32, ask: impl AsyncFn(u32) -> Answer) {
    for number in 0..most {
        let answer = ask(number).await;
        assert_ne!(answer.status, 429, "number {number}: {}", answer.body);
    }
    let over = ask(most).await;
    over.is_problem(429, "too_many_tries");
    let wait: u32 = over.header("retry-after").parse().unwrap();
    assert!(wait > 0);
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

#[tokio::test]
async fn wrong_passwords_lock_one_account_for_one_address_and_its_owner_hears_of_it() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    have_account(&plane, "bob@example.com").await;
    let stranger = Browser::new(&plane);
    let guess = async |_| stranger.post("/api/v1/session", credentials(ANN, "not this one")).await;
    goes_over(tries::WRONG_PASSWORDS.most, guess).await;
    assert_eq!(templates(&plane, ANN).await, ["many_failures"]);
    // The right one is not looked at any more, and nobody else is kept out.
    stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.is_problem(429, "too_many_tries");
    let bob = stranger.post("/api/v1/session", credentials("bob@example.com", PASSWORD)).await;
    assert_eq!(bob.status, 201);
    // An account that does not exist locks just so.
    let guess = async |_| stranger.post("/api/v1/session", credentials("eve@example.com", "no")).await;
    goes_over(tries::WRONG_PASSWORDS.most, guess).await;
}

#[tokio::test]
async fn a_restart_forgives_nobody_and_time_does() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let stranger = Browser::new(&plane);
    for _ in 0..tries::WRONG_PASSWORDS.most {
        stranger.post("/api/v1/session", credentials(ANN, "not this one")).await;
    }
    let settings = plane.settings.clone();
    let dir = plane.end_and_keep().await;
    let server = Server::start(&settings, Limits::default()).await.unwrap();
    let again = Plane::over(server, settings, dir);
    let stranger = Browser::new(&again);
    stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.is_problem(429, "too_many_tries");
    sql(&again, "UPDATE tries SET window_start = window_start - 15 * 60000000").await;
    assert_eq!(stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.status, 201);
}

#[tokio::test]
async fn the_right_password_forgives_the_wrong_ones_from_here() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    let stranger = Browser::new(&plane);
    for _ in 0..2 {
        for _ in 0..tries::WRONG_PASSWORDS.most - 1 {
            let wrong = stranger.post("/api/v1/session", credentials(ANN, "not this one")).await;
            wrong.is_problem(401, "wrong_credentials");
        }
        assert_eq!(stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.status, 201);
    }
}

/// All that is counted by the address of the network is filled up, as thousands of requests would.
async fn fill(plane: &Plane, limit: tries::Limit, whose: &str) {
    let whose = whose.to_owned();
    let filled: Result<(), control_plane::store::StoreError> = plane
        .store()
        .await
        .write(move |tx| {
            for _ in 0..limit.most {
                tries::count(tx, limit, &whose, shared::time::Timestamp::now())?.unwrap();
            }
            Ok(())
        })
        .await;
    filled.unwrap();
}

#[tokio::test]
async fn one_address_signs_in_signs_up_refreshes_and_follows_links_so_often_and_no_more() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    let here = "127.0.0.1";
    let token = json!({"token": "x"});
    let opens = json!({"token": "x", "password": PASSWORD});
    for (limit, path, body) in [
        (tries::SIGN_INS, "/api/v1/session", credentials(ANN, PASSWORD)),
        (tries::SIGN_UPS, "/api/v1/accounts", credentials("new@example.com", PASSWORD)),
        (tries::SIGN_UPS, "/api/v1/password-resets", json!({"email": ANN})),
        (tries::REFRESHES_FROM, "/api/v1/session/refresh", json!({})),
        (tries::LINKS, "/api/v1/accounts/verify", opens.clone()),
        (tries::LINKS, "/api/v1/password-resets/complete", opens),
        (tries::LINKS, "/api/v1/account/email/confirm", token.clone()),
        (tries::LINKS, "/api/v1/invites/preview", token.clone()),
        (tries::LINKS, "/api/v1/invites/accept", token),
    ] {
        sql(&plane, "DELETE FROM tries").await;
        let before = ann.post(path, body.clone()).await;
        assert_ne!(before.status, 429, "{path}: {}", before.body);
        ann.keep(&before);
        sql(&plane, "DELETE FROM tries").await;
        fill(&plane, limit, here).await;
        ann.post(path, body).await.is_problem(429, "too_many_tries");
    }
}

#[tokio::test]
async fn one_account_is_guessed_at_from_anywhere_so_often_and_no_more() {
    let plane = Plane::empty().await;
    have_account(&plane, ANN).await;
    fill(&plane, tries::WRONG_PASSWORDS_FROM_ANYWHERE, ANN).await;
    let stranger = Browser::new(&plane);
    stranger.post("/api/v1/session", credentials(ANN, PASSWORD)).await.is_problem(429, "too_many_tries");
}

#[tokio::test]
async fn one_mailbox_gets_so_many_letters_that_it_did_not_ask_for_and_no_more() {
    let plane = Plane::empty().await;
    let stranger = Browser::new(&plane);
    let ask = async |_| stranger.post("/api/v1/password-resets", json!({"email": ANN})).await;
    goes_over(tries::UNASKED_MAILS.most, ask).await;
    let body = credentials(ANN, PASSWORD);
    stranger.post("/api/v1/accounts", body).await.is_problem(429, "too_many_tries");
}

#[tokio::test]
async fn one_session_is_refreshed_so_often_and_no_more() {
    let plane = Plane::empty().await;
    let mut ann = somebody(&plane, ANN).await;
    for _ in 0..tries::REFRESHES.most {
        assert_eq!(ann.visit("POST", "/api/v1/session/refresh", json!({})).await.status, 201);
    }
    ann.post("/api/v1/session/refresh", json!({})).await.is_problem(429, "too_many_tries");
    // The token is not spent by it.
    sql(&plane, "DELETE FROM tries").await;
    assert_eq!(ann.visit("POST", "/api/v1/session/refresh", json!({})).await.status, 201);
}

#[tokio::test]
async fn one_account_changes_its_address_so_often_and_no_more() {
    let plane = Plane::empty().await;
    let ann = somebody(&plane, ANN).await;
    let ask = async |number| {
        ann.post("/api/v1/account/email", json!({"email": format!("ann{number}@example.org")})).await
    };
    goes_over(tries::ADDRESS_CHANGES.most, ask).await;
}

#[tokio::test]
async fn one_organization_invites_so_many_and_no_more() {
    let plane = Plane::empty().await;
    let ann = owner_of(&plane, ANN, "acme").await;
    let org = ann.get("/api/v1/organization").await.body["id"].as_str().unwrap().to_owned();
    let invite = json!({"email": "bob@example.com", "role": "member"});
    let made = ann.post("/api/v1/invites", invite).await;
    assert_eq!(made.status, 201);
    sql(&plane, "DELETE FROM tries").await;
    fill(&plane, tries::INVITES, &org).await;
    let another = json!({"email": "eve@example.com", "role": "member"});
    ann.post("/api/v1/invites", another).await.is_problem(429, "too_many_tries");
    let resend = format!("/api/v1/invites/{}/resend", made.body["id"].as_str().unwrap());
    ann.post(&resend, json!({})).await.is_problem(429, "too_many_tries");
}
